"""The window for those who read from the right: mirrored but for the drawing, and nothing breaks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from designer.theme import reading
from designer.windows.examples import copy_example, examples
from engine.model import edits
from tests.support.cut_text import assert_no_word_is_cut
from tests.support.desk import Desk
from tests.support.qt_loop import qt_loop, spin
from tests.support.spoken_tree import complaints

_Area = Qt.DockWidgetArea
ARABIC = "قراءة رحلات الطيران المتأخرة من جميع المطارات"
HEBREW = "טיסות"


@pytest.fixture
def desk(qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    with qt_loop(qapp):
        desk = Desk(tmp_path)
        desk.window.resize(1600, 1000)
        yield desk
        desk.close()
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def _with_flights(desk: Desk, folder: Path) -> None:
    desk.open()
    example = next(each for each in examples() if each.folder == "flight-delay-report")
    spin(desk.window.session.files.load(copy_example(example, folder)))


def test_that_panels_change_sides_and_the_drawing_does_not(desk: Desk, tmp_path: Path) -> None:
    _with_flights(desk, tmp_path)
    window, canvas = desk.window, desk.window.canvas
    assert window.dockWidgetArea(window.docks.palette) == _Area.RightDockWidgetArea
    assert window.dockWidgetArea(window.docks.inspector) == _Area.LeftDockWidgetArea
    scene = canvas.canvas_scene
    shown = {
        node.title: canvas.mapFromScene(scene.card(scene.row_of[node.id]).center()).x()
        for node in window.session.editor.workflow.nodes.values()
    }
    assert shown["Start"] < shown["Join airlines"] < shown["Delayed departures"]


def test_that_the_bars_over_the_canvas_stand_in_the_corners_across(desk: Desk, tmp_path: Path) -> None:
    _with_flights(desk, tmp_path)
    canvas = desk.window.canvas
    desk.window.commands["edit.find"].trigger()
    middle = canvas.width() / 2
    bars = canvas.overlays
    assert bars.minimap.geometry().right() < middle < bars.zoom_bar.geometry().left()
    assert bars.find_bar.geometry().right() < middle
    assert canvas.rect().contains(bars.zoom_bar.geometry())
    assert canvas.rect().contains(bars.minimap.geometry())


def test_that_the_mouse_hits_and_drags_what_it_points_at(desk: Desk, tmp_path: Path) -> None:
    _with_flights(desk, tmp_path)
    canvas, editor = desk.window.canvas, desk.window.session.editor
    node_id = next(iter(editor.workflow.nodes))
    before = editor.workflow.layout[node_id]
    place = canvas.mapFromScene(canvas.canvas_scene.card(canvas.canvas_scene.row_of[node_id]).center())
    QTest.mousePress(canvas.viewport(), Qt.MouseButton.LeftButton, pos=place)
    for step in (10, 40, 80):
        QTest.mouseMove(canvas.viewport(), place + QPoint(step, 0))
    QTest.mouseRelease(canvas.viewport(), Qt.MouseButton.LeftButton, pos=place + QPoint(80, 0))
    assert canvas.selected_nodes() == [node_id]
    moved = editor.workflow.layout[node_id]
    assert moved[0] - before[0] == pytest.approx(80 / canvas.camera.zoom, abs=16)
    assert moved[1] == before[1]


def test_that_walking_zooming_and_panning_go_the_ways_they_say(desk: Desk, tmp_path: Path) -> None:
    _with_flights(desk, tmp_path)
    canvas = desk.window.canvas
    editor = desk.window.session.editor
    start = next(node.id for node in editor.workflow.nodes.values() if node.title == "Join airlines")
    canvas.select([start])
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert editor.workflow.nodes[canvas.selected_nodes()[0]].title == "Delayed departures"
    left = canvas.camera.visible().left()
    canvas.camera.pan(-100, 0)
    assert canvas.camera.visible().left() > left


def test_that_titles_in_scripts_from_the_right_are_shown_everywhere(
    desk: Desk, tmp_path: Path, qtbot: QtBot
) -> None:
    _with_flights(desk, tmp_path)
    window, editor = desk.window, desk.window.session.editor
    first, second = list(editor.workflow.nodes)[:2]
    editor.push(edits.rename(editor.workflow, first, ARABIC))
    editor.push(edits.rename(editor.workflow, second, HEBREW))
    window.commands["view.outline"].trigger()
    window.canvas.select([first])
    window.canvas.center_on(first)
    QTest.qWait(30)
    assert not window.grab().isNull()
    inks = window.canvas.layer.inks
    shown = QFontMetricsF(inks.title).elidedText(ARABIC, Qt.TextElideMode.ElideRight, 150)
    assert shown.endswith("…")
    assert shown[:-1].strip("\u200d\u200e\u200f ") in ARABIC
    assert window.inspector.page.header.title.text() == ARABIC
    index = window.outline.model.index_of(("node", second))
    assert HEBREW in index.data()
    window.outline.tree.edit(index)
    field = window.outline.tree.findChild(QLineEdit, "outlineField")
    assert field is not None
    assert window.outline.tree.viewport().rect().contains(field.geometry())


def test_that_no_word_is_cut_and_everything_has_a_name(desk: Desk, tmp_path: Path, qtbot: QtBot) -> None:
    _with_flights(desk, tmp_path)
    window = desk.window
    for node in list(window.session.editor.workflow.nodes.values())[:4]:
        window.canvas.select([node.id])
        QTest.qWait(20)
        assert_no_word_is_cut(qtbot, window)
    assert complaints(window.inspector) == []


def test_that_where_panels_were_in_a_window_from_the_left_is_not_taken_over(
    desk: Desk, qapp: QApplication
) -> None:
    desk.open()
    window = desk.window
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    saved = window.docks.save()
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    window.docks.restore(saved)
    assert window.dockWidgetArea(window.docks.palette) == _Area.RightDockWidgetArea


def test_that_parts_are_mirrored_within_the_whole(qapp: QApplication) -> None:
    whole, part = QRectF(100, 0, 200, 20), QRectF(110, 2, 30, 10)
    assert reading.placed(part, whole) == part
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    mirrored = reading.placed(part, whole)
    margins = reading.margins(1, 2, 3, 4)
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    assert mirrored == QRectF(260, 2, 30, 10)
    assert (margins.left(), margins.right()) == (3, 1)
