"""`--input name=value` and `--input-file`: texts from a command line become values of the inputs' types."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from engine.errors import WorkflowError, WorkflowFileError
from engine.files import json_text
from engine.model.json_value import Json

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\Z")
_WORDS: Final = {"true": True, "yes": True, "false": False, "no": False}


class InputError(WorkflowError):
    """A value on the command line cannot be read as what the workflow asks for."""


def read_inputs(
    given: Iterable[str], file: str | None, schemas: Mapping[str, Mapping[str, Any]]
) -> dict[str, Json]:
    """The values of the file, then those given one by one. `schemas` by input name, or by path.

    Raises InputError for a text that is no value of its type, WorkflowFileError for a bad file.
    """
    values = _from_file(file) if file is not None else {}
    for text in given:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise InputError(f"--input {text}: write name=value")
        schema = schemas.get(name, schemas.get(name.removeprefix("input."), {}))
        values[name] = parse_value(name, value, schema)
    return values


def parse_value(name: str, text: str, schema: Mapping[str, Any]) -> Json:
    """The value that `text` stands for under the schema; without a type, JSON if it is JSON, else text."""
    kinds = schema.get("type")
    wanted = kinds if isinstance(kinds, list) else [kinds] if kinds else []
    if not wanted:
        return _choice(text, schema)
    for kind in wanted:
        found: Json = _as(kind, text)
        if found is not _NOT:
            return found
    raise InputError(
        f"--input {name}: {text!r} is not {' or '.join(_TYPE_WORDS.get(k, str(k)) for k in wanted)}"
    )


def _from_file(file: str) -> dict[str, Json]:
    path = Path(file)
    try:
        raw = sys.stdin.buffer.read() if file == "-" else path.read_bytes()
    except OSError as error:
        raise WorkflowFileError(path, f"{file} cannot be read: {error.strerror or error}") from error
    values = json_text.parse(json_text.read_text(raw, path), path)
    if not isinstance(values, dict):
        raise WorkflowFileError(path, f'{file} must hold a JSON object such as {{"threshold": 60}}')
    return values


_NOT: Any = object()
_TYPE_WORDS: Final = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a JSON list",
    "object": "a JSON object",
    "null": "empty",
    "string": "text",
}


def _as(kind: object, text: str) -> Any:
    stripped = text.strip()
    match kind:
        case "string":
            return text
        case "null":
            return None if stripped in ("", "null") else _NOT
        case "boolean":
            return _WORDS.get(stripped.lower(), _NOT)
        case "integer" | "number":
            if len(stripped) > 400 or not _NUMBER.match(stripped):
                return _NOT
            value = json.loads(stripped)
            if kind == "integer" and isinstance(value, float):
                return int(value) if value.is_integer() else _NOT
            return value if abs(value) != float("inf") else _NOT
        case "array" | "object":
            value = _json(text)
            return value if isinstance(value, list if kind == "array" else dict) else _NOT
    return _NOT


def _choice(text: str, schema: Mapping[str, Any]) -> Json:
    """Without a type: one of the choices if there are any, JSON if it reads as that, else the text."""
    choices = schema.get("enum") or [
        option.get("const") for option in schema.get("oneOf", ()) if isinstance(option, Mapping)
    ]
    if text in choices:
        return text
    value = _json(text)
    return text if value is _NOT else value


def _json(text: str) -> Any:
    try:
        return json_text.parse(text)
    except WorkflowFileError:
        return _NOT
