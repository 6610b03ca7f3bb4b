"""Which edits can change the ways on from a step, as the outline lists them. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from engine.model import Change
from engine.model.changes import NodeAdded, NodeChanged, NodeRemoved
from engine.model.kept_order import rewired
from engine.model.workflow import Workflow


def touched(
    before: Workflow, changes: Sequence[Change], sources_of: Callable[[str], Iterable[str]]
) -> set[str]:
    """The nodes whose ways on may be others after these changes.

    sources_of: where the connections to a node come from, be it there or missing.
    """
    found = rewired(before, changes)
    for change in changes:
        match change:
            case NodeChanged(node=node):  # a changed type may be a switch
                found.add(node.id)
            case NodeAdded(node=node):  # a connection to it led nowhere while it was missing
                found.update((node.id, *sources_of(node.id)))
            case NodeRemoved(node_id=node_id):
                found.update((node_id, *sources_of(node_id)))
            case _:
                pass
    return found
