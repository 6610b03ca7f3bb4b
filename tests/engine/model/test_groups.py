"""Groups as data: one inside another, folded, dissolved, copied, and whatever a file may hold."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from engine.files import codec
from engine.model import Node, Workflow, apply, inverse
from engine.model.fragment import paste, take
from engine.model.groups import (
    Group,
    change_group,
    dissolve,
    fold,
    groups,
    make_group,
    members,
    unfold,
    ungroup,
    without,
)
from engine.model.json_value import Json

IDS = ("a", "b", "c", "d", "e")


def group(group_id: str, nodes: str = "", parent: str = "", **rest: object) -> Group:
    return Group(id=group_id, title=group_id, colour="code", nodes=tuple(nodes), parent=parent, **rest)  # type: ignore[arg-type]


def workflow(*these: Group) -> Workflow:
    return Workflow(
        id="w",
        nodes={node_id: Node(id=node_id, type="t") for node_id in IDS},
        layout=dict.fromkeys(IDS, (0.0, 0.0)),
        layout_extra={"groups": [each.to_json() for each in these]},
    )


def shape(found: Workflow) -> dict[str, tuple[str, str]]:
    return {each.id: ("".join(each.nodes), each.parent) for each in groups(found)}


def after(found: Workflow, edit: object) -> Workflow:
    changes = edit.changes  # type: ignore[attr-defined]
    done = apply(found, changes)
    assert apply(done, inverse(found, changes)) == found
    return done


def test_that_the_file_keeps_nesting_and_folding() -> None:
    there = (group("out", "a"), group("in", "bc", "out", folded=True, comments=("note",)))
    read = codec.decode(codec.encode(workflow(*there)))
    assert groups(read) == there
    assert members(there) == {"out": ["a", "b", "c"], "in": ["b", "c"]}


def test_that_circles_and_strange_parents_are_cut() -> None:
    found = shape(
        workflow(group("x", "a", "y"), group("y", "b", "x"), group("z", "c", "gone"), group("s", "d", "s"))
    )
    assert [parent for _, parent in found.values()].count("") >= 3
    assert {nodes for nodes, _ in found.values()} == {"a", "b", "c", "d"}


def test_that_a_node_is_in_the_first_group_that_names_it() -> None:
    assert shape(workflow(group("x", "ab"), group("y", "bc"))) == {"x": ("ab", ""), "y": ("c", "")}


def test_that_a_frame_without_nodes_stays_for_the_groups_in_it() -> None:
    assert shape(workflow(group("out"), group("in", "a", "out"), group("bare"))) == {
        "out": ("", ""),
        "in": ("a", "out"),
    }


def test_that_a_whole_group_goes_into_a_new_one() -> None:
    done = after(workflow(group("x", "ab")), make_group(workflow(group("x", "ab")), "abc"))
    assert shape(done) == {"x": ("ab", "group_2"), "group_2": ("c", "")}


def test_that_some_nodes_of_a_group_get_a_group_inside_it() -> None:
    start = workflow(group("x", "abc"))
    assert shape(after(start, make_group(start, "bc"))) == {"x": ("a", ""), "group_2": ("bc", "x")}


def test_that_nodes_of_two_groups_leave_both() -> None:
    start = workflow(group("x", "ab"), group("y", "cd"))
    assert shape(after(start, make_group(start, "bc"))) == {
        "x": ("a", ""),
        "y": ("d", ""),
        "group_3": ("bc", ""),
    }
    inside = workflow(group("out", "e"), group("x", "ab", "out"), group("y", "c", "out"))
    assert shape(after(inside, make_group(inside, "bc")))["group_4"] == ("b", "out")


def test_that_dissolving_leaves_things_in_the_group_around() -> None:
    start = workflow(group("out", "a"), group("mid", "b", "out"), group("in", "c", "mid"))
    assert shape(after(start, dissolve(start, ["mid"]))) == {"out": ("ab", ""), "in": ("c", "out")}
    assert shape(after(start, dissolve(start, ["out", "mid"]))) == {"in": ("c", "")}
    assert dissolve(start, ["none"]).changes == ()


def test_that_ungrouping_takes_what_is_selected_whole_else_the_innermost() -> None:
    start = workflow(group("out", "a"), group("in", "bc", "out"))
    assert shape(after(start, ungroup(start, "abc"))) == {"in": ("bc", "")}
    assert shape(after(start, ungroup(start, "b"))) == {"out": ("abc", "")}
    assert ungroup(start, "e").changes == ()


def test_that_folding_names_what_is_folded_away_and_unfolding_forgets_it() -> None:
    start = workflow(group("x", "ab"))
    folded = after(start, fold(start, {"x": ["note"]}))
    assert (groups(folded)[0].folded, groups(folded)[0].comments) == (True, ("note",))
    assert groups(after(folded, unfold(folded, ["x"]))) == groups(start)


def test_that_deleted_nodes_leave_their_groups_for_good() -> None:
    start = workflow(group("out", "a"), group("in", "b", "out"))
    gone = without(start, "ab")
    assert shape(apply(start, gone.changes)) == {}
    assert shape(apply(start, without(start, "b").changes)) == {"out": ("a", "")}
    assert without(start, "e").changes == ()


def test_that_copies_of_groups_hold_the_copies_of_their_nodes() -> None:
    start = workflow(group("out", "a", folded=True), group("in", "b", "out"), group("half", "cd"))
    edit, added = paste(start, take(start, "abc"), (0.0, 0.0))
    assert added == ["a_2", "b_2", "c_2"]
    found = {each.id: each for each in groups(after(start, edit))}
    assert found["out_2"].nodes == ("a_2",)
    assert (found["in_2"].nodes, found["in_2"].parent) == (("b_2",), "out_2")
    assert found["out_2"].folded
    assert set(found) == {"out", "in", "half", "out_2", "in_2"}


def test_that_title_and_colour_change_alone() -> None:
    start = workflow(group("out", "a", folded=True), group("in", "b", "out"))
    done = after(start, change_group(start, "in", title="T", colour="human"))
    assert groups(done)[1] == replace(groups(start)[1], title="T", colour="human")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(("x", "y", *IDS)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("id", "title", "nodes", "parent", "folded", "comments", "z")), inner, max_size=5
        )
    ),
    max_leaves=12,
)


@given(st.lists(ANYTHING, max_size=4), st.sets(st.sampled_from(IDS)))
def test_that_no_file_and_no_edit_breaks_the_rules(entries: list[Json], chosen: set[str]) -> None:
    found = replace(workflow(), layout_extra={"groups": entries})
    for start in (found, apply(found, make_group(found, chosen).changes)):
        known = {each.id: each for each in groups(start)}
        nodes = [node_id for each in known.values() for node_id in each.nodes]
        assert len(nodes) == len(set(nodes))
        assert all(each.parent in known or not each.parent for each in known.values())
        inner = members(tuple(known.values()))
        assert all(inner.values())
        for each in known.values():
            seen, at = set(), each.parent
            while at:
                assert at not in seen
                seen.add(at)
                at = known[at].parent
