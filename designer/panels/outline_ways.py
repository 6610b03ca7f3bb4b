"""The ways on from each step, as the outline lists them. No Qt."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from engine.model import Change
from engine.model.changes import (
    ConnectionAdded,
    ConnectionChanged,
    ConnectionRemoved,
    NodeAdded,
    NodeChanged,
    NodeRemoved,
)
from engine.model.switches import in_order
from engine.model.workflow import Connection, Workflow


def ways_of(workflow: Workflow, left: Collection[str] | None = None) -> dict[str, list[Connection]]:
    """The connections that leave each node, or each of these, in the order in which a switch tries them."""
    found: dict[str, list[Connection]] = {}
    for each in in_order(workflow, left):
        if each.target in workflow.nodes:
            found.setdefault(each.source, []).append(each)
    return found


def touched(before: Workflow, after: Workflow, changes: Sequence[Change]) -> set[str]:
    """The nodes whose ways on may be others after these changes."""
    found: set[str] = set()
    ends: set[str] = set()
    for change in changes:
        match change:
            case ConnectionAdded(connection=wire) | ConnectionChanged(connection=wire):
                was = before.connections.get(wire.id)
                found |= {wire.source} if was is None else {wire.source, was.source}
            case ConnectionRemoved(connection_id=wire_id):
                was = before.connections.get(wire_id)  # None: it came within the same edit, and was counted
                found |= {was.source} if was is not None else set()
            case NodeAdded(node=node) | NodeChanged(node=node):  # a changed type may be a switch
                ends.add(node.id) if node.id not in before.nodes else found.add(node.id)
            case NodeRemoved(node_id=node_id):
                ends.add(node_id)
            case _:
                pass
    if ends:  # a connection to a node that is missing leads nowhere, until the node is there
        found |= ends
        for drawing in (before, after):
            found.update(wire.source for wire in drawing.connections.values() if wire.target in ends)
    return found
