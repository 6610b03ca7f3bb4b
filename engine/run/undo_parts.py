"""How a composite step is undone: each of its parts rolls back what its own steps did, the last one first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from engine.errors import WorkflowError
from engine.history.status import ExecutionStatus
from engine.model.embedded import COMPOSITES
from engine.run.earlier_parts import all_parts
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

    async def undo(self, execution: Execution, step: Step, is_stopping: Callable[[], bool]) -> None:
        """Roll back every part that did something; raises WorkflowError that names those which failed.

        is_stopping: from now on no part begins, and those that have begun are waited for.
        """
        parts = await all_parts(self._living.store, execution.id, step.id)
        failed = [part.id for part in reversed(parts) if not await self._undo(part, is_stopping)]
        if failed:
            names = ", ".join(part_id[len(execution.id) + 1 :] for part_id in failed)
            raise WorkflowError(
                f"These parts could not be rolled back: {names}",
                hint="Their errors say what went wrong.",
            )

    async def _undo(self, part: PartSummary, is_stopping: Callable[[], bool]) -> bool:
        if part.status is ExecutionStatus.ROLLED_BACK:
            return True
        living = await self._living.find(part.id, start=False)
        if living is None and is_stopping():
            return False
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
