"""Statuses and event types as the small integers that stand in the database.

A code is its place in these tuples: append only, never reorder. It is the file format.
"""

from __future__ import annotations

from engine.history.events import EventType
from engine.history.status import ExecutionStatus, StepStatus

EXECUTION_STATUSES = (
    ExecutionStatus.PENDING,
    ExecutionStatus.RUNNING,
    ExecutionStatus.PAUSING,
    ExecutionStatus.PAUSED,
    ExecutionStatus.CANCELLING,
    ExecutionStatus.COMPLETED,
    ExecutionStatus.COMPLETED_WITH_ERRORS,
    ExecutionStatus.FAILED,
    ExecutionStatus.CANCELLED,
    ExecutionStatus.ROLLING_BACK,
    ExecutionStatus.ROLLED_BACK,
    ExecutionStatus.ROLLBACK_FAILED,
    ExecutionStatus.QUARANTINED,
)
STEP_STATUSES = (
    StepStatus.PENDING,
    StepStatus.RUNNING,
    StepStatus.WAITING,
    StepStatus.PAUSED,
    StepStatus.COMPLETED,
    StepStatus.FAILED,
    StepStatus.SKIPPED,
    StepStatus.CANCELLED,
    StepStatus.UNCERTAIN,
    StepStatus.ROLLING_BACK,
    StepStatus.ROLLED_BACK,
    StepStatus.ROLLBACK_FAILED,
)
EVENT_TYPES = (
    EventType.EXECUTION_CREATED,
    EventType.EXECUTION_STARTED,
    EventType.EXECUTION_PAUSING,
    EventType.EXECUTION_PAUSED,
    EventType.EXECUTION_RESUMED,
    EventType.EXECUTION_CANCELLING,
    EventType.EXECUTION_COMPLETED,
    EventType.EXECUTION_COMPLETED_WITH_ERRORS,
    EventType.EXECUTION_FAILED,
    EventType.EXECUTION_CANCELLED,
    EventType.EXECUTION_ROLLING_BACK,
    EventType.EXECUTION_ROLLED_BACK,
    EventType.EXECUTION_ROLLBACK_FAILED,
    EventType.EXECUTION_QUARANTINED,
    EventType.STEP_RUNNING,
    EventType.STEP_WAITING,
    EventType.STEP_PAUSED,
    EventType.STEP_COMPLETED,
    EventType.STEP_FAILED,
    EventType.STEP_SKIPPED,
    EventType.STEP_CANCELLED,
    EventType.STEP_UNCERTAIN,
    EventType.STEP_ROLLING_BACK,
    EventType.STEP_ROLLED_BACK,
    EventType.STEP_ROLLBACK_FAILED,
    EventType.CONNECTION_RESOLVED,
    EventType.CONDITION_ERROR,
    EventType.INPUT_REQUIRED,
    EventType.INPUTS_SUPPLIED,
    EventType.EXECUTION_RESTARTED,
    EventType.STEP_RELEASED,
    EventType.BREAKPOINTS_CHANGED,
    EventType.CONDITION_REPAIRED,
)

EXECUTION_CODE = {status: code for code, status in enumerate(EXECUTION_STATUSES)}
STEP_CODE = {status: code for code, status in enumerate(STEP_STATUSES)}
EVENT_CODE = {event_type: code for code, event_type in enumerate(EVENT_TYPES)}
