"""Answers for what parts of steps ask, and answers that nobody asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import SchemaValidationError, SqliteStateManager, WorkflowEngine
from engine.history.events import EventType
from tests.support.builders import chain, make_workflow, node
from tests.support.compositions import body, each
from tests.support.fake_clock import FakeClock
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio

TOTAL = {"type": "object", "properties": {"total": {"type": "integer", "minimum": 0}}}
INNER = body(
    node("check", output_schema=TOTAL),
    node("use", parameters={"total": "${check.total}"}),
    connections=["check>use"],
    outputs="${use.total}",
)
ITEMS = make_workflow([each("each", INNER, ["a", "b"])])


async def asking(engine: WorkflowEngine, workflow: dict[str, Any] = ITEMS) -> str:
    execution_id = await engine.start_workflow(workflow)
    assert (await engine.wait(execution_id))["reason"] == "missing_input"
    return execution_id


@pytest.mark.parametrize("key", ["check.total", "check.output.total", "steps.check.output.total"])
async def test_that_a_value_has_to_fit_however_its_path_is_spelt(engine: WorkflowEngine, key: str) -> None:
    workflow = chain(node("check", output_schema=TOTAL), node("use", parameters={"total": "${check.total}"}))
    execution_id = await asking(engine, workflow)
    with pytest.raises(SchemaValidationError) as refused:
        await engine.resume_workflow(execution_id, {key: "many"})
    assert refused.value.errors == [{"pointer": f"/{key}", "message": "must be a whole number, not text"}]
    assert (await engine.wait(execution_id))["status"] == "PAUSED"
    await engine.resume_workflow(execution_id, {key: 3})
    assert (await engine.wait(execution_id))["outputs"]["use"] == {"total": 3}


async def test_that_more_than_was_asked_for_has_to_fit_too(engine: WorkflowEngine) -> None:
    workflow = chain(node("check", output_schema=TOTAL), node("use", parameters={"total": "${check.total}"}))
    execution_id = await asking(engine, workflow)
    with pytest.raises(SchemaValidationError, match="must be at least 0"):
        await engine.resume_workflow(execution_id, {"check.output": {"total": -1}})
    await engine.resume_workflow(execution_id, {"check.output": {"total": 1}})
    assert (await engine.wait(execution_id))["outputs"]["use"] == {"total": 1}


async def test_that_what_is_wrong_says_in_which_part(engine: WorkflowEngine) -> None:
    execution_id = await asking(engine)
    with pytest.raises(SchemaValidationError) as refused:
        await engine.resume_workflow(execution_id, {"each/1/check.output.total": -1})
    assert refused.value.errors == [
        {"pointer": "/each~11/check.output.total", "message": "must be at least 0, not -1"}
    ]
    assert refused.value.message.startswith("each/1: ")
    assert "stays paused" in refused.value.hint


async def test_that_a_value_of_a_step_inside_goes_to_every_part_under_way(
    engine: WorkflowEngine,
) -> None:
    execution_id = await asking(engine)
    await engine.resume_workflow(execution_id, {"each/0/check.output.total": 1})
    await engine.wait(execution_id)
    await engine.resume_workflow(execution_id, {"each/check.total": 2})
    assert (await engine.wait(execution_id))["outputs"] == {"each": [1, 2]}


@pytest.mark.parametrize(
    "key", ["each/7/check.output.total", "each/other.output.total", "each/0/other.output.total/x", "each/"]
)
async def test_that_an_answer_for_no_part_is_refused(engine: WorkflowEngine, key: str) -> None:
    execution_id = await asking(engine)
    if key.startswith("each/0/"):
        await engine.cancel_workflow(f"{execution_id}/each/0")
    with pytest.raises(SchemaValidationError) as refused:
        await engine.resume_workflow(execution_id, {key: 2})
    pointer = "/" + key.replace("~", "~0").replace("/", "~1")
    assert refused.value.errors == [{"pointer": pointer, "message": "is for no part that is under way"}]
    assert key in refused.value.message
    assert (await engine.wait(execution_id))["status"] in ("PAUSED", "FAILED")


async def test_that_it_is_so_after_a_restart(actions: ScriptedActions, tmp_path: Path) -> None:
    def make() -> WorkflowEngine:
        store = SqliteStateManager(tmp_path / "runs.db")
        return WorkflowEngine(registry=actions.registry, state_manager=store)

    async with make() as engine:
        execution_id = await asking(engine)
    async with make() as engine:
        with pytest.raises(SchemaValidationError, match="each/0: "):
            await engine.resume_workflow(execution_id, {"each/0/check.total": None})
        await engine.resume_workflow(execution_id, {"each/check.total": 4})
        assert (await engine.wait(execution_id))["outputs"] == {"each": [4, 4]}


async def test_that_the_answer_to_a_form_has_to_be_what_the_step_promises(engine: WorkflowEngine) -> None:
    ask = node("ask", "ask", parameters={"form": {"type": "object"}}, output_schema=TOTAL)
    execution_id = await engine.start_workflow(make_workflow([ask]))
    await engine.wait(execution_id)
    with pytest.raises(SchemaValidationError) as refused:
        await engine.resume_workflow(execution_id, {"ask.output": {"total": "many"}})
    assert refused.value.errors[0]["pointer"] == "/ask/total"
    await engine.resume_workflow(execution_id, {"ask.output": {"total": 2}})
    assert (await engine.wait(execution_id))["outputs"] == {"ask": {"total": 2}}


@pytest.mark.parametrize("given", [["a"], "a", 5])
async def test_that_values_without_names_are_refused_in_plain_words(
    engine: WorkflowEngine, given: Any
) -> None:
    execution_id = await asking(engine)
    with pytest.raises(Exception, match="given by their names"):
        await engine.resume_workflow(execution_id, given)


@pytest.mark.parametrize("items", [[1], [1, 2]], ids=["all that is asked", "one more is asked"])
async def test_that_a_form_of_the_run_answered_beside_one_of_a_part_does_not_stop_the_run_again(
    engine: WorkflowEngine, items: list[int]
) -> None:
    """The first answer must not find the part still waiting, and pause the run for what is answered."""
    form = node("form", "ask", parameters={"form": {}})
    inner = body(node("asks", "ask", parameters={"form": {}}), node("then"), connections=["asks>then"])
    drawn = make_workflow([form, each("each", inner, items, concurrency=2), node("last")], ["each>last"])
    execution_id = await engine.start_workflow(drawn)
    assert (await engine.wait(execution_id))["reason"] == "form"
    await engine.resume_workflow(execution_id, {"form.output": {}, "each/0/asks.output": {}})
    state = await engine.wait(execution_id)
    left = [f"each/{number}/asks" for number in range(1, len(items))]
    assert [item["step_id"] for item in state["needed"]] == left
    assert state["status"] == ("PAUSED" if left else "COMPLETED")
    paused = [
        [item["step_id"] for item in event.data["needed"]]
        for event in await engine.state_manager.read_events(execution_id)
        if event.type is EventType.EXECUTION_PAUSED
    ]
    assert paused[1:] == ([left] if left else [])


async def test_that_what_a_further_try_asks_is_asked_no_more_once_it_is_answered(
    engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    actions.errors["once"] = [ConnectionError("away")]
    asks = node("asks", "ask", parameters={"form": {}})
    inner = body(node("once", "fail"), asks, connections=["once>asks"])
    again = {"max_attempts": 2, "initial_interval": 1, "jitter": "none", "retry_on": ["PartFailed"]}
    drawn = make_workflow([each("each", inner, [1, 2], concurrency=1, retry=again)])
    execution_id = await engine.start_workflow(drawn)
    await clock.until_asked()
    await clock.advance(1)
    for number in range(2):
        state = await engine.wait(execution_id)
        (asked,) = state["needed"]
        assert asked["step_id"] == f"each~1.2/{number}/asks"
        await engine.resume_workflow(execution_id, {asked["path"]: {}})
    state = await engine.wait(execution_id)
    assert (state["status"], state["needed"]) == ("COMPLETED", [])
