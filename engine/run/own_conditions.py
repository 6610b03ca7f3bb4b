"""A step's own condition: whether a step that is ready is to run at all.

One that cannot be evaluated fails the step, or leaves it undecided until a person repairs it: the step is
PAUSED, with nothing run, and looks again whenever the run goes on. A repaired condition counts in place of
the drawn one from then on, under the name `step.condition`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.errors import ConditionError, WorkflowError
from engine.expression import compile_condition
from engine.history.events import EventDraft, EventType
from engine.history.state import INCIDENT
from engine.plan.step import Step
from engine.store.state_manager import error_to_json

if TYPE_CHECKING:
    from engine.run.activity import Activity
    from engine.run.execution import Execution
    from engine.run.seams import Seams
    from engine.run.steps import Steps


def name_of(step: Step) -> str:
    """What the step's own condition is called, where those of connections go by their ids."""
    return f"{step.id}.condition"


def is_wanted(seams: Seams, execution: Execution, step: Step) -> bool:
    """Whether a ready step is to run; if its own condition says no it is skipped, fails or waits."""
    steps = execution.steps
    try:
        wanted = seams._check_dependencies(step, steps.live)
        if wanted and step.condition is not None:
            wanted = execution.evaluate(_text(steps, step), steps.live)
    except WorkflowError as error:
        if isinstance(error, ConditionError) and execution.options.incidents == "pause":
            _hold(execution, steps.activity(step.index), error)
        else:
            activity = steps.activity(step.index)
            steps.begin(activity)
            steps.fail(activity, error, duration_ms=0.0)
        return False
    if step.index in steps.activities:
        steps.activities[step.index].is_undecided = False
    if not wanted:
        steps.skip(step, "condition")
    return wanted


def waiting(steps: Steps) -> Mapping[str, Step]:
    """The steps that wait for their conditions to be repaired, by the names of these."""
    undecided = (steps.activities[number].step for number in steps.paused)
    return {name_of(step): step for step in undecided if steps.activities[step.index].is_undecided}


def would_hold(execution: Execution, step: Step, condition: str) -> bool:
    """Whether this text holds in place of the step's condition; raises ConditionError for one that cannot."""
    text = condition.strip() or "true"
    compile_condition(text)
    try:
        return execution.evaluate(text, execution.steps.live)
    except ConditionError as error:
        raise ConditionError(
            f'The condition of "{step.label}": {error.message}',
            source=error.source,
            position=error.position,
            hint=error.hint,
        ) from error


def repair_drafts(steps: Steps, conditions: Mapping[str, str]) -> list[EventDraft]:
    """The facts that these conditions count from now on, of those that are steps' own."""
    of = partial(EventDraft, EventType.CONDITION_REPAIRED)
    return [
        of(step.id, data={"connection_id": name, "condition": conditions[name]})
        for name, step in waiting(steps).items()
        if name in conditions
    ]


def _text(steps: Steps, step: Step) -> str:
    return steps.conditions.get(name_of(step), step.condition or "")


def _hold(execution: Execution, activity: Activity, error: ConditionError) -> None:
    """The step waits for a person to say under which condition it runs; other branches go on."""
    step, steps = activity.step, execution.steps
    activity.is_undecided = True
    activity.needed = [_described(steps, step, error)]
    steps.paused.add(step.index)
    told: dict[str, Any] = {"needed": activity.needed}
    data = {"reason": INCIDENT, "error": error_to_json(error), **told}
    execution.record(
        [
            EventDraft(EventType.STEP_PAUSED, step.id, activity.attempt, data),
            EventDraft(EventType.INPUT_REQUIRED, step.id, activity.attempt, told),
        ]
    )
    execution.advance()


def _described(steps: Steps, step: Step, error: ConditionError) -> dict[str, Any]:
    """What a person has to know, in the words of the incidents of connections; `of_step` tells them apart."""
    name = name_of(step)
    return {
        "step_id": step.id,
        "path": name,
        "name": name,
        "schema": {},
        "title": f'Whether "{step.label}" runs',
        "text": f'The condition of "{step.label}": {error.message}',
        INCIDENT: True,
        "of_step": True,
        "connection_id": name,
        "connections": [name],
        "condition": _text(steps, step),
        "position": error.position,
        "source": step.label,
        "target": "",
        "error": error_to_json(error),
    }
