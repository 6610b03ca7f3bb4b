"""Taking up a run again that has ended: which of its steps go back to the start. Pure.

The step that is named runs again with everything after it. So does what kept the run from going on: steps
that failed and nobody handled, and those that were stopped or never started. What completed besides stays,
with its output and the decisions that followed from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.errors import STEP_UNCERTAIN, CannotRestart, DefinitionError
from engine.expression.suggestions import nearest
from engine.history.events import Event, EventDraft, EventType
from engine.history.state import INCIDENT, ExecutionState
from engine.history.status import RESTARTABLE, StepStatus
from engine.history.step_state import StepState
from engine.model.json_value import Json
from engine.plan.step import Plan
from engine.run.partial import downstream

_NOT_RUN = StepState()


def restart(plan: Plan, state: ExecutionState, events: Sequence[Event], step_id: str = "") -> EventDraft:
    """The event that starts the run again from a step, or from wherever it failed if none is named.

    Raises DefinitionError for a step that is not there, CannotRestart when the run or the step does not allow
    it.
    """
    _check_status(state)
    faults = _routing_faults(plan, state, still_true(events))
    again = _unfinished(plan, state)
    if step_id:
        named = {_number(plan, state, step_id)}
        again |= downstream(plan, named)
    else:
        named = {step.index for step in plan.steps if _has_failed(state, step.id)}
        if not named:
            named = faults
            again |= downstream(plan, faults)
    if not again:
        raise CannotRestart(
            "Nothing failed in this run, and nothing was stopped", hint="Name the step to run it again from."
        )
    _check_rest(plan, state, again, faults)
    _check_inside(plan, state, again - {plan.numbers[step_id]} if step_id else again)
    return _draft(plan, state, again, {"anew": [plan.steps[number].id for number in sorted(named)]})


def restart_after(plan: Plan, state: ExecutionState, step_id: str, output: Json) -> EventDraft:
    """The event that goes on after a step of which a person says that it did happen, and what it gave."""
    _check_status(state)
    number = _number(plan, state, step_id)
    check_uncertain(plan, state, step_id)
    again = set(downstream(plan, [number])) | _unfinished(plan, state)
    _check_rest(plan, state, again, set())
    return _draft(plan, state, again, {"given": {step_id: {"output": output, "via": "person"}}})


def check_uncertain(plan: Plan, state: ExecutionState, step_id: str) -> None:
    """Raises CannotRestart unless nobody knows whether the step took effect."""
    if state.steps.get(step_id, _NOT_RUN).status is not StepStatus.UNCERTAIN:
        raise CannotRestart(
            f'It is known how "{plan.step(step_id).label}" ended',
            hint="Run again from it if it is to run again.",
        )


def still_true(events: Sequence[Event]) -> list[Event]:
    """The events without those that a later restart of the run has taken back."""
    steps: set[str] = set()
    connections: set[str] = set()
    kept: list[Event] = []
    for event in reversed(events):
        if event.type is EventType.EXECUTION_RESTARTED:
            steps.update(event.data["steps"])
            connections.update(event.data["connections"])
        elif event.step_id in steps or event.data.get("connection_id") in connections:
            continue
        kept.append(event)
    kept.reverse()
    return kept


def _check_status(state: ExecutionState) -> None:
    if state.status in RESTARTABLE:
        return
    if not state.status.is_terminal:
        raise CannotRestart("The run has not ended", hint="Wait for its end, or stop it first.")
    raise CannotRestart(
        "The run was rolled back: what it had done is undone", hint="Start the workflow anew instead."
    )


def _number(plan: Plan, state: ExecutionState, step_id: str) -> int:
    if step_id not in plan.numbers:
        close = nearest(step_id, list(plan.numbers))
        meant = f', did you mean "{close}"?' if close else ""
        raise DefinitionError(
            f'There is no step "{step_id}" in this run{meant}',
            hint="Name a step by its id, as `show` lists it.",
        )
    step = state.steps.get(step_id, _NOT_RUN)
    if step.status is StepStatus.SKIPPED and step.reason == "not_selected":
        raise CannotRestart(
            f'"{plan.step(step_id).label}" is no part of this run', hint="Run from it in a run of its own."
        )
    return plan.numbers[step_id]


def _unfinished(plan: Plan, state: ExecutionState) -> set[int]:
    """What kept the run from going on, and what follows from it, up to steps that completed nevertheless."""
    line = [step.index for step in plan.steps if _has_failed(state, step.id) or _was_stopped(state, step.id)]
    found = set(line)
    while line:
        for route in plan.steps[line.pop()].outgoing:
            status = state.steps.get(plan.steps[route.target].id, _NOT_RUN).status
            if route.target not in found and status not in (StepStatus.COMPLETED, StepStatus.UNCERTAIN):
                found.add(route.target)
                line.append(route.target)
    return found


def _has_failed(state: ExecutionState, step_id: str) -> bool:
    step = state.steps.get(step_id, _NOT_RUN)
    return step.status is StepStatus.FAILED and step.reason == "unhandled"


def _was_stopped(state: ExecutionState, step_id: str) -> bool:
    step = state.steps.get(step_id, _NOT_RUN)
    if step.status is StepStatus.SKIPPED:
        return step.reason == "cancelled"
    return step.status in (StepStatus.CANCELLED, StepStatus.PENDING)


def _routing_faults(plan: Plan, state: ExecutionState, events: Iterable[Event]) -> set[int]:
    """Steps that completed, and then nobody could say where to go."""
    routes = {route.id: route for route in plan.routes}
    found: set[int] = set()
    for event in events:
        if event.type is EventType.CONDITION_ERROR and not _is_repaired(plan, state, event):
            route = routes.get(event.data.get("connection_id", ""))
            if route is not None and route.on_condition_error == "fail":
                found.add(route.source)
            elif event.step_id in plan.numbers:
                found.add(plan.numbers[str(event.step_id)])
    return found


def _is_repaired(plan: Plan, state: ExecutionState, event: Event) -> bool:
    """Whether it is decided after all where to go: somebody has repaired the condition."""
    if not event.data.get(INCIDENT):
        return False
    connection = event.data.get("connection_id")
    if connection is not None:
        return connection in state.connections
    return all(route.id in state.connections for route in plan.step(str(event.step_id)).outgoing)


def _check_rest(plan: Plan, state: ExecutionState, again: set[int], faults: set[int]) -> None:
    """Raises CannotRestart when something that is not to run again would hold the run up at once."""
    for step in plan.steps:
        status = state.steps.get(step.id, _NOT_RUN).status
        if step.index in again:
            continue
        if status is StepStatus.UNCERTAIN:
            raise CannotRestart(
                f'Nobody knows whether "{step.label}" took effect',
                hint="Say first whether it did, or run again from that step.",
            )
        if step.index in faults:
            raise CannotRestart(
                f'It could not be decided what follows from "{step.label}"',
                hint="Run again from that step.",
            )


def _check_inside(plan: Plan, state: ExecutionState, again: set[int]) -> None:
    """Raises CannotRestart when one of these holds a step of which nobody knows whether it took effect.

    None of them was named: whoever names the step has looked, and means it.
    """
    for number in sorted(again):
        error = state.steps.get(plan.steps[number].id, _NOT_RUN).error or {}
        cause = error.get("cause")
        if isinstance(cause, Mapping) and cause.get("type") == STEP_UNCERTAIN:
            raise CannotRestart(
                f'Nobody knows whether a step inside "{plan.steps[number].label}" took effect: '
                + str(error.get("path", "")),
                hint=f'Look whether it did. To have it run again, run from "{plan.steps[number].id}".',
            )


def _draft(plan: Plan, state: ExecutionState, again: set[int], more: Mapping[str, Any]) -> EventDraft:
    steps = [plan.steps[number] for number in sorted(again)]
    data = {
        "epoch": state.epoch + 1,
        "steps": [step.id for step in steps],
        "connections": [r.id for step in steps for r in step.outgoing if r.id in state.connections],
        **more,
    }
    return EventDraft(EventType.EXECUTION_RESTARTED, data=data)
