"""A rollback goes on where it was, whatever cuts it off."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from engine import SqliteStateManager, WorkflowEngine
from engine.errors import StoreError
from engine.history.events import EventDraft, EventType
from tests.engine.run.undoable import engine_on, failing, undo
from tests.support.builders import chain, node
from tests.support.compositions import body, each
from tests.support.fake_clock import FakeClock, settle
from tests.support.flaky_disk import Plan, connect_with, fail_with
from tests.support.journal_rules import check_journal
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


async def test_that_a_rollback_knows_its_outputs_after_a_restart(
    actions: ScriptedActions, path: Path
) -> None:
    started, forever = asyncio.Event(), asyncio.Event()

    async def hang(params: dict[str, Any], context: Any) -> None:
        actions.calls.append(f"hang {params['n']} {context.attempt} {context.idempotency_key[-10:]}")
        started.set()
        await forever.wait()

    actions.registry.register("test", "hang", hang)
    b = node("b", parameters={"n": 2}, rollback=undo("hang", parameters={"n": "${self.output.n}"}))
    async with engine_on(actions, path) as engine:
        execution_id = await engine.start_workflow(failing(actions, b))
        await started.wait()
    forever.set()
    async with engine_on(actions, path) as engine:
        await engine.recover()
        assert (await engine.wait(execution_id))["status"] == "ROLLED_BACK"
        check_journal([event async for event in engine.events(execution_id)])
    assert actions.calls[2:] == ["hang 2 1 b:rollback"] * 2


async def test_that_the_wait_for_another_try_is_kept_over_a_restart(
    actions: ScriptedActions, path: Path
) -> None:
    attempts: list[int] = []

    async def busy(params: dict[str, Any], context: Any) -> None:
        attempts.append(context.attempt)
        if context.attempt == 1:
            raise ConnectionError("busy")

    actions.registry.register("test", "busy", busy)
    retry = {"max_attempts": 2, "initial_interval": 60, "jitter": "none"}
    clock = FakeClock()
    async with engine_on(actions, path, clock) as engine:
        execution_id = await engine.start_workflow(
            failing(actions, node("a", rollback=undo("busy", retry=retry)))
        )
        await clock.until_asked()
    later = FakeClock(clock.now() + 40)
    async with engine_on(actions, path, later) as engine:
        await engine.recover()
        await later.until_asked()
        assert later.delays == [20]
        await later.advance(20)
        assert (await engine.wait(execution_id))["status"] == "ROLLED_BACK"
    assert attempts == [1, 2]


async def test_that_the_wish_to_roll_back_survives_a_restart(actions: ScriptedActions, path: Path) -> None:
    workflow = chain(node("a", rollback=undo()), node("b", "gate"))
    async with engine_on(actions, path) as engine:
        execution_id = await engine.start_workflow(workflow)
        await actions.reached["b"].wait()
        await engine.cancel_workflow(execution_id)
        await engine.cancel_workflow(execution_id, rollback=True)
    actions.gates["b"].set()
    async with engine_on(actions, path) as engine:
        await engine.recover()
        assert (await engine.wait(execution_id))["status"] == "ROLLED_BACK"
    assert actions.calls[-1] == "undo a"


async def test_that_a_rollback_that_brings_the_program_down_is_given_up_and_the_rest_is_undone(
    actions: ScriptedActions, path: Path
) -> None:
    began = asyncio.Event()

    async def die(params: dict[str, Any], context: Any) -> None:
        began.set()
        await asyncio.Event().wait()

    actions.registry.register("test", "die", die)
    workflow = failing(actions, node("a", rollback=undo()), node("b", rollback=undo("die")))
    async with engine_on(actions, path) as engine:
        execution_id = await engine.start_workflow(workflow)
        await began.wait()
    for _ in range(5):
        began.clear()
        async with engine_on(actions, path) as engine:
            await engine.state_manager.open()
            engine.state_manager.was_interrupted = True
            await engine.recover()
            waiting = asyncio.create_task(engine.wait(execution_id))
            dying = asyncio.create_task(began.wait())
            await asyncio.wait((waiting, dying), return_when=asyncio.FIRST_COMPLETED)
            for task in (waiting, dying):
                task.cancel()
            await asyncio.gather(waiting, dying, return_exceptions=True)
            state = await engine.get_workflow_status(execution_id)
    assert (state["status"], state["error"]["not_rolled_back"]) == ("ROLLBACK_FAILED", ["b"])
    assert "5 times" in state["steps"]["b"]["error"]["message"]
    assert actions.calls[-1] == "undo a"


async def test_that_crashes_while_one_part_after_the_other_is_undone_do_not_give_up_their_step(
    actions: ScriptedActions, path: Path
) -> None:
    """The program dies for reasons of its own, seven times, each time at another part."""
    reached: list[str] = []
    goes_to = 0

    async def slow(params: dict[str, Any], context: Any) -> None:
        part = int(context.execution_id.rpartition("/")[2])
        if part < goes_to:
            began.set()
            await asyncio.Event().wait()
        reached.append(context.execution_id.rpartition("/")[2])

    actions.registry.register("test", "slow", slow)
    began = asyncio.Event()
    goes_to = 8
    workflow = failing(actions, each("each", body(node("w", rollback=undo("slow"))), [*range(8)]))
    async with engine_on(actions, path) as engine:
        execution_id = await engine.start_workflow(workflow)
        await began.wait()
    while goes_to > 1:
        goes_to -= 1
        began.clear()
        async with engine_on(actions, path) as engine:
            await engine.state_manager.open()
            engine.state_manager.was_interrupted = True
            await engine.recover()
            await began.wait()
    goes_to = 0
    async with engine_on(actions, path) as engine:
        await engine.state_manager.open()
        engine.state_manager.was_interrupted = True
        await engine.recover()
        assert (await engine.wait(execution_id))["status"] == "ROLLED_BACK"
    assert reached == [*"76543210"]


@pytest.mark.parametrize("number", range(1, 8))
async def test_that_a_rollback_goes_on_when_the_store_works_again(
    actions: ScriptedActions, path: Path, number: int
) -> None:
    disk = Plan(fail_with("SQLITE_FULL"), "COMMIT", at={number})
    disk.armed = False
    workflow = failing(actions, node("a", rollback=undo()), node("b", rollback=undo()), node("c", "gate"))
    store = SqliteStateManager(path, connect=connect_with(disk))
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        execution_id = await engine.start_workflow(workflow)
        await actions.reached["c"].wait()
        await engine._runtime.barrier()
        disk.armed = True
        actions.gates["c"].set()
        state = await engine.wait(execution_id)
        for _ in range(3):
            if state["status"] != "PAUSED":
                break
            assert state["reason"] == "storage_error"
            assert await engine.resume_workflow(execution_id) is True
            state = await engine.wait(execution_id)
        events = [event async for event in engine.events(execution_id)]
    assert (state["status"], state["error"]["message"]) == ("ROLLED_BACK", "boom")
    check_journal(events)
    # What had been undone before its record was refused is recorded when the store works again.
    assert actions.calls[4:] == ["undo b", "undo a"]


async def test_that_a_rollback_can_be_stopped_and_taken_up_again(
    actions: ScriptedActions, path: Path
) -> None:
    a, b = node("a", rollback=undo()), node("b", rollback=undo("gate"))
    async with engine_on(actions, path) as engine:
        execution_id = await engine.start_workflow(failing(actions, a, b))
        await actions.reached["b"].wait()
        assert await engine.pause_workflow(execution_id) is False
        assert await engine.rollback_workflow(execution_id) is True  # it is on its way already
        assert await engine.cancel_workflow(execution_id) is True
        actions.gates["b"].set()
        state = await engine.wait(execution_id)
        assert (state["status"], state["error"]["not_rolled_back"]) == ("ROLLBACK_FAILED", ["a"])
        assert state["steps"]["a"]["status"] == "COMPLETED"
        assert await engine.rollback_workflow(execution_id) is True
        assert (await engine.wait(execution_id))["status"] == "ROLLED_BACK"
    assert actions.calls[3:] == ["b", "undo a"]


async def test_that_a_rollback_can_be_stopped_at_once(actions: ScriptedActions, path: Path) -> None:
    a, b = node("a", rollback=undo()), node("b", rollback=undo("gate"))
    async with engine_on(actions, path) as engine:
        execution_id = await engine.start_workflow(failing(actions, a, b))
        await actions.reached["b"].wait()
        await engine.cancel_workflow(execution_id, force=True)
        state = await engine.wait(execution_id)
    assert (state["status"], state["error"]["not_rolled_back"]) == ("ROLLBACK_FAILED", ["b", "a"])
    assert "stopped" in state["steps"]["b"]["error"]["message"]


async def test_that_a_stop_of_a_rollback_survives_a_restart(actions: ScriptedActions, path: Path) -> None:
    a, b = node("a", rollback=undo()), node("b", rollback=undo("gate"))
    async with engine_on(actions, path) as engine:
        execution_id = await engine.start_workflow(failing(actions, a, b))
        await actions.reached["b"].wait()
        await engine.cancel_workflow(execution_id)
    async with engine_on(actions, path) as engine:
        await engine.recover()
        state = await engine.wait(execution_id)
    assert (state["status"], state["error"]["not_rolled_back"]) == ("ROLLBACK_FAILED", ["b", "a"])
    assert actions.calls[3:] == ["b"]


async def test_that_a_wait_between_two_tries_ends_when_the_rollback_is_stopped(
    engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    async def busy(params: dict[str, Any], context: Any) -> None:
        raise ConnectionError("busy")

    actions.registry.register("test", "busy", busy)
    workflow = failing(actions, node("a", rollback=undo("busy", retry=9)))
    execution_id = await engine.start_workflow(workflow)
    await clock.until_asked()
    await engine.cancel_workflow(execution_id)
    state = await engine.wait(execution_id)
    assert (state["status"], state["steps"]["a"]["error"]["message"]) == ("ROLLBACK_FAILED", "busy")


async def test_that_a_reader_who_comes_late_reads_past_the_first_end(engine: WorkflowEngine) -> None:
    execution_id = await engine.start_workflow(chain(node("a", rollback=undo())))
    await engine.wait(execution_id)
    await engine.rollback_workflow(execution_id)
    await engine.wait(execution_id)
    kinds = [event.type async for event in engine.events(execution_id)]
    assert kinds.index(EventType.EXECUTION_COMPLETED) < kinds.index(EventType.EXECUTION_ROLLED_BACK)


async def test_that_the_program_can_end_while_a_deaf_rollback_runs(
    actions: ScriptedActions, path: Path, clock: FakeClock
) -> None:
    begun, heard = asyncio.Event(), asyncio.Event()

    async def slow_to_listen(params: dict[str, Any], context: Any) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await settle(5)
            heard.set()

    actions.registry.register("test", "slow", slow_to_listen)
    async with engine_on(actions, path, clock) as engine:
        execution_id = await engine.start_workflow(failing(actions, node("a", rollback=undo("slow"))))
        await begun.wait()
    assert heard.is_set()
    async with SqliteStateManager(path) as store:
        assert (await store.get_execution_state(execution_id))["status"] == "ROLLING_BACK"


async def test_that_a_journal_that_cannot_be_read_breaks_the_wait_and_not_the_engine(
    engine: WorkflowEngine, actions: ScriptedActions, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreadable(*_: Any) -> Any:
        raise ValueError("a fault of ours")

    monkeypatch.setattr(engine._runtime.rollbacks, "left", unreadable)
    execution_id = await engine.start_workflow(failing(actions, node("a", rollback=undo())))
    with pytest.raises(ValueError, match="a fault of ours"):
        await engine.wait(execution_id)


async def test_that_a_rollback_by_hand_is_refused_while_the_store_refuses(
    actions: ScriptedActions, path: Path
) -> None:
    disk = Plan(fail_with("SQLITE_FULL"), "COMMIT")
    disk.armed = False
    store = SqliteStateManager(path, connect=connect_with(disk))
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        execution_id = await engine.start_workflow(chain(node("a", rollback=undo())))
        await engine.wait(execution_id)
        disk.armed = True
        with pytest.raises(StoreError):
            await engine.rollback_workflow(execution_id)
        disk.armed = False
        assert await engine.resume_workflow(execution_id) is True
        assert (await engine.wait(execution_id))["status"] == "ROLLED_BACK"
    assert actions.calls == ["a", "undo a"]


async def test_that_a_step_moved_by_another_program_does_not_stop_the_rollback(
    actions: ScriptedActions, path: Path
) -> None:
    workflow = chain(node("a", rollback=undo()), "b")
    async with engine_on(actions, path) as engine:
        execution_id = await engine.start_workflow(workflow)
        await engine.wait(execution_id)
    async with SqliteStateManager(path) as store:
        await store.load_state(execution_id)
        store.append(execution_id, [EventDraft(EventType.EXECUTION_ROLLING_BACK)])
        store.append(execution_id, [EventDraft(EventType.STEP_ROLLING_BACK, "a")])
    async with engine_on(actions, path) as engine:
        await engine.recover()
        assert (await engine.wait(execution_id))["status"] == "ROLLED_BACK"
