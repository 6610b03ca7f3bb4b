"""The rows of one transaction, gathered as events are appended.

Journal rows go in as they come. Of a step or an execution that changed several times only the last
row is written. The values of many rows are bound to one statement: SQLite lets go of the interpreter
lock once a statement, and beside a busy thread (the window) each time costs up to a switch interval,
so ``executemany`` over 250 rows can stand still for a tenth of a second.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from itertools import chain
from typing import Any

from engine.history.events import STATUS_OF_EXECUTION_EVENT, STATUS_OF_STEP_EVENT, TRANSIENT, EventType
from engine.history.ran import Ran, resolved_text
from engine.store.checksum import of_definition, of_event, of_ran, of_run
from engine.store.codes import EVENT_CODE, EXECUTION_CODE, STEP_CODE
from engine.store.json_text import encode
from engine.store.ledger import Admitted, ExecutionRecord, StepRecord, is_asked_by_parts

Row = tuple[Any, ...]

# Few different statements, and none long: preparing one costs as much as running it. One serves the commit of
# a single step, at most fifteen serve 500 rows.
_CHUNKS = (64, 16, 4, 2, 1)
_WIDTHS = {
    "definitions": 3,
    "executions": 12,
    "entries": 10,
    "reached": 2,
    "results": 4,
    "step_rows": 9,
    "timers": 3,
}
# The journal is written once; a second row for a place in it is a fault that must show.
_VERBS = {"entries": "INSERT", "executions": "INSERT"}
# A run keeps its place among the ids, which is half of what its row costs; all else in it is written anew.
_WRITTEN_ANEW = (
    "workflow_id",
    "workflow_name",
    "definition_hash",
    "status",
    "reason",
    "error",
    "created_at",
    "started_at",
    "ended_at",
    "checksum",
)
_SUFFIXES = {
    "executions": " ON CONFLICT (key) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in _WRITTEN_ANEW)
}
_COMPLETED = EventType.STEP_COMPLETED
_COMPLETED_CODE = EVENT_CODE[_COMPLETED]
_STATEMENTS = {
    (table, count): f"{_VERBS.get(table, 'INSERT OR REPLACE')} INTO {table} VALUES "
    + ", ".join([f"({', '.join('?' * width)})"] * count)
    + _SUFFIXES.get(table, "")
    for table, width in _WIDTHS.items()
    for count in _CHUNKS
}


class Batch:
    """What one transaction will write."""

    __slots__ = (
        "_definitions",
        "_executions",
        "_forces_sync",
        "_journal",
        "_reached",
        "_steps",
        "_timers",
        "entries",
        "results",
    )

    def __init__(self) -> None:
        self.entries = 0
        self._forces_sync = False
        self._journal: list[Any] = []  # the values of all rows, one after the other
        self._executions: dict[int, Row] = {}
        self._reached: dict[int, int] = {}
        self._steps: dict[tuple[int, str], Row] = {}
        self._timers: dict[tuple[int, str], Row] = {}
        self._definitions: list[Row] = []
        self.results: dict[str, Row] = {}  # by their keys

    def add_definition(self, definition_hash: str, definition: str) -> None:
        """Keep a definition with this transaction; it takes the place of one that was damaged since."""
        self._definitions.append((definition_hash, definition, of_definition(definition_hash, definition)))

    def add(self, record: ExecutionRecord, admitted: Admitted) -> None:
        """Events of an execution whose ``record`` has been advanced by them."""
        key, seed = record.key, record.seed
        events, texts, now = admitted
        ts = now / 1e6
        journal = self._journal
        for event, text in zip(events, texts, strict=True):
            _, _, seq, event_ts, event_type, step_id, attempt, data = event
            if event_type in TRANSIENT:
                continue
            at = now if event_ts == ts else round(event_ts * 1e6)
            if text is None and data:
                text = resolved_text(data["connection_id"], data["outcome"])
            code = EVENT_CODE[event_type]
            checksum = of_event(seed, seq, at, code, step_id, attempt, text)
            journal += (key, seq, at, code, step_id, attempt, text, checksum, None, None)
            if event_type in STATUS_OF_STEP_EVENT:
                assert step_id is not None
                self._add_step(key, step_id, record.steps[step_id])
                if event_type is _COMPLETED and "key" in data:
                    self.results[data["key"]] = (data["key"], key, step_id, seq)
            elif event_type in STATUS_OF_EXECUTION_EVENT or event_type is EventType.EXECUTION_CREATED:
                self._executions[key] = _execution_row(record)
            elif event_type is EventType.INPUT_REQUIRED and is_asked_by_parts(record, step_id):
                assert step_id is not None
                self._add_step(key, step_id, record.steps[step_id])
            if event_type is EventType.EXECUTION_RESTARTED:
                for again in event.data["steps"]:
                    self._add_step(key, again, record.steps[again])
        self._reached[key] = record.seq
        self.entries += len(events)

    def add_ran(self, record: ExecutionRecord, ran: Ran) -> None:
        """The row of a step that ran, and of its events, of an execution whose ``record`` knows of it."""
        key, step_id, attempt, text = record.key, ran.step_id, ran.attempt, ran.text
        _, begun, ended, _, seq = record.ran[step_id]
        taken = ran.taken.text
        checksum = of_ran(record.seed, seq, ended, _COMPLETED_CODE, step_id, attempt, text, begun, taken)
        self._journal += (key, seq, ended, _COMPLETED_CODE, step_id, attempt, text, checksum, begun, taken)
        self._reached[key] = record.seq
        self.entries += 1

    def force_sync(self) -> None:
        """Write one row at least, so that a commit with synchronous=FULL has something to sync."""
        self._forces_sync = True

    def write(self, connection: sqlite3.Connection) -> None:
        """Insert everything; the transaction around it is the caller's."""
        if self._definitions:
            _insert(connection, "definitions", _flat(self._definitions))
        if self._executions:
            _insert(connection, "executions", _flat(self._executions.values()))
        if self._journal:
            _insert(connection, "entries", self._journal)
        if self._steps:
            _insert(connection, "step_rows", _flat(self._steps.values()))
        if self._reached:
            _insert(connection, "reached", _flat(self._reached.items()))
        if self._timers:
            _insert(connection, "timers", _flat(self._timers.values()))
        if self.results:
            _insert(connection, "results", _flat(self.results.values()))
        if self._forces_sync:
            connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'syncs'")

    def _add_step(self, key: int, step_id: str, step: StepRecord) -> None:
        place = (key, step_id)
        self._steps[place] = (
            key,
            step_id,
            STEP_CODE[step.status],
            step.reason,
            step.attempts,
            step.started_at,
            step.ended_at,
            step.duration_ms,
            step.seq,
        )
        if step.due_at is not None or step.has_timer:
            step.has_timer = step.due_at is not None
            self._timers[place] = (key, step_id, step.due_at)


def _execution_row(record: ExecutionRecord) -> Row:
    row = (
        record.key,
        record.id,
        record.workflow_id,
        record.workflow_name,
        record.definition_hash,
        EXECUTION_CODE[record.status],
        record.reason,
        encode(record.error) if record.error is not None else None,
        record.created_at,
        record.started_at,
        record.ended_at,
    )
    return (*row, of_run(row))


def _flat(rows: Iterable[Row]) -> list[Any]:
    return list(chain.from_iterable(rows))


def _insert(connection: sqlite3.Connection, table: str, values: list[Any]) -> None:
    """All rows, in lots of those sizes."""
    width = _WIDTHS[table]
    start, remaining = 0, len(values) // width
    if remaining in _CHUNKS:
        connection.execute(_STATEMENTS[table, remaining], values)
        return
    for count in _CHUNKS:
        while remaining >= count:
            end = start + count * width
            connection.execute(_STATEMENTS[table, count], values[start:end])
            start = end
            remaining -= count
