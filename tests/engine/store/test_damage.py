"""Bytes that are not what they were: the store says so, or reads what it can; it never falls over."""

from __future__ import annotations

import asyncio
import random
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import ExecutionNotFound, RunDamaged, StoreBusy, StoreCorrupt, StoreError, WorkflowError
from engine.history.events import Event, EventDraft, EventType
from engine.history.state import ExecutionState
from engine.store.database import Connect, connect, migrations
from engine.store.results import StoredResult
from engine.store.rows import check_dense
from engine.store.sqlite import SqliteStateManager
from tests.support.events import completed, ended, failed, ran, resolved, running, started, supplied, waiting
from tests.support.journal_rules import check_journal

DAMAGES = 40
MANY = 3_000
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
            store.append(name, ran("quick", {"n": 70}, "quick>c", "quick>d"))
            await store.commit(full_sync=True)
        store.append("ended", [running("c"), completed("c", {"n": 5}), ended("COMPLETED")])
        store.append("under way", [running("c"), waiting("c", 2_000_000_000.0)])
        await store.commit()
        left = folder / "left"
        shutil.copytree(path.parent, left, ignore=shutil.ignore_patterns("*.lock", "*-shm"))
    return left / "runs.db"


async def read_everything(path: Path) -> dict[str, list[Event]]:
    """The journals of all runs, after everything has been read that a program shows of them."""
    found = {}
    async with SqliteStateManager(path) as store:
        for summary in await store.list_executions():
            state = await store.load_state(summary.id)
            found[summary.id] = await store.read_events(summary.id)
            check_journal(found[summary.id])
            shown = await store.get_execution_state(summary.id)
            assert state == ExecutionState.fold(found[summary.id])
            for step_id in state.outputs:
                assert await store.get_step_output(summary.id, step_id) == shown["outputs"][step_id]
            if state.definition_hash:
                assert await store.load_definition(state.definition_hash) == {"name": "damaged"}
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
def test_that_a_damaged_file_is_refused_in_plain_words_or_read_as_it_was_written(
    tmp_path: Path, name: str, is_moved_in: bool
) -> None:
    whole = asyncio.run(lay_down(tmp_path))
    if is_moved_in:
        with closing(sqlite3.connect(whole)) as connection:  # closing the last one ends the log
            connection.execute("SELECT count(*) FROM journal").fetchone()
    written = asyncio.run(read_everything(_copy(whole, tmp_path / "whole")))
    assert set(written) == {"ended", "under way"}
    refused = []
    for number, (what, content) in enumerate(damages(whole.with_name(name))):
        path = _copy(whole, tmp_path / str(number))
        path.with_name(name).write_bytes(content)
        try:
            for execution_id, events in asyncio.run(read_everything(path)).items():
                # What is damaged in the log counts as not written.
                assert events == written[execution_id][: None if is_moved_in else len(events)]
        except StoreError as error:
            refused.append((what, error.message, error.hint))
        except Exception as error:
            raise AssertionError(f"{what}: {error!r}") from error
        shutil.rmtree(path.parent)
    assert all(message and hint for _, message, hint in refused), refused
    assert refused or not is_moved_in


@pytest.mark.slow
def test_that_no_bit_that_flips_gives_another_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = asyncio.run(lay_down(tmp_path))
    with closing(sqlite3.connect(whole)) as connection:
        connection.execute("SELECT count(*) FROM journal").fetchone()
    written = asyncio.run(read_everything(_copy(whole, tmp_path / "whole")))
    content, rng, ends = whole.read_bytes(), random.Random(0), Counter[str]()
    used = [place for place, byte in enumerate(content) if byte]
    for number in range(MANY):
        place = rng.choice(used) if number % 2 else rng.randrange(len(content))
        flipped = bytearray(content)
        flipped[place] ^= 1 << rng.randrange(8)
        path = _copy(whole, tmp_path / "flipped")
        path.write_bytes(bytes(flipped))
        try:
            found = asyncio.run(read_everything(path))
        except WorkflowError as error:
            ends[type(error).__name__ if error.message else "no words"] += 1
        else:
            ends["as written"] += 1
            assert found == written, f"bit of byte {place}"
        shutil.rmtree(path.parent)
    with capsys.disabled():
        print(dict(ends))
    assert not ends["no words"]
    assert not ends["ExecutionNotFound"], "what is listed is there, or the store is damaged"


def test_that_a_run_that_its_id_does_not_lead_to_any_more_is_damage_and_no_missing_run(
    tmp_path: Path,
) -> None:
    whole = asyncio.run(lay_down(tmp_path))
    with closing(sqlite3.connect(whole)) as connection:
        connection.execute("SELECT count(*) FROM journal").fetchone()

    async def ask(path: Path, *names: str) -> None:
        async with SqliteStateManager(path) as store:
            for name in names:
                await store.load_state(name)

    with pytest.raises(ExecutionNotFound):
        asyncio.run(ask(whole, "ended", "nothing", "under way"))
    content, ends = whole.read_bytes(), Counter[str]()
    for found in re.finditer(rb"under way", content):
        flipped = bytearray(content)
        flipped[found.start()] ^= 1
        path = _copy(whole, tmp_path / str(found.start()))
        path.write_bytes(bytes(flipped))
        try:
            asyncio.run(ask(path, "ended", "under way"))
        except StoreCorrupt as error:
            ends[error.message.partition("damaged: ")[2].partition(" (")[0]] += 1
    assert ends["runs in it cannot be found by their ids"]


@pytest.mark.asyncio
async def test_that_runs_are_looked_through_for_damage_once(tmp_path: Path) -> None:
    traced: list[str] = []

    def tracing(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        connection.set_trace_callback(traced.append)
        return connection

    async with SqliteStateManager(tmp_path / "runs.db", connect=tracing) as store:
        for name in "ab":
            with pytest.raises(ExecutionNotFound):
                await store.read_events(name)
    assert sum("integrity_check" in each for each in traced) == 1


@pytest.mark.parametrize(
    ("was", "is_now"),
    [
        (b'"no luck"', b'"no duck"'),
        (b'{"n":5}', b'{"n":7}'),
        (b'{"x":[1,2,3]}', b'{"x":[1,2,7]}'),
        (b'{"y":"text"}', b'{"z":"text"}'),
        (b'"outcome":"TAKEN"', b'"outcome":"TAKEO"'),
        (b'"input_data"', b'"input_date"'),
    ],
)
def test_that_a_value_that_changed_and_stays_json_is_refused_and_other_runs_are_read(
    tmp_path: Path, was: bytes, is_now: bytes
) -> None:
    path = asyncio.run(lay_down(tmp_path))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("SELECT count(*) FROM journal").fetchone()
    content = path.read_bytes()
    place = content.rindex(was)
    path.write_bytes(content[:place] + is_now + content[place + len(was) :])
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)  # SQLite sees nothing
        [(execution_id, seq)] = connection.execute(
            "SELECT id, seq FROM journal JOIN executions ON key = execution WHERE instr(data, ?)",
            (is_now.decode(),),
        )

    async def look() -> None:
        async with SqliteStateManager(path) as store:
            for summary in await store.list_executions():
                if summary.id != execution_id:
                    await store.load_state(summary.id)
                    continue
                with pytest.raises(RunDamaged, match=f"run {execution_id} .*event {seq} ") as caught:
                    await store.load_state(summary.id)
                assert "others are not touched" in caught.value.hint

    asyncio.run(look())


def test_that_a_result_kept_for_reuse_is_not_taken_when_it_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"

    async def keep() -> None:
        async with SqliteStateManager(path) as store:
            for number in (1, 2):
                execution_id = await store.create_execution("w", {}, execution_id=f"run {number}")
                data = {"output": {"n": number}, "key": f"key {number}", "duration_ms": 1.0}
                store.append(execution_id, [started(), running("a")])
                store.append(execution_id, [EventDraft(EventType.STEP_COMPLETED, "a", 1, data)])

    async def find(key: str) -> StoredResult | None:
        async with SqliteStateManager(path) as store:
            return await store.find_result(key)

    asyncio.run(keep())
    kept = asyncio.run(find("key 1"))
    assert kept is not None
    assert kept.data["output"] == {"n": 1}
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE results SET execution = 2 WHERE key = 'key 1'")
    assert asyncio.run(find("key 1")) is None
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE entries SET data = replace(data, ':2}', ':3}') WHERE execution = 2")
    with pytest.raises(RunDamaged, match=r"run 2 .*event 4"):
        asyncio.run(find("key 2"))


def test_that_a_workflow_that_changed_is_refused_until_it_is_started_again(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"

    async def save() -> None:
        async with SqliteStateManager(path) as store:
            await store.save_definition("hash", {"name": "mine"})

    async def load() -> dict[str, object]:
        async with SqliteStateManager(path) as store:
            return await store.load_definition("hash")

    asyncio.run(save())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE definitions SET definition = replace(definition, 'mine', 'nine')")
    with pytest.raises(StoreCorrupt, match=r"workflow .* is damaged"):
        asyncio.run(load())
    asyncio.run(save())
    assert asyncio.run(load()) == {"name": "mine"}


def test_that_runs_from_before_there_were_checksums_are_read_and_go_on(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    before = next(number for number, text in enumerate(migrations()) if "checksum" in text)
    with closing(sqlite3.connect(path)) as connection:
        for number, text in enumerate(migrations()[:before], start=1):
            connection.executescript(f"BEGIN; {text}; PRAGMA user_version = {number}; COMMIT;")
        created = '{"definition_hash":"","input_data":{"x":1},"workflow_name":"w","base_dir":""}'
        connection.execute("INSERT INTO executions VALUES (1, 'old', 'w', 'w', '', 1, '', NULL, 1, 1, NULL)")
        connection.execute("INSERT INTO journal VALUES (1, 1, 1, 0, NULL, 0, ?)", (created,))
        connection.execute("INSERT INTO journal VALUES (1, 2, 1, 1, NULL, 0, NULL)")
        connection.commit()

    async def go_on() -> None:
        async with SqliteStateManager(path) as store:
            assert (await store.load_state("old")).input_data == {"x": 1}
            store.append("old", [running("a"), completed("a", {"n": 1})])

    async def read() -> list[Event]:
        async with SqliteStateManager(path) as store:
            return await store.read_events("old")

    asyncio.run(go_on())
    assert [event.data.get("output") for event in asyncio.run(read())] == [None, None, None, {"n": 1}]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE entries SET checksum = NULL WHERE seq = 4")
    with pytest.raises(RunDamaged, match="event 4"):
        asyncio.run(read())  # what was written since has one
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE entries SET checksum = NULL")
        connection.execute("UPDATE entries SET data = '{\"output\":' WHERE seq = 4")
    with pytest.raises(RunDamaged, match="event 4 is no JSON"):
        asyncio.run(read())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE entries SET data = NULL, type = 99 WHERE seq = 4")
    with pytest.raises(RunDamaged, match="event 4 makes no sense"):
        asyncio.run(read())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM entries")
    with pytest.raises(RunDamaged, match="nothing is left"):
        asyncio.run(read())


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


@pytest.mark.parametrize(("seqs", "at_least", "missing"), [([1, 3], 3, 2), ([2, 3], 3, 1), ([1, 2], 3, 3)])
def test_that_the_first_event_that_is_not_there_is_named(
    seqs: list[int], at_least: int, missing: int
) -> None:
    events = [Event("run", "w", seq, 0.0, EventType.STEP_RUNNING, "a") for seq in seqs]
    with pytest.raises(RunDamaged, match=f"event {missing} is missing"):
        check_dense("run", events, at_least=at_least)
