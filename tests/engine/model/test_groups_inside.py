"""Groups and bends when steps become a sub-workflow, and when one is taken apart."""

from __future__ import annotations

from dataclasses import replace

from engine.catalog import Catalog
from engine.model import Workflow, apply, embedded, inverse
from engine.model.bends import bends, set_bends
from engine.model.extraction import extract
from engine.model.groups import Group, groups
from engine.model.inlining import inline
from tests.engine.model.test_subworkflows import chain

CATALOG = Catalog.load()


def group(group_id: str, *nodes: str, parent: str = "", folded: bool = False) -> Group:
    return Group(id=group_id, title=group_id, colour="code", nodes=nodes, parent=parent, folded=folded)


def drawn(*these: Group) -> Workflow:
    layout = {node_id: (row * 400.0, 0.0) for row, node_id in enumerate(chain().nodes)}
    return replace(chain(), layout=layout, layout_extra={"groups": [each.to_json() for each in these]})


def shape(workflow: Workflow) -> dict[str, tuple[tuple[str, ...], str]]:
    return {each.id: (each.nodes, each.parent) for each in groups(workflow)}


def made(workflow: Workflow, *node_ids: str) -> tuple[Workflow, str]:
    edit, node_id = extract(workflow, node_ids, CATALOG, title="Part")
    after = apply(workflow, edit.changes)
    assert apply(after, inverse(workflow, edit.changes)) == workflow
    return after, node_id


def inside(workflow: Workflow, node_id: str) -> Workflow:
    found = embedded.get(workflow.nodes[node_id])
    assert found is not None
    return found


def apart(workflow: Workflow, node_id: str) -> Workflow:
    edit = inline(workflow, node_id, CATALOG)
    after = apply(workflow, edit.changes)
    assert apply(after, inverse(workflow, edit.changes)) == workflow
    return after


def test_that_whole_groups_go_inside_and_come_out_again() -> None:
    start = drawn(group("out", "read"), group("in", "clean", "rate", parent="out", folded=True))
    after, node_id = made(start, "clean", "rate")
    assert shape(inside(after, node_id)) == {"in": (("clean", "rate"), "")}
    assert groups(inside(after, node_id))[0].folded
    assert shape(after) == {"out": (("read", node_id), "")}
    assert shape(apart(after, node_id)) == {"out": (("read",), ""), "in": (("clean", "rate"), "out")}


def test_that_the_new_node_is_in_the_group_of_the_steps() -> None:
    start = drawn(group("one", "read", "clean", "rate"))
    after, node_id = made(start, "clean", "rate")
    assert shape(after) == {"one": (("read", node_id), "")}
    assert shape(inside(after, node_id)) == {}
    assert shape(apart(after, node_id)) == {"one": (("read", "clean", "rate"), "")}


def test_that_steps_of_two_groups_leave_both() -> None:
    start = drawn(group("one", "read", "clean"), group("two", "rate", "tell"))
    after, _ = made(start, "clean", "rate")
    assert shape(after) == {"one": (("read",), ""), "two": (("tell",), "")}


def test_that_bends_lie_where_their_steps_lie() -> None:
    start = drawn()
    wire = next(c.id for c in start.connections.values() if (c.source, c.target) == ("clean", "rate"))
    start = apply(start, set_bends(start, {wire: [(1000.0, 96.0)]}, "").changes)
    after, node_id = made(start, "clean", "rate")
    (within,) = inside(after, node_id).connections.values()
    assert bends(within) == ((1000.0, 96.0),)
    out = apart(after, node_id)
    (led,) = (c for c in out.connections.values() if (c.source, c.target) == ("clean", "rate"))
    way = out.layout["clean"][0] - start.layout["clean"][0], out.layout["clean"][1] - start.layout["clean"][1]
    assert bends(led) == ((1000.0 + way[0], 96.0 + way[1]),)
