"""What a step inside others lacks becomes an input of the whole workflow, handed in from step to step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.model.changes import Change, NodeChanged, apply
from engine.model.edits import Edit, free_id
from engine.model.embedded import get, replace_embedded
from engine.model.fixes import declare_input, lead_to_input
from engine.model.json_value import Json
from engine.model.workflow import Workflow


def input_for_inside(workflow: Workflow, place: Sequence[str], path: str, value: Json) -> Edit | None:
    """Take what the step in the workflow inside these nodes lacks from an input of the whole workflow.

    path: of the value, as the run asks for it: `input.limit`, or what a step never gives (`rates.euro`).
    value: what the input is like. None when no step inside uses it, or a node on the way hands in another
    value under that name; or when a node on the way holds no workflow of its own (but names a file).
    """
    if not place:
        return lead_to_input(workflow, path, value)
    found = _handed(workflow, tuple(place), path, value)
    if found is None:
        return None
    name, changes = found
    return Edit(label=f"Add the input {name}", changes=tuple(changes))


def _handed(
    workflow: Workflow, place: tuple[str, ...], path: str, value: Json
) -> tuple[str, list[Change]] | None:
    """The name of the workflow's own input, and what changes in the workflow."""
    if not place:
        return _taken(workflow, path, value)
    node = workflow.nodes.get(place[0])
    try:
        inner = get(node) if node is not None else None
    except ValueError:
        return None
    below = _handed(inner, place[1:], path, value) if inner is not None else None
    if node is None or inner is None or below is None:
        return None
    name, changes = below
    given = node.parameters.get("inputs") or {}
    if not isinstance(given, dict) or name in given:
        return None
    outer = free_id(set(workflow.input_properties), name)
    (changed,) = replace_embedded(workflow, node.id, apply(inner, tuple(changes))).changes
    assert isinstance(changed, NodeChanged)
    handing = {**node.parameters, "inputs": {**given, name: f"${{input.{outer}}}"}}
    node = changed.node.with_config(parameters=handing)
    return outer, [*declare_input(workflow, outer, value).changes, replace(changed, node=node)]


def _taken(workflow: Workflow, path: str, value: Json) -> tuple[str, list[Change]] | None:
    root, _, rest = path.removeprefix("steps.").partition(".")
    if root == "input":
        # A field inside an input cannot be handed in by itself: the rest of it would be lost.
        return (rest, [*declare_input(workflow, rest, value).changes]) if rest.isidentifier() else None
    # What an item lacks is not for all of them to have.
    led = lead_to_input(workflow, path, value) if root in workflow.nodes else None
    if led is None:
        return None
    (name,) = apply(workflow, led.changes).input_properties.keys() - workflow.input_properties.keys()
    return name, [*led.changes]
