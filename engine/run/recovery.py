"""Bringing an execution back to life from its journal, in this process or a later one.

Nothing is decided twice: connections keep their journaled outcomes and completed steps their outputs. A step
that was running runs again as the same attempt under the same idempotency key, unless it asked to be tried at
most once: then nobody knows whether it took effect, and the run fails and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from math import inf
from typing import Any, Final

from engine.errors import STEP_UNCERTAIN
from engine.history.events import Event, EventDraft, EventType
from engine.history.state import INCIDENT, ExecutionState
from engine.history.status import ExecutionStatus, StepStatus
from engine.history.step_state import StepState
from engine.plan.step import Step
from engine.run import incidents, scheduler
from engine.run.activity import Activity
from engine.run.alarm import Alarm
from engine.run.clock import Clock
from engine.run.execution import Execution
from engine.run.handed_secrets import joined
from engine.run.restart import still_true
from engine.run.reuse import ready_made
from engine.store.artifacts import ArtifactStore, has_reference

# So many times in a row a step may bring the program down before its run is given up.
MAX_CRASHES: Final = 5


async def load_outputs(state: ExecutionState, artifacts: ArtifactStore) -> ExecutionState:
    """The state with large outputs read back, as references need their values."""
    steps = dict(state.steps)
    for step_id, step in state.steps.items():
        if has_reference(step.output):
            steps[step_id] = replace(step, output=await artifacts.expand_async(step.output))
    if not state.parent:
        return state.with_steps(steps)
    # What a part was given may have been as large as what a step gives.
    given = await artifacts.expand_async(state.input_data)
    if state.secret_inputs:
        given = joined(given, await artifacts.expand_async(state.secret_inputs))
    return state.with_steps(steps, input_data=given, scope=await artifacts.expand_async(state.scope))


def restore(execution: Execution, events: Sequence[Event], clock: Clock, *, crashed: bool) -> None:
    """Put every step of a started execution where the journal left it, and go on from there.

    crashed: the program died that ran it last. A step that ran in too many crashes in a row ends the run.
    """
    crashes = _crashes(execution.state, events, crashed=crashed)
    culprit = next((step_id for step_id, count in crashes.items() if count >= MAX_CRASHES), None)
    if culprit is not None and execution.status is ExecutionStatus.RUNNING:
        _quarantine(execution, execution.plan.step(culprit), crashes[culprit])
        return
    plan, state, steps = execution.plan, execution.state, execution.steps
    scheduler.restore(
        plan,
        steps.progress,
        ((route, state.connections[route.id]) for route in plan.routes if route.id in state.connections),
    )
    steps.conditions = incidents.repaired(events)
    steps.incidents = incidents.restore(plan, state)
    events = still_true(events)
    _find_failures(execution, events)
    execution.stops.restore(events)
    answered, longest, began = _answered(events), _longest_waits(events), _begun_at(events)
    again: list[int] = []
    for step in plan.steps:
        known = state.steps.get(step.id)
        if known is not None and known.status is not StepStatus.PENDING:
            again += _restore_step(execution, step, known, is_answered=step.id in answered)
            if step.index in steps.waiting and step.index not in steps.nested:
                _wait_on(execution, step, known, clock, longest.get(step.id, inf))
            if step.index in steps.activities:
                steps.activities[step.index].longest_wait_s = longest.get(step.id, inf)
                steps.activities[step.index].crashes = crashes.get(step.id, 0)
                if step.index not in steps.nested:
                    steps.activities[step.index].first_started_at = began.get(step.id)
    if execution.status.is_terminal or execution.status is ExecutionStatus.ROLLING_BACK:
        return
    execution.error = execution.error or incidents.unhandled(plan, state)
    execution.make_ready(again)
    undecided = scheduler.undecided_ready(plan, steps.progress, partial(_is_settled, execution))
    if crashed:
        suspect(execution, [*again, *undecided.ready, *steps.waiting])
    execution.go_on(undecided)
    if execution.status is ExecutionStatus.CANCELLING:
        execution.cancel(rollback=False)


def suspect(execution: Execution, steps: Iterable[int]) -> None:
    """One of these may have ended the program before it was known to run: their starts are recorded first."""
    execution.suspects = frozenset(steps)
    execution.fast_actions = None


def _crashes(state: ExecutionState, events: Iterable[Event], *, crashed: bool) -> dict[str, int]:
    """How often in a row the program died while a step ran, of each step that ran when it ended."""
    before = {
        str(event.step_id): event.data.get("crashes", 0)
        for event in events
        if event.type is EventType.STEP_RUNNING
    }
    return {
        step_id: before.get(step_id, 0) + crashed
        for step_id, step in state.steps.items()
        if step.status is StepStatus.RUNNING
    }


def _quarantine(execution: Execution, culprit: Step, crashes: int) -> None:
    """End the run: going on would bring the program down again."""
    error = {
        "type": "Quarantined",
        "message": f'The program died {crashes} times in a row while "{culprit.label}" ran',
        "hint": "Change what the step does, or how much it takes on at once, and start the workflow anew.",
        "step_id": culprit.id,
    }
    drafts = []
    for step in execution.plan.steps:
        known = execution.state.steps.get(step.id, StepState())
        if step is culprit:
            data = {"error": error, "handling": "unhandled"}
            drafts.append(EventDraft(EventType.STEP_FAILED, step.id, known.attempts, data))
        elif known.status is StepStatus.PENDING:
            drafts.append(EventDraft(EventType.STEP_SKIPPED, step.id, data={"reason": "cancelled"}))
        elif not known.status.is_terminal:
            drafts.append(EventDraft(EventType.STEP_CANCELLED, step.id, known.attempts))
    execution.record(drafts)
    execution.move(EventType.EXECUTION_QUARANTINED, {"error": error})


def _is_settled(execution: Execution, number: int) -> bool:
    known = execution.state.steps.get(execution.plan.steps[number].id)
    return known is not None and known.status is not StepStatus.PENDING


def _find_failures(execution: Execution, events: Iterable[Event]) -> None:
    """What had gone wrong or was asked for before: the first unhandled failure is the execution's error."""
    steps = execution.steps
    policies = {route.id: route.on_condition_error for route in execution.plan.routes}
    for event in events:
        if event.type is EventType.STEP_COMPLETED:
            steps.completed.append(execution.plan.numbers[str(event.step_id)])
            steps.has_failures = steps.has_failures or "with_errors" in event.data
        elif event.type is EventType.STEP_FAILED:
            steps.has_failures = True
            if event.data.get("handling") == "unhandled" and execution.error is None:
                execution.error = {**event.data["error"], "step_id": event.step_id}
        elif event.type is EventType.EXECUTION_CANCELLING:
            execution.wants_rollback = execution.wants_rollback or bool(event.data.get("rollback"))
        elif (
            event.type is EventType.CONDITION_ERROR
            and execution.error is None
            and not event.data.get(INCIDENT)
            and policies.get(event.data.get("connection_id", ""), "fail") == "fail"
        ):
            execution.error = event.data["error"]


def _answered(events: Iterable[Event]) -> set[str]:
    """Steps that were paused when somebody supplied values, resumed the run, or let them begin.

    They are to look again: what they lacked may be there, also where it was put without our knowing.
    """
    asking: dict[str, None] = {}
    answered: set[str] = set()
    for event in events:
        step_id = str(event.step_id)
        if event.type is EventType.STEP_PAUSED:
            answered.discard(step_id)
            if event.data.get("reason") in ("missing_input", INCIDENT):
                asking[step_id] = None
        elif event.type is EventType.STEP_RELEASED or (
            event.type is EventType.CONDITION_REPAIRED and step_id in asking
        ):
            answered.add(step_id)
        elif event.type in (EventType.INPUTS_SUPPLIED, EventType.EXECUTION_RESUMED):
            answered.update(asking)
            asking.clear()
    return answered


def _restore_step(execution: Execution, step: Step, known: StepState, *, is_answered: bool) -> list[int]:
    """Put one step in its place; returns its number when it is to run again."""
    steps, number = execution.steps, step.index
    if number in steps.nested:
        return []  # its parts are back
    match known.status:
        case StepStatus.RUNNING if step.at_most_once and not _does_nothing(execution, step):
            _uncertain(execution, step, known)
        case StepStatus.RUNNING:
            _activity(execution, step, known.attempts - 1)
            return [number]
        case StepStatus.WAITING if known.reason == "timer":
            activity = _activity(execution, step, known.attempts - 1)
            activity.due_at = known.waiting_until
            return [number]
        case StepStatus.WAITING:
            _activity(execution, step, known.attempts)
            steps.waiting.add(number)
        case StepStatus.PAUSED:
            activity = _activity(execution, step, max(0, known.attempts - 1))
            activity.is_undecided = known.reason == INCIDENT
            activity.needed = [item for item in execution.state.needed if item.get("step_id") == step.id]
            activity.form = next((item["schema"] for item in activity.needed if item.get("form")), None)
            if is_answered:
                return [number]
            steps.paused.add(number)
        case StepStatus.UNCERTAIN:
            _give_up(execution, step, known)
        case _:
            pass  # it has ended, and stands in the live state
    return []


def _begun_at(events: Iterable[Event]) -> dict[str, float]:
    """When each step began that has; the time that a person took before it could go on is not its own."""
    begun: dict[str, float] = {}
    for event in events:
        if event.type is EventType.STEP_RUNNING:
            begun.setdefault(str(event.step_id), event.ts)
        elif event.type is EventType.STEP_PAUSED:
            begun.pop(str(event.step_id), None)
    return begun


def _does_nothing(execution: Execution, step: Step) -> bool:
    """Whether no action runs for the step, so that it can run once more whatever it may do."""
    return bool(step.disabled) or ready_made(execution, step) is not None


def _longest_waits(events: Iterable[Event]) -> dict[str, float]:
    """How long each step's last wait was meant to be: a clock set back since then does not prolong it."""
    waits = {
        str(event.step_id): event.data["until"] - event.ts
        for event in events
        if event.type is EventType.STEP_WAITING and event.data.get("until") is not None
    }
    return {step_id: wait for step_id, wait in waits.items() if wait > 0}


def _wait_on(execution: Execution, step: Step, known: StepState, clock: Clock, most_s: float) -> None:
    due = partial(execution.due, step.index)
    alarm = Alarm(clock, known.waiting_until or 0.0, due, most_s=most_s)
    execution.steps.activities[step.index].timer = alarm


def _activity(execution: Execution, step: Step, attempt: int) -> Activity:
    activity = Activity(step, attempt=attempt)
    execution.steps.activities[step.index] = activity
    return activity


def _uncertain(execution: Execution, step: Step, known: StepState) -> None:
    draft = EventDraft(EventType.STEP_UNCERTAIN, step.id, known.attempts, {"error": _uncertain_error(step)})
    execution.record([draft])
    _give_up(execution, step, known)


def _give_up(execution: Execution, step: Step, known: StepState) -> None:
    """Nothing follows from a step of which nobody knows how it ended, and the run fails."""
    error = _uncertain_error(step)
    execution.steps.live.ended(step.id, StepStatus.UNCERTAIN, error=error, attempts=known.attempts)
    execution.error = execution.error or error


def _uncertain_error(step: Step) -> dict[str, Any]:
    return {
        "type": STEP_UNCERTAIN,
        "message": f'The program ended while "{step.label}" ran: nobody knows whether it took effect',
        "hint": "Look whether it did, then go on after it or run it again.",
        "step_id": step.id,
    }
