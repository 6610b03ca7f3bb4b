"""What a person does to a workflow, as a label and the changes it makes.

Every gesture, form and command ends in one of these functions; none of them changes anything
itself. They raise ``ValueError`` where an edit makes no sense (``refusal`` says beforehand why a
connection is refused, in words for the person who draws it).

A wire carries data by reference: connecting two nodes fills the first empty wired parameter
(``x-input``) of the target with ``${source.port}``, and removing the wire takes it out again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.model.changes import (
    Change,
    ConnectionAdded,
    ConnectionChanged,
    ConnectionRemoved,
    NodeAdded,
    NodeChanged,
    NodeRemoved,
    NodesMoved,
    WorkflowChanged,
    apply,
)
from engine.model.json_value import Json
from engine.model.node_type import NodeType, NodeTypes
from engine.model.queries import connections_touching, would_cycle
from engine.model.workflow import Connection, ConnectionOn, Node, Point, Workflow

_UNSAFE = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One step of undo. Edits with the same non-empty ``merge_key`` in a row become one step."""

    label: str
    changes: tuple[Change, ...]
    merge_key: str = ""


def free_id(taken: Iterable[str], wish: str, *, fallback: str = "step") -> str:
    """An id that is not taken: the wish in lower case with underscores, numbered where it must be.

    Ids stand in references (``${read_flights.table}``), so they hold letters, digits and
    underscores only and never start with a digit.
    """
    known = taken if isinstance(taken, set | frozenset | Mapping) else set(taken)
    base = _UNSAFE.sub("_", wish.lower()).strip("_") or fallback
    if base[0].isdigit():
        base = f"{fallback}_{base}"
    if base in RESERVED_IDS:
        base = f"{base}_{fallback}"
    if base not in known:
        return base
    number = 2
    while f"{base}_{number}" in known:
        number += 1
    return f"{base}_{number}"


RESERVED_IDS = frozenset(
    {"input", "trigger", "steps", "vars", "secrets", "execution", "item", "index", "error", "self"}
)
"""Roots of references: a step of that name could not be referred to."""


def add_node(
    workflow: Workflow,
    node_type: NodeType,
    position: Point,
    *,
    title: str = "",
    parameters: Mapping[str, Json] | None = None,
) -> tuple[Edit, str]:
    """Place a new node; also gives the id it gets."""
    node_id = free_id(workflow.nodes, title or node_type.title)
    values = {**node_type.default_parameters(), **(parameters or {})}
    config: dict[str, Json] = {"parameters": values} if values else {}
    node = Node(
        id=node_id, type=node_type.id, title=title or _numbered(workflow, node_type.title), config=config
    )
    edit = Edit(label=f"Add {node.title}", changes=(NodeAdded(node=node, position=position),))
    return edit, node_id


def _numbered(workflow: Workflow, title: str) -> str:
    """A title that no other node has, so that two filters can be told apart at a glance."""
    taken = {node.title for node in workflow.nodes.values()}
    if title not in taken:
        return title
    number = 2
    while f"{title} {number}" in taken:
        number += 1
    return f"{title} {number}"


def refusal(
    workflow: Workflow,
    types: NodeTypes,
    source: str,
    target: str,
    *,
    on: ConnectionOn = "success",
    source_port: str | None = None,
    target_port: str | None = None,
) -> str | None:
    """Why this connection cannot be drawn, in plain words; None when it can."""
    if source not in workflow.nodes or target not in workflow.nodes:
        return "That node is not there any more."
    if source == target:
        return "A node cannot be connected to itself."
    target_type = types.get(workflow.nodes[target].type)
    if target_type is not None and target_type.is_trigger:
        return f"“{workflow.nodes[target].label}” starts the workflow: nothing can come before it."
    for connection in workflow.connections.values():
        if (
            connection.source == source
            and connection.target == target
            and connection.on == on
            and connection.source_port == source_port
            and connection.target_port == target_port
        ):
            return "These two are connected already."
    cycle = would_cycle(workflow, source, target)
    if cycle:
        names = " → ".join(workflow.nodes[node_id].label for node_id in [*cycle, source])
        return f"That would make a circle: {names}."
    return None


def connect(
    workflow: Workflow,
    types: NodeTypes,
    source: str,
    target: str,
    *,
    on: ConnectionOn = "success",
    condition: str | None = None,
    source_port: str | None = None,
    target_port: str | None = None,
) -> Edit:
    """Draw a wire and hand the source's table to the target; ``ValueError`` with the reason if refused."""
    reason = refusal(workflow, types, source, target, on=on, source_port=source_port, target_port=target_port)
    if reason is not None:
        raise ValueError(reason)
    connection = Connection(
        id=free_id(workflow.connections, f"{source}_to_{target}"),
        source=source,
        target=target,
        on=on,
        condition=condition,
        source_port=source_port,
        target_port=target_port,
    )
    changes: list[Change] = [ConnectionAdded(connection=connection)]
    if on != "error":  # a failed step hands on no table
        filled = _fill_input(workflow, types, connection)
        if filled is not None:
            changes.append(NodeChanged(node=filled))
    names = f"{workflow.nodes[source].label} to {workflow.nodes[target].label}"
    return Edit(label=f"Connect {names}", changes=tuple(changes))


def reference(workflow: Workflow, types: NodeTypes, source: str, port: str | None = None) -> str | None:
    """The reference to the table that a node gives, or None when it gives none."""
    source_type = types.get(workflow.nodes[source].type)
    if source_type is None:
        return None
    for spec in source_type.outputs:
        if spec.kind == "table" and port in (None, spec.name):
            return f"${{{source}.{spec.name}}}"
    return None


def _fill_input(workflow: Workflow, types: NodeTypes, connection: Connection) -> Node | None:
    node = workflow.nodes[connection.target]
    node_type = types.get(node.type)
    given = reference(workflow, types, connection.source, connection.source_port)
    if node_type is None or given is None or given in node.parameters.values():
        return None
    for name in node_type.wired_parameters:
        if connection.target_port in (None, name) and not node.parameters.get(name):
            return node.with_config(parameters={**node.parameters, name: given})
    return None


def _emptied_inputs(
    workflow: Workflow, types: NodeTypes, removed: Sequence[Connection], *, kept: Iterable[str]
) -> list[Change]:
    """Take out the references that the removed wires had put into nodes that stay."""
    staying = set(kept)
    gone = {connection.id for connection in removed}
    stale: dict[str, set[str]] = {}
    for connection in removed:
        if connection.target in staying:
            given = reference(workflow, types, connection.source, connection.source_port)
            twin = any(
                other.source == connection.source and other.target == connection.target
                for other in workflow.connections.values()
                if other.id not in gone
            )
            if given is not None and not twin:
                stale.setdefault(connection.target, set()).add(given)
    changes: list[Change] = []
    for node_id, references in stale.items():
        node = workflow.nodes[node_id]
        node_type = types.get(node.type)
        wired = node_type.wired_parameters if node_type is not None else ()
        parameters = {
            name: value
            for name, value in node.parameters.items()
            if not (name in wired and isinstance(value, str) and value in references)
        }
        if len(parameters) != len(node.parameters):
            changes.append(NodeChanged(node=node.with_config(parameters=parameters)))
    return changes


def delete(
    workflow: Workflow, types: NodeTypes, node_ids: Iterable[str], connection_ids: Iterable[str] = ()
) -> Edit:
    """Remove nodes with their connections, and connections of their own."""
    nodes = [node_id for node_id in workflow.nodes if node_id in set(node_ids)]
    touched = {connection.id for connection in connections_touching(workflow, nodes)}
    touched.update(connection_ids)
    connections = [workflow.connections[cid] for cid in workflow.connections if cid in touched]
    staying = set(workflow.nodes) - set(nodes)
    changes: list[Change] = [ConnectionRemoved(connection_id=connection.id) for connection in connections]
    changes += _emptied_inputs(workflow, types, connections, kept=staying)
    changes += [NodeRemoved(node_id=node_id) for node_id in nodes]
    return Edit(label=_label("Delete", workflow, nodes, len(connections)), changes=tuple(changes))


def _label(verb: str, workflow: Workflow, nodes: Sequence[str], connections: int) -> str:
    if len(nodes) == 1:
        return f"{verb} {workflow.nodes[nodes[0]].label}"
    if nodes:
        return f"{verb} {len(nodes)} nodes"
    return f"{verb} connection" if connections == 1 else f"{verb} {connections} connections"


def disconnect(workflow: Workflow, types: NodeTypes, connection_ids: Iterable[str]) -> Edit:
    """Remove connections only."""
    return delete(workflow, types, (), connection_ids)


def move(workflow: Workflow, positions: Mapping[str, Point], *, merge_key: str = "") -> Edit:
    """Put nodes where they were dragged to."""
    label = _label("Move", workflow, list(positions), 0)
    return Edit(label=label, changes=(NodesMoved(positions=dict(positions)),), merge_key=merge_key)


def rename(workflow: Workflow, node_id: str, title: str) -> Edit:
    """Give a node another title; its id, and so every reference to it, stays."""
    node = replace(workflow.nodes[node_id], title=title)
    return Edit(label=f"Rename to {title}", changes=(NodeChanged(node=node),), merge_key=f"rename {node_id}")


def set_parameters(workflow: Workflow, node_id: str, parameters: Mapping[str, Json]) -> Edit:
    """Replace a node's parameters; typing into one form is one step of undo."""
    node = workflow.nodes[node_id].with_config(parameters=dict(parameters))
    return Edit(
        label=f"Change {node.label}", changes=(NodeChanged(node=node),), merge_key=f"parameters {node_id}"
    )


def set_config(workflow: Workflow, node_id: str, **values: Json) -> Edit:
    """Set config keys such as ``retry`` or ``timeout``; None removes the key."""
    node = workflow.nodes[node_id].with_config(**values)
    key = f"config {node_id} {' '.join(sorted(values))}"
    return Edit(label=f"Change {node.label}", changes=(NodeChanged(node=node),), merge_key=key)


def set_disabled(workflow: Workflow, node_ids: Iterable[str], disabled: bool) -> Edit:
    """Switch nodes off, or on again."""
    chosen = [node_id for node_id in workflow.nodes if node_id in set(node_ids)]
    changes = tuple(
        NodeChanged(node=workflow.nodes[node_id].with_config(disabled=True if disabled else None))
        for node_id in chosen
    )
    return Edit(label=_label("Disable" if disabled else "Enable", workflow, chosen, 0), changes=changes)


def set_notes(workflow: Workflow, node_id: str, notes: str) -> Edit:
    """Write what people should know about a node."""
    node = replace(workflow.nodes[node_id], notes=notes)
    return Edit(
        label=f"Notes of {node.label}", changes=(NodeChanged(node=node),), merge_key=f"notes {node_id}"
    )


def set_condition(
    workflow: Workflow, connection_id: str, *, on: ConnectionOn | None = None, condition: str | None = None
) -> Edit:
    """Say when a wire is taken: after which outcome, and under which condition (None or blank: always)."""
    connection = workflow.connections[connection_id]
    text = condition if condition is not None and condition.strip() else None
    changed = replace(connection, on=on or connection.on, condition=text)
    return Edit(
        label="Change condition",
        changes=(ConnectionChanged(connection=changed),),
        merge_key=f"condition {connection_id}",
    )


def set_workflow(workflow: Workflow, **values: Json) -> Edit:
    """Change the name, description, inputs or settings of the whole workflow."""
    label = {"name": "Rename workflow", "inputs": "Change inputs"}.get(next(iter(values)), "Change workflow")
    return Edit(
        label=label,
        changes=(WorkflowChanged(values=values),),
        merge_key=f"workflow {' '.join(sorted(values))}",
    )


_KINDS = ((bool, "boolean"), (int | float, "number"), (str, "string"))


def set_input_default(workflow: Workflow, name: str, value: Json) -> Edit:
    """Give an input a default for later runs; one that is only referred to becomes an input by it."""
    inputs = dict(workflow.inputs)
    properties = {key: dict(schema) for key, schema in workflow.input_properties.items()}
    kind = next((word for kind, word in _KINDS if isinstance(value, kind)), "")
    properties.setdefault(name, {"type": kind} if kind else {})["default"] = value
    inputs.setdefault("type", "object")
    inputs["properties"] = properties  # type: ignore[assignment]  # dict is invariant in its values
    return Edit(label=f"Set default of {name}", changes=(WorkflowChanged(values={"inputs": inputs}),))


def insert_on_connection(
    workflow: Workflow,
    types: NodeTypes,
    connection_id: str,
    node_type: NodeType,
    position: Point,
    *,
    title: str = "",
    parameters: Mapping[str, Json] | None = None,
) -> tuple[Edit, str]:
    """Place a new node on a wire: the wire's condition stays before it."""
    added, node_id = add_node(workflow, node_type, position, title=title, parameters=parameters)
    led = insert_existing(apply(workflow, added.changes), types, connection_id, node_id)
    return Edit(label=f"Insert {node_type.title}", changes=(*added.changes, *led.changes)), node_id


def insert_existing(workflow: Workflow, types: NodeTypes, connection_id: str, node_id: str) -> Edit:
    """Lead a wire through a node that has none yet: the wire's condition stays before it."""
    wire = workflow.connections[connection_id]
    changes: list[Change] = list(disconnect(workflow, types, [wire.id]).changes)
    draft = apply(workflow, changes)
    for source, target, on, condition, source_port, target_port in (
        (wire.source, node_id, wire.on, wire.condition, wire.source_port, None),
        (node_id, wire.target, "success", None, None, wire.target_port),
    ):
        step = connect(
            draft,
            types,
            source,
            target,
            on=on,  # type: ignore[arg-type]  # a tuple widens the literal
            condition=condition,
            source_port=source_port,
            target_port=target_port,
        )
        changes += step.changes
        draft = apply(draft, step.changes)
    return Edit(label=f"Insert {workflow.nodes[node_id].label}", changes=tuple(changes))


def heal(workflow: Workflow, types: NodeTypes, node_ids: Iterable[str]) -> Edit:
    """Delete nodes and join what came before each of them with what came after."""
    chosen = [node_id for node_id in workflow.nodes if node_id in set(node_ids)]
    draft = workflow
    changes: list[Change] = []
    for node_id in chosen:
        before, after = draft.incoming(node_id), draft.outgoing(node_id)
        removed = delete(draft, types, [node_id])
        changes += removed.changes
        draft = apply(draft, removed.changes)
        for first in before:
            for second in after:
                if refusal(draft, types, first.source, second.target, on=first.on) is None:
                    step = connect(
                        draft,
                        types,
                        first.source,
                        second.target,
                        on=first.on,
                        condition=first.condition or second.condition,
                        source_port=first.source_port,
                        target_port=second.target_port,
                    )
                    changes += step.changes
                    draft = apply(draft, step.changes)
    return Edit(label=_label("Remove", workflow, chosen, 0), changes=tuple(changes))
