"""A workflow's graph as the rules of validation look at it: by position, computed once."""

from __future__ import annotations

from collections.abc import Container
from functools import cached_property

from engine.model.node_type import NodeType, NodeTypes
from engine.model.workflow import Connection, Node, Workflow

# What seed workflows without node types call their triggers.
GENERIC_TRIGGER = "trigger"


class Drawing:
    """One workflow under examination; each view of it is O(nodes + connections), made when first needed."""

    def __init__(
        self,
        workflow: Workflow,
        types: NodeTypes,
        known_actions: Container[tuple[str, str]] | None,
        *,
        has_items: bool = False,
    ) -> None:
        """has_items: a step around the workflow repeats it, so that `${item}` and `${index}` are known."""
        self.has_items = has_items
        self.workflow = workflow
        self.known_actions = known_actions
        self.nodes: list[Node] = list(workflow.nodes.values())
        self.connections: list[Connection] = list(workflow.connections.values())
        self.ids: list[str] = list(workflow.nodes)
        self.index: dict[str, int] = {node_id: index for index, node_id in enumerate(self.ids)}
        self.types: list[NodeType | None] = [types.get(node.type) for node in self.nodes]
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
    def successors(self) -> list[list[int]]:
        """The targets of each node; dangling connections are left out."""
        return self._neighbours("source", "target")

    @cached_property
    def predecessors(self) -> list[list[int]]:
        """The sources of each node; dangling connections are left out."""
        return self._neighbours("target", "source")

    def _neighbours(self, this_end: str, other_end: str) -> list[list[int]]:
        found: list[list[int]] = [[] for _ in self.nodes]
        for connection in self.connections:
            here, there = (
                self.index.get(getattr(connection, this_end)),
                self.index.get(getattr(connection, other_end)),
            )
            if here is not None and there is not None:
                found[here].append(there)
        return found

    @cached_property
    def order(self) -> list[int]:
        """Kahn's order; nodes on cycles and behind them are missing."""
        waiting = [len(sources) for sources in self.predecessors]
        order = [index for index, count in enumerate(waiting) if count == 0]
        for index in order:
            for target in self.successors[index]:
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
