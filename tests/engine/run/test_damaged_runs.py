"""A run whose record is not what was written does not go on, says why, and holds up nobody else."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine import SqliteStateManager, WorkflowEngine
from engine.errors import RunDamaged
from engine.history.events import EventDraft, EventType
from engine.history.status import ExecutionStatus
from engine.store.state_manager import ExecutionSummary
from tests.support.builders import chain, make_workflow, node
from tests.support.compositions import body, each
from tests.support.fake_clock import settle
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio

WAYS = {
    ExecutionStatus.PENDING: [],
    ExecutionStatus.RUNNING: [EventType.EXECUTION_STARTED],
    ExecutionStatus.PAUSING: [EventType.EXECUTION_STARTED, EventType.EXECUTION_PAUSING],
    ExecutionStatus.PAUSED: [EventType.EXECUTION_STARTED, EventType.EXECUTION_PAUSED],
    ExecutionStatus.CANCELLING: [EventType.EXECUTION_STARTED, EventType.EXECUTION_CANCELLING],
    ExecutionStatus.ROLLING_BACK: [EventType.EXECUTION_STARTED, EventType.EXECUTION_ROLLING_BACK],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


def engine_on(actions: ScriptedActions, path: Path) -> WorkflowEngine:
    return WorkflowEngine(registry=actions.registry, state_manager=SqliteStateManager(path))


def change(path: Path, statement: str, *parameters: Any) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement, parameters).rowcount > 0


async def listed(engine: WorkflowEngine, execution_id: str) -> ExecutionSummary:
    found = {run.id: run for run in await engine.state_manager.list_executions(parts=True)}
    return found[execution_id]


async def test_that_a_damaged_run_says_so_and_the_others_go_on(
    actions: ScriptedActions, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    workflow = chain(node("first", parameters={"amount": 100}), node("slow", "gate"), "last")
    async with engine_on(actions, path) as engine:
        damaged, sound = [await engine.start_workflow(workflow) for _ in range(2)]
        while actions.count("slow") < 2:
            await settle()
        await engine._runtime.barrier()
    change(
        path,
        "UPDATE journal SET data = replace(data, '100', '900') WHERE step_id = 'first' AND data LIKE '%100%' "
        "AND execution = (SELECT key FROM executions WHERE id = ?)",
        damaged,
    )
    actions.gates["slow"].set()
    for expected in ([sound], []):  # and not again at the next start
        caplog.clear()
        async with engine_on(actions, path) as engine:
            assert await engine.recover() == expected
            assert (await engine.wait(sound))["status"] == "COMPLETED"
            run = await listed(engine, damaged)
            assert run.status is ExecutionStatus.QUARANTINED
            assert run.error is not None
            assert run.error["type"] == "RunDamaged"
            assert f"run {damaged} is damaged: event 4 " in run.error["message"]
            assert "others are not touched" in run.error["hint"]
            with pytest.raises(RunDamaged, match="event 4 "):
                await engine.get_workflow_status(damaged)
            with pytest.raises(RunDamaged, match="event 4 "):
                await engine.resume_workflow(damaged)
        assert (f"Run {damaged} of" in caplog.text) is bool(expected)
    assert actions.calls.count("slow") == 3
    assert actions.calls.count("last") == 1
    async with SqliteStateManager(path) as store:
        assert (await store.prune(keep=0)).runs == 2  # and it can be removed


@pytest.mark.parametrize("status", WAYS)
async def test_that_a_damaged_run_comes_to_an_end_wherever_it_was(
    actions: ScriptedActions, path: Path, status: ExecutionStatus
) -> None:
    async with SqliteStateManager(path) as store:
        execution_id = await store.create_execution("w", {"x": 1}, workflow_name="Mine")
        store.append(execution_id, [EventDraft(event_type) for event_type in WAYS[status]])
    change(path, "UPDATE journal SET data = replace(data, '\"x\":1', '\"x\":2') WHERE seq = 1")
    async with engine_on(actions, path) as engine:
        assert (await listed(engine, execution_id)).status is status
        assert await engine.recover() == []
        run = await listed(engine, execution_id)
        assert run.status.is_terminal
        assert run.error is not None
        assert "event 1 " in run.error["message"]


async def test_that_nothing_of_a_run_runs_when_one_of_its_parts_is_damaged(
    actions: ScriptedActions, path: Path
) -> None:
    inner = body(node("inside", "gate"), "after")
    async with engine_on(actions, path) as engine:
        execution_id = await engine.start_workflow(make_workflow([each("all", inner, [1, 2, 3])]))
        while actions.count("inside") < 3:
            await settle()
        await engine._runtime.barrier()
    change(path, "UPDATE journal SET attempt = 7 WHERE step_id = 'inside' AND execution = 4")
    actions.gates["inside"].set()
    actions.calls.clear()
    async with engine_on(actions, path) as engine:
        assert await engine.recover() == []
        await settle()
        assert actions.calls == []
        run = await listed(engine, execution_id)
        assert run.status is ExecutionStatus.QUARANTINED
        assert run.error is not None
        assert f"{execution_id}/all/2 is damaged" in run.error["message"]
        assert (await listed(engine, f"{execution_id}/all/1")).status is ExecutionStatus.RUNNING
        assert engine.semaphore._value == engine.max_concurrent_steps


async def test_that_a_run_is_left_alone_of_which_no_end_can_be_recorded(
    actions: ScriptedActions, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with SqliteStateManager(path) as store:
        gone = await store.create_execution("w", {}, workflow_name="Gone")
        other = await store.create_execution("w", {}, workflow_name="Other")
        for execution_id in (gone, other):
            store.append(execution_id, [EventDraft(EventType.EXECUTION_STARTED)])
    change(path, "DELETE FROM journal WHERE execution = (SELECT key FROM executions WHERE id = ?)", gone)
    # What ended by its row has not ended by its journal.
    change(path, "UPDATE executions SET status = 7 WHERE id = ?", other)
    async with engine_on(actions, path) as engine:
        assert await engine.recover() == []
        assert "nothing is left of its journal" in caplog.text
        assert (await listed(engine, gone)).status is ExecutionStatus.RUNNING
        with pytest.raises(RunDamaged, match="contradict its journal"):
            await engine.get_workflow_status(other)
        with pytest.raises(RunDamaged, match="contradict its journal"):
            await engine.resume_workflow(other)


async def test_that_runs_are_listed_beside_one_whose_row_makes_no_sense(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with SqliteStateManager(path) as store:
        for name in ("first", "second", "third"):
            await store.create_execution("w", {}, execution_id=name)
    change(path, "UPDATE executions SET status = 99 WHERE id = 'second'")
    change(path, "UPDATE executions SET error = '{' WHERE id = 'third'")
    async with SqliteStateManager(path) as store:
        assert [run.id for run in await store.list_executions()] == ["first"]
    assert "row of run second" in caplog.text
    assert "row of run third" in caplog.text
