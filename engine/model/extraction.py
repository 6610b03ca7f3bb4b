"""Several nodes become one: a sub-workflow with the inputs and outputs that their references show.

What the nodes take from outside arrives as an input of the new node, under a name of its own; what others
take from them leaves as one of its outputs. Connections that cross the border lead to the new node instead.
Where one step could not mean the same, the extraction is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from engine.model import json_form
from engine.model.changes import (
    Change,
    ConnectionAdded,
    ConnectionChanged,
    ConnectionRemoved,
    NodeAdded,
    NodeChanged,
    NodeRemoved,
)
from engine.model.edits import RESERVED_IDS, Edit, free_id
from engine.model.embedded import OUTPUTS, SUBWORKFLOW, is_composite, rewritten_config
from engine.model.fragment import whole_groups
from engine.model.groups import replaced_by
from engine.model.json_value import Json
from engine.model.node_type import NodeTypes
from engine.model.queries import connections_touching, connections_within, downstream, upstream
from engine.model.references import Reference, is_readable, rewritten, with_plain_names
from engine.model.switches import SWITCH
from engine.model.workflow import Connection, Node, Workflow

_STEP_FIELDS = frozenset({"status", "error", "attempts", "started_at", "ended_at", "duration_ms"})
_KEPT_SETTINGS = ("vars", "on_condition_error")


def extract_refusal(workflow: Workflow, node_ids: Iterable[str], types: NodeTypes) -> str | None:
    """Why these nodes cannot become one sub-workflow, in plain words; None when they can."""
    chosen = [node_id for node_id in workflow.nodes if node_id in set(node_ids)]
    if not chosen:
        return "Select the steps that are to become a sub-workflow."
    inside = set(chosen)
    for node_id in chosen:
        node_type = types.get(workflow.nodes[node_id].type)
        if workflow.nodes[node_id].type == "trigger" or (node_type is not None and node_type.is_trigger):
            return f"{_named(workflow, node_id)} starts the workflow: it cannot be inside a sub-workflow."
        if not is_readable(_without_inside(workflow.nodes[node_id])):
            return f"{_named(workflow, node_id)} holds a reference that cannot be moved, such as a default."
    between = (downstream(workflow, inside) & upstream(workflow, inside)) - inside
    if between:
        name = _named(workflow, next(node_id for node_id in workflow.nodes if node_id in between))
        return f"{name} lies between the selected steps: select it too."
    return _border_refusal(workflow, inside)


def _border_refusal(workflow: Workflow, inside: set[str]) -> str | None:
    border = [c for c in connections_touching(workflow, inside) if not _is_within(c, inside)]
    entering = [connection for connection in border if connection.target in inside]
    conditional = [
        connection
        for connection in entering
        if connection.on != "success"
        or connection.condition
        or workflow.nodes[connection.source].type == SWITCH
        or workflow.nodes[connection.target].config.get("join")
    ]
    if conditional and len({connection.target for connection in entering}) > 1:
        one, other = _named(workflow, conditional[0].target), _other(workflow, entering, conditional[0])
        return f"{one} and {other} do not start together: select what leads to both of them, or only one."
    for connection in border:
        source, target = _named(workflow, connection.source), _named(workflow, connection.target)
        if connection.source in inside and connection.on != "success":
            return f"What happens when {source} fails leads out to {target}: select it too."
        if connection.source in inside and workflow.nodes[connection.source].type == SWITCH:
            return f"{source} decides whether {target} comes next: select it too."
    return None


def extract(
    workflow: Workflow, node_ids: Iterable[str], types: NodeTypes, *, title: str = ""
) -> tuple[Edit, str]:
    """Make one sub-workflow of the nodes; also gives the new node's id.

    ValueError with the reason if it is refused.
    """
    wanted = set(node_ids)
    reason = extract_refusal(workflow, wanted, types)
    if reason is not None:
        raise ValueError(reason)
    return _Extraction(workflow, [node_id for node_id in workflow.nodes if node_id in wanted], title).edit()


class _Extraction:
    def __init__(self, workflow: Workflow, chosen: list[str], title: str) -> None:
        self.workflow = workflow
        self.chosen = chosen
        self.inside = set(chosen)
        self.title = title or _free_title(workflow)
        staying = [node_id for node_id in workflow.nodes if node_id not in self.inside]
        self.node_id = free_id(staying, self.title)
        self.inputs: dict[str, tuple[str, Reference]] = {}
        self.outputs: dict[str, str] = {}

    def edit(self) -> tuple[Edit, str]:
        nodes = {node_id: self._taken_in(self.workflow.nodes[node_id]) for node_id in self.chosen}
        within = connections_within(self.workflow, self.inside)
        connections = {connection.id: self._wire_within(connection) for connection in within}
        followed = {connection.source for connection in within}
        for node_id in self.chosen:
            if node_id not in followed:
                self._output(node_id)
        outside = self._changes_outside()
        inner = Workflow(
            id=self.node_id,
            name=self.title,
            inputs=self._schema(),
            settings=self._settings(),
            nodes=nodes,
            connections=connections,
            layout={
                node_id: self.workflow.layout[node_id]
                for node_id in self.chosen
                if node_id in self.workflow.layout
            },
            layout_extra=self._groups(),
            extra={OUTPUTS: {**self.outputs}},
        )
        given: dict[str, Json] = {name: str(outer) for name, outer in self.inputs.values()}
        heads = {c.target for c in self._border() if c.target in self.inside}
        join = self.workflow.nodes[next(iter(heads))].config.get("join") if len(heads) == 1 else None
        config: dict[str, Json] = {"workflow": json_form.to_json(inner)}
        if given:
            config["parameters"] = {"inputs": given}
        if join is not None:
            config["join"] = join
        new = Node(id=self.node_id, type=SUBWORKFLOW, title=self.title, config=config)
        removed = [ConnectionRemoved(connection_id=c.id) for c in (*within, *self._border())]
        changes: list[Change] = [*removed, *(NodeRemoved(node_id=node_id) for node_id in self.chosen)]
        changes.append(NodeAdded(node=new, position=self._position()))
        changes += outside
        changes += replaced_by(self.workflow, self.chosen, self.node_id).changes
        return Edit(label=f"Make {self.title}", changes=tuple(changes)), self.node_id

    def _taken_in(self, node: Node) -> Node:
        """The node as it stands inside; the way it joined what came from outside is the new node's now."""
        config = dict(rewritten_config(node, self._from_inside, self._plain_from_inside))
        if not any(c.target == node.id for c in connections_within(self.workflow, self.inside)):
            config.pop("join", None)
        return replace(node, config=config)

    def _wire_within(self, connection: Connection) -> Connection:
        if not connection.condition:
            return connection
        text = with_plain_names(connection.condition, self._plain_from_inside)
        return replace(connection, condition=str(rewritten(text, self._from_inside)))

    def _from_inside(self, reference: Reference) -> str:
        """A reference of a node that goes inside: what stays outside arrives as an input."""
        name = self._input(reference.canonical())
        return str(reference) if name is None else f"${{input.{name}}}"

    def _plain_from_inside(self, reference: Reference) -> str:
        written = f"{reference.root}{reference.parts}"
        if reference.root not in self.workflow.nodes and reference.root not in RESERVED_IDS:
            return written  # a field of the step that the connection leaves
        name = self._input(reference.canonical())
        return written if name is None else f"input.{name}"

    def _input(self, reference: Reference) -> str | None:
        """The name under which the value arrives; None where it is inside, or the same everywhere."""
        root = reference.root
        if root in self.inside or (root not in self.workflow.nodes and root not in _ARRIVING):
            return None
        key = str(reference)
        if key not in self.inputs:
            taken = {name for name, _ in self.inputs.values()}
            field = reference.without("output").field
            own = root in ("input", *_ALONE)
            wish = (field or root) if own else f"{root}_{field}" if field else root
            self.inputs[key] = (free_id(taken, wish, fallback="value"), reference)
        return self.inputs[key][0]

    def _output(self, node_id: str, field: str = "output") -> str:
        """The name of the output that hands out a field of a step inside."""
        name = node_id if field == "output" else free_id(self.inside | {*self.outputs}, f"{node_id}_{field}")
        template = f"${{{node_id}.{field}?}}"
        known = next((key for key, value in self.outputs.items() if value == template), None)
        if known is not None:
            return known
        self.outputs[name] = template
        return name

    def _to_inside(self, reference: Reference) -> Reference:
        """A reference from outside, led to the new node."""
        reference = reference.canonical()
        if reference.root not in self.inside:
            return reference
        field = reference.field
        if field in _STEP_FIELDS:
            parts = f".{self._output(reference.root, field)}" + reference.without(field).parts
        else:
            parts = f".{self._output(reference.root)}" + reference.without("output").parts
        return Reference(self.node_id, f".output{parts}", reference.tail)

    def _groups(self) -> dict[str, Json]:
        """The groups that come along; comments that are folded away with one stay outside."""
        taken = whole_groups(self.workflow, self.chosen)
        known = {group.id for group in taken}
        entries: list[Json] = [
            replace(group, comments=(), parent=group.parent if group.parent in known else "").to_json()
            for group in taken
        ]
        return {"groups": entries} if entries else {}

    def _changes_outside(self) -> list[Change]:
        changes: list[Change] = []

        def lead(reference: Reference) -> str:
            return str(self._to_inside(reference) if reference.step in self.inside else reference)

        def lead_plain(reference: Reference) -> str:
            led = self._to_inside(reference) if reference.step in self.inside else reference
            return f"{led.root}{led.parts}"

        for node in self.workflow.nodes.values():
            if node.id not in self.inside:
                config = rewritten_config(node, lead, lead_plain)
                if config != node.config:
                    changes.append(NodeChanged(node=replace(node, config=config)))
        border = {connection.id for connection in self._border()}
        taken = {*self.workflow.connections}
        drawn: set[tuple[str, str, str, str | None]] = set()
        for connection in self.workflow.connections.values():
            if connection.id in border:
                crossing = self._crossing(connection)
                key = (crossing.source, crossing.target, crossing.on, crossing.condition)
                if key not in drawn:
                    drawn.add(key)
                    new_id = free_id(taken, f"{crossing.source}_to_{crossing.target}")
                    taken.add(new_id)
                    changes.append(ConnectionAdded(connection=replace(crossing, id=new_id)))
            elif connection.source not in self.inside and connection.condition:
                text = str(rewritten(with_plain_names(connection.condition, lead_plain), lead))
                if text != connection.condition:
                    changes.append(ConnectionChanged(connection=replace(connection, condition=text)))
        return changes

    def _crossing(self, connection: Connection) -> Connection:
        """A connection over the border, with the new node as its inner end."""
        if connection.target in self.inside:
            return replace(connection, target=self.node_id, target_port=None)

        def plain(reference: Reference) -> str:
            if reference.root not in self.workflow.nodes and reference.root not in RESERVED_IDS:
                # a field of the step that the connection left
                reference = Reference(connection.source, f".{reference.root}{reference.parts}")
            led = self._to_inside(reference)
            return f"{led.root}{led.parts}"

        condition = connection.condition
        if condition:
            condition = with_plain_names(condition, plain)
            condition = str(rewritten(condition, lambda reference: str(self._to_inside(reference))))
        return replace(connection, source=self.node_id, source_port=None, condition=condition)

    def _border(self) -> list[Connection]:
        touching = connections_touching(self.workflow, self.inside)
        return [connection for connection in touching if not _is_within(connection, self.inside)]

    def _schema(self) -> Mapping[str, Json]:
        if not self.inputs:
            return {}
        properties: dict[str, Json] = {}
        for name, reference in self.inputs.values():
            declared = self.workflow.input_properties.get(reference.field)
            if (
                reference.root == "input"
                and declared is not None
                and reference.parts == f".{reference.field}"
            ):
                properties[name] = dict(declared)
            else:
                properties[name] = {"title": _title_of(self.workflow, reference)}
        return {"type": "object", "properties": properties}

    def _settings(self) -> dict[str, Json]:
        return {key: self.workflow.settings[key] for key in _KEPT_SETTINGS if key in self.workflow.settings}

    def _position(self) -> tuple[float, float]:
        places = [self.workflow.layout[each] for each in self.chosen if each in self.workflow.layout]
        count = len(places) or 1
        return (round(sum(x for x, _ in places) / count), round(sum(y for _, y in places) / count))


_ALONE = ("item", "index", "trigger")
_ARRIVING = frozenset({"input", *_ALONE})


def _without_inside(node: Node) -> Json:
    return {
        key: value for key, value in node.config.items() if not (key == "workflow" and is_composite(node))
    }


def _is_within(connection: Connection, inside: set[str]) -> bool:
    return connection.source in inside and connection.target in inside


def _named(workflow: Workflow, node_id: str) -> str:
    node = workflow.nodes.get(node_id)
    return f"“{node.label if node else node_id}”"


def _other(workflow: Workflow, entering: list[Connection], first: Connection) -> str:
    return _named(workflow, next(c.target for c in entering if c.target != first.target))


def _title_of(workflow: Workflow, reference: Reference) -> str:
    node = workflow.nodes.get(reference.root)
    rest = reference.without("output").parts.lstrip(".").replace("_", " ")
    return f"{node.label}: {rest}" if node and rest else node.label if node else rest or reference.root


def _free_title(workflow: Workflow) -> str:
    taken = {node.title for node in workflow.nodes.values()}
    number = 1
    while (title := "Sub-workflow" if number == 1 else f"Sub-workflow {number}") in taken:
        number += 1
    return title
