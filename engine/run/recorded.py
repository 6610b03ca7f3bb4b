"""Results of earlier runs, looked up for a run that takes them instead of running the steps again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from engine.errors import ExecutionNotFound
from engine.history.state import ExecutionState
from engine.history.status import StepStatus
from engine.history.step_state import StepState
from engine.model.json_value import Json
from engine.plan.step import Plan
from engine.run.options import RunOptions
from engine.run.partial import check_only, check_options, wanted_results
from engine.store.state_manager import ExecutionStateManager

# A run may be based on one that was based on another; so far back results are looked for.
MAX_GENERATIONS: Final = 16
_RECENT: Final = 200


async def prepare(
    store: ExecutionStateManager, plan: Plan, options: RunOptions, given: dict[str, Json] | None
) -> tuple[RunOptions, dict[str, Json]]:
    """The options with every result in them that the run will take, and its inputs.

    Inputs that are not given are those of the run it is based on. Raises DefinitionError for unknown steps,
    ExecutionNotFound for an unknown run, StepsToRunFirst when one step alone lacks what it needs.
    """
    check_options(plan, options)
    wanted = wanted_results(plan, options)
    inputs = dict(given or {})
    if not options.start and not options.only:
        return options, inputs
    await store.open()
    base = options.based_on or await _latest(store, plan.workflow.id)
    if base:
        taken, inputs_before = await _results(store, base, wanted)
        options = replace(options, based_on=base, taken=taken)
        inputs = {**inputs_before, **inputs}
    # Whoever says "from here" or "only this" wants to see that step run.
    options = replace(options, anew=options.anew | {options.start or options.only})
    check_only(plan, options, inputs)
    return options, inputs


def as_taken(execution_id: str, step: StepState) -> dict[str, Any]:
    """A completed step as another run takes it: with where and when the result was really made."""
    made = step.reused_from or {"execution_id": execution_id, "at": step.ended_at}
    return {"output": step.output, "via": "reused", "reused_from": dict(made)}


async def _latest(store: ExecutionStateManager, workflow_id: str) -> str:
    """The newest ended run of the workflow; "" when there is none."""
    for summary in await store.list_executions(limit=_RECENT):
        if summary.workflow_id == workflow_id and summary.status.is_terminal:
            return summary.id
    return ""


async def _results(
    store: ExecutionStateManager, execution_id: str, wanted: Collection[str]
) -> tuple[dict[str, dict[str, Any]], Mapping[str, Json]]:
    """The newest result of each wanted step, and the inputs of the first run looked at."""
    found: dict[str, dict[str, Any]] = {}
    inputs: Mapping[str, Json] = {}
    for generation in range(MAX_GENERATIONS):
        try:
            state = await store.load_state(execution_id)
        except ExecutionNotFound:
            if generation:
                break  # an older run may have been removed since
            raise
        if not generation:
            inputs = state.input_data
        for step_id in wanted:
            if step_id not in found and (result := _result(store, state, step_id)) is not None:
                found[step_id] = result
        execution_id = RunOptions.from_json(state.options).based_on
        if not execution_id or len(found) == len(wanted):
            break
    return found, inputs


def _result(store: ExecutionStateManager, state: ExecutionState, step_id: str) -> dict[str, Any] | None:
    step = state.steps.get(step_id)
    if step is None or step.status is not StepStatus.COMPLETED or not store.artifacts.holds_all(step.output):
        return None
    return as_taken(state.id, step)
