"""What stands in for a step that has failed for good: another action, with a time of its own.

It is the same attempt, with the same key, and what it gives has to fit what the step promises. When it fails
too, the step has failed with its own error, which says so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.plan.step import Call, Step
from engine.run.activity import Activity
from engine.run.attempts import Abandoned, Attempts, Stopped
from engine.run.clock import Clock
from engine.store.state_manager import error_to_json

if TYPE_CHECKING:
    from engine.run.execution import Execution
    from engine.run.seams import Seams

Prepare = Callable[["Execution", Activity, Step], Awaitable[None]]
Complete = Callable[["Execution", Activity, Any, str], Awaitable[None]]


class Fallbacks:
    """Runs fallbacks for a step runner. prepare: makes durable what must be before an action runs."""

    def __init__(
        self, *, seams: Seams, clock: Clock, attempts: Attempts, prepare: Prepare, complete: Complete
    ) -> None:
        self._seams = seams
        self._clock = clock
        self._attempts = attempts
        self._prepare = prepare
        self._complete = complete

    async def take_place(
        self, execution: Execution, activity: Activity, fallback: Call, error: BaseException
    ) -> BaseException | None:
        """None when the fallback has taken the step's place, or the step was stopped; else why it failed."""
        step = activity.step
        stand_in = replace(
            step,
            service=fallback.service,
            action=fallback.action,
            parameters=fallback.parameters,
            fallback=None,
        )
        scope = execution.steps.live.with_roots({"error": error_to_json(error)})
        activity.first_started_at, activity.last_error = self._clock.now(), None
        try:
            params: Any = fallback.parameters.template.resolve(scope.reference)
            await self._prepare(execution, activity, stand_in)
            activity.context = activity.context or self._attempts.context(execution, activity)
            if stand_in.secrets:
                params = execution.secrets.reveal(params)
            output = await self._attempts.within_time(execution, activity, stand_in, params)
            output = execution.secrets.mask(output)
            self._seams._validate_output_schema(step, output)
            await self._complete(execution, activity, output, "fallback")
        except Stopped:
            execution.steps.cancel(activity)
            execution.advance()
        except Abandoned:
            pass
        except Exception as second:  # noqa: BLE001 - step boundary: the first error is the one that counts
            return execution.secrets.mask_error(second)
        return None
