"""Workflows inside a node: what `flow.subworkflow`, `flow.for_each` and `flow.loop` run.

`config.workflow` holds a whole workflow in the file's own form, or names the file that holds it
(`{"file": "relative/path.workflow.json"}`), which is read when a run is prepared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from engine.model import json_form
from engine.model.changes import Change, NodeChanged, apply
from engine.model.edits import Edit
from engine.model.json_value import Json
from engine.model.references import Rewrite, rewritten, with_plain_names
from engine.model.workflow import Node, Workflow

SUBWORKFLOW: Final = "flow.subworkflow"
FOR_EACH: Final = "flow.for_each"
LOOP: Final = "flow.loop"
COMPOSITES: Final = frozenset({SUBWORKFLOW, FOR_EACH, LOOP})
MAX_DEPTH: Final = 32
"""So many workflows may stand inside each other."""
OUTPUTS: Final = "outputs"
LOOP_CONDITIONS: Final = ("while", "until")


def is_composite(node: Node) -> bool:
    """Whether the node runs a workflow of its own."""
    return node.type in COMPOSITES


def file_of(node: Node) -> str | None:
    """The path of the file that holds the node's workflow, when it is not embedded."""
    held = node.config.get("workflow") if is_composite(node) else None
    if not isinstance(held, dict) or "nodes" in held:
        return None
    name = held.get("file")
    return name if isinstance(name, str) else None


def get(node: Node) -> Workflow | None:
    """The workflow embedded in the node; None when there is none, or it is in a file of its own.

    Raises ValueError when what is there is no workflow.
    """
    held = node.config.get("workflow") if is_composite(node) else None
    if held is None or file_of(node) is not None:
        return None
    if not isinstance(held, dict):
        raise ValueError(f"“{node.label}” holds no workflow: a JSON object is expected")
    try:
        workflow = json_form.from_json(held, node.label)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ValueError(f"The workflow inside “{node.label}” cannot be read: {error}") from error
    for name, kept in (("nodes", len(workflow.nodes)), ("connections", len(workflow.connections))):
        listed = held.get(name)
        if isinstance(listed, list) and len(listed) != kept:
            raise ValueError(f"The workflow inside “{node.label}” holds two {name} of one id")
    return workflow


def blank(node: Node) -> Workflow:
    """What a node holds before anybody has drawn in it."""
    return Workflow(id=node.id, name=node.label)


def replace_embedded(workflow: Workflow, node_id: str, inner: Workflow, *, merge_key: str = "") -> Edit:
    """Put another workflow into the node; a blank one is not written down."""
    node = workflow.nodes[node_id]
    changed = node.with_config(workflow=None if inner == blank(node) else json_form.to_json(inner))
    return Edit(
        label=f"Change the inside of {node.label}", changes=(NodeChanged(node=changed),), merge_key=merge_key
    )


def workflow_at(workflow: Workflow, place: Sequence[str]) -> Workflow:
    """The workflow inside these nodes, from the outermost. Raises ValueError when there is none."""
    for node_id in place:
        node = workflow.nodes.get(node_id)
        inner = get(node) if node is not None else None
        if inner is None:
            raise ValueError("there is no workflow inside this step")
        workflow = inner
    return workflow


def apply_at(workflow: Workflow, place: Sequence[str], changes: Iterable[Change]) -> Workflow:
    """The whole workflow after changes to the one inside these nodes; a node that held none holds one then.

    Raises ValueError when a change, or the place, does not fit.
    """
    if not place:
        return apply(workflow, tuple(changes))
    node = workflow.nodes.get(place[0])
    if node is None or not is_composite(node) or file_of(node) is not None:
        raise ValueError("there is no workflow inside this step")
    inner = apply_at(get(node) or blank(node), place[1:], changes)
    return apply(workflow, replace_embedded(workflow, place[0], inner).changes)


def outputs_of(workflow: Workflow) -> Json:
    """What the workflow gives when it is a part of another: templates by name; None when it does not say."""
    return workflow.extra.get(OUTPUTS)


def last_steps(workflow: Workflow) -> list[str]:
    """The steps that nothing follows: without `outputs`, theirs are the outputs of the whole."""
    followed = {connection.source for connection in workflow.connections.values()}
    return [node_id for node_id in workflow.nodes if node_id not in followed]


def walk(workflow: Workflow) -> Iterator[tuple[str, Node]]:
    """Every node with its path ("each/check"), those inside others too; what cannot be read is left out."""
    stack: list[tuple[str, Workflow]] = [("", workflow)]
    while stack:
        prefix, here = stack.pop()
        for node in here.nodes.values():
            yield prefix + node.id, node
            if is_composite(node):
                try:
                    inner = get(node)
                except ValueError:
                    continue
                if inner is not None:
                    stack.append((f"{prefix}{node.id}/", inner))


def rewritten_config(node: Node, rewrite: Rewrite, rewrite_plain: Rewrite) -> Mapping[str, Json]:
    """The node's settings with their references led elsewhere; what stands inside it has its own names."""
    config: dict[str, Any] = {}
    for key, value in node.config.items():
        if key == "workflow" and is_composite(node):
            config[key] = value
        elif key == "condition" and isinstance(value, str):
            config[key] = _condition(value, rewrite, rewrite_plain)
        elif key == "parameters" and node.type == LOOP and isinstance(value, dict):
            config[key] = _loop_parameters(value, rewrite, rewrite_plain)
        else:
            config[key] = rewritten(value, rewrite)
    return config


def _loop_parameters(parameters: Mapping[str, Json], rewrite: Rewrite, plain: Rewrite) -> dict[str, Json]:
    """The conditions of a loop know its own item and index."""
    own = _but_own(rewrite, braces=True), _but_own(plain, braces=False)
    return {
        key: _condition(value, *own)
        if key in LOOP_CONDITIONS and isinstance(value, str)
        else rewritten(value, rewrite)
        for key, value in parameters.items()
    }


def _but_own(rewrite: Rewrite, *, braces: bool) -> Rewrite:
    def wrapped(reference: Any) -> str:
        if reference.root in ("item", "index"):
            return str(reference) if braces else f"{reference.root}{reference.parts}"
        return rewrite(reference)

    return wrapped


def _condition(text: str, rewrite: Rewrite, rewrite_plain: Callable[..., str]) -> str:
    # Plain names first: what stands in ${...} is passed over by the one and found by the other.
    return str(rewritten(with_plain_names(text, rewrite_plain), rewrite))
