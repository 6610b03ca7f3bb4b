"""The scheduler alone: joins, skipping, and that nothing ever deadlocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog import Catalog
from engine.errors import ConditionError, IllegalTransition
from engine.history.status import ConnectionOutcome
from engine.plan.compiler import Compiler
from engine.plan.step import Plan, Route
from engine.run import scheduler
from engine.run.settlement import ConditionFailed, Ended, Progress, Resolved, Skipped
from tests.support.builders import decoded, make_workflow, node, wire

TAKEN, DEAD, POISONED = ConnectionOutcome.TAKEN, ConnectionOutcome.DEAD, ConnectionOutcome.POISONED


def plan_of(*args: Any, **values: Any) -> Plan:
    return Compiler(Catalog([])).compile(decoded(make_workflow(*args, **values)))


def always(route: Route) -> bool:
    return True


def end(
    plan: Plan, progress: Progress, name: str, ended: Ended, decide: Callable[[Route], bool] = always
) -> Any:
    return scheduler.settle(plan, progress, plan.numbers[name], ended, decide)


def names(plan: Plan, numbers: list[int]) -> list[str]:
    return [plan.steps[number].id for number in numbers]


@pytest.mark.parametrize(
    ("ended", "on", "condition", "outcome"),
    [
        (Ended.COMPLETED, "success", True, TAKEN),
        (Ended.COMPLETED, "success", False, DEAD),
        (Ended.COMPLETED, "error", True, DEAD),
        (Ended.COMPLETED, "always", True, TAKEN),
        (Ended.COMPLETED, "always", False, DEAD),
        (Ended.TOLERATED, "success", True, TAKEN),
        (Ended.TOLERATED, "error", True, TAKEN),
        (Ended.TOLERATED, "error", False, DEAD),
        (Ended.TOLERATED, "always", True, TAKEN),
        (Ended.FAILED, "success", True, POISONED),
        (Ended.FAILED, "error", True, TAKEN),
        (Ended.FAILED, "error", False, DEAD),
        (Ended.FAILED, "always", True, TAKEN),
        (Ended.SKIPPED, "success", True, DEAD),
        (Ended.SKIPPED, "error", True, DEAD),
        (Ended.SKIPPED, "always", True, DEAD),
        (Ended.SKIPPED_UPSTREAM, "success", True, POISONED),
        (Ended.SKIPPED_UPSTREAM, "always", True, POISONED),
    ],
)
def test_that_a_connection_is_resolved_by_the_table(
    ended: Ended, on: str, condition: bool, outcome: ConnectionOutcome
) -> None:
    plan = plan_of("a b", [wire("a", "b", on=on, condition="c")])
    settlement = end(plan, Progress(plan), "a", ended, lambda route: condition)
    assert settlement.facts[0] == Resolved(plan.routes[0], outcome)
    assert settlement.handled is (ended is Ended.FAILED and outcome is TAKEN)


@pytest.mark.parametrize(
    ("join", "ends", "decision"),
    [
        ("merge", "TT", "run"),
        ("merge", "TD", "run"),
        ("merge", "DD", "condition"),
        ("merge", "TP", "upstream_failed"),
        ("merge", "DP", "upstream_failed"),
        ("merge", "T.", None),
        ("all", "TT", "run"),
        ("all", "TD", "condition"),
        ("all", "TP", "upstream_failed"),
        ("all", "D.", None),
        ("any", "T.", "run"),
        ("any", "D.", None),
        ("any", "DT", "run"),
        ("any", "DD", "condition"),
        ("any", "PT", "run"),
        ({"mode": "n_of", "k": 2}, "TT", "run"),
        ({"mode": "n_of", "k": 2}, "T.", None),
        ({"mode": "n_of", "k": 2}, "TD", "condition"),
        ("always", "DD", "run"),
        ("always", "PD", "run"),
        ("always", "P.", None),
    ],
)
def test_that_a_join_decides_by_its_policy(join: Any, ends: str, decision: str | None) -> None:
    plan = plan_of([node("a"), node("b"), node("end", join=join)], ["a>end", "b>end"])
    progress = Progress(plan)
    ready: list[int] = []
    reasons: list[str] = []
    how = {"T": Ended.COMPLETED, "D": Ended.SKIPPED, "P": Ended.SKIPPED_UPSTREAM}
    for name, letter in zip("ab", ends, strict=True):
        if letter != ".":
            settlement = end(plan, progress, name, how[letter])
            ready += settlement.ready
            reasons += [fact.reason for fact in settlement.facts if isinstance(fact, Skipped)]
    assert (names(plan, ready), reasons) == {
        None: ([], []),
        "run": (["end"], []),
    }.get(decision, ([], [decision]))


def test_that_an_eager_join_runs_once_however_many_follow() -> None:
    plan = plan_of([node("a"), node("b"), node("end", join="any")], ["a>end", "b>end"])
    progress = Progress(plan)
    assert names(plan, end(plan, progress, "a", Ended.COMPLETED).ready) == ["end"]
    assert end(plan, progress, "b", Ended.COMPLETED).ready == []


def test_that_parallel_connections_between_two_nodes_are_separate() -> None:
    plan = plan_of("a b", [wire("a", "b", id="x", condition="1"), wire("a", "b", id="y", condition="2")])
    settlement = end(plan, Progress(plan), "a", Ended.COMPLETED, lambda route: route.id == "y")
    assert [fact.outcome for fact in settlement.facts if isinstance(fact, Resolved)] == [DEAD, TAKEN]
    assert names(plan, settlement.ready) == ["b"]


@pytest.mark.no_cover  # load, not lines
def test_that_a_chain_of_ten_thousand_skipped_steps_costs_no_stack() -> None:
    count = 10_000
    plan = plan_of(" ".join(f"s{i}" for i in range(count)), [f"s{i}>s{i + 1}" for i in range(count - 1)])
    settlement = end(plan, Progress(plan), "s0", Ended.SKIPPED)
    assert sum(isinstance(fact, Skipped) for fact in settlement.facts) == count - 1


def test_that_a_connection_is_never_resolved_twice() -> None:
    plan = plan_of("a b", ["a>b"])
    progress = Progress(plan)
    end(plan, progress, "a", Ended.COMPLETED)
    with pytest.raises(IllegalTransition, match="twice"):
        end(plan, progress, "a", Ended.COMPLETED)


def test_that_a_step_left_by_all_its_connections_is_left_once() -> None:
    plan = plan_of("a b", ["a>b"])
    progress, ready = Progress(plan), list[int]()
    assert scheduler.take_all(plan, progress, plan.step("a"), ready) is None
    assert names(plan, ready) == ["b"]
    with pytest.raises(IllegalTransition, match="resolved twice"):
        scheduler.take_all(plan, progress, plan.step("a"), ready)


def test_that_a_condition_error_poisons_its_own_connection_only() -> None:
    def decide(route: Route) -> bool:
        if route.id == "a>b":
            raise ConditionError("cannot be told")
        return True

    plan = plan_of("a b c", [wire("a", "b", condition="?"), wire("a", "c", condition="!")])
    settlement = end(plan, Progress(plan), "a", Ended.COMPLETED, decide)
    assert isinstance(settlement.facts[0], ConditionFailed)
    assert settlement.routing_error is settlement.facts[0].error
    assert names(plan, settlement.ready) == ["c"]


def test_that_restoring_decides_what_the_journal_had_not_begun() -> None:
    plan = plan_of("a b end", ["a>end", "b>end"])
    progress = Progress(plan)
    scheduler.restore(plan, progress, [(plan.routes[0], TAKEN), (plan.routes[1], DEAD)])
    settled = {plan.numbers["a"], plan.numbers["b"]}
    assert names(plan, scheduler.undecided_ready(plan, progress, settled.__contains__).ready) == ["end"]


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_that_every_step_of_any_acyclic_workflow_is_decided_exactly_once(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 9))
    possible = [(a, b) for a in range(count) for b in range(a + 1, count)]
    edges = data.draw(st.lists(st.sampled_from(possible), max_size=20)) if possible else []
    joins = st.sampled_from(["merge", "all", "any", "always"])
    nodes = [
        node(f"s{i}", join=data.draw(joins), disabled=data.draw(st.sampled_from([None, "skip"])))
        for i in range(count)
    ]
    ons = st.sampled_from(["success", "error", "always"])
    wires = [
        wire(f"s{a}", f"s{b}", id=f"c{number}", on=data.draw(ons), condition="c")
        for number, (a, b) in enumerate(edges)
    ]
    plan = plan_of(nodes, wires)
    progress = Progress(plan)
    settlement = scheduler.start(plan, progress)
    ran: list[int] = []
    skipped: list[int] = []
    resolved: list[str] = []
    ready: list[int] = []
    while True:
        ready += settlement.ready
        skipped += [fact.step for fact in settlement.facts if isinstance(fact, Skipped)]
        resolved += [fact.route.id for fact in settlement.facts if isinstance(fact, Resolved)]
        if not ready:
            break
        step = ready.pop(data.draw(st.integers(0, len(ready) - 1)))
        ran.append(step)
        ended = data.draw(st.sampled_from([Ended.COMPLETED, Ended.FAILED, Ended.TOLERATED]))
        settlement = scheduler.settle(plan, progress, step, ended, lambda route: data.draw(st.booleans()))
    assert sorted([*ran, *skipped]) == list(range(count))
    assert sorted(resolved) == sorted(route.id for route in plan.routes)
