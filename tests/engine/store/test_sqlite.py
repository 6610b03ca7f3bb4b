"""The SQLite store does what every store does, finds it again, and says plainly what is wrong."""

import asyncio
import sqlite3
import threading

import pytest
import pytest_asyncio

from engine.errors import (
    ExecutionNotFound,
    IllegalTransition,
    StoreBusy,
    StoreCorrupt,
    StoreError,
)
from engine.history.status import ExecutionStatus, StepStatus
from engine.store import sqlite
from engine.store.codes import EVENT_CODE, EXECUTION_STATUSES, STEP_STATUSES
from engine.store.database import migrations
from engine.store.sqlite import SqliteStateManager
from tests.support.events import (
    completed,
    ended,
    failed,
    resolved,
    running,
    skipped,
    started,
    supplied,
    waiting,
)
from tests.support.flaky_disk import Plan, connect_with
from tests.support.store_conformance import LARGE, StoreConformance, TickingTime


class TestSqliteStateManager(StoreConformance):
    @pytest_asyncio.fixture
    async def store(self, tmp_path):
        async with SqliteStateManager(tmp_path / "runs.db", now=TickingTime()) as manager:
            yield manager


def query(path, sql):
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    rows = [dict(row) for row in connection.execute(sql)]
    connection.close()
    return rows


# -- finding things again -------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_that_a_new_store_finds_what_an_old_one_kept(tmp_path):
    path = tmp_path / "deep" / "runs.db"
    async with SqliteStateManager(path, now=TickingTime()) as store:
        execution_id = await store.create_execution("w", {"x": 1}, base_dir="/data")
        store.append(execution_id, [started(), running("a"), completed("a", LARGE), resolved("a-b")])
        store.append(execution_id, [running("b"), waiting("b", 2_000_000_000.5)])
        await store.commit()
        before = await store.load_state(execution_id)
    async with SqliteStateManager(path) as store:
        assert await store.load_state(execution_id) == before
        assert await store.get_step_output(execution_id, "a") == LARGE
        with pytest.raises(IllegalTransition):
            store.append(execution_id, [running("a")])
        store.append(execution_id, [running("b", 2), completed("b", 2, 2), ended()])
        await store.commit()
        assert (await store.load_state(execution_id)).status is ExecutionStatus.COMPLETED


@pytest.mark.asyncio
async def test_that_a_large_workflow_is_decoded_beside_the_loop_and_lets_others_go_on(tmp_path, monkeypatch):
    decoded = []
    decode = sqlite.decode_beside

    def noted(text):
        decoded.append(threading.current_thread().name)
        return decode(text)

    monkeypatch.setattr(sqlite, "decode_beside", noted)
    large = {"nodes": [{"id": f"n{number}", "type": "flow.set_values"} for number in range(10_000)]}
    async with SqliteStateManager(tmp_path / "runs.db") as store:
        await store.save_definition("small", {"nodes": []})
        await store.save_definition("large", large)
        assert await store.load_definition("small") == {"nodes": []}
        assert decoded == []
        assert await store.load_definition("large") == large
    assert len(decoded) == 1
    assert decoded[0].startswith("store-read")


@pytest.mark.asyncio
async def test_that_what_was_only_appended_is_durable_after_closing(tmp_path):
    async with SqliteStateManager(tmp_path / "runs.db") as store:
        execution_id = await store.create_execution("w", {})
        store.append(execution_id, [started()])
    async with SqliteStateManager(tmp_path / "runs.db") as store:
        assert (await store.load_state(execution_id)).status is ExecutionStatus.RUNNING


@pytest.mark.asyncio
async def test_that_uncommitted_events_are_not_read(tmp_path):
    async with SqliteStateManager(tmp_path / "runs.db") as store:
        execution_id = await store.create_execution("w", {})
        store.append(execution_id, [started()])
        assert len(await store.read_events(execution_id)) == 1


@pytest.mark.asyncio
async def test_that_a_store_opens_itself_and_can_be_closed_and_opened_again(tmp_path):
    store = SqliteStateManager(tmp_path / "runs.db")
    await store.close()
    first, second = await asyncio.gather(*(store.create_execution("w", {}) for _ in range(2)))
    await store.open()
    await store.close()
    await store.close()
    with pytest.raises(ExecutionNotFound):
        store.append(first, [started()])
    assert {summary.id for summary in await store.list_executions()} == {first, second}
    await store.close()


@pytest.mark.asyncio
async def test_that_ended_runs_are_forgotten_after_a_while_and_found_again(tmp_path):
    async with SqliteStateManager(tmp_path / "runs.db") as store:
        ids = []
        for number in range(80):
            execution_id = await store.create_execution("w", {"n": number})
            store.append(execution_id, [started(), running("a"), completed("a", number), ended()])
            ids.append(execution_id)
        with pytest.raises(ExecutionNotFound):
            store.append(ids[0], [supplied(x=1)])
        assert await store.get_step_output(ids[0], "a") == 0
        with pytest.raises(IllegalTransition):
            await store.update_step_status(ids[0], "a", "RUNNING")


# -- projections ----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_that_the_projections_say_what_the_fold_of_the_journal_says(tmp_path):
    path = tmp_path / "runs.db"
    async with SqliteStateManager(path, now=TickingTime()) as store:
        execution_id = await store.create_execution("w", {})
        store.append(execution_id, [started(), running("a"), running("b")])
        store.append(execution_id, [waiting("a", 1_763_860_100.5, error={"message": "once"})])
        await store.commit()
        store.append(execution_id, [running("a", 2), failed("b", handling="tolerated")])
        store.append(
            execution_id, [completed("a", 1, 2, duration_ms=7.5), skipped("c"), resolved("1", "DEAD")]
        )
        store.append(execution_id, [ended("COMPLETED_WITH_ERRORS")])
        await store.commit()
        state = await store.load_state(execution_id)
    rows = {row["step_id"]: row for row in query(path, "SELECT * FROM steps")}
    for step_id, step in state.steps.items():
        row = rows.pop(step_id)
        assert STEP_STATUSES[row["status"]] is step.status
        assert row["reason"] == step.reason
        assert row["attempts"] == step.attempts
        assert row["duration_ms"] == step.duration_ms
        assert (row["started_at"] and row["started_at"] / 1e6) == step.started_at
        assert (row["ended_at"] and row["ended_at"] / 1e6) == step.ended_at
    assert rows == {}
    (execution,) = query(path, "SELECT * FROM executions")
    assert EXECUTION_STATUSES[execution["status"]] is state.status
    assert execution["ended_at"] / 1e6 == state.ended_at
    assert [(r["step_id"], r["due_at"]) for r in query(path, "SELECT * FROM timers")] == [("a", None)]
    (connection,) = query(path, "SELECT * FROM connections")
    assert (connection["connection_id"], connection["outcome"]) == ("1", "DEAD")
    attempts = query(path, "SELECT * FROM attempts ORDER BY step_id, attempt")
    shown = [(row["step_id"], row["attempt"], STEP_STATUSES[row["outcome"]]) for row in attempts]
    assert shown == [
        ("a", 1, StepStatus.WAITING),
        ("a", 2, StepStatus.COMPLETED),
        ("b", 1, StepStatus.FAILED),
    ]
    assert "once" in attempts[0]["error"]


@pytest.mark.asyncio
async def test_that_statistics_count_runs_and_durations_by_workflow_and_version(tmp_path):
    path = tmp_path / "runs.db"
    async with SqliteStateManager(path, now=TickingTime()) as store:
        for outcome, end in (
            (completed("a", 1, duration_ms=10), "COMPLETED"),
            (completed("a", 1, duration_ms=30), "COMPLETED"),
            (failed("a", duration_ms=50), "FAILED"),
        ):
            execution_id = await store.create_execution("w", {}, definition_hash="v1")
            store.append(execution_id, [started(), running("a")])
            store.append(execution_id, [outcome, ended(end)])
        await store.create_execution("w", {}, definition_hash="v2")
    first, second = query(path, "SELECT * FROM run_statistics ORDER BY definition_hash")
    assert (first["runs"], first["completed"], first["failed"]) == (3, 2, 1)
    assert first["success_rate"] == pytest.approx(2 / 3)
    assert first["mean_duration_ms"] == 250.0
    assert (second["runs"], second["success_rate"]) == (1, None)
    (step,) = query(path, "SELECT * FROM step_statistics")
    assert (step["runs"], step["completed"], step["failed"], step["retries"]) == (3, 2, 1, 0)
    assert (step["min_duration_ms"], step["mean_duration_ms"], step["max_duration_ms"]) == (10.0, 30.0, 50.0)
    statuses = [row["status"] for row in query(path, "SELECT status FROM run_list ORDER BY created_at")]
    assert statuses == ["COMPLETED", "COMPLETED", "FAILED", "PENDING"]


@pytest.mark.asyncio
async def test_that_the_codes_in_the_schema_are_those_of_the_program(tmp_path):
    async with SqliteStateManager(tmp_path / "runs.db"):
        pass
    names = query(tmp_path / "runs.db", "SELECT kind, name FROM status_names ORDER BY kind, code")
    assert [row["name"] for row in names if row["kind"] == "execution"] == list(EXECUTION_STATUSES)
    assert [row["name"] for row in names if row["kind"] == "step"] == list(STEP_STATUSES)
    # The view of the attempts counts on it.
    for status in STEP_STATUSES[1:]:
        assert EVENT_CODE[f"STEP_{status}"] - 13 == STEP_STATUSES.index(status)
    assert EVENT_CODE["CONNECTION_RESOLVED"] == 25


# -- opening --------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_that_a_second_engine_is_told_who_holds_the_store(tmp_path):
    async with SqliteStateManager(tmp_path / "runs.db"):
        with pytest.raises(StoreBusy, match="in use by process") as caught:
            await SqliteStateManager(tmp_path / "runs.db").open()
        assert "Close the other window" in caught.value.hint
    async with SqliteStateManager(tmp_path / "runs.db"):
        pass


@pytest.mark.asyncio
async def test_that_a_store_is_one_by_whatever_way_it_is_named(tmp_path, monkeypatch):
    (tmp_path / "real").mkdir()
    (tmp_path / "link.db").symlink_to(tmp_path / "real" / "runs.db")
    (tmp_path / "way").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path)
    names = [tmp_path / "link.db", tmp_path / "way" / "runs.db", "real/../real/runs.db"]
    async with SqliteStateManager(tmp_path / "link.db") as store:
        assert store.artifacts.put_json('"kept"', "kept")
        for name in names:
            with pytest.raises(StoreBusy):
                await SqliteStateManager(name).open()
    assert sorted(path.name for path in (tmp_path / "real").glob("runs.db*")) == [
        "runs.db", "runs.db.artifacts", "runs.db.lock",
    ]  # fmt: skip


@pytest.mark.asyncio
async def test_that_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "runs.db"
    path.write_bytes(b"these are my notes, not a database " * 100)
    with pytest.raises(StoreCorrupt, match=r"runs\.db is damaged"):
        await SqliteStateManager(path).open()
    assert path.read_bytes().startswith(b"these are my notes")


@pytest.mark.asyncio
async def test_that_damage_is_found_after_an_unclean_end(tmp_path):
    path = tmp_path / "runs.db"
    async with SqliteStateManager(path) as store:
        execution_id = await store.create_execution("w", {})
        for number in range(2_000):
            store.append(execution_id, [supplied(text=f"some text to fill pages {number}")])
    connection = sqlite3.connect(path)
    connection.execute("UPDATE meta SET value = 0 WHERE name = 'closed_cleanly'")
    connection.commit()
    connection.close()
    content = bytearray(path.read_bytes())
    content[-40_000:-10_000] = b"\xff" * 30_000
    path.write_bytes(content)
    with pytest.raises(StoreCorrupt, match="damaged"):
        await SqliteStateManager(path).open()


@pytest.mark.asyncio
async def test_that_a_store_of_a_newer_program_is_left_alone(tmp_path):
    path = tmp_path / "runs.db"
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {len(migrations()) + 1}")
    connection.execute("CREATE TABLE meta (name TEXT, value INTEGER)")
    connection.execute("INSERT INTO meta VALUES ('closed_cleanly', 1)")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="newer version"):
        await SqliteStateManager(path).open()


@pytest.mark.asyncio
async def test_that_a_store_of_an_older_program_is_brought_up_to_date(tmp_path):
    path = tmp_path / "runs.db"
    connection = sqlite3.connect(path)
    connection.executescript(f"BEGIN; {migrations()[0]}; PRAGMA user_version = 1; COMMIT;")
    connection.close()
    async with SqliteStateManager(path) as store:
        await store.create_execution("w", {})
    assert query(path, "SELECT runs FROM run_statistics") == [{"runs": 1}]


@pytest.mark.asyncio
async def test_that_a_folder_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match="cannot be opened"):
        await SqliteStateManager(tmp_path / "file" / "runs.db").open()


@pytest.mark.asyncio
async def test_that_opening_does_not_hold_up_the_loop(tmp_path):
    loop_thread = threading.get_ident()
    opened_on = []
    real = connect_with(Plan(lambda: None, "never"))

    def connect(path):
        opened_on.append(threading.get_ident())
        return real(path)

    async with SqliteStateManager(tmp_path / "runs.db", connect=connect):
        assert loop_thread not in opened_on
