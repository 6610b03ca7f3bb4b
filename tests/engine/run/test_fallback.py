"""What stands in for a step that has failed for good."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from engine import DefinitionError, SqliteStateManager, StepContext, WorkflowEngine
from engine.errors import StoreError
from tests.support.builders import make_workflow, node, wire
from tests.support.fake_clock import FakeClock, settle
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio

FAILS = {"service": "test", "action": "fail"}
PROMISE = {"type": "object", "required": ["total"]}


async def ran(engine: WorkflowEngine, *nodes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return await engine.wait(await engine.start_workflow(make_workflow(list(nodes), **more)))


async def test_that_it_has_a_time_of_its_own(
    engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    stand_in = {"service": "test", "action": "gate"}
    item = node("a", "nap", timeout={"total": 10}, fallback=stand_in)

    async def nap(params: dict[str, Any], context: StepContext) -> None:
        await context.sleep(100)

    actions.registry.register("test", "nap", nap)
    execution_id = await engine.start_workflow(make_workflow([item]))
    await clock.until_asked()
    await clock.advance(10)
    await clock.advance(9)
    assert actions.running == 1
    actions.gates["a"].set()
    state = await engine.wait(execution_id)
    assert (state["outputs"]["a"], state["steps"]["a"]["via"]) == ({"passed": True}, "fallback")


async def test_that_it_may_take_no_longer_than_the_step(
    engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    actions.errors["a"] = [ConnectionError("down")]
    item = node("a", "fail", timeout=10, fallback={"service": "test", "action": "gate"})
    execution_id = await engine.start_workflow(make_workflow([item]))
    await clock.until_asked()
    await clock.advance(10)
    error = (await engine.wait(execution_id))["error"]
    assert (error["type"], error["fallback_error"]["type"]) == ("ConnectionError", "StepTimeoutError")


async def test_that_a_step_says_that_its_fallback_failed_too(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    actions.errors["a"] = [ConnectionError("the first is down"), RuntimeError("the second is down")]
    state = await ran(engine, node("a", "fail", fallback=FAILS))
    assert state["error"]["message"] == "the first is down; the fallback failed too: the second is down"
    assert state["error"]["type"] == "ConnectionError"
    assert state["steps"]["a"]["error"]["fallback_error"]["type"] == "RuntimeError"


async def test_that_what_it_gives_has_to_be_what_the_step_promises(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    stand_in = {"service": "test", "action": "echo", "parameters": {"sum": 1}}
    undo = {"service": "test", "action": "undo"}
    actions.errors["a"] = [ConnectionError("down")]
    item = node("a", "fail", fallback=stand_in, output_schema=PROMISE, rollback=undo)
    state = await ran(engine, item, settings={"on_failure": {"rollback": True}})
    assert (state["status"], state["outputs"]) == ("ROLLED_BACK", {})
    assert state["error"]["fallback_error"]["errors"] == [{"pointer": "/total", "message": "is required"}]
    assert "undo a" in actions.calls, "its effect has happened"


async def test_that_an_error_connection_still_leads_on(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    actions.errors["a"] = [ConnectionError("one"), ConnectionError("two")]
    nodes = [
        node("a", "fail", fallback=FAILS),
        node("b", parameters={"why": "${a.error.fallback_error.message}"}),
    ]
    state = await ran(engine, *nodes, connections=[wire("a", "b", on="error")])
    assert (state["status"], state["outputs"]["b"]) == ("COMPLETED_WITH_ERRORS", {"why": "two"})


async def test_that_nothing_is_forgotten_before_it_does_something_outside(
    actions: ScriptedActions, tmp_path: Path
) -> None:
    """The store refuses what has to be kept before the effect; once it takes it, the fallback runs, once."""
    store = SqliteStateManager(tmp_path / "runs.db")
    commit, refuses = store.commit, [False, True]

    async def full(*, full_sync: bool = False) -> None:
        if full_sync and refuses.pop(0):
            raise StoreError("No room")
        await commit(full_sync=full_sync)

    store.commit = full  # type: ignore[method-assign]
    actions.registry.action("test", "send", effects="external")(actions.echo)
    refuses[:] = [True, False, False, False, False]
    actions.errors["a"] = [ConnectionError("down")]
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        item = node("a", "fail", fallback={"service": "test", "action": "send"})
        execution_id = await engine.start_workflow(make_workflow([item]))
        state = await engine.wait(execution_id)
        assert (state["status"], state["reason"], actions.calls) == ("PAUSED", "storage_error", ["a"])
        await engine.resume_workflow(execution_id)
        await settle()
        state = await engine.wait(execution_id)
    assert (state["status"], state["steps"]["a"]["via"], actions.calls) == (
        "COMPLETED",
        "fallback",
        ["a", "a"],
    )


async def test_that_it_is_stopped_with_the_run(engine: WorkflowEngine, actions: ScriptedActions) -> None:
    actions.errors["a"] = [ConnectionError("down")]
    item = node("a", "fail", fallback={"service": "test", "action": "gate"})
    execution_id = await engine.start_workflow(make_workflow([item, node("b", condition="false")]))
    await actions.reached["a"].wait()
    await engine.cancel_workflow(execution_id, force=True)
    state = await engine.wait(execution_id)
    assert (state["status"], state["steps"]["a"]["status"], actions.running) == ("CANCELLED", "CANCELLED", 0)


async def test_that_one_that_does_not_stop_is_left_after_the_grace(
    engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    let_go = asyncio.Event()

    async def deaf(params: dict[str, Any], context: StepContext) -> str:
        while not let_go.is_set():
            with suppress(asyncio.CancelledError):
                await let_go.wait()
        return "too late"

    actions.registry.register("test", "deaf", deaf)
    actions.errors["a"] = [ConnectionError("down")]
    item = node("a", "fail", timeout=10, fallback={"service": "test", "action": "deaf"})
    execution_id = await engine.start_workflow(make_workflow([item]))
    await clock.until_asked()
    await clock.advance(15)
    state = await engine.wait(execution_id)
    assert (state["status"], state["error"]["type"]) == ("FAILED", "StepTimeoutError")
    let_go.set()
    await settle()
    assert (await engine.get_workflow_status(execution_id))["outputs"] == {}


@pytest.mark.parametrize(
    ("config", "ran"),
    [
        ({"fallback_service": "backup"}, "backup.send"),
        ({"fallback_action": "queue"}, "main.queue"),
        ({"fallback_service": "backup", "fallback_action": "queue"}, "backup.queue"),
    ],
)
async def test_that_the_older_form_names_another_service_or_action(
    engine: WorkflowEngine, actions: ScriptedActions, config: dict[str, str], ran: str
) -> None:
    async def send(params: dict[str, Any], context: StepContext) -> None:
        raise ConnectionError("down")

    actions.registry.register("main", "send", send)
    for service, name in (("backup", "send"), ("main", "queue"), ("backup", "queue")):

        async def stand_in(params: Any, context: Any, here: str = f"{service}.{name}") -> dict[str, Any]:
            return {"by": here, **params}

        actions.registry.register(service, name, stand_in)
    step = {"id": "s", "service": "main", "action": "send", "parameters": {"to": "${input.to}"}, **config}
    state = await engine.wait(await engine.start_workflow({"steps": [step]}, {"to": "x"}))
    assert (state["status"], state["outputs"]["s"]) == ("COMPLETED", {"by": ran, "to": "x"})
    assert state["steps"]["s"]["via"] == "fallback"


@pytest.mark.parametrize("key", ["fallback_service", "fallback_action"])
async def test_that_one_that_is_not_there_is_found_before_anything_runs(
    engine: WorkflowEngine, key: str
) -> None:
    with pytest.raises(DefinitionError) as refused:
        await engine.start_workflow(make_workflow([node("b"), node("a", **{key: "nowhere"})]))
    (problem,) = refused.value.problems
    assert (problem.code, problem.pointer) == ("unknown-action", f"/nodes/1/config/{key}")
