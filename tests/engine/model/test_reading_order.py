"""The order in which a workflow is read aloud."""

from __future__ import annotations

import random

from engine.model.reading_order import reading_order
from tests.support.builders import decoded, make_workflow
from tests.support.random_graphs import random_shape


def test_that_a_way_is_read_to_its_end_before_the_next_one_begins() -> None:
    workflow = decoded(make_workflow("a b c d e", ["a>b", "b>c", "a>d", "d>e"]))
    assert reading_order(workflow) == ["a", "b", "c", "d", "e"]


def test_that_a_step_where_ways_meet_is_read_after_all_of_them() -> None:
    workflow = decoded(make_workflow("join a b start", ["start>a", "start>b", "a>join", "b>join"]))
    assert reading_order(workflow) == ["start", "a", "b", "join"]


def test_that_what_lies_on_a_circle_is_read_last_and_nothing_is_lost() -> None:
    workflow = decoded(make_workflow("x y a after", ["x>y", "y>x", "y>after"]))
    assert reading_order(workflow) == ["a", "x", "y", "after"]


def test_that_no_step_is_read_before_one_that_leads_to_it() -> None:
    rng = random.Random(4)
    for _ in range(200):
        size, edges = random_shape(rng)
        names = [f"n{number}" for number in range(size)]
        rng.shuffle(names)
        wires = [{"id": f"w{i}", "source": f"n{a}", "target": f"n{b}"} for i, (a, b) in enumerate(edges)]
        order = reading_order(decoded(make_workflow(" ".join(names), wires)))
        assert sorted(order) == sorted(names)
        assert all(order.index(f"n{a}") < order.index(f"n{b}") for a, b in edges)
