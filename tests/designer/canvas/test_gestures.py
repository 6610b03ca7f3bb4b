"""Every gesture of the table, with real mouse events; each is one step of undo."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QImage,
    QNativeGestureEvent,
    QPointingDevice,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from designer.canvas.painter import decor
from designer.canvas.tools.place import NODE_TYPE_MIME
from designer.canvas.view import CanvasView
from designer.editor import Editor
from designer.settings import Settings
from tests.designer.canvas.conftest import Hand

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
NONE = Qt.KeyboardModifier.NoModifier
EMPTY = (300.0, 260.0)


def pairs(editor: Editor) -> set[tuple[str, str]]:
    return {(c.source, c.target) for c in editor.workflow.connections.values()}


# -- selecting


def test_that_a_click_selects_a_card_and_a_click_on_empty_canvas_lets_go(
    canvas: CanvasView, hand: Hand, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(canvas.selection_changed) as told:
        hand.click(hand.centre("read"))
    assert told.args == [["read"], []]
    hand.click(EMPTY)
    assert canvas.selected_nodes() == []


def test_that_shift_adds_and_control_toggles(canvas: CanvasView, hand: Hand) -> None:
    hand.click(hand.centre("read"))
    hand.click(hand.centre("keep"), modifiers=SHIFT)
    assert canvas.selected_nodes() == ["read", "keep"]
    hand.click(hand.centre("read"), modifiers=CONTROL)
    assert canvas.selected_nodes() == ["keep"]


def test_that_a_box_selects_what_it_touches(canvas: CanvasView, hand: Hand) -> None:
    hand.drag((660.0, -40.0), (980.0, 290.0))
    assert canvas.selected_nodes() == ["keep", "write"]
    hand.drag((330.0, -40.0), (420.0, 100.0), modifiers=SHIFT)
    assert canvas.selected_nodes() == ["keep", "write", "read"]
    hand.drag((660.0, -40.0), (980.0, 100.0), modifiers=CONTROL)
    assert canvas.selected_nodes() == ["write", "read"]


def test_that_a_wire_can_be_selected(canvas: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    with qtbot.waitSignal(canvas.selection_changed) as told:
        hand.click((645.0, 34.0))
    assert told.args == [[], ["read_to_keep"]]


# -- moving


def test_that_a_dragged_card_snaps_and_is_one_step_of_undo(
    canvas: CanvasView, hand: Hand, editor: Editor
) -> None:
    x, y = hand.centre("write")
    hand.drag((x, y), (x + 53, y + 70))
    assert editor.workflow.layout["write"] == (752.0, 256.0)
    assert editor.undo_stack.count() == 1
    editor.undo_stack.undo()
    assert editor.workflow.layout["write"] == (704.0, 192.0)
    assert canvas.canvas_scene.xy[3].tolist() == [704.0, 192.0]


def test_that_selected_cards_move_together(canvas: CanvasView, hand: Hand, editor: Editor) -> None:
    canvas.select(["keep", "write"])
    x, y = hand.centre("write")
    hand.drag((x, y), (x + 32, y - 16))
    assert editor.workflow.layout["keep"] == (736.0, -16.0)
    assert editor.workflow.layout["write"] == (736.0, 176.0)


def test_that_the_document_does_not_change_before_the_release(
    canvas: CanvasView, hand: Hand, editor: Editor
) -> None:
    x, y = hand.centre("write")
    hand.press((x, y))
    hand.carry((x, y), (x + 64, y))
    assert canvas.canvas_scene.xy[3].tolist() == [768.0, 192.0]
    assert editor.workflow.layout["write"] == (704.0, 192.0)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    hand.release((x + 64, y))
    assert canvas.canvas_scene.xy[3].tolist() == [704.0, 192.0]
    assert editor.undo_stack.count() == 0


# -- connecting


def test_that_a_wire_is_drawn_from_output_to_card_and_hands_on_the_table(hand: Hand, editor: Editor) -> None:
    hand.drag(hand.port("keep", "output"), hand.centre("write"))
    assert ("keep", "write") in pairs(editor)
    assert editor.workflow.nodes["write"].parameters["table"] == "${keep.table}"
    editor.undo_stack.undo()
    assert ("keep", "write") not in pairs(editor)


def test_that_a_wire_is_drawn_from_input_to_card(hand: Hand, editor: Editor) -> None:
    hand.drag(hand.port("write", "input"), hand.centre("keep"))
    assert ("keep", "write") in pairs(editor)


def test_that_click_and_click_connects(hand: Hand, editor: Editor) -> None:
    start = hand.port("keep", "output")
    hand.click(start)
    hand.move(hand.centre("write"))
    hand.click(hand.centre("write"))
    assert ("keep", "write") in pairs(editor)


def test_that_a_refused_target_says_why(canvas: CanvasView, hand: Hand, editor: Editor, qtbot: QtBot) -> None:
    with qtbot.waitSignal(canvas.message) as told:
        hand.drag(hand.port("keep", "output"), hand.centre("read"))
    assert "circle" in told.args[0]
    with qtbot.waitSignal(canvas.message) as told:
        hand.drag(hand.port("keep", "output"), hand.centre("start"))
    assert "starts the workflow" in told.args[0]
    assert editor.undo_stack.count() == 0


def test_that_the_end_of_a_wire_can_be_dragged_off(hand: Hand, editor: Editor) -> None:
    hand.drag(hand.port("keep", "input"), EMPTY)
    assert pairs(editor) == {("start", "read")}
    editor.undo_stack.undo()
    assert ("read", "keep") in pairs(editor)


def test_that_the_end_of_a_wire_can_be_put_on_another_card(hand: Hand, editor: Editor) -> None:
    hand.drag(hand.port("keep", "input"), hand.centre("write"))
    assert pairs(editor) == {("start", "read"), ("read", "write")}
    assert editor.undo_stack.count() == 1


def test_that_an_error_wire_leaves_by_the_bottom_edge(canvas: CanvasView, hand: Hand, editor: Editor) -> None:
    hand.click(hand.centre("read"))
    hand.drag(hand.port("read", "error"), hand.centre("write"))
    drawn = next(c for c in editor.workflow.connections.values() if c.target == "write")
    assert (drawn.source, drawn.on) == ("read", "error")
    assert canvas.canvas_scene.wires.down.tolist() == [False, False, True]


def test_that_alt_click_on_a_port_disconnects_it(hand: Hand, editor: Editor) -> None:
    hand.click(hand.port("keep", "input"), modifiers=Qt.KeyboardModifier.AltModifier)
    assert pairs(editor) == {("start", "read")}


def test_that_escape_cancels_a_wire(canvas: CanvasView, hand: Hand, editor: Editor) -> None:
    start = hand.port("keep", "output")
    hand.press(start)
    hand.carry(start, hand.centre("write"))
    canvas.grab()
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    hand.release(hand.centre("write"))
    assert editor.undo_stack.count() == 0


def test_that_a_wire_released_on_empty_canvas_offers_types_and_connects(
    canvas: CanvasView, hand: Hand, editor: Editor
) -> None:
    hand.drag(hand.port("keep", "output"), (1000.0, 120.0))
    popup = canvas.quick_add
    assert popup.isVisible()
    titles = [popup.list.item(row).text() for row in range(popup.list.count())]
    assert "Manual start" not in titles
    assert titles[0] == "Group & summarise"  # what usually follows a filter comes first
    QTest.keyClicks(popup.field, "sort")
    QTest.keyClick(popup.field, Qt.Key.Key_Return)
    assert not popup.isVisible()
    added = canvas.selected_nodes()
    assert editor.workflow.nodes[added[0]].type == "table.sort"
    assert ("keep", added[0]) in pairs(editor)
    assert editor.undo_stack.count() == 1


# -- adding


def test_that_no_plus_is_in_the_way_of_a_wire_in_the_making(canvas: CanvasView, hand: Hand) -> None:
    def at_the_plus() -> QImage:
        scene = canvas.canvas_scene
        box = decor.plus_box(scene, scene.row_of["write"])
        return canvas.grab(canvas.mapFromScene(box).boundingRect()).toImage()

    bare = at_the_plus()
    canvas.select(["write"])
    offered = at_the_plus()
    assert offered != bare
    port = hand.port("write", "output")
    hand.press(port)
    hand.carry(port, (port[0] - 60, port[1] + 200), Qt.MouseButton.LeftButton)
    assert at_the_plus() == bare
    hand.release((port[0] - 60, port[1] + 200))
    assert canvas.quick_add.isVisible()
    assert at_the_plus() == bare
    QTest.keyClick(canvas.quick_add.field, Qt.Key.Key_Escape)
    assert at_the_plus() == offered


def test_that_a_double_click_on_empty_canvas_adds_a_node(
    canvas: CanvasView, hand: Hand, editor: Editor
) -> None:
    hand.double_click(EMPTY)
    assert canvas.quick_add.isVisible()
    QTest.keyClicks(canvas.quick_add.field, "join")
    QTest.keyClick(canvas.quick_add.field, Qt.Key.Key_Return)
    assert editor.workflow.nodes["join"].type == "table.join"
    x, y = editor.workflow.layout["join"]
    assert abs(x + 120 - EMPTY[0]) <= 8
    assert abs(y + 32 - EMPTY[1]) <= 8


def test_that_the_plus_of_a_selected_node_adds_the_next_one(
    canvas: CanvasView, hand: Hand, editor: Editor
) -> None:
    hand.click(hand.centre("keep"))
    x, y = hand.port("keep", "output")
    hand.click((x + 55, y))
    assert canvas.quick_add.isVisible()
    QTest.keyClick(canvas.quick_add.field, Qt.Key.Key_Down)
    QTest.keyClick(canvas.quick_add.field, Qt.Key.Key_Return)
    added = canvas.selected_nodes()[0]
    assert editor.workflow.nodes[added].type == "table.sort"
    assert ("keep", added) in pairs(editor)


def _drag(canvas: CanvasView, hand: Hand, type_id: str, at: tuple[float, float]) -> QMimeData:
    mime = QMimeData()
    mime.setData(NODE_TYPE_MIME, type_id.encode())
    place = hand.place(*at)
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    for kind in (QDragEnterEvent, QDragMoveEvent):
        QApplication.sendEvent(canvas.viewport(), kind(place, copy, mime, left, NONE))
    return mime


def test_that_a_type_is_dropped_from_the_palette(canvas: CanvasView, hand: Hand, editor: Editor) -> None:
    mime = _drag(canvas, hand, "table.sort", EMPTY)
    canvas.grab()
    drop = QDropEvent(
        QPointF(hand.place(*EMPTY)), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, NONE
    )
    QApplication.sendEvent(canvas.viewport(), drop)
    assert editor.workflow.nodes["sort"].type == "table.sort"
    assert canvas.selected_nodes() == ["sort"]


def test_that_a_type_dropped_on_a_wire_is_inserted_there(
    canvas: CanvasView, hand: Hand, editor: Editor
) -> None:
    at = (648.0, 32.0)
    mime = _drag(canvas, hand, "table.sort", at)
    drop = QDropEvent(
        QPointF(hand.place(*at)), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, NONE
    )
    QApplication.sendEvent(canvas.viewport(), drop)
    assert pairs(editor) == {("start", "read"), ("read", "sort"), ("sort", "keep")}
    assert editor.undo_stack.count() == 1
    layout = editor.workflow.layout
    assert layout["read"][0] + 240 < layout["sort"][0]
    assert layout["sort"][0] + 240 < layout["keep"][0]  # what follows made room
    assert layout["write"] == (704.0, 192.0)
    editor.undo_stack.undo()
    assert editor.workflow.layout["keep"] == (704.0, 0.0)


def test_that_a_drag_of_something_else_is_not_taken(canvas: CanvasView, hand: Hand, editor: Editor) -> None:
    mime = QMimeData()
    mime.setText("hello")
    enter = QDragEnterEvent(
        hand.place(*EMPTY), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, NONE
    )
    QApplication.sendEvent(canvas.viewport(), enter)
    assert not enter.isAccepted()
    _drag(canvas, hand, "table.sort", EMPTY)
    QApplication.sendEvent(canvas.viewport(), QDragLeaveEvent())
    assert len(editor.workflow.nodes) == 4


# -- looking


@pytest.mark.parametrize("how", ["middle", "space", "right"])
def test_that_the_canvas_is_panned(canvas: CanvasView, hand: Hand, how: str) -> None:
    before = canvas.camera.centre
    button = {"middle": Qt.MouseButton.MiddleButton, "right": Qt.MouseButton.RightButton}.get(
        how, Qt.MouseButton.LeftButton
    )
    if how == "space":
        QTest.keyPress(canvas, Qt.Key.Key_Space)
    viewport = canvas.viewport()
    QTest.mousePress(viewport, button, NONE, QPoint(600, 550))
    QTest.mouseMove(viewport, QPoint(640, 560))
    QTest.mouseMove(viewport, QPoint(700, 590))
    QTest.mouseRelease(viewport, button, NONE, QPoint(700, 590))
    if how == "space":
        QTest.keyRelease(canvas, Qt.Key.Key_Space)
    way = (before - canvas.camera.centre) * canvas.camera.zoom
    assert abs(way.x() - 100) <= 2
    assert abs(way.y() - 40) <= 2
    assert canvas.menus.current is None


def _turn(canvas: CanvasView, place: QPoint, notches: int, modifiers: Qt.KeyboardModifier) -> None:
    event = QWheelEvent(
        QPointF(place),
        QPointF(canvas.viewport().mapToGlobal(place)),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas.viewport(), event)


def test_that_the_wheel_zooms_at_the_cursor_within_limits(canvas: CanvasView) -> None:
    place = QPoint(200, 150)
    before = canvas.scene_point(QPointF(place))
    zoom = canvas.camera.zoom
    _turn(canvas, place, 1, CONTROL)
    assert canvas.camera.zoom > zoom
    assert (canvas.scene_point(QPointF(place)) - before).manhattanLength() < 2
    _turn(canvas, place, 60, CONTROL)
    assert canvas.camera.zoom == 4.0
    _turn(canvas, place, -120, NONE)
    assert canvas.camera.zoom == 0.05


def test_that_the_wheel_comes_by_the_same_zooms_again(canvas: CanvasView) -> None:
    place = QPoint(200, 150)
    canvas.camera.zoom_at(0.437)
    canvas.camera.actual = 1.25  # the text of the window is larger
    zooms = []
    for notches in (1, 1, 1, 3, -1, -1, -1, -3):
        _turn(canvas, place, notches, CONTROL)
        zooms.append(canvas.camera.zoom)
    assert zooms == [1.25 * 1.15**power for power in (-7, -6, -5, -2, -3, -4, -5, -8)]
    _turn(canvas, place, 8, CONTROL)
    assert canvas.camera.zoom == 1.25


def test_that_the_plain_wheel_scrolls_when_it_is_set_to(canvas: CanvasView, settings: Settings) -> None:
    settings.wheel_zooms = False
    zoom, top = canvas.camera.zoom, canvas.camera.visible().top()
    _turn(canvas, QPoint(300, 300), -1, NONE)
    assert canvas.camera.zoom == zoom
    assert canvas.camera.visible().top() > top
    left = canvas.camera.visible().left()
    _turn(canvas, QPoint(300, 300), -1, SHIFT)
    assert canvas.camera.visible().left() > left


def test_that_two_fingers_scroll_and_pinching_zooms_at_the_cursor(canvas: CanvasView) -> None:
    place, screen = QPointF(300, 300), QPointF(canvas.viewport().mapToGlobal(QPoint(300, 300)))
    before, zoom = canvas.camera.centre, canvas.camera.zoom
    none, update = Qt.MouseButton.NoButton, Qt.ScrollPhase.ScrollUpdate
    fingers = QWheelEvent(place, screen, QPoint(-30, -20), QPoint(-60, -40), none, NONE, update, False)
    QApplication.sendEvent(canvas.viewport(), fingers)
    way = (canvas.camera.centre - before) * zoom
    assert (round(way.x()), round(way.y())) == (30, 20)
    assert canvas.camera.zoom == zoom
    under = canvas.scene_point(place)
    kind, pad = Qt.NativeGestureType.ZoomNativeGesture, QPointingDevice.primaryPointingDevice()
    pinch = QNativeGestureEvent(kind, pad, 2, place, place, screen, 0.25, QPointF())
    QApplication.sendEvent(canvas.viewport(), pinch)
    assert canvas.camera.zoom == pytest.approx(zoom * 1.25)
    assert (canvas.scene_point(place) - under).manhattanLength() < 2


def test_that_a_double_click_opens_a_node(canvas: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    with qtbot.waitSignal(canvas.node_activated) as told:
        hand.double_click(hand.centre("keep"))
    assert told.args == ["keep"]
