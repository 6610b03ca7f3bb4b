"""Where every execution in use stands, in memory: the compare-and-set behind ``append``.

A record holds what a projection row holds and is advanced by each event, so the legality of a move
and the next number are known without touching the journal, in constant time. Drafts are admitted
together or not at all: everything that can fail happens before anything is changed.
This is the hottest code of the store: every step passes through ``admit``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from engine.errors import ExecutionNotFound, StoreError
from engine.history.events import (
    STATUS_OF_EXECUTION_EVENT,
    STATUS_OF_STEP_EVENT,
    TRANSIENT,
    Event,
    EventDraft,
    EventType,
)
from engine.history.ran import Ran, RanEvents
from engine.history.state import PARTS_ASK, ExecutionState
from engine.history.status import (
    EXECUTION_MOVES,
    STEP_ENDS,
    STEP_MOVES,
    ExecutionStatus,
    StepStatus,
    check_execution_move,
    check_restart,
    check_step_move,
)
from engine.history.step_state import UNDOING
from engine.store.artifacts import ArtifactStore, write
from engine.store.checksum import seed_of
from engine.store.json_text import encode
from engine.store.retention import names_in
from engine.store.state_manager import ExecutionSummary

# Looking a member up in an enum, and a NamedTuple's own constructor, cost more than what is done with them.
_BEGUN = EventType.STEP_RUNNING
_COMPLETED = EventType.STEP_COMPLETED
_RESOLVED = EventType.CONNECTION_RESOLVED
_RUNNING = StepStatus.RUNNING
_RAN = StepStatus.COMPLETED
_WAITING = StepStatus.WAITING
_UNCERTAIN = StepStatus.UNCERTAIN
_new = tuple.__new__


@dataclass(slots=True)
class StepRecord:
    """One step's row; times in microseconds since the epoch."""

    status: StepStatus = StepStatus.PENDING
    reason: str = ""
    attempts: int = 0
    started_at: int | None = None
    ended_at: int | None = None
    duration_ms: float | None = None
    seq: int = 0
    due_at: int | None = None
    has_timer: bool = False


RanRow = tuple[int, int, int, float, int]
"""Of a step that ran at once: attempt, begun, ended, duration_ms and seq, as in its StepRecord."""


@dataclass(slots=True)
class ExecutionRecord:
    """One execution's row and those of its steps; times in microseconds since the epoch.

    at: of its latest event. A clock that is set back lets time stand still in a run, and never go backwards.
    seed: of the checksums of its events. found: how many were durable when the run was looked up.
    ran: of steps that ran at once, what their row would hold; `step` makes the row.
    """

    key: int
    id: str
    workflow_id: str
    workflow_name: str
    definition_hash: str
    created_at: int
    at: int = 0
    status: ExecutionStatus = ExecutionStatus.PENDING
    reason: str = ""
    error: Mapping[str, Any] | None = None
    started_at: int | None = None
    ended_at: int | None = None
    seq: int = 0
    is_part: bool = False
    steps: dict[str, StepRecord] = field(default_factory=dict)
    ran: dict[str, RanRow] = field(default_factory=dict)
    found: int = 0
    seed: int = field(init=False)

    def __post_init__(self) -> None:
        self.seed = seed_of(self.id, self.workflow_id)

    def step(self, step_id: str) -> StepRecord | None:
        """The row of a step; None when nothing has happened to it."""
        if step_id in self.ran:
            self.steps[step_id] = StepRecord(_RAN, "", *self.ran.pop(step_id))
        return self.steps.get(step_id)

    def statuses(self) -> dict[str, StepStatus]:
        """Where each step is to which anything has happened."""
        return dict.fromkeys(self.ran, _RAN) | {step_id: step.status for step_id, step in self.steps.items()}

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
            created_at=self.created_at / 1e6,
            started_at=None if self.started_at is None else self.started_at / 1e6,
            ended_at=None if self.ended_at is None else self.ended_at / 1e6,
        )


class Admitted(NamedTuple):
    """What came of one ``admit``: the events, the JSON of each one's data, and the time it was.

    The text is None where there is no data, and where the data is so plain that it cannot fail: a resolved
    connection's is composed by whoever writes it down.
    """

    events: list[Event]
    texts: list[str | None]
    at: int


class Ledger:
    """The records in use, and the only place where an event gets its number and time."""

    def __init__(self, artifacts: ArtifactStore, now: Callable[[], float]) -> None:
        self._artifacts = artifacts
        self._now = now
        self.records: dict[str, ExecutionRecord] = {}

    def execution_status(self, execution_id: str) -> ExecutionStatus:
        """The status after everything admitted."""
        return self.record(execution_id).status

    def step_status(self, execution_id: str, step_id: str) -> StepStatus:
        """The status after everything admitted; PENDING for a step that nothing happened to."""
        step = self.record(execution_id).step(step_id)
        return step.status if step is not None else StepStatus.PENDING

    def agrees_with(self, state: ExecutionState) -> bool:
        """Whether a record says what the fold of the journal says; True when it has gone on meanwhile."""
        record = self.records.get(state.id)
        if record is None or record.seq != state.seq:
            return True
        shown = {step_id: step.status for step_id, step in state.steps.items()}
        return record.status is state.status and _begun(record.statuses()) == _begun(shown)

    def is_at_rest(self) -> bool:
        """Whether no step of any execution in use is under way, nor will be by itself."""
        return all(
            record.status.is_terminal
            or (
                record.status is ExecutionStatus.PAUSED
                and all(
                    step.status not in (StepStatus.RUNNING, StepStatus.WAITING)
                    for step in record.steps.values()
                )
            )
            for record in self.records.values()
        )

    def record(self, execution_id: str) -> ExecutionRecord:
        """The record of an execution that was created or loaded; else ``ExecutionNotFound``."""
        try:
            return self.records[execution_id]
        except KeyError:
            raise ExecutionNotFound(execution_id) from None

    def create(
        self, key: int, execution_id: str, workflow_id: str, data: Mapping[str, Any]
    ) -> tuple[ExecutionRecord, Admitted]:
        """A new record and its first event."""
        if execution_id in self.records:
            raise StoreError(f"There is a run {execution_id!r} already")
        text = encode(data)
        at = round(self._now() * 1e6)
        record = ExecutionRecord(
            key=key,
            id=execution_id,
            workflow_id=workflow_id,
            workflow_name=data["workflow_name"],
            definition_hash=data["definition_hash"],
            created_at=at,
            at=at,
            seq=1,
            is_part="parent" in data,
        )
        self.records[execution_id] = record
        event = Event(execution_id, workflow_id, 1, at / 1e6, EventType.EXECUTION_CREATED, None, 0, data)
        return record, Admitted([event], [text], at)

    def admit(self, record: ExecutionRecord, drafts: Sequence[EventDraft]) -> Admitted:
        """Number ``drafts`` and advance the record, or raise ``IllegalTransition`` and change nothing.

        Raises ``TypeError`` or ``ValueError`` for data that is no JSON.
        """
        if len(drafts) == 1 and drafts[0].type is _BEGUN and not drafts[0].data:
            begun = self._admit_begun(record, drafts[0])
            if begun is not None:
                return begun
        _check(record, drafts)
        written: list[Mapping[str, Any]] = []
        texts: list[str | None] = []
        for event_type, _, _, data, _, text in drafts:
            if text is None and data and not (event_type is _RESOLVED and _is_plain(data)):
                if "output" in data:
                    data, text = write(self._artifacts, data, "output")
                elif event_type is _BEGUN and "input" in data:
                    data, text = write(self._artifacts, data, "input")
                else:
                    text = encode(data)
            written.append(data)
            texts.append(text)
        # Whole microseconds, so that an event read back equals the event that was published.
        now, is_set_back = self._time_of(record)
        execution_id, workflow_id, seq = record.id, record.workflow_id, record.seq
        events: list[Event] = []
        for (event_type, step_id, attempt, _, given, _), data in zip(drafts, written, strict=True):
            at = now if given is None or is_set_back else round(given * 1e6)
            if event_type not in TRANSIENT:
                seq += 1
            place = (execution_id, workflow_id, seq, at / 1e6, event_type, step_id, attempt, data)
            events.append(_new(Event, place))
            status = STATUS_OF_STEP_EVENT.get(event_type)
            if status is not None:
                assert step_id is not None
                _advance_step(record, step_id, status, attempt, data, seq, at)
            elif event_type is EventType.EXECUTION_RESTARTED:
                _restart(record, data, seq)
            elif event_type in STATUS_OF_EXECUTION_EVENT:
                _advance_execution(record, STATUS_OF_EXECUTION_EVENT[event_type], data, at)
            elif event_type is EventType.INPUT_REQUIRED and is_asked_by_parts(record, step_id):
                record.steps[step_id or ""].reason = PARTS_ASK if data["needed"] else "child"
        record.seq = seq
        return Admitted(events, texts, now)

    def _admit_begun(self, record: ExecutionRecord, draft: EventDraft) -> Admitted | None:
        """`admit` for a step that begins, as most do, for the first time: that is always legal."""
        _, step_id, attempt, data, given, _ = draft
        if step_id is None or step_id in record.steps or step_id in record.ran:
            return None
        now, is_set_back = self._time_of(record)
        at = now if given is None or is_set_back else round(given * 1e6)
        seq = record.seq = record.seq + 1
        record.steps[step_id] = StepRecord(_RUNNING, "", max(attempt, 1), at, None, None, seq)
        place = (record.id, record.workflow_id, seq, at / 1e6, _BEGUN, step_id, attempt, data)
        return Admitted([_new(Event, place)], [None], now)

    def _time_of(self, record: ExecutionRecord) -> tuple[int, bool]:
        """The time of what happens to the run now, and whether the clock has been set back since the last."""
        now = round(self._now() * 1e6)
        if now < record.at:
            return record.at, True
        record.at = now
        return now, False

    def admit_ran(self, record: ExecutionRecord, ran: Ran) -> RanEvents | None:
        """`admit` for what cannot fail, at a fraction of the cost; None when the step was moved before."""
        step_id = ran.step_id
        if step_id in record.ran or step_id in record.steps:
            return None
        now, begun = round(self._now() * 1e6), round(ran.begun_at * 1e6)
        if now < record.at:
            now = begun = record.at  # the clock has been set back
        record.at = now
        seq = record.seq
        record.ran[step_id] = (ran.attempt, begun, now, ran.duration_ms, seq + 2)
        record.seq = seq + 2 + len(ran.taken.ids)
        return RanEvents(record.id, record.workflow_id, seq + 1, ran, begun / 1e6, now / 1e6)


def is_asked_by_parts(record: ExecutionRecord, step_id: str | None) -> bool:
    """Whether what this step needs is asked for by its parts, for which it waits."""
    step = record.step(step_id) if step_id is not None else None
    return step is not None and step.status is StepStatus.WAITING


def _is_plain(data: Mapping[str, Any]) -> bool:
    """Whether the data is nothing but a connection and its outcome."""
    return len(data) == 2 and type(data.get("connection_id")) is str and type(data.get("outcome")) is str


def _begun(steps: Mapping[str, StepStatus]) -> dict[str, StepStatus]:
    return {step_id: status for step_id, status in steps.items() if status is not StepStatus.PENDING}


def _check(record: ExecutionRecord, drafts: Sequence[EventDraft]) -> None:
    """Raises ``IllegalTransition`` unless ``drafts`` are legal one after the other."""
    execution_status = record.status
    moved: dict[str, StepStatus] = {}
    for event_type, step_id, _, data, _, _ in drafts:
        step_status = STATUS_OF_STEP_EVENT.get(event_type)
        if step_status is not None:
            if step_id is None:
                raise ValueError(f"{event_type} needs a step_id")
            before = moved.get(step_id)
            if before is None:
                step = record.step(step_id)
                before = step.status if step is not None else StepStatus.PENDING
            if step_status not in STEP_MOVES[before]:
                check_step_move(step_id, before, step_status)
            moved[step_id] = step_status
            continue
        target = STATUS_OF_EXECUTION_EVENT.get(event_type)
        if event_type is EventType.EXECUTION_RESTARTED:
            check_restart(record.id, execution_status)
            execution_status = ExecutionStatus.RUNNING
            moved.update(dict.fromkeys(data["steps"], StepStatus.PENDING))
        elif target is not None:
            if target not in EXECUTION_MOVES[execution_status]:
                check_execution_move(record.id, execution_status, target)
            execution_status = target


def _advance_step(
    record: ExecutionRecord,
    step_id: str,
    status: StepStatus,
    attempt: int,
    data: Mapping[str, Any],
    seq: int,
    at: int,
) -> None:
    step = record.step(step_id)
    if step is None:
        step = record.steps[step_id] = StepRecord()
    step.status = status
    step.seq = seq
    if attempt > step.attempts:
        step.attempts = attempt
    if status is _RUNNING:
        step.attempts = step.attempts or 1
        if step.started_at is None:
            step.started_at = at
        step.reason = ""
        step.due_at = None
        return
    step.reason = data.get("handling") or data.get("reason", "")
    until = data.get("until") if status is _WAITING else None
    step.due_at = None if until is None else round(until * 1e6)
    if status in UNDOING:
        return  # its times stay those of the step itself
    if status in STEP_ENDS or status is _UNCERTAIN:
        step.ended_at = at
        given = data.get("duration_ms")
        if given is None and step.started_at is not None:
            given = (at - step.started_at) / 1e3
        step.duration_ms = given
    else:
        step.ended_at = step.duration_ms = None  # it is being rolled back


def _advance_execution(
    record: ExecutionRecord, status: ExecutionStatus, data: Mapping[str, Any], at: int
) -> None:
    record.status = status
    record.reason = data.get("reason", "")
    record.error = data.get("error", record.error)
    if status is ExecutionStatus.RUNNING and record.started_at is None:
        record.started_at = at
    record.ended_at = at if status.is_terminal else None


def _restart(record: ExecutionRecord, data: Mapping[str, Any], seq: int) -> None:
    record.status, record.reason, record.error, record.ended_at = ExecutionStatus.RUNNING, "", None, None
    for step_id in data["steps"]:
        before = record.step(step_id)
        record.steps[step_id] = StepRecord(seq=seq, has_timer=before is not None and before.has_timer)


def claim_named(artifacts: ArtifactStore, admitted: Admitted) -> None:
    """While results are swept, those that new events refer to stay."""
    if artifacts.is_sweeping:
        artifacts.claim(name for text in admitted.texts if text is not None for name in names_in(text))
