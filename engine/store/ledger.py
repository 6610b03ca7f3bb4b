"""Where every execution in use stands, in memory: the compare-and-set behind ``append``.

A record holds what a projection row holds and is advanced by each event, so the legality of a move
and the next number are known without touching the journal, in constant time. Drafts are admitted
together or not at all: everything that can fail happens before anything is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from engine.errors import ExecutionNotFound, StoreError
from engine.history.events import (
    STATUS_OF_EXECUTION_EVENT,
    STATUS_OF_STEP_EVENT,
    TRANSIENT,
    Event,
    EventDraft,
    EventType,
)
from engine.history.state import milliseconds
from engine.history.status import (
    EXECUTION_MOVES,
    STEP_MOVES,
    ExecutionStatus,
    StepStatus,
    check_execution_move,
    check_step_move,
)
from engine.store.artifacts import ArtifactStore
from engine.store.json_text import INLINE_LIMIT, encode
from engine.store.state_manager import ExecutionSummary


@dataclass(slots=True)
class StepRecord:
    """One step's row; times in epoch seconds."""

    status: StepStatus = StepStatus.PENDING
    reason: str = ""
    attempts: int = 0
    started_at: float | None = None
    ended_at: float | None = None
    duration_ms: float | None = None
    seq: int = 0
    attempt_started_at: float | None = None
    due_at: float | None = None
    has_timer: bool = False


@dataclass(slots=True)
class ExecutionRecord:
    """One execution's row and those of its steps; times in epoch seconds."""

    key: int
    id: str
    workflow_id: str
    workflow_name: str
    definition_hash: str
    created_at: float
    status: ExecutionStatus = ExecutionStatus.PENDING
    reason: str = ""
    error: Mapping[str, Any] | None = None
    started_at: float | None = None
    ended_at: float | None = None
    seq: int = 0
    steps: dict[str, StepRecord] = field(default_factory=dict)

    def summary(self) -> ExecutionSummary:
        """The line that stands for it in a list."""
        return ExecutionSummary(
            id=self.id,
            workflow_id=self.workflow_id,
            workflow_name=self.workflow_name,
            definition_hash=self.definition_hash,
            status=self.status,
            reason=self.reason,
            error=self.error,
            created_at=self.created_at,
            started_at=self.started_at,
            ended_at=self.ended_at,
        )


# An event with the JSON of its data; None when there is no data.
Entry = tuple[Event, str | None]


class Ledger:
    """The records in use, and the only place where an event gets its number and time."""

    def __init__(self, artifacts: ArtifactStore, now: Callable[[], float]) -> None:
        self._artifacts = artifacts
        self._now = now
        self.records: dict[str, ExecutionRecord] = {}

    def record(self, execution_id: str) -> ExecutionRecord:
        """The record of an execution that was created or loaded; else ``ExecutionNotFound``."""
        try:
            return self.records[execution_id]
        except KeyError:
            raise ExecutionNotFound(execution_id) from None

    def create(
        self, key: int, execution_id: str, workflow_id: str, data: Mapping[str, Any]
    ) -> tuple[ExecutionRecord, Entry]:
        """A new record and its first event."""
        if execution_id in self.records:
            raise StoreError(f"There is a run {execution_id!r} already")
        text = encode(data)
        ts = self._time()
        record = ExecutionRecord(
            key=key,
            id=execution_id,
            workflow_id=workflow_id,
            workflow_name=data["workflow_name"],
            definition_hash=data["definition_hash"],
            created_at=ts,
            seq=1,
        )
        self.records[execution_id] = record
        return record, (
            Event(execution_id, workflow_id, 1, ts, EventType.EXECUTION_CREATED, None, 0, data),
            text,
        )

    def admit(self, record: ExecutionRecord, drafts: Sequence[EventDraft]) -> list[Entry]:
        """Number ``drafts`` and advance the record, or raise ``IllegalTransition`` and change nothing.

        Raises ``TypeError`` or ``ValueError`` for data that is no JSON.
        """
        _check(record, drafts)
        written = [self._write_data(draft) for draft in drafts]
        ts = self._time()
        entries: list[Entry] = []
        for draft, (data, text) in zip(drafts, written, strict=True):
            event_type, step_id, attempt, _ = draft
            if event_type not in TRANSIENT:
                record.seq += 1
            event = Event(record.id, record.workflow_id, record.seq, ts, event_type, step_id, attempt, data)
            step_status = STATUS_OF_STEP_EVENT.get(event_type)
            if step_status is not None:
                _advance_step(record, event, step_status)
            elif event_type in STATUS_OF_EXECUTION_EVENT:
                _advance_execution(record, event)
            entries.append((event, text))
        return entries

    def _time(self) -> float:
        # Whole microseconds, so that an event read back equals the event that was published.
        return round(self._now() * 1e6) / 1e6

    def _write_data(self, draft: EventDraft) -> tuple[Mapping[str, Any], str | None]:
        """The event's data and its JSON, with an output that is too large moved out of line."""
        data = draft.data
        if not data:
            return data, None
        if draft.type is EventType.CONNECTION_RESOLVED and len(data) == 2:
            outcome = quoted(data["outcome"])
            return data, f'{{"connection_id":{quoted(data["connection_id"])},"outcome":{outcome}}}'
        text = encode(data)
        if len(text) > INLINE_LIMIT and draft.type is EventType.STEP_COMPLETED:
            output = data["output"]
            data = {**data, "output": self._artifacts.pack(output)}
            text = encode(data)
        return data, text


def _check(record: ExecutionRecord, drafts: Sequence[EventDraft]) -> None:
    """Raises ``IllegalTransition`` unless ``drafts`` are legal one after the other."""
    steps = record.steps
    execution_status = record.status
    moved: dict[str, StepStatus] = {}
    for draft in drafts:
        step_status = STATUS_OF_STEP_EVENT.get(draft.type)
        if step_status is not None:
            step_id = draft.step_id
            if step_id is None:
                raise ValueError(f"{draft.type} needs a step_id")
            before = moved.get(step_id)
            if before is None:
                step = steps.get(step_id)
                before = step.status if step is not None else StepStatus.PENDING
            if step_status not in STEP_MOVES[before]:
                check_step_move(step_id, before, step_status)
            moved[step_id] = step_status
            continue
        target = STATUS_OF_EXECUTION_EVENT.get(draft.type)
        if target is not None:
            if target not in EXECUTION_MOVES[execution_status]:
                check_execution_move(record.id, execution_status, target)
            execution_status = target


def _advance_step(record: ExecutionRecord, event: Event, status: StepStatus) -> None:
    step_id = event.step_id
    assert step_id is not None
    step = record.steps.get(step_id)
    if step is None:
        step = record.steps[step_id] = StepRecord()
    data = event.data
    step.seq = event.seq
    if event.attempt > step.attempts:
        step.attempts = event.attempt
    if status is StepStatus.RUNNING:
        step.attempts = step.attempts or 1
        if step.started_at is None:
            step.started_at = event.ts
        step.attempt_started_at = event.ts
        step.reason = ""
        step.ended_at = step.duration_ms = None
    else:
        step.reason = data.get("handling") or data.get("reason", "")
        if status.is_terminal or status is StepStatus.UNCERTAIN:
            step.ended_at = event.ts
            given = data.get("duration_ms")
            step.duration_ms = given if given is not None else milliseconds(step.started_at, event.ts)
    step.due_at = data.get("until") if status is StepStatus.WAITING else None
    step.status = status


def _advance_execution(record: ExecutionRecord, event: Event) -> None:
    status = STATUS_OF_EXECUTION_EVENT[event.type]
    record.status = status
    record.reason = event.data.get("reason", "")
    record.error = event.data.get("error", record.error)
    if status is ExecutionStatus.RUNNING and record.started_at is None:
        record.started_at = event.ts
    record.ended_at = event.ts if status.is_terminal else None
