"""One try of a rollback action: in a slot, within its time, and stopped when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from engine.actions.context import StepContext
from engine.errors import ActionError, StepTimeoutError
from engine.plan.step import Step
from engine.run.activity import Activity
from engine.run.attempts import CURRENT, Stopped
from engine.run.clock import Clock, TimerHandle
from engine.run.dispatcher import GRACE_S
from engine.run.seams import Seams


class UndoAttempt:
    """Runs once. The action has a task of its own, so that one that does not listen can be left behind."""

    def __init__(
        self,
        *,
        seams: Seams,
        semaphore: asyncio.Semaphore,
        clock: Clock,
        activity: Activity,
        context: StepContext,
        limit_s: float | None,
    ) -> None:
        """activity: holds the step whose service, action and limits are those of the rollback."""
        self._seams = seams
        self._semaphore = semaphore
        self._clock = clock
        self._activity = activity
        self._context = context
        self._limit_s = limit_s
        self._over = asyncio.Event()
        self._error: BaseException | None = None
        self._result: Any = None
        self._has_result = False
        self._grace: TimerHandle | None = None

    async def run(self, params: dict[str, Any], leave: Callable[[asyncio.Task[None]], None]) -> Any:
        """What the action returns, or what it raises; StepTimeoutError or Stopped when it was told to stop.

        leave: is handed the task of an action that went on when its grace was over.
        """
        activity = self._activity
        name = f"roll back {activity.step.id}"
        task = activity.task = asyncio.create_task(self._call(activity.step, params), name=name)
        task.add_done_callback(lambda _: self._over.set())
        try:
            await self._over.wait()
        except asyncio.CancelledError:  # the engine closes
            self.stop()
            leave(task)
            raise
        finally:
            if self._grace is not None:
                self._grace.cancel()
        if not task.done():
            activity.is_abandoned = True
            self._release()
            leave(task)
        if activity.stop == "timeout":
            limit = self._limit_s or 0.0
            raise StepTimeoutError(activity.step.id, limit, of_rollback=True) from self._error
        if self._has_result:
            return self._result
        if activity.stop == "cancel":
            raise Stopped
        raise self._error or ActionError("The action was cancelled from within")

    def stop(self, reason: str = "cancel") -> None:
        """Tell the action to stop; it has five seconds to do so."""
        activity = self._activity
        if activity.stop or activity.task is None:
            return
        activity.stop = "timeout" if reason == "timeout" else "cancel"
        self._context.cancel()
        activity.task.cancel()
        self._grace = self._clock.call_later(GRACE_S, self._over.set)

    async def _call(self, step: Step, params: dict[str, Any]) -> None:
        timer = None
        token = CURRENT.set(self._context)
        try:
            await self._semaphore.acquire()
            self._activity.holds_slot = True
            if self._limit_s is not None:
                timer = self._clock.call_later(self._limit_s, lambda: self.stop("timeout"))
            self._result = await self._seams._execute_step(step, params)
            self._has_result = True
        except (Exception, SystemExit) as error:  # noqa: BLE001 - step boundary: `run` raises it again
            self._error = error
        finally:
            CURRENT.reset(token)
            if timer is not None:
                timer.cancel()
            self._release()

    def _release(self) -> None:
        if self._activity.holds_slot:
            self._activity.holds_slot = False
            self._semaphore.release()
