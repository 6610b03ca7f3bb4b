"""One attempt of a step: parameters, checks, the action within its time, and what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from engine.actions.context import Artifacts, StepContext
from engine.actions.registry import ActionRegistry
from engine.errors import (
    ActionError,
    FormRequired,
    MissingInputError,
    StepTimeoutError,
    StoreError,
    WorkflowError,
)
from engine.history.status import ExecutionStatus
from engine.model.json_value import Json
from engine.model.policy import DEFAULT_ATTEMPTS_IDEMPOTENT
from engine.plan.step import Call, Step
from engine.run.activity import Activity
from engine.run.clock import Clock, Rng
from engine.run.dispatcher import GRACE_S
from engine.run.reports import Reports
from engine.run.retry import wait_before_retry
from engine.store.state_manager import error_to_json

if TYPE_CHECKING:
    from engine.run.dispatcher import Dispatcher
    from engine.run.execution import Execution

CURRENT: ContextVar[StepContext | None] = ContextVar("current step", default=None)
"""The context of the attempt whose action runs: what `_execute_step` hands to it."""


class Seams(Protocol):
    """The engine's overridable methods, each really called for every step."""

    def _check_dependencies(self, step: Step, state: Mapping[str, Any]) -> bool: ...
    def _evaluate_condition(self, condition: str, state: Mapping[str, Any]) -> bool: ...
    def _resolve_parameters(
        self, parameters: Mapping[str, Json], state: Mapping[str, Any]
    ) -> dict[str, Any]: ...
    def _validate_input_schema(self, step: Step, params: dict[str, Any]) -> None: ...
    def _validate_output_schema(self, step: Step, output: Any) -> None: ...
    async def _execute_step(self, step: Step, params: dict[str, Any]) -> Any: ...


class _Stopped(Exception):
    """The attempt was cancelled because the run is."""


class _Abandoned(Exception):
    """The attempt ended long after the engine went on without it."""


class _StoreRefused(Exception):
    """The store could not make durable what must be durable before the action runs."""


class StepRunner:
    """Runs steps for a dispatcher. A step's failure is recorded and never raised; only our faults escape."""

    def __init__(
        self,
        *,
        seams: Seams,
        registry: ActionRegistry,
        clock: Clock,
        rng: Rng,
        semaphore: asyncio.Semaphore,
        artifacts: Artifacts,
    ) -> None:
        self._seams = seams
        self._registry = registry
        self._clock = clock
        self._rng = rng
        self._semaphore = semaphore
        self._artifacts = artifacts
        self._dispatcher: Dispatcher | None = None

    def attach(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    async def run(self, execution: Execution, number: int) -> None:
        """Take the step one attempt further: to its end, to a wait, or to a question."""
        steps = execution.steps
        step = execution.plan.steps[number]
        if number not in steps.activities and not self._is_wanted(execution, step):
            return
        activity = steps.activity(number)
        if step.disabled == "passthrough":
            steps.begin(activity)
            steps.complete(activity, _passed_on(execution, step), duration_ms=0.0, via="passthrough")
            return
        if step.is_trigger and (step.service, step.action) not in self._registry:
            # A plain trigger of a workflow from elsewhere: firing it is all it does.
            steps.begin(activity)
            steps.complete(activity, dict(steps.live["input_data"]), duration_ms=0.0)
            return
        started = activity.started_at = self._clock.now()
        try:
            if activity.params is None:
                activity.params = self._seams._resolve_parameters(step.parameters, steps.live)
            steps.begin(activity)
            output = await self._attempt(execution, activity, step, activity.params)
            self._seams._validate_output_schema(step, output)
            self._complete(execution, activity, output)
        except (MissingInputError, FormRequired) as question:
            activity.first_started_at = None  # the time a person takes is not the step's
            steps.asks(activity, question)
        except _Stopped:
            steps.cancel(activity)
            execution.advance()
        except _Abandoned:
            return
        except _StoreRefused:
            # It has not begun: once the store works again it will, as the same attempt.
            activity.attempt -= 1
            steps.running.discard(number)
            execution.make_ready([number])
        except (Exception, SystemExit) as error:
            if number not in steps.activities:
                raise  # the step has ended and it is we who failed
            if number not in steps.running:
                steps.begin(activity)
            await self._failed(execution, activity, error, started)

    def _is_wanted(self, execution: Execution, step: Step) -> bool:
        """Whether a ready step is to run; if its own condition says no it is skipped, or fails."""
        steps = execution.steps
        try:
            wanted = self._seams._check_dependencies(step, steps.live) and (
                step.condition is None or self._seams._evaluate_condition(step.condition, steps.live)
            )
        except WorkflowError as error:
            activity = steps.activity(step.index)
            steps.begin(activity)
            steps.fail(activity, error, duration_ms=0.0)
            return False
        if not wanted:
            steps.skip(step, "condition")
        return wanted

    async def _attempt(
        self, execution: Execution, activity: Activity, step: Step, params: dict[str, Any]
    ) -> Any:
        if activity.first_started_at is None:
            activity.first_started_at = self._clock.now()
            self._seams._validate_input_schema(step, params)
        outlasts_power = execution.plan.durability in ("auto", "strict")
        if step.at_most_once:
            await self._make_durable(full_sync=outlasts_power)
        elif outlasts_power and self._is_external(step):
            await self._make_durable(full_sync=True)
        elif activity.crashes:
            await self._make_durable(full_sync=False)  # should it bring the program down again, it is counted
        activity.context = StepContext(
            execution_id=execution.id,
            step_id=step.id,
            attempt=activity.attempt,
            reports=Reports(execution, activity, self._sleep),
            artifacts=self._artifacts,
            base_dir=execution.base_dir,
        )
        return await self._within_time(execution, activity, step, params)

    def _is_external(self, step: Step) -> bool:
        return self._registry.get(step.service, step.action).options.effects == "external"

    async def _make_durable(self, *, full_sync: bool) -> None:
        """An effect on the world outside must not be forgotten, whatever happens after it."""
        dispatcher = self._work()
        dispatcher.park()
        try:
            await dispatcher.barrier(full_sync=full_sync)
        except StoreError as error:
            raise _StoreRefused from error
        finally:
            dispatcher.unpark()

    async def _within_time(
        self, execution: Execution, activity: Activity, step: Step, params: dict[str, Any]
    ) -> Any:
        """The action's result, in a slot of its own; StepTimeoutError, _Stopped or _Abandoned instead."""
        if activity.stop == "cancel":
            raise _Stopped
        task = activity.attach()
        limit = self._limit(activity)
        timer = None
        token = CURRENT.set(activity.context)
        result: Any = None
        error: Exception | None = None
        is_stopped = False
        try:
            await self._semaphore.acquire()
            activity.holds_slot = True
            if limit is not None:
                timer = self._clock.call_later(limit, partial(self._expire, execution, activity, limit))
            result = await self._seams._execute_step(step, params)
        except asyncio.CancelledError:
            if not activity.stop:
                if task.cancelling():
                    raise  # the engine closes
                error = ActionError("The action was cancelled from within")
            elif task.uncancel():
                raise
            is_stopped = True
        except Exception as raised:  # noqa: BLE001 - step boundary: raised again below, unless it came too late
            error = raised
        finally:
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
            self._work().unpark()
        if activity.is_abandoned:
            raise _Abandoned
        if activity.stop == "timeout":
            raise StepTimeoutError(step.id, limit or 0.0) from error
        if error is not None:
            raise error
        if is_stopped:
            raise _Stopped
        return result

    def _limit(self, activity: Activity) -> float | None:
        """Seconds this attempt may take: its own bound, or what is left of the step's."""
        timeouts = activity.step.timeouts
        if timeouts.total is None or activity.first_started_at is None:
            return timeouts.attempt
        left = max(0.0, activity.first_started_at + timeouts.total - self._clock.now())
        return left if timeouts.attempt is None else min(left, timeouts.attempt)

    def _expire(self, execution: Execution, activity: Activity, limit: float) -> None:
        if not activity.stop:
            self._work().interrupt(activity, "timeout")
            self._clock.call_later(GRACE_S, partial(self._abandon_expired, execution, activity, limit))

    def _abandon_expired(self, execution: Execution, activity: Activity, limit: float) -> None:
        """The grace is over: the step has failed, whatever its code still does."""
        if activity.task is None or activity.is_abandoned or activity.stop != "timeout":
            return
        self._work().abandon(activity)
        error = StepTimeoutError(activity.step.id, limit)
        execution.steps.fail(activity, error, duration_ms=self._since(activity.started_at))

    def _complete(self, execution: Execution, activity: Activity, output: Any, via: str = "") -> None:
        duration_ms = self._since(activity.started_at)
        try:
            execution.steps.complete(activity, output, duration_ms=duration_ms, via=via)
        except (TypeError, ValueError) as error:
            raise ActionError(
                f"The result is not JSON: {error}",
                hint="An action returns text, numbers, lists, objects, true, false or null.",
            ) from error

    async def _failed(
        self, execution: Execution, activity: Activity, error: BaseException, started: float
    ) -> None:
        """Try again later, or by the fallback, or record the failure."""
        step = activity.step
        max_attempts = self._max_attempts(step)
        wait = None
        is_stopped = activity.stop == "cancel" or execution.status is ExecutionStatus.CANCELLING
        if not is_stopped:
            wait = wait_before_retry(
                step.retry, error, failures=activity.attempt, max_attempts=max_attempts, rng=self._rng
            )
        if wait is not None and self._has_time(activity, wait):
            execution.steps.waits(activity, self._clock.now() + wait, error, max_attempts)
            activity.timer = self._clock.call_later(wait, partial(execution.due, step.index))
            return
        if (
            step.fallback
            and not is_stopped
            and await self._fell_back(execution, activity, step.fallback, error)
        ):
            return
        if step.index in execution.steps.activities:
            execution.steps.fail(activity, error, duration_ms=self._since(started))

    async def _fell_back(
        self, execution: Execution, activity: Activity, fallback: Call, error: BaseException
    ) -> bool:
        """Whether the fallback took the step's place; if it fails too, the first error counts."""
        stand_in = replace(
            activity.step,
            service=fallback.service,
            action=fallback.action,
            parameters=fallback.parameters,
            fallback=None,
        )
        scope = execution.steps.live.with_roots({"error": error_to_json(error)})
        try:
            params: Any = fallback.parameters.template.resolve(scope.reference)
            output = await self._within_time(execution, activity, stand_in, params)
            self._complete(execution, activity, output, via="fallback")
        except _Stopped:
            execution.steps.cancel(activity)
            execution.advance()
        except _Abandoned:
            pass
        except Exception as second:  # noqa: BLE001 - step boundary: the first error is the one that counts
            error.add_note(f"The fallback failed too: {second}")
            return False
        return True

    def _max_attempts(self, step: Step) -> int:
        if step.retry_is_given or (step.service, step.action) not in self._registry:
            return step.retry.max_attempts
        options = self._registry.get(step.service, step.action).options
        return DEFAULT_ATTEMPTS_IDEMPOTENT if options.idempotent else step.retry.max_attempts

    def _has_time(self, activity: Activity, wait: float) -> bool:
        total = activity.step.timeouts.total
        if total is None or activity.first_started_at is None:
            return True
        return self._clock.now() + wait < activity.first_started_at + total

    async def _sleep(self, execution: Execution, activity: Activity, seconds: float) -> None:
        """Wait without a slot; an attempt that a restart interrupted in its sleep waits for the rest."""
        now = self._clock.now()
        until = activity.due_at if activity.due_at is not None else now + max(0.0, seconds)
        activity.due_at = None
        if until > now:
            await self._sleep_until(execution, activity, until, until - now)

    async def _sleep_until(
        self, execution: Execution, activity: Activity, until: float, delay_s: float
    ) -> None:
        if activity.is_abandoned:
            raise asyncio.CancelledError
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self._clock.call_later(delay_s, partial(_set, woken))
        execution.steps.sleeps(activity, until)
        activity.holds_slot = False
        self._semaphore.release()
        self._work().park()
        try:
            await woken
            await execution.allowed()
        finally:
            timer.cancel()
            self._work().unpark()
        activity.due_at = None
        execution.steps.woke(activity)
        await self._semaphore.acquire()
        activity.holds_slot = True

    def _since(self, started: float) -> float:
        return round((self._clock.now() - started) * 1000, 3)

    def _work(self) -> Dispatcher:
        assert self._dispatcher is not None
        return self._dispatcher


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


async def _absorb_cancellation(task: asyncio.Task[Any]) -> None:
    """Take in a cancellation that was asked for but not delivered before the action returned."""
    try:
        await asyncio.sleep(0)
    except asyncio.CancelledError:
        if task.uncancel():
            raise
    else:
        task.uncancel()


def _passed_on(execution: Execution, step: Step) -> Json:
    """What a disabled step hands on: the output of the first step before it that delivered one."""
    outputs = execution.steps.live["outputs"]
    for step_id in step.depends_on:
        if step_id in outputs:
            output: Json = outputs[step_id]
            return output
    return None
