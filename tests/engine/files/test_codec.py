"""Workflow files: what is written, what is read, and what is refused with which line."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DefinitionError, WorkflowFileError
from engine.files import codec
from engine.model.workflow import Connection, Node, Workflow


def workflow() -> Workflow:
    return Workflow(
        id="flights",
        name="Flight delays",
        inputs={"type": "object", "properties": {"threshold": {"type": "number"}}},
        nodes={
            "start": Node(id="start", type="flow.manual"),
            "read": Node(
                id="read",
                type="file.read_csv",
                title="Read flights",
                config={
                    "parameters": {"path": "flights.csv", "keys": ["a", "b"]},
                    "action": "read",
                    "x-mine": 1,
                },
                notes="two\nlines",
                extra={"colour": "red"},
            ),
        },
        connections={
            "c1": Connection(id="c1", source="start", target="read"),
            "c2": Connection(
                id="c2",
                source="start",
                target="read",
                on="error",
                condition="count > 5",
                source_port="out",
                target_port="in",
                priority=2,
                extra={"bend": 3},
            ),
        },
        layout={"start": (0.0, 0.0), "read": (320.5, -16.0)},
        layout_extra={"zoom": 0.5, "nodes": {"read": {"collapsed": True}}},
        extra={"team": ["x", {"y": None}]},
    )


TEXT = """{
  "$schema": "urn:workflow-designer:schema:workflow-1",
  "format": 1,
  "id": "flights",
  "name": "Flight delays",
  "inputs": {
    "type": "object",
    "properties": {
      "threshold": {
        "type": "number"
      }
    }
  },
  "nodes": [
    {
      "id": "start",
      "type": "flow.manual"
    },
    {
      "id": "read",
      "type": "file.read_csv",
      "title": "Read flights",
      "config": {
        "action": "read",
        "parameters": {
          "path": "flights.csv",
          "keys": ["a", "b"]
        },
        "x-mine": 1
      },
      "notes": "two\\nlines",
      "colour": "red"
    }
  ],
  "connections": [
    {"id": "c1", "source": "start", "target": "read"},
    {"id": "c2", "source": "start", "target": "read", "on": "error", "condition": "count > 5", \
"source_port": "out", "target_port": "in", "priority": 2, "bend": 3}
  ],
  "layout": {
    "nodes": {
      "start": [0, 0],
      "read": {"x": 320.5, "y": -16, "collapsed": true}
    },
    "zoom": 0.5
  },
  "team": [
    "x",
    {"y": null}
  ]
}
"""


def test_that_a_workflow_is_written_in_a_stable_order_with_its_layout_apart() -> None:
    assert codec.encode(workflow()) == TEXT


def test_that_everything_survives_a_round_trip_unknown_keys_included() -> None:
    decoded = codec.decode(TEXT)
    assert codec.encode(decoded) == TEXT
    assert codec.encode(codec.decode(json.loads(TEXT))) == TEXT
    assert decoded.nodes["read"].config["x-mine"] == 1
    assert replace(decoded, nodes={}) == replace(workflow(), nodes={})


def test_that_a_moved_node_changes_one_line_of_the_layout() -> None:
    moved = replace(workflow(), layout={**workflow().layout, "start": (16.0, 32.0)})
    before, after = TEXT.splitlines(), codec.encode(moved).splitlines()
    assert [(a, b) for a, b in zip(before, after, strict=True) if a != b] == [
        ('      "start": [0, 0],', '      "start": [16, 32],')
    ]


def test_that_an_empty_workflow_is_small() -> None:
    text = codec.encode(Workflow(id="w"))
    assert json.loads(text) == {
        "$schema": codec.SCHEMA_ID,
        "format": 1,
        "id": "w",
        "nodes": [],
        "connections": [],
    }
    assert codec.decode(text) == Workflow(id="w")


def test_that_a_foreign_schema_reference_and_a_missing_format_are_kept_and_allowed() -> None:
    decoded = codec.decode({"$schema": "./mine.json", "nodes": []})
    assert json.loads(codec.encode(decoded))["$schema"] == "./mine.json"


def test_that_names_fall_back_to_the_file() -> None:
    decoded = codec.decode("{}", path=Path("/x/report.workflow.json"))
    assert (decoded.id, decoded.name) == ("report", "report")
    assert codec.decode({"workflow_id": "wf"}).id == "wf"
    assert codec.decode({"name": "N"}).id == "N"
    assert codec.decode({}).id == "workflow"
    assert codec.decode({"id": 5}).id == "5"


def test_that_connections_without_an_id_get_free_ones() -> None:
    decoded = codec.decode(
        {
            "nodes": [{"id": "a"}, {"id": "b"}],
            "connections": [{"source": "a", "target": "b"}, {"id": "c1"}, {}],
        }
    )
    assert [(c.id, c.source, c.target) for c in decoded.connections.values()] == [
        ("c2", "a", "b"), ("c1", "", ""), ("c3", "", ""),
    ]  # fmt: skip


def test_that_null_stands_for_the_default_everywhere() -> None:
    decoded = codec.decode(
        {
            "name": None, "description": None, "inputs": None, "settings": None, "layout": None,
            "nodes": [{"id": "a", "type": None, "title": None, "config": None, "notes": None}],
            "connections": [
                {"id": None, "source": "a", "target": "a", "on": None, "condition": None, "priority": None}
            ],
        }
    )  # fmt: skip
    assert decoded.nodes["a"] == Node(id="a", type="action", config={}, extra={})
    assert decoded.connections["c1"].on == "success"
    assert codec.decode({"nodes": None, "connections": None}).nodes == {}


def test_that_repeated_ids_are_all_reported() -> None:
    document = {
        "nodes": [{"id": "a"}, {"id": "a"}, {"id": "b"}, {"id": "b"}],
        "connections": [{"id": "c", "source": "a", "target": "b"}, {"id": "c", "source": "a", "target": "b"}],
    }
    with pytest.raises(DefinitionError, match="Two nodes have the id 'a'") as caught:
        codec.decode(document)
    assert [(problem.code, problem.pointer) for problem in caught.value.problems] == [
        ("duplicate-id", "/nodes/1/id"),
        ("duplicate-id", "/nodes/3/id"),
        ("duplicate-id", "/connections/1/id"),
    ]


def test_that_a_newer_format_is_refused_with_what_to_do() -> None:
    with pytest.raises(WorkflowFileError, match="format 2; this program reads formats up to 1") as caught:
        codec.decode({"format": 2, "nodes": "changed meaning"})
    assert "update" in caught.value.hint


@pytest.mark.parametrize("version", [True, "1", 0, None, 1.5])
def test_that_a_nonsensical_format_is_refused(version: Any) -> None:
    with pytest.raises(WorkflowFileError, match="must be a whole number"):
        codec.decode({"format": version})


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "the file is empty"),
        ("{\n", 2, "ends too early"),
        ('{"a": 1\n "b": 2}', 2, "a comma is missing"),
        ("{\n a: 1}", 2, "quotation marks"),
        ('{"a" 1}', 1, "a colon is missing"),
        ('{"a": }', 1, "a value is missing"),
        ('{}\n{"a": 1}', 2, "something follows"),
        ('{"a": "x\ny"}', 1, "line break"),
        ('{"a": "\\q"}', 1, "invalid \\escape"),
        ("[]", 1, "a JSON object is expected"),
        ('{"x": 1,\n"nodes": [{"id": "a"},\n{"id": 5}]}', 3, "/nodes/1/id must be text, not a number"),
        ('{"nodes": [\n{"id": "a"},\n{"type": "x"}]}', 3, "/nodes/1/id is required"),
        ('{\n"nodes": {}}', 2, "/nodes must be a list or empty, not an object"),
        ('{"nodes": [],\n"connections": [{"on": "maybe"}]}', 2, "/connections/0/on"),
        ('{"steps": 5}', 1, '"steps" must be a list'),
        ('{"steps": [\n"a"]}', 2, "/steps/0 must be an object, not text"),
        ('{"steps": [{"sequence_order": "1"}]}', 1, "/steps/0/sequence_order must be a number, not text"),
        (
            '{"steps": [{"sequence_order": true}]}',
            1,
            "/steps/0/sequence_order must be a number, not true/false",
        ),
        (
            '{"steps": [{"depends_on": [null]}]}',
            1,
            "/steps/0/depends_on must name steps by their ids, not by null",
        ),
        (
            '{"steps": [{"depends_on": {}}]}',
            1,
            "/steps/0/depends_on must name steps by their ids, not by object",
        ),
        ('{"layout": {"nodes":\n{"a": [1]}}}', 2, "/layout/nodes/a"),
        ('{"nodes": [],\n\n"x": NaN}', 3, "NaN is not a JSON value"),
        ('{"a": 1,\n"b": -Infinity}', 2, "-Infinity is not a JSON value"),
        ('{"a": [1, 2,\n1e999]}', 2, "the number 1e999 is too large"),
        ('{"a": {"x": 1},\n"b": [0, {"k~/": 1,\n"k~/": 2}]}', 3, "the key 'k~/' stands twice"),
    ],
)
def test_that_a_bad_file_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(WorkflowFileError) as caught:
        codec.decode(text)
    assert words in caught.value.message
    assert caught.value.line == line


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, '{"a": ' + "9" * 5000 + "}"])
def test_that_depth_and_huge_numbers_are_refused(text: str) -> None:
    with pytest.raises(WorkflowFileError):
        codec.decode(text)


def test_that_deep_values_that_can_be_read_can_be_written() -> None:
    text = '{"x": ' + "[" * 300 + "]" * 300 + "}"
    decoded = codec.decode(text)
    assert codec.decode(codec.encode(decoded)) == decoded


def test_that_half_characters_survive() -> None:
    decoded = codec.decode('{"name": "\\ud800 \\u00e9 \\ud83d\\ude00"}')
    text = codec.encode(decoded)
    text.encode("utf-8")
    assert codec.decode(text) == decoded


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, object()])
def test_that_a_value_without_json_form_is_refused_when_writing(value: Any) -> None:
    broken = Workflow(id="w", nodes={"a": Node(id="a", type="x", config={"parameters": {"p": value}})})
    with pytest.raises(WorkflowFileError, match="JSON has no form for"):
        codec.encode(broken)


def edges(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(c.source, c.target) for c in codec.decode(document).connections.values()]


def test_that_steps_are_read_in_their_sequence_order() -> None:
    steps = [
        {"id": "c", "sequence_order": 3},
        {"id": "a", "sequence_order": 1},
        {"id": "b", "sequence_order": 2},
    ]
    assert edges({"steps": steps}) == [("a", "b"), ("b", "c")]
    assert edges({"steps": [{"id": "a"}, {"id": "b"}]}) == [("a", "b")]
    assert edges({"steps": [], "nodes": []}) == []


def test_that_nothing_of_a_step_is_lost() -> None:
    given = {
        "priority": 7, "pin": {"output": 5}, "breakpoint": True, "delivery": "at_most_once",
        "disabled": "skip", "workflow": {"nodes": []}, "item_schema": {"type": "object"},
        "parameters": {"a": 1}, "retry": 2,
    }  # fmt: skip
    first = {"id": "a", **given}
    second = {"id": "b", "depends_on": "a", "condition": "x > 1", "on_condition_error": "false"}
    workflow = codec.decode({"steps": [first, second]})
    assert dict(workflow.nodes["a"].config) == given
    (connection,) = workflow.connections.values()
    assert (connection.condition, connection.extra) == ("x > 1", {"on_condition_error": "false"})


def test_that_steps_with_equal_order_run_side_by_side() -> None:
    steps = [
        {"id": "a", "sequence_order": 1},
        {"id": "b", "sequence_order": 2},
        {"id": "c", "sequence_order": 2},
        {"id": "d"},
    ]
    assert edges({"steps": steps}) == [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]


def test_that_steps_wait_for_what_they_depend_on() -> None:
    steps = [
        {"step_id": "c", "depends_on": ["a", "b", "a"]},
        {"step_id": "a"},
        {"step_id": "b", "depends_on": "a"},
        {"id": 7, "depends_on": [7]},
    ]
    assert edges({"steps": steps}) == [("a", "c"), ("b", "c"), ("a", "b"), ("step_7", "step_7")]


def test_that_a_step_keeps_what_it_says() -> None:
    decoded = codec.decode(
        {
            "id": "w",
            "steps": [
                {"name": "first", "service": "s", "action": "a", "condition": "x", "config": {"retry": 2}},
                {
                    "id": "second", "name": "Second", "type": "trigger", "parameters": {"p": 1}, "timeout": 5,
                    "condition": "y > 1", "mine": True, "continue_on_error": True,
                },
                {},
            ],
        }
    )  # fmt: skip
    first, second = decoded.nodes["first"], decoded.nodes["second"]
    assert (first.type, first.title) == ("action", "")
    assert first.config == {"retry": 2, "service": "s", "action": "a", "condition": "x"}
    assert (second.type, second.title, second.extra) == ("trigger", "Second", {"mine": True})
    assert second.config == {"parameters": {"p": 1}, "timeout": 5, "continue_on_error": True}
    assert decoded.connections["c1"].condition == "y > 1"
    assert list(decoded.nodes) == ["first", "second", "step_3"]
