"""Runs that are over can go, and what they alone referred to; nothing else ever does."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from engine.errors import ExecutionNotFound, StoreError
from engine.history.events import EventDraft, EventType
from engine.history.status import ExecutionStatus
from engine.store.memory import MemoryStateManager
from engine.store.retention import Pruned
from engine.store.sqlite import SqliteStateManager
from engine.store.state_manager import ExecutionStateManager
from tests.support.events import completed, ended, running, started
from tests.support.flaky_disk import Plan, connect_with, fail_with
from tests.support.store_conformance import TickingTime

pytestmark = pytest.mark.asyncio

ROOT = Path(__file__).resolve().parents[3]


@pytest_asyncio.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ExecutionStateManager]:
    now = TickingTime()
    made = (
        MemoryStateManager(now=now)
        if request.param == "memory"
        else SqliteStateManager(tmp_path / "runs.db", now=now)
    )
    async with made as manager:
        yield manager


def keep_file(store: ExecutionStateManager, content: bytes) -> str:
    path = store.artifacts.temporary()
    path.write_bytes(content)
    return store.artifacts.adopt(path)


def table(sha: str) -> dict[str, Any]:
    return {"$table": sha, "rows": 1, "columns": [], "bytes": 1}


async def run_of(store: ExecutionStateManager, *outputs: Any, status: str | None = "COMPLETED") -> str:
    execution_id = await store.create_execution("w", {}, definition_hash="d")
    store.append(execution_id, [started()])
    for number, output in enumerate(outputs):
        store.append(execution_id, [running(f"s{number}"), completed(f"s{number}", output)])
    if status is not None:
        store.append(execution_id, [ended(status)])
    await store.commit()
    return execution_id


def is_there(store: ExecutionStateManager, sha: str) -> bool:
    return store.artifacts._place(sha).is_file()


async def ids(store: ExecutionStateManager) -> list[str]:
    return [summary.id for summary in await store.list_executions(limit=None, parts=True)]


async def test_that_the_newest_stay_and_the_rest_go_with_what_they_kept(store: ExecutionStateManager) -> None:
    shas = [keep_file(store, b"PAR1" + bytes([number])) for number in range(3)]
    runs = [await run_of(store, {"table": table(sha)}) for sha in shas]
    assert await store.prune(keep=1) == Pruned(runs=2, results=2, bytes=10)
    assert await ids(store) == [runs[2]]
    assert [is_there(store, sha) for sha in shas] == [False, False, True]
    assert await store.get_step_output(runs[2], "s0") == {"table": table(shas[2])}
    with pytest.raises(ExecutionNotFound):
        await store.load_state(runs[0])
    with pytest.raises(ExecutionNotFound):
        store.append(runs[0], [started()])


async def test_that_age_counts_from_the_end_and_both_limits_protect(store: ExecutionStateManager) -> None:
    runs = [await run_of(store) for _ in range(4)]
    for _ in range(3):
        assert (await store.prune(older_than=3600)).runs == 0
    store._now.time += 7200  # type: ignore[attr-defined] # the fixture's clock
    fresh = await run_of(store)
    assert (await store.prune(keep=3, older_than=3600)).runs == 2
    assert await ids(store) == [fresh, runs[3], runs[2]]
    assert (await store.prune(older_than=3600)).runs == 2
    assert await ids(store) == [fresh]


async def test_that_unfinished_runs_stay_with_their_parts_and_results(store: ExecutionStateManager) -> None:
    sha = keep_file(store, b"a")
    active = await run_of(store, table(sha), status=None)
    part = await store.create_execution("w", {}, execution_id=f"{active}/each/3")
    store.append(part, [started(), ended()])
    assert await store.prune(keep=0) == Pruned()
    assert (set(await ids(store)), is_there(store, sha)) == ({active, part}, True)
    store.append(active, [ended("FAILED")])
    assert await store.prune(keep=0) == Pruned(runs=2, results=1, bytes=1)


async def test_that_a_result_of_two_runs_goes_with_the_last(store: ExecutionStateManager) -> None:
    sha = keep_file(store, b"shared")
    await run_of(store, table(sha))
    await run_of(store, {"deep": [{"in": sha}]})  # by its bare name, somewhere inside
    assert await store.prune(keep=1) == Pruned(runs=1)
    assert is_there(store, sha)
    assert await store.prune(keep=0) == Pruned(runs=1, results=1, bytes=6)


async def test_that_what_a_stored_result_refers_to_stays(store: ExecutionStateManager) -> None:
    inner = keep_file(store, b"the inner one")
    empty = keep_file(store, b"")
    execution_id = await run_of(store, [table(inner), empty, "long text" * 20_000])
    events = await store.read_events(execution_id)
    assert any("$artifact" in event.data.get("output", {}) for event in events)
    assert (await store.prune(keep=1)).results == 0
    assert is_there(store, inner)
    assert (await store.prune(keep=0)).results == 3


async def test_that_without_a_limit_only_left_overs_go(store: ExecutionStateManager) -> None:
    await run_of(store)
    keep_file(store, b"nobody's")
    assert await store.prune() == Pruned(results=1, bytes=8)
    assert await store.prune() == Pruned()
    with pytest.raises(StoreError, match="less than nothing"):
        await store.prune(keep=-1)


async def test_that_a_result_in_no_journal_yet_stays_while_a_step_runs(
    store: ExecutionStateManager,
) -> None:
    old = keep_file(store, b"content")
    await run_of(store, table(old))
    active = await run_of(store, status=None)
    store.append(active, [running("a")])
    assert keep_file(store, b"content") == old  # moved in, and recorded only later
    assert await store.prune(keep=0) == Pruned(runs=1)
    store.append(active, [completed("a", table(old))])
    assert is_there(store, old)
    assert (await store.prune(keep=0), is_there(store, old)) == (Pruned(), True)


async def test_that_what_is_written_during_a_sweep_stays(
    store: ExecutionStateManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha, other = keep_file(store, b"chosen again"), keep_file(store, b"new")
    await run_of(store, table(sha))
    found = store._stored_names

    async def names_and_a_new_run() -> set[str]:
        names = await found()
        await store.create_execution("w", {"table": table(sha)}, execution_id="new")
        store.append("new", [started(), running("a"), completed("a", table(other)), ended()])
        return names

    monkeypatch.setattr(store, "_stored_names", names_and_a_new_run)
    assert await store.prune(keep=0) == Pruned(runs=1)
    assert is_there(store, sha)
    assert is_there(store, other)


async def test_that_what_somebody_has_found_is_not_swept_before_it_is_written_down(
    store: ExecutionStateManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step is about to take the result of a run that goes, from what the index of results said before."""
    sha = keep_file(store, b"still wanted")
    await run_of(store, table(sha))
    await store.create_execution("w", {}, execution_id="goes on")
    store.append("goes on", [started(), running("a")])
    found = store._stored_names

    async def names_while_it_is_found() -> set[str]:
        names = await found()
        assert store.artifacts.holds_all(table(sha))
        return names

    monkeypatch.setattr(store, "_stored_names", names_while_it_is_found)
    assert await store.prune(keep=0) == Pruned(runs=1)
    assert store.artifacts.holds_all(table(sha))


async def test_that_a_run_taken_up_again_after_it_was_chosen_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with SqliteStateManager(tmp_path / "runs.db") as store:
        again, _ = await run_of(store), await run_of(store)
        listed = store.list_executions

        async def listed_and_taken_up(**which: Any) -> list[Any]:
            found = await listed(**which)
            data = {"epoch": 2, "steps": [], "connections": []}
            store.append(again, [EventDraft(EventType.EXECUTION_RESTARTED, data=data)])
            return found

        monkeypatch.setattr(store, "list_executions", listed_and_taken_up)
        assert (await store.prune(keep=0)).runs == 1
        monkeypatch.undo()
        assert await ids(store) == [again]
        assert (await store.load_state(again)).epoch == 2


async def test_that_a_full_sync_takes_stored_results_along(tmp_path: Path) -> None:
    async with SqliteStateManager(tmp_path / "runs.db") as store:
        keep_file(store, b"new")
        await store.commit()
        assert store.artifacts.unsynced == 1
        await store.commit(full_sync=True)
        assert store.artifacts.unsynced == 1  # nothing refers to it yet: there was nothing to sync
        await run_of(store, "x")
        await store.commit(full_sync=True)
        assert store.artifacts.unsynced == 0


async def test_that_two_prunings_at_once_wait_for_each_other(store: ExecutionStateManager) -> None:
    for number in range(30):
        await run_of(store, table(keep_file(store, bytes([number]))))
    done = await asyncio.gather(store.prune(keep=3), store.prune(keep=1))
    assert [(one.runs, one.results) for one in done] == [(27, 27), (2, 2)]


async def test_that_ended_runs_are_told_apart_from_pruned_ones_for_long(tmp_path: Path) -> None:
    async with SqliteStateManager(tmp_path / "runs.db") as store:
        for _ in range(40):
            await run_of(store)
        assert (await store.prune(keep=0)).runs == 40
        for _ in range(80):
            await run_of(store)
        assert (await store.prune(keep=10)).runs == 70


async def test_that_definitions_go_when_no_run_is_left_that_another_process_saved(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    async with SqliteStateManager(path) as store:
        await store.save_definition("d", {"name": "old"})
        await run_of(store)
        await store.prune(keep=0)
        assert await store.load_definition("d") == {"name": "old"}  # an engine may start another run with it
    async with SqliteStateManager(path) as store:
        await store.prune(keep=0)
        with pytest.raises(StoreError):
            await store.load_definition("d")
        assert await run_of(store)


@pytest.mark.parametrize("at", range(1, 9))
async def test_that_a_fault_at_any_write_leaves_runs_whole(tmp_path: Path, at: int) -> None:
    plan = Plan(fail_with("SQLITE_IOERR_WRITE"), "BEGIN", "DELETE", "COMMIT", at={at})
    plan.armed = False
    path = tmp_path / "runs.db"
    async with SqliteStateManager(path, connect=connect_with(plan)) as store:
        sha = keep_file(store, b"x")
        for _ in range(3):
            await run_of(store, table(sha))
        plan.armed = True
        try:
            await store.prune(keep=0)
            gone = True
        except StoreError:
            gone = False
        plan.armed = False
        left = await ids(store)
        assert len(left) == (0 if gone else 3)
        assert is_there(store, sha) is not gone
        for execution_id in left:
            assert (await store.load_state(execution_id)).status is ExecutionStatus.COMPLETED
            assert await store.get_step_output(execution_id, "s0") == table(sha)
        assert (await store.prune(keep=0)).runs == len(left)
        assert not is_there(store, sha)


KILLED = """
import asyncio, os, signal, sqlite3, sys
from pathlib import Path
from engine.store import database
from engine.store.sqlite import SqliteStateManager
left = int(sys.argv[2])
def die_if_due():
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
class Dying(sqlite3.Connection):
    def execute(self, sql, *parameters):
        if sql.startswith(("DELETE", "COMMIT", "BEGIN")):
            die_if_due()
        return super().execute(sql, *parameters)
def connect(path):
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Dying)
async def main():
    store = SqliteStateManager(sys.argv[1], connect=connect)
    unlink = Path.unlink
    def dying(path, *a, **k):
        die_if_due()
        unlink(path, *a, **k)
        die_if_due()
    Path.unlink = dying
    await store.prune(keep=1)
    os._exit(7)
asyncio.run(main())
"""


@pytest.mark.parametrize("dies_at", [1, 3, 6, 8, 9, 10, 11, 12, 13, 14])
async def test_that_a_killed_pruning_loses_nothing_that_is_needed(tmp_path: Path, dies_at: int) -> None:
    path = tmp_path / "runs.db"
    async with SqliteStateManager(path) as store:
        shared = keep_file(store, b"shared")
        alone = [keep_file(store, bytes([number])) for number in range(2)]
        for sha in alone:
            await run_of(store, table(sha), table(shared))
        newest = await run_of(store, table(shared))
    command = [sys.executable, "-c", KILLED, str(path), str(dies_at)]
    done = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode in (-signal.SIGKILL, 7), done.stderr
    async with SqliteStateManager(path) as store:
        for execution_id in await ids(store):
            state = await store.load_state(execution_id)
            for step in state.steps.values():
                assert store.artifacts.path(step.output).is_file()
        await store.prune(keep=1)
        assert await ids(store) == [newest]
        assert [is_there(store, sha) for sha in (*alone, shared)] == [False, False, True]
    with sqlite3.connect(path) as connection:
        for name in ("journal", "steps"):
            assert connection.execute(f"SELECT count(DISTINCT execution) FROM {name}").fetchone() == (1,)
    connection.close()
