"""What a JSON Schema asks of a form: which kind of field, which label, which first value.

Pure: no Qt. Understands the part of JSON Schema that people fill in by hand; whatever lies
outside it is `FieldKind.JSON`, a text editor, so that no schema is refused.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, TypeAlias

from engine.model.json_value import Json

Schema: TypeAlias = Mapping[str, Any]


class Absent:
    """The type of ABSENT: the key is not there at all, which is not the same as null."""

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = Absent()
Value: TypeAlias = "Json | Absent"

MAX_DEPTH: Final = 6
MAX_PLAIN_PROPERTIES: Final = 24
_MAX_REF_HOPS: Final = 16


class FieldKind(StrEnum):
    """Which editor a schema gets."""

    TEXT = "text"
    MULTILINE = "multiline"
    CODE = "code"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ENUM = "enum"
    DATE = "date"
    DATE_TIME = "date-time"
    TIME = "time"
    PATH_OPEN = "path-open"
    PATH_SAVE = "path-save"
    COLUMN = "column"
    EXPRESSION = "expression"
    CONDITION = "condition"
    CONDITION_LINE = "condition-line"
    TABLE = "table"
    OBJECT = "object"
    MAP = "map"
    LIST = "list"
    CHOICE = "choice"
    LOOSE = "loose"
    SCHEMA = "schema"
    JSON = "json"


_TEXT_FORMATS: Final[dict[str, FieldKind]] = {
    "multiline": FieldKind.MULTILINE,
    "code": FieldKind.CODE,
    "date": FieldKind.DATE,
    "date-time": FieldKind.DATE_TIME,
    "date-time-or-empty": FieldKind.DATE_TIME,
    "time": FieldKind.TIME,
    "path-open": FieldKind.PATH_OPEN,
    "path-save": FieldKind.PATH_SAVE,
    "column": FieldKind.COLUMN,
    "expression": FieldKind.EXPRESSION,
    "condition": FieldKind.CONDITION,
    "condition-line": FieldKind.CONDITION_LINE,
}
_TYPES: Final = ("string", "integer", "number", "boolean", "object", "array", "null")
_SCALARS: Final = {
    "integer": FieldKind.INTEGER,
    "number": FieldKind.NUMBER,
    "boolean": FieldKind.BOOLEAN,
}
COMPACT_KINDS: Final = frozenset(
    {
        FieldKind.TEXT,
        FieldKind.INTEGER,
        FieldKind.NUMBER,
        FieldKind.ENUM,
        FieldKind.COLUMN,
        FieldKind.EXPRESSION,
        FieldKind.LOOSE,
        FieldKind.BOOLEAN,
    }
)


def resolve(schema: Any, root: Schema) -> Schema:
    """The schema with its local `$ref` followed and its `allOf` of plain objects merged in.

    A reference that leads nowhere, out of the document or round in a circle gives an empty schema:
    anything is allowed there.
    """
    if not isinstance(schema, Mapping):
        return {}
    for _ in range(_MAX_REF_HOPS):
        ref = schema.get("$ref")
        if not isinstance(ref, str):
            return _merged(schema, root)
        target = _pointed(ref, root)
        if not isinstance(target, Mapping):
            return {}
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**target, **rest}
    return {}


def _pointed(ref: str, root: Schema) -> Any:
    if not ref.startswith("#"):
        return None
    found: Any = root
    for part in filter(None, ref[1:].split("/")):
        key = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, Mapping) or key not in found:
            return None
        found = found[key]
    return found


def _merged(schema: Schema, root: Schema) -> Schema:
    parts = schema.get("allOf")
    if (
        not isinstance(parts, list)
        or len(parts) > _MAX_REF_HOPS
        or schema.get("type") not in (None, "object")
    ):
        return schema
    merged: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    required: list[str] = []
    for part in [*parts, {key: value for key, value in schema.items() if key != "allOf"}]:
        if not isinstance(part, Mapping) or "if" in part or "allOf" in part:
            return schema
        if "$ref" in part:
            target = _pointed(str(part["$ref"]), root)
            if not isinstance(target, Mapping) or "$ref" in target or "allOf" in target:
                return schema
            part = {**target, **{key: value for key, value in part.items() if key != "$ref"}}
        merged.update(part)
        if isinstance(part.get("properties"), Mapping):
            properties.update(part["properties"])
        if isinstance(part.get("required"), list):
            required += part["required"]
    if properties:
        merged["properties"] = properties
        merged["type"] = "object"
    if required:
        merged["required"] = list(dict.fromkeys(required))
    return merged


def types_of(schema: Schema) -> tuple[str, ...]:
    """The JSON types that the schema names, in its order; empty when it names none we know."""
    named = schema.get("type")
    listed = named if isinstance(named, list) else [named]
    return tuple(kind for kind in listed if kind in _TYPES)


def is_nullable(schema: Schema) -> bool:
    return "null" in types_of(schema)


def kind_of(schema: Schema, *, depth: int = 0) -> FieldKind:
    """The kind of field for a resolved schema. `depth` counts the objects around it."""
    if "const" in schema or (isinstance(schema.get("enum"), list) and schema["enum"]):
        return FieldKind.ENUM
    if choices(schema):
        if titled_constants(schema):
            return FieldKind.ENUM
        return FieldKind.CHOICE if depth < MAX_DEPTH else FieldKind.JSON
    types = [kind for kind in types_of(schema) if kind != "null"]
    if schema.get("x-loose") is True:
        return FieldKind.LOOSE
    if schema.get("x-input") is True:
        return FieldKind.TABLE
    if len(types) > 1:
        if set(types) == {"integer", "number"}:
            return FieldKind.NUMBER
        if not {"object", "array"} & set(types):
            return FieldKind.LOOSE
        return FieldKind.CHOICE if depth < MAX_DEPTH else FieldKind.JSON
    if not types:
        return _untyped(schema, depth)
    return _typed(types[0], schema, depth)


def _untyped(schema: Schema, depth: int) -> FieldKind:
    if isinstance(schema.get("properties"), Mapping):
        return _typed("object", schema, depth)
    if isinstance(schema.get("items"), Mapping):
        return _typed("array", schema, depth)
    if schema.get("format") in _TEXT_FORMATS:
        return _typed("string", schema, depth)
    return FieldKind.JSON


def _typed(name: str, schema: Schema, depth: int) -> FieldKind:
    if name in _SCALARS:
        return _SCALARS[name]
    if name == "string":
        return _TEXT_FORMATS.get(str(schema.get("format")), FieldKind.TEXT)
    if depth >= MAX_DEPTH:
        return FieldKind.JSON
    if name == "object":
        if schema.get("format") == "schema":
            return FieldKind.SCHEMA
        if schema.get("properties") and isinstance(schema["properties"], Mapping):
            return FieldKind.OBJECT
        extra = schema.get("additionalProperties")
        return FieldKind.MAP if isinstance(extra, Mapping) or extra is True else FieldKind.JSON
    if name == "array" and isinstance(schema.get("items"), Mapping) and "prefixItems" not in schema:
        return FieldKind.LIST
    return FieldKind.JSON


def choices(schema: Schema) -> list[Schema]:
    """The branches of a `oneOf` or `anyOf`, each with what the schema says beside them."""
    for keyword in ("oneOf", "anyOf"):
        branches = schema.get(keyword)
        if isinstance(branches, list) and branches and all(isinstance(one, Mapping) for one in branches):
            if all(set(one) <= {"required", "not", "properties"} and "required" in one for one in branches):
                return []  # "one of these keys must be there": a rule about an object, not a choice of forms
            return list(branches)
    return []


def titled_constants(schema: Schema) -> list[tuple[str, Json]]:
    """`oneOf` of constants as (title, value), the usual way to give an enum readable names."""
    branches = choices(schema)
    if not branches or not all("const" in branch for branch in branches):
        return []
    return [(str(branch.get("title", _spoken(branch["const"]))), branch["const"]) for branch in branches]


def enum_options(schema: Schema) -> list[tuple[str, Json]]:
    """What an enum offers, as (text, value). `x-titles` may name the values in their order."""
    titled = titled_constants(schema)
    if titled:
        return titled
    values = [schema["const"]] if "const" in schema else list(schema.get("enum", ()))
    titles = schema.get("x-titles", schema.get("enumNames"))
    if isinstance(titles, Mapping):
        return [(str(titles.get(str(value), _spoken(value))), value) for value in values]
    if isinstance(titles, list) and len(titles) == len(values):
        return [(str(title), value) for title, value in zip(titles, values, strict=True)]
    return [(_spoken(value), value) for value in values]


def _spoken(value: Json) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return "None" if value is None else str(value)


_WORD_BREAK = re.compile(r"[_\-\s]+|(?<=[a-z0-9])(?=[A-Z][a-z])")


def title_of(name: str, schema: Schema) -> str:
    """The label: the schema's title, or the name in words (`max_rows` -> "Max rows")."""
    title = schema.get("title")
    if isinstance(title, str) and title:
        return title
    words = " ".join(filter(None, _WORD_BREAK.split(name)))
    return words[:1].upper() + words[1:] if words else name


def branch_title(schema: Schema, number: int) -> str:
    """What a branch of a choice is called."""
    if isinstance(schema.get("title"), str) and schema["title"]:
        return str(schema["title"])
    if "const" in schema:
        return _spoken(schema["const"])
    names = {
        "string": "Text",
        "integer": "Whole number",
        "number": "Number",
        "boolean": "Yes or no",
        "object": "Group of values",
        "array": "List",
        "null": "Nothing",
    }
    types = types_of(schema)
    return names[types[0]] if len(types) == 1 else f"Choice {number}"


def default_of(schema: Schema) -> Value:
    """A copy of the schema's default, or ABSENT."""
    return copy.deepcopy(schema["default"]) if "default" in schema else ABSENT


def blank(schema: Any, root: Schema, depth: int = 0) -> Json:
    """The value of a row just added: defaults, and something of the right type for what is required."""
    schema = resolve(schema, root)
    value = default_of(schema)
    if not isinstance(value, Absent):
        return value
    if "const" in schema:
        return copy.deepcopy(schema["const"])  # type: ignore[no-any-return]  # JSON by definition
    branches = choices(schema)
    if branches and depth < MAX_DEPTH:
        return blank({**schema, "oneOf": None, "anyOf": None, **branches[0]}, root, depth + 1)
    enum = schema.get("enum")
    if isinstance(enum, list) and enum:
        return enum[0]  # type: ignore[no-any-return]  # JSON by definition
    types = types_of(schema)
    name = types[0] if types else ("object" if isinstance(schema.get("properties"), Mapping) else "string")
    if name == "object":
        return _blank_object(schema, root, depth)
    blanks: dict[str, Json] = {
        "string": "",
        "integer": 0,
        "number": 0,
        "boolean": False,
        "array": [],
        "null": None,
    }
    return blanks[name]


def _blank_object(schema: Schema, root: Schema, depth: int) -> Json:
    properties = schema.get("properties")
    made: dict[str, Json] = {}
    if not isinstance(properties, Mapping) or depth >= MAX_DEPTH:
        return made
    required = required_of(schema)
    for name, part in properties.items():
        resolved = resolve(part, root)
        is_fixed = "default" in resolved or "const" in resolved
        is_group = types_of(resolved)[:1] in (("object",), ("array",))
        if is_fixed or (is_group and name in required):
            made[name] = blank(resolved, root, depth + 1)
    return made


def required_of(schema: Schema) -> frozenset[str]:
    """The names that must be there."""
    required = schema.get("required")
    return (
        frozenset(name for name in required if isinstance(name, str))
        if isinstance(required, list)
        else frozenset()
    )


def has_reference(value: Value) -> bool:
    """True when a `${...}` stands anywhere in the value."""
    if isinstance(value, str):
        return "${" in value
    if isinstance(value, list):
        return any(has_reference(item) for item in value)
    if isinstance(value, dict):
        return any(has_reference(item) for item in value.values())
    return False
