"""Problems are mended by one click, as edits that can be undone."""

from __future__ import annotations

from typing import Any

import pytest

from engine.catalog import Catalog
from engine.files import codec
from engine.model.changes import apply, inverse
from engine.model.fixes import declare_input, fix_edit, fix_word, lead_to_input
from engine.model.workflow import Node, Workflow
from engine.problem import Fix, Problem
from engine.validation import check


def drawn(parameters: Any, **config: Any) -> Workflow:
    read = {"id": "read", "type": "flow.set_values", "config": {"parameters": {"values": {"a": 1}}}}
    here = {
        "id": "here",
        "type": "flow.set_values",
        "config": {"parameters": {"values": parameters}, **config},
    }
    inputs = {"properties": {"threshold": {"type": "number"}}}
    connections = [{"id": "c", "source": "read", "target": "here", "condition": "${input.treshold} > 1"}]
    return codec.decode({"id": "w", "inputs": inputs, "nodes": [read, here], "connections": connections})


def mended(workflow: Workflow, code: str, place: int = 0) -> Workflow:
    problem = next(p for p in check(workflow, Catalog.load()) if p.code == code and len(p.fixes) > place)
    edit = fix_edit(workflow, problem, problem.fixes[place])
    assert edit is not None
    after = apply(workflow, edit.changes)
    assert apply(after, inverse(workflow, edit.changes)) == workflow
    left = [p for p in check(after, Catalog.load()) if (p.code, p.pointer) == (code, problem.pointer)]
    assert not left
    return after


def test_that_a_misspelt_step_is_replaced_wherever_the_text_names_it() -> None:
    after = mended(drawn({"x": ["so ${raed.x} and ${ raed.x ? }, not bread.x"]}), "reference-unknown")
    values = after.nodes["here"].parameters["values"]
    assert values == {"x": ["so ${read.x} and ${ read.x ? }, not bread.x"]}


def test_that_a_misspelt_input_is_replaced_or_added() -> None:
    workflow = drawn({"n": "${input.treshold}"})
    assert mended(workflow, "input-unknown").nodes["here"].parameters["values"] == {"n": "${input.threshold}"}
    added = mended(workflow, "input-unknown", place=1)
    assert added.input_properties["treshold"] == {"title": "Treshold"}


def test_that_a_condition_is_mended_too() -> None:
    after = mended(drawn({"n": 1}), "input-unknown")
    assert after.connections["c"].condition == "${input.threshold} > 1"


def test_that_misspelt_keys_types_and_actions_are_renamed() -> None:
    after = mended(drawn({"n": 1}, retry={"max_attempts": 2, "backof": 3}), "retry-bad")
    assert after.nodes["here"].config["retry"] == {"max_attempts": 2, "backoff": 3}
    undo = {"service": "http", "action": "request", "parameters": {"url": "u"}, "timeot": 3}
    after = mended(drawn({"n": 1}, rollback=undo), "rollback-bad")
    assert after.nodes["here"].config["rollback"]["timeout"] == 3  # type: ignore[index, call-overload]
    typo = codec.decode({"id": "w", "nodes": [{"id": "a", "type": "table.fliter"}]})
    assert mended(typo, "unknown-type").nodes["a"].type == "table.filter"
    settings = codec.decode({"id": "w", "settings": {"on_failure": {"mode": "drain", "rolback": True}}})
    assert mended(settings, "settings-bad").settings["on_failure"] == {"mode": "drain", "rollback": True}


def test_that_an_unknown_action_of_the_same_service_is_mended() -> None:
    call = {"service": "http", "action": "reqest", "parameters": {"url": "u"}}
    workflow = drawn({"n": 1}, rollback=call)
    (problem,) = [
        p
        for p in check(workflow, Catalog.load(), {("http", "request"): 1})
        if p.fixes and "reqest" in p.message
    ]
    edit = fix_edit(workflow, problem, problem.fixes[0])
    assert edit is not None
    assert apply(workflow, edit.changes).nodes["here"].config["rollback"]["action"] == "request"  # type: ignore[index, call-overload]


def test_that_a_reference_inside_a_workflow_inside_a_node_is_mended_there() -> None:
    inner = {"nodes": [{"id": "i", "type": "flow.set_values"}], "inputs": {"properties": {"rate": {}}}}
    inner["nodes"][0]["config"] = {"parameters": {"values": {"v": "${input.rat}"}}}
    config = {"workflow": inner, "parameters": {"inputs": {"rate": 1}}}
    workflow = codec.decode(
        {"id": "w", "nodes": [{"id": "sub", "type": "flow.subworkflow", "config": config}]}
    )
    after: Any = mended(workflow, "input-unknown").nodes["sub"].config["workflow"]
    assert after["nodes"][0]["config"]["parameters"]["values"] == {"v": "${input.rate}"}
    added: Any = mended(workflow, "input-unknown", place=1)
    assert "rat" in added.nodes["sub"].config["workflow"]["inputs"]["properties"]
    assert not added.inputs


@pytest.mark.parametrize(
    ("pointer", "fix"),
    [
        ("/nodes/1/config/parameters/values/n", Fix(label="", kind="text", wrong="gone", right="x")),
        ("/nodes/1/config/parameters/values/z", Fix(label="", kind="text", wrong="a", right="x")),
        ("/nodes/1/config/parameters/values/n/5", Fix(label="", kind="text", wrong="a", right="x")),
        ("/nodes/9/config/parameters", Fix(label="", kind="text", wrong="a", right="x")),
        ("/nodes/9/type", Fix(label="", kind="text", wrong="a", right="x")),
        ("/nodes/1/type", Fix(label="", kind="text", wrong="a", right="x")),
        ("/connections/4/condition", Fix(label="", kind="text", wrong="a", right="x")),
        ("/nodes/1/config/retry/x", Fix(label="", kind="key", right="backoff")),
        ("/nodes/0", Fix(label="", kind="input", right="threshold")),
        ("/layout", Fix(label="", kind="text", wrong="a", right="x")),
        ("/settings/x/y", Fix(label="", kind="key", right="x")),
    ],
)
def test_that_what_has_changed_since_is_left_alone(pointer: str, fix: Fix) -> None:
    problem = Problem(severity="error", code="x", message="x", pointer=pointer)
    assert fix_edit(drawn({"n": ["a"]}), problem, fix) is None


def test_that_a_column_is_renamed_wherever_a_step_names_it() -> None:
    parameters = {
        "columns": ["Mounth", "Year"],
        "names": {"Mounth": "m"},
        "condition": "Mounth > 3 and Mounthly == 1",
        "n": 3,
    }
    workflow = drawn(parameters)
    edit = fix_word(workflow, "here", "Mounth", "Month")
    assert edit is not None
    assert apply(workflow, edit.changes).nodes["here"].parameters["values"] == {
        "columns": ["Month", "Year"],
        "names": {"Month": "m"},
        "condition": "Month > 3 and Mounthly == 1",
        "n": 3,
    }
    assert fix_word(workflow, "here", "Nobody", "Month") is None
    assert fix_word(workflow, "gone", "Mounth", "Month") is None


@pytest.mark.parametrize(
    ("value", "kind"), [(True, "boolean"), (3, "integer"), ("x", "string"), (None, None)]
)
def test_that_what_was_only_referred_to_becomes_an_input(value: Any, kind: str | None) -> None:
    workflow = drawn({"n": 1})
    after = apply(workflow, declare_input(workflow, "min_delay", value).changes)
    assert after.input_properties["min_delay"].get("type") == kind
    assert after.input_properties["min_delay"]["title"] == "Min delay"
    assert declare_input(after, "min_delay", value).changes == ()


def test_that_what_a_step_never_gives_is_taken_from_an_input() -> None:
    nodes = {
        "rates": Node(id="rates", type="flow.set_values"),
        "here": Node(
            id="here",
            type="flow.set_values",
            config={
                "parameters": {"values": {"a": "${rates.euro}", "b": "1 ${steps.rates.euro:-2} ${rates.x}"}}
            },
        ),
    }
    inputs = {"type": "object", "properties": {"euro": {"type": "string"}}}
    workflow = Workflow(id="w", name="W", nodes=nodes, inputs=inputs)
    edit = lead_to_input(workflow, "rates.euro", 1.08)
    assert edit is not None
    after = apply(workflow, edit.changes)
    values = after.nodes["here"].parameters["values"]
    assert values == {"a": "${input.euro_2}", "b": "1 ${input.euro_2:-2} ${rates.x}"}
    assert after.input_properties["euro_2"] == {"title": "Euro 2", "type": "number"}
    assert apply(after, inverse(workflow, edit.changes)) == workflow
    assert lead_to_input(workflow, "rates.nothing", 1) is None
    for spelling in ("rates.output.euro", "steps.rates.euro", "steps.rates.output.euro"):
        assert lead_to_input(workflow, spelling, 1.08) == edit
