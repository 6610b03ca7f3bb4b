"""How long a step with steps inside may take: in one try, and in all of them.

The time in which everything inside waits for a person is not the step's: once it goes on, its time begins
anew, as that of a step without parts does when what it asked for has come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakMethod

from engine.history.events import Event, EventType

if TYPE_CHECKING:
    from engine.run.activity import Activity
    from engine.run.clock import Clock

Over = Callable[[float, bool], None]
"""Is told the limit that was passed, in seconds, and whether it is that of all tries."""


class PartsTime:
    """Watches over the time of one composite step, by the timer of its activity.

    since: when this try began, or went on after everything in it had waited; epoch seconds.
    """

    def __init__(self, activity: Activity, clock: Clock, over: Over) -> None:
        self._activity = activity
        self._clock = clock
        self._over = WeakMethod(over)  # the step knows this: neither is to wait for the collector
        self._was_blocked = False
        self.since = 0.0

    def begin(self) -> None:
        """The try counts since `since`; nothing happens where the step has no limits."""
        activity, timeouts, since = self._activity, self._activity.step.timeouts, self.since
        ends: list[tuple[float, float, bool]] = []
        if timeouts.attempt is not None:
            ends.append((since + timeouts.attempt, timeouts.attempt, False))
        if timeouts.total is not None:
            first = since if activity.first_started_at is None else activity.first_started_at
            ends.append((first + timeouts.total, timeouts.total, True))
        if ends:
            due, limit, in_all = min(ends)
            activity.cancel_timer()
            wait = min(limit, max(0.0, due - self._clock.now()))  # a clock set back gives no more time
            activity.timer = self._clock.call_later(wait, partial(self._passed, limit, in_all))

    def look(self, *, is_blocked: bool) -> None:
        """Whether the step waits for a person now."""
        if self._was_blocked and not is_blocked:
            self._activity.first_started_at = self.since = self._clock.now()
            self.begin()
        self._was_blocked = is_blocked

    def _passed(self, limit: float, in_all: bool) -> None:
        (self._over() or _nobody)(limit, in_all)


def _nobody(limit: float, in_all: bool) -> None:
    """The step is gone."""


def counted_from(begun: Event, events: Iterable[Event]) -> float:
    """Since when the time of a step counts that began with this event, by the answers in the journal."""
    since = begun.ts
    for event in events:
        is_answer = event.type is EventType.INPUT_REQUIRED and event.step_id == begun.step_id
        if event.type is EventType.EXECUTION_RESUMED or (is_answer and not event.data["needed"]):
            since = max(since, event.ts)
    return since
