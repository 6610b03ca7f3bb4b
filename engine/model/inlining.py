"""A sub-workflow's steps come back out into the workflow around it: the way back from `extract`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.model import embedded
from engine.model.bends import bends, bent
from engine.model.changes import (
    Change,
    ConnectionAdded,
    ConnectionChanged,
    ConnectionRemoved,
    NodeAdded,
    NodeChanged,
    NodeRemoved,
    WorkflowChanged,
)
from engine.model.edits import RESERVED_IDS, Edit, free_id
from engine.model.embedded import SUBWORKFLOW, file_of, is_composite, last_steps, outputs_of, rewritten_config
from engine.model.groups import groups, taken_apart
from engine.model.json_value import Json
from engine.model.node_type import NodeTypes
from engine.model.references import Reference, only_reference, references, rewritten, with_plain_names
from engine.model.workflow import Connection, Node, Point, Workflow


def inline_refusal(workflow: Workflow, node_id: str, types: NodeTypes) -> str | None:
    """Why the steps of the node cannot come out, in plain words; None when they can."""
    try:
        _Inlining(workflow, node_id, types)
    except ValueError as error:
        return str(error)
    return None


def inline(workflow: Workflow, node_id: str, types: NodeTypes) -> Edit:
    """Put the steps of a sub-workflow in its place. ValueError with the reason if refused."""
    return _Inlining(workflow, node_id, types).edit


class _Inlining:
    """Does all of it at once: whether it can be done shows in the doing."""

    def __init__(self, workflow: Workflow, node_id: str, types: NodeTypes) -> None:
        self.workflow = workflow
        self.node = self._node(node_id)
        inner = embedded.get(self.node)
        assert inner is not None
        starts = {
            each.id for each in inner.nodes.values() if each.type == "trigger" or _is_trigger(types, each)
        }
        self.inner = inner
        self.kept = {each_id: each for each_id, each in inner.nodes.items() if each_id not in starts}
        if not self.kept:
            raise ValueError(f"“{self.node.label}” holds no steps.")
        taken = set(workflow.nodes) - {node_id}
        self.renamed: dict[str, str] = {}
        for each_id in self.kept:
            self.renamed[each_id] = each_id if each_id not in taken else free_id(taken, each_id)
            taken.add(self.renamed[each_id])
        given = self.node.parameters.get("inputs")
        self.given: Mapping[str, Json] = given if isinstance(given, dict) else {}
        self.new_inputs: dict[str, Json] = {}
        self.wires = [
            c for c in inner.connections.values() if c.source in self.kept and c.target in self.kept
        ]
        self.edit = Edit(label=f"Take {self.node.label} apart", changes=tuple(self._changes()))

    def _node(self, node_id: str) -> Node:
        node = self.workflow.nodes[node_id]
        if not is_composite(node):
            raise ValueError(f"“{node.label}” is no sub-workflow.")
        if node.type != SUBWORKFLOW:
            raise ValueError(f"“{node.label}” runs its steps several times: they cannot stand outside.")
        if (name := file_of(node)) is not None:
            raise ValueError(f"The steps of “{node.label}” are kept in the file {name}.")
        if embedded.get(node) is None:
            raise ValueError(f"“{node.label}” holds no steps.")
        for key in ("continue_on_error", "fallback", "rollback", "timeout", "retry", "disabled"):
            if node.config.get(key):
                word = key.replace("_", " ")
                raise ValueError(f"“{node.label}” has settings of its own ({word}), which its steps lack.")
        return node

    def _changes(self) -> list[Change]:
        border = [c for c in self.workflow.connections.values() if self.node.id in (c.source, c.target)]
        changes: list[Change] = [ConnectionRemoved(connection_id=c.id) for c in border]
        for node in self.workflow.nodes.values():
            if node.id == self.node.id:
                continue
            config = rewritten_config(node, self._from_outside, self._plain_from_outside)
            if config != node.config:
                changes.append(NodeChanged(node=replace(node, config=config)))
        changes.append(NodeRemoved(node_id=self.node.id))
        changes += self._nodes(bool(border))
        changes += self._connections(border)
        changes += taken_apart(self.workflow, self.node.id, groups(self.inner), self.renamed).changes
        if self.new_inputs:
            inputs: dict[str, Any] = {"type": "object", **self.workflow.inputs}
            inputs["properties"] = {**self.workflow.input_properties, **self.new_inputs}
            changes.append(WorkflowChanged(values={"inputs": inputs}))
        return changes

    def _nodes(self, is_connected: bool) -> list[Change]:
        dx, dy = self._offset()
        heads = self._heads()
        changes: list[Change] = []
        for each in self.kept.values():
            config = dict(rewritten_config(each, self._from_inside, self._plain_from_inside))
            if is_connected and each.id in heads and "join" in self.node.config:
                config["join"] = self.node.config["join"]
            x, y = self.inner.layout.get(each.id, (0.0, 0.0))
            copy = replace(each, id=self.renamed[each.id], config=config)
            changes.append(NodeAdded(node=copy, position=(x + dx, y + dy)))
        return changes

    def _connections(self, border: list[Connection]) -> list[Change]:
        changes: list[Change] = []
        taken = {*self.workflow.connections}
        lines = [self._wire_within(connection) for connection in self.wires]
        ends = [each for each in last_steps(self.inner) if each in self.kept]
        for connection in border:
            if connection.target == self.node.id:
                lines += [replace(connection, target=self.renamed[head]) for head in self._heads()]
                continue
            target = self.workflow.nodes[connection.target].label
            if connection.on != "success":
                raise ValueError(f"What happens when “{self.node.label}” fails leads to “{target}”.")
            condition = self._condition_outside(connection)
            lines += [
                replace(connection, source=self.renamed[end], source_port=None, condition=condition)
                for end in ends
            ]
        for line in lines:
            new_id = free_id(taken, f"{line.source}_to_{line.target}")
            taken.add(new_id)
            changes.append(ConnectionAdded(connection=replace(line, id=new_id)))
        for connection in self.workflow.connections.values():
            if connection not in border and connection.condition:
                text = self._condition_outside(connection)
                if text != connection.condition:
                    changes.append(ConnectionChanged(connection=replace(connection, condition=text)))
        return changes

    def _condition_outside(self, connection: Connection) -> str | None:
        if not connection.condition:
            return connection.condition
        leaves = connection.source == self.node.id

        def plain(reference: Reference) -> str:
            known = reference.root in self.workflow.nodes or reference.root in RESERVED_IDS
            if leaves and not known:
                reference = Reference(self.node.id, f".output.{reference.root}{reference.parts}")
            return self._plain_from_outside(reference)

        text = with_plain_names(connection.condition, plain)
        return str(rewritten(text, self._from_outside))

    def _wire_within(self, connection: Connection) -> Connection:
        condition = connection.condition
        if condition:
            condition = with_plain_names(condition, self._plain_from_inside)
            condition = str(rewritten(condition, self._from_inside))
        source, target = self.renamed[connection.source], self.renamed[connection.target]
        within = replace(connection, source=source, target=target, condition=condition)
        dx, dy = self._offset()
        return bent(within, [(x + dx, y + dy) for x, y in bends(connection)]) if bends(connection) else within

    def _heads(self) -> list[str]:
        led_to = {connection.target for connection in self.wires}
        return [each for each in self.kept if each not in led_to]

    def _from_inside(self, reference: Reference) -> str:
        """What a reference of a step inside is called outside."""
        reference = reference.canonical()
        if reference.root in self.renamed:
            return str(replace(reference, root=self.renamed[reference.root]))
        name = reference.field
        if reference.root != "input" or not name:
            return str(reference)
        rest = reference.without(name)
        if name not in self.given:
            declared = self.inner.input_properties.get(name)
            if declared is not None and name not in self.workflow.input_properties:
                self.new_inputs[name] = dict(declared)
            return str(reference)
        value = self.given[name]
        outer = only_reference(value)
        if outer is not None:
            return str(Reference(outer.root, outer.parts + rest.parts, outer.tail or reference.tail))
        if rest.parts or not isinstance(value, str) or any(references(value)):
            raise ValueError(f"“{self.node.label}” makes up its input {name} itself.")
        return value

    def _plain_from_inside(self, reference: Reference) -> str:
        if reference.root not in self.renamed and reference.root not in RESERVED_IDS:
            return f"{reference.root}{reference.parts}"
        led = only_reference(self._from_inside(reference))
        if led is None:
            raise ValueError(f"A condition inside “{self.node.label}” uses a value that it is given.")
        return f"{led.root}{led.parts}"

    def _from_outside(self, reference: Reference) -> str:
        """What a reference to the sub-workflow's output is called when its steps stand outside."""
        reference = reference.canonical()
        if reference.root != self.node.id:
            return str(reference)
        rest = reference.without("output")
        name = rest.field
        template = self._templates().get(name)
        led = only_reference(template)
        if led is None:
            written = str(reference)
            raise ValueError(f"{written} stands for more than the output of one step of “{self.node.label}”.")
        inner = led.canonical()
        found = Reference(inner.root, inner.parts + rest.without(name).parts, reference.tail)
        return self._from_inside(found)

    def _plain_from_outside(self, reference: Reference) -> str:
        led = only_reference(self._from_outside(reference))
        assert led is not None
        return f"{led.root}{led.parts}"

    def _templates(self) -> Mapping[str, Json]:
        outputs = outputs_of(self.inner)
        if isinstance(outputs, dict):
            return outputs
        return {each: f"${{{each}.output}}" for each in last_steps(self.inner)}

    def _offset(self) -> Point:
        """The steps lie around the place of their node, as they lay to each other."""
        places = [self.inner.layout[each] for each in self.kept if each in self.inner.layout]
        x, y = self.workflow.layout.get(self.node.id, (0.0, 0.0))
        if not places:
            return (x, y)
        return (
            round(x - sum(place[0] for place in places) / len(places)),
            round(y - sum(place[1] for place in places) / len(places)),
        )


def _is_trigger(types: NodeTypes, node: Node) -> bool:
    node_type = types.get(node.type)
    return node_type is not None and node_type.is_trigger
