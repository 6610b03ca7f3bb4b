"""Which results an edit puts out of date. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from engine.model import Change, Workflow
from engine.model.bends import same_but_bends
from engine.model.changes import ConnectionAdded, ConnectionChanged, ConnectionRemoved, NodeChanged
from engine.model.queries import downstream


def outdated(before: Workflow, after: Workflow, changes: Sequence[Change]) -> set[str]:
    """The nodes whose result no longer follows from the drawing, with everything after them."""
    touched: set[str] = set()
    for change in changes:
        match change:
            case NodeChanged(node=node):
                old = before.nodes.get(node.id)
                if old is None or old.config != node.config or old.type != node.type:
                    touched.add(node.id)
            case ConnectionAdded(connection=connection):
                touched.add(connection.target)
            case ConnectionChanged(connection=connection):
                was = before.connections.get(connection.id)
                if was is None or not same_but_bends(was, connection):
                    touched.add(connection.target)
            case ConnectionRemoved(connection_id=connection_id) if connection_id in before.connections:
                touched.add(before.connections[connection_id].target)
            case _:
                pass
    touched &= after.nodes.keys()
    return touched | downstream(after, touched) if touched else touched
