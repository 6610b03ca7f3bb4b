"""One attempt of a step: parameters, checks, the action within its time, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.actions.registry import ActionRegistry
from engine.errors import (
    ActionError,
    FormRequired,
    MissingInputError,
    PartFailed,
    StepTimeoutError,
    StorageRefused,
    StoreError,
    WorkflowError,
)
from engine.expression.secret_text import plain
from engine.history.status import ConnectionOutcome, ExecutionStatus
from engine.model.json_value import Json
from engine.model.policy import DEFAULT_ATTEMPTS_IDEMPOTENT
from engine.plan.step import Step
from engine.run.activity import Activity
from engine.run.alarm import Alarm
from engine.run.attempts import Abandoned, Attempts, Stopped
from engine.run.clock import Clock, Rng
from engine.run.composer import Composer
from engine.run.fallback import Fallbacks
from engine.run.own_conditions import is_wanted
from engine.run.retry import wait_before_retry
from engine.run.reuse import Reuse, ready_made
from engine.run.room import record_end, run_again_with_room
from engine.run.secret_conditions import lacking
from engine.store.artifacts import ArtifactStore

if TYPE_CHECKING:
    from engine.run.dispatcher import Dispatcher
    from engine.run.execution import Execution
    from engine.run.fast_path import Begun
    from engine.run.seams import Seams


class _StoreRefused(Exception):
    """The store could not make durable what must be durable before the action runs."""

    def __init__(self, error: StoreError) -> None:
        super().__init__(error)
        self.error = error


class StepRunner:
    """Runs steps for a dispatcher. A step's failure is recorded and never raised; only our faults escape."""

    def __init__(
        self,
        *,
        seams: Seams,
        registry: ActionRegistry,
        clock: Clock,
        rng: Rng,
        dispatcher: Dispatcher,
        attempts: Attempts,
        artifacts: ArtifactStore,
        composer: Composer,
        reuse: Reuse,
    ) -> None:
        self._seams = seams
        self._registry = registry
        self._clock = clock
        self._rng = rng
        self._dispatcher = dispatcher
        self._attempts = attempts
        self._artifacts = artifacts
        self._composer = composer
        self._reuse = reuse
        self._fallbacks = Fallbacks(
            seams=seams,
            clock=clock,
            attempts=attempts,
            prepare=self._make_durable_for,
            complete=self._complete,
        )

    async def run(self, execution: Execution, number: int, begun: Begun | None = None) -> None:
        """Take the step one attempt further: to its end, to a wait, or to a question.

        begun: the attempt, when its action runs already.
        """
        if begun is not None:
            await self._perform(execution, begun.activity, begun)
            return
        steps = execution.steps
        step = execution.plan.steps[number]
        if step.secrets and not await self._knows_secrets(execution, step):
            return
        known = steps.activities.get(number)
        is_open = known is None or known.is_undecided or (bool(step.secrets) and not known.attempt)
        if is_open and not is_wanted(self._seams, execution, step):
            return
        activity = steps.activity(number)
        if (not step.is_plain or execution.options.taken) and await self._is_done_without(
            execution, activity, step
        ):
            return
        await self._perform(execution, activity, None)

    async def _perform(self, execution: Execution, activity: Activity, begun: Begun | None) -> None:
        """One attempt of a step whose action is to run, and what comes of it."""
        steps, step = execution.steps, activity.step
        number = step.index
        key = None
        try:
            if begun is None:
                started = activity.started_at = self._clock.now()
                if activity.params is None:
                    activity.params = self._seams._resolve_parameters(step.parameters, steps.live)
                if execution.stops.is_on and execution.stops.before(activity):
                    steps.holds(activity)
                    return
                steps.begin(activity)
                params = execution.secrets.reveal(activity.params) if step.secrets else activity.params
                if activity.first_started_at is None:
                    activity.first_started_at = started
                    self._seams._validate_input_schema(step, params)
                if not step.secrets and (promised := self._reuse.of(step)) is not None:
                    key = await self._reuse.key_of(execution, activity, promised)
                    if key is not None and await self._reuse.completes(execution, activity, key, self._seams):
                        return
                full_sync = self._must_be_durable(execution, activity, step)
                if full_sync is not None:
                    await self._make_durable(full_sync=full_sync)
                activity.context = self._attempts.context(execution, activity)
                output = await self._attempts.within_time(execution, activity, step, params)
            else:
                started = activity.started_at
                output = await self._attempts.within_time(execution, activity, step, begun.params, begun.rest)
            if execution.secrets.masks:
                output = execution.secrets.mask(output)
            self._seams._validate_output_schema(step, output)
            duration_ms = self._attempts.since(started)
            more = key.to_json() if key is not None and await self._reuse.still(key) else None
            try:
                steps.complete(activity, output, duration_ms=duration_ms, more=more)
            except (TypeError, ValueError) as error:
                raise _no_json(error) from error
            except StorageRefused as error:
                await self._dispatcher.held_up(error)
                await record_end(
                    self._dispatcher, execution, activity, output, duration_ms=duration_ms, more=more
                )
        except (MissingInputError, FormRequired) as question:
            activity.first_started_at = None  # the time a person takes is not the step's
            steps.asks(activity, question)
        except Stopped:
            steps.cancel(activity)
            execution.advance()
        except Abandoned:
            return
        except _StoreRefused:
            # It has not begun: once the store works again it will, as the same attempt.
            activity.attempt -= 1
            steps.running.discard(number)
            execution.make_ready([number])
        except (Exception, SystemExit) as error:
            if number not in steps.activities:
                raise  # the step has ended and it is we who failed
            if isinstance(error, StorageRefused) and not step.at_most_once:
                await run_again_with_room(self._dispatcher, execution, activity, error)
                return
            if number not in steps.running:
                steps.begin(activity)
            await self._failed(execution, activity, execution.secrets.mask_error(error))

    async def _knows_secrets(self, execution: Execution, step: Step) -> bool:
        """Read what the step may need; False when meanwhile nothing new may start, or when it asks first."""
        execution.ready += 1  # it is on its way: the run must not end before it is known what becomes of it
        try:
            await execution.secrets.load(step.secrets)
        finally:
            is_to_go_on = execution.take(step.index)
        if is_to_go_on and (missing := lacking(execution, step)):
            execution.steps.asks(
                execution.steps.activity(step.index), MissingInputError(missing[0], missing=missing)
            )
            return False
        return is_to_go_on

    async def _is_done_without(self, execution: Execution, activity: Activity, step: Step) -> bool:
        """Whether the step needs no action: it is held first, has ended when this returns, or has parts."""
        steps = execution.steps
        does_nothing = step.disabled == "passthrough" or self._only_fires(step)
        if does_nothing and execution.stops.is_on and execution.stops.before(activity):
            steps.holds(activity)
            return True
        if step.disabled == "passthrough":
            steps.begin(activity)
            await record_end(
                self._dispatcher, execution, activity, _passed_on(execution, step), via="passthrough"
            )
            return True
        if (ready := ready_made(execution, step)) is not None:
            await self._take(execution, activity, ready)
            return True
        if does_nothing:
            # A plain trigger of a workflow from elsewhere: firing it is all it does.
            steps.begin(activity)
            await record_end(self._dispatcher, execution, activity, plain(steps.live["input_data"]))
            return True
        if step.body is not None:
            await self._compose(execution, activity, step)
            return True
        return False

    async def _compose(self, execution: Execution, activity: Activity, step: Step) -> None:
        """Let the parts of a composite step begin; or take up what they gave, once all of them have ended."""
        steps = execution.steps
        composite = steps.nested.get(step.index)
        try:
            if composite is None:
                params = self._seams._resolve_parameters(step.parameters, steps.live)
                if execution.stops.is_on and execution.stops.before(activity):
                    steps.holds(activity)
                    return
                activity.started_at = self._clock.now()
                activity.first_started_at = activity.first_started_at or activity.started_at
                steps.begin(activity)
                checked = execution.secrets.reveal(params) if step.secrets else params
                self._seams._validate_input_schema(step, checked)
                self._composer.begin(execution, activity, params)
                return
            if not await self._parts_are_durable(execution, step):
                return
            steps.woke(activity)
            output, more = await self._composer.finish(composite)
            self._seams._validate_output_schema(step, output)
            await self._complete(execution, activity, output, more=more)
        except MissingInputError as question:
            activity.first_started_at = None
            steps.asks(activity, question)
        except (Exception, SystemExit) as error:
            if step.index not in steps.activities:
                raise
            if step.index not in steps.running:
                steps.begin(activity)
            await self._failed(execution, activity, execution.secrets.mask_error(error))

    async def _parts_are_durable(self, execution: Execution, step: Step) -> bool:
        """Wait for it; False when it cannot be now, or when meanwhile nothing may go on."""
        execution.ready += 1  # it is on its way: the run must not end as if there was nothing left to do
        try:
            await self._make_durable(full_sync=False)
        except _StoreRefused:
            if execution.take(step.index):
                execution.make_ready([step.index])
            return False
        return execution.take(step.index)

    def _must_be_durable(self, execution: Execution, activity: Activity, step: Step) -> bool | None:
        """Whether all that is recorded must survive the loss of power before the action runs.

        False: only the end of the process. None: not even that.
        """
        outlasts_power = execution.plan.durability in ("auto", "strict")
        if step.at_most_once:
            return outlasts_power
        if outlasts_power and self._registry.get(step.service, step.action).options.effects == "external":
            return True
        # Should it bring the program down again, it is counted.
        return False if activity.crashes or step.index in execution.suspects else None

    async def _make_durable_for(self, execution: Execution, activity: Activity, stand_in: Step) -> None:
        """As before the step's own action; but what has been tried does not begin anew for it."""
        full_sync = self._must_be_durable(execution, activity, stand_in)
        while full_sync is not None:
            try:
                return await self._make_durable(full_sync=full_sync)
            except _StoreRefused as refused:
                await self._dispatcher.held_up(refused.error)

    def _only_fires(self, step: Step) -> bool:
        return step.is_trigger and (step.service, step.action) not in self._registry

    async def _make_durable(self, *, full_sync: bool) -> None:
        """An effect on the world outside must not be forgotten, whatever happens after it."""
        self._dispatcher.park()
        try:
            await self._dispatcher.barrier(full_sync=full_sync)
        except StoreError as error:
            raise _StoreRefused(error) from error
        finally:
            self._dispatcher.unpark()

    async def _take(self, execution: Execution, activity: Activity, ready: Mapping[str, Any]) -> None:
        """Complete the step with a result that was there before it, instead of running it."""
        execution.steps.begin(activity)
        try:
            if not self._artifacts.holds_all(ready["output"]):
                raise ActionError(
                    f'The {ready["via"]} result of "{activity.step.label}" is not in the store any more',
                    hint="Unpin the step, or run it again.",
                )
            output = await self._artifacts.expand_async(ready["output"])
        except WorkflowError as error:
            execution.steps.fail(activity, error, duration_ms=0.0)
            return
        more = {"reused_from": ready["reused_from"]} if "reused_from" in ready else None
        await record_end(self._dispatcher, execution, activity, output, via=str(ready["via"]), more=more)

    async def _complete(
        self,
        execution: Execution,
        activity: Activity,
        output: Any,
        via: str = "",
        more: Mapping[str, Any] | None = None,
    ) -> None:
        duration_ms = self._attempts.since(activity.started_at)
        try:
            await record_end(
                self._dispatcher, execution, activity, output, duration_ms=duration_ms, via=via, more=more
            )
        except (TypeError, ValueError) as error:
            raise _no_json(error) from error

    async def _failed(self, execution: Execution, activity: Activity, error: BaseException) -> None:
        """Try again later, or by the fallback, or record the failure."""
        step = activity.step
        execution.steps.nested.pop(step.index, None)  # a further try has parts of its own
        max_attempts = self._max_attempts(step)
        wait = None
        is_stopped = activity.stop == "cancel" or execution.status is ExecutionStatus.CANCELLING
        if not is_stopped:
            wait = wait_before_retry(
                step.retry, error, failures=activity.attempt, max_attempts=max_attempts, rng=self._rng
            )
        if wait is not None and self._has_time(activity, wait):
            until = self._clock.now() + wait
            execution.steps.waits(activity, until, error, max_attempts)
            activity.timer = Alarm(self._clock, until, partial(execution.due, step.index), most_s=wait)
            return
        if wait is not None and not (isinstance(error, StepTimeoutError) and error.in_all):
            error = StepTimeoutError(step.id, step.timeouts.total or 0.0, in_all=True, last=error)
        is_known = not (isinstance(error, PartFailed) and error.is_uncertain)
        second = None
        if step.fallback and not is_stopped and is_known:
            second = await self._fallbacks.take_place(execution, activity, step.fallback, error)
            if second is None:
                return
        if step.index in execution.steps.activities:
            duration_ms = self._attempts.since(activity.started_at)
            execution.steps.fail(activity, error, duration_ms=duration_ms, second=second)

    def _max_attempts(self, step: Step) -> int:
        if step.retry_is_given or (step.service, step.action) not in self._registry:
            return step.retry.max_attempts
        options = self._registry.get(step.service, step.action).options
        is_repeatable = options.idempotent and not step.at_most_once
        return DEFAULT_ATTEMPTS_IDEMPOTENT if is_repeatable else step.retry.max_attempts

    def _has_time(self, activity: Activity, wait: float) -> bool:
        total = activity.step.timeouts.total
        if total is None or activity.first_started_at is None:
            return True
        return self._clock.now() + wait < activity.first_started_at + total


def _no_json(error: Exception) -> ActionError:
    return ActionError(
        f"The result is not JSON: {error}",
        hint="An action returns text, numbers, lists, objects, true, false or null.",
    )


def _passed_on(execution: Execution, step: Step) -> Json:
    """What a disabled step hands on: the output of the first step before it that delivered one.

    What leads here counts before what was decided otherwise and only has an output.
    """
    outputs, outcomes = execution.steps.live["outputs"], execution.steps.progress.outcomes
    before = [(execution.plan.steps[route.source].id, outcomes[route.index]) for route in step.incoming]
    taken = [step_id for step_id, outcome in before if outcome is ConnectionOutcome.TAKEN]
    for step_id in (*taken, *step.depends_on):
        if step_id in outputs:
            output: Json = outputs[step_id]
            return output
    return None
