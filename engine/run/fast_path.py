"""Steps that are over at once: from ready to ended in one call, without a task, a slot or a look aside.

Most steps of a busy run need nothing of what `StepRunner` is there for: nothing stands in for their action,
nothing has to be durable before it, and the action is a coroutine that ends before it has waited for
anything. What such a step does is done here, in one indivisible synchronous call, and what is known of it
before any run is found out once: of the step when its plan is made, of the action when it is first met.

Nothing is decided here that is decided elsewhere in another manner. Whatever is not plain is left to the step
runner: a step that might not be, before anything has happened; an action that waits, fails or gives what is
too large, as a `Begun` attempt, which the step runner takes over as it stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Generator
from inspect import isawaitable
from types import CoroutineType, coroutine
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.actions.registry import Action, ActionRegistry
from engine.errors import WorkflowError
from engine.history.ran import Ran
from engine.history.status import ExecutionStatus
from engine.run import scheduler
from engine.run.activity import Activity
from engine.run.attempts import Attempts
from engine.run.clock import Clock
from engine.run.partial import WHOLE
from engine.run.reuse import promises_reuse
from engine.run.slots import Slots
from engine.store.artifacts import may_go_inline
from engine.store.json_text import encode

if TYPE_CHECKING:
    from engine.run.execution import Execution
    from engine.run.journal import Journal
    from engine.run.seams import Seams

_RUNNING = ExecutionStatus.RUNNING


class Begun(NamedTuple):
    """An attempt that began here and goes on elsewhere; `rest` gives what its action returns, or raises."""

    activity: Activity
    params: dict[str, Any]
    rest: Awaitable[Any]


class FastPath:
    """Takes steps to their end at once, if they can be."""

    def __init__(
        self,
        *,
        seams: Seams,
        registry: ActionRegistry,
        clock: Clock,
        semaphore: Slots,
        journal: Journal,
        attempts: Attempts,
    ) -> None:
        self._seams = seams
        self._registry = registry
        self._clock = clock
        self._semaphore = semaphore
        self._journal = journal
        self._attempts = attempts
        # Whether steps with an action may try; the second for runs whose effects outside wait for the disk.
        self._open: tuple[dict[Action, bool], dict[Action, bool]] = ({}, {})

    def actions_of(self, execution: Execution) -> dict[Action, bool] | None:
        """What is known of actions, for a run; None when all of its steps need the step runner."""
        if execution.options.taken or execution.part is not WHOLE or not self._seams.are_plain:
            return None
        return self._open[execution.plan.durability in ("auto", "strict")]

    def _look_at(self, action: Action, known: dict[Action, bool]) -> bool:
        """Find out whether steps with this action may try."""
        is_open = known[action] = (
            action.runs == "loop"
            and not (known is self._open[True] and action.options.effects == "external")
            and not promises_reuse(action.options)
        )
        return is_open

    def run(self, execution: Execution, number: int, task: asyncio.Task[Any]) -> Begun | bool:
        """True when the step has ended; False when nothing has happened; else what has begun."""
        known, steps, step = execution.fast_actions, execution.steps, execution.plan.steps[number]
        if known is None or not step.is_direct or number in steps.activities:
            return False
        if execution.stops.is_on or execution.secrets.masks:
            return False
        try:
            action = self._registry.get(step.service, step.action)
            is_open = known.get(action)
            if is_open is None:
                is_open = self._look_at(action, known)
            if not is_open:
                return False
            parameters = step.parameters
            params: Any = (
                {} if parameters.is_empty else parameters.template.resolve(steps.live.scope.reference)
            )
            if step.input_schema:
                self._seams._validate_input_schema(step, params)
        except WorkflowError:
            return False  # the step runner finds the same, and says what it means
        if not self._semaphore.try_acquire():
            return False
        now = self._clock.now
        activity = Activity(step, 1, now())
        activity.params, activity.started_at, activity.task = params, activity.first_started_at or 0.0, task
        activity.holds_slot = True  # which the action may give back before it waits, to sleep
        steps.activities[number] = activity
        steps.running.add(number)
        ran = self._journal.begins(execution, step.id, 1)
        context = activity.context = self._attempts.context(execution, activity)
        try:
            output = action.handler(params, context)
            if type(output) is CoroutineType:
                try:
                    waits_for = output.send(None)
                except StopIteration as end:
                    output = end.value
                else:
                    return self._hand_over(activity, params, _rest(output, waits_for))
            elif isawaitable(output):
                return self._hand_over(activity, params, output)
        except BaseException as error:  # noqa: BLE001 - step boundary: raised again where it is judged
            return self._hand_over(activity, params, _raising(error))
        if self._ends(execution, activity, ran, output):
            return True
        return self._hand_over(activity, params, _giving(output))

    def _hand_over(self, activity: Activity, params: dict[str, Any], rest: Awaitable[Any]) -> Begun:
        self._journal.has_begun()
        activity.task = None
        return Begun(activity, params, rest)

    def _ends(self, execution: Execution, activity: Activity, ran: Ran, output: Any) -> bool:
        """Record that the step completed, and what follows; False, and nothing done, if that is not plain."""
        steps, step, journal = execution.steps, activity.step, self._journal
        if activity.stop or execution.status is not _RUNNING or journal.begun is not ran:
            return False
        microseconds = int((self._clock.now() - activity.started_at) * 1e6 + 0.5)
        duration_ms = microseconds / 1e3 if microseconds > 0 else 0.0
        try:
            if step.output_schema:
                self._seams._validate_output_schema(step, output)
            text = f'{{"output":{encode(output)},"duration_ms":{duration_ms!r}}}'
        except (WorkflowError, TypeError, ValueError):
            return False
        if not may_go_inline(text):
            return False
        activity.context = activity.task = None
        activity.holds_slot = False
        self._semaphore.release()
        number = step.index
        del steps.activities[number]
        steps.running.discard(number)
        steps.completed.append(number)
        steps.live.completed(step.id, output, 1)
        ran.output, ran.duration_ms, ran.text, ran.taken = output, duration_ms, text, step.taken
        ready: list[int] = []
        settlement = scheduler.take_all(execution.plan, steps.progress, step, ready)
        journal.ran(execution, ran)
        if settlement is not None:
            execution.record(steps.facts(settlement))
            ready += settlement.ready
        if ready:
            execution.make_ready(ready)
        if not (execution.ready or steps.running):
            execution.advance()
        return True


@coroutine
def _rest(begun: CoroutineType[Any, Any, Any], waits_for: Any) -> Generator[Any, Any, Any]:
    """What is left of a coroutine that waits for something; it is awaited as if from its start."""
    while True:
        try:
            sent = yield waits_for
        except GeneratorExit:
            begun.close()
            raise
        except BaseException as error:  # noqa: BLE001 - passed on to the coroutine, as `await` does
            thrown: BaseException | None = error
        else:
            thrown = None
        try:
            waits_for = begun.send(sent) if thrown is None else begun.throw(thrown)
        except StopIteration as end:
            return end.value
        finally:
            thrown = None  # whose traceback holds this frame


async def _raising(error: BaseException) -> Any:
    try:
        raise error
    finally:
        del error  # whose traceback holds this frame


async def _giving(output: Any) -> Any:
    return output
