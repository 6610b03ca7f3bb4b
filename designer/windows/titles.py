"""What a person calls a step of a run, wherever inside the workflow it stands."""

from __future__ import annotations

from engine.model.subworkflows import get, is_composite
from engine.model.workflow import Workflow


def title_of(workflow: Workflow, step_id: str) -> str:
    """The step's title; inside others ("each/3/check") with the way to it: "Check (For each, item 4)"."""
    way: list[str] = []
    here: Workflow | None = workflow
    parts = step_id.split("/")
    for depth, part in enumerate(parts):
        node = here.nodes.get(part) if here is not None else None
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
