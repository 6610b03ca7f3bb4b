"""Breakpoints as they stand in a drawing."""

from __future__ import annotations

from engine.model.breakpoints import breakpoints_of, paths_of, toggle_breakpoints
from engine.model.changes import apply
from tests.support.builders import decoded, make_workflow, node
from tests.support.compositions import body, sub


def test_that_breakpoints_are_set_where_they_are_missing_and_cleared_where_all_have_one() -> None:
    workflow = decoded(make_workflow([node("a", breakpoint=True), node("b"), node("c")]))
    some = toggle_breakpoints(workflow, ["a", "b"])
    assert (some.label, len(some.changes)) == ("Set breakpoint at b", 1)
    workflow = apply(workflow, some.changes)
    assert breakpoints_of(workflow) == {"a", "b"}
    none = toggle_breakpoints(workflow, ["a", "b"])
    assert none.label == "Clear 2 breakpoints"
    assert breakpoints_of(apply(workflow, none.changes)) == frozenset()
    assert "breakpoint" not in apply(workflow, none.changes).nodes["a"].config


def test_that_breakpoints_inside_a_step_are_found_under_its_name() -> None:
    inner = body(node("x", breakpoint=True), sub("deeper", body(node("y", breakpoint=True))))
    workflow = decoded(make_workflow([sub("part", inner), node("a")]))
    assert breakpoints_of(workflow) == {"part/x", "part/deeper/y"}
    assert paths_of(workflow) == {"part", "part/x", "part/deeper", "part/deeper/y", "a"}


def test_that_what_is_no_workflow_has_no_breakpoints() -> None:
    workflow = decoded(
        make_workflow([{"id": "p", "type": "flow.subworkflow", "config": {"workflow": {"nodes": 3}}}])
    )
    assert (breakpoints_of(workflow), paths_of(workflow)) == (frozenset(), {"p"})
