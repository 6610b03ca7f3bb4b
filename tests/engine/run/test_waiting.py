"""Steps that wait: for a moment, for their time to be up, for a thread that does not stop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from engine import SqliteStateManager, WorkflowEngine
from tests.support.builders import chain, make_workflow, node
from tests.support.fake_clock import FakeClock, settle
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio


async def nap(params: dict[str, Any], context: Any) -> str:
    await context.sleep(params["s"])
    return "awake"


@pytest_asyncio.fixture
async def single(actions: ScriptedActions, clock: FakeClock) -> AsyncIterator[WorkflowEngine]:
    """An engine with one slot, whose actions can sleep."""
    actions.registry.register("test", "nap", nap)
    async with WorkflowEngine(1, registry=actions.registry, clock=clock) as engine:
        yield engine


NAPPING = make_workflow([node("nap", "nap", parameters={"s": 100}), node("other")])


async def test_that_a_sleeping_step_holds_no_slot(
    single: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    execution_id = await single.start_workflow(NAPPING)
    await clock.until_asked()
    await settle()
    assert actions.calls == ["other"]
    state = await single.get_workflow_status(execution_id)
    assert (state["steps"]["nap"]["status"], state["steps"]["nap"]["reason"]) == ("WAITING", "timer")
    assert state["steps"]["nap"]["waiting_until"] == clock.now() + 100
    await clock.advance(100)
    state = await single.wait(execution_id)
    assert (state["status"], state["outputs"]["nap"]) == ("COMPLETED", "awake")
    assert single.semaphore._value == 1


async def test_that_a_run_can_be_paused_while_a_step_sleeps(single: WorkflowEngine, clock: FakeClock) -> None:
    execution_id = await single.start_workflow(NAPPING)
    await clock.until_asked()
    await settle()
    await single.pause_workflow(execution_id)
    assert (await single.wait(execution_id))["status"] == "PAUSED"
    await clock.advance(200)
    assert (await single.get_workflow_status(execution_id))["steps"]["nap"]["status"] == "WAITING"
    await single.resume_workflow(execution_id)
    assert (await single.wait(execution_id))["status"] == "COMPLETED"


@pytest.mark.parametrize("force", [False, True])
async def test_that_cancelling_wakes_nobody_but_ends_the_sleep(
    single: WorkflowEngine, clock: FakeClock, force: bool
) -> None:
    execution_id = await single.start_workflow(NAPPING)
    await clock.until_asked()
    await settle()
    await single.cancel_workflow(execution_id, force=force)
    state = await single.wait(execution_id)
    assert (state["status"], state["steps"]["nap"]["status"]) == ("CANCELLED", "CANCELLED")
    await settle()
    assert single.semaphore._value == 1
    second = await single.start_workflow(make_workflow("a"))
    assert (await single.wait(second))["status"] == "COMPLETED"


async def test_that_only_the_rest_is_slept_after_a_restart(
    actions: ScriptedActions, clock: FakeClock, tmp_path: Path
) -> None:
    actions.registry.register("test", "nap", nap)

    def make() -> WorkflowEngine:
        return WorkflowEngine(
            registry=actions.registry, clock=clock, state_manager=SqliteStateManager(tmp_path / "runs.db")
        )

    async with make() as engine:
        execution_id = await engine.start_workflow(NAPPING)
        await clock.until_asked()
        await engine._runtime.barrier()
    await clock.advance(70)
    async with make() as engine:
        await engine.recover()
        await clock.until_asked()
        assert clock.delays == [30]
        await clock.advance(30)
        assert (await engine.wait(execution_id))["outputs"]["nap"] == "awake"


async def test_that_the_late_result_of_a_thread_is_discarded_and_its_slot_free(
    single: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    started, release, stopped = threading.Event(), threading.Event(), threading.Event()

    def stuck(params: dict[str, Any], context: Any) -> str:
        context.on_cancel(stopped.set)
        started.set()
        release.wait(20)
        return "too late"

    actions.registry.register("test", "stuck", stuck)
    workflow = make_workflow([node("a", "stuck", timeout=10), node("b")], settings={"on_failure": "continue"})
    execution_id = await single.start_workflow(workflow)
    await asyncio.to_thread(started.wait, 20)
    await clock.advance(10)
    state = await single.wait(execution_id)
    assert stopped.is_set()
    assert (state["status"], state["steps"]["a"]["error"]["type"]) == ("FAILED", "StepTimeoutError")
    assert state["steps"]["b"]["status"] == "COMPLETED"
    release.set()
    await settle()
    assert (await single.get_workflow_status(execution_id))["steps"]["a"]["output"] is None


async def test_that_a_coroutine_that_does_not_stop_is_left_after_the_grace(
    single: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    let_go = asyncio.Event()

    async def deaf(params: dict[str, Any], context: Any) -> str:
        while not let_go.is_set():
            try:
                await let_go.wait()
            except asyncio.CancelledError:
                continue
        return "too late"

    actions.registry.register("test", "deaf", deaf)
    execution_id = await single.start_workflow(make_workflow([node("a", "deaf", timeout=10)]))
    await clock.until_asked()
    await clock.advance(14.9)
    assert (await single.get_workflow_status(execution_id))["status"] == "RUNNING"
    await clock.advance(0.2)
    state = await single.wait(execution_id)
    assert (state["status"], state["error"]["type"]) == ("FAILED", "StepTimeoutError")
    second = await single.start_workflow(make_workflow("b"))
    assert (await single.wait(second))["status"] == "COMPLETED"  # its one slot is free again
    let_go.set()
    await settle()
    assert single.semaphore._value == 1


async def test_that_all_attempts_together_have_a_time_of_their_own(
    single: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    actions.errors["a"] = [ConnectionError(str(n)) for n in range(9)]
    retry = {"max_attempts": 9, "initial_interval": 40, "backoff": 1, "jitter": "none"}
    workflow = make_workflow([node("a", "fail", retry=retry, timeout={"total": 100})])
    execution_id = await single.start_workflow(workflow)
    for _ in range(4):
        await settle()
        await clock.advance(40)
    state = await single.wait(execution_id)
    assert (state["status"], actions.count("a")) == ("FAILED", 3)
    assert state["error"]["type"] == "StepTimeoutError"
    assert (
        state["error"]["message"] == '"a" took longer than 100 s in all its attempts; the last one failed: 2'
    )
    assert state["error"]["last_error"] == {"type": "ConnectionError", "message": "2"}


async def test_that_the_last_attempt_is_cut_short_when_the_time_of_all_is_over(
    single: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    async def stuck(params: dict[str, Any], context: Any) -> None:
        if context.attempt == 1:
            raise ConnectionError("not yet")
        await asyncio.Event().wait()

    actions.registry.register("test", "stuck", stuck)
    retry = {"max_attempts": 3, "initial_interval": 4, "jitter": "none"}
    workflow = make_workflow([node("a", "stuck", retry=retry, timeout={"attempt": 50, "total": 10})])
    execution_id = await single.start_workflow(workflow)
    await settle()
    await clock.advance(4)
    await clock.advance(6)
    state = await single.wait(execution_id)
    assert state["error"]["message"] == (
        '"a" took longer than 10 s in all its attempts; the last one failed: not yet'
    )
    assert state["steps"]["a"]["attempts"] == 2


async def test_that_a_fallback_is_told_that_the_time_of_all_is_over(
    single: WorkflowEngine, actions: ScriptedActions
) -> None:
    actions.errors["a"] = [ConnectionError("down")]
    stand_in = {"service": "test", "action": "echo", "parameters": {"type": "${error.type}"}}
    retry = {"max_attempts": 9, "initial_interval": 40, "jitter": "none"}
    item = node("a", "fail", retry=retry, timeout={"total": 30}, fallback=stand_in)
    state = await single.wait(await single.start_workflow(make_workflow([item])))
    assert state["outputs"]["a"] == {"type": "StepTimeoutError"}


async def test_that_a_timed_out_attempt_can_be_tried_again(
    single: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    retry = {"max_attempts": 2, "initial_interval": 1}
    execution_id = await single.start_workflow(chain(node("a", "gate", timeout=10, retry=retry)))
    await clock.until_asked()
    await clock.advance(12)
    actions.gates["a"].set()
    await settle()
    await clock.advance(1)
    state = await single.wait(execution_id)
    assert (state["status"], state["steps"]["a"]["attempts"]) == ("COMPLETED", 2)


async def test_that_an_action_that_cancels_itself_fails(
    single: WorkflowEngine, actions: ScriptedActions
) -> None:
    async def cancelled(params: dict[str, Any], context: Any) -> None:
        raise asyncio.CancelledError

    actions.registry.register("test", "cancelled", cancelled)
    state = await single.wait(await single.start_workflow(make_workflow([node("a", "cancelled")])))
    assert (state["status"], state["error"]["message"]) == ("FAILED", "The action was cancelled from within")


async def test_that_what_an_action_says_is_heard_even_as_it_ends(
    single: WorkflowEngine, actions: ScriptedActions
) -> None:
    async def talk(params: dict[str, Any], context: Any) -> int:
        context.progress(0.5, "half")
        context.log("done")
        return 1

    def talk_in_thread(params: dict[str, Any], context: Any) -> int:
        for number in range(100):
            context.progress(number / 100)
        context.log("thread done", "warning")
        return 2

    actions.registry.register("test", "talk", talk)
    actions.registry.register("test", "talk_in_thread", talk_in_thread)
    execution_id = await single.start_workflow(chain(node("a", "talk"), node("b", "talk_in_thread")))
    events = [event async for event in single.events(execution_id)]
    logs = [(event.step_id, event.data["text"]) for event in events if event.type == "STEP_LOG"]
    assert logs == [("a", "done"), ("b", "thread done")]
    assert sum(event.type == "STEP_PROGRESS" for event in events) < 100


async def test_that_a_step_stopped_before_its_action_began_does_not_begin(
    single: WorkflowEngine, actions: ScriptedActions
) -> None:
    actions.registry.action("test", "send", effects="external")(actions.echo)
    held, go = asyncio.Event(), asyncio.Event()
    commit = single.state_manager.commit

    async def slow_commit(*, full_sync: bool = False) -> None:
        if full_sync:
            held.set()
            await go.wait()
        await commit(full_sync=full_sync)

    single.state_manager.commit = slow_commit  # type: ignore[method-assign]
    execution_id = await single.start_workflow(make_workflow([node("a", "send")]))
    await held.wait()
    cancelling = asyncio.create_task(single.cancel_workflow(execution_id, force=True))
    await settle()
    single._runtime._executions[execution_id].stop_running()
    go.set()
    await cancelling
    state = await single.wait(execution_id)
    assert (state["status"], state["steps"]["a"]["status"], actions.calls) == ("CANCELLED", "CANCELLED", [])


async def test_that_asking_a_person_uses_up_no_attempt(
    single: WorkflowEngine, actions: ScriptedActions
) -> None:
    form = {"type": "object", "properties": {"n": {"type": "integer"}}}
    execution_id = await single.start_workflow(make_workflow([node("ask", "ask", parameters={"form": form})]))
    assert (await single.wait(execution_id))["steps"]["ask"]["attempts"] == 1
    await single.resume_workflow(execution_id)
    assert (await single.wait(execution_id))["steps"]["ask"]["attempts"] == 1
    await single.resume_workflow(execution_id, {"ask.output.n": 3})
    state = await single.wait(execution_id)
    assert (state["outputs"]["ask"], state["steps"]["ask"]["attempts"]) == ({"n": 3}, 1)


async def test_that_a_cancelled_step_is_neither_tried_again_nor_stood_in_for(
    single: WorkflowEngine, actions: ScriptedActions
) -> None:
    reached = asyncio.Event()

    async def messy(params: dict[str, Any], context: Any) -> None:
        reached.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise ConnectionError("the clean-up failed")

    actions.registry.register("test", "messy", messy)
    fallback = {"service": "test", "action": "echo"}
    workflow = make_workflow([node("a", "messy", retry=5, fallback=fallback)])
    execution_id = await single.start_workflow(workflow)
    await reached.wait()
    await single.cancel_workflow(execution_id, force=True)
    state = await single.wait(execution_id)
    assert (state["status"], state["steps"]["a"]["status"], actions.calls) == ("CANCELLED", "FAILED", [])
