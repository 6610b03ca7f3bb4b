"""Which steps start next: a pure function of the plan and of what has been settled so far.

Design note. The scheduler knows no clock, no store and no task. It is told that a step has ended and answers
with facts, in the order in which they became true: this connection was resolved so, that step is skipped,
those steps may start. The caller journals the facts together with the step's own event in one transaction;
nothing here is ever asked twice, so recovery replays the journal instead of evaluating conditions again.

Counters per step replace searches: a step is decided when its count of unresolved connections (or of taken
ones, for the eager joins) says so, which makes the whole run O(steps + connections). Skipping travels along a
worklist, never by recursion, so that a chain of ten thousand skipped steps costs no stack.

Every connection is resolved exactly once (`_resolve` refuses a second time), and a merge waits for all of its
connections, dead ones included. That is dead-path elimination: an acyclic workflow cannot deadlock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import assert_never

from engine.errors import ConditionError, IllegalTransition, NoRouteMatched
from engine.history.status import ConnectionOutcome
from engine.plan.step import JoinMode, Plan, Route, Step
from engine.run.settlement import (
    ConditionFailed,
    Decide,
    Ended,
    NoRoute,
    Progress,
    Resolved,
    Settlement,
    Skipped,
    Stuck,
)

_COMPLETED = Ended.COMPLETED
_TAKEN = ConnectionOutcome.TAKEN
_MERGE = JoinMode.MERGE


def start(plan: Plan, progress: Progress, *, trigger: int | None = None) -> Settlement:
    """Decide the steps that nothing leads to; of several triggers only the one that fired runs."""
    settlement = Settlement()
    skipped: list[tuple[int, Ended]] = []
    for step in plan.steps:
        if step.incoming:
            continue
        progress.decided[step.index] = True
        if step.index in progress.left_out:
            settlement.facts.append(Skipped(step.index, "not_selected"))
            skipped.append((step.index, Ended.SKIPPED))
        elif (step.is_trigger and step.index != trigger) or step.disabled == "skip":
            settlement.facts.append(Skipped(step.index, "disabled"))
            skipped.append((step.index, Ended.SKIPPED))
        else:
            settlement.ready.append(step.index)
    _spread(plan, progress, settlement, skipped, decide=_never_asked)
    return settlement


def settle(
    plan: Plan, progress: Progress, step: int, ended: Ended, decide: Decide, *, holds: bool = False
) -> Settlement:
    """Resolve the connections that leave a step which has ended, and whatever follows from them.

    decide: whether a connection's condition holds; it may raise ConditionError. holds: leave undecided what
    would fail the run. `settle_again` then decides it once what was wrong has been repaired.
    """
    settlement = Settlement(holds=holds)
    skipped: list[tuple[int, Ended]] = []
    _leave(plan, progress, settlement, step, ended, decide, plan.steps[step].outgoing, skipped)
    if skipped:
        _spread(plan, progress, settlement, skipped, decide)
    return settlement


def settle_again(plan: Plan, progress: Progress, step: int, ended: Ended, decide: Decide) -> Settlement:
    """Resolve connections that had to stay undecided when the step was settled, as far as that can be now."""
    settlement, routes = Settlement(holds=True), undecided(plan, progress, step)
    skipped: list[tuple[int, Ended]] = []
    _leave(plan, progress, settlement, step, ended, decide, routes, skipped)
    _spread(plan, progress, settlement, skipped, decide)
    return settlement


def still_stuck(plan: Plan, progress: Progress, step: int, ended: Ended, decide: Decide) -> list[Stuck]:
    """What would stay undecided if the step were settled again; nothing is."""
    settlement, routes = Settlement(holds=True), undecided(plan, progress, step)
    if plan.steps[step].is_exclusive:
        _choose(settlement, plan.steps[step], ended, decide, routes)
    else:
        for route in routes:
            _outcome(settlement, route, ended, decide)
    return settlement.stuck


def undecided(plan: Plan, progress: Progress, step: int) -> tuple[Route, ...]:
    """The connections that leave the step and are not resolved."""
    return tuple(route for route in plan.steps[step].outgoing if progress.outcomes[route.index] is None)


def restore(plan: Plan, progress: Progress, outcomes: Iterable[tuple[Route, ConnectionOutcome]]) -> None:
    """Count connections that the journal says are resolved, without deciding anything."""
    for route, outcome in outcomes:
        _count(progress, route, outcome)


def undecided_ready(plan: Plan, progress: Progress, settled: Callable[[int], bool]) -> Settlement:
    """After `restore`: what follows for the steps that the journal has not settled.

    A step whose connections were all journaled but that has no event of its own was ready when we died.
    """
    settlement = Settlement()
    skipped: list[tuple[int, Ended]] = []
    for step in plan.steps:
        if settled(step.index):
            progress.decided[step.index] = True
        elif not step.incoming and step.index not in progress.left_out:
            progress.decided[step.index] = True
            settlement.ready.append(step.index)
        else:
            _decide_join(plan, progress, settlement, step.index, skipped)
    _spread(plan, progress, settlement, skipped, decide=_never_asked)
    return settlement


def take_all(plan: Plan, progress: Progress, step: Step, ready: list[int]) -> Settlement | None:
    """`settle` for a step that completed and is left unconditionally by all its connections.

    The steps that may start are added to `ready`. What follows besides, of a join that is not plain, comes
    as a settlement. For whole runs only: no step is left out or forced.
    """
    outcomes, unresolved, taken, steps = progress.outcomes, progress.unresolved, progress.taken, plan.steps
    others: list[int] = []
    for route in step.outgoing:
        index, target = route.index, route.target
        if outcomes[index] is not None:
            raise IllegalTransition(f"Connection {route.id!r} was to be resolved twice")
        outcomes[index] = _TAKEN
        taken[target] += 1
        left = unresolved[target] = unresolved[target] - 1
        joins = steps[target]
        if joins.join.mode is not _MERGE or (not left and (joins.disabled or progress.poisoned[target])):
            others.append(target)
        elif not left:
            progress.decided[target] = True
            ready.append(target)
    settlement: Settlement | None = None
    for target in others:  # which may be led to twice: they are decided once all of it is counted
        if not progress.decided[target]:
            settlement = settlement or Settlement()
            skipped: list[tuple[int, Ended]] = []
            _decide_join(plan, progress, settlement, target, skipped)
            _spread(plan, progress, settlement, skipped, decide=_never_asked)
    return settlement


def _spread(
    plan: Plan, progress: Progress, settlement: Settlement, ended: list[tuple[int, Ended]], decide: Decide
) -> None:
    worklist = deque(ended)
    while worklist:
        source, how = worklist.popleft()
        skipped: list[tuple[int, Ended]] = []
        _leave(plan, progress, settlement, source, how, decide, plan.steps[source].outgoing, skipped)
        worklist.extend(skipped)


def _leave(
    plan: Plan,
    progress: Progress,
    settlement: Settlement,
    source: int,
    how: Ended,
    decide: Decide,
    routes: Sequence[Route],
    skipped: list[tuple[int, Ended]],
) -> None:
    """Resolve these connections of one step, and decide the steps they lead to; `skipped` gathers those to
    skip. What has to stay undecided is left so.
    """
    step = plan.steps[source]
    facts = settlement.facts
    if step.is_exclusive:
        for route, chosen in _choose(settlement, step, how, decide, routes):
            if chosen is not None:
                _count(progress, route, chosen)
                facts.append(Resolved(route, chosen))
    else:
        for route in routes:
            outcome: ConnectionOutcome | None
            if how is _COMPLETED and route.condition is None and route.on != "error":
                outcome = _TAKEN  # nearly always: the rest of the table need not be asked
            else:
                outcome = _outcome(settlement, route, how, decide)
                if outcome is None:
                    continue
            _count(progress, route, outcome)
            facts.append(Resolved(route, outcome))
    decided = progress.decided
    for route in routes:  # a target of parallel connections is decided once all of them are counted
        if not decided[route.target]:
            _decide_join(plan, progress, settlement, route.target, skipped)


def _choose(
    settlement: Settlement, step: Step, how: Ended, decide: Decide, routes: Sequence[Route]
) -> list[tuple[Route, ConnectionOutcome | None]]:
    """The first connection whose condition holds is taken; those after it are dead, and not even asked.

    A condition that fails the routing fails it for those after it too: nobody knows whether they are meant.
    When the step has completed and none holds, no connection says what happens now: that fails it for all.
    """
    outcomes: dict[Route, ConnectionOutcome | None] = {}
    asked: list[Route] = []
    rest: ConnectionOutcome | None = None
    for route in routes:
        outcome = _without_asking(route, how)
        if outcome is None:
            asked.append(route)
            if not settlement.stuck:
                outcome = rest if rest is not None else _ask(settlement, route, how, decide)
            if outcome is ConnectionOutcome.POISONED:
                rest = outcome
            elif outcome is ConnectionOutcome.TAKEN:
                rest = ConnectionOutcome.DEAD
        outcomes[route] = outcome
    if asked and rest is None and not settlement.stuck and how is not Ended.FAILED:
        error = _no_route(step, len(asked))
        settlement.facts.append(NoRoute(step.index, error))
        if settlement.holds:
            settlement.stuck.append(Stuck(step.index, how, None, error))
        else:
            settlement.routing_error = settlement.routing_error or error
        outcomes.update(dict.fromkeys(asked, ConnectionOutcome.POISONED))
    if settlement.stuck:
        outcomes.update(dict.fromkeys(asked))
    return list(outcomes.items())


def _no_route(step: Step, count: int) -> NoRouteMatched:
    conditions = "its condition does not hold" if count == 1 else f"none of its {count} conditions holds"
    return NoRouteMatched(
        f'"{step.label}": {conditions}, and no connection is for everything else',
        hint="Add a connection without a condition, as the last in the order.",
    )


def _outcome(settlement: Settlement, route: Route, how: Ended, decide: Decide) -> ConnectionOutcome | None:
    return _without_asking(route, how) or _ask(settlement, route, how, decide)


def _without_asking(route: Route, how: Ended) -> ConnectionOutcome | None:
    """The table of ENGINE 3, row by row; None where the condition decides."""
    match how:
        case Ended.COMPLETED:
            if route.on == "error":
                return ConnectionOutcome.DEAD
        case Ended.FAILED:
            if route.on == "success":
                return ConnectionOutcome.POISONED
        case Ended.TOLERATED:
            pass
        case Ended.SKIPPED:
            return ConnectionOutcome.DEAD
        case Ended.SKIPPED_UPSTREAM:
            return ConnectionOutcome.POISONED
        case _:
            assert_never(how)
    return None


def _ask(settlement: Settlement, route: Route, how: Ended, decide: Decide) -> ConnectionOutcome | None:
    try:
        holds = route.condition is None or decide(route)
    except ConditionError as error:
        settlement.facts.append(ConditionFailed(route, error))
        if route.on_condition_error == "fail" and settlement.holds:
            settlement.stuck.append(Stuck(route.source, how, route, error))
            return None
        if route.on_condition_error == "fail":
            settlement.routing_error = settlement.routing_error or error
            return ConnectionOutcome.POISONED
        holds = route.on_condition_error == "true"
    if holds and how is Ended.FAILED:
        settlement.handled = True
    return ConnectionOutcome.TAKEN if holds else ConnectionOutcome.DEAD


def _count(progress: Progress, route: Route, outcome: ConnectionOutcome) -> None:
    if progress.outcomes[route.index] is not None:
        raise IllegalTransition(f"Connection {route.id!r} was to be resolved twice")
    progress.outcomes[route.index] = outcome
    target = route.target
    progress.unresolved[target] -= 1
    if outcome is _TAKEN:
        progress.taken[target] += 1
    elif outcome is ConnectionOutcome.POISONED:
        progress.poisoned[target] += 1


def _decide_join(
    plan: Plan, progress: Progress, settlement: Settlement, target: int, skipped: list[tuple[int, Ended]]
) -> None:
    """Start or skip a step that is not decided yet, as soon as its join can tell."""
    if progress.unresolved[target] and plan.steps[target].join.mode is _MERGE:
        return
    runs = _join(plan, progress, target)
    if runs is None:
        return
    progress.decided[target] = True
    step = plan.steps[target]
    if target in progress.left_out:
        settlement.facts.append(Skipped(target, "not_selected"))
        skipped.append((target, Ended.SKIPPED))
        return
    if runs and step.disabled != "skip":
        settlement.ready.append(target)
        return
    upstream_failed = not runs and progress.poisoned[target] > 0
    reason = "upstream_failed" if upstream_failed else "disabled" if runs else "condition"
    settlement.facts.append(Skipped(target, reason))
    skipped.append((target, Ended.SKIPPED_UPSTREAM if upstream_failed else Ended.SKIPPED))


def _join(plan: Plan, progress: Progress, target: int) -> bool | None:
    """True: run. False: skip. None: not yet known."""
    join = plan.steps[target].join
    open_count, taken = progress.unresolved[target], progress.taken[target]
    if target in progress.forced:
        return None if open_count else True
    match join.mode:
        case JoinMode.MERGE:
            return None if open_count else taken > 0 and not progress.poisoned[target]
        case JoinMode.ALL:
            return None if open_count else taken == len(plan.steps[target].incoming)
        case JoinMode.ANY | JoinMode.N_OF:
            if taken >= join.count:
                return True
            return None if open_count else False
        case JoinMode.ALWAYS:
            return None if open_count else True
        case _:
            assert_never(join.mode)


def _never_asked(route: Route) -> bool:
    """Skipped steps leave by dead or poisoned connections, whose conditions nobody evaluates."""
    raise AssertionError(f"Connection {route.id!r} of a skipped step was to be evaluated")
