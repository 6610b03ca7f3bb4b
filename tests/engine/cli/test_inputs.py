"""Texts of a command line become values."""

import io
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.cli.inputs import InputError, parse_value, read_inputs
from engine.errors import WorkflowFileError


@pytest.mark.parametrize(
    ("text", "schema", "value"),
    [
        ("60", {"type": "number"}, 60),
        ("-1.5e2", {"type": "number"}, -150.0),
        ("60", {"type": "integer"}, 60),
        ("60.0", {"type": "integer"}, 60),
        ("60", {"type": "string"}, "60"),
        (" a ", {"type": "string"}, " a "),
        ("Yes", {"type": "boolean"}, True),
        ("false", {"type": "boolean"}, False),
        ("[1, 2]", {"type": "array"}, [1, 2]),
        ('{"a": 1}', {"type": "object"}, {"a": 1}),
        ("", {"type": ["number", "null"]}, None),
        ("5", {"type": ["string", "number"]}, "5"),
        ("x", {"type": ["number", "string"]}, "x"),
        ("60", {}, 60),
        ("true", {}, True),
        ("[1", {}, "[1"),
        ("NaN", {}, "NaN"),
        ("plain words", {}, "plain words"),
        ("1", {"enum": ["1", "2"]}, "1"),
        ("1", {"oneOf": [{"const": "1"}]}, "1"),
        ("3", {"enum": [3]}, 3),
    ],
)
def test_that_a_text_becomes_a_value_of_the_wanted_type(text: str, schema: Any, value: Any) -> None:
    parsed = parse_value("x", text, schema)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("sixty", "number", "is not a number"),
        ("1e999", "number", "is not a number"),
        ("9" * 500, "number", "is not a number"),
        ("1.5", "integer", "is not a whole number"),
        ("0x10", "integer", "is not a whole number"),
        ("maybe", "boolean", "is not true or false"),
        ("{}", "array", "is not a JSON list"),
        ("[", "object", "is not a JSON object"),
        ("x", "null", "is not empty"),
        ("x", "strange", "is not strange"),
    ],
)
def test_that_a_text_of_another_type_is_refused_by_name(text: str, kind: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        parse_value("threshold", text, {"type": kind})
    assert "--input threshold" in caught.value.message


def test_that_values_given_one_by_one_win_over_those_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "inputs.json"
    file.write_text('{"a": 1, "b": 2}')
    schemas = {"b": {"type": "string"}, "c": {"type": "number"}}
    assert read_inputs(["b=3=4", "input.c=5"], str(file), schemas) == {"a": 1, "b": "3=4", "input.c": 5}


def test_that_values_are_read_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"a": [1]}')))
    assert read_inputs([], "-", {}) == {"a": [1]}


@pytest.mark.parametrize("text", ["threshold", "=5", " =5"])
def test_that_an_input_without_a_name_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="write name=value"):
        read_inputs([text], None, {})


def test_that_a_bad_input_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkflowFileError, match="cannot be read"):
        read_inputs([], str(tmp_path / "absent.json"), {})
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(WorkflowFileError, match="must hold a JSON object"):
        read_inputs([], str(tmp_path / "list.json"), {})
