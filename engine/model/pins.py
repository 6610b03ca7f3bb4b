"""Results that are put down in the drawing, so that a step need not run: as edits, and as they stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.model.changes import NodeChanged
from engine.model.edits import Edit
from engine.model.json_value import Json
from engine.model.workflow import Node, Workflow


def is_pinned(node: Node) -> bool:
    """Whether the node's result stands in the drawing."""
    pin = node.config.get("pin")
    return isinstance(pin, dict) and "output" in pin


def pinned_output(node: Node) -> Json:
    """The result that stands there; None without one."""
    pin = node.config.get("pin")
    return pin.get("output") if isinstance(pin, dict) else None


def pin(workflow: Workflow, outputs: Mapping[str, Json], *, merge_key: str = "") -> Edit:
    """Put these results down."""
    changes = tuple(
        NodeChanged(node=workflow.nodes[node_id].with_config(pin={"output": output}))
        for node_id, output in outputs.items()
    )
    return Edit(label=_label("Pin", workflow, list(outputs)), changes=changes, merge_key=merge_key)


def unpin(workflow: Workflow, node_ids: Iterable[str]) -> Edit:
    """Take the results out again: the steps run."""
    chosen = [node_id for node_id in node_ids if workflow.nodes[node_id].config.get("pin") is not None]
    changes = tuple(NodeChanged(node=workflow.nodes[node_id].with_config(pin=None)) for node_id in chosen)
    return Edit(label=_label("Unpin", workflow, chosen), changes=changes)


def stored_names(workflow: Workflow) -> set[str]:
    """The names of the stored tables and texts that pinned results refer to, in inner workflows too."""
    found: set[str] = set()
    stack: list[Json] = [
        node.config[key]
        for node in workflow.nodes.values()
        for key in ("pin", "workflow")
        if key in node.config
    ]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            found.update(name for key in ("$table", "$artifact") if isinstance(name := value.get(key), str))
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
    return found


def _label(verb: str, workflow: Workflow, node_ids: list[str]) -> str:
    if len(node_ids) == 1:
        return f"{verb} the result of {workflow.nodes[node_ids[0]].label}"
    return f"{verb} {len(node_ids)} results"
