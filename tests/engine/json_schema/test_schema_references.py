"""References inside a schema are found broken before a value is held against it."""

from __future__ import annotations

from typing import Any

import pytest

from engine.json_schema.schema_references import lost_references
from engine.json_schema.validators import schema_faults

NUMBER = {"type": "number"}


@pytest.mark.parametrize(
    ("schema", "pointer", "reference"),
    [
        ({"$ref": "#/$defs/x"}, "/$ref", "#/$defs/x"),
        ({"properties": {"a/b": {"$ref": "#/$defs/y"}}}, "/properties/a~1b/$ref", "#/$defs/y"),
        ({"items": [{"$ref": "https://example.org/x"}]}, "/items/0/$ref", "https://example.org/x"),
        ({"anyOf": [NUMBER, {"$ref": "#name"}]}, "/anyOf/1/$ref", "#name"),
        ({"anyOf": [NUMBER, {"$ref": "#/anyOf/2"}]}, "/anyOf/1/$ref", "#/anyOf/2"),
        ({"anyOf": [NUMBER, {"$ref": "#/anyOf/x"}]}, "/anyOf/1/$ref", "#/anyOf/x"),
    ],
)  # fmt: skip
def test_that_one_that_leads_nowhere_is_found(schema: dict[str, Any], pointer: str, reference: str) -> None:
    expected = [{"pointer": pointer, "message": f"refers to {reference!r}, which is not in the schema"}]
    assert lost_references(schema) == expected


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        {"$ref": "#"},
        {"$ref": "#/anyOf/0", "anyOf": [NUMBER]},
        {"$defs": {"a/b": NUMBER}, "anyOf": [{"$ref": "#/$defs/a~1b"}]},
        {"$defs": {"c~d": NUMBER}, "anyOf": [{"$ref": "#/$defs/c~0d"}]},
        {"$defs": {"x": {"$anchor": "name"}}, "$ref": "#name"},
        {"$id": "https://example.org/a", "$defs": {"x": {"$id": "b"}}, "$ref": "b"},
        {"$defs": {"a b": NUMBER}, "$ref": "#/$defs/a%20b"},
        {"$ref": "https://json-schema.org/draft/2020-12/schema"},
        {"properties": {"$ref": {"type": "string"}}},
        {"const": {"$ref": "#/nowhere"}, "default": {"$ref": "x"}, "enum": [{"$ref": "y"}]},
    ],
)  # fmt: skip
def test_that_one_that_leads_somewhere_or_is_none_is_left_alone(schema: Any) -> None:
    assert lost_references(schema) == []
    assert schema_faults(schema) == []


def test_that_what_is_wrong_with_the_schema_itself_comes_first() -> None:
    schema = {"$ref": "#/x", "type": "strin"}
    assert [fault["pointer"] for fault in schema_faults(schema)] == ["/type"]
