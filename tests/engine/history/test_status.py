"""Which moves are legal, and which are refused."""

import pytest

from engine.errors import IllegalTransition
from engine.history.events import STATUS_OF_EXECUTION_EVENT, STATUS_OF_STEP_EVENT
from engine.history.status import (
    EXECUTION_MOVES,
    STEP_MOVES,
    ExecutionStatus,
    StepStatus,
    can_move,
    check_execution_move,
    check_step_move,
)


def reachable(moves, start):
    seen, waiting = {start}, [start]
    while waiting:
        for after in moves[waiting.pop()] - seen:
            seen.add(after)
            waiting.append(after)
    return seen


def test_that_every_status_has_a_row_and_can_be_reached():
    assert reachable(EXECUTION_MOVES, ExecutionStatus.PENDING) == set(ExecutionStatus)
    assert reachable(STEP_MOVES, StepStatus.PENDING) == set(StepStatus)


@pytest.mark.parametrize(
    ("before", "after", "legal"),
    [
        (ExecutionStatus.PENDING, ExecutionStatus.RUNNING, True),
        (ExecutionStatus.RUNNING, ExecutionStatus.PAUSED, True),
        (ExecutionStatus.PAUSED, ExecutionStatus.RUNNING, True),
        (ExecutionStatus.RUNNING, ExecutionStatus.CANCELLED, False),
        (ExecutionStatus.CANCELLING, ExecutionStatus.CANCELLED, True),
        (ExecutionStatus.COMPLETED, ExecutionStatus.RUNNING, False),
        (ExecutionStatus.COMPLETED, ExecutionStatus.CANCELLING, False),
        (ExecutionStatus.FAILED, ExecutionStatus.ROLLING_BACK, True),
        (ExecutionStatus.COMPLETED, ExecutionStatus.ROLLING_BACK, True),
        (ExecutionStatus.ROLLED_BACK, ExecutionStatus.ROLLING_BACK, False),
        (StepStatus.PENDING, StepStatus.SKIPPED, True),
        (StepStatus.PENDING, StepStatus.COMPLETED, False),
        (StepStatus.RUNNING, StepStatus.RUNNING, True),
        (StepStatus.WAITING, StepStatus.RUNNING, True),
        (StepStatus.COMPLETED, StepStatus.COMPLETED, False),
        (StepStatus.COMPLETED, StepStatus.RUNNING, False),
        (StepStatus.SKIPPED, StepStatus.RUNNING, False),
    ],
)
def test_that_the_tables_allow_exactly_the_legal_moves(before, after, legal):
    assert can_move(before, after) is legal


def test_that_an_illegal_move_says_what_was_tried():
    with pytest.raises(IllegalTransition, match="COMPLETED and cannot become RUNNING"):
        check_execution_move("run-1", ExecutionStatus.COMPLETED, ExecutionStatus.RUNNING)
    with pytest.raises(IllegalTransition, match='"fetch" is SKIPPED'):
        check_step_move("fetch", StepStatus.SKIPPED, StepStatus.RUNNING)


def test_that_every_active_status_can_be_cancelled():
    for status in ExecutionStatus:
        too_late = status.is_terminal or status is ExecutionStatus.ROLLING_BACK
        assert can_move(status, ExecutionStatus.CANCELLING) is not too_late
    for step in (StepStatus.PENDING, StepStatus.RUNNING, StepStatus.WAITING, StepStatus.PAUSED):
        assert can_move(step, StepStatus.CANCELLED)


def test_that_every_status_but_the_first_is_entered_by_an_event():
    assert set(STATUS_OF_STEP_EVENT.values()) == set(StepStatus) - {StepStatus.PENDING}
    assert set(STATUS_OF_EXECUTION_EVENT.values()) == set(ExecutionStatus) - {ExecutionStatus.PENDING}
