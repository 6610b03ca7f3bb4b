"""Groups: a frame around nodes that follows them, moves them, has a title and a colour, and dissolves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from designer.canvas.rename import RenameField
from designer.canvas.view import CanvasView
from designer.editor import Editor
from engine.files import codec
from engine.model.groups import Group, groups
from tests.designer.canvas.conftest import Hand, small_workflow

Key = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
GROUP = Group(id="g", title="Clean", colour="human", nodes=("read", "keep"))
TITLE = (500.0, -34.0)


@pytest.fixture
def grouped(canvas: CanvasView, editor: Editor) -> Editor:
    editor.replace(replace(editor.workflow, layout_extra={"groups": [GROUP.to_json()]}))
    return editor


def field_of(canvas: CanvasView) -> RenameField:
    return next(one for one in canvas.viewport().findChildren(RenameField) if one.isVisible())


def test_that_the_selection_gets_a_frame_and_a_title(canvas: CanvasView, editor: Editor) -> None:
    canvas.select(["read", "keep"])
    QTest.keyClick(canvas, Key.Key_G, CONTROL)
    QTest.keyClicks(field_of(canvas), "Clean the orders")
    QTest.keyClick(field_of(canvas), Key.Key_Return)
    (group,) = groups(editor.workflow)
    assert (group.title, group.nodes) == ("Clean the orders", ("read", "keep"))
    canvas.grab()
    canvas.select(["keep"])
    QTest.keyClick(canvas, Key.Key_G, CONTROL | SHIFT)
    assert groups(editor.workflow) == ()
    assert editor.undo_stack.count() == 3
    editor.undo_stack.undo()
    assert groups(editor.workflow) == (group,)


def test_that_a_node_is_in_one_group_at_most(canvas: CanvasView, grouped: Editor) -> None:
    canvas.select(["keep", "write"])
    canvas.grouping.group()
    assert [group.nodes for group in groups(grouped.workflow)] == [("read",), ("keep", "write")]


def test_that_the_title_moves_its_nodes_in_one_step(canvas: CanvasView, grouped: Editor, hand: Hand) -> None:
    hand.click(TITLE)
    assert canvas.selected_nodes() == ["read", "keep"]
    hand.drag(TITLE, (TITLE[0], TITLE[1] - 64))
    places = grouped.workflow.layout
    assert (places["read"], places["keep"]) == ((352.0, -64.0), (704.0, -64.0))
    assert places["start"] == (0.0, 0.0)
    assert grouped.undo_stack.count() == 1


def test_that_the_frame_follows_its_nodes(canvas: CanvasView, grouped: Editor) -> None:
    scene = canvas.canvas_scene
    before = scene.frames.boxes(scene.xy)[0][1]
    canvas.commands.move(["keep"], [(1104.0, 400.0)])
    after = scene.frames.boxes(scene.xy)[0][1]
    assert after.left() == before.left()
    assert (after.right(), after.bottom()) == (before.right() + 400, before.bottom() + 400)
    canvas.select(["read", "keep"])
    canvas.delete_selection()
    assert scene.frames.all == []
    grouped.undo_stack.undo()
    assert groups(grouped.workflow) == (GROUP,)
    assert len(scene.frames.all) == 1


def test_that_f2_renames_and_the_menu_colours(canvas: CanvasView, grouped: Editor, hand: Hand) -> None:
    hand.click(TITLE)
    QTest.keyClick(canvas, Key.Key_F2)
    QTest.keyClicks(field_of(canvas), "Other")
    QTest.keyClick(field_of(canvas), Key.Key_Return)
    assert groups(grouped.workflow)[0].title == "Other"
    hand.press(TITLE, Qt.MouseButton.RightButton)
    menu = canvas.menus.current
    assert menu is not None
    named = {action.text().split("\t")[0]: action for action in menu.actions() if action.text()}
    assert list(named) == [
        "Fold into one card",
        "Rename group",
        "Colour",
        "Cut",
        "Copy",
        "Duplicate",
        "Put a group around it",
        "Ungroup, keep the nodes",
        "Delete with its nodes",
    ]
    colours = named["Colour"].menu()
    next(action for action in colours.actions() if action.text() == "Green").trigger()  # type: ignore[attr-defined]  # a QMenu
    assert groups(grouped.workflow)[0].colour == "output"
    named["Ungroup, keep the nodes"].trigger()
    assert groups(grouped.workflow) == ()
    menu.hide()


def test_that_the_file_keeps_groups_and_what_it_does_not_know() -> None:
    entries = [{**GROUP.to_json(), "nodes": ["read", "gone"], "shape": "round"}, 7, {"id": "x"}]
    workflow = replace(small_workflow(), layout_extra={"groups": entries})
    (found,) = groups(codec.decode(codec.encode(workflow)))
    assert (found.nodes, found.extra) == (("read",), {"shape": "round"})


def test_that_grouping_nothing_says_so(canvas: CanvasView, editor: Editor) -> None:
    told: list[str] = []
    canvas.message.connect(told.append)
    canvas.grouping.group()
    canvas.grouping.ungroup()
    assert told == ["Select some nodes to group them.", "Select a node of the group to dissolve."]
    assert editor.undo_stack.count() == 0
