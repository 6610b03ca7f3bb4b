"""The rows of one transaction, gathered as events are appended.

Journal rows go in as they come. Of a step, an attempt or an execution that changed several times
only the last row is written. The values of many rows are bound to one statement: SQLite lets go
of the interpreter lock once a statement, and beside a busy thread (the window) each time costs up
to a switch interval, so ``executemany`` over 250 rows can stand still for a tenth of a second.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from engine.history.events import STATUS_OF_EXECUTION_EVENT, STATUS_OF_STEP_EVENT, TRANSIENT, Event, EventType
from engine.history.status import StepStatus
from engine.store.codes import EVENT_CODE, EXECUTION_CODE, OUTCOME_CODE, STEP_CODE
from engine.store.json_text import encode
from engine.store.ledger import Entry, ExecutionRecord, StepRecord

Row = tuple[Any, ...]

# Powers of two: few different statements to prepare, and at most nine of them for 500 rows.
_CHUNKS = (256, 128, 64, 32, 16, 8, 4, 2, 1)
_WIDTHS = {
    "definitions": 2,
    "executions": 11,
    "journal": 7,
    "steps": 9,
    "attempts": 7,
    "connections": 3,
    "timers": 3,
}
# The journal is written once; a second row for a place in it is a fault that must show.
_VERBS = {"journal": "INSERT", "definitions": "INSERT OR IGNORE"}
_STATEMENTS = {
    (table, count): f"{_VERBS.get(table, 'INSERT OR REPLACE')} INTO {table} VALUES "
    + ", ".join([f"({', '.join('?' * width)})"] * count)
    for table, width in _WIDTHS.items()
    for count in _CHUNKS
}


class Batch:
    """What one transaction will write."""

    __slots__ = (
        "_attempts",
        "_connections",
        "_definitions",
        "_executions",
        "_forces_sync",
        "_journal",
        "_steps",
        "_timers",
        "events",
    )

    def __init__(self) -> None:
        self.events = 0
        self._forces_sync = False
        self._journal: list[Row] = []
        self._connections: list[Row] = []
        self._executions: dict[int, Row] = {}
        self._steps: dict[tuple[int, str], Row] = {}
        self._attempts: dict[tuple[int, str, int, int], Row] = {}
        self._timers: dict[tuple[int, str], Row] = {}
        self._definitions: list[Row] = []

    def add_definition(self, definition_hash: str, definition: str) -> None:
        """Keep a definition with this transaction; one that is there already stays."""
        self._definitions.append((definition_hash, definition))

    def add_execution(self, record: ExecutionRecord, entry: Entry) -> None:
        """The creation of an execution."""
        self._add_journal(record.key, entry)
        self._executions[record.key] = _execution_row(record)

    def add(self, record: ExecutionRecord, entries: Iterable[Entry]) -> None:
        """Events of an execution whose ``record`` has been advanced by them."""
        key = record.key
        execution_moved = False
        for entry in entries:
            event = entry[0]
            event_type = event.type
            if event_type in TRANSIENT:
                continue
            self._add_journal(key, entry)
            status = STATUS_OF_STEP_EVENT.get(event_type)
            if status is not None:
                self._add_step(record, event, status)
            elif event_type is EventType.CONNECTION_RESOLVED:
                data = event.data
                self._connections.append((key, data["connection_id"], OUTCOME_CODE[data["outcome"]]))
            elif event_type in STATUS_OF_EXECUTION_EVENT:
                execution_moved = True
        if execution_moved:
            self._executions[key] = _execution_row(record)

    def force_sync(self) -> None:
        """Write one row at least, so that a commit with synchronous=FULL has something to sync."""
        self._forces_sync = True

    def write(self, connection: sqlite3.Connection) -> None:
        """Insert everything; the transaction around it is the caller's."""
        for table, rows in (
            ("definitions", self._definitions),
            ("executions", list(self._executions.values())),
            ("journal", self._journal),
            ("steps", list(self._steps.values())),
            ("attempts", list(self._attempts.values())),
            ("connections", self._connections),
            ("timers", list(self._timers.values())),
        ):
            if rows:
                _insert(connection, table, rows)
        if self._forces_sync:
            connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'syncs'")

    def _add_journal(self, key: int, entry: Entry) -> None:
        event, text = entry
        self.events += 1
        self._journal.append(
            (
                key,
                event.seq,
                microseconds(event.ts),
                EVENT_CODE[event.type],
                event.step_id,
                event.attempt,
                text,
            )
        )

    def _add_step(self, record: ExecutionRecord, event: Event, status: StepStatus) -> None:
        step_id = event.step_id
        assert step_id is not None
        key = record.key
        step = record.steps[step_id]
        place = (key, step_id)
        self._steps[place] = _step_row(key, step_id, step)
        if status is StepStatus.WAITING:
            self._timers[place] = (key, step_id, _moment(step.due_at))
            step.has_timer = True
        elif step.has_timer:
            self._timers[place] = (key, step_id, None)
            step.has_timer = False
        started_at = step.attempt_started_at
        if started_at is not None:
            self._add_attempt(place, event, status, step, microseconds(started_at))

    def _add_attempt(
        self, place: tuple[int, str], event: Event, status: StepStatus, step: StepRecord, started_at: int
    ) -> None:
        key, step_id = place
        running = status is StepStatus.RUNNING
        error = event.data.get("error")
        number = event.attempt or step.attempts
        self._attempts[(key, step_id, number, started_at)] = (
            key,
            step_id,
            number,
            started_at,
            None if running else microseconds(event.ts),
            None if running else STEP_CODE[status],
            encode(error) if error is not None else None,
        )
        if not running:
            step.attempt_started_at = None


def microseconds(ts: float) -> int:
    """A time in epoch seconds as it stands in the database."""
    return round(ts * 1e6)


def _moment(ts: float | None) -> int | None:
    return None if ts is None else round(ts * 1e6)


def _execution_row(record: ExecutionRecord) -> Row:
    return (
        record.key,
        record.id,
        record.workflow_id,
        record.workflow_name,
        record.definition_hash,
        EXECUTION_CODE[record.status],
        record.reason,
        encode(record.error) if record.error is not None else None,
        microseconds(record.created_at),
        _moment(record.started_at),
        _moment(record.ended_at),
    )


def _step_row(key: int, step_id: str, step: StepRecord) -> Row:
    return (
        key,
        step_id,
        STEP_CODE[step.status],
        step.reason,
        step.attempts,
        _moment(step.started_at),
        _moment(step.ended_at),
        step.duration_ms,
        step.seq,
    )


def _insert(connection: sqlite3.Connection, table: str, rows: Sequence[Row]) -> None:
    """All ``rows`` in as few statements as there are ones in the binary form of their number."""
    start, remaining = 0, len(rows)
    for count in _CHUNKS:
        while remaining >= count:
            part = rows[start : start + count]
            connection.execute(_STATEMENTS[table, count], tuple(chain.from_iterable(part)))
            start += count
            remaining -= count
