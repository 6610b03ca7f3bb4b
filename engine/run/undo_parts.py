"""How a composite step is undone: each of its parts rolls back what its own steps did, the last one first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from engine.errors import WorkflowError
from engine.history.status import ExecutionStatus
from engine.model.embedded import COMPOSITES
from engine.run.composite import prefix_of
from engine.store.state_manager import ExecutionStateManager, PartSummary

if TYPE_CHECKING:
    from engine.plan.step import Plan, Step
    from engine.run.execution import Execution


class Living(Protocol):
    """Brings runs back to life; the runtime."""

    store: ExecutionStateManager

    async def find(self, execution_id: str, *, start: bool = True) -> Execution | None: ...

    async def reopen_to_roll_back(self, execution_id: str, uncertain: Mapping[str, bool]) -> bool: ...


class PartsOfSteps:
    """Undoes the parts of composite steps for `Rollbacks`."""

    types = COMPOSITES

    def __init__(self, living: Living) -> None:
        self._living = living

    async def undo(self, execution: Execution, step: Step) -> None:
        """Roll back every part that did something; raises WorkflowError that names those which failed."""
        if step.body is None or not undoes_something(step.body.plan):
            return
        failed = [
            part.id for part in reversed(await self._parts(execution, step)) if not await self._undo(part)
        ]
        if failed:
            names = ", ".join(part_id[len(execution.id) + 1 :] for part_id in failed)
            raise WorkflowError(
                f"These parts could not be rolled back: {names}",
                hint="Their errors say what went wrong.",
            )

    async def _parts(self, execution: Execution, step: Step) -> list[PartSummary]:
        """The parts of every try of the step, oldest first."""
        known = execution.state.steps.get(step.id)
        tries = max(1, known.attempts if known is not None else 1)
        found: list[PartSummary] = []
        for epoch in range(1, execution.epoch + 1):
            for attempt in range(1, tries + 1):
                prefix = prefix_of(execution.id, epoch, step.id, attempt)
                found += await self._living.store.parts_of(prefix)
        return found

    async def _undo(self, part: PartSummary) -> bool:
        if part.status is ExecutionStatus.ROLLED_BACK:
            return True
        living = await self._living.find(part.id, start=False)
        if living is None:
            if not await self._living.reopen_to_roll_back(part.id, {}):
                return True  # nothing in it was left to undo
            living = await self._living.find(part.id, start=False)
        if living is not None:
            await living.rest()
        state = await self._living.store.load_state(part.id)
        return state.status is not ExecutionStatus.ROLLBACK_FAILED


def undoes_something(plan: Plan) -> bool:
    """Whether any step of the plan, or inside one, has something that undoes it."""
    return any(
        step.rollback is not None or (step.body is not None and undoes_something(step.body.plan))
        for step in plan.steps
    )
