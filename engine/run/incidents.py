"""Conditions that nobody could evaluate, left open until a person repairs them.

The step before them has ended and that is final; only where to go from there is not decided. What was decided
stays: a repaired condition is asked once, and its connection is resolved like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.errors import ConditionError, DefinitionError, NoRouteMatched
from engine.expression import compile_condition
from engine.expression.suggestions import did_you_mean
from engine.history.events import Event, EventDraft, EventType
from engine.history.state import INCIDENT, ExecutionState
from engine.history.status import ConnectionOutcome, StepStatus
from engine.plan.step import Plan, Route, Step
from engine.run import own_conditions, scheduler
from engine.run.questions import Supplied
from engine.run.settlement import Ended, Stuck
from engine.store.state_manager import error_to_json

if TYPE_CHECKING:
    from engine.run.execution import Execution
    from engine.run.steps import Steps


@dataclass(slots=True)
class Incident:
    """A step that has ended so, with connections nobody can decide; needed: what a person is told of each.

    failure: the step's error, when the connections left open would have to say what becomes of it.
    """

    ended: Ended
    needed: list[dict[str, Any]]
    failure: Mapping[str, Any] | None = None


def open_incident(steps: Steps, number: int, stuck: Iterable[Stuck]) -> EventDraft:
    """The step waits for a person to say where to go from it: the fact to record."""
    plan = steps.plan
    own = [one for one in stuck if one.step == number]
    undecided = scheduler.undecided(plan, steps.progress, number)
    needed = [
        _describe(plan, one, undecided if one.route is None else [one.route], steps.conditions) for one in own
    ]
    steps.incidents[number] = Incident(own[0].ended, needed)
    return EventDraft(EventType.INPUT_REQUIRED, plan.steps[number].id, data={"needed": needed})


def check_repairs(execution: Execution, conditions: Mapping[str, str]) -> None:
    """Raises what is wrong with conditions that are to take the place of others: nothing has changed then.

    DefinitionError for a connection that waits for none; ConditionError for text that is no condition or
    cannot be evaluated either; NoRouteMatched when a switch still could not be left by any connection.
    """
    steps = execution.steps
    for name, text in conditions.items():
        would_hold(execution, name, text)
    for number in steps.incidents:
        own = {route.id for route in steps.plan.steps[number].outgoing}
        if not own.isdisjoint(conditions):
            for stuck in _still_stuck(steps, number, {**steps.conditions, **conditions}):
                if isinstance(stuck.error, NoRouteMatched):
                    raise stuck.error


def within(way: str, item: dict[str, Any]) -> dict[str, Any]:
    """An incident in a part, as the run sees it that the part is of: `way` leads to the part."""
    connection = item["connection_id"]
    return {
        **item,
        "connection_id": f"{way}/{connection}" if connection is not None else None,
        "connections": [f"{way}/{name}" for name in item["connections"]],
    }


def sort_repairs(execution: Execution, conditions: Mapping[str, str]) -> Supplied:
    """Conditions where they belong, in the run or in its parts; raises as `check_repairs` does."""
    supplied = Supplied(conditions=dict(conditions))
    for composite in execution.steps.nested.values():
        for part in composite.parts.values():
            way = part.id[len(execution.id) + 1 :] + "/"
            inside = {key.removeprefix(way): text for key, text in conditions.items() if key.startswith(way)}
            if inside:
                supplied.conditions = {
                    key: text for key, text in supplied.conditions.items() if not key.startswith(way)
                }
                inner = sort_repairs(part, inside)
                supplied.parts |= {**inner.parts, part.id: inner}
    check_repairs(execution, supplied.conditions)
    return supplied


def would_hold(execution: Execution, connection_id: str, condition: str) -> bool:
    """Whether the condition holds for the connection, in the run or in one of its parts."""
    for composite in execution.steps.nested.values():
        for part in composite.parts.values():
            way = part.id[len(execution.id) + 1 :] + "/"
            if connection_id.startswith(way):
                return would_hold(part, connection_id.removeprefix(way), condition)
    steps = execution.steps
    step = own_conditions.waiting(steps).get(connection_id)
    if step is not None:
        return own_conditions.would_hold(execution, step, condition)
    return steps.decide(_waiting_route(steps, connection_id, condition), {connection_id: condition})


def repair(execution: Execution, conditions: Mapping[str, str]) -> None:
    """These conditions count from now on in place of those of their connections."""
    plan = execution.plan
    execution.record(
        [
            EventDraft(
                EventType.CONDITION_REPAIRED,
                plan.steps[route.source].id,
                data={"connection_id": route.id, "condition": conditions[route.id]},
            )
            for route in plan.routes
            if route.id in conditions
        ]
        + own_conditions.repair_drafts(execution.steps, conditions)
    )
    execution.steps.conditions.update(conditions)


def settle_incidents(execution: Execution) -> None:
    """Decide what can be decided now: a condition was repaired, or a value it lacked was supplied."""
    steps = execution.steps
    for number, incident in list(steps.incidents.items()):
        before = [item["text"] for item in incident.needed]
        if [stuck.error.message for stuck in _still_stuck(steps, number, steps.conditions)] == before:
            continue
        del steps.incidents[number]
        settlement = scheduler.settle_again(steps.plan, steps.progress, number, incident.ended, steps.decide)
        execution.record(steps.facts(settlement))
        failure = None if settlement.handled else incident.failure
        if number in steps.incidents:
            steps.incidents[number].failure, failure = failure, None
        execution.follow(settlement, failure)


def repaired(events: Iterable[Event]) -> dict[str, str]:
    """The conditions that count in place of those of the definition."""
    return {
        str(event.data["connection_id"]): str(event.data["condition"])
        for event in events
        if event.type is EventType.CONDITION_REPAIRED
    }


def restore(plan: Plan, state: ExecutionState) -> dict[int, Incident]:
    """The incidents that the journal left open."""
    found: dict[int, Incident] = {}
    for item in state.needed:
        number = plan.numbers.get(str(item["step_id"]))
        # What stands in a part is an incident of that part; a step's own condition is one of the step.
        if number is not None and item.get(INCIDENT) and not item.get("of_step"):
            known = state.steps[plan.steps[number].id]
            incident = found.setdefault(number, Incident(_ended(known.status, known.reason), []))
            incident.needed.append(item)
            if known.reason == INCIDENT and not _is_led_on(plan.steps[number], state):
                incident.failure = {**(known.error or {}), "step_id": item["step_id"]}
    return found


def unhandled(plan: Plan, state: ExecutionState) -> Mapping[str, Any] | None:
    """The error of a failed step that the connections repaired since did not lead on, if there is one."""
    asking = {item["step_id"] for item in state.needed if item.get(INCIDENT)}
    for step in plan.steps:
        known = state.steps.get(step.id)
        if known is None or (known.status, known.reason) != (StepStatus.FAILED, INCIDENT):
            continue
        if step.id not in asking and not _is_led_on(step, state):
            return {**(known.error or {}), "step_id": step.id}
    return None


def _waiting_route(steps: Steps, connection_id: str, condition: str) -> Route:
    """The connection that waits for a condition; raises DefinitionError, or ConditionError for bad text."""
    waiting = {
        route.id: route
        for number in steps.incidents
        for route in scheduler.undecided(steps.plan, steps.progress, number)
    }
    if connection_id not in waiting:
        raise DefinitionError(
            f"No connection {connection_id!r} waits for a condition",
            hint=did_you_mean(connection_id, [*waiting, *own_conditions.waiting(steps)]),
        )
    compile_condition(condition.strip() or "true")
    return waiting[connection_id]


def _still_stuck(steps: Steps, number: int, conditions: Mapping[str, str]) -> list[Stuck]:
    """What these conditions would leave undecided of a step with an incident."""
    decide = partial(steps.decide, conditions=conditions)
    return scheduler.still_stuck(steps.plan, steps.progress, number, steps.incidents[number].ended, decide)


def _describe(
    plan: Plan, stuck: Stuck, undecided: Sequence[Route], texts: Mapping[str, str]
) -> dict[str, Any]:
    """What a person has to know: which connection, what is wrong with its condition, and where in it."""
    source, route = plan.steps[stuck.step], stuck.route
    target = plan.steps[route.target].label if route is not None else ""
    position = stuck.error.position if isinstance(stuck.error, ConditionError) else None
    path = f"connections.{route.id}.condition" if route is not None else f"{source.id}.connections"
    return {
        "step_id": source.id,
        "path": path,
        "name": path,
        "schema": {},
        "title": f'The way from "{source.label}"' + (f' to "{target}"' if target else ""),
        "text": stuck.error.message,
        INCIDENT: True,
        "connection_id": route.id if route is not None else None,
        "connections": [one.id for one in undecided],
        "condition": (texts.get(route.id) or route.condition) if route is not None else None,
        "position": position,
        "source": source.label,
        "target": target,
        "error": error_to_json(stuck.error),
    }


def _is_led_on(step: Step, state: ExecutionState) -> bool:
    """Whether a connection took the step's failure over."""
    ways = [route.id for route in step.outgoing if route.on != "success"]
    return any(state.connections.get(way) is ConnectionOutcome.TAKEN for way in ways)


def _ended(status: StepStatus, reason: str) -> Ended:
    if status is not StepStatus.FAILED:
        return Ended.COMPLETED
    return Ended.TOLERATED if reason == "tolerated" else Ended.FAILED
