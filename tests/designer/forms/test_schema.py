"""What a schema asks of a form: kinds, labels, first values."""

from __future__ import annotations

from typing import Any

import pytest

from designer.forms.schema import (
    ABSENT,
    FieldKind,
    blank,
    choices,
    default_of,
    enum_options,
    has_reference,
    kind_of,
    required_of,
    resolve,
    title_of,
)


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, FieldKind.TEXT),
        ({"type": ["string", "null"]}, FieldKind.TEXT),
        ({"type": "string", "format": "multiline"}, FieldKind.MULTILINE),
        ({"type": "string", "format": "code"}, FieldKind.CODE),
        ({"type": "string", "format": "date"}, FieldKind.DATE),
        ({"type": "string", "format": "path-open"}, FieldKind.PATH_OPEN),
        ({"type": "string", "format": "column"}, FieldKind.COLUMN),
        ({"format": "expression"}, FieldKind.EXPRESSION),
        ({"type": "integer"}, FieldKind.INTEGER),
        ({"type": ["integer", "number"]}, FieldKind.NUMBER),
        ({"type": "boolean"}, FieldKind.BOOLEAN),
        ({"enum": [1, 2]}, FieldKind.ENUM),
        ({"const": 1}, FieldKind.ENUM),
        ({"oneOf": [{"const": "a", "title": "A"}, {"const": "b"}]}, FieldKind.ENUM),
        ({"oneOf": [{"type": "string"}, {"type": "object", "properties": {}}]}, FieldKind.CHOICE),
        ({"type": ["string", "number", "boolean"]}, FieldKind.LOOSE),
        ({"type": ["string", "object"]}, FieldKind.CHOICE),
        ({"type": ["string", "object"], "x-input": True}, FieldKind.TABLE),
        ({"properties": {"a": {}}}, FieldKind.OBJECT),
        ({"type": "object", "additionalProperties": {"type": "string"}}, FieldKind.MAP),
        ({"type": "object", "additionalProperties": True}, FieldKind.MAP),
        ({"type": "object", "format": "schema"}, FieldKind.SCHEMA),
        ({"type": "object"}, FieldKind.JSON),
        ({"type": "array", "items": {"type": "string"}}, FieldKind.LIST),
        ({"type": "array"}, FieldKind.JSON),
        ({}, FieldKind.JSON),
        ({"type": "never-heard-of"}, FieldKind.JSON),
    ],
)
def test_that_each_schema_gets_the_field_that_suits_it(schema: dict[str, Any], kind: FieldKind) -> None:
    assert kind_of(schema) is kind


def test_that_a_deep_schema_ends_in_a_text_field_for_json() -> None:
    assert kind_of({"properties": {"a": {}}}, depth=6) is FieldKind.JSON
    assert kind_of({"type": "array", "items": {}}, depth=6) is FieldKind.JSON


def test_that_names_become_words() -> None:
    assert title_of("max_rows", {}) == "Max rows"
    assert title_of("dropEmptyRows", {}) == "Drop Empty Rows"
    assert title_of("max_rows", {"title": "At most"}) == "At most"


def test_that_local_references_are_followed_and_keep_what_stands_beside_them() -> None:
    root = {"$defs": {"path": {"type": "string", "title": "Path"}}}
    assert resolve({"$ref": "#/$defs/path", "title": "File"}, root) == {"type": "string", "title": "File"}


@pytest.mark.parametrize("ref", ["#/nowhere", "other.json", "#/a"])
def test_that_a_reference_which_leads_nowhere_or_round_allows_anything(ref: str) -> None:
    assert resolve({"$ref": ref}, {"a": {"$ref": "#/a"}}) == {}


def test_that_all_of_plain_objects_is_one_object() -> None:
    root: dict[str, Any] = {"$defs": {"base": {"properties": {"a": {"type": "string"}}, "required": ["a"]}}}
    merged = resolve({"allOf": [{"$ref": "#/$defs/base"}, {"properties": {"b": {}}}]}, root)
    assert list(merged["properties"]) == ["a", "b"]
    assert merged["required"] == ["a"]


def test_that_a_rule_about_required_keys_is_no_choice_of_forms() -> None:
    assert choices({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}) == []


def test_that_enum_values_get_their_titles() -> None:
    assert enum_options({"oneOf": [{"const": 1, "title": "One"}, {"const": None}]}) == [
        ("One", 1),
        ("None", None),
    ]
    assert enum_options({"enum": [True, "b"], "enumNames": ["yes", "bee"]}) == [("yes", True), ("bee", "b")]
    assert enum_options({"enum": [True]}) == [("Yes", True)]


def test_that_a_new_row_starts_with_defaults_and_groups_it_must_have() -> None:
    schema = {
        "type": "object",
        "required": ["rows", "name"],
        "properties": {
            "name": {"type": "string"},
            "rows": {"type": "array", "items": {}},
            "mode": {"default": "fast"},
            "other": {"type": "string"},
        },
    }
    assert blank(schema, schema) == {"rows": [], "mode": "fast"}


def test_that_a_default_is_a_copy() -> None:
    schema: dict[str, Any] = {"default": {"a": []}}
    taken = default_of(schema)
    assert isinstance(taken, dict)
    taken["a"] = 1
    assert schema == {"default": {"a": []}}
    assert default_of({}) is ABSENT


def test_that_references_are_found_at_any_depth() -> None:
    assert has_reference({"a": [1, "x ${input.y}"]})
    assert not has_reference({"a": [1, "x"]})


def test_that_required_may_be_nonsense() -> None:
    assert required_of({"required": "a"}) == frozenset()
