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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any, Final, cast

from engine.errors import DefinitionError, WorkflowFileError
from engine.files import json_text
from engine.files.steps_form import nodes_form, step_faults
from engine.json_schema.validators import Validator, trusted_validator
from engine.model import json_form
from engine.model.json_value import Json
from engine.model.workflow import Connection, Workflow
from engine.problem import Problem

FORMAT: Final = 1
SCHEMA_ID: Final = "urn:workflow-designer:schema:workflow-1"
SCHEMA_FILE: Final = "workflow-1.schema.json"

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTAINERS: Final = (list, dict, Mapping)
_INDENT: Final = "  "
_LINE_LENGTH: Final = 100
# Deeper values go on one line: the C encoder takes them, this module's recursion might not.
_MAX_LEVEL: Final = 60
_SEPARATORS: Final = tuple(",\n" + _INDENT * level for level in range(_MAX_LEVEL + 2))


@lru_cache(maxsize=1)
def file_validator() -> Validator:
    """The validator of workflow files, from the JSON Schema that ships with the program."""
    schema = (resources.files("resources") / "schemas" / SCHEMA_FILE).read_text("utf-8")
    return trusted_validator(json.loads(schema))


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
        key: value
        for key, value in workflow.extra.items()
        if key not in json_form.WORKFLOW_KEYS and key != "$schema"
    }
    members = [f"{_text(key)}: {_block(value, 1)}" for key, value in head.items() if value not in ("", {})]
    nodes = [_block(json_form.node_json(node), 2) for node in workflow.nodes.values()]
    members.append(f'"nodes": {_listed(nodes, "[]")}')
    connections = [_connection_text(connection) for connection in workflow.connections.values()]
    members.append(f'"connections": {_listed(connections, "[]")}')
    if workflow.layout or workflow.layout_extra:
        members.append(f'"layout": {_layout_text(workflow)}')
    members += [f"{_text(key)}: {_block(value, 1)}" for key, value in tail.items()]
    return "{\n" + ",\n".join(_INDENT + member for member in members) + "\n}\n"


def decode(
    source: str | Mapping[str, Any],
    *,
    path: Path | None = None,
    reached: Callable[[float], object] | None = None,
) -> Workflow:
    """The workflow that a text or a JSON object describes, in the form of nodes or of steps.

    Raises WorkflowFileError (with the line, for a text) for what is no workflow, and DefinitionError
    for ids that are used twice. `path` is for messages and for the name of a nameless workflow. `reached` is
    told after each stage how much is done, from 0 to 1; what it raises ends the reading.
    """
    reached = reached or _unheard
    text = source if isinstance(source, str) else None
    document = json_text.parse(source.removeprefix("\ufeff"), path) if isinstance(source, str) else source
    if not isinstance(document, Mapping):
        raise WorkflowFileError(path, "The file holds no workflow: a JSON object is expected", line=1)
    _check_format(document, path)
    reached(0.4)
    if "steps" in document and not document.get("nodes"):
        if not isinstance(document["steps"], list):
            raise WorkflowFileError(path, '"steps" must be a list', line=_line(text, "/steps"))
        for pointer, words in step_faults(document["steps"]):
            raise WorkflowFileError(path, f"{pointer} {words}", line=_line(text, pointer))
        document = nodes_form(document)
        text = None
    _check_shape(document, text, path)
    reached(0.7)
    workflow = _workflow(document, path)
    reached(1.0)
    return workflow


def _unheard(_share: float) -> None:
    """Nobody asks how far the reading is."""


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
    problems = [*_repeated(document, "nodes"), *_repeated(document, "connections")]
    if problems:
        raise DefinitionError(f"{problems[0].message} ({len(problems)} in all)", problems)
    stem = path.name.removesuffix(".json").removesuffix(".workflow") if path is not None else ""
    workflow = json_form.from_json(document, stem)
    if workflow.extra.get("$schema") != SCHEMA_ID:
        return workflow
    return replace(workflow, extra={key: value for key, value in workflow.extra.items() if key != "$schema"})


def _repeated(document: Mapping[str, Any], name: str) -> list[Problem]:
    listed = document.get(name) or ()
    given = [item_id for item in listed if (item_id := item.get("id"))]
    if len(set(given)) == len(given):
        return []
    seen: set[str] = set()
    problems = []
    for index, item in enumerate(listed):
        item_id = item.get("id")
        if not item_id:
            continue
        if item_id in seen:
            problems.append(
                Problem(
                    severity="error",
                    code="duplicate-id",
                    message=f"Two {name} have the id {item_id!r}",
                    node_id=item_id if name == "nodes" else None,
                    connection_id=item_id if name == "connections" else None,
                    pointer=f"/{name}/{index}/id",
                    suggestion=f"{item_id}_2",
                )
            )
        seen.add(item_id)
    return problems


# -- writing --------------------------------------------------------------------------------------


def _layout_text(workflow: Workflow) -> str:
    entries = workflow.layout_extra.get("nodes")
    more = entries if isinstance(entries, dict) else {}
    lines = []
    for node_id, (x, y) in workflow.layout.items():
        point = [json_form.plain_number(x), json_form.plain_number(y)]
        added = more.get(node_id)
        entry: Json = {"x": point[0], "y": point[1], **added} if isinstance(added, dict) else list(point)
        lines.append(f"{_text(node_id)}: {_text(entry)}")
    members = [f'"nodes": {_listed(lines, "{}", 2)}']
    members += [
        f"{_text(key)}: {_block(value, 2)}" for key, value in workflow.layout_extra.items() if key != "nodes"
    ]
    return _listed(members, "{}")


def _connection_text(connection: Connection) -> str:
    is_plain = connection.on == "success" and connection.condition is None and not connection.priority
    if (
        is_plain
        and connection.source_port is None
        and connection.target_port is None
        and not connection.extra
    ):
        # Nearly every connection, and a file has more of them than of anything else.
        start = f'{{"id": {_quoted(connection.id)}, "source": {_quoted(connection.source)}'
        return f'{start}, "target": {_quoted(connection.target)}}}'
    return _text(json_form.connection_json(connection))


def _listed(entries: Sequence[str], brackets: str, level: int = 1) -> str:
    """Entries one below the other between the brackets."""
    if not entries:
        return brackets
    separator = _SEPARATORS[level + 1]
    return f"{brackets[0]}{separator[1:]}{separator.join(entries)}{_SEPARATORS[level][1:]}{brackets[1]}"


def _block(value: Json, level: int, *, in_list: bool = False) -> str:
    """A value over several lines, those after the first indented for `level`.

    Lists of plain values, and such objects inside a list, stay on one line while they fit.
    """
    if type(value) is str or not isinstance(value, _CONTAINERS) or level > _MAX_LEVEL:
        return _text(value)
    if in_list or isinstance(value, list):
        items = value.values() if isinstance(value, Mapping) else value
        is_flat = not any(isinstance(item, _CONTAINERS) for item in items)
        if is_flat and len(line := _text(value)) + level * len(_INDENT) <= _LINE_LENGTH:
            return line
    if type(value) is dict or isinstance(value, Mapping):
        entries = []
        for key, item in value.items():  # a loop, as a comprehension would be a call for every object
            if type(item) is str and item.isascii():
                entries.append(f"{_quoted(key)}: {encode_basestring(item)}")
            else:
                entries.append(f"{_quoted(key)}: {_block(item, level + 1)}")
        return _listed(entries, "{}", level)
    return _listed([_block(item, level + 1, in_list=True) for item in value], "[]", level)


def _quoted(text: str) -> str:
    return encode_basestring(text) if type(text) is str and text.isascii() else _text(text)


def _text(value: Json) -> str:
    if type(value) is str and value.isascii():
        return encode_basestring(value)
    try:
        text = _encode(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise WorkflowFileError(
            None, f"The workflow holds a value that JSON has no form for: {error}"
        ) from None
    if text.isascii():
        return text
    # Half a character cannot be written in UTF-8, but JSON can escape it.
    return _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _mapping(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__}")


def _encoder() -> Callable[[Any], str]:
    """The encoder, made once: `JSONEncoder.encode` makes one at every call, and a file has thousands."""
    plain = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_mapping)
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # an interpreter without the compiled part
        return plain.encode
    chunks = make(None, _mapping, encode_basestring, None, ": ", ", ", False, False, False)
    return lambda value: "".join(chunks(value, 0))


_encode: Final = _encoder()
