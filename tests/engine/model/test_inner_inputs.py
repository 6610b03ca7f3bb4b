"""What a step inside others lacks becomes an input of the workflow, handed in all the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from engine.catalog import Catalog
from engine.files import codec
from engine.model.changes import apply, inverse
from engine.model.embedded import workflow_at
from engine.model.inner_inputs import input_for_inside
from engine.model.workflow import Node, Workflow
from engine.validation import check
from tests.support.builders import make_workflow, node
from tests.support.compositions import body, each, sub

CATALOG = Catalog.load()


def drawn(inner: Mapping[str, Any], **inputs: Any) -> Workflow:
    """`inner` stands in a For each within a sub-workflow."""
    around = each("each", dict(inner), [1, 2], **inputs)
    return codec.decode(make_workflow([sub("part", body(around))]))


def made(workflow: Workflow, path: str, value: Any = 5) -> Workflow:
    edit = input_for_inside(workflow, ("part", "each"), path, value)
    assert edit is not None
    after = apply(workflow, edit.changes)
    assert apply(after, inverse(workflow, edit.changes)) == workflow
    return after


def handed(workflow: Workflow, *place: str) -> Any:
    return workflow_at(workflow, place[:-1]).nodes[place[-1]].parameters["inputs"]


def test_that_an_input_that_nobody_hands_in_comes_from_the_outermost() -> None:
    workflow = drawn(body(node("a", parameters={"x": "${input.limit}"})), inputs={"other": 1})
    after = made(workflow, "input.limit")
    assert after.input_properties["limit"] == {"title": "Limit", "type": "integer"}
    assert handed(after, "part") == {"limit": "${input.limit}"}
    assert handed(after, "part", "each") == {"other": 1, "limit": "${input.limit}"}
    inner = workflow_at(after, ("part", "each"))
    assert inner.input_properties["limit"]["type"] == "integer"
    assert not [problem for problem in check(after, CATALOG) if problem.code.startswith("reference")]


def test_that_what_a_step_inside_never_gives_is_taken_from_there_too() -> None:
    inner = body("rates", node("a", parameters={"x": "${rates.output.euro}"}), connections=["rates>a"])
    workflow = codec.decode(make_workflow([sub("part", body(each("each", inner, [1])))],
                                          inputs={"properties": {"euro": {"type": "string"}}}))  # fmt: skip
    after = made(workflow, "rates.euro", 1.5)
    assert handed(after, "part") == {"euro": "${input.euro_2}"}
    assert handed(after, "part", "each") == {"euro": "${input.euro}"}
    assert workflow_at(after, ("part", "each")).nodes["a"].parameters == {"x": "${input.euro}"}
    assert after.input_properties["euro_2"]["type"] == "number"


@pytest.mark.parametrize(
    ("path", "inputs"),
    [
        ("rates.euro", {}),  # which nobody uses
        ("item.price", {}),  # one item lacks it, not all
        ("input.limit", {"limit": "${gone?}"}),  # handed in already
        ("input.user.name", {}),  # a field of what is handed in as a whole
        ("input.limit", "${input.all}"),  # handed in together
    ],
)
def test_that_what_cannot_be_handed_in_is_not_offered(path: str, inputs: Any) -> None:
    step = node("a", parameters={"x": "${input.limit} ${item.price} ${input.user.name}"})
    workflow = drawn(body("rates", step, connections=["rates>a"]), inputs=inputs)
    assert input_for_inside(workflow, ("part", "each"), path, 1) is None


def test_that_a_place_without_a_workflow_of_its_own_is_left_alone() -> None:
    step = {"id": "part", "type": "flow.subworkflow", "config": {"workflow": {"file": "x.json"}}}
    workflow = codec.decode(make_workflow([step, node("plain")]))
    bad = Node(id="bad", type="flow.subworkflow", config={"workflow": 5})
    workflow = replace(workflow, nodes={**workflow.nodes, "bad": bad})
    for place in (("part",), ("bad",), ("plain",), ("nothing",)):
        assert input_for_inside(workflow, place, "input.limit", 1) is None


def test_that_in_the_outermost_workflow_it_is_taken_from_the_input_at_once() -> None:
    nodes = [node("rates"), node("a", parameters={"x": "${rates.euro}"})]
    workflow = codec.decode(make_workflow(nodes, ["rates>a"]))
    edit = input_for_inside(workflow, (), "rates.euro", 1)
    assert edit is not None
    assert apply(workflow, edit.changes).nodes["a"].parameters == {"x": "${input.euro}"}
