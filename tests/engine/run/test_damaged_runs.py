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
from tests.support.events import completed, running
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
        "UPDATE entries SET data = replace(data, '100', '900') WHERE step_id = 'first' AND data LIKE '%100%' "
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
            assert (await engine.statistics(run.workflow_id)).total.runs == 1  # over those that can be read
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
    change(path, "UPDATE entries SET data = replace(data, '\"x\":1', '\"x\":2') WHERE seq = 1")
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
    change(path, "UPDATE entries SET attempt = 7 WHERE step_id = 'inside' AND execution = 4")
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
    change(path, "DELETE FROM entries WHERE execution = (SELECT key FROM executions WHERE id = ?)", gone)
    change(
        path,
        "INSERT INTO step_rows VALUES ((SELECT key FROM executions WHERE id = ?), 'a', 1, '', 1, 1, 1, 1, 2)",
        other,
    )
    async with engine_on(actions, path) as engine:
        assert await engine.recover() == []
        assert "nothing is left of its journal" in caplog.text
        assert (await listed(engine, gone)).status is ExecutionStatus.RUNNING
        with pytest.raises(RunDamaged, match="contradict its journal"):
            await engine.get_workflow_status(other)
        with pytest.raises(RunDamaged, match="contradict its journal"):
            await engine.resume_workflow(other)


@pytest.mark.parametrize("lost", [3, 5])
async def test_that_a_journal_whose_end_is_missing_is_refused(path: Path, lost: int) -> None:
    async with SqliteStateManager(path) as store:
        execution_id = await store.create_execution("w", {})
        store.append(execution_id, [EventDraft(EventType.EXECUTION_STARTED), running("a")])
        store.append(execution_id, [completed("a", {"n": 1}), running("b")])
    change(path, "DELETE FROM entries WHERE seq >= ?", lost)
    async with SqliteStateManager(path) as store:
        with pytest.raises(RunDamaged, match=f"event {lost} is missing"):
            await store.load_state(execution_id)


async def test_that_the_row_of_a_run_is_made_anew_from_its_journal(
    actions: ScriptedActions, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with engine_on(actions, path) as engine:
        ended = await engine.start_workflow(make_workflow([node("fails", "fail")], name="Ended"))
        under_way = await engine.start_workflow(make_workflow([node("slow", "gate")], name="Under way"))
        await engine.wait(ended)
        await actions.reached["slow"].wait()
        await engine._runtime.barrier()
        was = await engine.state_manager.list_executions()
    change(path, "UPDATE executions SET status = 99, created_at = 5, started_at = NULL WHERE id = ?", ended)
    # By its row it has ended, and nobody would go on with it.
    change(
        path, "UPDATE executions SET status = 5, workflow_name = 'Over', error = '{' WHERE id = ?", under_way
    )
    actions.gates["slow"].set()
    async with engine_on(actions, path) as engine:
        assert await engine.state_manager.list_executions() == was
        assert f"row of run {ended}" in caplog.text
        assert f"row of run {under_way}" in caplog.text
        assert await engine.recover() == [under_way]
        assert (await engine.wait(under_way))["status"] == "COMPLETED"
        assert (await engine.get_workflow_status(ended))["status"] == "COMPLETED"
    caplog.clear()
    async with engine_on(actions, path) as engine:
        assert (await listed(engine, under_way)).workflow_name == "Under way"
    assert under_way not in caplog.text  # it was written again as the run went on


async def test_that_runs_are_listed_beside_one_of_which_nothing_makes_sense(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with SqliteStateManager(path) as store:
        for name in ("first", "second"):
            await store.create_execution("w", {}, execution_id=name)
    change(path, "UPDATE executions SET id = 'sekond' WHERE id = 'second'")
    async with SqliteStateManager(path) as store:
        lost, first = await store.list_executions()
        assert (first.id, first.status) == ("first", ExecutionStatus.PENDING)
        assert (lost.id, lost.status) == ("sekond", ExecutionStatus.QUARANTINED)
        assert lost.error is not None
        assert "run sekond is damaged: event 1 " in lost.error["message"]
        assert [run.id for run in await store.unfinished()] == ["first"]
        with pytest.raises(RunDamaged, match="event 1 "):
            await store.load_state("sekond")
    assert "row of run sekond" in caplog.text


async def test_that_a_store_whose_own_notes_are_damaged_opens_and_syncs(path: Path) -> None:
    async with SqliteStateManager(path) as store:
        await store.create_execution("w", {}, execution_id="kept")
    change(path, "UPDATE meta SET name = 'x' || name")
    async with SqliteStateManager(path) as store:
        assert store.was_interrupted  # nobody can tell: it is looked through
        await store.load_state("kept")
        store.append("kept", [EventDraft(EventType.EXECUTION_STARTED)])
        await store.commit(full_sync=True)
    with closing(sqlite3.connect(path)) as connection:
        notes = dict(connection.execute("SELECT name, value FROM meta"))
    assert notes["closed_cleanly"] == 1
    assert notes["syncs"] >= 1
