"""Rows of the database as values of the program. A row of the journal has to be what was written."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from engine.errors import RunDamaged
from engine.history.events import Event, EventType
from engine.history.ran import ran_events
from engine.history.state import ExecutionState
from engine.history.status import ExecutionStatus
from engine.store.checksum import of_event, of_ran, of_run, seed_of
from engine.store.codes import EVENT_TYPES, EXECUTION_STATUSES, STEP_STATUSES
from engine.store.json_text import decode
from engine.store.ledger import ExecutionRecord, StepRecord
from engine.store.state_manager import ExecutionSummary, damaged, state_of

_log = logging.getLogger(__name__)

_new = tuple.__new__  # a NamedTuple's own constructor costs three times as much

ReadJournal = Callable[[ExecutionRecord], Awaitable[list[Event]]]


def events_of(execution_id: str, workflow_id: str, rows: Sequence[Sequence[Any]]) -> list[Event]:
    """The events of a run, from rows in their order; raises RunDamaged, which names the first bad one.

    Rows that were written before there were checksums are taken as they are, but not after one that has one.
    """
    seed = seed_of(execution_id, workflow_id)
    is_checked = False
    for seq, ts, code, step_id, attempt, text, checksum, begun, taken in rows:
        if checksum is None and not is_checked:
            continue
        is_checked = True
        if begun is None:
            expected = of_event(seed, seq, ts, code, step_id, attempt, text)
        else:
            expected = of_ran(seed, seq, ts, code, step_id, attempt, text, begun, taken)
        if checksum != expected:
            raise damaged(execution_id, f"event {seq} is not what was written")
    texts = [(row[0], text) for row in rows for text in (row[5], row[8]) if text is not None]
    try:
        # All of them at once: a call for each costs more than what it does.
        data = decode(f"[{','.join(text for _, text in texts)}]")
    except ValueError:
        data = [_decoded(execution_id, *each) for each in texts]
    given = iter(data)
    events: list[Event] = []
    whole = (execution_id, workflow_id)
    for seq, ts, code, step_id, attempt, text, _, begun, taken in rows:
        try:
            each = {} if text is None else next(given)
            if begun is None:
                events.append(_new(Event, (*whole, seq, ts / 1e6, EVENT_TYPES[code], step_id, attempt, each)))
                continue
            ids = () if taken is None else next(given)
            events += ran_events(whole, seq - 1, (begun / 1e6, ts / 1e6), (step_id, attempt), each, ids)
        except (LookupError, TypeError) as error:
            raise damaged(execution_id, f"event {seq} makes no sense ({error!r})") from error
    return events


def end_of(execution_id: str, row: Sequence[Any]) -> tuple[int, int]:
    """The number of the last event and its time, by the (seq, ts, taken) of the last row."""
    seq, ts, taken = row
    try:
        return seq + (len(decode(taken)) if taken else 0), ts
    except (TypeError, ValueError) as error:
        raise damaged(execution_id, f"event {seq} makes no sense ({error!r})") from error


def output_in(events: Iterable[Event], execution_id: str, step_id: str, seq: int) -> Any:
    """What the step's completion, event `seq`, delivered; RunDamaged when there is no such completion."""
    for event in events:
        if event.seq == seq and event.step_id == step_id and event.type is EventType.STEP_COMPLETED:
            return event.data.get("output")
    raise damaged(execution_id, f'the row of its step "{step_id}" leads to no completion (event {seq})')


def check_dense(execution_id: str, events: Sequence[Event], after: int = 0, *, at_least: int = 0) -> None:
    """Raises RunDamaged when an event after number `after` is missing, or one of the first `at_least`."""
    for expected, event in enumerate(events, after + 1):
        if event.seq != expected:
            raise damaged(execution_id, f"event {expected} is missing")
    if after + len(events) < at_least:
        raise damaged(execution_id, f"event {after + len(events) + 1} is missing")


def _decoded(execution_id: str, seq: int, text: str) -> Any:
    try:
        return decode(text)
    except ValueError as error:
        raise damaged(execution_id, f"event {seq} is no JSON ({error})") from error


def record_of(row: Sequence[Any]) -> ExecutionRecord:
    """The run that a row tells of; raises ValueError when the row is not what was written."""
    *told, checksum = row
    if checksum not in (None, of_run(told)):
        raise ValueError("the row is not what was written")
    return ExecutionRecord(
        key=row[0],
        id=row[1],
        workflow_id=row[2],
        workflow_name=row[3],
        definition_hash=row[4],
        status=EXECUTION_STATUSES[row[5]],
        reason=row[6],
        error=None if row[7] is None else decode(row[7]),
        created_at=row[8],
        started_at=row[9],
        ended_at=row[10],
    )


async def summaries(rows: Iterable[Sequence[Any]], read: ReadJournal) -> list[ExecutionSummary]:
    """The runs of these rows; one that cannot be told of stands there as QUARANTINED, with what is wrong."""
    found = []
    for row in rows:
        try:
            record = await read_record(row, read)
        except RunDamaged as error:
            record = _unknown(row)
            record.status, record.error = ExecutionStatus.QUARANTINED, error.to_json()
        found.append(record.summary())
    return found


async def read_record(row: Sequence[Any], read: ReadJournal) -> ExecutionRecord:
    """The run that a row tells of; if the row is damaged, as its journal tells it, which `read` gives.

    Raises RunDamaged when the journal is damaged too.
    """
    try:
        return record_of(row)
    except (LookupError, TypeError, ValueError) as error:
        _log.error("The row of run %s in the store's list of runs is damaged: %s", row[1], error)
    record = _unknown(row)
    return _told_by(record, state_of(record.id, await read(record)))


def _unknown(row: Sequence[Any]) -> ExecutionRecord:
    return ExecutionRecord(row[0], str(row[1]), str(row[2]), "", "", 0)


def _told_by(record: ExecutionRecord, state: ExecutionState) -> ExecutionRecord:
    """The run as its journal tells of it."""
    return replace(
        record,
        workflow_name=state.workflow_name,
        definition_hash=state.definition_hash,
        status=state.status,
        reason=state.reason,
        error=state.error,
        created_at=_microseconds(state.created_at) or 0,
        started_at=_microseconds(state.started_at),
        ended_at=_microseconds(state.ended_at),
    )


def _microseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1e6)


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
