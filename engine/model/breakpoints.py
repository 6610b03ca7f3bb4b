"""Where runs are to stop before a step: as edits, and as they stand in the drawing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.model.changes import NodeChanged
from engine.model.edits import Edit
from engine.model.embedded import get, is_composite
from engine.model.workflow import Node, Workflow


def has_breakpoint(node: Node) -> bool:
    """Whether a run in the window stops before the node."""
    return node.config.get("breakpoint") is True


def breakpoints_of(workflow: Workflow) -> frozenset[str]:
    """The ids of the steps to stop before; of those inside a step `outer/inner`."""
    return frozenset(path for path, node in _nodes(workflow) if has_breakpoint(node))


def paths_of(workflow: Workflow) -> frozenset[str]:
    """The ids of all steps; of those inside a step `outer/inner`."""
    return frozenset(path for path, _ in _nodes(workflow))


def toggle_breakpoints(workflow: Workflow, node_ids: Iterable[str]) -> Edit:
    """Set a breakpoint on each of these nodes; clear them when all have one."""
    chosen = list(node_ids)
    missing = [node_id for node_id in chosen if not has_breakpoint(workflow.nodes[node_id])]
    changed = missing or chosen
    value = True if missing else None
    changes = tuple(
        NodeChanged(node=workflow.nodes[node_id].with_config(breakpoint=value)) for node_id in changed
    )
    verb = "Set" if missing else "Clear"
    if len(changed) == 1:
        return Edit(label=f"{verb} breakpoint at {workflow.nodes[changed[0]].label}", changes=changes)
    return Edit(label=f"{verb} {len(changed)} breakpoints", changes=changes)


def _nodes(workflow: Workflow) -> Iterator[tuple[str, Node]]:
    for node in workflow.nodes.values():
        yield node.id, node
        try:
            inner = get(node) if is_composite(node) else None
        except ValueError:
            continue  # no workflow stands there: what is wrong with it is said elsewhere
        for path, within in _nodes(inner) if inner is not None else ():
            yield f"{node.id}/{path}", within
