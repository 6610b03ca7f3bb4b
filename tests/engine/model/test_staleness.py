"""Which results an edit puts out of date, why, and that undoing it takes the mark away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.catalog import Catalog
from engine.model import Workflow, edits
from engine.model.changes import apply, inverse
from engine.model.edits import Edit
from engine.model.pins import is_pinned, pin, pinned_output, unpin
from engine.model.staleness import Made, stale
from tests.support.builders import decoded, make_workflow

CATALOG = Catalog.load()


def drawing() -> Workflow:
    return decoded(make_workflow("a b c d", ["a>b", "b>c", "a>d"]))


def made(workflow: Workflow) -> dict[str, Made]:
    return {
        node_id: Made(workflow=workflow, output={"of": node_id}, run=1, changed=1)
        for node_id in workflow.nodes
    }


def edited(edit: Callable[[Workflow], Edit]) -> tuple[Workflow, dict[str, str]]:
    before = drawing()
    after = apply(before, edit(before).changes)
    return after, stale(after, made(before))


def test_that_nothing_is_out_of_date_without_an_edit() -> None:
    assert stale(drawing(), made(drawing())) == {}


CASES: list[tuple[str, Callable[[Workflow], Edit], set[str], str]] = [
    ("parameter", lambda w: edits.set_parameters(w, "b", {"x": 1}), {"b", "c"}, "Its settings were changed."),
    ("condition", lambda w: edits.set_condition(w, "b>c", condition="x > 1"), {"c"}, "another condition"),
    ("outcome", lambda w: edits.set_condition(w, "b>c", on="error"), {"c"}, "another condition"),
    ("wire gone", lambda w: edits.disconnect(w, CATALOG, ["a>b"]), {"b", "c"}, "taken away"),
    ("new wire", lambda w: edits.connect(w, CATALOG, "d", "c"), {"c"}, "Something new leads to it."),
    ("deleted", lambda w: edits.delete(w, CATALOG, ["b"]), {"c"}, "taken away"),
    ("healed", lambda w: edits.heal(w, CATALOG, ["b"]), {"c"}, "Something new leads to it."),
    ("off", lambda w: edits.set_disabled(w, ["b"], True), {"c"}, "“b” was switched off."),
    ("pin", lambda w: pin(w, {"b": {"of": "other"}}), {"b", "c"}, "Another result is pinned."),
    ("same pin", lambda w: pin(w, {"b": {"of": "b"}}), set(), ""),
    ("title", lambda w: edits.rename(w, "b", "New name"), set(), ""),
    ("notes", lambda w: edits.set_notes(w, "b", "why"), set(), ""),
    ("moved", lambda w: edits.move(w, {"b": (1.0, 2.0)}), set(), ""),
    ("retry", lambda w: edits.set_config(w, "b", retry={"max_attempts": 3}, timeout=5), set(), ""),
    ("breakpoint", lambda w: edits.set_config(w, "b", breakpoint=True), set(), ""),
]


@pytest.mark.parametrize(("edit", "marked", "why"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_that_an_edit_marks_what_follows_from_it(
    edit: Callable[[Workflow], Edit], marked: set[str], why: str
) -> None:
    before = drawing()
    changes = edit(before).changes
    after = apply(before, changes)
    found = stale(after, made(before))
    assert set(found) == marked
    if marked:
        assert why in found[min(marked)]
    assert stale(apply(after, inverse(before, changes)), made(before)) == {}


def test_that_an_inserted_node_marks_the_next_and_has_no_result_itself() -> None:
    node_type = CATALOG.get("table.filter")
    assert node_type is not None
    after, found = edited(lambda w: edits.insert_on_connection(w, CATALOG, "b>c", node_type, (0, 0))[0])
    assert set(found) == {"c"}
    assert len(after.nodes) == 5


def test_that_the_reason_names_the_step_that_began_it() -> None:
    _, found = edited(lambda w: edits.set_parameters(w, "a", {"x": 1}))
    assert found["c"] == "“a” before it is out of date."


def test_that_switching_on_marks_the_step_itself() -> None:
    before = apply(drawing(), edits.set_disabled(drawing(), ["b"], True).changes)
    after = apply(before, edits.set_disabled(before, ["b"], False).changes)
    assert stale(after, made(before))["b"] == "It was switched on."


def test_that_what_is_pinned_does_not_depend_on_what_comes_before() -> None:
    before = drawing()
    pinned = apply(before, pin(before, {"b": {"of": "b"}}).changes)
    after = apply(pinned, edits.set_parameters(pinned, "a", {"x": 1}).changes)
    assert set(stale(after, made(before))) == {"a", "d"}


def test_that_taking_a_pin_out_marks_the_step() -> None:
    before = apply(drawing(), pin(drawing(), {"b": {"of": "b"}}).changes)
    after = apply(before, unpin(before, ["b", "c"]).changes)
    found = stale(after, made(before))
    assert found["b"] == "Its result is not pinned any more."
    assert set(found) == {"b", "c"}
    assert not is_pinned(after.nodes["b"])
    assert pinned_output(after.nodes["b"]) is None


def test_that_a_step_that_gave_something_else_since_marks_the_next() -> None:
    now = drawing()
    results = made(now)
    results["b"] = replace(results["b"], run=2, changed=2)
    assert stale(now, results) == {"c": "“b” has given something else since."}
    results["b"] = replace(results["b"], changed=1)
    assert stale(now, results) == {}


def test_that_labels_say_what_was_pinned() -> None:
    before = drawing()
    assert pin(before, {"b": 1}).label == "Pin the result of b"
    assert pin(before, {"b": 1, "c": 2}).label == "Pin 2 results"
