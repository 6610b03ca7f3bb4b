"""A workflow as the JSON object that its file holds, and back.

What equals its default is left out. Keys that this version does not know keep their values, behind the known
ones, in every object. Reading trusts the shape of what it is given: `engine.files.codec` holds a file against
its schema first, and `from_json` raises KeyError, TypeError, ValueError or AttributeError for what is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from engine.model.json_value import Json
from engine.model.quick_made import quick_made
from engine.model.workflow import Connection, ConnectionOn, Node, Point, Workflow

WORKFLOW_KEYS: Final = frozenset(
    {
        "format",
        "id",
        "workflow_id",
        "name",
        "description",
        "inputs",
        "settings",
        "nodes",
        "connections",
        "layout",
    }
)
# Members with these values are not written.
_NOTHING: Final[tuple[Json, ...]] = ("", {})
NODE_KEYS: Final = frozenset({"id", "type", "title", "config", "notes"})
CONNECTION_KEYS: Final = frozenset(
    {"id", "source", "target", "on", "condition", "source_port", "target_port", "priority"}
)
# The order in which a node's config is written; what is not named here follows in its own order.
CONFIG_ORDER: Final = ("service", "action", "parameters", "timeout", "retry", "continue_on_error")
_new_node: Final = quick_made(Node)
_new_connection: Final = quick_made(Connection)


def from_json(document: Mapping[str, Any], name: str = "") -> Workflow:
    """The workflow that an object in the form of nodes describes. `name`: what a nameless one is called."""
    nodes = [_node(described) for described in document.get("nodes") or ()]
    connections = _connections(document.get("connections") or ())
    layout, layout_extra = _layout(document.get("layout") or {})
    own_name = document.get("name") or ""
    return Workflow(
        id=str(document.get("id") or document.get("workflow_id") or name or own_name or "workflow"),
        name=own_name or name,
        description=document.get("description") or "",
        inputs=document.get("inputs") or {},
        settings=document.get("settings") or {},
        nodes={node.id: node for node in nodes},
        connections={connection.id: connection for connection in connections},
        layout=layout,
        layout_extra=layout_extra,
        extra=_rest(document, WORKFLOW_KEYS),
    )


def to_json(workflow: Workflow) -> dict[str, Json]:
    """The object, as it stands inside another workflow: without what only a file of its own needs."""
    described: dict[str, Json] = {
        "id": workflow.id,
        "name": workflow.name,
        "description": workflow.description,
        "inputs": cast("Json", workflow.inputs),
        "settings": cast("Json", workflow.settings),
    }
    described = {key: value for key, value in described.items() if value not in ("", {})}
    described["nodes"] = [node_json(node) for node in workflow.nodes.values()]
    described["connections"] = [connection_json(each) for each in workflow.connections.values()]
    if workflow.layout or workflow.layout_extra:
        described["layout"] = _layout_json(workflow)
    tail = {key: value for key, value in workflow.extra.items() if key not in WORKFLOW_KEYS}
    return {**described, **tail}


def node_json(node: Node) -> dict[str, Json]:
    """The object of a node."""
    described: dict[str, Json] = {}
    if node.id not in _NOTHING:
        described["id"] = node.id
    if node.type not in _NOTHING:
        described["type"] = node.type
    if node.title not in _NOTHING:
        described["title"] = node.title
    if node.config:
        described["config"] = _config_json(node.config)
    if node.notes not in _NOTHING:
        described["notes"] = node.notes
    if node.extra:
        described |= {key: value for key, value in node.extra.items() if key not in NODE_KEYS}
    return described


def _config_json(given: Mapping[str, Json]) -> dict[str, Json]:
    config = {key: given[key] for key in CONFIG_ORDER if key in given}
    if len(config) < len(given):
        config |= {key: value for key, value in given.items() if key not in config}
    return config


def connection_json(connection: Connection) -> dict[str, Json]:
    """The object of a connection."""
    described: dict[str, Json] = {
        "id": connection.id,
        "source": connection.source,
        "target": connection.target,
    }
    if connection.on != "success":
        described["on"] = connection.on
    for key in ("condition", "source_port", "target_port"):
        if (value := getattr(connection, key)) is not None:
            described[key] = value
    if connection.priority:
        described["priority"] = connection.priority
    return {
        **described,
        **{key: value for key, value in connection.extra.items() if key not in CONNECTION_KEYS},
    }


def plain_number(value: float) -> int | float:
    """A coordinate as it is written."""
    return int(value) if value == int(value) else round(value, 2)


def _layout_json(workflow: Workflow) -> dict[str, Json]:
    entries = workflow.layout_extra.get("nodes")
    more = entries if isinstance(entries, dict) else {}
    places: dict[str, Json] = {}
    for node_id, (x, y) in workflow.layout.items():
        added = more.get(node_id)
        point: list[Json] = [plain_number(x), plain_number(y)]
        places[node_id] = {"x": point[0], "y": point[1], **added} if isinstance(added, dict) else point
    rest = {key: value for key, value in workflow.layout_extra.items() if key != "nodes"}
    return {"nodes": places, **rest}


def _node(described: Mapping[str, Any]) -> Node:
    return _new_node(
        id=described["id"],
        type=described.get("type") or "action",
        title=described.get("title") or "",
        config=described.get("config") or {},
        notes=described.get("notes") or "",
        extra=_rest(described, NODE_KEYS),
    )


def _connections(described: Iterable[Mapping[str, Any]]) -> list[Connection]:
    """Connections without an id get the first free one: c1, c2, ..."""
    listed = list(described)
    taken = {each.get("id") for each in listed}
    number = 0
    connections = []
    for each in listed:
        find = each.get
        connection_id = find("id")
        while not connection_id:
            number += 1
            connection_id = None if f"c{number}" in taken else f"c{number}"
        connections.append(
            _new_connection(
                id=connection_id,
                source=find("source") or "",
                target=find("target") or "",
                on=cast("ConnectionOn", find("on") or "success"),
                condition=find("condition"),
                source_port=find("source_port"),
                target_port=find("target_port"),
                priority=find("priority") or 0,
                extra=_rest(each, CONNECTION_KEYS),
            )
        )
    return connections


def _layout(described: Mapping[str, Any]) -> tuple[dict[str, Point], dict[str, Json]]:
    """Positions, and whatever else the layout holds. A node's entry is [x, y] or {"x", "y", ...}."""
    positions: dict[str, Point] = {}
    entries: dict[str, Json] = {}
    for node_id, entry in (described.get("nodes") or {}).items():
        if isinstance(entry, Mapping):
            positions[node_id] = (float(entry["x"]), float(entry["y"]))
            if more := _rest(entry, frozenset({"x", "y"})):
                entries[node_id] = dict(more)
        else:
            positions[node_id] = (float(entry[0]), float(entry[1]))
    extra = dict(_rest(described, frozenset({"nodes"})))
    if entries:
        extra["nodes"] = entries
    return positions, extra


def _rest(described: Mapping[str, Any], known: frozenset[str]) -> Mapping[str, Json]:
    if known.issuperset(described):
        return {}
    return {key: value for key, value in described.items() if key not in known}
