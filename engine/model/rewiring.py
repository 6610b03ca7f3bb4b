"""Connections drawn from a list instead of by hand: where one may lead, and steps that change places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.model import edits
from engine.model.changes import Change, ConnectionChanged, NodesMoved, apply
from engine.model.edits import Edit
from engine.model.node_type import NodeTypes
from engine.model.queries import upstream
from engine.model.switches import cases, is_switch_case
from engine.model.workflow import Connection, ConnectionOn, Workflow


def legal_targets(
    workflow: Workflow,
    types: NodeTypes,
    source: str,
    *,
    on: ConnectionOn = "success",
    source_port: str | None = None,
) -> list[str]:
    """The nodes to which `edits.refusal` lets a connection be drawn; O(nodes + connections)."""
    barred = upstream(workflow, [source]) | {source}
    barred |= {
        each.target
        for each in workflow.outgoing(source)
        if (each.on, each.source_port, each.target_port) == (on, source_port, None)
    }
    found = []
    for node in workflow.nodes.values():
        node_type = types.get(node.type)
        if node.id not in barred and not (node_type is not None and node_type.is_trigger):
            found.append(node.id)
    return found


def why_not_later(workflow: Workflow, types: NodeTypes, node_id: str) -> str | None:
    """Why a step cannot change places with the one that follows it, in plain words; None when it can."""
    leaving = workflow.outgoing(node_id)
    label = workflow.nodes[node_id].label
    if len(leaving) != 1 or not _is_plain(leaving[0]):
        return f"“{label}” does not lead to exactly one step, without a condition."
    following = leaving[0].target
    if following not in workflow.nodes:
        return "That node is not there any more."
    if len(workflow.incoming(following)) != 1:
        return f"“{workflow.nodes[following].label}” has several steps before it."
    if not all(_is_plain(each) for each in workflow.outgoing(following)):
        return f"“{workflow.nodes[following].label}” goes on under a condition that is about its own result."
    node_type = types.get(workflow.nodes[node_id].type)
    if node_type is not None and node_type.is_trigger:
        return f"“{label}” starts the workflow: nothing can come before it."
    return None


def move_later(workflow: Workflow, types: NodeTypes, node_id: str) -> Edit:
    """Let a step and the one that follows it change places, on the canvas too; the wires go with the places.

    Raises ``ValueError`` with the reason where `why_not_later` gives one.
    """
    reason = why_not_later(workflow, types, node_id)
    if reason is not None:
        raise ValueError(reason)
    (between,) = workflow.outgoing(node_id)
    following = between.target
    before, after = workflow.incoming(node_id), workflow.outgoing(following)
    removed = edits.disconnect(workflow, types, [each.id for each in (*before, between, *after)])
    changes = list(removed.changes)
    draft = apply(workflow, changes)
    wires = [
        *((each.source, following, each) for each in before),
        (following, node_id, between),
        *((node_id, each.target, each) for each in after),
    ]
    for source, target, like in wires:
        drawn = _drawn(draft, types, source, target, like)
        changes += drawn
        draft = apply(draft, drawn)
    places = {one: workflow.layout.get(other) for one, other in ((node_id, following), (following, node_id))}
    if None not in places.values():
        changes.append(NodesMoved(positions=places))
    return Edit(label=f"Move {workflow.nodes[node_id].label} later", changes=tuple(changes))


def _drawn(draft: Workflow, types: NodeTypes, source: str, target: str, like: Connection) -> Sequence[Change]:
    # A port is the former node's own; the step that takes its place may not have it.
    source_type = types.get(draft.nodes[source].type)
    names = {port.name for port in source_type.outputs} if source_type is not None else set()
    port = like.source_port if like.source == source or like.source_port in names else None
    made = edits.connect(draft, types, source, target, on=like.on, condition=like.condition, source_port=port)
    return made.changes


def _is_plain(connection: Connection) -> bool:
    return connection.on == "success" and not (connection.condition or "").strip()


def move_case(workflow: Workflow, connection_id: str, by: int) -> Edit:
    """Let a switch try a connection one place earlier (-1) or later (1); no changes where there is no place.

    Every connection that is tried gets its place as its priority, so that equals stay in the order seen.
    """
    moved = workflow.connections[connection_id]
    tried = cases(workflow, moved.source) if is_switch_case(workflow, moved) else []
    order = [each.id for each in tried]
    place = order.index(connection_id) if connection_id in order else -1
    if place < 0 or not 0 <= place + by < len(order):
        return Edit(label="Change order", changes=())
    order[place], order[place + by] = order[place + by], order[place]
    changes = [
        ConnectionChanged(connection=replace(workflow.connections[each], priority=number))
        for number, each in enumerate(order)
        if workflow.connections[each].priority != number
    ]
    return Edit(label="Change order", changes=tuple(changes))
