"""Hovering, tips, wires in a box, and drags that reach the edge."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from designer.canvas.view import CanvasView
from designer.editor import Editor
from engine.model import edits
from engine.problem import Problem
from tests.designer.canvas.conftest import Hand

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
EMPTY = (300.0, 260.0)


def test_that_a_drag_to_the_edge_scrolls_and_the_card_follows(
    canvas: CanvasView, hand: Hand, editor: Editor, qtbot: QtBot
) -> None:
    canvas.set_zoom(1.0)
    before = canvas.camera.visible().right()
    start = hand.centre("keep")
    hand.press(start)
    edge = canvas.scene_point(QPointF(canvas.viewport().width() - 2, 300))
    hand.carry(start, (edge.x(), edge.y()))
    qtbot.waitUntil(lambda: canvas.camera.visible().right() > before + 60)
    placed = canvas.canvas_scene.xy[2, 0]
    assert placed > edge.x() - 120
    end = canvas.scene_point(QPointF(600, 300))
    hand.release((end.x(), end.y()))
    assert not canvas.pointing.edges.is_active
    assert abs(editor.workflow.layout["keep"][0] + 120 - end.x()) <= 16


def test_that_wires_are_boxed_when_no_card_is(canvas: CanvasView, hand: Hand) -> None:
    hand.drag((620.0, -20.0), (680.0, 60.0))
    assert canvas.selection.wires == ["read_to_keep"]
    hand.press((300.0, 200.0))
    hand.carry((300.0, 200.0), (900.0, 400.0))
    canvas.grab()
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.selection.wires == ["read_to_keep"]
    hand.release((900.0, 400.0))


def test_that_wires_are_added_and_toggled(canvas: CanvasView, hand: Hand) -> None:
    first, second = (296.0, 32.0), (648.0, 32.0)
    hand.click(first)
    hand.click(second, modifiers=SHIFT)
    assert canvas.selection.wires == ["start_to_read", "read_to_keep"]
    hand.click(first, modifiers=CONTROL)
    assert canvas.selection.wires == ["read_to_keep"]
    hand.move(first)
    assert canvas.layer.attention.hovered_wire == 0
    canvas.set_zoom(0.3)
    canvas.grab()
    canvas.set_zoom(0.1)
    canvas.grab()


def test_that_while_connecting_the_reason_is_shown_at_the_cursor(canvas: CanvasView, hand: Hand) -> None:
    start = hand.port("keep", "output")
    hand.press(start)
    hand.carry(start, EMPTY)
    plain = canvas.grab().toImage()
    hand.carry(EMPTY, hand.centre("read"))
    assert canvas.grab().toImage() != plain
    canvas.pointing.cancel()
    hand.release(EMPTY)


def test_that_tips_say_what_does_not_fit_on_a_card(canvas: CanvasView, hand: Hand, editor: Editor) -> None:
    editor.push(edits.set_condition(editor.workflow, "read_to_keep", condition="read.rows > 0"))
    problem = Problem(severity="error", code="x", message="No path is given")
    canvas.set_problems({"write": problem}, {"write": 2})
    said = "No path is given\nand 1 more problem"
    for at, words in ((hand.centre("write"), said), ((648.0, 32.0), "read.rows")):
        place = hand.place(*at)
        event = QHelpEvent(QEvent.Type.ToolTip, place, canvas.viewport().mapToGlobal(place))
        QApplication.sendEvent(canvas.viewport(), event)
        assert words in QToolTip.text()
    QToolTip.hideText()
