"""When the disk is full, slow or broken: nothing is lost, repeated, or called durable when it is not."""

import asyncio
import sqlite3
import threading

import pytest

from engine.errors import StorageFull, StoreError
from engine.store.sqlite import SqliteStateManager
from tests.support.events import completed, resolved, running, started, supplied
from tests.support.flaky_disk import Plan, connect_with, fail_with


@pytest.mark.asyncio
async def test_that_a_full_disk_is_said_and_the_next_commit_goes_on(tmp_path):
    plan = Plan(fail_with("SQLITE_FULL"), "COMMIT")
    plan.armed = False
    async with SqliteStateManager(tmp_path / "runs.db", connect=connect_with(plan)) as store:
        execution_id = await store.create_execution("w", {})
        store.append(execution_id, [started()])
        plan.armed = True
        for full_sync in (False, True):
            with pytest.raises(StorageFull, match="no room left"):
                await store.commit(full_sync=full_sync)
        assert len(await store.read_events(execution_id)) == 1
        store.append(execution_id, [running("a")])
        plan.armed = False
        await store.commit()
        assert [event.seq for event in await store.read_events(execution_id)] == [1, 2, 3]


@pytest.mark.asyncio
async def test_that_sqlite_itself_out_of_pages_is_a_full_disk(tmp_path):
    connections = []
    real = connect_with(Plan(lambda: None, "never"))

    def connect(path):
        connections.append(real(path))
        return connections[-1]

    async with SqliteStateManager(tmp_path / "runs.db", connect=connect) as store:
        execution_id = await store.create_execution("w", {})
        writer = connections[0]
        pages = writer.execute("PRAGMA page_count").fetchone()[0]
        writer.execute(f"PRAGMA max_page_count = {pages + 1}")
        store.append(execution_id, [supplied(text="x" * 60_000)])
        with pytest.raises(StorageFull):
            await store.commit()
        writer.execute("PRAGMA max_page_count = 1000000")
        await store.commit()
        assert len(await store.read_events(execution_id)) == 2


@pytest.mark.asyncio
@pytest.mark.parametrize("at", range(1, 14))
@pytest.mark.parametrize("full_sync", [False, True])
async def test_that_a_fault_at_any_write_loses_and_repeats_nothing(tmp_path, at, full_sync):
    plan = Plan(fail_with("SQLITE_IOERR_WRITE"), "BEGIN", "INSERT", "COMMIT", "UPDATE", at={at})
    plan.armed = False
    async with SqliteStateManager(tmp_path / "runs.db", connect=connect_with(plan)) as store:
        execution_id = await store.create_execution("w", {})
        plan.armed = True
        failures = 0
        for number in range(1, 5):
            store.append(execution_id, [running(f"s{number}"), completed(f"s{number}", number)])
            try:
                await store.commit(full_sync=full_sync)
                durable = number
            except StoreError:
                failures += 1
                assert len(await store.read_events(execution_id)) == 1 + 2 * (number - 1)
                continue
            assert len(await store.read_events(execution_id)) == 1 + 2 * durable
        assert failures == 1
        plan.armed = False
        state = await store.load_state(execution_id)
        assert state.outputs == {f"s{number}": number for number in range(1, 5)}


@pytest.mark.asyncio
async def test_that_work_goes_on_while_a_thread_waits_for_the_disk(tmp_path):
    reached, go_on = threading.Event(), threading.Event()

    def hold():
        reached.set()
        assert go_on.wait(30)

    plan = Plan(hold, "COMMIT", at={1})
    plan.armed = False
    async with SqliteStateManager(tmp_path / "runs.db", connect=connect_with(plan)) as store:
        execution_id = await store.create_execution("w", {})
        plan.armed = True
        store.append(execution_id, [started()])
        synced = asyncio.create_task(store.commit(full_sync=True))
        await asyncio.to_thread(reached.wait, 30)
        store.append(execution_id, [running("a")])
        behind = asyncio.create_task(store.commit())
        await asyncio.sleep(0)
        assert not behind.done()
        assert len(await store.read_events(execution_id)) == 1
        go_on.set()
        await asyncio.gather(synced, behind)
        assert len(await store.read_events(execution_id)) == 3


@pytest.mark.asyncio
async def test_that_a_full_sync_is_asked_of_the_disk_even_when_all_is_written(tmp_path):
    seen = []
    plan = Plan(lambda: None, "never")
    plan.see = seen.append
    async with SqliteStateManager(tmp_path / "runs.db", connect=connect_with(plan)) as store:
        execution_id = await store.create_execution("w", {})
        store.append(execution_id, [started()])
        await store.commit()
        seen.clear()
        await store.commit(full_sync=True)
        written = [statement.split(" VALUES")[0] for statement in seen]
        assert written[0] == "PRAGMA synchronous = FULL"
        assert written[-1] == "PRAGMA synchronous = NORMAL"
        assert any(statement.startswith("UPDATE meta") for statement in written)
        seen.clear()
        await store.commit(full_sync=True)
        assert seen == []


@pytest.mark.asyncio
@pytest.mark.parametrize(("fault", "is_anew"), [("SQLITE_IOERR_FSYNC", True), ("SQLITE_FULL", False)])
async def test_that_after_a_sync_that_failed_all_is_written_anew(tmp_path, fault, is_anew):
    seen = []
    plan = Plan(fail_with(fault), "COMMIT")
    plan.armed = False
    watch = plan.see
    plan.see = lambda statement: (seen.append(statement), watch(statement))
    path = tmp_path / "runs.db"
    async with SqliteStateManager(path, connect=connect_with(plan)) as store:
        execution_id = await store.create_execution("w", {})
        for number in range(500):
            store.append(execution_id, [supplied(n=number)])
        await store.commit()
        plan.armed = True
        with pytest.raises(StoreError):
            await store.commit(full_sync=True)
        plan.armed = False
        size = path.stat().st_size
        await store.commit(full_sync=True)
        # What the log holds may never have reached the disk, although the next sync of it says so.
        assert ("PRAGMA wal_checkpoint(FULL)" in seen) is is_anew
        assert (path.stat().st_size > size) is is_anew
        seen.clear()
        store.append(execution_id, [started()])
        await store.commit(full_sync=True)
        assert "PRAGMA wal_checkpoint(FULL)" not in seen


@pytest.mark.asyncio
async def test_that_a_log_that_cannot_be_written_anew_is_not_called_safe(tmp_path):
    plan = Plan(fail_with("SQLITE_IOERR_FSYNC"), "COMMIT")
    plan.armed = False
    path = tmp_path / "runs.db"
    real = connect_with(plan)

    def connect(path):
        connection = real(path)
        sqlite3.Connection.execute(connection, "PRAGMA busy_timeout = 0")
        return connection

    async with SqliteStateManager(path, connect=connect) as store:
        execution_id = await store.create_execution("w", {})
        store.append(execution_id, [started()])
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM journal").fetchone()
        plan.armed = True
        with pytest.raises(StoreError):
            await store.commit(full_sync=True)
        plan.armed = False
        for _ in range(2):
            with pytest.raises(StoreError, match="written anew") as caught:
                await store.commit(full_sync=True)
            assert "Close other programs" in caught.value.hint
        other.close()
        await store.commit(full_sync=True)
        assert len(await store.read_events(execution_id)) == 2


@pytest.mark.asyncio
async def test_that_the_log_is_moved_into_the_main_file_in_the_background(tmp_path):
    path = tmp_path / "runs.db"
    async with SqliteStateManager(path) as store:
        before = path.stat().st_size
        execution_id = await store.create_execution("w", {})
        for number in range(7_000):
            store.append(execution_id, [supplied(n=number)])
        await store.commit()
        # Reading waits in line behind the checkpoint.
        await store.list_executions()
        assert path.stat().st_size > before


@pytest.mark.asyncio
async def test_that_many_large_results_are_synced_in_the_background(tmp_path):
    async with SqliteStateManager(tmp_path / "runs.db") as store:
        execution_id = await store.create_execution("w", {})
        for number in range(60):
            temporary = store.artifacts.temporary()
            temporary.write_text(str(number))
            store.artifacts.adopt(temporary)
        store.append(execution_id, [started()])
        await store.commit()
        await store.list_executions()
        assert store.artifacts.unsynced == 0


@pytest.mark.asyncio
@pytest.mark.parametrize("full_sync", [False, True])
async def test_that_a_completion_is_never_durable_without_what_was_decided_with_it(tmp_path, full_sync):
    plan = Plan(fail_with("SQLITE_FULL"), "COMMIT", at={2})
    plan.armed = False
    async with SqliteStateManager(tmp_path / "runs.db", connect=connect_with(plan)) as store:
        execution_id = await store.create_execution("w", {})
        # The transaction is as long as it should get when the step completes.
        store.append(execution_id, [started(), running("a"), *[supplied(n=1)] * 497])
        store.append(execution_id, [completed("a")])
        store.append(execution_id, [resolved("a>b")])
        plan.armed = True
        await store.commit(full_sync=full_sync)
        assert len(await store.read_events(execution_id)) == 502
        store.append(execution_id, [supplied(n=2)])
        with pytest.raises(StorageFull):
            await store.commit(full_sync=full_sync)
