"""Undoing what an execution did: the rollback actions of its completed steps, the last one first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from engine.errors import WorkflowError
from engine.history.events import EventDraft, EventType
from engine.history.status import StepStatus
from engine.plan.step import Call, Step
from engine.run.execution import Execution
from engine.store.state_manager import error_to_json

Perform = Callable[[Execution, Step, dict[str, Any]], Awaitable[Any]]
Barrier = Callable[[], Awaitable[None]]


async def roll_back(execution: Execution, perform: Perform, barrier: Barrier) -> None:
    """Run every rollback there is; one that fails does not stop the rest, but then the whole has failed.

    perform: runs the step's action with these parameters. Each outcome is durable before the next begins.
    """
    failures: list[str] = []
    for number in reversed(execution.steps.completed):
        step = execution.plan.steps[number]
        if step.rollback is None:
            continue
        if execution.state.steps[step.id].status is StepStatus.ROLLED_BACK:
            continue
        if execution.state.steps[step.id].status is not StepStatus.ROLLING_BACK:  # else we died in the middle
            execution.record([EventDraft(EventType.STEP_ROLLING_BACK, step.id)])
        await barrier()
        try:
            await perform(
                execution, _undoing(step, step.rollback), _parameters(execution, step, step.rollback)
            )
        except Exception as error:  # noqa: BLE001 - step boundary: the other steps are still to be undone
            failures.append(step.id)
            data = {"error": error_to_json(error)}
            execution.record([EventDraft(EventType.STEP_ROLLBACK_FAILED, step.id, data=data)])
        else:
            execution.record([EventDraft(EventType.STEP_ROLLED_BACK, step.id)])
    if failures:
        summary = WorkflowError(
            f"These steps could not be rolled back: {', '.join(failures)}",
            hint="Undo them by hand; the steps' errors say what went wrong.",
        )
        described = {**(execution.error or summary.to_json()), "not_rolled_back": failures}
        execution.move(EventType.EXECUTION_ROLLBACK_FAILED, {"error": described})
    else:
        execution.move(EventType.EXECUTION_ROLLED_BACK)
    await barrier()


def _undoing(step: Step, call: Call) -> Step:
    """The step with its rollback in place of its action."""
    return replace(step, service=call.service, action=call.action, parameters=call.parameters)


def _parameters(execution: Execution, step: Step, call: Call) -> dict[str, Any]:
    """`${self.output}` and `${self.input}` are the step's own, `${error}` is why the run is undone."""
    live = execution.steps.live
    own: dict[str, Any] = {"output": live["outputs"].get(step.id)}
    try:
        own["input"] = step.parameters.template.resolve(live.scope.reference)
    except WorkflowError:
        own["input"] = None  # after a restart an input that a person gave for one step only may be gone
    cause = dict(execution.error) if execution.error is not None else None
    resolved: Any = call.parameters.template.resolve(live.with_roots({"self": own, "error": cause}).reference)
    return dict(resolved)
