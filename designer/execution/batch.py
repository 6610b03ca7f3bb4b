"""What the window is told about a run: one coalesced batch instead of thousands of events. No Qt here.

A batch is no larger than what the window takes in between two frames, however much has happened: stopping a
run of 100,000 steps is as many events at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from engine.history.events import Event, EventType
from engine.history.state import ExecutionState, apply
from engine.history.status import ExecutionStatus, StepStatus
from engine.history.step_state import StepState

MOST_EVENTS = 1_000
"""So many events, or changed steps and connections, are in a batch at most: 15 ms for the window."""

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
    """Folds one execution's events, and remembers what changed until `take` hands it on."""

    def __init__(self) -> None:
        self._waiting: deque[Event] = deque()
        self._state: ExecutionState | None = None
        # In the order in which they changed: a set would hand on what changed last before what changed first.
        self._steps: dict[str, None] = {}
        self._connections: dict[str, None] = {}
        self._done: set[str] = set()
        self._left_out: set[str] = set()
        self._active_s = 0.0
        self._running_since: float | None = None

    @property
    def is_changed(self) -> bool:
        return bool(self._waiting or self._steps or self._connections)

    @property
    def is_behind(self) -> bool:
        """Whether there is more to hand on than one batch holds."""
        return max(len(self._waiting), self._changes) > MOST_EVENTS

    def add(self, event: Event) -> None:
        """The next event; O(1)."""
        self._waiting.append(event)

    def take(self) -> RunBatch:
        """What changed since the last call, or as much of it as one batch holds."""
        events: list[Event] = []
        while self._waiting and len(events) < MOST_EVENTS and self._changes < MOST_EVENTS:
            event = self._waiting.popleft()
            self._fold(event)
            events.append(event)
        state = self._state
        assert state is not None, "there is nothing to take before the first event"
        steps, connections = _first(self._steps), _first(self._connections)
        return RunBatch(
            execution_id=state.id,
            workflow_id=state.workflow_id,
            workflow_name=state.workflow_name,
            status=state.status,
            reason=state.reason,
            needed=tuple(dict(item) for item in state.needed),
            steps={step_id: state.steps[step_id] for step_id in steps if step_id in state.steps},
            connections={key: str(state.connections.get(key, "")) for key in connections},
            events=tuple(events),
            done=len(self._done),
            total=len(state.steps),
            left_out=len(self._left_out),
            active_s=self._active_s,
            running_since=self._running_since,
            error=state.error,
            input_data=dict(state.input_data),
        )

    @property
    def _changes(self) -> int:
        return max(len(self._steps), len(self._connections))

    def _fold(self, event: Event) -> None:
        if self._state is None:
            self._state = ExecutionState(id=event.execution_id, workflow_id=event.workflow_id)
        apply(self._state, event)
        if event.step_id is not None:
            self._note_step(event.step_id, self._state)
        if event.type is EventType.CONNECTION_RESOLVED:
            self._connections[str(event.data["connection_id"])] = None
        elif event.type is EventType.EXECUTION_RESTARTED:
            self._connections.update(dict.fromkeys(event.data["connections"]))
            for step_id in event.data["steps"]:
                self._note_step(step_id, self._state)
        stands_still = _stands_still(self._state.status)
        if event.type in _CLOCK_STARTS and self._running_since is None and not stands_still:
            self._running_since = event.ts
        elif self._running_since is not None and stands_still:
            self._active_s += max(0.0, event.ts - self._running_since)
            self._running_since = None

    def _note_step(self, step_id: str, state: ExecutionState) -> None:
        self._steps[step_id] = None
        step = state.steps.get(step_id)
        if step is not None and _is_done(step):
            self._done.add(step_id)
        else:
            self._done.discard(step_id)
        if step is not None and step.reason == "not_selected":
            self._left_out.add(step_id)


def _first(changed: dict[str, None]) -> list[str]:
    """Take out as many as a batch holds; a run that is taken up again changes all of its steps at once."""
    taken = list(islice(changed, MOST_EVENTS))
    for name in taken:
        del changed[name]
    return taken


def _is_done(step: StepState) -> bool:
    """Completed, or left out by the drawing's own decision; what fell out by a failure is not done."""
    if step.status is StepStatus.SKIPPED:
        return step.reason in ("condition", "disabled")
    return step.status is StepStatus.COMPLETED


def _stands_still(status: ExecutionStatus) -> bool:
    return status.is_terminal or status is ExecutionStatus.PAUSED
