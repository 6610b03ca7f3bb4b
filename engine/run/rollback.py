"""Undoing what an execution did: the rollback actions of its completed steps, the last one first.

Design note. A rollback is one task that goes through what the journal says is left (`undoing`), one step
after the other, and never keeps a fact to itself: begun, tried again, done and failed are each durable before
it goes on. So whatever cuts it off -- a crash, a full disk, the end of the program -- it is begun anew and
finds its place. An action that was under way then runs again as the same attempt, with the same key.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from engine.actions.registry import ActionRegistry
from engine.errors import StoreError, WorkflowError
from engine.expression.paths import MISSING
from engine.expression.secret_text import from_journal
from engine.history.events import EventDraft, EventType
from engine.history.state import NOT_ROLLED_BACK
from engine.history.status import ExecutionStatus, StepStatus
from engine.plan.step import Rollback, Step
from engine.run.activity import Activity
from engine.run.alarm import Alarm
from engine.run.attempts import Stopped
from engine.run.clock import Clock, Rng
from engine.run.dispatcher import GRACE_S
from engine.run.execution import Execution
from engine.run.recovery import MAX_CRASHES
from engine.run.reports import AttemptContext
from engine.run.seams import Seams
from engine.run.undo_attempt import UndoAttempt
from engine.run.undo_policy import UndoPolicy
from engine.run.undoing import (
    BY_HAND,
    STOPPED,
    Undo,
    Undoing,
    crashed_too_often,
    end_of_undo,
    original_error,
    stopped,
    summary,
    undoing,
    why,
    words_of,
)
from engine.store.state_manager import ExecutionStateManager, error_to_json

_log = logging.getLogger(__name__)


class Barrier(Protocol):
    """Everything recorded so far is durable and published."""

    async def __call__(self, *, full_sync: bool = False) -> None: ...


class Children(Protocol):
    """How a step that runs workflows of its own is undone: the one place for all kinds of them."""

    types: frozenset[str]

    async def undo(self, execution: Execution, step: Step, is_stopping: Callable[[], bool]) -> None:
        """Roll back every child run of the step, the last one first; raises WorkflowError when one fails.

        is_stopping: whether no further one is to begin.
        """
        ...


@dataclass(slots=True, eq=False)
class _Round:
    """One rollback under way."""

    execution: Execution
    is_stopping: bool = False
    attempt: UndoAttempt | None = None
    sleeper: asyncio.Event = field(default_factory=asyncio.Event)


class Rollbacks:
    """The rollbacks of one engine that are under way. `children` undoes composite steps, if there are any."""

    def __init__(
        self,
        *,
        seams: Seams,
        registry: ActionRegistry,
        store: ExecutionStateManager,
        barrier: Barrier,
        clock: Clock,
        rng: Rng,
        semaphore: asyncio.Semaphore,
        spawn: Callable[[Any, str], None],
    ) -> None:
        self._seams = seams
        self._store = store
        self._barrier = barrier
        self._clock = clock
        self._policy = UndoPolicy(registry, clock, rng)
        self._semaphore = semaphore
        self._spawn = spawn
        self._rounds: dict[str, _Round] = {}
        self._stray: set[asyncio.Task[None]] = set()
        self.children: Children | None = None

    def begin(self, execution: Execution, *, crashed: bool = False) -> None:
        """Undo, or go on undoing, what is left of a run that is ROLLING_BACK; nothing if that is under way.

        crashed: the program died that did so last.
        """
        if execution.id not in self._rounds:
            self._rounds[execution.id] = one = _Round(execution)
            self._spawn(self._run(one, crashed), f"roll back {execution.id}")

    async def left(self, execution: Execution, *, happened: Sequence[str] = ()) -> Undoing:
        """What of a run has not been undone, by what is durable; `happened` as in `undoing`."""
        events = await self._store.read_events(execution.id)
        types = self.children.types if self.children is not None else frozenset[str]()
        return undoing(execution.plan, events, types, happened=happened)

    async def drafts_to_begin(self, execution: Execution, uncertain: Mapping[str, bool]) -> list[EventDraft]:
        """The facts with which a run that has ended is taken up again to be undone; none if nothing is left.

        uncertain: whether those steps took effect. Raises WorkflowError for one of which that is known.
        """
        happened = sorted(step_id for step_id, did in uncertain.items() if did)
        for step_id in uncertain:
            step = execution.state.steps.get(step_id)
            if step is None or step.status is not StepStatus.UNCERTAIN:
                raise WorkflowError(
                    f'Whether the step "{step_id}" took effect is known',
                    hint="Only uncertain steps are asked.",
                )
        not_happened = [
            EventDraft(EventType.STEP_CANCELLED, step_id) for step_id, did in uncertain.items() if not did
        ]
        await self._store.commit()
        left = await self.left(execution, happened=happened)
        unknown = [step_id for step_id in left.uncertain if step_id not in uncertain]
        if not left.undos and not left.failed and not unknown:
            return []
        data: dict[str, Any] = {"reason": BY_HAND}
        if happened:
            data["happened"] = happened
        return [*not_happened, EventDraft(EventType.EXECUTION_ROLLING_BACK, data=data)]

    async def stop(self, execution: Execution, *, force: bool) -> None:
        """Undo nothing further of the run and its parts; durable on return.

        force: the rollback action that runs is stopped too.
        """
        runs = {one.execution.id: one.execution for one in self._of(execution)}
        if execution.status is ExecutionStatus.ROLLING_BACK:
            runs[execution.id] = execution
        for run in runs.values():
            run.record([EventDraft(EventType.EXECUTION_ROLLING_BACK, data={"reason": STOPPED})])
        if runs:
            await self._barrier()
        for one in self._of(execution):
            one.is_stopping = True
            one.sleeper.set()
            if force and one.attempt is not None:
                one.attempt.stop()

    def _of(self, execution: Execution) -> list[_Round]:
        """The rollbacks under way of a run and its parts."""
        return [one for name, one in self._rounds.items() if f"{name}/".startswith(f"{execution.id}/")]

    async def close(self) -> None:
        """Wait a little for actions that were told to stop."""
        if self._stray:
            await asyncio.wait(self._stray, timeout=GRACE_S)

    async def _run(self, one: _Round, crashed: bool) -> None:
        execution = one.execution
        try:
            await self._barrier()
            try:
                left = await self.left(execution)
            except StoreError as error:  # it could be written and not be read: nothing will call this again
                execution.broken(error)
                return
            one.is_stopping = one.is_stopping or left.is_stopped
            for undo in left.undos:
                has_begun = undo.is_under_way or undo.due_at is not None
                if one.is_stopping and not has_begun:
                    _leave_as_it_is(execution, undo, left)
                elif not await self._undo(one, undo, left, crashed=crashed):
                    left.failed.append(undo.step.id)
            left.failed[:] = dict.fromkeys(left.failed)
            self._end(execution, left)
            del self._rounds[execution.id]  # a person may ask for another round as soon as this one is told
            await self._barrier()
        except StoreError:
            return  # the run is shown as paused; once the store works again this begins anew
        except Exception as error:  # noqa: BLE001 - a fault of ours: no run may hang because of it
            _log.exception("The rollback of run %s broke the engine", execution.id)
            execution.broken(error)
        finally:
            if self._rounds.get(execution.id) is one:
                del self._rounds[execution.id]

    async def _undo(self, one: _Round, undo: Undo, left: Undoing, *, crashed: bool) -> bool:
        """Whether the step was undone; either is recorded and durable on return."""
        execution = one.execution
        if crashed and undo.is_under_way and undo.step.rollback is not None:  # its parts count their own
            undo.crashes += 1
            self._record_begin(execution, undo)
        try:
            if undo.crashes >= MAX_CRASHES:
                raise _NotUndone(crashed_too_often(undo))
            words = await self._try(one, undo, left)
        except _NotUndone as error:
            execution.record([end_of_undo(undo, left, execution.epoch, error=error.described)])
            is_undone = False
        else:
            execution.record([end_of_undo(undo, left, execution.epoch, words=words)])
            is_undone = True
        await self._barrier()
        return is_undone

    async def _try(self, one: _Round, undo: Undo, left: Undoing) -> str:
        """What was undone, in words; tried as often as the policy says. Raises _NotUndone."""
        execution = one.execution
        error: Exception = stopped()
        while True:
            if undo.due_at is not None:
                await self._sleep(one, undo.due_at, undo.wait_s)
                undo.due_at = None
            # Parts of which one is being undone are asked for: they have been stopped, and come to an end.
            if one.is_stopping and not (undo.is_under_way and undo.step.rollback is None):
                raise _NotUndone(error)
            if not undo.is_under_way:
                undo.attempt += 1
                undo.is_under_way = True
                undo.begun_at = undo.begun_at or self._clock.now()
                self._record_begin(execution, undo)
            await self._barrier(full_sync=self._policy.outlasts_power(execution.plan, undo.step))
            try:
                return words_of(undo.step, await self._perform(one, undo, left))
            except Stopped:
                raise _NotUndone(stopped()) from None
            except Exception as raised:  # noqa: BLE001 - step boundary: the other steps are still to be undone
                error = execution.secrets.mask_error(raised)
            undo.is_under_way, undo.crashes = False, 0
            wait = self._policy.wait_s(undo, error)
            if wait is None or one.is_stopping:
                raise _NotUndone(error)
            undo.due_at, undo.wait_s = self._clock.now() + wait, wait
            self._record_begin(execution, undo, error)
            await self._barrier()

    async def _perform(self, one: _Round, undo: Undo, left: Undoing) -> Any:
        """One try; raises what went wrong, a reference without a value among it."""
        execution, step = one.execution, undo.step
        if step.rollback is None:
            assert self.children is not None
            return await self.children.undo(execution, step, lambda: one.is_stopping)
        params = await self._parameters(execution, undo, step.rollback, left)
        undoing_step = replace(step, service=step.rollback.service, action=step.rollback.action)
        activity = Activity(undoing_step, attempt=undo.attempt)
        context = AttemptContext(execution, activity, self._sleep_without_slot, self._store.artifacts)
        context.run_epoch = undo.epoch
        context.of_rollback = True
        one.attempt = UndoAttempt(
            seams=self._seams,
            semaphore=self._semaphore,
            clock=self._clock,
            activity=activity,
            context=context,
            limit_s=self._policy.limit_s(undo, step.rollback),
        )
        try:
            return execution.secrets.mask(await one.attempt.run(params, self._leave))
        finally:
            one.attempt = None

    async def _parameters(
        self, execution: Execution, undo: Undo, call: Rollback, left: Undoing
    ) -> dict[str, Any]:
        """`${self.output}` and `${self.input}` are the step's own, `${error}` is why the run is undone."""
        artifacts = self._store.artifacts
        if undo.step.secrets:
            await execution.secrets.load(undo.step.secrets)
        known = {"input": undo.input, "output": undo.output}
        own = {
            name: await artifacts.expand_async(value) for name, value in known.items() if value is not MISSING
        }
        if undo.step.secrets and "input" in own:
            own["input"] = from_journal(own["input"])
        cause = original_error(execution.error) or why(left)
        scope = execution.steps.live.with_roots({"self": own, "error": cause})
        resolved: Any = call.parameters.template.resolve(scope.reference)
        return execution.secrets.reveal(dict(resolved))

    def _record_begin(self, execution: Execution, undo: Undo, error: Exception | None = None) -> None:
        """A try begins; with an error, it has failed and another one is due."""
        data: dict[str, Any] = {"rollback_attempt": undo.attempt}
        if undo.epoch != execution.epoch:
            data["run_epoch"] = undo.epoch
        if undo.crashes:
            data["crashes"] = undo.crashes
        if error is not None and undo.step.rollback is not None:
            data |= {
                "until": undo.due_at,
                "max_attempts": self._policy.max_attempts(undo.step.rollback),
                "error": error_to_json(error),
            }
        execution.record([EventDraft(EventType.STEP_ROLLING_BACK, undo.step.id, data=data)])

    async def _sleep(self, one: _Round, until: float, most_s: float) -> None:
        """Wait for the moment, or until nothing further is to be undone."""
        timer = Alarm(self._clock, until, one.sleeper.set, most_s=most_s)
        try:
            await one.sleeper.wait()
        finally:
            timer.cancel()
            one.sleeper.clear()

    async def _sleep_without_slot(self, _execution: Execution, activity: Activity, seconds: float) -> None:
        """An action asleep keeps nobody else from running; begun anew, it sleeps its whole time again."""
        over, seconds, holds_slot = asyncio.Event(), max(0.0, seconds), activity.holds_slot
        timer = Alarm(self._clock, self._clock.now() + seconds, over.set, most_s=seconds)
        if holds_slot:  # else it waits for several things at once
            activity.holds_slot = False
            self._semaphore.release()
        try:
            await over.wait()
        finally:
            timer.cancel()
        if holds_slot:
            await self._semaphore.acquire()
            activity.holds_slot = True

    def _leave(self, task: asyncio.Task[None]) -> None:
        self._stray.add(task)
        task.add_done_callback(self._stray.discard)

    def _end(self, execution: Execution, left: Undoing) -> None:
        """ROLLED_BACK only if nothing is left; the error for which it all began is kept."""
        original = original_error(execution.error)
        remaining = [*left.failed, *left.uncertain]
        if not remaining:
            data = {} if original == execution.error else {"error": original}
            execution.error = original
            execution.move(EventType.EXECUTION_ROLLED_BACK, data)
            return
        execution.error = {**(original or summary(remaining)), NOT_ROLLED_BACK: remaining}
        execution.move(EventType.EXECUTION_ROLLBACK_FAILED, {"error": execution.error})


def _leave_as_it_is(execution: Execution, undo: Undo, left: Undoing) -> None:
    """Nothing further is undone; a step that was undone in part is told apart from one that was not."""
    left.failed.append(undo.step.id)
    if undo.is_last and execution.state.steps[undo.step.id].status is StepStatus.ROLLING_BACK:
        execution.record([end_of_undo(undo, left, execution.epoch, error=error_to_json(stopped()))])


class _NotUndone(Exception):
    """The step stays as it is; `described` is the error as the journal keeps it."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.described = error_to_json(error)
