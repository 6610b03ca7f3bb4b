"""Values that a person supplies for what steps should have delivered, and questions told as events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import SchemaValidationError, SqliteStateManager, WorkflowEngine
from engine.history.events import EventType
from tests.support.builders import make_workflow, node, wire
from tests.support.scripted_actions import ScriptedActions
from tests.support.secret_source import FakeSource, engine_on

pytestmark = pytest.mark.asyncio

TOTAL = {"type": "object", "properties": {"total": {"type": "integer", "minimum": 0}}}


def lacking(**config: Any) -> dict[str, Any]:
    """check gives nothing that use could use."""
    use = node("use", parameters={"total": "${check.output.total}", "who": "${input.who}"})
    return make_workflow([node("check", **config), use], ["check>use"])


async def paused(engine: WorkflowEngine, workflow: dict[str, Any]) -> str:
    execution_id = await engine.start_workflow(workflow)
    state = await engine.wait(execution_id)
    assert (state["status"], state["reason"]) == ("PAUSED", "missing_input")
    return execution_id


async def test_that_every_question_is_told_as_an_event_of_its_own(engine: WorkflowEngine) -> None:
    execution_id = await paused(engine, lacking())
    await engine.resume_workflow(execution_id, {"who": "me"})
    await engine.wait(execution_id)
    asked = [event async for event in _now(engine, execution_id) if event.type is EventType.INPUT_REQUIRED]
    assert [[item["path"] for item in event.data["needed"]] for event in asked] == [
        ["check.output.total", "input.who"],
        ["check.output.total"],
    ]
    assert {event.step_id for event in asked} == {"use"}


async def test_that_a_form_is_told_as_an_event_too(engine: WorkflowEngine) -> None:
    workflow = make_workflow([node("ask", "ask", parameters={"form": {"type": "object"}, "title": "Well?"})])
    execution_id = await engine.start_workflow(workflow)
    await engine.wait(execution_id)
    asked = [event async for event in _now(engine, execution_id) if event.type is EventType.INPUT_REQUIRED]
    assert [(event.step_id, event.data["needed"][0]["title"]) for event in asked] == [("ask", "Well?")]


@pytest.mark.parametrize("value", ["5", -1, None, [5]])
async def test_that_a_value_that_the_step_could_not_have_given_is_refused(
    engine: WorkflowEngine, value: Any
) -> None:
    execution_id = await paused(engine, lacking(output_schema=TOTAL))
    before = await engine.get_workflow_status(execution_id)
    with pytest.raises(SchemaValidationError) as refused:
        await engine.resume_workflow(execution_id, {"check.output.total": value, "who": "me"})
    assert refused.value.errors[0]["pointer"] == "/check.output.total"
    assert await engine.get_workflow_status(execution_id) == before
    await engine.resume_workflow(execution_id, {"check.output.total": 5, "who": "me"})
    state = await engine.wait(execution_id)
    assert state["outputs"]["use"] == {"total": 5, "who": "me"}
    assert state["outputs"]["check"] == {}


async def test_that_what_a_skipped_step_should_have_given_can_be_supplied(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    use = node("use", parameters={"x": "${skipped.output.x}"}, join="always")
    workflow = make_workflow(
        [node("a"), node("skipped"), use], [wire("a", "skipped", condition="false"), "skipped>use", "a>use"]
    )
    execution_id = await paused(engine, workflow)
    await engine.resume_workflow(execution_id, {"skipped.output.x": [1, 2]})
    state = await engine.wait(execution_id)
    assert (state["outputs"]["use"], actions.calls) == ({"x": [1, 2]}, ["a", "use"])


async def test_that_a_whole_output_can_be_supplied_and_used_by_every_step(
    engine: WorkflowEngine,
) -> None:
    nodes = [node("check"), node("one", parameters={"x": "${check.output.a.b}"})]
    nodes += [node("two", parameters={"x": "${check.output.a.c}"})]
    execution_id = await paused(engine, make_workflow(nodes, ["check>one", "check>two"]))
    await engine.resume_workflow(execution_id, {"check.output.a": {"b": 1, "c": 2}})
    state = await engine.wait(execution_id)
    assert (state["outputs"]["one"], state["outputs"]["two"]) == ({"x": 1}, {"x": 2})


async def test_that_supplied_values_outlive_the_program(actions: ScriptedActions, tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    nodes = [*lacking()["nodes"], node("later", parameters={"again": "${check.output.total}"})]
    workflow = make_workflow(nodes, ["check>use", "use>later"])
    async with WorkflowEngine(registry=actions.registry, state_manager=SqliteStateManager(store)) as engine:
        execution_id = await paused(engine, workflow)
        await engine.resume_workflow(execution_id, {"check.output.total": 5})
        await engine.wait(execution_id)
    async with WorkflowEngine(registry=actions.registry, state_manager=SqliteStateManager(store)) as engine:
        await engine.recover()
        state = await engine.wait(execution_id)
        assert [item["path"] for item in state["needed"]] == ["input.who"]
        await engine.resume_workflow(execution_id, {"who": "me"})
        state = await engine.wait(execution_id)
    assert state["outputs"]["later"] == {"again": 5}
    assert actions.calls == ["check", "use", "later"]


async def _now(engine: WorkflowEngine, execution_id: str) -> Any:
    for event in await engine.state_manager.read_events(execution_id):
        yield event


@pytest.mark.parametrize("answer", [None, {"who": "me"}], ids=["nothing said", "said"])
async def test_that_a_run_that_was_resumed_looks_again_after_a_crash(
    actions: ScriptedActions, tmp_path: Path, answer: dict[str, Any] | None
) -> None:
    """What a step lacked may have come from elsewhere: a secret was put into the keyring, say."""
    source = FakeSource()
    step = node("a", parameters={"k": "${secrets.k}", "who": "${input.who:-nobody}"})
    async with engine_on(actions, tmp_path / "runs.db", source) as engine:
        execution_id = await paused(engine, make_workflow([step]))
        source.values = {"k": "a value"}
        await engine.resume_workflow(execution_id, answer)
    assert actions.calls == []  # the program has ended before the step could begin
    async with engine_on(actions, tmp_path / "runs.db", source) as engine:
        await engine.recover()
        state = await engine.wait(execution_id)
    assert state["status"] == "COMPLETED"
    assert actions.params["a"] == [{"k": "a value", "who": "me" if answer else "nobody"}]
