"""A workflow as text, and back: a stable order, one block of lines a node, nothing unknown lost.

    {"$schema", "format": 1, "id", "name", "description", "inputs", "settings",
     "nodes": [{"id", "type", "title", "config", "notes"}],
     "connections": [{"id", "source", "target", "on", "condition", ...}],      one line each
     "layout": {"nodes": {id: [x, y]}}}                                        one line a node

What equals its default is left out. Keys that this version does not know keep their values, behind the
known ones, in every object. A node that is moved changes one line of `layout` and nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, cast

from engine.errors import DefinitionError, WorkflowFileError
from engine.files import json_text
from engine.files.steps_form import nodes_form
from engine.json_schema.validators import Validator, validator
from engine.model.json_value import Json
from engine.model.workflow import Connection, ConnectionOn, Node, Point, Workflow
from engine.problem import Problem

FORMAT: Final = 1
SCHEMA_ID: Final = "urn:workflow-designer:schema:workflow-1"
SCHEMA_FILE: Final = "workflow-1.schema.json"

_WORKFLOW_KEYS: Final = frozenset(
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
_NODE_KEYS: Final = frozenset({"id", "type", "title", "config", "notes"})
_CONNECTION_KEYS: Final = frozenset(
    {"id", "source", "target", "on", "condition", "source_port", "target_port", "priority"}
)
# The order in which a node's config is written; what is not named here follows in its own order.
_CONFIG_ORDER: Final = ("service", "action", "parameters", "timeout", "retry", "continue_on_error")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_INDENT: Final = "  "
_LINE_LENGTH: Final = 100
# Deeper values go on one line: the C encoder takes them, this module's recursion might not.
_MAX_LEVEL: Final = 60


@lru_cache(maxsize=1)
def file_validator() -> Validator:
    """The validator of workflow files, from the JSON Schema that ships with the program."""
    schema = (resources.files("resources") / "schemas" / SCHEMA_FILE).read_text("utf-8")
    return validator(json.loads(schema))


def encode(workflow: Workflow) -> str:
    """The text of the workflow's file. Raises WorkflowFileError for a value that is no JSON."""
    head: dict[str, Json] = {
        "$schema": workflow.extra.get("$schema", SCHEMA_ID),
        "format": FORMAT,
        "id": workflow.id,
        "name": workflow.name,
        "description": workflow.description,
        "inputs": cast("Json", workflow.inputs),
        "settings": cast("Json", workflow.settings),
    }
    tail = {
        key: value for key, value in workflow.extra.items() if key not in _WORKFLOW_KEYS and key != "$schema"
    }
    members = [f"{_text(key)}: {_block(value, 1)}" for key, value in head.items() if value not in ("", {})]
    members.append(
        f'"nodes": {_listed([_block(_node_json(node), 2) for node in workflow.nodes.values()], "[]")}'
    )
    connections = (_text(_connection_json(connection)) for connection in workflow.connections.values())
    members.append(f'"connections": {_listed(connections, "[]")}')
    if workflow.layout or workflow.layout_extra:
        members.append(f'"layout": {_layout_text(workflow)}')
    members += [f"{_text(key)}: {_block(value, 1)}" for key, value in tail.items()]
    return "{\n" + ",\n".join(_INDENT + member for member in members) + "\n}\n"


def decode(source: str | Mapping[str, Any], *, path: Path | None = None) -> Workflow:
    """The workflow that a text or a JSON object describes, in the form of nodes or of steps.

    Raises WorkflowFileError (with the line, for a text) for what is no workflow, and DefinitionError
    for ids that are used twice. `path` is for messages and for the name of a nameless workflow.
    """
    text = source if isinstance(source, str) else None
    document = json_text.parse(source.removeprefix("\ufeff"), path) if isinstance(source, str) else source
    if not isinstance(document, Mapping):
        raise WorkflowFileError(path, "The file holds no workflow: a JSON object is expected", line=1)
    _check_format(document, path)
    if "steps" in document and not document.get("nodes"):
        if not isinstance(document["steps"], list):
            raise WorkflowFileError(path, '"steps" must be a list', line=_line(text, "/steps"))
        document = nodes_form(document)
        text = None
    _check_shape(document, text, path)
    return _workflow(document, path)


def _check_format(document: Mapping[str, Any], path: Path | None) -> None:
    version = document.get("format", FORMAT)
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise WorkflowFileError(path, f'"format" must be a whole number, not {version!r}')
    if version > FORMAT:
        raise WorkflowFileError(
            path,
            f"The file has format {version}; this program reads formats up to {FORMAT}",
            hint="It was written by a newer version of the Workflow Designer: update to open it.",
        )


def _check_shape(document: Mapping[str, Any], text: str | None, path: Path | None) -> None:
    faults = file_validator().faults(document)
    if not faults:
        return
    first = faults[0]
    line = _line(text, first.pointer)
    where = f"Line {line}: " if line else ""
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    raise WorkflowFileError(
        path, f"{where}{first.pointer or 'the workflow'} {first.message}{more}", line=line
    )


def _line(text: str | None, pointer: str) -> int | None:
    """The line of the value, or of the object in which it is missing."""
    while text is not None:
        if (line := json_text.line_of(text, pointer)) is not None:
            return line
        pointer = pointer.rpartition("/")[0]
    return None


def _workflow(document: Mapping[str, Any], path: Path | None) -> Workflow:
    nodes = [_node(described) for described in document.get("nodes") or ()]
    connections = _connections(document.get("connections") or ())
    if problems := [*_repeated(nodes, "nodes"), *_repeated(connections, "connections")]:
        raise DefinitionError(f"{problems[0].message} ({len(problems)} in all)", problems)
    layout, layout_extra = _layout(document.get("layout") or {})
    name = document.get("name") or ""
    stem = path.name.removesuffix(".json").removesuffix(".workflow") if path is not None else ""
    return Workflow(
        id=str(document.get("id") or document.get("workflow_id") or stem or name or "workflow"),
        name=name or stem,
        description=document.get("description") or "",
        inputs=document.get("inputs") or {},
        settings=document.get("settings") or {},
        nodes={node.id: node for node in nodes},
        connections={connection.id: connection for connection in connections},
        layout=layout,
        layout_extra=layout_extra,
        extra=_workflow_extra(document),
    )


def _workflow_extra(document: Mapping[str, Any]) -> Mapping[str, Json]:
    extra = dict(_rest(document, _WORKFLOW_KEYS))
    if extra.get("$schema") == SCHEMA_ID:
        del extra["$schema"]
    return extra


def _node(described: Mapping[str, Any]) -> Node:
    return Node(
        id=described["id"],
        type=described.get("type") or "action",
        title=described.get("title") or "",
        config=described.get("config") or {},
        notes=described.get("notes") or "",
        extra=_rest(described, _NODE_KEYS),
    )


def _connections(described: Iterable[Mapping[str, Any]]) -> list[Connection]:
    """Connections without an id get the first free one: c1, c2, ..."""
    listed = list(described)
    taken = {each.get("id") for each in listed}
    number = 0
    connections = []
    for each in listed:
        connection_id = each.get("id")
        while not connection_id:
            number += 1
            connection_id = None if f"c{number}" in taken else f"c{number}"
        connections.append(
            Connection(
                id=connection_id,
                source=each.get("source") or "",
                target=each.get("target") or "",
                on=cast("ConnectionOn", each.get("on") or "success"),
                condition=each.get("condition"),
                source_port=each.get("source_port"),
                target_port=each.get("target_port"),
                priority=each.get("priority") or 0,
                extra=_rest(each, _CONNECTION_KEYS),
            )
        )
    return connections


def _repeated(items: Iterable[Node | Connection], name: str) -> list[Problem]:
    seen: set[str] = set()
    problems = []
    for index, item in enumerate(items):
        if item.id in seen:
            problems.append(
                Problem(
                    severity="error",
                    code="duplicate-id",
                    message=f"Two {name} have the id {item.id!r}",
                    node_id=item.id if name == "nodes" else None,
                    connection_id=item.id if name == "connections" else None,
                    pointer=f"/{name}/{index}/id",
                    suggestion=f"{item.id}_2",
                )
            )
        seen.add(item.id)
    return problems


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
    return {key: value for key, value in described.items() if key not in known}


# -- writing --------------------------------------------------------------------------------------


def _node_json(node: Node) -> dict[str, Json]:
    config: dict[str, Json] = {key: node.config[key] for key in _CONFIG_ORDER if key in node.config}
    config |= {key: value for key, value in node.config.items() if key not in config}
    members: dict[str, Json] = {"id": node.id, "type": node.type, "title": node.title, "config": config}
    members["notes"] = node.notes
    described = {key: value for key, value in members.items() if value not in ("", {})}
    return {**described, **{key: value for key, value in node.extra.items() if key not in _NODE_KEYS}}


def _connection_json(connection: Connection) -> dict[str, Json]:
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
        **{key: value for key, value in connection.extra.items() if key not in _CONNECTION_KEYS},
    }


def _layout_text(workflow: Workflow) -> str:
    entries = workflow.layout_extra.get("nodes")
    more = entries if isinstance(entries, dict) else {}
    lines = []
    for node_id, (x, y) in workflow.layout.items():
        point = [_plain_number(x), _plain_number(y)]
        added = more.get(node_id)
        entry: Json = {"x": point[0], "y": point[1], **added} if isinstance(added, dict) else list(point)
        lines.append(f"{_text(node_id)}: {_text(entry)}")
    members = [f'"nodes": {_listed(lines, "{}", 2)}']
    members += [
        f"{_text(key)}: {_block(value, 2)}" for key, value in workflow.layout_extra.items() if key != "nodes"
    ]
    return _listed(members, "{}")


def _plain_number(value: float) -> int | float:
    return int(value) if value == int(value) else round(value, 2)


def _listed(entries: Iterable[str], brackets: str, level: int = 1) -> str:
    """Entries one below the other between the brackets."""
    inner = _INDENT * (level + 1)
    text = ",\n".join(inner + entry for entry in entries)
    return f"{brackets[0]}\n{text}\n{_INDENT * level}{brackets[1]}" if text else brackets


def _block(value: Json, level: int, *, in_list: bool = False) -> str:
    """A value over several lines, those after the first indented for `level`.

    Lists of plain values, and such objects inside a list, stay on one line while they fit.
    """
    if not isinstance(value, list | Mapping) or level > _MAX_LEVEL:
        return _text(value)
    items = list(value.values()) if isinstance(value, Mapping) else value
    if isinstance(value, list) or in_list:
        is_flat = not any(isinstance(item, list | Mapping) for item in items)
        if is_flat and len(line := _text(value)) + level * len(_INDENT) <= _LINE_LENGTH:
            return line
    if isinstance(value, Mapping):
        return _listed(
            (f"{_text(key)}: {_block(item, level + 1)}" for key, item in value.items()), "{}", level
        )
    return _listed((_block(item, level + 1, in_list=True) for item in items), "[]", level)


def _text(value: Json) -> str:
    try:
        text = _ENCODER.encode(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise WorkflowFileError(
            None, f"The workflow holds a value that JSON has no form for: {error}"
        ) from None
    # Half a character cannot be written in UTF-8, but JSON can escape it.
    return _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _mapping(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__}")


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_mapping)
