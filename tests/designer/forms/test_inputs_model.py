"""A workflow's inputs between JSON Schema and cards."""

from __future__ import annotations

import pytest

from designer.forms.inputs_model import (
    KINDS,
    Input,
    details_schema,
    free_name,
    kind_of_input,
    name_fault,
    read_inputs,
    write_inputs,
)

SCHEMA = {
    "type": "object",
    "title": "Inputs",
    "properties": {
        "threshold": {"type": "number", "title": "Threshold", "minimum": 0, "x-unit": "minutes"},
        "mode": {"type": "string", "enum": ["a", "b"], "default": "a"},
        "odd": {"oneOf": [{"type": "string"}, {"type": "null"}]},
    },
    "required": ["mode"],
}


def test_that_reading_and_writing_keeps_everything() -> None:
    assert write_inputs(read_inputs(SCHEMA), SCHEMA) == SCHEMA


def test_that_kinds_are_recognised() -> None:
    assert [one.kind for one in read_inputs(SCHEMA)] == ["number", "choice", "other"]
    assert kind_of_input({"type": "string", "format": "date"}) == "date"
    assert kind_of_input({"type": "string", "format": "uuid"}) == "other"


def test_that_details_change_only_what_they_show() -> None:
    one = read_inputs(SCHEMA)[0]
    changed = one.with_details({"title": "Limit", "default": 60, "is_required": True})
    assert changed.schema == {"type": "number", "minimum": 0, "title": "Limit", "default": 60}
    assert changed.is_required
    assert changed.details() == {"title": "Limit", "default": 60, "is_required": True}


def test_that_another_kind_drops_the_default_and_keeps_the_words() -> None:
    one = Input(name="a", schema={"type": "string", "title": "A", "default": "x"})
    assert one.with_kind("integer").schema == {"type": "integer", "title": "A"}
    assert one.with_kind("choice").schema["enum"]


@pytest.mark.parametrize("kind", list(KINDS))
def test_that_every_kind_has_a_form_for_its_details(kind: str) -> None:
    schema = details_schema(Input(name="a").with_kind(kind))
    assert "title" in schema["properties"]
    assert "default" in schema["properties"]


def test_that_names_are_checked() -> None:
    assert name_fault("", ())
    assert name_fault("1a", ())
    assert name_fault("a", ["a"])
    assert not name_fault("a_1", ["a"])
    assert free_name(["value", "value_2"]) == "value_3"


def test_that_nonsense_reads_as_no_inputs() -> None:
    assert read_inputs({"properties": [1]}) == []
