"""Rules about switches."""

from __future__ import annotations

from collections.abc import Iterator

from engine.model.switches import SWITCH, has_condition, in_order
from engine.model.workflow import Connection
from engine.problem import Problem
from engine.validation.drawing import Drawing


def unreachable_cases(drawing: Drawing) -> Iterator[Problem]:
    """No case of a switch stands behind one that is always taken before it."""
    if not any(node.type == SWITCH for node in drawing.nodes):
        return
    positions = {connection.id: position for position, connection in enumerate(drawing.connections)}
    tried: dict[str, dict[str, Connection]] = {}
    for connection in in_order(drawing.workflow):
        index = drawing.index.get(connection.source)
        if index is None or drawing.nodes[index].type != SWITCH or connection.on == "error":
            continue
        before = tried.setdefault(connection.source, {})
        condition = (connection.condition or "").strip()
        rival = before.get("") or before.get(condition)
        if rival is not None:
            yield _unreachable(drawing, index, positions[connection.id], connection, rival)
        before.setdefault(condition, connection)


def _unreachable(
    drawing: Drawing, index: int, position: int, connection: Connection, rival: Connection
) -> Problem:
    if has_condition(rival):
        reason = "has the same condition and comes before it"
        suggestion = "Change one of the two conditions, or delete one of the connections."
    else:
        reason = "has no condition and comes before it"
        suggestion = "Give the one without a condition the highest number in the order."
        if not has_condition(connection):
            suggestion = "Give all connections but the last a condition."
    return Problem(
        severity="warning",
        code="switch-case-unreachable",
        message=f"{drawing.label(index)}: the connection to {_target(drawing, connection)} is never taken, "
        f"because the one to {_target(drawing, rival)} {reason}",
        connection_id=connection.id,
        pointer=f"/connections/{position}",
        suggestion=suggestion,
    )


def _target(drawing: Drawing, connection: Connection) -> str:
    index = drawing.index.get(connection.target)
    return drawing.label(index) if index is not None else repr(connection.target)
