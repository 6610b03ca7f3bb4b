"""A thread that answers questions about tables, so that the window never waits for one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

Job = Callable[["duckdb.DuckDBPyConnection"], None]

_LOG = logging.getLogger(__name__)
_CLOSE_POLL_S = 0.01
_MEMORY_LIMIT = "1GB"  # a sort beyond it goes through its temporary folder


class Lane:
    """Runs jobs in turn in one thread that owns one DuckDB connection.

    The thread and the connection appear with the first job and are gone when `close` returns.
    A job handles its own errors; what it raises all the same is a bug and goes to the log.
    """

    def __init__(self, name: str, *, threads: int = 1) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._threads = threads
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._pending: set[Future[None]] = set()
        self._is_closed = False

    def submit(self, job: Job) -> None:
        """Queue `job`; after `close` it is dropped."""
        if self._is_closed:
            return
        future = self._executor.submit(self._run, job)
        future.add_done_callback(_log_error)
        self._pending = {other for other in self._pending if not other.done()} | {future}

    def interrupt(self) -> None:
        """Make the query that runs now fail with `duckdb.InterruptException`."""
        if self._connection is not None:
            self._connection.interrupt()

    def close(self) -> None:
        """Give up what is queued or running, join the thread and close the connection."""
        if self._is_closed:
            return
        self._is_closed = True
        self._executor.shutdown(wait=False, cancel_futures=True)
        pending = {future for future in self._pending if not future.cancelled()}
        # An interrupt that arrives between two queries is lost, hence the repetition.
        while pending:
            self.interrupt()
            pending = wait(pending, timeout=_CLOSE_POLL_S).not_done
        self._executor.shutdown(wait=True)
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _run(self, job: Job) -> None:
        if self._is_closed:
            return
        job(self._connection or self._connect())

    def _connect(self) -> duckdb.DuckDBPyConnection:
        # Imported here: it takes 100 ms that the first paint of the window should not pay.
        import duckdb

        self._connection = duckdb.connect(
            config={
                "threads": self._threads,
                "autoinstall_known_extensions": False,
                "memory_limit": _MEMORY_LIMIT,
            }
        )
        return self._connection


def _log_error(future: Future[None]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        _LOG.error("A job for a table failed", exc_info=error)
