"""Bytes that are not what they were: the store says so, or reads what it can; it never falls over."""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import StoreBusy, StoreCorrupt, StoreError
from engine.history.state import ExecutionState
from engine.store.database import Connect
from engine.store.sqlite import SqliteStateManager
from tests.support.events import completed, ended, failed, resolved, running, started, supplied, waiting
from tests.support.journal_rules import check_journal

DAMAGES = 40
LARGE = {"text": "large enough for a file of its own " * 4_000}


async def lay_down(folder: Path) -> Path:
    """A store as a process that was killed leaves it: an ended run, one under way, the log not moved in."""
    path = folder / "live" / "runs.db"
    async with SqliteStateManager(path) as store:
        await store.save_definition("hash", {"name": "damaged"})
        for name in ("ended", "under way"):
            await store.create_execution("w", {"x": [1, 2, 3]}, execution_id=name, definition_hash="hash")
            store.append(name, [started(), running("a"), completed("a", LARGE), resolved("a>b")])
            store.append(name, [running("b"), failed("b", "no luck"), supplied(y="text")])
            await store.commit(full_sync=True)
        store.append("ended", [running("c"), completed("c", {"n": 5}), ended("COMPLETED")])
        store.append("under way", [running("c"), waiting("c", 2_000_000_000.0)])
        await store.commit()
        left = folder / "left"
        shutil.copytree(path.parent, left, ignore=shutil.ignore_patterns("*.lock", "*-shm"))
    return left / "runs.db"


async def read_everything(path: Path) -> dict[str, ExecutionState]:
    """What a program shows that opens the store and looks at every run."""
    found = {}
    async with SqliteStateManager(path) as store:
        for summary in await store.list_executions():
            state = await store.load_state(summary.id)
            check_journal(await store.read_events(summary.id))
            await store.get_execution_state(summary.id)
            if state.definition_hash:
                await store.load_definition(state.definition_hash)
            found[summary.id] = state
    return found


def damages(path: Path) -> Iterator[tuple[str, bytes]]:
    """The file with one byte flipped, or cut off, at places all over it."""
    content = path.read_bytes()
    rng = random.Random(path.name)
    for _ in range(DAMAGES):
        place = rng.randrange(len(content))
        flipped = bytearray(content)
        flipped[place] ^= 1 << rng.randrange(8)
        yield f"flipped at {place}", bytes(flipped)
    for _ in range(DAMAGES // 4):
        place = rng.randrange(len(content))
        yield f"cut off at {place}", content[:place]


@pytest.mark.parametrize(
    ("name", "is_moved_in"), [("runs.db", True), ("runs.db", False), ("runs.db-wal", False)]
)
def test_that_a_damaged_file_is_refused_in_plain_words_or_read(
    tmp_path: Path, name: str, is_moved_in: bool
) -> None:
    whole = asyncio.run(lay_down(tmp_path))
    if is_moved_in:
        with closing(sqlite3.connect(whole)) as connection:  # closing the last one ends the log
            connection.execute("SELECT count(*) FROM journal").fetchone()
    assert set(asyncio.run(read_everything(_copy(whole, tmp_path / "whole")))) == {"ended", "under way"}
    refused = []
    for number, (what, content) in enumerate(damages(whole.with_name(name))):
        path = _copy(whole, tmp_path / str(number))
        path.with_name(name).write_bytes(content)
        try:
            asyncio.run(read_everything(path))
        except StoreError as error:
            refused.append((what, error.message, error.hint))
        except Exception as error:
            raise AssertionError(f"{what}: {error!r}") from error
        shutil.rmtree(path.parent)
    assert all(message and hint for _, message, hint in refused), refused
    assert refused or not is_moved_in  # what is damaged in the log counts as not written


def test_that_a_damaged_result_is_refused(tmp_path: Path) -> None:
    whole = asyncio.run(lay_down(tmp_path))
    (result,) = [path for path in whole.parent.glob("runs.db.artifacts/??/*") if path.is_file()]
    for what, content in damages(result):
        result.write_bytes(content)
        with pytest.raises(StoreCorrupt, match="damaged"):
            asyncio.run(_read_large(_copy(whole, tmp_path / what.replace(" ", "-"))))


async def _read_large(path: Path) -> None:
    async with SqliteStateManager(path) as store:
        await store.get_step_output("ended", "a")


def _copy(path: Path, folder: Path) -> Path:
    shutil.copytree(path.parent, folder)
    return folder / path.name


@pytest.mark.asyncio
async def test_that_a_store_locked_by_another_program_is_said_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    async with SqliteStateManager(path, connect=_impatient()) as store:
        execution_id = await store.create_execution("w", {})
        # A program that knows nothing of our lock file: a browser of databases, say.
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        store.append(execution_id, [started()])
        for full_sync in (False, True):
            with pytest.raises(StoreError, match="database is locked") as caught:
                await store.commit(full_sync=full_sync)
            assert caught.value.hint
        other.execute("ROLLBACK")
        other.close()
        await store.commit()
        assert len(await store.read_events(execution_id)) == 2


@pytest.mark.asyncio
async def test_that_a_store_that_may_only_be_read_is_said(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    async with SqliteStateManager(path) as store:
        await store.create_execution("w", {}, execution_id="kept")

    def read_only(path: Path) -> sqlite3.Connection:
        uri = f"{path.as_uri()}?mode=ro"
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)

    with pytest.raises(StoreError, match="readonly") as caught:
        await SqliteStateManager(path, connect=read_only).open()
    assert not isinstance(caught.value, StoreBusy | StoreCorrupt)
    assert "may write to it" in caught.value.hint
    async with SqliteStateManager(path) as store:
        assert [summary.id for summary in await store.list_executions()] == ["kept"]


def _impatient() -> Connect:
    def connect(path: Path) -> sqlite3.Connection:
        return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)

    return connect
