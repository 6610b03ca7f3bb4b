"""A switch: a node that is left along the first of its connections whose condition holds.

The order is that of the connections' priorities, the smallest number first, then that of the file. Among
equals a connection without a condition comes last, as the one for everything else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from engine.model.changes import ConnectionChanged
from engine.model.edits import Edit
from engine.model.workflow import Connection, Workflow

SWITCH: Final = "flow.switch"
"""The node type; a run treats nodes of this type so whatever action they call."""


def is_switch_case(workflow: Workflow, connection: Connection) -> bool:
    """Whether the connection leaves a switch."""
    source = workflow.nodes.get(connection.source)
    return source is not None and source.type == SWITCH


def has_condition(connection: Connection) -> bool:
    """Whether anything is asked before the connection is taken."""
    return bool(connection.condition and connection.condition.strip())


def in_order(workflow: Workflow, connections: Iterable[Connection] | None = None) -> list[Connection]:
    """Connections by priority and then as given; those of each switch as they are tried.

    connections: all of the workflow unless said otherwise.
    """
    return sorted(
        workflow.connections.values() if connections is None else connections,
        key=lambda each: (each.priority, is_switch_case(workflow, each) and not has_condition(each)),
    )


def cases(workflow: Workflow, switch_id: str) -> list[Connection]:
    """The connections that a switch which has completed tries, in that order."""
    return [each for each in in_order(workflow) if each.source == switch_id and each.on != "error"]


def set_order(workflow: Workflow, connection_id: str, priority: int) -> Edit:
    """Give a connection its place among those that leave the same switch."""
    changed = replace(workflow.connections[connection_id], priority=priority)
    return Edit(
        label="Change order",
        changes=(ConnectionChanged(connection=changed),),
        merge_key=f"order {connection_id}",
    )
