"""What a store's files say after a death: read without the engine, from a copy, and held against the rules.

`look` raises AssertionError, saying what is wrong, unless the files are sound by themselves. Whoever reads
them as they lie would end the write-ahead log with it, so they are copied first.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.history.events import STATUS_OF_STEP_EVENT, Event, EventType
from engine.history.state import ExecutionState
from engine.history.status import ExecutionStatus, StepStatus
from engine.store.checksum import of_definition, of_event, of_ran, seed_of
from engine.store.codes import EVENT_TYPES, EXECUTION_STATUSES, STEP_STATUSES
from tests.support.journal_rules import check_journal

Fact = tuple[int, str, str | None]


@dataclass(frozen=True, slots=True)
class Run:
    """One execution as the files have it."""

    state: ExecutionState
    events: tuple[Event, ...]

    @property
    def facts(self) -> list[Fact]:
        return [(event.seq, event.type.value, event.step_id) for event in self.events]

    def was_never_begun(self) -> bool:
        """It was called off as it was created: the store could not promise that it would be kept."""
        return self.state.status is ExecutionStatus.CANCELLED and self.state.started_at is None

    def uncertain_steps(self) -> set[str]:
        """The steps of which nobody knows whether they took effect."""
        steps = self.state.steps.items()
        return {step_id for step_id, step in steps if step.status is StepStatus.UNCERTAIN}

    def ended_steps(self) -> set[str]:
        """The steps whose end is recorded."""
        return {
            step_id
            for step_id, step in self.state.steps.items()
            if step.status.is_terminal or step.status is StepStatus.UNCERTAIN
        }


def look(database: Path) -> dict[str, Run]:
    """Every execution in the files at this moment; nothing is touched."""
    if not database.exists():
        return {}
    with tempfile.TemporaryDirectory(dir=database.parent) as folder:
        copy = Path(folder) / "copy.db"
        shutil.copyfile(database, copy)
        log = database.with_name(database.name + "-wal")
        if log.exists():
            shutil.copyfile(log, copy.with_name(copy.name + "-wal"))
        with closing(sqlite3.connect(copy)) as connection:
            connection.row_factory = sqlite3.Row
            if not connection.execute("PRAGMA user_version").fetchone()[0]:
                return {}  # it died before the store was made
            return _read(connection, database.with_name(database.name + ".artifacts"))


def _read(connection: sqlite3.Connection, artifacts: Path) -> dict[str, Run]:
    checked = [row[0] for row in connection.execute("PRAGMA quick_check")]
    assert checked == ["ok"], checked
    found: dict[str, Run] = {}
    for row in connection.execute("SELECT * FROM executions ORDER BY key").fetchall():
        events = _events(connection, row)
        check_journal(events)
        _check_times(events)
        state = ExecutionState.fold(events)
        _check_execution(row, state)
        _check_steps(connection, row["key"], state, events)
        _check_connections(connection, row["key"], state, events)
        _check_results(events, artifacts)
        reached = connection.execute("SELECT seq FROM reached WHERE execution = ?", (row["key"],)).fetchone()
        assert reached, "how far the journal reaches is gone"
        assert reached[0] == events[-1].seq, f"the journal is to reach {reached[0]}"
        kept = connection.execute(
            "SELECT definition, checksum FROM definitions WHERE hash = ?", (row["definition_hash"],)
        ).fetchone()
        assert kept, "the workflow of the run is gone"
        assert kept[1] == of_definition(row["definition_hash"], kept[0]), (
            "the workflow's checksum does not fit"
        )
        found[row["id"]] = Run(state, tuple(events))
    for table in ("entries", "step_rows", "reached", "timers"):
        lost = f"SELECT count(*) FROM {table} WHERE execution NOT IN (SELECT key FROM executions)"
        assert connection.execute(lost).fetchone()[0] == 0, f"{table} of no execution"
    return found


def _events(connection: sqlite3.Connection, execution: sqlite3.Row) -> list[Event]:
    seed = seed_of(execution["id"], execution["workflow_id"])
    for row in connection.execute("SELECT * FROM entries WHERE execution = ?", (execution["key"],)):
        _, seq, ts, code, step_id, attempt, data, checksum, begun, taken = tuple(row)
        if begun is None:
            expected = of_event(seed, seq, ts, code, step_id, attempt, data)
        else:
            assert EVENT_TYPES[code] is EventType.STEP_COMPLETED
            expected = of_ran(seed, seq, ts, code, step_id, attempt, data, begun, taken)
        assert checksum == expected, f"the checksum of event {seq} does not fit"
    rows = connection.execute(
        "SELECT * FROM journal WHERE execution = ? ORDER BY seq", (execution["key"],)
    ).fetchall()
    return [
        Event(
            execution["id"],
            execution["workflow_id"],
            row["seq"],
            row["ts"] / 1e6,
            EVENT_TYPES[row["type"]],
            row["step_id"],
            row["attempt"],
            json.loads(row["data"]) if row["data"] is not None else {},
        )
        for row in rows
    ]


def _check_times(events: Sequence[Event]) -> None:
    """For the run, and for each of its steps, time does not run backwards."""
    latest: dict[str | None, float] = {}
    for event in events:
        assert event.ts >= latest.get(event.step_id, 0.0), f"time ran backwards at {event.seq}"
        latest[event.step_id] = event.ts
        assert event.data.get("duration_ms", 0) >= 0, "something took less than no time"


def _check_execution(row: sqlite3.Row, state: ExecutionState) -> None:
    projected = {
        "workflow_id": row["workflow_id"],
        "workflow_name": row["workflow_name"],
        "definition_hash": row["definition_hash"],
        "status": EXECUTION_STATUSES[row["status"]],
        "reason": row["reason"],
        "error": json.loads(row["error"]) if row["error"] is not None else None,
        "created_at": _seconds(row["created_at"]),
        "started_at": _seconds(row["started_at"]),
        "ended_at": _seconds(row["ended_at"]),
    }
    folded = {name: getattr(state, name) for name in projected}
    assert projected == folded, f"the run's row is {projected}, its journal says {folded}"


def _check_steps(
    connection: sqlite3.Connection, key: int, state: ExecutionState, events: Sequence[Event]
) -> None:
    moved: dict[str | None, int] = {}
    for event in events:
        if event.type in STATUS_OF_STEP_EVENT:
            moved[event.step_id] = event.seq
        elif event.type is EventType.EXECUTION_RESTARTED:
            moved |= dict.fromkeys(event.data["steps"], event.seq)
    rows = connection.execute("SELECT * FROM steps WHERE execution = ?", (key,)).fetchall()
    projected = {
        row["step_id"]: (
            STEP_STATUSES[row["status"]],
            row["reason"],
            row["attempts"],
            _seconds(row["started_at"]),
            _seconds(row["ended_at"]),
            row["duration_ms"],
            row["seq"],
        )
        for row in rows
    }
    folded = {
        step_id: (
            step.status,
            step.reason,
            step.attempts,
            step.started_at,
            step.ended_at,
            step.duration_ms,
            moved[step_id],
        )
        for step_id, step in state.steps.items()
    }
    assert projected == folded, f"the steps' rows are {projected}, the journal says {folded}"
    timers = connection.execute(
        "SELECT step_id, due_at FROM timers WHERE execution = ? AND due_at IS NOT NULL", (key,)
    )
    due = {step_id: _seconds(at) for step_id, at in timers}
    waiting = {
        step_id: round(step.waiting_until * 1e6) / 1e6
        for step_id, step in state.steps.items()
        if step.waiting_until is not None
    }
    assert due == waiting, f"the timers are {due}, the journal says {waiting}"


def _check_connections(
    connection: sqlite3.Connection, key: int, state: ExecutionState, events: Sequence[Event]
) -> None:
    rows = connection.execute("SELECT connection_id, outcome FROM connections WHERE execution = ?", (key,))
    folded = {name: outcome.value for name, outcome in state.connections.items()}
    restarts = (event for event in events if event.type is EventType.EXECUTION_RESTARTED)
    taken_back = {name for event in restarts for name in event.data["connections"]} - folded.keys()
    projected = {name: outcome for name, outcome in rows if name not in taken_back}
    assert projected == folded, f"the connections' rows are {projected}, the journal says {folded}"


def _check_results(events: Iterable[Event], artifacts: Path) -> None:
    for event in events:
        if event.type is EventType.STEP_COMPLETED:
            for sha in _references(event.data.get("output")):
                kept = artifacts / sha[:2] / sha
                assert kept.is_file(), f"the result of {event.step_id} is not there"
                content = hashlib.sha256(kept.read_bytes()).hexdigest()
                assert content == sha, f"the result of {event.step_id} is not what it was"


def _references(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        if "$artifact" in value:
            yield value["$artifact"]
        for inner in value.values():
            yield from _references(inner)


def _seconds(microseconds: int | None) -> float | None:
    return None if microseconds is None else microseconds / 1e6
