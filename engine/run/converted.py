"""Plans as an engine whose `_convert_nodes_to_steps` somebody overrides wants them: at every depth."""

from __future__ import annotations

from dataclasses import replace

from engine.plan.step import Plan, Step
from engine.run.seams import Seams


def converted(plan: Plan, seams: Seams) -> Plan:
    """The plan with the steps that the seam makes of its workflow, and of the workflows inside it.

    The plan itself when nobody overrides the seam. What is inside of a step stays what was drawn: a seam
    changes steps, and the steps inside are changed by being asked for themselves.
    """
    if not seams.are_steps_converted:
        return plan
    made = {step.index: step for step in plan.steps}
    made |= {step.index: step for step in seams._convert_nodes_to_steps(plan.workflow)}
    return plan.with_steps([_with_inside(step, plan.steps[index], seams) for index, step in made.items()])


def _with_inside(step: Step, drawn: Step, seams: Seams) -> Step:
    if drawn.body is None:
        return step
    return replace(step, body=replace(drawn.body, plan=converted(drawn.body.plan, seams)))
