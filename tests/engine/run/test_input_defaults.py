"""Inputs that nobody gave and that have a default: the run begins with it."""

from __future__ import annotations

from typing import Any

import pytest

from engine import SchemaValidationError, WorkflowEngine
from engine.errors import DefinitionError
from engine.run.input_defaults import with_defaults
from tests.support.builders import decoded, make_workflow, node, threshold_inputs
from tests.support.scripted_actions import ScriptedActions

LIMITED = make_workflow(
    [node("a", parameters={"limit": "${input.threshold}"})], inputs=threshold_inputs(default=60)
)


@pytest.mark.asyncio
class TestRuns:
    async def test_that_an_input_with_a_default_is_not_asked_for(self, engine: WorkflowEngine) -> None:
        state = await engine.wait(await engine.start_workflow(LIMITED))
        assert (state["status"], state["outputs"]["a"]) == ("COMPLETED", {"limit": 60})
        assert state["input_data"] == {"threshold": 60}, "the run keeps what it was run with"

    async def test_that_what_is_given_counts(self, engine: WorkflowEngine) -> None:
        state = await engine.wait(await engine.start_workflow(LIMITED, {"threshold": 5}))
        assert state["outputs"]["a"] == {"limit": 5}

    async def test_that_a_run_based_on_another_takes_its_inputs_first(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        first = await engine.start_workflow(LIMITED, {"threshold": 5})
        await engine.wait(first)
        again = await engine.run_from(LIMITED, "a", based_on=first)
        assert (await engine.wait(again))["outputs"]["a"] == {"limit": 5}

    async def test_that_one_that_lacks_another_input_asks(self, engine: WorkflowEngine) -> None:
        properties = {"threshold": {"default": "${input.other}"}, "other": {"type": "number"}}
        workflow = make_workflow(
            [node("a", parameters={"limit": "${input.threshold}"})], inputs={"properties": properties}
        )
        execution_id = await engine.start_workflow(workflow)
        (needed,) = (await engine.wait(execution_id))["needed"]
        assert (needed["path"], "last_value" in needed) == ("input.threshold", False)
        await engine.resume_workflow(execution_id, {"threshold": 7})
        assert (await engine.wait(execution_id))["outputs"]["a"] == {"limit": 7}

    async def test_that_a_default_made_of_inputs_has_to_fit_too(self, engine: WorkflowEngine) -> None:
        properties = {"path": {"type": "string", "maxLength": 5, "default": "${input.name}.csv"}, "name": {}}
        workflow = make_workflow("a", inputs={"properties": properties})
        with pytest.raises(SchemaValidationError, match="/path"):
            await engine.start_workflow(workflow, {"name": "long name"})
        assert await engine.state_manager.list_executions() == []

    @pytest.mark.parametrize("default", ["many", -1, [60]])
    async def test_that_one_that_does_not_fit_is_found_by_the_check(
        self, engine: WorkflowEngine, default: Any
    ) -> None:
        workflow = make_workflow("a", inputs=threshold_inputs(default=default))
        with pytest.raises(DefinitionError) as refused:
            await engine.start_workflow(workflow, {"threshold": 1})
        (problem,) = refused.value.problems
        assert (problem.code, problem.pointer) == ("default-bad", "/inputs/properties/threshold/default")
        assert "The default of the input threshold: it must be" in problem.message

    @pytest.mark.parametrize(
        "more",
        [
            {"required": ["a", "b"]},
            {"minProperties": 2},
            {"dependentRequired": {"a": ["b"]}},
            {"anyOf": [{"required": ["b"]}, {"required": ["c"]}]},
            {"oneOf": [{"required": ["b"]}, {"properties": {"c": {}}}]},
        ],
    )
    async def test_that_what_is_absent_is_asked_for_in_time_however_it_is_demanded(
        self, engine: WorkflowEngine, more: dict[str, Any]
    ) -> None:
        workflow = make_workflow(
            [node("x", parameters={"b": "${input.b}"})],
            inputs={"properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, **more},
        )
        with pytest.raises(SchemaValidationError):
            await engine.start_workflow(workflow, {"a": "one"})
        execution_id = await engine.start_workflow(workflow, {"a": 1})
        assert (await engine.wait(execution_id))["reason"] == "missing_input"
        await engine.resume_workflow(execution_id, {"b": 2})
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"

    async def test_that_other_words_about_all_inputs_still_hold(self, engine: WorkflowEngine) -> None:
        inputs = {"anyOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"a": {"const": 2}}}]}
        with pytest.raises(SchemaValidationError):
            await engine.start_workflow(make_workflow("x", inputs=inputs), {"a": 3})


def test_that_defaults_are_filled_in_in_the_order_in_which_they_need_each_other() -> None:
    properties = {
        "c": {"default": "${input.b}!"},
        "b": {"default": ["${input.a}", "$${x}"]},
        "a": {"type": "integer", "default": 1},
        "lost": {"default": "${input.nothing}"},
        "none": {"type": "string", "default": None},
        "null": {"type": ["string", "null"], "default": None},
        "any": {"default": None},
    }
    workflow = decoded(make_workflow("x", inputs={"properties": properties}))
    given = {"given": 1}
    assert with_defaults(workflow, given) == {
        "given": 1, "a": 1, "b": [1, "${x}"], "c": '[1,"${x}"]!', "null": None, "any": None,
    }  # fmt: skip
    assert given == {"given": 1}
