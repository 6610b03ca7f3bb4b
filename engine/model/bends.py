"""Bends: places that a wire is led through. They are layout, so no run ever sees them.

They stand in the file under the connection's ``via``. What this version cannot read there stays as it is,
and the wire runs straight.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from engine.model.changes import ConnectionChanged
from engine.model.edits import Edit
from engine.model.json_value import Json
from engine.model.workflow import Connection, Point, Workflow

VIA: Final = "via"
MOST: Final = 100
"""Bends of one wire: a file that says more is not drawn by hand."""
_FARTHEST = 1e6


def bends(connection: Connection) -> tuple[Point, ...]:
    """The places in order from the source to the target; none when any of them cannot be read."""
    via = connection.extra.get(VIA)
    if not isinstance(via, list) or len(via) > MOST:
        return ()
    found = [_point(entry) for entry in via]
    return tuple(point for point in found if point is not None) if None not in found else ()


def _point(entry: Json) -> Point | None:
    if not isinstance(entry, list) or len(entry) != 2:
        return None
    x, y = entry
    for value in (x, y):
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return None
    x, y = float(x), float(y)  # type: ignore[arg-type]  # both are numbers, as the loop found
    return (x, y) if max(abs(x), abs(y)) <= _FARTHEST else None


def bent(connection: Connection, points: Sequence[Point]) -> Connection:
    """The connection led through these places, and through no others."""
    extra = {key: value for key, value in connection.extra.items() if key != VIA}
    if points:
        extra[VIA] = [[float(x), float(y)] for x, y in points]
    return replace(connection, extra=extra)


def set_bends(
    workflow: Workflow, places: Mapping[str, Sequence[Point]], label: str, *, merge_key: str = ""
) -> Edit:
    """Lead connections, by id, through other places; those that are led there already stay out of it."""
    return Edit(label=label, changes=tuple(bend_changes(workflow, places)), merge_key=merge_key)


def bend_changes(workflow: Workflow, places: Mapping[str, Sequence[Point]]) -> list[ConnectionChanged]:
    """The changes that lead these connections through these places."""
    changes: list[ConnectionChanged] = []
    for connection_id, points in places.items():
        connection = workflow.connections.get(connection_id)
        if connection is not None and bends(connection) != tuple(points):
            changes.append(ConnectionChanged(connection=bent(connection, points)))
    return changes


def carried(workflow: Workflow, positions: Mapping[str, Point]) -> dict[str, list[Point]]:
    """The bends of wires whose two ends are moved the same way: they go along."""
    found: dict[str, list[Point]] = {}
    for connection in _bent_within(workflow, positions):
        before, after = workflow.layout.get(connection.source), positions[connection.source]
        other, there = workflow.layout.get(connection.target), positions[connection.target]
        if before is None or other is None:
            continue
        way = (after[0] - before[0], after[1] - before[1])
        if way == (there[0] - other[0], there[1] - other[1]):
            found[connection.id] = [(x + way[0], y + way[1]) for x, y in bends(connection)]
    return found


def straightened(workflow: Workflow, node_ids: Iterable[str]) -> dict[str, list[Point]]:
    """No bends for the wires among these nodes: they were laid out anew."""
    return {connection.id: [] for connection in _bent_within(workflow, frozenset(node_ids))}


def same_but_bends(before: Connection, after: Connection) -> bool:
    """Whether the two differ at most in where they are led: nothing that a run would see."""
    return bent(before, ()) == bent(after, ())


def _bent_within(workflow: Workflow, node_ids: Container[str]) -> list[Connection]:
    return [
        connection
        for connection in workflow.connections.values()
        if connection.extra and connection.source in node_ids and connection.target in node_ids
        if bends(connection)
    ]
