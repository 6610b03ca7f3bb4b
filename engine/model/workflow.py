"""A workflow as a value: nodes, connections, inputs, settings, and where things lie on the canvas.

Nothing here is ever changed in place. A changed workflow is a new value that shares what
stayed the same, so that undo, autosave, diff and a running execution can hold on to old ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, cast

from engine.model.json_value import Json

Point: TypeAlias = tuple[float, float]
"""Top-left corner of a node's card, in scene pixels."""

ConnectionOn = Literal["success", "error", "always"]

_EMPTY: Mapping[str, Any] = MappingProxyType({})


def _empty() -> Mapping[str, Any]:
    return _EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One card on the canvas: a trigger or an action with its settings.

    ``config`` is the file's JSON object as it stands (``service action parameters timeout retry
    continue_on_error input_schema output_schema rollback fallback join disabled``), so that keys
    which this version does not know survive. ``extra`` keeps the node's own unknown keys.
    """

    id: str
    type: str
    title: str = ""
    config: Mapping[str, Json] = field(default_factory=_empty)
    notes: str = ""
    extra: Mapping[str, Json] = field(default_factory=_empty)

    @property
    def parameters(self) -> Mapping[str, Json]:
        """What the action is given, references and all; empty when the file's value is no object."""
        value = self.config.get("parameters")
        return value if isinstance(value, dict) else _EMPTY

    @property
    def service(self) -> str | None:
        value = self.config.get("service")
        return value if isinstance(value, str) else None

    @property
    def action(self) -> str | None:
        value = self.config.get("action")
        return value if isinstance(value, str) else None

    @property
    def join(self) -> str:
        """The join policy's name: merge (default), all, any, n_of or always."""
        value = self.config.get("join", "merge")
        if isinstance(value, dict):
            value = value.get("mode", "merge")
        return value if isinstance(value, str) else "merge"

    @property
    def disabled(self) -> bool:
        return bool(self.config.get("disabled", False))

    @property
    def continue_on_error(self) -> bool:
        return bool(self.config.get("continue_on_error", False))

    @property
    def label(self) -> str:
        """What people call the node: its title, or its id while it has none."""
        return self.title or self.id

    def with_config(self, **values: Json) -> Node:
        """The node with these config keys set; a value of None takes the key away."""
        merged = {**self.config, **values}
        config = {key: value for key, value in merged.items() if key not in values or value is not None}
        return replace(self, config=config)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A wire: when ``source`` has ended as ``on`` says and ``condition`` is true, ``target`` may start."""

    id: str
    source: str
    target: str
    on: ConnectionOn = "success"
    condition: str | None = None
    source_port: str | None = None
    target_port: str | None = None
    priority: int = 0
    extra: Mapping[str, Json] = field(default_factory=_empty)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """The whole drawing. ``inputs`` is a JSON Schema object: what a run asks for.

    ``nodes`` and ``connections`` keep the order of the file. ``layout`` holds positions apart from
    the nodes, so that a moved node differs from a changed one; ``layout_extra`` and ``extra`` keep
    what this version does not know.
    """

    id: str
    name: str = ""
    description: str = ""
    inputs: Mapping[str, Json] = field(default_factory=_empty)
    settings: Mapping[str, Json] = field(default_factory=_empty)
    nodes: Mapping[str, Node] = field(default_factory=_empty)
    connections: Mapping[str, Connection] = field(default_factory=_empty)
    layout: Mapping[str, Point] = field(default_factory=_empty)
    layout_extra: Mapping[str, Json] = field(default_factory=_empty)
    extra: Mapping[str, Json] = field(default_factory=_empty)

    @property
    def input_properties(self) -> Mapping[str, Mapping[str, Json]]:
        """The schema of each named input; entries that are no object are left out."""
        properties = self.inputs.get("properties")
        if not isinstance(properties, dict):
            return _EMPTY
        return {
            name: cast("Mapping[str, Json]", schema)
            for name, schema in properties.items()
            if isinstance(schema, dict)
        }

    def incoming(self, node_id: str) -> list[Connection]:
        """Connections that end at the node, in the file's order; O(connections)."""
        return [connection for connection in self.connections.values() if connection.target == node_id]

    def outgoing(self, node_id: str) -> list[Connection]:
        """Connections that start at the node, in the file's order; O(connections)."""
        return [connection for connection in self.connections.values() if connection.source == node_id]
