"""Unfolding a group makes its neighbours go out of the way; folding it brings them back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRectF, Qt
from PySide6.QtTest import QTest

from designer.canvas.making_room import pushed
from designer.canvas.unfolding import folding, unfolding
from designer.canvas.view import CanvasView
from designer.editor import Editor
from engine.model import Connection, Node, Workflow, apply
from engine.model.comments import Comment, comments
from engine.model.groups import Group, fold, groups
from tests.designer.canvas.conftest import Hand

CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
NOTE = Comment(id="note", text="Beside it", x=840.0, y=128.0, width=160.0, height=48.0)


@pytest.fixture
def shut(canvas: CanvasView, editor: Editor) -> Editor:
    """start -> [read -> keep] -> write, the group folded and its neighbours close to the card."""
    wires = {**editor.workflow.connections, "on": Connection(id="on", source="keep", target="write")}
    group = Group(id="g", title="Clean", colour="human", nodes=("read", "keep"), folded=True)
    layout = {"start": (176.0, 0.0), "read": (352.0, 0.0), "keep": (704.0, 0.0), "write": (880.0, 192.0)}
    entries = {"groups": [group.to_json()], "comments": [NOTE.to_json()]}
    editor.replace(replace(editor.workflow, connections=wires, layout=layout, layout_extra=entries))
    canvas.frame_all()
    return editor


def frame(canvas: CanvasView, group_id: str = "g") -> QRectF:
    scene = canvas.canvas_scene
    found = scene.frames.of(group_id)
    assert found is not None
    return scene.frames.box(found, scene.xy)


def open_by_double_click(canvas: CanvasView, hand: Hand) -> None:
    middle = frame(canvas).center()
    hand.double_click((middle.x(), middle.y()))


def test_that_neighbours_make_room_in_one_step_of_undo(canvas: CanvasView, shut: Editor, hand: Hand) -> None:
    before = shut.workflow
    open_by_double_click(canvas, hand)
    scene, box = canvas.canvas_scene, frame(canvas)
    assert not groups(shut.workflow)[0].folded
    for node_id in ("start", "write"):
        assert not box.intersects(scene.card(scene.row_of[node_id]))
    assert scene.card(scene.row_of["start"]).right() < box.left()
    assert scene.card(scene.row_of["write"]).left() > box.right()  # it follows, and so stays to the right
    assert not box.intersects(QRectF(comments(shut.workflow)[0].x, comments(shut.workflow)[0].y, 160.0, 48.0))
    assert shut.workflow.layout["read"] == before.layout["read"]
    assert shut.undo_stack.count() == 1
    shut.undo_stack.undo()
    assert shut.workflow == before


def test_that_folding_gives_the_room_back(canvas: CanvasView, shut: Editor, hand: Hand) -> None:
    before = shut.workflow
    open_by_double_click(canvas, hand)
    box = frame(canvas)
    hand.double_click((box.left() + 60, box.top() + 14))
    assert shut.workflow.layout == before.layout
    assert comments(shut.workflow) == (NOTE,)
    assert groups(shut.workflow) == groups(before)
    assert shut.undo_stack.count() == 2


def test_that_what_was_moved_meanwhile_stays(canvas: CanvasView, shut: Editor, hand: Hand) -> None:
    open_by_double_click(canvas, hand)
    canvas.select(["write"])
    QTest.keyClick(canvas, Qt.Key.Key_Down, CONTROL)
    lies = dict(shut.workflow.layout)
    canvas.select(["keep"])
    QTest.keyClick(canvas, Qt.Key.Key_G, CONTROL | ALT)
    assert groups(shut.workflow)[0].folded
    assert dict(shut.workflow.layout) == lies


def test_that_nobody_comes_back_onto_another_card(canvas: CanvasView, shut: Editor, hand: Hand) -> None:
    open_by_double_click(canvas, hand)
    canvas.commands.add("table.sort", canvas.scene_point(canvas.viewport().rect().center().toPointF()))
    canvas.commands.move(["sort"], [(880.0, 208.0)])
    lies = dict(shut.workflow.layout)
    canvas.select(["keep"])
    QTest.keyClick(canvas, Qt.Key.Key_G, CONTROL | ALT)
    assert dict(shut.workflow.layout) == lies


def test_that_a_group_around_it_pushes_on(canvas: CanvasView, shut: Editor) -> None:
    outer = Group(id="outer", title="All", colour="input", nodes=("start",))
    inner = replace(groups(shut.workflow)[0], parent="outer")
    nodes = {**shut.workflow.nodes, "aside": Node(id="aside", type="table.sort", title="Aside")}
    layout = {**shut.workflow.layout, "start": (192.0, 112.0), "aside": (832.0, 0.0)}
    entries = {"groups": [outer.to_json(), inner.to_json()]}
    shut.replace(replace(shut.workflow, nodes=nodes, layout=layout, layout_extra=entries))
    canvas.grouping.unfold_all()
    scene = canvas.canvas_scene
    assert not frame(canvas, "outer").intersects(scene.card(scene.row_of["aside"]))
    assert not frame(canvas, "g").intersects(scene.card(scene.row_of["start"]))
    canvas.grouping.fold_all()
    assert shut.workflow.layout == layout


def test_that_neighbours_glide_unless_motion_is_reduced(canvas: CanvasView, shut: Editor, hand: Hand) -> None:
    canvas.settings.reduce_motion = False
    open_by_double_click(canvas, hand)
    row = canvas.canvas_scene.row_of["write"]
    goal = shut.workflow.layout["write"]
    assert goal[0] > 880.0
    assert tuple(canvas.canvas_scene.xy[row]) != goal
    canvas.arrange.finish()
    assert tuple(canvas.canvas_scene.xy[row]) == goal


# -- the arithmetic --------------------------------------------------------------------------

CARD, OPEN = (0.0, 0.0, 240.0, 64.0), (-200.0, -80.0, 440.0, 144.0)


def pushed_alone(*bodies: tuple[float, float, float, float], follows: bool = False) -> list[list[float]]:
    count = len(bodies)
    linked = np.full(count, follows)
    return pushed(
        np.array(bodies).reshape(-1, 4), CARD, OPEN, follows=linked, leads=np.zeros(count, bool)
    ).tolist()


def test_that_each_goes_to_its_own_side_and_far_ones_stay() -> None:
    right, left = (352.0, 0.0, 592.0, 64.0), (-352.0, 0.0, -112.0, 64.0)
    below, above = (0.0, 112.0, 240.0, 176.0), (0.0, -112.0, 240.0, -48.0)
    far = (0.0, 400.0, 240.0, 464.0)
    ways = pushed_alone(right, left, below, above, far)
    assert ways == [[208.0, 0.0], [-208.0, 0.0], [0.0, 80.0], [0.0, -80.0], [0.0, 0.0]]


def test_that_a_row_keeps_its_distances() -> None:
    row = [(352.0 * n, 0.0, 352.0 * n + 240.0, 64.0) for n in (1, 2, 3)]
    assert pushed_alone(*row) == [[208.0, 0.0]] * 3


def test_that_what_follows_stays_to_the_right_though_it_lies_below() -> None:
    aside = (352.0, 400.0, 592.0, 464.0)
    assert pushed_alone(aside) == [[0.0, 0.0]]
    assert pushed_alone(aside, follows=True) == [[208.0, 0.0]]


places = st.tuples(st.integers(-40, 40), st.integers(-40, 40))


@given(st.lists(places, max_size=25), st.lists(st.booleans(), min_size=25, max_size=25))
def test_that_nothing_lies_in_the_box_afterwards(corners: list[tuple[int, int]], chosen: list[bool]) -> None:
    bodies = np.array(
        [(x * 16.0, y * 16.0, x * 16.0 + 240, y * 16.0 + 64) for x, y in corners], np.float64
    ).reshape(-1, 4)
    follows = np.array(chosen[: len(corners)], bool)
    ways = pushed(bodies, CARD, OPEN, follows=follows, leads=~follows)
    after = bodies + np.concatenate((ways, ways), axis=1)
    inside = (after[:, :2] < OPEN[2:]).all(axis=1) & (after[:, 2:] > OPEN[:2]).all(axis=1)
    assert not inside.any()
    assert not (ways % 16).any()


@given(st.lists(places, min_size=3, max_size=12, unique=True))
def test_that_unfolding_and_folding_is_the_identity(corners: list[tuple[int, int]]) -> None:
    nodes = {f"n{n}": Node(id=f"n{n}", type="table.sort", title="") for n in range(len(corners))}
    layout = {f"n{n}": (x * 320.0, y * 112.0) for n, (x, y) in enumerate(corners)}
    group = Group(id="g", title="G", colour="code", nodes=("n0", "n1"))
    start = Workflow(id="w", name="W", nodes=nodes, layout=layout, layout_extra={"groups": [group.to_json()]})
    start = apply(start, fold(start, {"g": ()}).changes)
    opened = apply(start, unfolding(start, ["g"]).changes)
    again = apply(opened, folding(opened, {"g": ()}).changes)
    if again.layout != start.layout:  # only where something lay on another's place before
        xy = np.array(list(layout.values()))
        card = np.round((xy[:2].min(axis=0) + xy[:2].max(axis=0)) / 2)
        assert (np.abs(xy[2:] - card) < (240.0, 64.0)).all(axis=1).any()
    reopened = apply(again, unfolding(again, ["g"]).changes)
    assert reopened.layout == opened.layout
