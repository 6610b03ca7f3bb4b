"""One execution while it is alive: its status, and what a step's move means for the whole.

Design note. `status` is where the execution is by what has been recorded; `state` is what the world may know,
folded from published events, and lags by one commit. Steps that become ready go to the dispatcher, which
starts them only after the facts that made them ready are durable. `ready` counts those the dispatcher has;
`held` are those it gave back because nothing new may start. When nothing is ready, running or waiting,
`advance` says how the execution goes on: ended, or paused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import WorkflowError
from engine.history.events import STATUS_OF_EXECUTION_EVENT, Event, EventDraft, EventType
from engine.history.ran import Pieces
from engine.history.state import ExecutionState, apply_pieces
from engine.history.status import ExecutionStatus
from engine.model.json_value import Json
from engine.plan.step import Plan
from engine.run import scheduler
from engine.run.activity import Activity
from engine.run.composite import Composite, hold, resume_all
from engine.run.incidents import repair, settle_incidents
from engine.run.journal import Journal
from engine.run.live_state import LiveState
from engine.run.living_parts import are_moving
from engine.run.options import RunOptions
from engine.run.partial import part_of
from engine.run.questions import Supplied
from engine.run.settlement import Settlement
from engine.run.steps import Steps
from engine.run.stops import Stops
from engine.run.vault import RunSecrets
from engine.store.state_manager import GIVING, error_to_json

Evaluate = Callable[[str, Mapping[str, Any]], bool]


if TYPE_CHECKING:
    from engine.actions.registry import Action


class Work(Protocol):
    """The dispatcher, as an execution sees it."""

    def enqueue(self, execution: Execution, steps: Sequence[int]) -> None:
        """Run these steps once all that is recorded now is durable and slots are free."""
        ...

    def withdraw(self, execution: Execution) -> list[int]:
        """Give back the steps of the execution that have not been taken yet."""
        ...

    def tell_soon(self) -> None:
        """An execution has ended: let that be known before anything else begins."""
        ...

    def stop(self, execution: Execution, activity: Activity) -> None:
        """Cancel a running attempt, and abandon it if it does not listen."""
        ...


class Execution:
    """The engine's hold on one run: made when it starts or is recovered, dropped when it has ended."""

    def __init__(
        self,
        *,
        plan: Plan,
        state: ExecutionState,
        live: LiveState,
        journal: Journal,
        work: Work,
        evaluate: Evaluate,
        secrets: RunSecrets,
    ) -> None:
        self.id = state.id
        self.plan = plan
        self.state = state
        self.status = state.status
        self.reason = state.reason
        # Of a part: the composite step it is a part of, its number there, and what it gave.
        self.owner: Composite | None = None
        self.number: int | None = None
        self.output: Json = None
        self.base_dir = Path(state.base_dir) if state.base_dir else None
        self.options = RunOptions.from_json(state.options)
        self.part = part_of(plan, self.options)
        self.epoch = state.epoch
        self.error: Mapping[str, Any] | None = state.error
        self.evaluate = evaluate
        self.secrets = secrets
        self.ready = 0
        self.held: list[int] = []
        self.stops = Stops(plan, self.options)
        self.steps = Steps(self, live, journal)
        # Whether steps with these actions may take the fast path; None: no step of the run may.
        self.fast_actions: dict[Action, bool] | None = None
        # Steps that may have been under way, unrecorded, when the program died: their next start is recorded.
        self.suspects: frozenset[int] = frozenset()
        self.wants_rollback = False
        self.rolls_back = False
        self._fault: BaseException | None = None
        self._journal = journal
        self._work = work
        self._waiters: list[asyncio.Future[None]] = []
        self._sleepers: list[asyncio.Future[None]] = []

    def start(self, trigger: int | None) -> None:
        """PENDING -> RUNNING, and the steps that nothing leads to become ready."""
        settlement = scheduler.start(self.plan, self.steps.progress, trigger=trigger)
        self.move(EventType.EXECUTION_STARTED)
        self.go_on(settlement)

    def go_on(self, settlement: Settlement) -> None:
        """What is decided but not yet recorded nor begun: at the start, and after a recovery."""
        self.record(self.steps.facts(settlement))
        self.follow(settlement, None)

    def pause(self) -> None:
        """Nothing new starts; PAUSED as soon as what runs has finished."""
        self.move(EventType.EXECUTION_PAUSING, {"reason": "user"})
        self._withdraw()
        for composite in list(self.steps.nested.values()):
            composite.pause()
        self.advance()

    def resume(self, supplied: Supplied) -> None:
        """Take in what was asked for, and go on: paused steps look again for what they need.

        Whoever only answers what steps ask leaves those alone that are held for a person to look at.
        """
        self._fault = None
        hold(self.steps.nested.values())
        supplied.is_answer = supplied.is_answer or (bool(supplied) and bool(self.state.needed))
        if supplied.turn:
            released = [self.stops.change(by_step=True, steps=int(supplied.turn == self.id))]
        else:
            released = [] if supplied.is_answer else self.stops.end()
        if supplied.inputs:
            self.record([EventDraft(EventType.INPUTS_SUPPLIED, data={"inputs": supplied.inputs})])
            self.steps.live.supply(supplied.inputs)
        if supplied.conditions:
            repair(self, supplied.conditions)
        if self.status is not ExecutionStatus.RUNNING:
            self.move(EventType.EXECUTION_RESUMED)
        self.record(released)
        again = [
            number
            for number in sorted(self.steps.paused)
            if self.steps.activities[number].form is None
            and not (supplied.turn or number in self.stops.stopped)
        ]
        self.steps.paused.difference_update(again)
        held, self.held = self.held, []
        self.make_ready([*held, *again])
        answered = [(self.steps.activities[number], answer) for number, answer in supplied.forms.items()]
        for activity, _ in answered:
            self.steps.paused.discard(activity.step.index)
            self.steps.begin(activity)
        for activity, answer in answered:
            self.steps.complete(activity, answer, duration_ms=0.0, via="person")
        settle_incidents(self)
        sleepers, self._sleepers = self._sleepers, []
        _wake(sleepers)
        resume_all(self.steps.nested.values(), supplied)
        self.advance()

    def cancel(self, *, rollback: bool) -> list[Activity]:
        """Nothing follows any more: idle steps are cancelled; returns those that still run."""
        is_news = rollback and not self.wants_rollback
        self.wants_rollback = self.wants_rollback or rollback
        if self.status is not ExecutionStatus.CANCELLING or is_news:
            self.move(EventType.EXECUTION_CANCELLING, {"rollback": True} if rollback else {})
        self._withdraw()
        self._cancel_idle()
        self.advance()
        return [self.steps.activities[number] for number in self.steps.running]

    def stop_running(self) -> None:
        """Cancel every running attempt."""
        for number in list(self.steps.running):
            self._work.stop(self, self.steps.activities[number])
        for composite in list(self.steps.nested.values()):
            composite.stop_running()

    def take(self, step: int) -> bool:
        """The dispatcher takes a ready step to run it; False when it has been put aside instead."""
        self.ready -= 1
        # A step between two attempts has started already: it may finish although nothing new starts.
        if self.status is ExecutionStatus.RUNNING and (
            self.error is None or not self._is_stopping() or step in self.steps.activities
        ):
            return True
        self.held.append(step)
        self.advance()
        return False

    def due(self, step: int) -> None:
        """The wait between two attempts of a step is over."""
        self.steps.activities[step].timer = None
        self.steps.waiting.discard(step)
        self.make_ready([step])

    def make_ready(self, steps: Sequence[int]) -> None:
        """Hand steps to the dispatcher."""
        if steps:
            self.ready += len(steps)
            self._work.enqueue(self, steps)

    def follow(self, settlement: Settlement, failure: Mapping[str, Any] | None) -> None:
        """A step has ended: start what became ready, and decide what an unhandled failure means."""
        if settlement.ready:
            self.ready += len(settlement.ready)
            self._work.enqueue(self, settlement.ready)
        if failure is None and settlement.routing_error is not None:
            failure = error_to_json(settlement.routing_error)
        if failure is not None and self.error is None:
            self.error = failure
            if self._is_stopping():
                self._stop_starting()
        self.advance()

    def advance(self) -> None:
        """When nothing is on its way any more: end, or pause."""
        steps = self.steps
        if self.stops.wanted and not self.ready and self.status is ExecutionStatus.RUNNING:
            self.stops.step_on(self)
        if steps.running or self.ready or are_moving(steps.nested):
            return
        blocked = steps.blocked()
        # What has begun may finish although the run is failing, but not before it is resumed.
        is_interrupted = self.status is ExecutionStatus.PAUSING and (
            bool(steps.waiting) or any(number in steps.activities for number in self.held)
        )
        if self.status is ExecutionStatus.CANCELLING:
            self._end(EventType.EXECUTION_CANCELLED)
        elif self.status not in (ExecutionStatus.RUNNING, ExecutionStatus.PAUSING):
            return
        elif self._is_stopping() and not is_interrupted:
            if not steps.waiting - blocked:
                # No answer that a part waits for could save the run: parts that are paused end at once.
                self._end(EventType.EXECUTION_FAILED)
        elif self.status is ExecutionStatus.PAUSING and (
            self.held or steps.waiting or steps.paused or steps.incidents
        ):
            self.move(EventType.EXECUTION_PAUSED, {"reason": "user", "needed": steps.needed()})
        elif steps.waiting - blocked:
            return
        elif steps.paused or steps.incidents or blocked:
            self.move(EventType.EXECUTION_PAUSED, {"reason": steps.reason(), "needed": steps.needed()})
        elif self.error is not None:
            self._end(EventType.EXECUTION_FAILED)
        elif steps.has_failures:
            self._end(EventType.EXECUTION_COMPLETED_WITH_ERRORS)
        else:
            self._end(EventType.EXECUTION_COMPLETED)

    def published(self, pieces: Pieces) -> None:
        """These facts are durable: let those see them who look at `state` or wait for it."""
        apply_pieces(self.state, pieces)
        if self.state.status is not ExecutionStatus.RUNNING and self.is_at_rest():
            waiters, self._waiters = self._waiters, []
            _wake(waiters)

    def is_at_rest(self) -> bool:
        """Whether the execution, as far as the world knows, will not move by itself."""
        status = self.state.status
        return status is not ExecutionStatus.RUNNING and (
            status.is_terminal or status is ExecutionStatus.PAUSED
        )

    async def rest(self) -> None:
        """Return when the execution is at rest; raises what broke the engine while it ran."""
        while not self.is_at_rest():
            if self._fault is not None:
                raise self._fault
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    def broken(self, error: BaseException) -> None:
        """The engine cannot go on with this execution: whoever waits must not wait for ever."""
        self._fault = error
        waiters, self._waiters = self._waiters, []
        _wake(waiters, error)
        if self.owner is not None:
            self.owner.execution.broken(error)

    async def allowed(self) -> None:
        """Return when an action that was asleep may go on: at once, or when the run is resumed."""
        while self.status in (ExecutionStatus.PAUSING, ExecutionStatus.PAUSED):
            sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._sleepers.append(sleeper)
            await sleeper

    def record(self, drafts: Sequence[EventDraft]) -> None:
        """Append facts to the journal; they are durable and visible after its next commit."""
        if drafts:
            self._journal.record(self, drafts)

    def tell(self, activity: Activity, event_type: EventType, data: Mapping[str, Any]) -> None:
        """Show something that is no fact: progress while the step runs, a line of log also just after it."""
        step, state = activity.step, self.state
        if activity.is_abandoned or (
            event_type is EventType.STEP_PROGRESS
            and step.index not in self.steps.running
            and step.index not in self.steps.nested
        ):
            return
        self._journal.show(
            self,
            Event(
                self.id,
                state.workflow_id,
                state.seq,
                self.steps.live.scope.now(),
                event_type,
                step.id,
                activity.attempt,
                data,
            ),
        )

    def _is_stopping(self) -> bool:
        return self.error is not None and self.plan.on_failure.mode != "continue"

    def _stop_starting(self) -> None:
        """After a failure: what has started may finish or is cancelled, as the settings say."""
        self._withdraw()
        if self.plan.on_failure.mode == "cancel":
            self._cancel_idle()
            self.stop_running()
        started = [number for number in self.held if number in self.steps.activities]
        self.held = [number for number in self.held if number not in self.steps.activities]
        self.make_ready(started)

    def _withdraw(self) -> None:
        withdrawn = self._work.withdraw(self)
        self.ready -= len(withdrawn)
        self.held.extend(withdrawn)

    def _cancel_idle(self) -> None:
        for activity in self.steps.idle():
            composite = self.steps.nested.get(activity.step.index)
            if composite is not None and composite.cancel(rollback=self.wants_rollback):
                continue  # its parts come to their end first
            self.steps.cancel(activity)
            if activity.task is not None:  # an action asleep: its code still has to be told
                activity.is_abandoned = True
                self._work.stop(self, activity)

    def _end(self, event_type: EventType) -> None:
        """Nothing is left to do; steps that never started are accounted for."""
        self._cancel_idle()
        self.held.clear()
        self.steps.incidents.clear()
        never = [
            EventDraft(EventType.STEP_SKIPPED, step.id, data={"reason": "cancelled"})
            for step in self.steps.never_started()
        ]
        self.record(never)
        given: dict[str, Json] = {}
        if self.owner is not None and event_type in GIVING:
            try:
                given["output"] = self.output = self.owner.composer.outcome(self)
            except WorkflowError as error:
                event_type, self.error = EventType.EXECUTION_FAILED, error_to_json(error)
        self.rolls_back = self.wants_rollback or (
            event_type is EventType.EXECUTION_FAILED and self.plan.on_failure.rollback
        )
        data = {"error": self.error, **given} if self.error is not None else given
        self.move(EventType.EXECUTION_ROLLING_BACK if self.rolls_back else event_type, data)

    def move(
        self, event_type: EventType, data: Mapping[str, Any] | None = None, text: str | None = None
    ) -> None:
        """Record that the execution itself goes to another status; `text`: `data` as it is to be written."""
        self.record([EventDraft(event_type, data=data or {}, text=text)])
        self.status = STATUS_OF_EXECUTION_EVENT[event_type]
        self.reason = str((data or {}).get("reason", ""))
        if self.status.is_terminal:
            self._work.tell_soon()
        if self.owner is not None:
            self.owner.moved(self)


def _wake(futures: Sequence[asyncio.Future[None]], error: BaseException | None = None) -> None:
    for future in futures:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
