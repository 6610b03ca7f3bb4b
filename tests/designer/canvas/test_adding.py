"""Where a new node lands, and what is seen while its kind is being chosen."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPaintEvent, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from designer.canvas.painter import wires
from designer.canvas.view import CanvasView
from designer.editor import Editor
from tests.designer.canvas.conftest import Hand


def card(canvas: CanvasView, node_id: str) -> QRectF:
    return canvas.canvas_scene.card(canvas.canvas_scene.row_of[node_id])


def choose(canvas: CanvasView, text: str) -> str:
    """Type into the popup and take the best match; the id of what was added."""
    QTest.keyClicks(canvas.quick_add.field, text)
    QTest.keyClick(canvas.quick_add.field, Qt.Key.Key_Return)
    return canvas.selected_nodes()[0]


def picture(canvas: CanvasView) -> QImage:
    QApplication.processEvents()
    return canvas.viewport().grab().toImage()


def test_that_a_node_put_down_at_the_edge_is_scrolled_into_view(canvas: CanvasView) -> None:
    seen = canvas.camera.visible()
    added = canvas.commands.add("table.sort", QPointF(seen.right() - 40, seen.top() - 20))
    assert added is not None
    assert canvas.camera.visible().contains(card(canvas, added))


def test_that_pasted_nodes_are_scrolled_into_view(canvas: CanvasView) -> None:
    canvas.select(["read", "keep"])
    canvas.copy()
    canvas.camera.look_at(QPointF(4000.0, 4000.0))
    canvas.camera.pan(0, 100)
    canvas.paste()
    for added in canvas.selected_nodes():
        assert canvas.camera.visible().contains(card(canvas, added))


def test_that_a_wire_let_go_of_near_its_row_gets_a_node_in_that_row(
    canvas: CanvasView, hand: Hand, editor: Editor
) -> None:
    hand.drag(hand.port("write", "output"), (1080.0, 240.0))
    added = choose(canvas, "join")
    assert editor.workflow.layout[added] == (1088.0, 192.0)


def test_that_a_wire_let_go_of_far_below_gets_a_node_there(
    canvas: CanvasView, hand: Hand, editor: Editor
) -> None:
    hand.drag(hand.port("keep", "output"), (1010.0, 160.0))
    added = choose(canvas, "join")
    assert editor.workflow.layout[added][1] == 128.0


def test_that_the_popup_is_as_high_as_what_it_found(canvas: CanvasView) -> None:
    canvas.open_quick_add()
    whole = canvas.quick_add.height()
    QTest.keyClicks(canvas.quick_add.field, "parquet")
    few = canvas.quick_add.height()
    QTest.keyClicks(canvas.quick_add.field, " of no kind at all")
    assert canvas.quick_add.height() < few < whole
    assert canvas.quick_add.hint.text() == "No node type answers to that"


def test_that_the_wire_stays_to_be_seen_while_the_node_is_chosen(canvas: CanvasView, hand: Hand) -> None:
    before = picture(canvas)
    hand.drag(hand.port("keep", "output"), (1040.0, 60.0))
    assert canvas.quick_add.isVisible()
    assert picture(canvas) != before
    QTest.keyClick(canvas.quick_add.field, Qt.Key.Key_Escape)
    canvas.pointing.forget_hover()
    canvas.notice()
    assert picture(canvas) == before


def test_that_the_popup_leaves_the_place_of_the_new_node_free(canvas: CanvasView, hand: Hand) -> None:
    hand.drag(hand.port("keep", "output"), (1010.0, 60.0))
    popup = canvas.quick_add
    below = canvas.viewport().mapToGlobal(canvas.mapFromScene(QPointF(1010.0, 64.0)))
    assert popup.isVisible()
    assert popup.pos().y() >= below.y()


def test_that_a_straight_wire_is_one_even_line_at_any_zoom(canvas: CanvasView) -> None:
    canvas.camera.zoom_at(0.67)
    start = canvas.mapFromScene(QPointF(*canvas.canvas_scene.port(0, "output")))
    image = picture(canvas)
    columns = {
        tuple(image.pixel(x, y) for y in range(start.y() - 4, start.y() + 5))
        for x in range(start.x() + 12, start.x() + 40)
    }
    assert len(canvas.canvas_scene.wires) <= wires.FEW
    assert len(columns) == 1


class Painted(QObject):
    """Notes which parts of the canvas were painted."""

    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self.region = QRegion()
        canvas.viewport().installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.region = self.region.united(event.region())
        return False


def test_that_a_card_under_the_mouse_gets_its_ring_as_soon_as_it_is_selected(
    canvas: CanvasView, hand: Hand
) -> None:
    hand.move(hand.centre("read"))
    QApplication.processEvents()
    painted = Painted(canvas)
    canvas.select(["read"])
    QApplication.processEvents()
    ring = canvas.mapFromScene(card(canvas, "read").topLeft() - QPointF(4.0, -20.0))
    assert painted.region.contains(ring)
