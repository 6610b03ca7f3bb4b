"""The minimap: nodes with their states, groups and comments, as large as there is room for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from designer.canvas import minimap
from designer.canvas.geometry import Floats
from designer.canvas.looks import Look
from designer.canvas.minimap import Minimap
from designer.canvas.painter.arrays import draw_rects
from designer.canvas.view import CanvasView
from designer.editor import Editor
from engine.history.status import StepStatus
from engine.history.step_state import StepState
from engine.model import Node, Workflow
from engine.model.comments import Comment
from engine.model.groups import Group

NOTE = Comment(id="note", text="Note", x=0.0, y=400.0, width=288.0, height=160.0)


@pytest.fixture
def mapped(canvas: CanvasView, editor: Editor) -> Editor:
    group = Group(id="g", title="G", colour="human", nodes=("read", "keep"))
    extra = {"groups": [group.to_json()], "comments": [NOTE.to_json()]}
    editor.replace(replace(editor.workflow, layout_extra=extra))
    return editor


def map_of(canvas: CanvasView) -> Minimap:
    minimap = canvas.overlays.minimap
    assert minimap.isVisible()
    return minimap


def colour_at(canvas: CanvasView, x: float, y: float) -> QColor:
    minimap = map_of(canvas)
    image: QImage = minimap.grab().toImage()
    place = (QPointF(x, y) - minimap._corner) * minimap._scale
    return image.pixelColor(place.toPoint())


def test_that_states_groups_and_comments_are_drawn(canvas: CanvasView, mapped: Editor, qtbot: QtBot) -> None:
    inks = canvas.layer.inks
    ground = inks.card
    qtbot.waitUntil(lambda: colour_at(canvas, 648.0, 70.0) != ground)  # the frame between the two cards
    assert colour_at(canvas, 140.0, 480.0) == inks.tint[Look.PAUSED]
    canvas.apply_run({"start": StepState(status=StepStatus.COMPLETED)}, {})
    done = inks.status[Look.COMPLETED]
    qtbot.waitUntil(lambda: colour_at(canvas, 120.0, 32.0) == done)
    canvas.select(["read"])
    canvas.grouping.toggle()
    frame = canvas.canvas_scene.frames.cards(canvas.canvas_scene.xy)[0]
    middle = frame[1].center()
    qtbot.waitUntil(lambda: colour_at(canvas, middle.x(), middle.y()) == inks.category("human"))


def test_that_a_drawing_of_comments_alone_has_a_map(canvas: CanvasView, editor: Editor) -> None:
    editor.replace(Workflow(id="w", layout_extra={"comments": [NOTE.to_json()]}))
    assert map_of(canvas).isVisible()
    editor.replace(Workflow(id="w"))
    assert canvas.overlays.minimap.isHidden()


def test_that_the_map_grows_again_after_the_window_was_large_or_the_look_far(
    canvas: CanvasView, mapped: Editor, qtbot: QtBot
) -> None:
    canvas.frame_all()
    map_of(canvas).grab()
    fitting = map_of(canvas)._scale

    def drawn() -> float:
        map_of(canvas).grab()
        return map_of(canvas)._scale

    canvas.camera.zoom_at(0.05)
    qtbot.waitUntil(lambda: drawn() < fitting / 2)
    canvas.frame_all()
    qtbot.waitUntil(lambda: drawn() == pytest.approx(fitting, rel=0.06))
    canvas.resize(1900, 1300)
    canvas.resize(1200, 700)
    canvas.frame_all()
    qtbot.waitUntil(lambda: drawn() == pytest.approx(fitting, rel=0.06))


def test_that_a_click_and_a_drag_on_it_look_elsewhere(canvas: CanvasView) -> None:
    canvas.camera.zoom_at(1.0)
    canvas.camera.look_at(canvas.canvas_scene.card(0).center())
    minimap = canvas.overlays.minimap
    canvas.grab()
    right, left = QPoint(minimap.width() - 30, minimap.height() // 2), QPoint(30, minimap.height() // 2)
    before = canvas.camera.centre
    QTest.mousePress(minimap, Qt.MouseButton.LeftButton, pos=right)
    clicked = canvas.camera.centre
    assert clicked.x() > before.x()
    screen = QPointF(minimap.mapToGlobal(left))
    left_button = Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    move = QMouseEvent(QEvent.Type.MouseMove, QPointF(left), screen, left_button, left_button, none)
    QApplication.sendEvent(minimap, move)
    assert canvas.camera.centre.x() < clicked.x()
    QTest.mouseRelease(minimap, Qt.MouseButton.LeftButton, pos=left)
    assert canvas.selected_nodes() == []


def test_that_of_cards_that_lie_on_one_another_one_is_drawn(
    canvas: CanvasView, editor: Editor, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []

    def counted(painter: QPainter, rects: Floats) -> None:
        drawn.append(len(rects))
        draw_rects(painter, rects)

    nodes = {f"n{number}": Node(id=f"n{number}", type="flow.set_values") for number in range(40_000)}
    layout = {node_id: (number // 200 * 368.0, number % 200 * 96.0) for number, node_id in enumerate(nodes)}
    map_of(canvas)._cards = None
    monkeypatch.setattr(minimap, "draw_rects", counted)
    editor.replace(Workflow(id="w", name="Large", nodes=nodes, layout=layout))
    qtbot.waitUntil(lambda: bool(drawn))
    map_of(canvas).grab()
    pixels = minimap.SIZE.width() * minimap.SIZE.height() * map_of(canvas).devicePixelRatioF() ** 2
    assert 100 < drawn[-1] < pixels / 2
    wire, (x, y) = canvas.layer.inks.wire, layout["n20100"]
    assert colour_at(canvas, x, y) == wire
