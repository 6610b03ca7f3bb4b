"""Group commit: one transaction for all that was appended since the last one, whoever appended it.

With synchronous=NORMAL a commit costs microseconds and runs at once, on the loop itself; a thread
would cost ten times as much. A full sync waits for the disk and runs in a thread; what is appended
meanwhile goes into the next transaction. What could not be written stays in line, in its order, and
is tried again by the next commit: nothing is lost or skipped, and nobody is told that something is
durable when it is not.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from engine.errors import StoreError
from engine.store.artifacts import ArtifactStore
from engine.store.batch import Batch
from engine.store.database import Database, translated

_BATCH_ENTRIES = 500
# Pages that change again and again are moved once by checkpoints that come rarely.
_CHECKPOINT_ENTRIES = 6_000
_CHECKPOINT_FILES = 50

Waiters = list[asyncio.Future[None]]
Work = Callable[[sqlite3.Connection], None]


class Writer:
    """The only one who writes to ``database`` while it is open. Belongs to one loop at a time."""

    def __init__(
        self,
        database: Database,
        artifacts: ArtifactStore,
        disk: ThreadPoolExecutor,
        reading: ThreadPoolExecutor,
        on_results: Callable[[Iterable[str]], None] = lambda _keys: None,
    ) -> None:
        """``disk`` waits for full syncs, ``reading`` moves the log into the main file; one thread each.

        ``on_results`` is told, in any thread, the keys of results that are durable now.
        """
        self._on_results = on_results
        self._database = database
        self._artifacts = artifacts
        self._disk = disk
        self._reading = reading
        self._line: list[Batch] = [Batch()]
        self._appended = self._durable = self._synced = 0
        self._waiters: Waiters = []
        self._full_waiters: Waiters = []
        self._work: list[Work] = []
        self._turn_on: asyncio.AbstractEventLoop | None = None
        self._is_syncing = False
        self._may_split = False
        self._unchecked_entries = 0
        self._is_checkpointing = False
        # A disk that failed to sync may call it done the next time, and have lost what it was given before.
        self._distrusts_log = False

    def batch(self) -> Batch:
        """Where the next rows go.

        A new transaction begins only where somebody commits, however long the last one has become: a step's
        completion and the decisions that follow from it are put in one after the other, and belong together.
        """
        last = self._line[-1] if self._line else None
        if last is None or (self._may_split and last.entries >= _BATCH_ENTRIES):
            last = Batch()
            self._line.append(last)
        self._may_split = False
        self._appended += 1
        return last

    @property
    def mark(self) -> int:
        """Stands for all that was put into batches so far."""
        return self._appended

    def is_durable(self, mark: int) -> bool:
        """Whether everything up to that mark has been committed."""
        return self._durable >= mark

    async def commit(self, *, full_sync: bool) -> None:
        """All that was put into batches so far is durable."""
        self._may_split = True
        if (self._synced if full_sync else self._durable) >= self._appended:
            return
        if not full_sync and not self._is_syncing:
            self._write_line()
            return
        await self._commit_with_others(full_sync=full_sync)

    async def commit_soon(self) -> None:
        """As `commit`, in one transaction with all that is appended before the loop turns again."""
        self._may_split = True
        await self._commit_with_others(full_sync=False)

    async def _commit_with_others(self, *, full_sync: bool) -> None:
        loop = asyncio.get_running_loop()
        # One future a caller: cancelling one who waits must not cancel the others.
        waiter: asyncio.Future[None] = loop.create_future()
        (self._full_waiters if full_sync else self._waiters).append(waiter)
        self._schedule(loop)
        await waiter

    async def write_through(self, work: Work) -> None:
        """All that was put into batches so far, and then what `work` writes in a transaction, is on the disk.

        `work` is called in a thread; what is appended meanwhile waits.
        """
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._work.append(work)
        self._full_waiters.append(waiter)
        self._schedule(loop)
        await waiter

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._turn_on is not loop and not self._is_syncing:
            self._turn_on = loop
            # After everyone else who is ready in this turn had the chance to append.
            loop.call_soon(self._turn, loop)

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        """Serve those who wait: together in a thread when one of them wants a full sync."""
        self._turn_on = None
        waiters, self._waiters = self._waiters, []
        if self._full_waiters:
            full_waiters, self._full_waiters = self._full_waiters, []
            self._start_sync(loop, waiters + full_waiters)
            return
        try:
            self._write_line()
        except StoreError as error:
            _refuse(waiters, error)
        else:
            _release(waiters)

    def _write_line(self) -> None:
        covered = self._appended
        line = self._line
        while line:
            self._write(line[0])
            del line[0]
        self._durable = covered
        self._checkpoint_if_due()

    def _write(self, batch: Batch) -> None:
        self._transact(batch.write)
        self._unchecked_entries += batch.entries
        if batch.results:
            self._on_results(batch.results)

    def _transact(self, write: Work) -> None:
        connection = self._database.writer
        try:
            connection.execute("BEGIN IMMEDIATE")
            write(connection)
            connection.execute("COMMIT")
        except BaseException:
            # Only now: entering a context costs as much as a row.
            with translated(self._database.path):
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _start_sync(self, loop: asyncio.AbstractEventLoop, waiters: Waiters) -> None:
        """Write in a thread; meanwhile the connection is the thread's, and ``_is_syncing`` says so."""
        self._is_syncing = True
        taken, self._line = self._line, []
        work, self._work = self._work, []
        covered = self._appended
        job = loop.run_in_executor(self._disk, self._write_through, taken, work)

        def finish(job: asyncio.Future[None]) -> None:
            self._is_syncing = False
            error = asyncio.CancelledError() if job.cancelled() else job.exception()
            if error is None:
                self._durable = self._synced = covered
                _release(waiters)
            else:
                self._line[:0] = taken
                _refuse(waiters, error)
            if self._waiters or self._full_waiters:
                self._schedule(loop)
            self._checkpoint_if_due()

        job.add_done_callback(finish)

    def _write_through(self, batches: list[Batch], work: Sequence[Work]) -> None:
        """In the thread: ``batches``, each removed when it is written, and ``work``; the disk has them."""
        self._artifacts.sync()
        connection = self._database.writer
        with translated(self._database.path):
            connection.execute("PRAGMA synchronous = FULL")
        try:
            while len(batches) > 1:
                self._write(batches[0])
                batches.pop(0)
            last = batches[0] if batches else Batch()
            # A transaction without a row reaches no disk; this one row takes earlier commits along.
            last.force_sync()
            self._write(last)
            batches.clear()
            for write in work:
                self._transact(write)
            if self._distrusts_log:
                self._write_log_anew(connection)
        except StoreError as error:
            self._distrusts_log = self._distrusts_log or _is_of_the_disk(error)
            raise
        finally:
            with translated(self._database.path):
                connection.execute("PRAGMA synchronous = NORMAL")

    def _write_log_anew(self, connection: sqlite3.Connection) -> None:
        """Everything the log holds is in the main file and synced there, whatever became of the log."""
        with translated(self._database.path):
            is_busy, pages, moved = connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
        if is_busy or moved < pages:
            raise StoreError(
                f"The run store {self._database.path} has to be written anew after a fault and is being read",
                hint="Close other programs that look into it, and go on.",
            )
        self._distrusts_log = False

    def _checkpoint_if_due(self) -> None:
        is_due = (
            self._unchecked_entries >= _CHECKPOINT_ENTRIES or self._artifacts.unsynced >= _CHECKPOINT_FILES
        )
        if is_due and not self._is_checkpointing:
            self._unchecked_entries = 0
            self._is_checkpointing = True
            self._reading.submit(self._checkpoint)

    def _checkpoint(self) -> None:
        """In the reading thread, so that a full sync finds little left to wait for.

        A checkpoint that fails loses nothing: the log keeps what it holds.
        """
        try:
            self._artifacts.sync()
            self._database.checkpoint()
        except StoreError as error:
            self._distrusts_log = self._distrusts_log or _is_of_the_disk(error)
        finally:
            self._is_checkpointing = False


def _is_of_the_disk(error: StoreError) -> bool:
    return str(getattr(error.__cause__, "sqlite_errorname", "")).startswith("SQLITE_IOERR")


def _release(waiters: Sequence[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)


def _refuse(waiters: Sequence[asyncio.Future[None]], error: BaseException) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_exception(error)
