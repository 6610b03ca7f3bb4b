"""One attempt's action within its time: slots, timeouts, cancellation, and sleeping without a slot."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.actions.context import StepContext
from engine.errors import ActionError, StepTimeoutError, words_of
from engine.plan.step import Step
from engine.run.activity import Activity
from engine.run.alarm import Alarm
from engine.run.clock import Clock
from engine.run.dispatcher import GRACE_S
from engine.run.reports import AttemptContext
from engine.store.artifacts import ArtifactStore

if TYPE_CHECKING:
    from engine.run.dispatcher import Dispatcher
    from engine.run.execution import Execution
    from engine.run.seams import Seams

CURRENT: ContextVar[StepContext | None] = ContextVar("current step", default=None)
"""The context of the attempt whose action runs: what `_execute_step` hands to it."""


class Stopped(Exception):
    """The attempt was cancelled because the run is."""


class Abandoned(Exception):
    """The attempt ended long after the engine went on without it."""


class Attempts:
    """Performs actions for the step runner: what they raise comes out as it is, nothing is judged here."""

    def __init__(
        self,
        *,
        seams: Seams,
        dispatcher: Dispatcher,
        clock: Clock,
        semaphore: asyncio.Semaphore,
        artifacts: ArtifactStore,
    ) -> None:
        self._seams = seams
        self._dispatcher = dispatcher
        self._clock = clock
        self._semaphore = semaphore
        self._artifacts = artifacts

    def context(self, execution: Execution, activity: Activity) -> StepContext:
        """What the action of the attempt may know and do."""
        return AttemptContext(execution, activity, self.sleep, self._artifacts)

    async def within_time(
        self,
        execution: Execution,
        activity: Activity,
        step: Step,
        params: dict[str, Any],
        rest: Awaitable[Any] | None = None,
    ) -> Any:
        """The action's result, in a slot of its own; StepTimeoutError, Stopped or Abandoned instead.

        rest: what is left of the action, when it has begun already, in its slot.
        """
        if activity.stop == "cancel" and rest is None:
            raise Stopped
        task = activity.attach()
        timeouts = step.timeouts
        is_unbounded = timeouts.attempt is None and timeouts.total is None
        limit = None if is_unbounded else self._limit(activity)
        timer = None
        token = CURRENT.set(activity.context)
        result: Any = None
        error: BaseException | None = None
        is_stopped = False
        is_ours = True
        try:
            if rest is None:
                await self._semaphore.acquire()
                activity.holds_slot = True
            if limit is not None:
                timer = self._clock.call_later(limit, partial(self._expire, execution, activity, limit))
            result = await (self._seams._execute_step(step, params) if rest is None else rest)
        except asyncio.CancelledError:
            if not activity.stop:
                if task.cancelling():
                    raise  # the engine closes
                error = ActionError("The action was cancelled from within")
            elif task.uncancel():
                raise
            is_stopped = True
        except KeyboardInterrupt:
            is_ours = _is_running(task)
            raise  # a person ends the program
        except BaseException as raised:  # step boundary: raised again below, unless it came too late
            is_ours = _is_running(task)
            if not is_ours:
                raise  # closed from outside: the loop is gone, and this is no end of the step
            error = raised if isinstance(raised, Exception | SystemExit) else _of_the_action(raised)
        finally:
            if is_ours:
                CURRENT.reset(token)
            activity.task = None
            if timer is not None:
                timer.cancel()
            if activity.holds_slot:
                activity.holds_slot = False
                self._semaphore.release()
        if activity.stop and not is_stopped:
            await _absorb_cancellation(task)
        if activity.is_parked:
            activity.is_parked = False
            self._dispatcher.unpark()
        if activity.is_abandoned:
            raise Abandoned
        if step.index in execution.steps.waiting:
            execution.steps.woke(activity)  # it has ended while it, or something it began, was asleep
        if activity.stop == "timeout":
            raise self._timed_out(activity, limit) from error
        if error is not None:
            try:
                raise error
            finally:
                del error  # whose traceback holds this frame
        if is_stopped:
            raise Stopped
        return result

    def _limit(self, activity: Activity) -> float | None:
        """Seconds this attempt may take: its own bound, or what is left of the step's."""
        timeouts = activity.step.timeouts
        if timeouts.total is None or activity.first_started_at is None:
            return timeouts.attempt
        left = max(0.0, activity.first_started_at + timeouts.total - self._clock.now())
        left = min(left, timeouts.total)  # a clock that was set back gives no more time
        return left if timeouts.attempt is None else min(left, timeouts.attempt)

    def _timed_out(self, activity: Activity, limit: float | None) -> StepTimeoutError:
        timeouts = activity.step.timeouts
        if limit != timeouts.attempt and timeouts.total is not None:
            return StepTimeoutError(activity.step.id, timeouts.total, in_all=True, last=activity.last_error)
        return StepTimeoutError(activity.step.id, limit or 0.0)

    def _expire(self, execution: Execution, activity: Activity, limit: float) -> None:
        if not activity.stop:
            self._dispatcher.interrupt(activity, "timeout")
            late = partial(self._abandon_expired, execution, activity, activity.attempt, limit)
            self._clock.call_later(GRACE_S, late)

    def _abandon_expired(self, execution: Execution, activity: Activity, attempt: int, limit: float) -> None:
        """The grace is over: the step has failed, whatever its code still does."""
        if activity.task is None or activity.is_abandoned or activity.stop != "timeout":
            return
        if activity.attempt != attempt:
            return  # that one did end, and the next has a grace of its own
        self._dispatcher.abandon(activity)
        error = self._timed_out(activity, limit)
        execution.steps.fail(activity, error, duration_ms=self.since(activity.started_at))

    async def sleep(self, execution: Execution, activity: Activity, seconds: float) -> None:
        """Wait without a slot; an attempt that a restart interrupted in its sleep waits for the rest."""
        now, most_s = self._clock.now(), max(0.0, seconds)
        until = now + most_s
        if activity.due_at is not None:
            until, most_s = activity.due_at, activity.longest_wait_s
        activity.due_at = None
        if until > now:
            await self._sleep_until(execution, activity, until, most_s)

    async def _sleep_until(
        self, execution: Execution, activity: Activity, until: float, most_s: float
    ) -> None:
        if activity.is_abandoned or activity.task is None:
            raise asyncio.CancelledError
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = Alarm(self._clock, until, partial(_set, woken), most_s=most_s)
        is_asleep = activity.step.index in execution.steps.waiting  # it waits for several things at once
        if not is_asleep:
            execution.steps.sleeps(activity, until)
            activity.holds_slot = False
            self._semaphore.release()
            self._dispatcher.park()
        try:
            await woken
            await execution.allowed()
        except asyncio.CancelledError:
            # Its time is over, or the action itself waits no longer: then it goes on.
            if not self._dispatcher.is_closed and await self._goes_on(execution, activity):
                activity.due_at = None
            raise
        finally:
            timer.cancel()
            if not is_asleep:
                self._dispatcher.unpark()
        activity.due_at = None
        if not await self._goes_on(execution, activity):
            raise asyncio.CancelledError  # it has ended meanwhile

    async def _goes_on(self, execution: Execution, activity: Activity) -> bool:
        """Whether the attempt is still there to go on after a sleep; it has a slot then."""
        if activity.is_abandoned or activity.task is None:
            return False
        if activity.step.index in execution.steps.waiting:
            if activity.stop:  # it is to end, and needs no slot for that
                execution.steps.woke(activity)
                return True
            await execution.allowed()
            execution.steps.woke(activity)
            await self._semaphore.acquire()
            activity.holds_slot = True
        return True

    def since(self, started: float) -> float:
        """Milliseconds from a moment to now; none when the clock was set back meanwhile."""
        return max(0.0, round((self._clock.now() - started) * 1000, 3))


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _is_running(task: asyncio.Task[Any]) -> bool:
    try:
        return asyncio.current_task() is task
    except RuntimeError:
        return False


def _of_the_action(raised: BaseException) -> ActionError:
    """What is no error to Python would pass every net, and leave a run that waits for ever."""
    error = ActionError(f"The action raised {type(raised).__name__}: {words_of(raised)}")
    error.__cause__ = raised
    return error


async def _absorb_cancellation(task: asyncio.Task[Any]) -> None:
    """Take in a cancellation that was asked for but not delivered before the action returned."""
    try:
        await asyncio.sleep(0)
    except asyncio.CancelledError:
        if task.uncancel():
            raise
    else:
        task.uncancel()
