"""Where a run stands still because a person wants to look: breakpoints, and one step at a time.

A step that is about to begin is held here first, with everything it needs resolved. It goes on when the run
is resumed, or when it is its turn in a run that goes one step at a time. That a step may go on is journaled
(STEP_RELEASED) before it does, so a restart asks no second time; a step that has begun once is never held.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from engine.errors import DefinitionError
from engine.expression.suggestions import did_you_mean
from engine.history.events import STATUS_OF_STEP_EVENT, Event, EventDraft, EventType
from engine.plan.step import Plan
from engine.run.activity import Activity
from engine.run.options import RunOptions

if TYPE_CHECKING:
    from engine.run.execution import Execution


_ENDS = frozenset(event_type for event_type, status in STATUS_OF_STEP_EVENT.items() if status.is_terminal)


def must_be_steps(plan: Plan, breakpoints: Iterable[str]) -> None:
    """Raises DefinitionError when a breakpoint stands before a step that the workflow has not got."""
    for step_id in sorted(breakpoints):
        inside: Plan | None = plan
        for name in step_id.split("/"):
            numbers = inside.numbers if inside is not None else {}
            if inside is None or name not in numbers:
                raise DefinitionError(
                    f"There is no step {step_id!r} to stop before", hint=did_you_mean(name, numbers)
                )
            body = inside.step(name).body
            inside = body.plan if body is not None else None


class Stops:
    """What holds the steps of one execution, and which of them it holds.

    is_on: whether anything is held, or ever was. stopped: the steps held, in the order in which they became
    ready. wanted: how many of them are still to go on, one step at a time: 1, or 0. A breakpoint inside a
    composite step (`outer/inner`) holds in the parts of the step.
    """

    __slots__ = ("_breakpoints", "_by_step", "_inner", "_let_through", "_plan", "is_on", "stopped", "wanted")

    def __init__(self, plan: Plan, options: RunOptions) -> None:
        self._plan = plan
        self._let_through: set[int] = set()
        self.is_on = False
        self.stopped: dict[int, None] = {}
        self.wanted = 0
        self._set(options.breakpoints, by_step=options.step_by_step)

    @property
    def by_step(self) -> bool:
        """Whether every step is held before it begins."""
        return self._by_step

    def within(self, step_id: str) -> frozenset[str]:
        """The breakpoints of the parts of a step."""
        way = f"{step_id}/"
        return frozenset(name.removeprefix(way) for name in self._inner if name.startswith(way))

    def before(self, activity: Activity) -> bool:
        """Whether the step is held now that it could begin."""
        number = activity.step.index
        if activity.attempt or number in self._let_through:
            return False
        if not self._by_step and number not in self._breakpoints:
            return False
        self.stopped[number] = None
        return True

    def release(self, numbers: Iterable[int]) -> list[EventDraft]:
        """These steps may begin: the facts to record."""
        released = list(numbers)
        for number in released:
            self.stopped.pop(number, None)
            self._let_through.add(number)
        return [EventDraft(EventType.STEP_RELEASED, self._plan.steps[number].id) for number in released]

    def end(self) -> list[EventDraft]:
        """All that are held may begin, and from now on only breakpoints hold: the facts to record."""
        ended = [self.change(by_step=False)] if self._by_step else []
        return ended + self.release(self.stopped)

    def step_on(self, execution: Execution) -> None:
        """One of the steps held was asked for: it is its turn now that all that are ready are held."""
        if self.stopped:
            number = self._next()
            self.wanted -= 1
            execution.record(self.release([number]))
            execution.steps.paused.discard(number)
            execution.make_ready([number])

    def left(self, number: int) -> None:
        """The step has ended."""
        self.stopped.pop(number, None)
        self._let_through.discard(number)

    def change(
        self, breakpoints: Iterable[str] | None = None, *, by_step: bool | None = None, steps: int = 0
    ) -> EventDraft:
        """From now on these breakpoints, or one step at a time, hold; what is not said stays as it is.

        steps: how many of the steps held are to go on after all.
        """
        names = self._names() if breakpoints is None else frozenset(breakpoints)
        self._set(names, by_step=self._by_step if by_step is None else by_step)
        self.wanted = steps
        data = {"breakpoints": sorted(names), "step_by_step": self._by_step, "steps": steps}
        return EventDraft(EventType.BREAKPOINTS_CHANGED, data=data)

    def restore(self, events: Iterable[Event]) -> None:
        """Hold, and let through, what the journal says."""
        for event in events:
            match event.type:
                case EventType.BREAKPOINTS_CHANGED:
                    self.wanted = event.data["steps"]
                case EventType.STEP_PAUSED if event.data.get("reason") == "breakpoint":
                    self.stopped[self._plan.numbers[str(event.step_id)]] = None
                case EventType.STEP_RELEASED:
                    self.release([self._plan.numbers[str(event.step_id)]])
                    self.wanted = 0
                case EventType.STEP_RUNNING:
                    self._let_through.add(self._plan.numbers[str(event.step_id)])
                case event_type if event_type in _ENDS:
                    self.left(self._plan.numbers[str(event.step_id)])

    def _set(self, breakpoints: Collection[str], *, by_step: bool) -> None:
        self._breakpoints: frozenset[int] = frozenset()
        self._inner: frozenset[str] = frozenset()
        if breakpoints:
            numbers = self._plan.numbers
            self._breakpoints = frozenset(numbers[step_id] for step_id in breakpoints if step_id in numbers)
            self._inner = frozenset(step_id for step_id in breakpoints if step_id not in numbers)
        self._by_step = by_step
        self.is_on = self.is_on or by_step or bool(self._breakpoints)

    def _next(self) -> int:
        """Of the steps held, the one whose turn it is: by priority, then by who became ready first."""
        return min(self.stopped, key=lambda number: self._plan.steps[number].priority)

    def _names(self) -> frozenset[str]:
        return self._inner.union(self._plan.steps[number].id for number in self._breakpoints)
