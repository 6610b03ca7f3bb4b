"""A step that ran is one row of the store, and whoever reads it sees its events."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import RunDamaged
from engine.history.events import Event, EventDraft, EventType
from engine.store import sqlite
from engine.store.codes import EVENT_CODE
from engine.store.database import migrations
from engine.store.sqlite import SqliteStateManager
from tests.support.events import completed, ended, ran, resolved, running, started
from tests.support.journal_rules import check_journal


async def lay_down(path: Path) -> list[Event]:
    async with SqliteStateManager(path) as store:
        await store.create_execution("w", {}, execution_id="run")
        store.append("run", [started()])
        store.append("run", ran("a", {"n": 1}, "a>b", 'a>"ä"'))
        store.append("run", [running("b"), completed("b", {"n": 2}), resolved("b>c")])
        store.append("run", ran("c", {"n": 3}, "c>d"))
        await store.commit()
        return await store.read_events("run")


async def read(path: Path, after: int = 0) -> list[Event]:
    async with SqliteStateManager(path) as store:
        return await store.read_events("run", after)


def test_that_it_is_one_row_and_read_back_as_what_was_told(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    events = asyncio.run(lay_down(path))
    check_journal(events)
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT step_id, begun IS NOT NULL FROM entries WHERE step_id NOT NULL")
        assert rows.fetchall() == [("a", 1), ("b", 0), ("b", 0), ("c", 1)]
        assert connection.execute("SELECT count(*) FROM journal").fetchone() == (len(events),)
    assert asyncio.run(read(path)) == events


STEPS = "SELECT step_id, status, attempts, started_at, ended_at, duration_ms, seq FROM steps ORDER BY step_id"


def test_that_a_step_has_a_row_of_its_own_only_where_that_says_more(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    events = asyncio.run(lay_down(path))
    ended_at = {event.step_id: round(event.ts * 1e6) for event in events}

    def rows() -> tuple[list[str], list[tuple[object, ...]]]:
        with closing(sqlite3.connect(path)) as connection:
            own = [name for (name,) in connection.execute("SELECT step_id FROM step_rows ORDER BY step_id")]
            return own, connection.execute(STEPS).fetchall()

    own, shown = rows()
    assert own == ["b"]
    assert [row[:3] for row in shown] == [("a", 4, 1), ("b", 4, 1), ("c", 4, 1)]
    assert shown[0][3:] == (0, ended_at["a"], 0.5, 4)
    assert shown[2][4:] == (ended_at["c"], 0.5, 11)

    async def undo() -> None:
        async with SqliteStateManager(path) as store:
            await store.load_state("run")
            store.append("run", [EventDraft(EventType.STEP_ROLLING_BACK, "a")])

    asyncio.run(undo())
    own, shown = rows()
    assert own == ["a", "b"]
    rolling_back = EVENT_CODE[EventType.STEP_ROLLING_BACK] - 13
    assert [row[:2] for row in shown] == [("a", rolling_back), ("b", 4), ("c", 4)]


def test_that_the_end_of_a_journal_is_missed_where_the_last_step_ran_at_once(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    asyncio.run(lay_down(path))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM entries WHERE step_id = 'c'")
    with pytest.raises(RunDamaged, match="event 10 is missing"):
        asyncio.run(read(path))


@pytest.mark.parametrize("after", range(13))
def test_that_a_reader_may_begin_after_any_event_of_it(tmp_path: Path, after: int) -> None:
    path = tmp_path / "runs.db"
    events = asyncio.run(lay_down(path))
    assert asyncio.run(read(path, after)) == events[after:]


def test_that_a_page_may_end_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "runs.db"
    events = asyncio.run(lay_down(path))
    for size in range(1, 8):
        monkeypatch.setattr(sqlite, "_PAGE_EVENTS", size)
        assert asyncio.run(read(path)) == events


@pytest.mark.parametrize("after", range(13))
def test_that_a_reader_who_begins_in_the_middle_gets_every_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    path = tmp_path / "runs.db"
    events = asyncio.run(lay_down(path))
    for size in range(1, 8):
        monkeypatch.setattr(sqlite, "_PAGE_EVENTS", size)
        assert asyncio.run(read(path, after)) == events[after:]


def test_that_what_follows_a_restart_is_numbered_after_its_connections(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    events = asyncio.run(lay_down(path))

    async def go_on() -> list[Event]:
        async with SqliteStateManager(path) as store:
            state = await store.load_state("run")
            assert state.seq == events[-1].seq
            assert await store.get_step_output("run", "c") == {"n": 3}
            store.append("run", ran("d", {"n": 4}))
            store.append("run", [ended()])
            await store.commit()
            return await store.read_events("run")

    went_on = asyncio.run(go_on())
    check_journal(went_on)
    assert went_on[: len(events)] == events
    assert asyncio.run(read(path)) == went_on


def test_that_whoever_looks_with_sql_sees_the_events_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    events = asyncio.run(lay_down(path))
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT * FROM journal ORDER BY execution, seq").fetchall()
        taken = connection.execute(
            "SELECT connection_id FROM connections WHERE outcome = 'TAKEN' ORDER BY connection_id"
        ).fetchall()
        attempts = connection.execute("SELECT step_id, attempt, outcome FROM attempts ORDER BY step_id")
        assert attempts.fetchall() == [("a", 1, 4), ("b", 1, 4), ("c", 1, 4)]
    assert taken == [('a>"ä"',), ("a>b",), ("b>c",), ("c>d",)]
    assert [
        (
            1,
            each.seq,
            round(each.ts * 1e6),
            EVENT_CODE[each.type],
            each.step_id,
            each.attempt,
            dict(each.data),
        )
        for each in events
    ] == [(*row[:6], json.loads(row[6] or "{}")) for row in rows]


@pytest.mark.parametrize(
    "change",
    [
        "taken = '[\"a>b\"]'",
        "taken = NULL",
        "taken = '['",
        "begun = begun + 1",
        "begun = NULL",
        "data = replace(data, '1', '2')",
        "type = 18",
    ],
)
def test_that_a_change_to_any_part_of_it_is_noticed(tmp_path: Path, change: str) -> None:
    path = tmp_path / "runs.db"
    asyncio.run(lay_down(path))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE entries SET {change} WHERE step_id = 'a'")
    with pytest.raises(RunDamaged, match="event 4"):
        asyncio.run(read(path))


@pytest.mark.parametrize(
    "change", ["taken = '['", "taken = '7'", "taken = NULL", "taken = '[7]'", "seq = 90"]
)
def test_that_a_change_to_the_last_row_is_noticed(tmp_path: Path, change: str) -> None:
    path = tmp_path / "runs.db"
    asyncio.run(lay_down(path))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE entries SET {change} WHERE step_id = 'c'")
    with pytest.raises(RunDamaged):
        asyncio.run(read(path))


def test_that_a_row_of_a_step_that_leads_elsewhere_is_damage_and_no_missing_result(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    asyncio.run(lay_down(path))

    async def output() -> object:
        async with SqliteStateManager(path) as store:
            return await store.get_step_output("run", "b")

    assert asyncio.run(output()) == {"n": 2}
    for seq in (7, 9, 4, 90):
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE step_rows SET seq = ? WHERE step_id = 'b'", (seq,))
        with pytest.raises(RunDamaged, match="leads to no completion"):
            asyncio.run(output())


def test_that_a_store_from_before_keeps_its_journal_and_its_views(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    before = next(number for number, text in enumerate(migrations()) if "RENAME TO entries" in text)
    with closing(sqlite3.connect(path)) as connection:
        for number, text in enumerate(migrations()[:before], start=1):
            connection.executescript(f"BEGIN; {text}; PRAGMA user_version = {number}; COMMIT;")
        created = '{"definition_hash":"","input_data":{},"workflow_name":"w","base_dir":""}'
        connection.execute(
            "INSERT INTO executions VALUES (1, 'run', 'w', 'w', '', 1, '', NULL, 1, 1, NULL, NULL)"
        )
        for row in (
            (1, 1, 1_000_000, 0, None, 0, created, None),
            (1, 2, 2_000_000, 1, None, 0, None, None),
            (1, 3, 3_000_000, 14, "a", 1, None, None),
            (1, 4, 4_000_000, 17, "a", 1, '{"output":1}', None),
        ):
            connection.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        connection.execute("INSERT INTO steps VALUES (1, 'a', 4, '', 1, 3000000, 4000000, 1000.0, 4)")
        connection.commit()
        views = "SELECT name FROM sqlite_master WHERE type = 'view'"
        names = {name for (name,) in connection.execute(views)}
        shown = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}
        journal = connection.execute("SELECT * FROM journal ORDER BY seq").fetchall()

    async def go_on() -> None:
        async with SqliteStateManager(path) as store:
            await store.load_state("run")
            store.append("run", ran("b", {"n": 4}, "b>c", begun_at=5.0))

    assert [event.seq for event in asyncio.run(read(path))] == [1, 2, 3, 4]
    with closing(sqlite3.connect(path)) as connection:
        assert {name for (name,) in connection.execute(views)} == {
            *names, "journal", "steps", "step_retries", "undone_runs",
        }  # fmt: skip
        again = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}
        assert again == shown
        assert connection.execute("SELECT * FROM journal ORDER BY seq").fetchall() == [
            row[:7] for row in journal
        ]
    asyncio.run(go_on())
    assert [event.step_id for event in asyncio.run(read(path))] == [None, None, "a", "a", "b", "b", None]
    with closing(sqlite3.connect(path)) as connection:
        runs = connection.execute("SELECT step_id, runs, completed FROM step_statistics ORDER BY step_id")
        assert runs.fetchall() == [("a", 1, 1), ("b", 1, 1)]
