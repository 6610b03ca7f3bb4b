"""An edit is data: small changes that can be applied, undone, journaled and sent.

``apply`` and ``inverse`` are pure. For every workflow ``w`` and changes ``c`` that apply to it,
``apply(apply(w, c), inverse(w, c)) == w``, order of nodes and connections included: a removed
node remembers its place. The property test over random edits holds us to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias, TypeVar, assert_never

from engine.model.json_value import Json
from engine.model.workflow import Connection, Node, Point, Workflow

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeAdded:
    """A node appears; ``index`` is its place in the file's order, None for the end."""

    node: Node
    position: Point | None = None
    index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRemoved:
    """A node goes; its connections must have gone before it."""

    node_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeChanged:
    """The node of the same id is replaced by this one."""

    node: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class NodesMoved:
    """Nodes lie elsewhere; None takes a position away."""

    positions: Mapping[str, Point | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionAdded:
    """A connection appears; ``index`` is its place in the file's order, None for the end."""

    connection: Connection
    index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRemoved:
    """A connection goes."""

    connection_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionChanged:
    """The connection of the same id is replaced by this one."""

    connection: Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowChanged:
    """Fields of the workflow itself: name, description, inputs, settings, layout_extra or extra."""

    values: Mapping[str, Json]


Change: TypeAlias = (
    NodeAdded
    | NodeRemoved
    | NodeChanged
    | NodesMoved
    | ConnectionAdded
    | ConnectionRemoved
    | ConnectionChanged
    | WorkflowChanged
)

WORKFLOW_FIELDS = frozenset({"name", "description", "inputs", "settings", "layout_extra", "extra"})


def apply(workflow: Workflow, changes: Sequence[Change]) -> Workflow:
    """The workflow after the changes, in order; ``ValueError`` when one of them does not fit."""
    draft = _Draft(workflow)
    for change in changes:
        draft.apply(change)
    return draft.finish()


def inverse(workflow: Workflow, changes: Sequence[Change]) -> tuple[Change, ...]:
    """The changes that lead from ``apply(workflow, changes)`` back to ``workflow``."""
    undo: list[Change] = []
    draft = _Draft(workflow)
    for change in changes:
        undo.append(draft.inverse(change))
        draft.apply(change)
    undo.reverse()
    return tuple(undo)


def _insert(mapping: dict[str, T], key: str, value: T, index: int | None) -> dict[str, T]:
    if index is None or index >= len(mapping):
        mapping[key] = value
        return mapping
    items = list(mapping.items())
    items.insert(index, (key, value))
    return dict(items)


def _index(mapping: dict[str, T], key: str) -> int | None:
    """The key's place, or None when it is the last one (the usual case, found without a scan)."""
    if next(reversed(mapping), None) == key:
        return None
    return list(mapping).index(key)


_FEW = 4
"""Up to so many nodes, looking for what is connected to each costs less than counting the ends of all."""


class _Draft:
    """A workflow under change: copies a part on its first change and none that stays the same."""

    def __init__(self, workflow: Workflow) -> None:
        self._base = workflow
        self._nodes: dict[str, Node] | None = None
        self._connections: dict[str, Connection] | None = None
        self._layout: dict[str, Point] | None = None
        self._ends: dict[str, int] | None = None
        self._removals = 0
        self._values: dict[str, Any] = {}

    @property
    def nodes(self) -> dict[str, Node]:
        if self._nodes is None:
            self._nodes = dict(self._base.nodes)
        return self._nodes

    @property
    def connections(self) -> dict[str, Connection]:
        if self._connections is None:
            self._connections = dict(self._base.connections)
        return self._connections

    @property
    def layout(self) -> dict[str, Point]:
        if self._layout is None:
            self._layout = dict(self._base.layout)
        return self._layout

    def finish(self) -> Workflow:
        values = dict(self._values)
        if self._nodes is not None:
            values["nodes"] = self._nodes
        if self._connections is not None:
            values["connections"] = self._connections
        if self._layout is not None:
            values["layout"] = self._layout
        return replace(self._base, **values) if values else self._base

    def apply(self, change: Change) -> None:
        match change:
            case NodeAdded(node=node, position=position, index=index):
                if node.id in self.nodes:
                    raise ValueError(f"there is a node {node.id!r} already")
                self._nodes = _insert(self.nodes, node.id, node, index)
                if position is not None:
                    self.layout[node.id] = position
            case NodeRemoved(node_id=node_id):
                self._require_free(node_id)
                del self.nodes[node_id]
                self.layout.pop(node_id, None)
            case NodeChanged(node=node):
                self._known(self.nodes, node.id, "node")
                self.nodes[node.id] = node
            case NodesMoved(positions=positions):
                known = self._base.nodes if self._nodes is None else self._nodes
                layout = self.layout
                for node_id, place in positions.items():  # thousands at once, when a large drawing is tidied
                    if node_id not in known:
                        raise ValueError(f"there is no node {node_id!r}")
                    if place is None:
                        layout.pop(node_id, None)
                    else:
                        layout[node_id] = place
            case ConnectionAdded(connection=connection, index=index):
                if connection.id in self.connections:
                    raise ValueError(f"there is a connection {connection.id!r} already")
                self._known(self.nodes, connection.source, "node")
                self._known(self.nodes, connection.target, "node")
                self._connections = _insert(self.connections, connection.id, connection, index)
                self._ends = None
            case ConnectionRemoved(connection_id=connection_id):
                removed = self._known(self.connections, connection_id, "connection")
                del self.connections[connection_id]
                if self._ends is not None:
                    self._ends[removed.source] -= 1
                    self._ends[removed.target] -= 1
            case ConnectionChanged(connection=connection):
                self._known(self.connections, connection.id, "connection")
                self.connections[connection.id] = connection
                self._ends = None
            case WorkflowChanged(values=values):
                self._check_fields(values)
                self._values.update(values)
            case _:
                assert_never(change)

    def inverse(self, change: Change) -> Change:
        """What undoes the change, seen from the state before it."""
        match change:
            case NodeAdded(node=node):
                return NodeRemoved(node_id=node.id)
            case NodeRemoved(node_id=node_id):
                node = self._known(self.nodes, node_id, "node")
                return NodeAdded(
                    node=node, position=self.layout.get(node_id), index=_index(self.nodes, node_id)
                )
            case NodeChanged(node=node):
                return NodeChanged(node=self._known(self.nodes, node.id, "node"))
            case NodesMoved(positions=positions):
                before_move = self._base.layout if self._layout is None else self._layout
                return NodesMoved(positions={node_id: before_move.get(node_id) for node_id in positions})
            case ConnectionAdded(connection=connection):
                return ConnectionRemoved(connection_id=connection.id)
            case ConnectionRemoved(connection_id=connection_id):
                connection = self._known(self.connections, connection_id, "connection")
                return ConnectionAdded(connection=connection, index=_index(self.connections, connection_id))
            case ConnectionChanged(connection=connection):
                return ConnectionChanged(
                    connection=self._known(self.connections, connection.id, "connection")
                )
            case WorkflowChanged(values=values):
                self._check_fields(values)
                before = {key: self._values.get(key, getattr(self._base, key)) for key in values}
                return WorkflowChanged(values=before)
            case _:
                assert_never(change)

    def _require_free(self, node_id: str) -> None:
        self._known(self.nodes, node_id, "node")
        current = self._base.connections if self._connections is None else self._connections
        self._removals += 1
        if self._removals <= _FEW:
            is_free = not [
                each for each in current.values() if each.source == node_id or each.target == node_id
            ]
        else:
            if self._ends is None:  # counted once for many removals: deleting 1,000 nodes stays linear
                self._ends = dict.fromkeys(self.nodes, 0)
                for connection in current.values():
                    self._ends[connection.source] = self._ends.get(connection.source, 0) + 1
                    self._ends[connection.target] = self._ends.get(connection.target, 0) + 1
            is_free = not self._ends.get(node_id, 0)
        if not is_free:
            raise ValueError(f"node {node_id!r} is still connected")

    @staticmethod
    def _known(mapping: Mapping[str, T], key: str, kind: str) -> T:
        try:
            return mapping[key]
        except KeyError:
            raise ValueError(f"there is no {kind} {key!r}") from None

    @staticmethod
    def _check_fields(values: Mapping[str, Json]) -> None:
        unknown = set(values) - WORKFLOW_FIELDS
        if unknown:
            raise ValueError(f"a workflow has no field {sorted(unknown)[0]!r} that can change")


assert {field.name for field in fields(Workflow)} >= WORKFLOW_FIELDS
