"""The engine's methods for a person who looks on: single steps, breakpoints, and conditions to repair."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from engine.errors import CannotRestart, DefinitionError
from engine.history.status import ExecutionStatus
from engine.run.execution import Execution
from engine.run.incidents import sort_repairs, would_hold
from engine.run.part_answers import to_the_whole
from engine.run.questions import Supplied
from engine.run.runtime import Runtime
from engine.run.stops import must_be_steps

_GOES_ON = (ExecutionStatus.RUNNING, ExecutionStatus.PAUSING, ExecutionStatus.PAUSED)


class HeldRuns:
    """What `WorkflowEngine` offers for runs that stop where somebody wants to look."""

    _runtime: Runtime
    _must_be_open: Callable[[], None]

    async def step_workflow(self, execution_id: str) -> bool:
        """Let one step begin: of those that are ready the first by priority, then by who was ready first.

        Every other is held before it begins, with its parameters to be seen, and the run is PAUSED for
        `breakpoint` when nothing else goes on; resuming it ends going step by step. False when it has ended.
        """
        execution = await self._going_on(execution_id)
        if execution is not None:
            whole, _ = to_the_whole(execution, {})
            whole.resume(Supplied(turn=_turn(whole)))
            await self._runtime.barrier()
        return execution is not None

    async def set_breakpoints(self, execution_id: str, breakpoints: Collection[str]) -> bool:
        """From now on hold exactly these steps before they begin; a restart remembers them.

        `outer/inner` is the step inside a composite one, in each of its parts. A step that is held already
        stays so until the run is resumed. False when the execution has ended;
        raises DefinitionError for a step that the workflow has not got.
        """
        execution = await self._going_on(execution_id)
        if execution is not None:
            must_be_steps(execution.plan, breakpoints)
            _set_breakpoints(execution, breakpoints)
            await self._runtime.barrier()
        return execution is not None

    async def repair_workflow(self, execution_id: str, conditions: Mapping[str, str]) -> bool:
        """Go on after an incident, with these conditions in place of those of the connections named.

        Asked again is only where to go: no action runs a second time. A text of nothing is always true.
        Raises ConditionError for text that cannot be evaluated either, NoRouteMatched when a switch still has
        no way on, DefinitionError for a connection that waits for nothing; the execution then stays paused.
        False when it has ended.
        """
        has_waited = self._runtime.waits_for_store(execution_id)
        execution = await self._going_on(execution_id)
        if execution is None:
            return has_waited
        whole, known = to_the_whole(execution, dict(conditions))
        try:
            repairs = sort_repairs(whole, {key: str(text) for key, text in known.items()})
        except DefinitionError:
            if has_waited:
                return True  # what waited for the store was this repair
            raise
        whole.resume(repairs)
        await self._runtime.barrier()
        return True

    async def try_condition(self, execution_id: str, connection_id: str, condition: str) -> bool:
        """Whether a condition would hold in place of a broken one; raises as `repair_workflow` does.

        Nothing changes; a switch that it leaves without a way on is no fault here.
        """
        execution = await self._going_on(execution_id)
        if execution is None:
            raise CannotRestart("The run has ended")
        whole, known = to_the_whole(execution, {connection_id: condition})
        return would_hold(whole, *next((key, str(text)) for key, text in known.items()))

    async def _going_on(self, execution_id: str) -> Execution | None:
        """The living execution, once its store works if it waits for that; None when it has ended."""
        self._must_be_open()
        execution = await self._runtime.find(execution_id)
        if self._runtime.waits_for_store(execution_id):
            await self._runtime.barrier()
            execution = await self._runtime.find(execution_id)
        return execution if execution is not None and execution.status in _GOES_ON else None


def _set_breakpoints(execution: Execution, breakpoints: Collection[str]) -> None:
    execution.record([execution.stops.change(breakpoints, steps=execution.stops.wanted)])
    for composite in execution.steps.nested.values():
        inside = execution.stops.within(composite.activity.step.id)
        for part in composite.parts.values():
            _set_breakpoints(part, inside)


def _turn(execution: Execution) -> str:
    """The id of the execution, the run or one of its parts, in which a step is held that can go on."""
    if execution.stops.stopped:
        return execution.id
    nested = [part for composite in execution.steps.nested.values() for part in composite.parts.values()]
    inside = ((part, _turn(part)) for part in nested)
    return next((turn for part, turn in inside if turn != part.id or part.stops.stopped), execution.id)
