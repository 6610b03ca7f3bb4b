"""A step that is over at once takes a short way; when its action does anything else, nobody can tell."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from engine import MemoryStateManager, StepContext, WorkflowEngine
from tests.support.builders import chain, node
from tests.support.fake_clock import settle
from tests.support.journal_rules import ended
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio


async def test_that_nothing_begins_while_somebody_else_holds_every_slot(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    for _ in range(engine.max_concurrent_steps):
        await engine.semaphore.acquire()
    execution_id = await engine.start_workflow(chain("a", "b"))
    await settle()
    assert actions.calls == []
    for _ in range(engine.max_concurrent_steps):
        engine.semaphore.release()
    assert (await ended(engine, execution_id))["status"] == "COMPLETED"
    assert actions.calls == ["a", "b"]


async def test_that_an_action_on_the_loop_may_give_what_can_be_awaited_or_what_it_knows(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    @actions.registry.action("test", "promises", runs="loop")
    def promises(params: dict[str, Any], context: StepContext) -> Awaitable[str]:
        promise: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(promise.set_result, "kept")
        return promise

    @actions.registry.action("test", "knows", runs="loop")
    def knows(params: dict[str, Any], context: StepContext) -> str:
        return f"{params['p']} at once"

    workflow = chain(node("a", "promises"), node("b", "knows", parameters={"p": "${a.output}"}))
    execution_id = await engine.start_workflow(workflow)
    assert (await ended(engine, execution_id))["outputs"] == {"a": "kept", "b": "kept at once"}


async def test_that_an_action_may_pause_or_stop_its_own_run(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    async def meddles(params: dict[str, Any], context: StepContext) -> str:
        act = engine.pause_workflow if params["act"] == "pause" else engine.cancel_workflow
        await act(context.execution_id)
        return "done"

    actions.registry.register("test", "meddles", meddles)
    for act, status in (("pause", "PAUSED"), ("cancel", "CANCELLED")):
        actions.calls.clear()
        workflow = chain(node("a", "meddles", parameters={"act": act}), "b")
        execution_id = await engine.start_workflow(workflow)
        state = await ended(engine, execution_id)
        assert (state["status"], state["steps"]["a"]["status"]) == (status, "COMPLETED")
        assert actions.calls == []
        if status == "PAUSED":
            await engine.resume_workflow(execution_id)
            assert (await ended(engine, execution_id))["outputs"] == {"a": "done", "b": {}}


async def test_that_a_clock_set_back_in_the_middle_of_a_step_makes_no_time_negative(
    actions: ScriptedActions,
) -> None:
    now = [1_000.0]

    async def sets_back(params: dict[str, Any], context: StepContext) -> None:
        now[0] -= 100

    actions.registry.register("test", "sets_back", sets_back)
    store = MemoryStateManager(now=lambda: now[0])
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        execution_id = await engine.start_workflow(chain("a", node("b", "sets_back"), "c"))
        state = await ended(engine, execution_id)
        times = [event.ts for event in await store.read_events(execution_id)]
    assert state["status"] == "COMPLETED"
    assert times == sorted(times)
    assert all(step["duration_ms"] >= 0 for step in state["steps"].values())
