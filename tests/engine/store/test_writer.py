"""Who waits for a commit is told what became of it, each for himself, whatever becomes of the others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from engine.errors import StorageFull
from engine.store.sqlite import SqliteStateManager
from tests.support.events import running, started, supplied
from tests.support.flaky_disk import Plan, connect_with, fail_with

pytestmark = pytest.mark.asyncio


class SlowDisk:
    """A store whose next commit stands still until it is let go, and whose later ones may fail."""

    def __init__(self, path: Path) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        self.plan = Plan(self._act, "COMMIT")
        self.plan.armed = False
        self.fails: set[int] = set()
        self.store = SqliteStateManager(path, connect=connect_with(self.plan))
        self.run = ""

    def _act(self) -> None:
        if self.plan.count == 1:
            self.reached.set()
            assert self.go_on.wait(30)
        if self.plan.count in self.fails:
            fail_with("SQLITE_FULL")()

    async def begin(self) -> asyncio.Task[None]:
        """A full sync that stands still."""
        self.run = await self.store.create_execution("w", {})
        self.plan.armed = True
        self.store.append(self.run, [started()])
        task = asyncio.create_task(self.store.commit(full_sync=True))
        await asyncio.to_thread(self.reached.wait, 30)
        return task

    async def seen(self) -> int:
        return len(await self.store.read_events(self.run))


@pytest_asyncio.fixture
async def disk(tmp_path: Path) -> AsyncIterator[SlowDisk]:
    made = SlowDisk(tmp_path / "runs.db")
    async with made.store:
        yield made
        made.plan.armed = False
        made.go_on.set()


async def test_that_those_who_waited_behind_a_sync_hear_of_a_full_disk_and_nothing_is_lost(
    disk: SlowDisk,
) -> None:
    synced = await disk.begin()
    disk.store.append(disk.run, [running("a")])
    behind = [asyncio.create_task(disk.store.commit()) for _ in range(2)]
    await asyncio.sleep(0)
    disk.fails = {2}
    disk.go_on.set()
    await synced
    for task in behind:
        with pytest.raises(StorageFull):
            await task
    assert await disk.seen() == 2
    await disk.store.commit()
    assert await disk.seen() == 3


@pytest.mark.parametrize("is_full", [False, True])
async def test_that_who_gives_up_waiting_takes_nobody_along(disk: SlowDisk, is_full: bool) -> None:
    first = await disk.begin()
    disk.store.append(disk.run, [running("a")])
    gives_up, stays = (asyncio.create_task(disk.store.commit(full_sync=True)) for _ in range(2))
    await asyncio.sleep(0)
    disk.fails = {2} if is_full else set()
    gives_up.cancel()
    disk.go_on.set()
    await first
    if is_full:
        with pytest.raises(StorageFull):
            await stays
        await disk.store.commit()
    else:
        await stays
    assert gives_up.cancelled()
    assert await disk.seen() == 3


async def test_that_a_first_sync_that_was_given_up_is_done_all_the_same(disk: SlowDisk) -> None:
    task = await disk.begin()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    disk.store.append(disk.run, [running("a")])
    behind = asyncio.create_task(disk.store.commit())
    disk.go_on.set()
    await behind
    assert await disk.seen() == 3


async def test_that_a_sync_that_is_given_up_while_it_fails_bothers_nobody(disk: SlowDisk) -> None:
    disk.fails = {1}
    task = await disk.begin()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    disk.go_on.set()
    await disk.store.commit(full_sync=True)
    assert await disk.seen() == 2


async def test_that_what_a_full_disk_kept_back_is_written_in_its_order_with_a_sync(tmp_path: Path) -> None:
    """More than one transaction can hold: each is written whole, and all of them are synced."""
    plan = Plan(fail_with("SQLITE_FULL"), "COMMIT")
    plan.armed = False
    async with SqliteStateManager(tmp_path / "runs.db", connect=connect_with(plan)) as store:
        run = await store.create_execution("w", {})
        store.append(run, [started(), *(running(f"s{number}") for number in range(600))])
        plan.armed = True
        with pytest.raises(StorageFull):
            await store.commit()
        plan.armed = False
        store.append(run, [running("last")])
        plan.act, plan.armed, plan.count = (lambda: None), True, 0
        await store.commit(full_sync=True)
        assert plan.count == 2
        events = await store.read_events(run)
    assert [event.step_id for event in events[2:]] == [*(f"s{number}" for number in range(600)), "last"]


async def test_that_runs_created_at_once_share_a_transaction(tmp_path: Path) -> None:
    plan = Plan(lambda: None, "COMMIT")
    async with SqliteStateManager(tmp_path / "runs.db", connect=connect_with(plan)) as store:
        await store.create_execution("w", {})
        plan.count = 0
        runs = await asyncio.gather(*(store.create_execution("w", {"n": n}) for n in range(20)))
        assert plan.count == 1
        assert [(await store.load_state(run)).input_data["n"] for run in runs] == list(range(20))


@pytest.mark.parametrize(("fault", "is_anew"), [("SQLITE_IOERR_WRITE", True), ("SQLITE_FULL", False)])
async def test_that_a_checkpoint_that_fails_in_the_background_loses_nothing(
    tmp_path: Path, fault: str, is_anew: bool
) -> None:
    """A disk that is broken is not trusted with the log any more; one that is full only has to be freed."""
    plan = Plan(fail_with(fault), "PRAGMA wal_checkpoint(PASSIVE)")
    seen: list[str] = []
    watch = plan.see
    plan.see = lambda statement: (seen.append(statement), watch(statement))[1]  # type: ignore[method-assign]
    async with SqliteStateManager(tmp_path / "runs.db", connect=connect_with(plan)) as store:
        run = await store.create_execution("w", {})
        for number in range(7_000):
            store.append(run, [supplied(n=number)])
        await store.commit()
        await store.list_executions()  # which waits in line behind the checkpoint
        assert plan.count == 1
        plan.armed = False
        await store.commit(full_sync=True)
        assert ("PRAGMA wal_checkpoint(FULL)" in seen) is is_anew
        assert len(await store.read_events(run)) == 7_001
