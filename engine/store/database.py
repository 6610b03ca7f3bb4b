"""The SQLite file: opened, locked, checked, brought up to date, and its faults put into our words."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

from engine.errors import ExecutionNotFound, StorageFull, StoreCorrupt, StoreError
from engine.store.checksum import EVENT_ROW
from engine.store.file_lock import FileLock
from engine.store.json_text import decode
from engine.store.retention import names_in

Connect = Callable[[Path], sqlite3.Connection]

_DAMAGED = {"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_CORRUPT_INDEX", "SQLITE_CORRUPT_VTAB"}


def connect(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode that may be used from any one thread at a time."""
    return sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=256, timeout=5
    )


class Database:
    """One store's file and its two connections: ``writer``, and ``reader`` for all that only reads."""

    def __init__(self, path: Path, connect: Connect = connect) -> None:
        self.path = path
        self._connect = connect
        self._lock = FileLock(path.with_name(path.name + ".lock"))
        self.writer: sqlite3.Connection
        self.reader: sqlite3.Connection
        self.highest_key = 0
        self.was_interrupted = False
        self._are_runs_checked = False
        self._opened: list[sqlite3.Connection] = []

    def open(self) -> None:
        """Ready to read and write. Blocks; raises ``StoreBusy``, ``StoreCorrupt`` or ``StoreError``."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except OSError as error:
            raise StoreError(
                f"The run store {self.path} cannot be opened: {error.strerror or error}",
                hint="Choose a folder you may write to.",
            ) from error
        try:
            with translated(self.path):
                self._open_connections()
        except BaseException:
            self._release()
            raise

    def close(self) -> None:
        """Everything is in the main file, which is marked as closed cleanly. Blocks."""
        try:
            with translated(self.path):
                self.writer.execute("UPDATE meta SET value = 1 WHERE name = 'closed_cleanly'")
                self.reader.close()
                self.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            self._release()

    def read_json(self, query: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        """The rows of a query whose one column ``item`` is JSON.

        SQLite builds the whole list in one step: fetching row by row lets go of the interpreter
        lock once a row, and beside a busy thread each time waits for it again.
        """
        with translated(self.path):
            row = self.reader.execute(
                f"SELECT json_group_array(json(item)) FROM ({query})", parameters
            ).fetchone()
        items: list[Any] = decode(row[0])
        return items

    def read_journal(self, test: str, *parameters: int) -> list[Any]:
        """The rows that pass, as `rows.events_of` takes them.

        Composed where they are gathered: as items of `read_json` each would be parsed once more.
        """
        with translated(self.path):
            row = self.reader.execute(
                f"SELECT json_group_array({EVENT_ROW}) FROM (SELECT * FROM entries WHERE {test})", parameters
            ).fetchone()
        items: list[Any] = decode(row[0])
        return items

    def stored_names(self) -> set[str]:
        """Every name of a stored result in the durable journals, definitions and pins. Blocks."""
        with translated(self.path):
            connection = self._connect(self.path)
            try:
                rows = connection.execute(
                    "SELECT data FROM entries WHERE length(data) >= 64 AND data GLOB ?1 "
                    "UNION ALL SELECT definition FROM definitions WHERE definition GLOB ?1 "
                    "UNION ALL SELECT name FROM pins",
                    ("*" + "[0-9a-f]" * 64 + "*",),
                )
                return {name for (text,) in rows for name in names_in(text)}
            finally:
                connection.close()

    def checkpoint(self) -> None:
        """Move what the log holds into the main file, as far as it goes without waiting. Blocks."""
        with translated(self.path):
            self.reader.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _open_connections(self) -> None:
        writer = self.writer = self._new_connection()
        writer.execute("PRAGMA journal_mode = WAL")
        # Our own checkpoints run in a thread; this one, on the loop, is for when they cannot keep up.
        writer.execute("PRAGMA wal_autocheckpoint = 20000")
        writer.execute("PRAGMA synchronous = FULL")
        self.was_interrupted = bool(_version(writer)) and not _closed_cleanly(writer)
        if self.was_interrupted:
            self._check(writer)
        migrate(writer, self.path)
        if writer.execute(
            "SELECT count(*) FROM meta WHERE name IN ('closed_cleanly', 'syncs')"
        ).fetchone() != (2,):
            # Damaged. Without these rows no full sync would have anything to write.
            writer.execute("INSERT OR IGNORE INTO meta VALUES ('closed_cleanly', 0), ('syncs', 0)")
        writer.execute("UPDATE meta SET value = 0 WHERE name = 'closed_cleanly'")
        writer.execute("PRAGMA synchronous = NORMAL")
        self.highest_key = writer.execute("SELECT coalesce(max(key), 0) FROM executions").fetchone()[0]
        self.reader = self._new_connection()

    def _new_connection(self) -> sqlite3.Connection:
        connection = self._connect(self.path)
        self._opened.append(connection)
        return connection

    def _check(self, connection: sqlite3.Connection) -> None:
        found = [row[0] for row in connection.execute("PRAGMA quick_check(5)")]
        if found != ["ok"]:
            raise corrupt(self.path, "; ".join(found))

    def check_runs(self) -> None:
        """Raise StoreCorrupt when runs may be there that are not found by their ids. Blocks.

        It takes as long as there are runs, so once is enough.
        """
        if self._are_runs_checked:
            return
        with translated(self.path):
            found = [row[0] for row in self.reader.execute("PRAGMA integrity_check('executions')")]
        if found != ["ok"]:
            raise corrupt(self.path, f"runs in it cannot be found by their ids ({found[0]})")
        self._are_runs_checked = True

    def _release(self) -> None:
        for connection in self._opened:
            connection.close()
        self._opened.clear()
        self._lock.release()


async def no_such_run(database: Database | None, execution_id: str, reading: Executor) -> ExecutionNotFound:
    """The error for a run that is not found by its id; StoreCorrupt if it may be there all the same."""
    if database is not None:
        await asyncio.get_running_loop().run_in_executor(reading, database.check_runs)
    return ExecutionNotFound(execution_id)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """SQLite's faults inside become ours, with what happened and what to do."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise corrupt(path, "a text of it cannot be read") from error
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        if name == "SQLITE_FULL":
            raise StorageFull(
                f"There is no room left for the run store {path}",
                hint="Free some space; the run goes on from where it is.",
            ) from error
        if name in _DAMAGED:
            raise corrupt(path, str(error)) from error
        raise StoreError(
            f"The run store {path} cannot be read or written: {error}",
            hint="Check that the disk is there and that you may write to it.",
        ) from error


@contextmanager
def making_sense(path: Path) -> Iterator[None]:
    """What the program cannot make sense of inside was not written by it: bytes are not what they were."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AssertionError) as error:
        raise corrupt(path, f"a row of it makes no sense ({error!r})") from error


def migrations() -> list[str]:
    """The scripts that bring a database from version n to n + 1, in order."""
    folder = resources.files("engine.store").joinpath("schema")
    scripts = sorted(
        (item for item in folder.iterdir() if item.name.endswith(".sql")), key=lambda item: item.name
    )
    return [script.read_text(encoding="utf-8") for script in scripts]


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file up to this program's version; each step is done whole or not at all."""
    scripts = migrations()
    version = _version(connection)
    if version > len(scripts):
        raise StoreError(
            f"The run store {path} was written by a newer version of this program",
            hint="Update the program, or choose another store.",
        )
    for number, script in enumerate(scripts[version:], start=version + 1):
        connection.executescript(f"BEGIN IMMEDIATE; {script}; PRAGMA user_version = {number}; COMMIT;")


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _closed_cleanly(connection: sqlite3.Connection) -> bool:
    row = connection.execute("SELECT value FROM meta WHERE name = 'closed_cleanly'").fetchone()
    return row is not None and bool(row[0])


def corrupt(path: Path, detail: str) -> StoreCorrupt:
    """The error that says so, and what to do."""
    return StoreCorrupt(
        f"The run store {path} is damaged: {detail}",
        hint="Move the file away (keep it, it may be mended) and start with a new one.",
    )
