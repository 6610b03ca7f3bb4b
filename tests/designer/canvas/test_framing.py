"""The whole drawing is framed where nothing lies over it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtTest import QTest

from designer.canvas.view import CanvasView
from designer.editor import Editor
from engine.model import Node, Workflow


def grid(columns: int, rows: int) -> Workflow:
    places = {f"n{x}_{y}": (x * 352.0, y * 112.0) for x in range(columns) for y in range(rows)}
    nodes = {node_id: Node(id=node_id, type="table.sort") for node_id in places}
    return Workflow(id="grid", nodes=nodes, layout=places)


def hidden(canvas: CanvasView) -> int:
    """How many cards lie under the overview or the zoom bar, or outside."""
    scene, zoom, corner = canvas.canvas_scene, canvas.camera.zoom, canvas.camera.visible().topLeft()
    over = [canvas.overlays.minimap, canvas.overlays.zoom_bar]
    assert all(one.isVisible() for one in over)
    count = 0
    for row in range(len(scene.ids)):
        card = scene.card(row)
        place = QRectF((card.topLeft() - corner) * zoom, card.size() * zoom)
        seen = QRectF(canvas.viewport().rect()).contains(place)
        count += not seen or any(place.intersects(QRectF(one.geometry())) for one in over)
    return count


@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (3, 6), (5, 5), (3, 2), (2, 8), (6, 2)])
def test_that_no_card_that_can_be_read_is_framed_under_the_overview(
    canvas: CanvasView, editor: Editor, columns: int, rows: int
) -> None:
    editor.replace(grid(columns, rows))
    QTest.keyClick(canvas, Qt.Key.Key_Home)
    canvas.camera.finish()
    assert canvas.camera.zoom >= 0.4
    assert hidden(canvas) == 0


def test_that_a_drawing_that_has_room_is_in_the_middle(canvas: CanvasView, editor: Editor) -> None:
    editor.replace(grid(2, 2))
    canvas.frame_all()
    canvas.camera.finish()
    assert canvas.camera.zoom == 1.0
    assert (canvas.camera.centre - canvas.canvas_scene.bounds().center()).manhattanLength() < 4


def test_that_a_drawing_too_large_to_be_read_has_the_whole_canvas(canvas: CanvasView, editor: Editor) -> None:
    editor.replace(grid(10, 30))
    canvas.frame_all()
    canvas.camera.finish()
    bounds, seen = canvas.canvas_scene.bounds(), canvas.camera.visible()
    assert canvas.camera.zoom < 0.4
    assert (seen.center() - bounds.center()).manhattanLength() < 8
    assert bounds.height() * canvas.camera.zoom > canvas.height() - 2 * 56 - 4
