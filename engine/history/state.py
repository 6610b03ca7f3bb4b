"""The state of an execution: a fold of its events, and nothing else.

``apply`` takes one event at a time and costs the same however long the history is, so a live view,
a replay and a recovery run through the same code. A ``StepState`` is never changed once it stands
in ``steps``: the next event puts a new one there, so it may be handed to another thread.

How steps begin and complete is put off, and taken in when somebody looks at ``steps``: of a busy run most
are over, and the run too, before anybody does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from engine.errors import StoreCorrupt
from engine.history.events import (
    STATUS_OF_EXECUTION_EVENT,
    STATUS_OF_STEP_EVENT,
    Event,
    EventType,
)
from engine.history.ran import Pieces, RanEvents
from engine.history.status import ConnectionOutcome, ExecutionStatus, StepStatus
from engine.history.step_state import NOT_RUN, StepState, after_run, milliseconds, moved, ran_at_once


@dataclass(slots=True, kw_only=True, eq=False)
class ExecutionState:
    """Where a run is. Belongs to whoever folds it; its ``StepState`` values may be shared."""

    id: str
    workflow_id: str
    workflow_name: str = ""
    definition_hash: str = ""
    base_dir: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    status: ExecutionStatus = ExecutionStatus.PENDING
    reason: str = ""
    needed: list[dict[str, Any]] = field(default_factory=list)
    error: Mapping[str, Any] | None = None
    input_data: dict[str, Any] = field(default_factory=dict)
    _steps: dict[str, StepState] = field(default_factory=dict)
    _connections: dict[str, ConnectionOutcome] = field(default_factory=dict)
    _later: list[Sequence[Event]] = field(default_factory=list)
    created_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    seq: int = 0
    epoch: int = 1
    # Of a part: the run whose step it works for, its `item` and `index`, inputs that name secrets.
    parent: str = ""
    scope: Mapping[str, Any] = field(default_factory=dict)
    secret_inputs: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def fold(cls, events: Iterable[Event]) -> ExecutionState:
        """The state after all of ``events``, the first of which is EXECUTION_CREATED."""
        remaining = iter(events)
        first = next(remaining, None)
        if first is None or first.type is not EventType.EXECUTION_CREATED:
            raise StoreCorrupt("The journal of a run does not begin with its creation")
        state = cls(id=first.execution_id, workflow_id=first.workflow_id)
        apply(state, first)
        apply_all(state, remaining)
        return state

    @property
    def steps(self) -> dict[str, StepState]:
        """Where each step is to which anything has happened, by its id."""
        if self._later:
            self._take_in()
        return self._steps

    @property
    def connections(self) -> dict[str, ConnectionOutcome]:
        """What became of each connection that is decided, by its id."""
        if self._later:
            self._take_in()
        return self._connections

    def with_steps(self, steps: dict[str, StepState], **changes: Any) -> ExecutionState:
        """The same with other steps."""
        return replace(self, _steps=steps, _connections=self.connections, _later=[], **changes)

    def put_off(self, piece: Sequence[Event], seq: int) -> None:
        """Take these events in when somebody looks; they move steps on that ask for nothing, and no run."""
        self._later.append(piece)
        self.seq = seq

    def _take_in(self) -> None:
        put_off, self._later = self._later, []
        steps, connections, seq = self._steps, self._connections, self.seq
        for piece in put_off:
            if type(piece) is not RanEvents or piece.ran.step_id in steps:
                apply_all(self, piece)
                continue
            steps[piece.ran.step_id] = ran_at_once(piece)
            for taken in piece.ran.taken.ids:
                connections[taken] = ConnectionOutcome.TAKEN
        self.seq = seq  # of the last of them, which is known already

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ExecutionState):
            return NotImplemented
        for state in (self, other):
            state._take_in()
        return all(getattr(self, each.name) == getattr(other, each.name) for each in fields(self))

    __hash__ = None  # type: ignore[assignment]

    @property
    def outputs(self) -> dict[str, Any]:
        """The outputs of the completed steps."""
        return {
            step_id: step.output
            for step_id, step in self.steps.items()
            if step.status is StepStatus.COMPLETED
        }

    def to_dict(self) -> dict[str, Any]:
        """What ``get_workflow_status`` returns: plain JSON."""
        ended, started = self.ended_at, self.started_at
        return {
            "execution_id": self.id,
            "workflow_id": self.workflow_id,
            "workflow_name": self.workflow_name,
            "status": self.status.value,
            "reason": self.reason,
            "run_epoch": self.epoch,
            "input_data": dict(self.input_data),
            "steps": {step_id: step.to_dict() for step_id, step in self.steps.items()},
            "connections": {name: outcome.value for name, outcome in self.connections.items()},
            "outputs": self.outputs,
            "error": dict(self.error) if self.error is not None else None,
            "needed": [dict(item) for item in self.needed],
            "timings": {
                "created_at": self.created_at,
                "started_at": started,
                "ended_at": ended,
                "duration_ms": milliseconds(started, ended),
            },
        }


def apply_pieces(state: ExecutionState, pieces: Pieces) -> None:
    """Take events into ``state`` in the pieces in which they were recorded; most are steps that ran."""
    for piece in pieces:
        if state.needed:
            apply_all(state, piece)
        elif type(piece) is RanEvents:
            state.put_off(piece, piece.seq + 1 + len(piece.ran.taken.ids))
        elif _OF_STEPS_THAT_GO_ON.issuperset([event.type for event in piece]):
            state.put_off(piece, piece[-1].seq)
        elif len(piece) == 1:
            apply(state, piece[0])  # that the run itself moves touches no step
        else:
            apply_all(state, piece)


def apply_all(state: ExecutionState, events: Iterable[Event]) -> None:
    """Take events into ``state``, one after the other.

    A step that began and completed among them is put there once, as it is in the end: most steps of a busy
    run are over before anyone could have looked.
    """
    steps, connections = state.steps, state.connections
    begun: Event | None = None
    for event in events:
        if begun is not None:
            if event.type is _COMPLETED and event.step_id == begun.step_id:
                steps[begun.step_id] = after_run(begun, event)  # type: ignore[index]
                begun = None
                state.seq = event.seq
                continue
            apply(state, begun)
            begun = None
        if event.type is _RESOLVED and not state.needed:
            connections[event.data["connection_id"]] = _OUTCOMES[event.data["outcome"]]
            state.seq = event.seq
        elif event.type is _RUNNING and event.step_id not in steps:
            begun = event
        else:
            apply(state, event)
    if begun is not None:
        apply(state, begun)


def apply(state: ExecutionState, event: Event) -> None:
    """Take one event into ``state``. Legality was checked when the event was appended."""
    event_type = event.type
    step_status = STATUS_OF_STEP_EVENT.get(event_type)
    if step_status is not None:
        assert event.step_id is not None
        before = state.steps.get(event.step_id, NOT_RUN)
        state.steps[event.step_id] = moved(before, step_status, event)
        if step_status is StepStatus.PAUSED or before.status is StepStatus.PAUSED:
            _ask(state, event.step_id, event.data.get("needed", ()))
    elif event_type is _RESOLVED:
        state.connections[event.data["connection_id"]] = _OUTCOMES[event.data["outcome"]]
        if state.needed:
            _decided(state, event.data["connection_id"])
    elif event_type is EventType.EXECUTION_RESTARTED:
        _restart(state, event)
    elif event_type in STATUS_OF_EXECUTION_EVENT:
        _move_execution(state, STATUS_OF_EXECUTION_EVENT[event_type], event)
    else:
        _take_note(state, event)
    if event.seq > state.seq:
        state.seq = event.seq


NOT_ROLLED_BACK: Final = "not_rolled_back"
"""Where the error of a run whose rollback failed lists the steps that are still as they were."""
_COMPLETED = EventType.STEP_COMPLETED
_RESOLVED = EventType.CONNECTION_RESOLVED
_RUNNING = EventType.STEP_RUNNING
_OF_STEPS_THAT_GO_ON: Final = frozenset({_RUNNING, _COMPLETED, _RESOLVED})
_OUTCOMES: Mapping[str, ConnectionOutcome] = {outcome.value: outcome for outcome in ConnectionOutcome}
PARTS_ASK: Final = "child_asks"
"""Why a step is WAITING whose parts ask a person something."""
# Why a run is shown as paused while its store refuses; no journal ever holds it.
STORAGE_ERROR: Final = "storage_error"


INCIDENT: Final = "incident"
"""Marks what a run needs that is no value: a condition that a person has to repair."""


def _move_execution(state: ExecutionState, status: ExecutionStatus, event: Event) -> None:
    state.status = status
    state.reason = event.data.get("reason", "")
    if "needed" in event.data:
        state.needed = list(event.data["needed"])
    elif status.is_terminal:
        state.needed = []
    if "error" in event.data:
        state.error = event.data["error"]
    if status is ExecutionStatus.RUNNING and state.started_at is None:
        state.started_at = event.ts
    state.ended_at = event.ts if status.is_terminal else None


def _restart(state: ExecutionState, event: Event) -> None:
    """The run goes on under a new epoch, and the steps named are as if they had never run."""
    data = event.data
    state.status, state.reason, state.error = ExecutionStatus.RUNNING, "", None
    state.ended_at, state.needed, state.epoch = None, [], data["epoch"]
    for step_id in data["steps"]:
        state.steps[step_id] = NOT_RUN
    for connection_id in data["connections"]:
        state.connections.pop(connection_id, None)
    # What stood ready for these steps when the run was created counts no more: they are meant to run.
    again = set(data["steps"])
    taken = {key: value for key, value in (state.options.get("taken") or {}).items() if key not in again}
    options = {**state.options, "taken": {**taken, **data.get("given", {})}, "anew": data.get("anew", [])}
    state.options = {key: value for key, value in options.items() if value or key not in ("taken", "anew")}


def _take_note(state: ExecutionState, event: Event) -> None:
    """Events that move nothing."""
    match event.type:
        case EventType.EXECUTION_CREATED:
            state.definition_hash = event.data.get("definition_hash", "")
            state.workflow_name = event.data.get("workflow_name", "")
            state.base_dir = event.data.get("base_dir", "")
            state.options = event.data.get("options") or {}
            state.input_data = dict(event.data.get("input_data") or {})
            state.created_at = event.ts
            state.parent = event.data.get("parent", "")
            state.scope = event.data.get("scope") or {}
            state.secret_inputs = event.data.get("secret_inputs") or {}
        case EventType.INPUTS_SUPPLIED:
            state.input_data.update(event.data["inputs"])
        case EventType.BREAKPOINTS_CHANGED:
            held = {name: event.data[name] for name in ("breakpoints", "step_by_step")}
            kept = {name: value for name, value in state.options.items() if name not in held}
            state.options = kept | {name: value for name, value in held.items() if value}
        case EventType.INPUT_REQUIRED if event.step_id is not None:
            _ask(state, event.step_id, event.data["needed"])
            if state.steps.get(event.step_id, NOT_RUN).status is StepStatus.WAITING:
                values = [item for item in event.data["needed"] if item.get("name") and not item.get("form")]
                reason = PARTS_ASK if event.data["needed"] else "child"
                names = dict.fromkeys(item["name"] for item in values)
                _change_step(state, event.step_id, reason=reason, missing=tuple(names))
        case EventType.STEP_PROGRESS if event.step_id is not None:
            _change_step(
                state,
                event.step_id,
                progress=event.data.get("fraction"),
                progress_text=event.data.get("text", ""),
            )
        case EventType.STORAGE_REFUSED:
            state.status, state.reason = ExecutionStatus.PAUSED, STORAGE_ERROR
            state.error = event.data["error"]
        case EventType.STORAGE_WORKS if state.reason == STORAGE_ERROR:
            state.status, state.reason = ExecutionStatus(event.data["status"]), event.data["reason"]
            state.error = event.data["error"]
        case EventType.STEP_QUEUED if event.step_id is not None:
            _change_step(state, event.step_id, queued=True)
        case _:
            pass  # CONDITION_ERROR, STEP_RELEASED, STEP_LOG, LAGGED tell a reader something and move no state


def _ask(state: ExecutionState, step_id: str, needed: Iterable[dict[str, Any]]) -> None:
    """What this step asks for, in place of what it asked for before."""
    state.needed = [item for item in state.needed if _asking(item) != step_id]
    state.needed.extend(needed)


def _asking(item: Mapping[str, Any]) -> str:
    """The step that asks, also by its parts: `step/3/check`, of a further try `step~2/3/check`."""
    name, inside, _ = str(item.get("step_id")).partition("/")
    return name.partition("~")[0] if inside else name


def _decided(state: ExecutionState, connection_id: str) -> None:
    """Nobody has to repair what decides a connection that is decided."""
    state.needed = [
        item
        for item in state.needed
        if not item.get(INCIDENT) or connection_id not in item.get("connections", ())
    ]


def _change_step(state: ExecutionState, step_id: str, **changes: Any) -> None:
    state.steps[step_id] = replace(state.steps.get(step_id, NOT_RUN), **changes)
