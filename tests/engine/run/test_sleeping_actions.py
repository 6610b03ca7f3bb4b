"""Actions asleep: what ends a sleep besides its time, and what is left of it for the next attempt."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from engine import StepContext, WorkflowEngine
from engine.history.events import EventType
from tests.support.builders import chain, make_workflow, node
from tests.support.fake_clock import FakeClock, settle
from tests.support.journal_rules import check_journal
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio

AGAIN = {"max_attempts": 2, "initial_interval": 5, "jitter": "none"}


async def asleep(engine: WorkflowEngine, clock: FakeClock, workflow: dict[str, Any]) -> str:
    execution_id = await engine.start_workflow(workflow)
    await clock.until_asked()
    return execution_id


async def step(engine: WorkflowEngine, execution_id: str) -> tuple[str, str, int]:
    shown = (await engine.get_workflow_status(execution_id))["steps"]["a"]
    return shown["status"], shown["reason"], shown["attempts"]


async def test_that_a_sleep_that_takes_too_long_uses_up_one_attempt(
    engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    async def nap(params: dict[str, Any], context: StepContext) -> None:
        await context.sleep(100)

    actions.registry.register("test", "nap", nap)
    execution_id = await asleep(engine, clock, make_workflow([node("a", "nap", timeout=10, retry=AGAIN)]))
    await clock.advance(10)
    assert await step(engine, execution_id) == ("WAITING", "retry", 1)
    await clock.advance(5)
    assert await step(engine, execution_id) == ("WAITING", "timer", 2)
    await clock.advance(9)
    assert await step(engine, execution_id) == ("WAITING", "timer", 2)
    await clock.advance(1)
    state = await engine.wait(execution_id)
    assert (state["error"]["type"], await step(engine, execution_id)) == (
        "StepTimeoutError",
        ("FAILED", "unhandled", 2),
    )
    check_journal(await engine.state_manager.read_events(execution_id))
    assert engine.semaphore._value == engine.max_concurrent_steps


async def test_that_the_next_attempt_sleeps_as_long_as_the_first(
    engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    async def poll(params: dict[str, Any], context: StepContext) -> int:
        await context.sleep(50)
        if context.attempt == 1:
            raise ConnectionError("not yet")
        return context.attempt

    actions.registry.register("test", "poll", poll)
    execution_id = await asleep(engine, clock, make_workflow([node("a", "poll", retry=AGAIN)]))
    await clock.advance(50)
    await clock.advance(5 + 49)
    assert await step(engine, execution_id) == ("WAITING", "timer", 2)
    await clock.advance(1)
    assert (await engine.wait(execution_id))["outputs"] == {"a": 2}


@pytest.mark.parametrize("how", ["a timeout of its own", "whoever waits for it", "another task"])
async def test_that_an_action_may_give_up_its_sleep_and_go_on(
    engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock, how: str
) -> None:
    gave_up = asyncio.Event()

    async def impatient(params: dict[str, Any], context: StepContext) -> str:
        if how == "a timeout of its own":
            with suppress(TimeoutError):
                async with asyncio.timeout(0):
                    await context.sleep(100)
        elif how == "whoever waits for it":
            sleeping = asyncio.ensure_future(context.sleep(100))
            await settle()
            sleeping.cancel()
            await asyncio.wait([sleeping])
        else:
            asyncio.ensure_future(context.sleep(100)).add_done_callback(lambda _: gave_up.set())
            await settle()
        return "went on"

    actions.registry.register("test", "impatient", impatient)
    execution_id = await engine.start_workflow(chain(node("a", "impatient"), "b"))
    state = await engine.wait(execution_id)
    assert (state["status"], state["outputs"]["a"]) == ("COMPLETED", "went on")
    assert state["steps"]["a"]["attempts"] == 1
    await clock.advance(200)
    if how == "another task":
        await gave_up.wait()
    await settle()
    check_journal(await engine.state_manager.read_events(execution_id))
    assert engine.semaphore._value == engine.max_concurrent_steps


async def test_that_an_action_may_wait_for_several_things_at_once(
    actions: ScriptedActions, clock: FakeClock
) -> None:
    async def both(params: dict[str, Any], context: StepContext) -> str:
        await asyncio.gather(context.sleep(10), context.sleep(30))
        return "both"

    actions.registry.register("test", "both", both)
    async with WorkflowEngine(1, registry=actions.registry, clock=clock) as single:
        execution_id = await single.start_workflow(make_workflow([node("a", "both"), node("b")]))
        await clock.until_asked(2)
        assert actions.calls == ["b"], "it holds no slot"
        await clock.advance(30)
        assert (await single.wait(execution_id))["outputs"]["a"] == "both"
        check_journal(await single.state_manager.read_events(execution_id))
        second = await single.start_workflow(chain("c", "d"))
        assert (await single.wait(second))["status"] == "COMPLETED"
        assert single.semaphore._value == 1


async def test_that_a_sleep_given_up_in_a_paused_run_waits_for_it_to_be_resumed(
    engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    gives_up, went_on = asyncio.Event(), asyncio.Event()

    async def impatient(params: dict[str, Any], context: StepContext) -> str:
        sleeping = asyncio.ensure_future(context.sleep(100))
        await gives_up.wait()
        sleeping.cancel()
        await asyncio.wait([sleeping])
        went_on.set()
        return "went on"

    actions.registry.register("test", "impatient", impatient)
    execution_id = await asleep(engine, clock, make_workflow([node("a", "impatient")]))
    await engine.pause_workflow(execution_id)
    assert (await engine.wait(execution_id))["status"] == "PAUSED"
    gives_up.set()
    await settle()
    assert not went_on.is_set()
    await engine.resume_workflow(execution_id)
    assert (await engine.wait(execution_id))["outputs"]["a"] == "went on"


async def test_that_every_attempt_has_the_whole_grace(
    engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    """The first attempt has to end at 2, the second at 4; and it ends 4 s after it was told to."""
    let_go = asyncio.Event()

    async def slow_to_end(params: dict[str, Any], context: StepContext) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            if context.attempt == 2:
                await let_go.wait()

    actions.registry.register("test", "slow_to_end", slow_to_end)
    retry = {"max_attempts": 3, "initial_interval": 0}
    execution_id = await asleep(
        engine, clock, make_workflow([node("a", "slow_to_end", timeout=2, retry=retry)])
    )
    await clock.advance(2)
    await clock.advance(0)
    await clock.advance(2)
    await clock.advance(4)
    let_go.set()
    await settle()
    await clock.advance(0)
    events = await engine.state_manager.read_events(execution_id)
    assert [event.attempt for event in events if event.type is EventType.STEP_RUNNING] == [1, 2, 3]
    await clock.advance(7)
    assert (await engine.wait(execution_id))["status"] == "FAILED"
