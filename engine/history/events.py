"""What happened, as a stream: the one source every state, view and projection is folded from.

``seq`` is dense within an execution and starts at 1. The transient types are never journaled and
carry the ``seq`` of the last journaled event; a reader who misses one misses no fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from engine.history.status import ExecutionStatus, StepStatus


class EventType(StrEnum):
    """Kinds of event; what ``data`` holds stands beside each."""

    # definition_hash, input_data, workflow_name, base_dir, options?; of a part also parent, scope?
    EXECUTION_CREATED = "EXECUTION_CREATED"
    EXECUTION_STARTED = "EXECUTION_STARTED"
    EXECUTION_PAUSING = "EXECUTION_PAUSING"  # reason
    EXECUTION_PAUSED = "EXECUTION_PAUSED"  # reason, needed
    EXECUTION_RESUMED = "EXECUTION_RESUMED"
    EXECUTION_CANCELLING = "EXECUTION_CANCELLING"  # rollback?
    EXECUTION_COMPLETED = "EXECUTION_COMPLETED"  # output? (of a part)
    EXECUTION_COMPLETED_WITH_ERRORS = "EXECUTION_COMPLETED_WITH_ERRORS"  # error?, output? (of a part)
    EXECUTION_FAILED = "EXECUTION_FAILED"  # error
    EXECUTION_CANCELLED = "EXECUTION_CANCELLED"  # error?
    EXECUTION_ROLLING_BACK = "EXECUTION_ROLLING_BACK"  # error?, reason? (by_hand | stopped), happened?
    EXECUTION_ROLLED_BACK = "EXECUTION_ROLLED_BACK"  # error?
    EXECUTION_ROLLBACK_FAILED = "EXECUTION_ROLLBACK_FAILED"  # error, with not_rolled_back
    EXECUTION_QUARANTINED = "EXECUTION_QUARANTINED"  # error
    EXECUTION_RESTARTED = "EXECUTION_RESTARTED"  # epoch, steps, connections, anew?, given?

    # crashes?: how often in a row the program died while it ran; input?: what a rollback will look at
    STEP_RUNNING = "STEP_RUNNING"
    # reason (retry | timer | child), until?, max_attempts?, error?, params? (of a step with parts)
    STEP_WAITING = "STEP_WAITING"
    STEP_PAUSED = "STEP_PAUSED"  # reason, missing_var?, missing?, needed?, parameters? (before a breakpoint)
    STEP_RELEASED = "STEP_RELEASED"  # a step that was held before it began may begin
    # output, duration_ms, via?, reused_from? (execution_id, at), key?; error?, with_errors?: tolerated
    STEP_COMPLETED = "STEP_COMPLETED"
    STEP_FAILED = "STEP_FAILED"  # error, duration_ms, handling (unhandled | tolerated | ...)
    STEP_SKIPPED = "STEP_SKIPPED"  # reason (condition | upstream_failed | cancelled | disabled | ...)
    STEP_CANCELLED = "STEP_CANCELLED"
    STEP_UNCERTAIN = "STEP_UNCERTAIN"
    STEP_ROLLING_BACK = "STEP_ROLLING_BACK"  # rollback_attempt, crashes?, until?, max_attempts?, error?
    STEP_ROLLED_BACK = "STEP_ROLLED_BACK"  # reason: what was undone
    STEP_ROLLBACK_FAILED = "STEP_ROLLBACK_FAILED"  # error

    CONNECTION_RESOLVED = "CONNECTION_RESOLVED"  # connection_id, outcome
    CONDITION_ERROR = "CONDITION_ERROR"  # error, incident?, and connection_id, or step_id of a switch
    INPUT_REQUIRED = "INPUT_REQUIRED"  # needed: what the step asks a person now
    INPUTS_SUPPLIED = "INPUTS_SUPPLIED"  # inputs
    CONDITION_REPAIRED = "CONDITION_REPAIRED"  # connection_id, condition: the one that counts now
    BREAKPOINTS_CHANGED = "BREAKPOINTS_CHANGED"  # breakpoints, step_by_step, steps: how many are to go on

    STEP_QUEUED = "STEP_QUEUED"  # transient
    STEP_PROGRESS = "STEP_PROGRESS"  # transient: fraction (0..1 or null), text
    STEP_LOG = "STEP_LOG"  # transient: text, level
    STORAGE_REFUSED = "STORAGE_REFUSED"  # transient: error; nothing goes on before the store works again
    STORAGE_WORKS = "STORAGE_WORKS"  # transient: status, reason, error as they were before it refused
    LAGGED = "LAGGED"  # transient: this reader was too slow and reads the journal again from seq

    __hash__ = str.__hash__


TRANSIENT = frozenset(
    {
        EventType.STEP_QUEUED,
        EventType.STEP_PROGRESS,
        EventType.STEP_LOG,
        EventType.STORAGE_REFUSED,
        EventType.STORAGE_WORKS,
        EventType.LAGGED,
    }
)

STATUS_OF_EXECUTION_EVENT: Mapping[EventType, ExecutionStatus] = {
    EventType.EXECUTION_STARTED: ExecutionStatus.RUNNING,
    EventType.EXECUTION_RESUMED: ExecutionStatus.RUNNING,
    EventType.EXECUTION_RESTARTED: ExecutionStatus.RUNNING,
    **{
        EventType(f"EXECUTION_{status}"): status
        for status in ExecutionStatus
        if status not in (ExecutionStatus.PENDING, ExecutionStatus.RUNNING)
    },
}
STATUS_OF_STEP_EVENT: Mapping[EventType, StepStatus] = {
    EventType(f"STEP_{status}"): status for status in StepStatus if status is not StepStatus.PENDING
}
STEP_EVENT_OF_STATUS: Mapping[StepStatus, EventType] = {
    status: event_type for event_type, status in STATUS_OF_STEP_EVENT.items()
}

NO_DATA: Mapping[str, Any] = {}


class Event(NamedTuple):
    """One fact about an execution; ``ts`` in epoch seconds (UTC) with microseconds.

    A NamedTuple, not a frozen dataclass: thousands are made a second, at a third of the cost.
    """

    execution_id: str
    workflow_id: str
    seq: int
    ts: float
    type: EventType
    step_id: str | None = None
    attempt: int = 0
    data: Mapping[str, Any] = NO_DATA

    def to_json(self) -> dict[str, Any]:
        """The event as it is sent to the outside (ENGINE 13)."""
        return {
            "v": 1,
            "seq": self.seq,
            "ts": self.ts,
            "execution_id": self.execution_id,
            "workflow_id": self.workflow_id,
            "type": self.type.value,
            "step_id": self.step_id,
            "attempt": self.attempt,
            "data": dict(self.data),
        }


class EventDraft(NamedTuple):
    """An event before the store gives it its place.

    ts: when it happened, if that was before it is appended. text: the JSON of `data`, if it has been written.
    """

    type: EventType
    step_id: str | None = None
    attempt: int = 0
    data: Mapping[str, Any] = NO_DATA
    ts: float | None = None
    text: str | None = None
