"""What the window is told about a run: one coalesced batch instead of thousands of events. No Qt here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.history.events import Event, EventType
from engine.history.state import ExecutionState, apply
from engine.history.status import ExecutionStatus, StepStatus
from engine.history.step_state import StepState

_CLOCK_STARTS = frozenset(
    {
        EventType.EXECUTION_STARTED,
        EventType.EXECUTION_RESUMED,
        EventType.EXECUTION_RESTARTED,
        EventType.EXECUTION_ROLLING_BACK,
        EventType.STORAGE_WORKS,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBatch:
    """Everything that changed in one execution since the batch before it.

    `steps` and `connections` hold changed entries only (a connection that is undecided again has ""); the
    rest is the whole truth at that moment. `left_out` counts steps that are no part of the run. `active_s`
    is the time the run has been running in all, without its pauses, up to `running_since` (epoch seconds),
    which is None while it stands still.
    """

    execution_id: str
    workflow_id: str
    workflow_name: str
    status: ExecutionStatus
    reason: str = ""
    needed: Sequence[Mapping[str, Any]] = ()
    steps: Mapping[str, StepState] = field(default_factory=dict)
    connections: Mapping[str, str] = field(default_factory=dict)
    events: Sequence[Event] = ()
    done: int = 0
    total: int = 0
    left_out: int = 0
    active_s: float = 0.0
    running_since: float | None = None
    error: Mapping[str, Any] | None = None
    input_data: Mapping[str, Any] = field(default_factory=dict)


class RunFold:
    """Folds one execution's events and remembers what changed until `take` hands it on."""

    def __init__(self) -> None:
        self._state: ExecutionState | None = None
        self._steps: set[str] = set()
        self._done: set[str] = set()
        self._left_out: set[str] = set()
        self._connections: set[str] = set()
        self._events: list[Event] = []
        self._active_s = 0.0
        self._running_since: float | None = None

    @property
    def is_changed(self) -> bool:
        return bool(self._events)

    def add(self, event: Event) -> None:
        """Folds one event; O(1)."""
        if self._state is None:
            self._state = ExecutionState(id=event.execution_id, workflow_id=event.workflow_id)
        apply(self._state, event)
        self._events.append(event)
        if event.step_id is not None:
            self._note_step(event.step_id, self._state)
        if event.type is EventType.CONNECTION_RESOLVED:
            self._connections.add(str(event.data["connection_id"]))
        elif event.type is EventType.EXECUTION_RESTARTED:
            self._connections.update(event.data["connections"])
            for step_id in event.data["steps"]:
                self._note_step(step_id, self._state)
        stands_still = _stands_still(self._state.status)
        if event.type in _CLOCK_STARTS and self._running_since is None and not stands_still:
            self._running_since = event.ts
        elif self._running_since is not None and stands_still:
            self._active_s += max(0.0, event.ts - self._running_since)
            self._running_since = None

    def take(self) -> RunBatch:
        """What changed since the last call; the fold then starts a new batch."""
        state = self._state
        assert state is not None, "there is nothing to take before the first event"
        batch = RunBatch(
            execution_id=state.id,
            workflow_id=state.workflow_id,
            workflow_name=state.workflow_name,
            status=state.status,
            reason=state.reason,
            needed=tuple(dict(item) for item in state.needed),
            steps={step_id: state.steps[step_id] for step_id in self._steps if step_id in state.steps},
            connections={key: str(state.connections.get(key, "")) for key in self._connections},
            events=tuple(self._events),
            done=len(self._done),
            total=len(state.steps),
            left_out=len(self._left_out),
            active_s=self._active_s,
            running_since=self._running_since,
            error=state.error,
            input_data=dict(state.input_data),
        )
        self._steps.clear()
        self._connections.clear()
        self._events.clear()
        return batch

    def _note_step(self, step_id: str, state: ExecutionState) -> None:
        self._steps.add(step_id)
        step = state.steps.get(step_id)
        if step is not None and _is_done(step):
            self._done.add(step_id)
        else:
            self._done.discard(step_id)
        if step is not None and step.reason == "not_selected":
            self._left_out.add(step_id)


def _is_done(step: StepState) -> bool:
    """Completed, or left out by the drawing's own decision; what fell out by a failure is not done."""
    if step.status is StepStatus.SKIPPED:
        return step.reason in ("condition", "disabled")
    return step.status is StepStatus.COMPLETED


def _stands_still(status: ExecutionStatus) -> bool:
    return status.is_terminal or status is ExecutionStatus.PAUSED
