"""Where each step of an execution is, and the moves from one place to the next.

Every move is one indivisible synchronous call: it records the facts, updates the places and tells the
execution what follows. A step is in exactly one place: not started; ready (the execution counts those); or in
`activities` and there in one of running, waiting and paused, or ready for another go; or it has ended and
stands in the live state.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from engine.errors import ConditionError, FormRequired, MissingInputError
from engine.expression.secret_text import to_journal
from engine.history.events import NO_DATA, EventDraft, EventType
from engine.history.state import INCIDENT
from engine.history.status import ConnectionOutcome, StepStatus
from engine.model.json_value import Json
from engine.plan.step import Route, Step
from engine.run import scheduler
from engine.run.activity import Activity
from engine.run.incidents import Incident, open_incident
from engine.run.journal import Journal
from engine.run.live_state import LiveState
from engine.run.preview import abbreviated
from engine.run.questions import ask_by_form, ask_for_values
from engine.run.settlement import ConditionFailed, Ended, NoRoute, Progress, Resolved, Settlement, Skipped
from engine.store.artifacts import write
from engine.store.json_text import is_json
from engine.store.state_manager import error_to_json

if TYPE_CHECKING:
    from engine.run.composite import Composite
    from engine.run.execution import Execution


# Asked several times a step, so found once: a member of an enum, its text, a NamedTuple's bare constructor.
_RESOLVED = EventType.CONNECTION_RESOLVED
_TEXT_OF = {outcome: outcome.value for outcome in ConnectionOutcome}
_new = tuple.__new__


# What a run is said to be paused for when there are several reasons: what needs an answer comes first.
_REASONS = (INCIDENT, "missing_input", "form", "breakpoint", "user")


class Steps:
    """The steps of one execution that have started; `completed` is in the order of completion."""

    def __init__(self, execution: Execution, live: LiveState, journal: Journal) -> None:
        self._execution = execution
        self._journal = journal
        self.plan = execution.plan
        self.live = live
        part = execution.part
        self.progress = Progress(execution.plan, left_out=part.left_out, forced=part.forced)
        self.activities: dict[int, Activity] = {}
        self.running: set[int] = set()
        self.waiting: set[int] = set()
        self.paused: set[int] = set()
        self.nested: dict[int, Composite] = {}
        self.completed: list[int] = []
        self._holds_incidents = execution.options.incidents == "pause"
        self.has_failures = False
        self.incidents: dict[int, Incident] = {}
        self.conditions: dict[str, str] = {}  # repaired ones, by connection

    def activity(self, number: int) -> Activity:
        """The activity of a step that is about to run, made when it starts for the first time."""
        activity = self.activities.get(number)
        if activity is None:
            activity = self.activities[number] = Activity(self.plan.steps[number])
        return activity

    def begin(self, activity: Activity) -> None:
        """An attempt starts."""
        activity.attempt += 1
        self.running.add(activity.step.index)
        data: dict[str, Any] = {"crashes": activity.crashes} if activity.crashes else {}
        rollback, params = activity.step.rollback, activity.params
        # Without parameters nothing is run: a result that was there already is taken.
        if rollback is not None and rollback.needs_input and params is not None and is_json(params):
            data["input"] = to_journal(params) if activity.step.secrets else params
        self._journal.begin(self._execution, activity.step.id, activity.attempt, data)

    def sleeps(self, activity: Activity, until: float) -> None:
        """The running action waits for a moment, without a slot."""
        activity.due_at = until
        self.running.discard(activity.step.index)
        self.waiting.add(activity.step.index)
        data = {"reason": "timer", "until": until}
        self._execution.record([EventDraft(EventType.STEP_WAITING, activity.step.id, activity.attempt, data)])
        self._execution.advance()

    def woke(self, activity: Activity) -> None:
        """The moment has come, or nobody waits for it any more; the same attempt goes on."""
        self.waiting.discard(activity.step.index)
        self.running.add(activity.step.index)
        self._journal.begin(self._execution, activity.step.id, activity.attempt, NO_DATA)

    def waits(self, activity: Activity, until: float, error: BaseException, max_attempts: int) -> None:
        """Between two attempts."""
        activity.crashes = 0
        activity.due_at = None  # an attempt may sleep; this is the time between two of them
        activity.last_error = error
        self.running.discard(activity.step.index)
        self.waiting.add(activity.step.index)
        data = {
            "reason": "retry",
            "until": until,
            "max_attempts": max_attempts,
            "error": error_to_json(error),
        }
        self._execution.record([EventDraft(EventType.STEP_WAITING, activity.step.id, activity.attempt, data)])
        self._execution.advance()

    def waits_for_parts(self, composite: Composite, data: Mapping[str, Any]) -> None:
        """The step has begun, and its parts do its work."""
        activity = composite.activity
        self.running.discard(activity.step.index)
        self.place_composite(composite)
        self._execution.record([EventDraft(EventType.STEP_WAITING, activity.step.id, activity.attempt, data)])

    def place_composite(self, composite: Composite) -> None:
        """The step waits for its parts."""
        number = composite.activity.step.index
        self.activities[number] = composite.activity
        self.nested[number] = composite
        self.waiting.add(number)

    def asks(self, activity: Activity, error: MissingInputError | FormRequired) -> None:
        """The step cannot go on without a person; other branches can."""
        step = activity.step
        if activity.attempt and step.index not in self.running:
            self.begin(activity)  # it waited for this attempt, which asks before it has done anything
        attempt = activity.attempt
        if step.index in self.running:
            self.running.discard(step.index)
            activity.attempt -= 1  # the attempt that asks is the one that goes on: asking uses up no retry
        self.paused.add(step.index)
        activity.params = None
        data: dict[str, Any]
        if isinstance(error, FormRequired):
            activity.form = error.schema
            activity.needed = ask_by_form(step, error)
            data = {"reason": "form", "needed": activity.needed}
        else:
            activity.form = None
            activity.needed = ask_for_values(self.plan, step, error.missing)
            data = {
                "reason": "missing_input",
                "missing_var": error.missing_var,
                "missing": list(error.missing),
                "needed": activity.needed,
                "error": error_to_json(error),
            }
        self._execution.record(
            [
                EventDraft(EventType.STEP_PAUSED, step.id, attempt, data),
                EventDraft(EventType.INPUT_REQUIRED, step.id, attempt, {"needed": activity.needed}),
            ]
        )
        self._execution.advance()

    def holds(self, activity: Activity) -> None:
        """The step could begin, and is not to before a person has looked at it."""
        self.paused.add(activity.step.index)
        data = {"reason": "breakpoint", "parameters": abbreviated(to_journal(activity.params or {}))}
        activity.params = None  # what was supplied meanwhile counts when it goes on
        activity.needed = []
        self._execution.record([EventDraft(EventType.STEP_PAUSED, activity.step.id, activity.attempt, data)])
        self._execution.advance()

    def complete(
        self,
        activity: Activity,
        output: Json,
        *,
        duration_ms: float,
        via: str = "",
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """Raises what the store has against the output (TypeError: no JSON), and then nothing has changed.

        more: what else the completion tells, such as where a result came from.
        """
        step = activity.step
        data: dict[str, Any] = {"output": output, "duration_ms": duration_ms}
        if via:
            data["via"] = via
        if more:
            data |= more
        # What can be wrong with it shows here: what follows is decided, and appended together with it.
        journaled, text = write(self._journal.store.artifacts, data, "output")
        activity.context = None  # which knows the activity: neither is to wait for the collector
        self._left(step)
        self.completed.append(step.index)
        error = data.get("error")
        self.has_failures = self.has_failures or "with_errors" in data
        self.live.duration_ms = duration_ms
        self.live.completed(step.id, output, activity.attempt, error)
        if step.is_trigger:
            self.live.fired(output)
        settlement = self._settled(step, Ended.COMPLETED)
        ended = EventDraft(EventType.STEP_COMPLETED, step.id, activity.attempt, journaled, None, text)
        self._execution.record([ended, *self.facts(settlement)])
        self._execution.follow(settlement, None)

    def fail(
        self,
        activity: Activity,
        error: BaseException,
        *,
        duration_ms: float,
        second: BaseException | None = None,
    ) -> None:
        """The step has failed for good: its settings and connections say what that means.

        second: what its fallback failed with.
        """
        step = activity.step
        described = error_to_json(error)
        if second is not None:
            told = described["fallback_error"] = error_to_json(second)
            described["message"] = f"{described['message']}; the fallback failed too: {told['message']}"
        activity.context = None
        self._left(step)
        self.has_failures = True
        self.live.duration_ms = duration_ms
        self.live.ended(step.id, StepStatus.FAILED, error=described, attempts=activity.attempt)
        settlement = self._settled(step, Ended.TOLERATED if step.continue_on_error else Ended.FAILED)
        if step.continue_on_error:
            handling = "tolerated"
        elif settlement.handled or not settlement.stuck:
            handling = "error_connection" if settlement.handled else "unhandled"
        else:
            handling = INCIDENT  # what becomes of the failure is for the repaired condition to say
        data = {"error": described, "handling": handling, "duration_ms": duration_ms}
        self._execution.record(
            [EventDraft(EventType.STEP_FAILED, step.id, activity.attempt, data), *self.facts(settlement)]
        )
        if handling == INCIDENT:
            self.incidents[step.index].failure = {**described, "step_id": step.id}
        failure = {**described, "step_id": step.id} if handling == "unhandled" else None
        self._execution.follow(settlement, failure)

    def skip(self, step: Step, reason: str) -> None:
        """A step that was ready is not to run after all."""
        if step.index in self.activities:  # a person had to say so
            self._left(step)
        self._execution.record([EventDraft(EventType.STEP_SKIPPED, step.id, data={"reason": reason})])
        self.live.ended(step.id, StepStatus.SKIPPED)
        settlement = self._settled(step, Ended.SKIPPED)
        self._execution.record(self.facts(settlement))
        self._execution.follow(settlement, None)

    def cancel(self, activity: Activity) -> None:
        """The step is stopped because the run is; nothing follows from it."""
        step = activity.step
        activity.cancel_timer()
        self._left(step)
        self.live.ended(step.id, StepStatus.CANCELLED, attempts=activity.attempt)
        self._execution.record([EventDraft(EventType.STEP_CANCELLED, step.id, activity.attempt)])

    def idle(self) -> list[Activity]:
        """Those that have started but do not run: waiting, paused, or ready for another go."""
        return [activity for number, activity in self.activities.items() if number not in self.running]

    def never_started(self) -> Iterable[Step]:
        """Steps to which nothing has happened."""
        ended = self.live["steps"]
        return (
            step for step in self.plan.steps if step.id not in ended and step.index not in self.activities
        )

    def needed(self) -> list[dict[str, Any]]:
        """What is to be repaired, and what paused steps, and parts of steps, ask for."""
        broken = [item for number in sorted(self.incidents) for item in self.incidents[number].needed]
        if not self.nested:
            asked = (self.activities[number].needed for number in sorted(self.paused))
            return [*broken, *chain.from_iterable(asked)]
        asking = sorted({*self.paused, *self.nested})
        return broken + [
            item
            for number in asking
            for item in (
                self.activities[number].needed if number in self.paused else self.nested[number].needed()
            )
        ]

    def blocked(self) -> set[int]:
        """Steps that wait for parts none of which can go on without a person."""
        return {number for number, composite in self.nested.items() if composite.is_blocked}

    def reason(self) -> str:
        """Why the run cannot go on without a person: a question comes before a step that is only held."""
        reasons: set[str] = {INCIDENT} if self.incidents else set()
        for number in self.paused:
            activity = self.activities[number]
            if activity.is_undecided:
                reasons.add(INCIDENT)
            else:
                asks = "missing_input" if activity.form is None else "form"
                reasons.add(asks if activity.needed else "breakpoint")
        for number in self.blocked():
            reasons |= self.nested[number].reasons()
        return min(reasons, key=lambda reason: _REASONS.index(reason) if reason in _REASONS else 0)

    def facts(self, settlement: Settlement) -> list[EventDraft]:
        """The drafts of what the scheduler decided; skipped steps enter the live state on the way."""
        drafts: list[EventDraft] = []
        mark = {INCIDENT: True} if settlement.stuck else {}
        for fact in settlement.facts:
            data: Mapping[str, Any]
            if type(fact) is Resolved:
                data = {"connection_id": fact[0].id, "outcome": _TEXT_OF[fact[1]]}
                drafts.append(_new(EventDraft, (_RESOLVED, None, 0, data, None, None)))
                continue
            match fact:
                case Skipped(number, reason):
                    step_id = self.plan.steps[number].id
                    self.live.ended(step_id, StepStatus.SKIPPED)
                    drafts.append(EventDraft(EventType.STEP_SKIPPED, step_id, data={"reason": reason}))
                case ConditionFailed(route, error):
                    data = {"connection_id": route.id, "error": error_to_json(error), **mark}
                    drafts.append(EventDraft(EventType.CONDITION_ERROR, data=data))
                case NoRoute(number, error):
                    step_id, data = self.plan.steps[number].id, {"error": error_to_json(error), **mark}
                    drafts.append(EventDraft(EventType.CONDITION_ERROR, step_id, data=data))
                case _:
                    raise AssertionError(fact)
        for number in dict.fromkeys(stuck.step for stuck in settlement.stuck):
            drafts.append(open_incident(self, number, settlement.stuck))
        return drafts

    def decide(self, route: Route, conditions: Mapping[str, str] | None = None) -> bool:
        """Whether the connection's condition holds; `conditions` are those that count in place of others."""
        text = (self.conditions if conditions is None else conditions).get(route.id, route.condition)
        assert text is not None
        source, target = self.plan.steps[route.source], self.plan.steps[route.target]
        try:
            return self._execution.evaluate(text, self.live.leaving(source.id))
        except ConditionError as error:
            where = f'The connection from "{source.label}" to "{target.label}": {error.message}'
            raise ConditionError(
                where, source=error.source, position=error.position, hint=error.hint
            ) from error

    def forget_timers(self) -> None:
        """Nothing that waits is waited for any more."""
        for activity in self.activities.values():
            activity.cancel_timer()

    def let_go(self) -> None:
        """The run is over: it goes when nobody holds it any more, and does not wait for the collector."""
        if not isinstance(self._execution, weakref.ProxyTypes):  # a late line of log is told after the end
            self._execution = weakref.proxy(self._execution)

    def _settled(self, step: Step, ended: Ended) -> Settlement:
        return scheduler.settle(
            self.plan, self.progress, step.index, ended, self.decide, holds=self._holds_incidents
        )

    def _left(self, step: Step) -> None:
        """The step is in no place of its own any more."""
        activity = self.activities.pop(step.index)
        # What knows the activity itself would wait for the collector, and the activity with it.
        activity.context = activity.last_error = None
        self.nested.pop(step.index, None)
        self.running.discard(step.index)
        self.waiting.discard(step.index)
        self.paused.discard(step.index)
        if self._execution.stops.is_on:
            self._execution.stops.left(step.index)
