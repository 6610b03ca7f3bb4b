"""A canvas with a small workflow on it: start -> read -> keep, and write apart from them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from designer.canvas.view import CanvasView
from designer.document.document import Document
from designer.editor import Editor
from designer.settings import Settings
from designer.theme import ThemeController
from engine.catalog import Catalog
from engine.model import Connection, Node, Workflow


def small_workflow() -> Workflow:
    nodes = {
        "start": Node(id="start", type="flow.manual", title="Start"),
        "read": Node(
            id="read",
            type="file.read_csv",
            title="Read orders",
            config={"parameters": {"path": "orders.csv"}},
        ),
        "keep": Node(id="keep", type="table.filter", title="Keep large"),
        "write": Node(id="write", type="file.write_csv", title="Write report"),
    }
    connections = {
        "start_to_read": Connection(id="start_to_read", source="start", target="read"),
        "read_to_keep": Connection(id="read_to_keep", source="read", target="keep"),
    }
    layout = {"start": (0.0, 0.0), "read": (352.0, 0.0), "keep": (704.0, 0.0), "write": (704.0, 192.0)}
    return Workflow(id="small", name="Small", nodes=nodes, connections=connections, layout=layout)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings(tmp_path / "settings.ini")
    found.reduce_motion = True  # movements are over at once
    return found


@pytest.fixture
def theme(qtbot: QtBot) -> ThemeController:
    return ThemeController("light")


@pytest.fixture
def editor(qtbot: QtBot) -> Editor:
    return Editor(Document(small_workflow()))


@pytest.fixture
def canvas(qtbot: QtBot, editor: Editor, theme: ThemeController, settings: Settings) -> Iterator[CanvasView]:
    view = CanvasView(editor, Catalog.load(), theme, settings)
    qtbot.addWidget(view)
    view.resize(1200, 700)
    with qtbot.waitExposed(view):
        view.show()
    view.frame_all()
    view.setFocus()
    yield view
    view.quick_add.hide()


class Hand:
    """A hand on the mouse: real events at places named in scene pixels."""

    def __init__(self, view: CanvasView) -> None:
        self.view = view

    def place(self, x: float, y: float) -> QPoint:
        return self.view.mapFromScene(QPointF(x, y))

    def port(self, node_id: str, kind: str) -> tuple[float, float]:
        return self.view.canvas_scene.port(self.view.canvas_scene.row_of[node_id], kind)

    def centre(self, node_id: str) -> tuple[float, float]:
        middle = self.view.canvas_scene.card(self.view.canvas_scene.row_of[node_id]).center()
        return middle.x(), middle.y()

    def press(
        self,
        at: tuple[float, float],
        button: Qt.MouseButton = Qt.MouseButton.LeftButton,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        QTest.mousePress(self.view.viewport(), button, modifiers, self.place(*at))

    def release(
        self,
        at: tuple[float, float],
        button: Qt.MouseButton = Qt.MouseButton.LeftButton,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        QTest.mouseRelease(self.view.viewport(), button, modifiers, self.place(*at))

    def click(
        self,
        at: tuple[float, float],
        button: Qt.MouseButton = Qt.MouseButton.LeftButton,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        self.press(at, button, modifiers)
        self.release(at, button, modifiers)

    def double_click(self, at: tuple[float, float]) -> None:
        QTest.mouseDClick(
            self.view.viewport(),
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
            self.place(*at),
        )

    def move(
        self,
        at: tuple[float, float],
        button: Qt.MouseButton = Qt.MouseButton.NoButton,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        place = QPointF(self.place(*at))
        screen = QPointF(self.view.viewport().mapToGlobal(place.toPoint()))
        event = QMouseEvent(QEvent.Type.MouseMove, place, screen, Qt.MouseButton.NoButton, button, modifiers)
        QApplication.sendEvent(self.view.viewport(), event)

    def drag(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        button: Qt.MouseButton = Qt.MouseButton.LeftButton,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        self.press(start, button, modifiers)
        self.carry(start, end, button, modifiers)
        self.release(end, button, modifiers)

    def carry(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        button: Qt.MouseButton = Qt.MouseButton.LeftButton,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        """Move on with the button down, in steps."""
        for step in range(1, 6):
            share = step / 5
            at = (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)
            self.move(at, button, modifiers)


@pytest.fixture
def hand(canvas: CanvasView) -> Hand:
    return Hand(canvas)
