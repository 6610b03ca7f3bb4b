"""A person stops a rollback that undoes the parts of a step: once gently, twice at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from engine import SqliteStateManager, WorkflowEngine
from tests.engine.run.undoable import BOOM, engine_on, undo
from tests.support.builders import chain, make_workflow, node
from tests.support.compositions import body, each, sub
from tests.support.fake_clock import FakeClock, settle
from tests.support.journal_rules import check_journal
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio
ITEMS = [0, 1, 2, 3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


@pytest.fixture
def undone(actions: ScriptedActions) -> list[int]:
    """The items that were undone; item 2 waits at the gate of that name."""
    done: list[int] = []

    async def slow(params: dict[str, Any], context: Any) -> None:
        if params["item"] == 2:
            actions.reached["undo"].set()
            await actions.gates["undo"].wait()
        done.append(params["item"])

    actions.registry.register("test", "slow", slow)
    return done


def items() -> dict[str, Any]:
    step = node("w", parameters={"item": "${item}"}, rollback=undo("slow", parameters={"item": "${item}"}))
    return make_workflow([each("each", body(step), ITEMS), node("before", rollback=undo())], ["before>each"])


async def undoing(engine: WorkflowEngine, actions: ScriptedActions) -> str:
    """A run that has completed, and is being undone as far as item 2."""
    execution_id = await engine.start_workflow(items())
    assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert await engine.rollback_workflow(execution_id)
    await actions.reached["undo"].wait()
    return execution_id


async def statuses(engine: WorkflowEngine) -> list[str]:
    parts = await engine.state_manager.list_executions(parts=True, limit=None)
    return [part.status.value for part in sorted(parts, key=lambda part: part.id)]


@pytest.mark.parametrize("restarts", [False, True], ids=["", "over a restart"])
async def test_that_no_further_part_is_undone_and_the_rest_is_when_it_is_asked_for_again(
    actions: ScriptedActions, path: Path, undone: list[int], restarts: bool
) -> None:
    engine = engine_on(actions, path)
    execution_id = await undoing(engine, actions)
    assert await engine.cancel_workflow(execution_id)
    if restarts:  # while item 2 is being undone, which then nobody begins again
        await engine.close()
        engine = engine_on(actions, path)
        await engine.recover()
    else:
        actions.gates["undo"].set()
    state = await engine.wait(execution_id)
    assert (state["status"], state["error"]["not_rolled_back"]) == ("ROLLBACK_FAILED", ["each", "before"])
    assert undone == ([3] if restarts else [3, 2])
    item_2 = "ROLLBACK_FAILED" if restarts else "ROLLED_BACK"
    assert await statuses(engine) == ["ROLLBACK_FAILED", "COMPLETED", "COMPLETED", item_2, "ROLLED_BACK"]
    actions.gates["undo"].set()
    assert await engine.rollback_workflow(execution_id)
    assert (await engine.wait(execution_id))["status"] == "ROLLED_BACK"
    assert undone == [3, 2, 1, 0]
    assert actions.calls[-1] == "undo before"
    check_journal([event async for event in engine.events(execution_id)])
    await engine.close()


async def test_that_a_second_stop_interrupts_what_undoes_a_part(
    engine: WorkflowEngine, actions: ScriptedActions, undone: list[int]
) -> None:
    execution_id = await undoing(engine, actions)
    assert await engine.cancel_workflow(execution_id)
    assert await engine.cancel_workflow(execution_id, force=True)
    assert (await engine.wait(execution_id))["status"] == "ROLLBACK_FAILED"
    assert undone == [3]


async def test_that_a_part_that_undoes_itself_does_not_hold_up_a_run_that_is_stopped_at_once(
    engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    actions.errors["fails"] = [RuntimeError("boom")]
    inner = body(
        node("w", rollback=undo("gate")), node("fails", "fail"), connections=["w>fails"], settings=BOOM
    )
    execution_id = await engine.start_workflow(make_workflow([sub("part", inner)]))
    await actions.reached["w"].wait()
    await engine.cancel_workflow(execution_id)
    await settle()
    assert (await engine.get_workflow_status(execution_id))["status"] == "CANCELLING"  # what runs is finished
    await engine.cancel_workflow(execution_id, force=True)
    assert (await engine.wait(execution_id))["status"] == "CANCELLED"
    assert await statuses(engine) == ["CANCELLED", "ROLLBACK_FAILED"]


async def test_that_a_stop_with_rollback_asked_for_once_more_breaks_off_no_rollback(
    actions: ScriptedActions, path: Path, undone: list[int]
) -> None:
    """Whoever says again what they want, after a restart say, means the same."""
    step = node("w", parameters={"item": "${item}"}, rollback=undo("slow", parameters={"item": "${item}"}))
    inner = body(step, node("g", "gate"), connections=["w>g"])
    workflow = make_workflow([each("each", inner, ITEMS)])
    async with WorkflowEngine(registry=actions.registry, state_manager=SqliteStateManager(path)) as engine:
        execution_id = await engine.start_workflow(workflow)
        await actions.reached["g"].wait()
        await engine.cancel_workflow(execution_id, force=True, rollback=True)
        await actions.reached["undo"].wait()
        await engine.cancel_workflow(execution_id, force=True, rollback=True)
        actions.gates["undo"].set()
        assert (await engine.wait(execution_id))["status"] == "ROLLED_BACK"
    assert sorted(undone) == ITEMS


async def test_that_stopping_twice_at_once_gives_one_grace(
    engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    async def deaf(params: dict[str, Any], context: Any) -> None:
        while not actions.gates["end"].is_set():
            actions.reached["undo"].set()
            try:
                await actions.gates["end"].wait()
            except asyncio.CancelledError:
                continue

    actions.registry.register("test", "deaf", deaf)
    execution_id = await engine.start_workflow(chain(node("a", rollback=undo("deaf"))))
    await engine.wait(execution_id)
    await engine.rollback_workflow(execution_id)
    await actions.reached["undo"].wait()
    for _ in range(2):
        await engine.cancel_workflow(execution_id, force=True)
    assert clock.delays == [5.0]
    await clock.advance(5)
    assert (await engine.wait(execution_id))["status"] == "ROLLBACK_FAILED"
    actions.gates["end"].set()
    await settle()


async def test_that_a_part_in_which_nothing_was_done_is_as_good_as_undone(
    engine: WorkflowEngine, actions: ScriptedActions, undone: list[int]
) -> None:
    step = node("w", rollback=undo("slow", parameters={"item": "${item}"}), condition="item == 3")
    execution_id = await engine.start_workflow(make_workflow([each("each", body(step), ITEMS)]))
    await engine.wait(execution_id)
    await engine.rollback_workflow(execution_id)
    assert (await engine.wait(execution_id))["status"] == "ROLLED_BACK"
    assert undone == [3]


@pytest.mark.parametrize("naps", [1, 2])
async def test_that_a_rollback_asleep_keeps_no_other_run_waiting(
    actions: ScriptedActions, clock: FakeClock, naps: int
) -> None:
    async def nap(params: dict[str, Any], context: Any) -> None:
        await asyncio.gather(*(context.sleep(100) for _ in range(naps)))

    actions.registry.register("test", "nap", nap)
    async with WorkflowEngine(1, registry=actions.registry, clock=clock) as engine:
        execution_id = await engine.start_workflow(chain(node("a", rollback=undo("nap"))))
        await engine.wait(execution_id)
        await engine.rollback_workflow(execution_id)
        await clock.until_asked(naps)
        other = await engine.start_workflow(chain("b"))
        assert (await engine.wait(other))["status"] == "COMPLETED"
        await clock.advance(100)
        assert (await engine.wait(execution_id))["status"] == "ROLLED_BACK"
        assert engine.semaphore._value == 1
