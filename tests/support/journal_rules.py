"""What must hold of every journal, whatever the workflow was and whatever happened to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from engine import WorkflowEngine
from engine.history.events import STATUS_OF_EXECUTION_EVENT, STATUS_OF_STEP_EVENT, Event, EventType
from engine.history.status import RESTARTABLE, ExecutionStatus, StepStatus, can_move

_COMPLETED_ONCE = (EventType.STEP_COMPLETED, EventType.STEP_FAILED, EventType.STEP_SKIPPED)


def check_journal(events: Sequence[Event]) -> None:
    """Dense numbers, legal moves only, one end per step and one decision per connection in each epoch."""
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert events[0].type is EventType.EXECUTION_CREATED
    execution = ExecutionStatus.PENDING
    steps: dict[str, StepStatus] = {}
    for event in events:
        if event.type in STATUS_OF_STEP_EVENT:
            assert event.step_id is not None
            before, after = steps.get(event.step_id, StepStatus.PENDING), STATUS_OF_STEP_EVENT[event.type]
            assert can_move(before, after), f"{event.step_id}: {before} -> {after} at {event.seq}"
            steps[event.step_id] = after
        elif event.type is EventType.EXECUTION_RESTARTED:
            assert execution in RESTARTABLE, f"run: {execution} taken up again at {event.seq}"
            execution = ExecutionStatus.RUNNING
            steps.update(dict.fromkeys(event.data["steps"], StepStatus.PENDING))
        elif event.type in STATUS_OF_EXECUTION_EVENT:
            reached = STATUS_OF_EXECUTION_EVENT[event.type]
            assert can_move(execution, reached), f"run: {execution} -> {reached} at {event.seq}"
            execution = reached
    _check_once(events)


async def ended(engine: WorkflowEngine, execution_id: str) -> dict[str, Any]:
    """The state in which the run comes to rest; its journal is sound."""
    state = await engine.wait(execution_id)
    check_journal(await engine.state_manager.read_events(execution_id))
    return state


def _check_once(events: Sequence[Event]) -> None:
    """In each epoch: what a restart takes back may be decided anew, nothing else."""
    ended: set[str | None] = set()
    decided: set[str] = set()
    for event in events:
        if event.type in _COMPLETED_ONCE:
            assert event.step_id not in ended, f"{event.step_id} ended twice, at {event.seq}"
            ended.add(event.step_id)
        elif event.type is EventType.CONNECTION_RESOLVED:
            connection = event.data["connection_id"]
            assert connection not in decided, f"{connection} was decided twice, at {event.seq}"
            decided.add(connection)
        elif event.type is EventType.EXECUTION_RESTARTED:
            ended.difference_update(event.data["steps"])
            decided.difference_update(event.data["connections"])


def starts(events: Sequence[Event]) -> Counter[str | None]:
    """How often each step began to run."""
    return Counter(event.step_id for event in events if event.type is EventType.STEP_RUNNING)
