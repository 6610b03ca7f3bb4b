"""Guides: what is moved lines up with its neighbours; Ctrl and a setting switch that off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from designer.canvas.carry import Carry
from designer.canvas.guides import Guides, Line
from designer.canvas.tools.move import CarryTool
from designer.canvas.tools.place import NODE_TYPE_MIME
from designer.canvas.view import CanvasView
from designer.editor import Editor
from designer.settings import Settings
from engine.model.bends import bends, set_bends
from engine.model.changes import apply
from engine.model.comments import Comment, comments
from tests.designer.canvas.conftest import Hand

CONTROL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton
NOTE = Comment(id="note", text="Text", x=3.0, y=300.0, width=301.0, height=77.0)


def lines(canvas: CanvasView) -> list[Line]:
    tool = canvas.pointing.tool
    assert isinstance(tool, CarryTool)
    assert isinstance(tool._carry, Carry)
    return tool._carry.guides.lines


@pytest.fixture
def noted(canvas: CanvasView, editor: Editor) -> Editor:
    """A comment lies off the grid, so that a guide and the grid are told apart."""
    editor.replace(replace(editor.workflow, layout_extra={"comments": [NOTE.to_json()]}))
    canvas.camera.zoom_at(1.0)
    canvas.camera.look_at(canvas.canvas_scene.bounds().center())
    return editor


def test_that_a_node_snaps_to_the_edge_of_a_neighbour_and_a_line_shows_it(
    canvas: CanvasView, noted: Editor, hand: Hand
) -> None:
    start = hand.centre("start")
    hand.press(start)
    hand.carry(start, (start[0] + 7, start[1] + 122), LEFT)
    assert canvas.canvas_scene.xy[0].tolist() == [3.0, 128.0]
    shown = lines(canvas)
    assert Line(3.0, 128.0, 3.0, 377.0) in shown
    canvas.grab()
    hand.release((start[0] + 7, start[1] + 122))
    assert noted.workflow.layout["start"] == (3.0, 128.0)
    assert noted.undo_stack.count() == 1


def test_that_ctrl_lets_it_go_anywhere(canvas: CanvasView, noted: Editor, hand: Hand) -> None:
    canvas.select(["start"])
    start = hand.centre("start")
    hand.drag(start, (start[0] + 7, start[1] + 122), modifiers=CONTROL)
    assert noted.workflow.layout["start"] == (7.0, 122.0)
    assert canvas.selected_nodes() == ["start"]


def test_that_the_setting_switches_guides_off(
    canvas: CanvasView, noted: Editor, hand: Hand, settings: Settings
) -> None:
    settings.snap_to_guides = False
    start = hand.centre("start")
    hand.press(start)
    hand.carry(start, (start[0] + 7, start[1] + 122), LEFT)
    assert canvas.canvas_scene.xy[0].tolist() == [0.0, 128.0]
    assert lines(canvas) == []
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.canvas_scene.xy[0].tolist() == [0.0, 0.0]


def test_that_comments_snap_too(canvas: CanvasView, noted: Editor, hand: Hand) -> None:
    start = (150.0, 340.0)
    hand.drag(start, (start[0] - 2, start[1]))
    assert comments(noted.workflow)[0] == NOTE  # too little to be a drag
    hand.drag(start, (start[0] + 346, start[1]))
    assert comments(noted.workflow)[0].x == 352.0


def test_that_a_bend_snaps_to_the_level_of_a_port(canvas: CanvasView, editor: Editor, hand: Hand) -> None:
    moved = apply(
        editor.workflow, set_bends(editor.workflow, {"start_to_read": [(296.0, 160.0)]}, "").changes
    )
    editor.replace(replace(moved, layout={**moved.layout, "read": (352.0, 5.0), "start": (0.0, 5.0)}))
    canvas.camera.zoom_at(1.0)
    canvas.camera.look_at(canvas.canvas_scene.bounds().center())
    hand.drag((296.0, 160.0), (296.0, 40.0))
    assert bends(editor.workflow.connections["start_to_read"]) == ((296.0, 37.0),)


def drag_type(canvas: CanvasView, at: QPoint, modifiers: Qt.KeyboardModifier, *, drop: bool = False) -> None:
    """A node type dragged in from the palette, over this place of the viewport."""
    mime = QMimeData()
    mime.setData(NODE_TYPE_MIME, b"table.sort")
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    for kind in (QDragEnterEvent, QDragMoveEvent):
        QApplication.sendEvent(canvas.viewport(), kind(at, copy, mime, left, modifiers))
    if drop:
        QApplication.sendEvent(canvas.viewport(), QDropEvent(QPointF(at), copy, mime, left, modifiers))


def test_that_a_node_from_the_palette_snaps_to_guides_and_shows_them(
    canvas: CanvasView, noted: Editor, hand: Hand
) -> None:
    at = hand.place(3.0 + 120 + 2, 160.0 + 32)
    drag_type(canvas, at, Qt.KeyboardModifier.NoModifier)
    place = canvas.pointing.drops.place
    assert place is not None
    assert Line(3.0, 160.0, 3.0, 377.0) in place.guides.lines
    drag_type(canvas, at, Qt.KeyboardModifier.NoModifier, drop=True)
    assert noted.workflow.layout["sort"] == (3.0, 160.0)
    assert noted.undo_stack.count() == 1
    assert canvas.pointing.drops.place is None


def test_that_ctrl_drops_a_node_from_the_palette_anywhere(
    canvas: CanvasView, noted: Editor, hand: Hand
) -> None:
    drag_type(canvas, hand.place(3.0 + 120 + 2, 171.0 + 32), CONTROL, drop=True)
    assert noted.workflow.layout["sort"] == (5.0, 171.0)


# -- the arithmetic --------------------------------------------------------------------------

ROW = np.array([[0.0, 0.0, 100.0, 50.0], [150.0, 0.0, 250.0, 50.0]])


def test_that_edges_and_middles_pull_within_reach_only() -> None:
    guides = Guides(ROW[:1])
    assert guides.pull((4.0, 300.0, 104.0, 350.0), 1.0) == (-4.0, None)
    assert guides.pull((20.0, 300.0, 86.0, 350.0), 1.0) == (-3.0, None)  # the middles
    assert guides.pull((7.0, 300.0, 120.0, 350.0), 1.0)[0] is None
    assert guides.pull((9.0, 300.0, 109.0, 350.0), 0.5)[0] == -9.0  # six pixels of the screen
    assert Guides().pull((0.0, 0.0, 1.0, 1.0), 1.0) == (None, None)


def test_that_equal_distances_pull_and_are_marked() -> None:
    guides = Guides(ROW)
    across, along = guides.pull((303.0, 3.0, 403.0, 53.0), 1.0)
    assert (across, along) == (-3.0, -3.0)
    marks = [line for line in guides.lines((300.0, 0.0, 400.0, 50.0)) if line.gap]
    assert marks == [Line(100.0, 25.0, 150.0, 25.0, True), Line(250.0, 25.0, 300.0, 25.0, True)]
    apart = Guides(np.array([[0.0, 0.0, 100.0, 50.0], [400.0, 0.0, 500.0, 50.0]]))
    assert apart.pull((203.0, 10.0, 303.0, 90.0), 1.0)[0] == -3.0  # in the middle between the two


def test_that_a_line_reaches_the_nearest_of_what_it_meets() -> None:
    column = np.array([[0.0, 0.0, 100.0, 50.0], [0.0, 900.0, 100.0, 950.0]])
    shown = Guides(column).lines((0.0, 100.0, 100.0, 150.0))
    assert Line(0.0, 0.0, 0.0, 150.0) in shown
    assert not [line for line in shown if max(line.y0, line.y1) > 150.0]


def test_that_thousands_of_neighbours_are_scanned_at_once() -> None:
    many = np.random.default_rng(1).uniform(0, 1e5, (10_000, 2))
    guides = Guides(np.concatenate((many, many + np.array((240.0, 64.0))), axis=1))
    x, y = many[77].tolist()
    across, along = guides.pull((x + 0.25, y + 0.25, x + 240.25, y + 64.25), 1.0)
    assert across is not None
    assert along is not None
    assert max(abs(across), abs(along)) <= 0.25
