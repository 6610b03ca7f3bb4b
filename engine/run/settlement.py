"""What the scheduler is told and what it answers: ends of steps, fates of connections, and the counts."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple

from engine.errors import ConditionError, NoRouteMatched
from engine.history.status import ConnectionOutcome
from engine.plan.step import Plan, Route

SkipReason = str
"""condition | upstream_failed | cancelled | disabled | not_selected"""


class Ended(Enum):
    """How a step came to its end, as far as its outgoing connections care."""

    COMPLETED = auto()
    FAILED = auto()
    TOLERATED = auto()  # failed with continue_on_error
    SKIPPED = auto()  # by a condition, or disabled
    SKIPPED_UPSTREAM = auto()  # because something before it failed


class Resolved(NamedTuple):
    """A connection's fate, decided once and for all."""

    route: Route
    outcome: ConnectionOutcome


class Skipped(NamedTuple):
    """A step that will not run."""

    step: int
    reason: SkipReason


class ConditionFailed(NamedTuple):
    """A condition that could not be decided; its connection counts as the workflow's settings say."""

    route: Route
    error: ConditionError


class NoRoute(NamedTuple):
    """An exclusive step none of whose connections can be taken."""

    step: int
    error: NoRouteMatched


class Stuck(NamedTuple):
    """What leaves a step undecided until a person repairs it: `route`, or all that a switch chooses from."""

    step: int
    ended: Ended
    route: Route | None
    error: ConditionError | NoRouteMatched


Fact = Resolved | Skipped | ConditionFailed | NoRoute
Decide = Callable[[Route], bool]


class Settlement:
    """What followed from one step's end; facts are in the order in which they must be journaled.

    holds: a condition that fails the routing leaves it undecided (`stuck`) instead.
    handled: a failure was led on by an error or always connection.
    """

    __slots__ = ("facts", "handled", "holds", "ready", "routing_error", "stuck")

    def __init__(self, *, holds: bool = False) -> None:
        self.holds = holds
        self.stuck: list[Stuck] = []
        self.facts: list[Fact] = []
        self.ready: list[int] = []
        self.handled = False
        self.routing_error: ConditionError | NoRouteMatched | None = None


class Progress:
    """How far an execution has come, as counters by step number; only this module changes them.

    left_out: steps that are no part of the run. forced: those that run whatever is decided before them.
    """

    __slots__ = ("decided", "forced", "left_out", "outcomes", "poisoned", "taken", "unresolved")

    def __init__(
        self, plan: Plan, *, left_out: frozenset[int] = frozenset(), forced: frozenset[int] = frozenset()
    ) -> None:
        self.left_out = left_out
        self.forced = forced
        self.unresolved = [len(step.incoming) for step in plan.steps]
        self.taken = [0] * len(plan.steps)
        self.poisoned = [0] * len(plan.steps)
        self.decided = [False] * len(plan.steps)
        self.outcomes: list[ConnectionOutcome | None] = [None] * len(plan.routes)
