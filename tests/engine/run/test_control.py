"""Pausing, resuming and answering at awkward moments, and values that a person supplies for a step."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from engine import WorkflowEngine, WorkflowError
from tests.support.builders import chain, make_workflow, node, wire
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio


def repr_of(value: object) -> str:
    return type(value).__name__


def statuses(state: dict[str, Any]) -> list[str]:
    return [step["status"] for step in state["steps"].values()]


async def test_that_a_run_can_be_paused_the_moment_it_was_started(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    execution_id = await engine.start_workflow(chain("a", "b"))
    assert await engine.pause_workflow(execution_id)
    state = await engine.wait(execution_id)
    assert (state["status"], state["reason"], actions.calls) == ("PAUSED", "user", [])
    assert await engine.resume_workflow(execution_id)
    assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert actions.calls == ["a", "b"]


async def test_that_resuming_a_run_that_has_not_begun_begins_it(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = chain(node("a", parameters={"x": "${input.x}"}), "b")
    execution_id = await engine.start_workflow(workflow)
    assert await engine.resume_workflow(execution_id, {"x": 1})
    state = await engine.wait(execution_id)
    assert (state["status"], statuses(state)) == ("COMPLETED", ["COMPLETED", "COMPLETED"])
    assert state["steps"]["a"]["output"] == {"x": 1}


async def test_that_a_run_whose_background_task_never_came_can_be_paused_and_resumed(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    class Later:
        def add_task(self, function: Any, *args: Any) -> None:
            self.task = function, args

    later = Later()
    execution_id = await engine.start_workflow(chain("a"), {}, later)
    assert await engine.pause_workflow(execution_id)
    assert await engine.resume_workflow(execution_id)
    assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    function, args = later.task
    await function(*args)
    assert actions.calls == ["a"]


async def test_that_repeated_calls_change_nothing(engine: WorkflowEngine, actions: ScriptedActions) -> None:
    execution_id = await engine.start_workflow(chain(node("a", "gate"), "b"))
    await actions.reached["a"].wait()
    assert [await engine.pause_workflow(execution_id) for _ in range(2)] == [True, True]
    assert [await engine.resume_workflow(execution_id) for _ in range(2)] == [True, True]
    actions.gates["a"].set()
    state = await engine.wait(execution_id)
    assert (state["status"], actions.calls) == ("COMPLETED", ["a", "b"])
    types = [event.type.value async for event in engine.events(execution_id)]
    assert types.count("EXECUTION_PAUSING") == types.count("EXECUTION_RESUMED") == 1
    ended = [
        await engine.pause_workflow(execution_id),
        await engine.resume_workflow(execution_id),
        await engine.cancel_workflow(execution_id, force=True, rollback=True),
    ]
    assert ended == [False, False, False]
    assert engine.cancellation_requests == set()


@pytest.mark.parametrize("value", [math.nan, math.inf, object(), 10**5000, {1, 2}], ids=repr_of)
async def test_that_input_that_is_no_json_is_refused_in_plain_words(
    engine: WorkflowEngine, value: Any
) -> None:
    with pytest.raises(WorkflowError, match="not JSON"):
        await engine.start_workflow(chain("a"), {"x": value})


async def test_that_input_reads_the_same_before_and_after_a_restart(engine: WorkflowEngine) -> None:
    workflow = chain(node("a", parameters={"x": "${input.x}"}))
    state = await engine.wait(await engine.start_workflow(workflow, {"x": {1: (2, 3)}}))  # type: ignore[dict-item] # what a careless caller gives
    assert state["steps"]["a"]["output"] == {"x": {"1": [2, 3]}}


@pytest.mark.parametrize("workflow", [None, 3, ["a"]])
async def test_that_what_cannot_be_a_workflow_is_refused(engine: WorkflowEngine, workflow: Any) -> None:
    with pytest.raises(WorkflowError, match="A workflow is"):
        await engine.start_workflow(workflow)


@pytest.mark.parametrize("key", ["check.output.total", "check.total", "steps.check.output.total"])
async def test_that_a_supplied_value_is_found_however_it_is_spelt(engine: WorkflowEngine, key: str) -> None:
    parameters = {
        "long": "${check.output.total}",
        "short": "${check.total}",
        "steps": "${steps.check.output.total}",
        "quoted": "${check['total']}",
        "deep": "${check.total.sum}",
    }
    last = node("b", parameters=parameters)
    workflow = make_workflow(
        [node("check"), last, node("c")],
        [wire("check", "b"), wire("b", "c", condition="check.output.total.sum == 5")],
    )
    execution_id = await engine.start_workflow(workflow)
    assert (await engine.wait(execution_id))["status"] == "PAUSED"
    await engine.resume_workflow(execution_id, {key: {"sum": 5}})
    state = await engine.wait(execution_id)
    total = {"sum": 5}
    assert state["steps"]["b"]["output"] == {
        "long": total, "short": total, "steps": total, "quoted": total, "deep": 5,
    }  # fmt: skip
    assert state["steps"]["c"]["status"] == "COMPLETED"


async def test_that_an_input_named_like_a_step_does_not_stand_in_for_its_output(
    engine: WorkflowEngine,
) -> None:
    workflow = chain("check", node("b", parameters={"x": "${check.total}"}))
    state = await engine.wait(await engine.start_workflow(workflow, {"check": {"total": 1}}))
    assert (state["status"], state["needed"][0]["path"]) == ("PAUSED", "check.total")


async def test_that_a_reader_who_starts_behind_the_last_event_is_let_go(engine: WorkflowEngine) -> None:
    execution_id = await engine.start_workflow(chain("a"))
    await engine.wait(execution_id)
    last = [event async for event in engine.events(execution_id)][-1]
    async with asyncio.timeout(5):
        assert [event async for event in engine.events(execution_id, after=last.seq)] == []
        assert [event async for event in engine.events(execution_id, after=last.seq + 9)] == []


async def test_that_a_line_of_log_after_the_end_keeps_no_reader(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    async def says(params: dict[str, Any], context: Any) -> dict[str, Any]:
        context.log("on the way")
        return {}

    actions.registry.register("test", "says", says)
    execution_id = await engine.start_workflow(chain(node("a", "says")))
    async with asyncio.timeout(5):
        events = [event async for event in engine.events(execution_id)]
    assert events[-1].type.value == "EXECUTION_COMPLETED"


@pytest.mark.parametrize("where", ["input", "output"])
async def test_that_a_value_that_looks_like_a_stored_result_stays_what_it_is(
    engine: WorkflowEngine, where: str
) -> None:
    look_alike = {"deep": [{"$artifact": "a" * 64, "bytes": 1, "preview": "x"}]}
    parameters = {"x": "${input.x}" if where == "input" else look_alike}
    execution_id = await engine.start_workflow(chain(node("a", parameters=parameters)), {"x": look_alike})
    state = await engine.wait(execution_id)
    assert state["status"] == "COMPLETED"
    assert state["outputs"] == {"a": {"x": look_alike}}
    assert state["input_data"] == {"x": look_alike}
    assert await engine.state_manager.get_step_output(execution_id, "a") == {"x": look_alike}
    assert (await engine.state_manager.get_execution_state(execution_id))["outputs"] == state["outputs"]
