"""What a person calls a step of a run, wherever inside the workflow it stands."""

from __future__ import annotations

from engine.model.embedded import FOR_EACH, LOOP
from engine.model.subworkflows import file_of, get, is_composite
from engine.model.workflow import Workflow


def step_in(workflow: Workflow, part: str) -> str:
    """The id of the step that a part of a way names: a further try of it stands there as `id~2`."""
    return part if part in workflow.nodes else part.rpartition("~")[0] or part


def find(workflow: Workflow, way: str) -> tuple[tuple[str, ...], Workflow, str] | None:
    """Where the step or connection at the end of a way ("each/3/check") is drawn.

    The nodes to open, the workflow in the last of them, and its id there; None when it is not in this file.
    """
    *around, name = way.split("/")
    place: list[str] = []
    here, numbered = workflow, False
    for part in around:
        if numbered and part.isdecimal():
            numbered = False
            continue
        part = step_in(here, part)
        node = here.nodes.get(part)
        try:
            inner = get(node) if node is not None and is_composite(node) and file_of(node) is None else None
        except ValueError:
            inner = None
        if node is None or inner is None:
            return None
        place.append(part)
        here, numbered = inner, node.type in (FOR_EACH, LOOP)
    return tuple(place), here, name


def title_of(workflow: Workflow, step_id: str) -> str:
    """The step's title; inside others ("each/3/check") with the way to it: "Check (For each, item 4)"."""
    way: list[str] = []
    here: Workflow | None = workflow
    parts = step_id.split("/")
    for depth, part in enumerate(parts):
        node = here.nodes.get(step_in(here, part)) if here is not None else None
        if node is None:
            if part.isdecimal() and way:
                way[-1] += f", item {int(part) + 1:,}"
                continue
            return step_id
        way.append(node.label)
        if depth < len(parts) - 1:
            try:
                here = get(node) if is_composite(node) else None
            except ValueError:
                here = None
    return way[0] if len(way) == 1 else f"{way[-1]} ({' › '.join(way[:-1])})"
