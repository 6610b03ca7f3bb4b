"""Connecting from a list, and steps that change places."""

from __future__ import annotations

import itertools
import random

import pytest

from engine.catalog import Catalog
from engine.model import Node, Workflow, apply, edits, inverse
from engine.model.rewiring import legal_targets, move_case, move_later, why_not_later
from engine.model.switches import cases
from tests.support.builders import decoded, make_workflow, wire
from tests.support.random_graphs import random_shape

CATALOG = Catalog.load()


def _pipeline() -> Workflow:
    """read -> keep -> sort -> write, wired by references, each where the one before ends."""
    workflow = Workflow(id="w")
    chosen = ("file.read_csv", "table.filter", "table.sort", "file.write_csv")
    ids = []
    for place, type_id in enumerate(chosen):
        node_type = CATALOG.get(type_id)
        assert node_type is not None
        edit, node_id = edits.add_node(workflow, node_type, (place * 352.0, 0.0))
        workflow = apply(workflow, edit.changes)
        ids.append(node_id)
    for source, target in itertools.pairwise(ids):
        workflow = apply(workflow, edits.connect(workflow, CATALOG, source, target).changes)
    return workflow


def test_that_the_legal_targets_are_those_that_are_not_refused() -> None:
    rng = random.Random(7)
    for _ in range(60):
        size, edges = random_shape(rng)
        wires = [
            wire(f"n{a}", f"n{b}", id=f"w{i}", on=rng.choice(("success", "error")))
            for i, (a, b) in enumerate(edges)
        ]
        workflow = decoded(make_workflow(" ".join(f"n{i}" for i in range(size)), wires))
        start = Node(id="start", type="flow.manual")
        workflow = apply(workflow, [edits.NodeAdded(node=start)])
        for source in workflow.nodes:
            for on in ("success", "error"):
                expected = [
                    target
                    for target in workflow.nodes
                    if edits.refusal(workflow, CATALOG, source, target, on=on) is None
                ]
                assert legal_targets(workflow, CATALOG, source, on=on) == expected


def test_that_two_steps_change_places_with_their_wires_references_and_positions() -> None:
    workflow = _pipeline()
    edit = move_later(workflow, CATALOG, "filter_rows")
    moved = apply(workflow, edit.changes)
    assert {(c.source, c.target) for c in moved.connections.values()} == {
        ("read_csv", "sort"),
        ("sort", "filter_rows"),
        ("filter_rows", "write_csv"),
    }
    assert moved.nodes["sort"].parameters["table"] == "${read_csv.table}"
    assert moved.nodes["filter_rows"].parameters["table"] == "${sort.table}"
    assert moved.nodes["write_csv"].parameters["table"] == "${filter_rows.table}"
    assert moved.layout["filter_rows"] == workflow.layout["sort"]
    assert moved.layout["sort"] == workflow.layout["filter_rows"]
    assert apply(moved, inverse(workflow, edit.changes)) == workflow


def test_that_moving_a_step_later_and_the_other_one_later_again_gives_the_same_flow() -> None:
    workflow = _pipeline()
    there = apply(workflow, move_later(workflow, CATALOG, "filter_rows").changes)
    back = apply(there, move_later(there, CATALOG, "sort").changes)
    assert {(c.source, c.target) for c in back.connections.values()} == {
        (c.source, c.target) for c in workflow.connections.values()
    }
    assert {i: dict(n.parameters) for i, n in back.nodes.items()} == {
        i: dict(n.parameters) for i, n in workflow.nodes.items()
    }


@pytest.mark.parametrize(
    ("nodes", "wires", "moved", "reason"),
    [
        ("a b c", ["a>b", "a>c"], "a", "does not lead to exactly one step"),
        ("a b", [], "a", "does not lead to exactly one step"),
        ("a b", [wire("a", "b", condition="x > 1")], "a", "without a condition"),
        ("a b c", ["a>c", "b>c"], "a", "several steps before it"),
        ("a b c", ["a>b", wire("b", "c", condition="rows > 1")], "a", "about its own result"),
        ("a b", [wire("a", "b", on="error")], "a", "does not lead to exactly one step"),
    ],
)
def test_that_steps_whose_places_mean_something_stay_and_say_why(
    nodes: str, wires: list, moved: str, reason: str
) -> None:
    workflow = decoded(make_workflow(nodes, wires))
    assert reason in (why_not_later(workflow, CATALOG, moved) or "")
    with pytest.raises(ValueError, match="“"):
        move_later(workflow, CATALOG, moved)


def test_that_a_start_stays_first() -> None:
    workflow = decoded(make_workflow([{"id": "s", "type": "flow.manual"}, {"id": "a", "type": "x"}], ["s>a"]))
    assert "nothing can come before it" in (why_not_later(workflow, CATALOG, "s") or "")


def test_that_a_switch_tries_a_moved_connection_in_its_new_place() -> None:
    nodes = [{"id": "s", "type": "flow.switch"}, *({"id": i, "type": "x"} for i in "abc")]
    wires = [wire("s", target, condition=f"value == '{target}'") for target in "abc"]
    workflow = decoded(make_workflow(nodes, wires))
    moved = apply(workflow, move_case(workflow, "s>c", -1).changes)
    assert [each.id for each in cases(moved, "s")] == ["s>a", "s>c", "s>b"]
    back = apply(moved, move_case(moved, "s>c", 1).changes)
    assert [each.id for each in cases(back, "s")] == ["s>a", "s>b", "s>c"]
    assert move_case(workflow, "s>a", -1).changes == ()
    assert move_case(workflow, "s>c", 1).changes == ()
