"""Rows of the database as values of the program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.history.events import Event
from engine.store.codes import EVENT_TYPES, EXECUTION_STATUSES, STEP_STATUSES
from engine.store.ledger import ExecutionRecord, StepRecord


def event_of(record: ExecutionRecord, row: Sequence[Any]) -> Event:
    seq, ts, code, step_id, attempt, data = row
    return Event(
        record.id, record.workflow_id, seq, ts / 1e6, EVENT_TYPES[code], step_id, attempt, data or {}
    )


def record_of(row: Sequence[Any]) -> ExecutionRecord:
    return ExecutionRecord(
        key=row[0],
        id=row[1],
        workflow_id=row[2],
        workflow_name=row[3],
        definition_hash=row[4],
        status=EXECUTION_STATUSES[row[5]],
        reason=row[6],
        error=row[7],
        created_at=row[8],
        started_at=row[9],
        ended_at=row[10],
    )


def step_record_of(row: Sequence[Any]) -> StepRecord:
    return StepRecord(
        status=STEP_STATUSES[row[1]],
        reason=row[2],
        attempts=row[3],
        started_at=row[4],
        ended_at=row[5],
        duration_ms=row[6],
        seq=row[7],
        due_at=row[8],
        has_timer=row[8] is not None,
    )
