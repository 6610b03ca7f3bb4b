"""The inputs of a workflow, or the fields of a question, as a person edits them. Pure.

An input is a property of a JSON Schema object. What the editor does not know of a property's schema
is kept, so that a schema written by hand survives being looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from designer.forms.schema import Schema, required_of
from engine.expression.paths import NAME_PATTERN
from engine.model.json_value import Json

KINDS: Final[dict[str, str]] = {
    "text": "Text",
    "multiline": "Long text",
    "integer": "Whole number",
    "number": "Number",
    "boolean": "Yes or no",
    "date": "Date",
    "choice": "One of a list",
    "file": "File",
    "other": "Other (JSON Schema)",
}
_SHAPES: Final[dict[str, dict[str, str]]] = {
    "text": {"type": "string"},
    "multiline": {"type": "string", "format": "multiline"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "choice": {"type": "string"},
    "file": {"type": "string", "format": "path-open"},
}
_DETAILS: Final = ("title", "description", "default", "x-unit")
_NAME: Final = re.compile(rf"(?:{NAME_PATTERN})\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One input: its name, its kind (a key of KINDS), its schema, and whether it must be given."""

    name: str
    kind: str = "text"
    schema: Mapping[str, Any] = field(default_factory=dict)
    is_required: bool = False

    def details(self) -> dict[str, Json]:
        """What the form below the name shows."""
        shown: dict[str, Json] = {key: self.schema[key] for key in _DETAILS if key in self.schema}
        if self.kind == "choice":
            shown["enum"] = list(self.schema.get("enum", ()))
        if self.is_required:
            shown["is_required"] = True
        return shown

    def with_details(self, details: Mapping[str, Json]) -> Input:
        """The input with what the form says; emptied entries go."""
        schema = {key: value for key, value in self.schema.items() if key not in (*_DETAILS, "enum")}
        if self.kind != "choice" and "enum" in self.schema:
            schema["enum"] = self.schema["enum"]
        schema |= {key: details[key] for key in (*_DETAILS, "enum") if key in details}
        return Input(
            name=self.name, kind=self.kind, schema=schema, is_required=bool(details.get("is_required"))
        )

    def with_kind(self, kind: str) -> Input:
        """The input with another kind; a default that does not fit it goes."""
        kept = {key: self.schema[key] for key in ("title", "description", "x-unit") if key in self.schema}
        schema: dict[str, Any] = {**_SHAPES.get(kind, {}), **kept}
        if kind == "choice":
            schema["enum"] = self.schema.get("enum", ["First", "Second"])
        return Input(name=self.name, kind=kind, schema=schema, is_required=self.is_required)


def kind_of_input(schema: Schema) -> str:
    """The key of KINDS that a property's schema stands for."""
    if isinstance(schema.get("enum"), list) and schema.get("type") == "string":
        return "choice"
    if "enum" in schema or "const" in schema or "oneOf" in schema:
        return "other"
    shape = {key: schema[key] for key in ("type", "format") if key in schema}
    for kind, known in _SHAPES.items():
        if kind != "choice" and shape == known:
            return kind
    return "other"


def read_inputs(schema: Schema) -> list[Input]:
    """The inputs in their order."""
    properties = schema.get("properties")
    required = required_of(schema)
    return [
        Input(name=name, kind=kind_of_input(part), schema=part, is_required=name in required)
        for name, part in (properties.items() if isinstance(properties, Mapping) else ())
        if isinstance(part, Mapping)
    ]


def write_inputs(inputs: Sequence[Input], before: Schema) -> dict[str, Any]:
    """The schema object with these inputs; its other keys stay."""
    schema: dict[str, Any] = {"type": "object"}
    schema.update({key: value for key, value in before.items() if key not in ("properties", "required")})
    schema["properties"] = {one.name: dict(one.schema) for one in inputs if one.name}
    asked = [one.name for one in inputs if one.is_required and one.name]
    if asked:
        schema["required"] = asked
    return schema


def name_fault(name: str, others: Iterable[str]) -> str:
    """Why an input cannot have this name; empty when it can."""
    if not name:
        return "Each input needs a name."
    if not _NAME.match(name):
        return f"{name} cannot be a name: use letters, digits and _, and begin with a letter."
    return f"There are two inputs with the name {name}." if name in others else ""


def free_name(taken: Iterable[str], base: str = "value") -> str:
    """A name that is not taken: value, value_2, ..."""
    known = set(taken)
    number = 1
    while (name := base if number == 1 else f"{base}_{number}") in known:
        number += 1
    return name


def details_schema(one: Input) -> dict[str, Any]:
    """The schema of the form that edits an input's details."""
    default: dict[str, Any] = {
        "title": "Default",
        "description": "Used when a run is given nothing else.",
    }
    kind_schema = {key: one.schema[key] for key in ("type", "format", "enum") if key in one.schema}
    default = (
        {**kind_schema, **default}
        if one.kind != "other"
        else {**dict(one.schema), **default, "default": None}
    )
    if one.kind == "other":
        del default["default"]
    properties: dict[str, Any] = {
        "title": {"type": "string", "title": "Title", "examples": ["Delay"]},
        "description": {"type": "string", "title": "Description", "format": "multiline"},
    }
    if one.kind == "choice":
        properties["enum"] = {
            "type": "array",
            "title": "Choices",
            "items": {"type": "string", "title": "Choice"},
            "minItems": 1,
        }
    properties["default"] = default
    if one.kind in ("integer", "number"):
        properties["x-unit"] = {"type": "string", "title": "Unit", "examples": ["minutes"]}
    properties["is_required"] = {
        "type": "boolean",
        "title": "Must be given",
        "description": "The form of a run does not go on without it.",
    }
    return {"type": "object", "properties": properties}
