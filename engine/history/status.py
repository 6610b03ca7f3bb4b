"""The statuses an execution, a step and a connection can have, and the legal moves between them.

The tables are the whole truth: a move that is not in them raises ``IllegalTransition`` wherever it
is tried, so a late writer always loses. The first status of a table is where everything starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import overload

from engine.errors import IllegalTransition


class ExecutionStatus(StrEnum):
    """Where a run is."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    PAUSING = "PAUSING"
    PAUSED = "PAUSED"
    CANCELLING = "CANCELLING"
    COMPLETED = "COMPLETED"
    COMPLETED_WITH_ERRORS = "COMPLETED_WITH_ERRORS"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    ROLLING_BACK = "ROLLING_BACK"
    ROLLED_BACK = "ROLLED_BACK"
    ROLLBACK_FAILED = "ROLLBACK_FAILED"
    QUARANTINED = "QUARANTINED"

    # Statuses are looked up several times an event; Enum's own hash is a Python function.
    __hash__ = str.__hash__

    @property
    def is_terminal(self) -> bool:
        """True when the run will not go on by itself nor by resuming it."""
        return self in _EXECUTION_ENDS


class StepStatus(StrEnum):
    """Where a step of a run is."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    WAITING = "WAITING"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    CANCELLED = "CANCELLED"
    UNCERTAIN = "UNCERTAIN"
    ROLLING_BACK = "ROLLING_BACK"
    ROLLED_BACK = "ROLLED_BACK"
    ROLLBACK_FAILED = "ROLLBACK_FAILED"

    __hash__ = str.__hash__

    @property
    def is_terminal(self) -> bool:
        """True when the step is settled: what follows from it is decided."""
        return self in STEP_ENDS


class ConnectionOutcome(StrEnum):
    """What was decided, once, about a connection when its source settled."""

    TAKEN = "TAKEN"
    DEAD = "DEAD"
    POISONED = "POISONED"

    __hash__ = str.__hash__


_X = ExecutionStatus
_S = StepStatus

EXECUTION_MOVES: Mapping[ExecutionStatus, frozenset[ExecutionStatus]] = {
    _X.PENDING: frozenset({_X.RUNNING, _X.CANCELLING}),
    _X.RUNNING: frozenset(
        {
            _X.COMPLETED,
            _X.COMPLETED_WITH_ERRORS,
            _X.FAILED,
            _X.PAUSING,
            _X.PAUSED,
            _X.CANCELLING,
            _X.ROLLING_BACK,
            _X.QUARANTINED,
        }
    ),
    # While the last running steps finish, the run may also turn out to be over, or be resumed.
    _X.PAUSING: frozenset(
        {
            _X.PAUSED,
            _X.RUNNING,
            _X.CANCELLING,
            _X.COMPLETED,
            _X.COMPLETED_WITH_ERRORS,
            _X.FAILED,
            _X.ROLLING_BACK,
        }
    ),
    _X.PAUSED: frozenset({_X.RUNNING, _X.CANCELLING}),
    # CANCELLING again: what was done is to be undone after all.
    _X.CANCELLING: frozenset({_X.CANCELLING, _X.CANCELLED, _X.ROLLING_BACK}),
    # ROLLING_BACK again: nothing further is to be undone.
    _X.ROLLING_BACK: frozenset({_X.ROLLING_BACK, _X.ROLLED_BACK, _X.ROLLBACK_FAILED}),
    # Whatever has ended can be undone when a person asks for it.
    _X.COMPLETED: frozenset({_X.ROLLING_BACK}),
    _X.COMPLETED_WITH_ERRORS: frozenset({_X.ROLLING_BACK}),
    _X.FAILED: frozenset({_X.ROLLING_BACK}),
    _X.CANCELLED: frozenset({_X.ROLLING_BACK}),
    _X.QUARANTINED: frozenset({_X.ROLLING_BACK}),
    _X.ROLLBACK_FAILED: frozenset({_X.ROLLING_BACK}),
    _X.ROLLED_BACK: frozenset(),
}

STEP_MOVES: Mapping[StepStatus, frozenset[StepStatus]] = {
    _S.PENDING: frozenset({_S.RUNNING, _S.SKIPPED, _S.PAUSED, _S.CANCELLED}),
    # RUNNING again: the process died while the step ran, and it runs anew with the same key.
    _S.RUNNING: frozenset(
        {_S.RUNNING, _S.COMPLETED, _S.FAILED, _S.WAITING, _S.PAUSED, _S.CANCELLED, _S.UNCERTAIN}
    ),
    # FAILED: the total time allowed ran out while the step waited for its next attempt.
    _S.WAITING: frozenset({_S.RUNNING, _S.FAILED, _S.CANCELLED}),
    # PAUSED again: some of what was missing came, the rest is still asked for. SKIPPED: the step's own
    # condition was repaired, and does not hold.
    _S.PAUSED: frozenset({_S.RUNNING, _S.PAUSED, _S.CANCELLED, _S.SKIPPED}),
    _S.COMPLETED: frozenset({_S.ROLLING_BACK}),
    _S.UNCERTAIN: frozenset({_S.ROLLING_BACK, _S.CANCELLED}),
    # ROLLING_BACK again: another try of what undoes the step.
    _S.ROLLING_BACK: frozenset({_S.ROLLING_BACK, _S.ROLLED_BACK, _S.ROLLBACK_FAILED}),
    # Only the output was refused: whatever the step did has happened.
    _S.FAILED: frozenset({_S.ROLLING_BACK}),
    # What a step did before the run was taken up again is undone too, however it ended since.
    _S.SKIPPED: frozenset({_S.ROLLING_BACK}),
    _S.CANCELLED: frozenset({_S.ROLLING_BACK}),
    _S.ROLLED_BACK: frozenset(),
    _S.ROLLBACK_FAILED: frozenset({_S.ROLLING_BACK}),
}

# These may be taken up again by EXECUTION_RESTARTED, and by nothing else: see `engine.run.restart`.
RESTARTABLE = frozenset({_X.COMPLETED, _X.COMPLETED_WITH_ERRORS, _X.FAILED, _X.CANCELLED, _X.QUARANTINED})

# What a step did that came to one of these holds no more, or nobody knows whether it does.
UNDONE = frozenset({_S.ROLLING_BACK, _S.ROLLED_BACK, _S.ROLLBACK_FAILED})

_EXECUTION_ENDS = frozenset(
    {
        _X.COMPLETED,
        _X.COMPLETED_WITH_ERRORS,
        _X.FAILED,
        _X.CANCELLED,
        _X.ROLLED_BACK,
        _X.ROLLBACK_FAILED,
        _X.QUARANTINED,
    }
)
STEP_ENDS = frozenset({_S.COMPLETED, _S.FAILED, _S.SKIPPED, _S.CANCELLED, _S.ROLLED_BACK, _S.ROLLBACK_FAILED})


@overload
def can_move(before: ExecutionStatus, after: ExecutionStatus) -> bool: ...
@overload
def can_move(before: StepStatus, after: StepStatus) -> bool: ...
def can_move(before: ExecutionStatus | StepStatus, after: ExecutionStatus | StepStatus) -> bool:
    """Whether the table has a way from ``before`` to ``after``."""
    if isinstance(before, ExecutionStatus):
        return after in EXECUTION_MOVES[before]
    return after in STEP_MOVES[before]


def check_execution_move(execution_id: str, before: ExecutionStatus, after: ExecutionStatus) -> None:
    """Raises ``IllegalTransition`` unless the run may go from ``before`` to ``after``."""
    if after not in EXECUTION_MOVES[before]:
        raise IllegalTransition(f"Run {execution_id} is {before} and cannot become {after}")


def check_restart(execution_id: str, before: ExecutionStatus) -> None:
    """Raises ``IllegalTransition`` unless the run has ended in a way that lets it be taken up again."""
    if before not in RESTARTABLE:
        raise IllegalTransition(f"Run {execution_id} is {before} and cannot be taken up again")


def check_step_move(step_id: str, before: StepStatus, after: StepStatus) -> None:
    """Raises ``IllegalTransition`` unless the step may go from ``before`` to ``after``."""
    if after not in STEP_MOVES[before]:
        raise IllegalTransition(f'Step "{step_id}" is {before} and cannot become {after}')
