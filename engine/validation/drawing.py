"""A workflow's graph as the rules of validation look at it: by position, computed once."""

from __future__ import annotations

from collections.abc import Container
from functools import cached_property

from engine.expression.templates import Inspected
from engine.model.node_type import NodeType, NodeTypes
from engine.model.workflow import Connection, Node, Workflow

# What seed workflows without node types call their triggers.
GENERIC_TRIGGER = "trigger"
_WHAT_IT_DOES = frozenset({"service", "action", "parameters"})


class Drawing:
    """One workflow under examination; each view of it is O(nodes + connections), made when first needed."""

    def __init__(
        self,
        workflow: Workflow,
        types: NodeTypes,
        known_actions: Container[tuple[str, str]] | None,
        *,
        has_items: bool = False,
        inspected: Inspected | None = None,
    ) -> None:
        """has_items: a step around the workflow repeats it, so that `${item}` and `${index}` are known.

        inspected: where the templates that are read are put down for whoever makes a plan next.
        """
        self.inspected = inspected
        self.has_items = has_items
        self.workflow = workflow
        self.known_actions = known_actions
        self.nodes: list[Node] = list(workflow.nodes.values())
        self.connections: list[Connection] = list(workflow.connections.values())
        self.ids: list[str] = list(workflow.nodes)
        self.index: dict[str, int] = {node_id: index for index, node_id in enumerate(self.ids)}
        by_name = {name: types.get(name) for name in {node.type for node in self.nodes}}
        self.types: list[NodeType | None] = [by_name[node.type] for node in self.nodes]
        self.catalog = types

    def label(self, index: int) -> str:
        """The node in messages."""
        node = self.nodes[index]
        return f'"{node.label}"'

    def is_trigger(self, index: int) -> bool:
        """Whether the node starts runs."""
        node_type = self.types[index]
        return node_type.is_trigger if node_type is not None else self.nodes[index].type == GENERIC_TRIGGER

    @cached_property
    def triggers(self) -> frozenset[str]:
        """The ids of the nodes that start runs."""
        return frozenset(node_id for index, node_id in enumerate(self.ids) if self.is_trigger(index))

    @cached_property
    def configured(self) -> list[tuple[int, Node]]:
        """The nodes whose config says more than what they do: most have nothing to look at for most rules."""
        return [
            (index, node)
            for index, node in enumerate(self.nodes)
            if not _WHAT_IT_DOES.issuperset(node.config)
        ]

    @cached_property
    def successors(self) -> list[list[int]]:
        """The targets of each node; dangling connections are left out."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for source, target in self.wires:
            found[source].append(target)
        return found

    @cached_property
    def predecessors(self) -> list[list[int]]:
        """The sources of each node; dangling connections are left out."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for source, target in self.wires:
            found[target].append(source)
        return found

    @cached_property
    def wires(self) -> list[tuple[int, int]]:
        """The ends of the connections that have two."""
        index = self.index
        return [
            (index[connection.source], index[connection.target])
            for connection in self.connections
            if connection.source in index and connection.target in index
        ]

    def failing_before(self, index: int) -> str:
        """The id of a step whose failure leads to this one; "" where there is none."""
        here = self.ids[index]
        failing = (each.source for each in self.connections if each.target == here and each.on != "success")
        return next(failing, "")

    @cached_property
    def order(self) -> list[int]:
        """Kahn's order; nodes on cycles and behind them are missing."""
        successors = self.successors
        waiting = [len(sources) for sources in self.predecessors]
        order = [index for index, count in enumerate(waiting) if count == 0]
        for index in order:
            for target in successors[index]:
                waiting[target] -= 1
                if waiting[target] == 0:
                    order.append(target)
        return order

    @cached_property
    def ancestors(self) -> dict[int, int]:
        """For each node of `order` the set of all nodes upstream of it, as bits of one integer."""
        found: dict[int, int] = {}
        for index in self.order:
            bits = 0
            for source in self.predecessors[index]:
                bits |= found[source] | 1 << source
            found[index] = bits
        return found

    def is_upstream(self, source: int, index: int) -> bool:
        """Whether `source` ends before `index` starts. True where a cycle makes it undecidable."""
        if source in self.predecessors[index]:
            return True
        bits = self.ancestors.get(index)
        return bits is None or bool(bits >> source & 1)
