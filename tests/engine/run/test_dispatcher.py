"""What the dispatcher does where an action, the store or the engine does not do as it should."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from engine import MemoryStateManager, StepContext, WorkflowEngine
from engine.catalog import Catalog
from engine.errors import StoreError
from engine.plan.compiler import Compiler
from engine.run import dispatcher
from engine.run.activity import Activity
from tests.support.builders import chain, decoded, make_workflow, node
from tests.support.fake_clock import FakeClock, settle
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio


@pytest.fixture
def deaf(actions: ScriptedActions) -> asyncio.Event:
    """Ends the action `deaf`, which hears no cancellation; `sleeper` hears none either, when it sleeps."""
    ends = asyncio.Event()

    async def deaf(params: dict[str, Any], context: StepContext) -> None:
        actions.reached[context.step_id].set()
        while not ends.is_set():
            try:
                await ends.wait()
            except asyncio.CancelledError:
                continue

    async def sleeper(params: dict[str, Any], context: StepContext) -> None:
        actions.reached[context.step_id].set()
        try:
            await context.sleep(1_000)
        except asyncio.CancelledError:
            await deaf(params, context)

    actions.registry.register("test", "deaf", deaf)
    actions.registry.register("test", "sleeper", sleeper)
    return ends


async def test_that_a_second_stop_gives_no_second_grace(
    engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock, deaf: asyncio.Event
) -> None:
    execution_id = await engine.start_workflow(make_workflow([node("a", "deaf")]))
    await actions.reached["a"].wait()
    for _ in range(2):
        await engine.cancel_workflow(execution_id, force=True)
    assert clock.delays == [dispatcher.GRACE_S]
    await clock.advance(dispatcher.GRACE_S)
    assert (await engine.wait(execution_id))["status"] == "CANCELLED"
    deaf.set()
    await settle()


async def test_that_what_is_left_behind_in_its_sleep_gives_back_no_slot_twice(
    engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock, deaf: asyncio.Event
) -> None:
    execution_id = await engine.start_workflow(make_workflow([node("a", "sleeper", timeout=10)]))
    await clock.until_asked(2)
    await clock.advance(10)
    await clock.advance(dispatcher.GRACE_S)
    assert (await engine.wait(execution_id))["error"]["type"] == "StepTimeoutError"
    assert engine.semaphore._value == engine.max_concurrent_steps
    deaf.set()
    await settle()
    assert engine.semaphore._value == engine.max_concurrent_steps


async def test_that_closing_does_not_wait_for_ever_for_a_deaf_step_and_names_it(
    actions: ScriptedActions,
    deaf: asyncio.Event,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(dispatcher, "GRACE_S", 0.01)
    engine = WorkflowEngine(registry=actions.registry)
    await engine.start_workflow(make_workflow([node("a", "deaf")]))
    await actions.reached["a"].wait()
    with caplog.at_level(logging.WARNING):
        await engine.close()
    assert "does not listen to its cancellation" in caplog.text
    deaf.set()
    await settle()


async def test_that_whoever_waits_hears_that_the_store_broke_a_step(actions: ScriptedActions) -> None:
    async with WorkflowEngine(registry=actions.registry, state_manager=MemoryStateManager()) as engine:

        async def broken(*_: Any) -> None:
            raise StoreError("the store is gone")

        engine._runtime._dispatcher._run = broken
        engine._runtime._dispatcher._run_at_once = lambda *_: False
        execution_id = await engine.start_workflow(chain("a"))
        with pytest.raises(StoreError, match="the store is gone"):
            await engine.wait(execution_id)


async def test_that_what_runs_nowhere_is_told_to_stop_all_the_same(engine: WorkflowEngine) -> None:
    activity = Activity(Compiler(Catalog.load()).compile(decoded(chain("a"))).steps[0])
    engine._runtime._dispatcher.interrupt(activity, "timeout")
    assert activity.stop == "timeout"
