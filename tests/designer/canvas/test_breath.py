"""With a large drawing the window hears what a person does between two things that take long."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from designer.canvas.view import CanvasView
from designer.editor import Editor
from designer.settings import Settings
from tests.designer.canvas.conftest import small_workflow

TANGLED = {"start": (400.0, 300.0), "read": (0.0, 0.0), "keep": (90.0, 40.0), "write": (50.0, 500.0)}


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("designer.canvas.breath.MANY", 2)


class Order(QObject):
    """In which order the viewport is painted and keys arrive."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self.seen: list[str] = []
        for each in (view, view.viewport()):
            each.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Paint, QEvent.Type.KeyPress):
            self.seen.append(event.type().name)
        return False


def test_that_a_key_is_heard_before_a_drawing_that_has_just_come_is_painted(
    canvas: CanvasView, editor: Editor, qtbot: QtBot
) -> None:
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus)
    QApplication.processEvents()
    order = Order(canvas)
    editor.replace(small_workflow())
    assert not canvas.viewport().updatesEnabled()
    QApplication.sendPostedEvents()  # as the loop does first of all
    QTest.keyClick(canvas, Qt.Key.Key_Shift)
    qtbot.waitUntil(lambda: "Paint" in order.seen)
    assert order.seen[0] == "KeyPress"
    assert canvas.viewport().updatesEnabled()


@pytest.fixture
def moving(canvas: CanvasView, editor: Editor, settings: Settings) -> CanvasView:
    settings.reduce_motion = False
    return canvas


def tangle(editor: Editor) -> None:
    editor.replace(replace(small_workflow(), layout=TANGLED))


def test_that_many_nodes_set_out_after_a_breath_and_arrive(
    moving: CanvasView, editor: Editor, qtbot: QtBot
) -> None:
    tangle(editor)
    moving.arrange.tidy()
    wanted = editor.workflow.layout
    assert wanted != TANGLED
    qtbot.waitUntil(moving.viewport().updatesEnabled)
    moving.arrange.finish()
    scene = moving.canvas_scene
    assert np.allclose(scene.places, [wanted[node_id] for node_id in scene.ids])


def test_that_an_undo_within_the_breath_wins(moving: CanvasView, editor: Editor, qtbot: QtBot) -> None:
    tangle(editor)
    moving.arrange.tidy()
    editor.undo_stack.undo()
    qtbot.waitUntil(moving.viewport().updatesEnabled)
    scene = moving.canvas_scene
    assert np.allclose(scene.places, [TANGLED[node_id] for node_id in scene.ids])
    assert not moving.motion.is_running("glide")
