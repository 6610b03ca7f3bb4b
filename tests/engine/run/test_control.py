"""Pausing, resuming and answering at awkward moments, and values that a person supplies for a step."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path
from typing import Any

import pytest

from engine import (
    ActionError,
    DefinitionError,
    ExternalServiceError,
    MemoryStateManager,
    SchemaValidationError,
    SqliteStateManager,
    WorkflowEngine,
    WorkflowError,
)
from tests.support.builders import chain, make_workflow, node, wire
from tests.support.fake_clock import FakeClock
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


async def test_that_a_failure_while_pausing_rolls_back_when_it_is_to(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    async def fails_late(params: dict[str, Any], context: Any) -> None:
        actions.reached["b"].set()
        await actions.gates["b"].wait()
        raise RuntimeError("too late")

    actions.registry.register("test", "fails_late", fails_late)
    workflow = chain(
        node("a", rollback={"service": "test", "action": "undo"}),
        node("b", "fails_late"),
        settings={"on_failure": {"rollback": True}},
    )
    execution_id = await engine.start_workflow(workflow)
    await actions.reached["b"].wait()
    await engine.pause_workflow(execution_id)
    actions.gates["b"].set()
    async with asyncio.timeout(5):
        state = await engine.wait(execution_id)
    assert (state["status"], actions.calls) == ("ROLLED_BACK", ["a", "undo a"])


@pytest.mark.parametrize(
    "error",
    [
        ExternalServiceError("x", status=object()),  # type: ignore[arg-type] # what a careless action gives
        ActionError("x", hint=object()),  # type: ignore[arg-type] # what a careless action gives
        SchemaValidationError("input", [{"pointer": math.nan}]),  # type: ignore[dict-item] # what a careless action gives
    ],
)
async def test_that_an_error_with_anything_in_it_fails_its_step_only(
    engine: WorkflowEngine, actions: ScriptedActions, error: Exception
) -> None:
    actions.errors["a"] = [error]
    async with asyncio.timeout(5):
        state = await engine.wait(await engine.start_workflow(chain(node("a", "fail"))))
    assert (state["status"], state["error"]["type"]) == ("FAILED", type(error).__name__)


async def test_that_a_question_that_cannot_be_kept_fails_its_step(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    async def asks(params: dict[str, Any], context: Any) -> None:
        context.ask({"default": object()})

    actions.registry.register("test", "asks", asks)
    async with asyncio.timeout(5):
        state = await engine.wait(await engine.start_workflow(chain(node("a", "asks"))))
    assert (state["status"], state["error"]["type"]) == ("FAILED", "TypeError")


@pytest.mark.parametrize("form", [{"type": "strin"}, {"$ref": "#/nowhere"}, {"properties": 5}])
async def test_that_a_question_that_nobody_could_answer_fails_its_step(
    engine: WorkflowEngine, form: dict[str, Any]
) -> None:
    ask = node("a", "ask", parameters={"form": form, "title": "Well?"})
    state = await engine.wait(await engine.start_workflow(make_workflow([ask])))
    assert (state["status"], state["needed"]) == ("FAILED", [])
    assert state["error"]["message"].startswith('The form of "Well?" is no JSON Schema: /')


async def test_that_what_runs_nothing_in_the_background_is_refused_before_there_is_a_run(
    engine: WorkflowEngine,
) -> None:
    with pytest.raises(TypeError, match="needs a method add_task"):
        await engine.start_workflow(make_workflow("a"), {}, object())  # type: ignore[arg-type]
    assert await engine.state_manager.list_executions() == []


@pytest.mark.parametrize("on", ["error", "always"])
async def test_that_a_condition_sees_the_error_of_the_step_it_leaves(
    engine: WorkflowEngine, actions: ScriptedActions, on: str
) -> None:
    actions.errors["a"] = [ConnectionError("down")]
    leads = wire("a", "b", on=on, condition="error.type == 'ConnectionError' and ${error.message} == 'down'")
    other = wire("a", "c", on=on, condition="exists(error) and error.type == 'ValueError'")
    workflow = make_workflow([node("a", "fail"), node("b"), node("c")], [leads, other])
    state = await engine.wait(await engine.start_workflow(workflow))
    assert (state["status"], actions.calls) == ("COMPLETED_WITH_ERRORS", ["a", "b"])


async def test_that_there_is_no_error_after_a_step_that_completed(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = make_workflow("a b c", [wire("a", "b", condition="not exists(error)"), "b>c"])
    await engine.wait(await engine.start_workflow(workflow))
    assert actions.calls == ["a", "b", "c"]


@pytest.mark.parametrize("store", ["memory", "sqlite"])
async def test_that_whoever_changes_what_they_are_shown_changes_nothing_else(
    actions: ScriptedActions, tmp_path: Path, store: str
) -> None:
    kept = SqliteStateManager(tmp_path / "runs.db") if store == "sqlite" else None
    workflow = chain(
        node("a", parameters={"rows": [{"n": 1}]}),
        node("b", parameters={"rows": "${a.rows}", "given": "${input.given}", "x": "${input.x}"}),
    )
    async with WorkflowEngine(registry=actions.registry, state_manager=kept) as engine:
        execution_id = await engine.start_workflow(workflow, {"given": [1]})
        for shown in (
            await engine.wait(execution_id),
            await engine.state_manager.get_execution_state(execution_id),
        ):
            shown["outputs"]["a"]["rows"][0]["n"] = 99
            shown["input_data"]["given"].append(2)
            shown["needed"][0]["schema"]["type"] = "string"
            shown["steps"]["b"]["error"]["missing"].clear()
        again = await engine.wait(execution_id)
        assert again["needed"][0]["schema"] == {}
        assert again["steps"]["b"]["error"]["missing"] == ["input.x"]
        await engine.resume_workflow(execution_id, {"x": 1})
        state = await engine.wait(execution_id)
    assert state["outputs"]["b"] == {"rows": [{"n": 1}], "given": [1], "x": 1}


async def test_that_a_step_that_is_switched_off_hands_on_what_led_to_it(engine: WorkflowEngine) -> None:
    """a gave something too, but its connection was not taken."""
    nodes = [node("a", parameters={"v": 1}), node("b", parameters={"v": 2}), node("off", disabled=True)]
    workflow = make_workflow([*nodes, node("use", parameters={"v": "${off.v}"})],
                             [wire("a", "off", condition="v > 1"), "b>off", "off>use"])  # fmt: skip
    state = await engine.wait(await engine.start_workflow(workflow))
    assert state["outputs"]["use"] == {"v": 2}


async def test_that_an_action_that_changes_what_it_was_given_changes_it_for_nobody_else(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    async def spoils(params: dict[str, Any], context: Any) -> dict[str, Any]:
        params["rows"].append("spoilt")
        params["row"]["n"].clear()
        return params

    actions.registry.register("test", "spoils", spoils)
    given = {"rows": "${first.rows}", "row": "${input.row}"}
    workflow = chain(
        node("first", parameters={"rows": [1]}),
        node("bad", "spoils", parameters=given),
        node("good", parameters=given),
    )
    state = await engine.wait(await engine.start_workflow(workflow, {"row": {"n": [1]}}))
    assert state["outputs"]["good"] == {"rows": [1], "row": {"n": [1]}}
    assert state["outputs"]["first"] == {"rows": [1]}
    assert state["input_data"] == {"row": {"n": [1]}}


@pytest.mark.parametrize("config", [{"delivery": "at_most_onc"}, {"disabled": "skipped"}])
async def test_that_a_misspelt_setting_is_refused(engine: WorkflowEngine, config: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError, match="must be"):
        await engine.start_workflow(chain(node("a", **config)))


@pytest.mark.parametrize("begun", ["asleep", "between attempts"])
async def test_that_a_failing_run_can_be_paused_while_another_step_waits(
    engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock, begun: str
) -> None:
    async def sleeps(params: dict[str, Any], context: Any) -> dict[str, Any]:
        await context.sleep(60)
        return {}

    async def fails_late(params: dict[str, Any], context: Any) -> None:
        actions.reached["bad"].set()
        await actions.gates["bad"].wait()
        raise RuntimeError("no use")

    actions.registry.register("test", "sleeps", sleeps)
    actions.registry.register("test", "fails_late", fails_late)
    actions.errors["w"] = [ConnectionError("away")]
    waits = node("w", "sleeps") if begun == "asleep" else node("w", "fail", retry={"max_attempts": 2})
    execution_id = await engine.start_workflow(make_workflow([waits, node("bad", "fails_late")]))
    await actions.reached["bad"].wait()
    await clock.until_asked()
    await engine.pause_workflow(execution_id)
    actions.gates["bad"].set()
    async with asyncio.timeout(5):
        assert (await engine.wait(execution_id))["status"] == "PAUSED"
        await clock.advance(100)
        assert (await engine.get_workflow_status(execution_id))["steps"]["w"]["status"] == "WAITING"
        await engine.resume_workflow(execution_id)
        state = await engine.wait(execution_id)
    assert (state["status"], statuses(state)) == ("FAILED", ["COMPLETED", "FAILED"])


async def test_that_a_run_whose_end_is_recorded_but_not_yet_durable_has_ended(
    actions: ScriptedActions,
) -> None:
    class Slow(MemoryStateManager):
        is_slow = False
        reached, go = asyncio.Event(), asyncio.Event()

        async def commit(self, *, full_sync: bool = False) -> None:
            if self.is_slow:
                self.reached.set()
                await self.go.wait()

    store = Slow()
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        execution_id = await engine.start_workflow(chain(node("a", "gate")))
        await actions.reached["a"].wait()
        store.is_slow = True
        actions.gates["a"].set()
        await store.reached.wait()
        assert (await engine.get_workflow_status(execution_id))["status"] == "RUNNING"
        assert not await engine.resume_workflow(execution_id)
        assert not await engine.cancel_workflow(execution_id, force=True)
        assert not await engine.pause_workflow(execution_id)
        store.go.set()
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
