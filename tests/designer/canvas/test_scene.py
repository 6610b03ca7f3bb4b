"""The arrays always equal the document; geometry, hits and pictures."""

from __future__ import annotations

import random
import sys
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from designer.canvas import geometry, hits
from designer.canvas.painter import arrays
from designer.canvas.render import Drawing, render_image
from designer.canvas.rows_ahead import Ahead
from designer.canvas.scene import Scene
from designer.canvas.view import CanvasView
from designer.document.document import Document
from designer.editor import Editor
from designer.settings import Settings
from designer.theme import ThemeController, light
from engine.catalog import Catalog
from engine.history.status import StepStatus
from engine.history.step_state import StepState
from engine.model import Connection, Node, NodeType, PortSpec, Workflow, edits, fragment
from engine.model.groups import Group
from tests.designer.canvas.conftest import Hand, small_workflow


def assert_same(scene: Scene, workflow: Workflow) -> None:
    fresh = Scene(Document(workflow), scene.catalog)
    assert scene.ids == fresh.ids
    assert scene.wires.ids == fresh.wires.ids
    np.testing.assert_array_equal(scene.xy, fresh.xy)
    np.testing.assert_array_equal(scene.wires.ends, fresh.wires.ends)
    np.testing.assert_array_equal(scene.wires.boxes, fresh.wires.boxes)
    np.testing.assert_array_equal(scene.has_input, fresh.has_input)
    np.testing.assert_array_equal(scene.has_output, fresh.has_output)


@pytest.mark.parametrize("folded", [False, True])
def test_that_a_drawing_read_ahead_is_shown_as_one_that_was_not(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, folded: bool
) -> None:
    split = Node(id="split", type="flow.condition", title="Split")
    wires = [Connection(id="in", source="keep", target="split")] + [
        Connection(id=f"to_{target}", source="split", target=target, source_port=port, condition="1 > 0")
        for target, port in (("write", "yes"), ("read", "no"))
    ]
    drawn = small_workflow()
    group = Group(id="g", title="G", colour="human", nodes=("read", "split"), folded=folded)
    large = replace(
        drawn,
        nodes={**drawn.nodes, "split": split},
        connections={**drawn.connections, **{wire.id: wire for wire in wires}},
        layout_extra={"groups": [group.to_json()]},
    )
    editor = Editor(Document(Workflow(id="w", name="Empty")))
    scene = Scene(editor.document, Catalog.load())
    scene.ahead = Ahead(drawn, scene.catalog)  # which is given up for another one
    read = scene.ahead = Ahead(large, scene.catalog)
    editor.replace(large)
    assert (scene.wires is read.wires) is not folded
    assert_same(scene, large)
    assert scene.ahead is None
    editor.push(edits.delete(large, scene.catalog, ["write"]))
    assert_same(scene, editor.workflow)
    scene.ahead = Ahead(drawn, scene.catalog)
    editor.replace(small_workflow())  # equal, and another one
    assert_same(scene, editor.workflow)


def test_that_the_scene_equals_the_document_after_any_edits(qtbot: QtBot) -> None:
    chance = random.Random(3)
    catalog = Catalog.load()
    editor = Editor(Document(small_workflow()))
    scene = Scene(editor.document, catalog)
    for _ in range(150):
        workflow = editor.workflow
        ids = list(workflow.nodes) or [""]
        one, other = chance.choice(ids), chance.choice(ids)
        match chance.randrange(7):
            case 0:
                place = (chance.randrange(90) * 16.0, chance.randrange(90) * 16.0)
                editor.push(edits.add_node(workflow, chance.choice(catalog.types), place)[0])
            case 1 if not edits.refusal(workflow, catalog, one, other):
                editor.push(edits.connect(workflow, catalog, one, other))
            case 2 if one:
                editor.push(edits.move(workflow, {one: (chance.random() * 900, 16.0)}))
            case 3 if one and len(ids) > 3:
                editor.push(edits.delete(workflow, catalog, [one]))
            case 4 if one:
                editor.push(fragment.duplicate(workflow, [one, other], (32.0, 96.0))[0])
            case 5:
                editor.undo_stack.undo()
            case _:
                editor.undo_stack.redo()
    assert_same(scene, editor.workflow)
    scene.close()


def test_that_nodes_without_a_place_get_one_apart_from_each_other() -> None:
    places = geometry.layered(["a", "b", "c", "d"], [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")])
    assert places["a"][0] < places["b"][0] == places["c"][0] < places["d"][0]
    assert len(set(places.values())) == 4
    assert geometry.layered(["a", "b"], [("a", "b"), ("b", "a")])


def test_that_wires_begin_and_end_at_ports() -> None:
    ends = np.array([[0.0, 0.0, 200.0, 100.0], [200.0, 0.0, 0.0, 50.0]])
    points = geometry.sample(ends, np.array([False, True]), 12)
    assert points.shape == (2, 13, 2)
    np.testing.assert_allclose(points[:, 0], ends[:, :2])
    np.testing.assert_allclose(points[:, -1], ends[:, 2:])
    boxes = geometry.wire_boxes(ends, np.array([False, True]))
    assert (points.min(axis=1) >= boxes[:, :2] - 1e-9).all()
    assert (points.max(axis=1) <= boxes[:, 2:] + 1e-9).all()
    np.testing.assert_allclose(geometry.midpoints(ends, np.array([False, True])), points[:, 6])


def test_that_a_free_place_avoids_other_cards() -> None:
    xy = np.array([[0.0, 0.0], [0.0, 96.0]])
    x, y = geometry.free_place(xy, (5.0, 3.0))
    assert x == 0.0
    assert y >= 192.0
    assert geometry.snap(7.9) == 0.0
    assert geometry.snap(8.0) == 16.0


def test_that_arrays_draw_what_single_calls_draw(qtbot: QtBot) -> None:
    lines = np.array([[1.0, 2.0, 60.0, 50.0], [5.0, 70.0, 80.0, 10.0]])
    rects = np.array([[10.0, 10.0, 20.0, 8.0], [50.0, 50.0, 30.0, 30.0]])
    stamp = QPixmap(6, 6)
    stamp.fill(QColor("red"))
    places = np.array([[20.0, 80.0], [40.0, 80.0]])
    sheet, sources = QPixmap(10, 5), np.array([[5.0, 0.0], [0.0, 0.0]])
    sheet.fill(QColor("blue"))
    painter = QPainter(sheet)
    painter.fillRect(5, 1, 3, 4, QColor("yellow"))
    painter.end()

    def picture(fast: bool) -> QImage:
        image = QImage(100, 100, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        painter.setBrush(QColor("green"))
        if fast:
            arrays.draw_lines(painter, lines)
            arrays.draw_rects(painter, rects)
            arrays.draw_copies(painter, stamp, places)
            arrays.draw_copies(painter, stamp, places[:0])
            arrays.draw_pieces(painter, sheet, 5, sources, places)
            arrays.draw_pieces(painter, sheet, 5, sources[:0], places[:0])
        else:
            for a, b, c, d in lines.tolist():
                painter.drawLine(QPointF(a, b), QPointF(c, d))
            for rect in rects.tolist():
                painter.drawRect(QRectF(*rect))
            for x, y in places.tolist():
                painter.drawPixmap(QPointF(x - 3, y - 3), stamp)
            for (x, y), (left, top) in zip(places.tolist(), sources.tolist(), strict=True):
                painter.drawPixmap(QPointF(x, y), sheet, QRectF(left, top, 5, 5))
        painter.end()
        return image

    assert picture(True) == picture(False)


def test_that_a_dangling_wire_is_not_drawn_and_an_unknown_type_is(qtbot: QtBot) -> None:
    workflow = Workflow(
        id="w",
        nodes={"a": Node(id="a", type="from.the.future")},
        connections={"c": Connection(id="c", source="a", target="gone")},
    )
    scene = Scene(Document(workflow), Catalog.load())
    assert len(scene.wires) == 0
    assert scene.type_of(0).title == "Unknown"
    drawing = Drawing(workflow=workflow, catalog=Catalog.load(), theme=light())
    assert not render_image(drawing).isNull()


def test_that_hits_find_ports_before_cards_and_cards_before_wires(canvas: CanvasView) -> None:
    def kind(x: float, y: float) -> str:
        scene = canvas.canvas_scene
        return hits.hit(scene, canvas.layer.inks, QPointF(x, y), 1.0, frozenset()).kind

    assert kind(704 + 120, 32) == "node"
    assert kind(704, 32) == "input"
    assert kind(704 + 240, 32) == "output"
    assert kind(648, 30) == "wire"
    assert kind(300, 260) == "nothing"
    assert kind(0, 32) == "node"  # a trigger has no input


def test_that_the_picture_of_the_window_shows_the_run(canvas: CanvasView) -> None:
    before = canvas.render_image()
    canvas.apply_run({"keep": StepState(status=StepStatus.COMPLETED)}, {})
    assert canvas.render_image() != before


def test_that_the_minimap_leads_elsewhere(canvas: CanvasView) -> None:
    minimap = canvas.overlays.minimap
    canvas.grab()
    canvas.set_zoom(2.0)
    canvas.grab()
    before = canvas.camera.centre
    QTest.mousePress(minimap, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(20, 20))
    QTest.mouseRelease(minimap, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(20, 20))
    assert canvas.camera.centre.x() < before.x()
    canvas.select_all()
    canvas.delete_selection()
    assert minimap.isHidden()


def test_that_the_zoom_widget_works_and_movement_is_gentle(canvas: CanvasView, qtbot: QtBot) -> None:
    bar = canvas.overlays.zoom_bar
    canvas.motion.allowed = True
    QTest.mouseClick(bar.level, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: canvas.camera.zoom == 1.0)
    QTest.mouseClick(bar.larger, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: canvas.camera.zoom == pytest.approx(1.25))
    QTest.mouseClick(bar.smaller, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: canvas.camera.zoom == pytest.approx(1.0))
    QTest.mouseClick(bar.fit, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: canvas.camera.visible().contains(canvas.canvas_scene.bounds()))
    assert bar.level.text().endswith("%")


def test_that_only_what_changed_is_painted(canvas: CanvasView, qtbot: QtBot) -> None:
    painted: list[QRectF] = []
    original = canvas.layer.paint

    def watched(painter: QPainter, exposed: QRectF, view: QRectF | None = None) -> None:
        painted.append(exposed)
        original(painter, exposed, view)

    canvas.layer.paint = watched  # type: ignore[method-assign]  # a spy that paints
    qtbot.wait(20)
    painted.clear()
    canvas.apply_run({"write": StepState(status=StepStatus.COMPLETED)}, {})
    qtbot.waitUntil(lambda: bool(painted))
    assert painted[0].width() < 420
    assert painted[0].height() < 200


def test_that_painting_keeps_no_references(canvas: CanvasView) -> None:
    canvas.apply_run({"keep": StepState(status=StepStatus.PAUSED)}, {"start_to_read": "TAKEN"})
    for _ in range(3):
        canvas.viewport().repaint()
    before = sys.getrefcount(None)
    for _ in range(100):
        canvas.viewport().repaint()
    assert abs(sys.getrefcount(None) - before) < 200


def test_that_several_outputs_have_ports_of_their_own(
    qtbot: QtBot, theme: ThemeController, settings: Settings
) -> None:
    outputs = (PortSpec(name="kept", title="Kept"), PortSpec(name="rest", title="Others"))
    split = NodeType(id="t.split", title="Split", category="logic", icon="split", outputs=outputs)
    sink = NodeType(id="t.sink", title="Sink", category="output", icon="file")
    workflow = Workflow(
        id="w",
        nodes={"a": Node(id="a", type="t.split"), "b": Node(id="b", type="t.sink")},
        layout={"a": (0.0, 0.0), "b": (400.0, 0.0)},
    )
    editor = Editor(Document(workflow))
    view = CanvasView(editor, Catalog([split, sink]), theme, settings)
    qtbot.addWidget(view)
    view.resize(900, 500)
    view.show()
    view.frame_all()
    hand = Hand(view)
    scene = view.canvas_scene
    hand.drag(scene.port(0, "output", 1), hand.centre("b"))
    drawn = next(iter(editor.workflow.connections.values()))
    assert drawn.source_port == "rest"
    assert tuple(scene.wires.ends[0, :2]) == scene.port(0, "output", 1)
    view.select(["a"])
    view.grab()
