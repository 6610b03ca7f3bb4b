"""An analyst's first workflow, drawn from an empty canvas with the mouse and the keyboard, and run."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from designer.canvas.looks import Look
from designer.dialogs.missing_input import MissingInputDialog
from designer.theme.tokens import CARD_H, CARD_W
from engine.files import workflow_file
from engine.history.status import ExecutionStatus, StepStatus
from tests.support.desk import Desk

LONG_MS = 60_000
LEFT = Qt.MouseButton.LeftButton


class Hands:
    """The mouse and the keyboard, on one window."""

    def __init__(self, desk: Desk, qtbot: QtBot) -> None:
        self.window = desk.window
        self.qtbot = qtbot

    @property
    def canvas(self) -> QWidget:
        return self.window.canvas.viewport()

    def on_canvas(self, x: float, y: float) -> QPoint:
        return self.window.canvas.mapFromScene(QPointF(x, y))

    def node(self, type_id: str) -> str:
        """The id of the only node of a type."""
        nodes = self.window.session.editor.workflow.nodes.values()
        (found,) = (node.id for node in nodes if node.type == type_id)
        return found

    def add(self, words: str, at: QPoint) -> None:
        """Double-click on the empty canvas, type, Enter."""
        self.qtbot.mouseDClick(self.canvas, LEFT, pos=at)
        field = self.window.canvas.quick_add.field
        self.qtbot.waitUntil(field.isVisible)
        self.qtbot.keyClicks(field, words)
        self.qtbot.keyClick(field, Qt.Key.Key_Return)
        self.pause()

    def pause(self) -> None:
        """Lets the window do what a gesture asked for, as it does between any two gestures of a person."""
        QTest.qWait(10)

    def corner(self, node_id: str) -> tuple[float, float]:
        return self.window.session.editor.workflow.layout[node_id]

    def drag(self, start: QPoint, end: QPoint) -> None:
        """Press, move in steps, release."""
        QTest.mousePress(self.canvas, LEFT, pos=start)
        for step in range(1, 6):
            QTest.mouseMove(self.canvas, start + (end - start) * step / 5)
            QTest.qWait(1)
        QTest.mouseRelease(self.canvas, LEFT, pos=end)
        self.pause()

    def connect(self, source: str, target: str) -> None:
        """Drag a wire from one node's output to another node's input."""
        x0, y0 = self.corner(source)
        x1, y1 = self.corner(target)
        self.drag(self.on_canvas(x0 + CARD_W, y0 + CARD_H / 2), self.on_canvas(x1, y1 + CARD_H / 2))

    def click_node(self, node_id: str) -> None:
        x, y = self.corner(node_id)
        self.qtbot.mouseClick(self.canvas, LEFT, pos=self.on_canvas(x + CARD_W / 2, y + CARD_H / 2))
        self.pause()

    def click_wire(self, source: str, target: str) -> None:
        (x0, y0), (x1, y1) = self.corner(source), self.corner(target)
        middle = self.on_canvas((x0 + CARD_W + x1) / 2, (y0 + y1 + CARD_H) / 2)
        self.qtbot.mouseClick(self.canvas, LEFT, pos=middle)
        self.pause()

    def type_into(self, title: str, text: str) -> None:
        """Types into the inspector's field of that title."""

        def field() -> QWidget | None:
            for kind in (QLineEdit, QPlainTextEdit):
                for one in self.window.inspector.findChildren(kind):
                    if one.isVisible() and one.accessibleName() == title:
                        return one
            return None

        self.qtbot.waitUntil(lambda: field() is not None)
        target = field()
        assert target is not None
        self.qtbot.mouseClick(target.viewport() if isinstance(target, QPlainTextEdit) else target, LEFT)
        self.qtbot.keyClicks(target, text)
        self.qtbot.keyClick(target, Qt.Key.Key_Tab)
        self.pause()

    def choose(self, title: str, text: str) -> None:
        """Picks an entry of the inspector's list of that title with the arrow keys."""
        boxes = self.window.inspector.findChildren(QComboBox)
        (box,) = (one for one in boxes if one.isVisible() and one.accessibleName() == title)
        box.setFocus()
        for _ in range(box.findText(text) - box.currentIndex()):
            self.qtbot.keyClick(box, Qt.Key.Key_Down)
        assert box.currentText() == text

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.qtbot.keyClick(self.window.canvas, key, modifier)


def test_that_a_workflow_can_be_drawn_filled_in_run_and_answered(desk: Desk, qtbot: QtBot) -> None:
    (desk.folder / "delays.csv").write_text("carrier,delay\nAA,10\nBB,70\nCC,90\nDD,\n", encoding="utf-8")
    desk.person.save_path = desk.folder / "late.workflow.json"
    desk.window.resize(2200, 1100)
    desk.open()
    window, controller = desk.window, desk.window.session.controller
    hands = Hands(desk, qtbot)
    assert window.stage.hint is not None

    width, height = window.canvas.width(), window.canvas.height()
    for column, words in enumerate(("manual", "read csv", "filter", "write csv")):
        hands.add(words, QPoint(width * (2 * column + 1) // 8, 40 + (height - 80) * (1 + column % 2) // 3))
    start, read = hands.node("flow.manual"), hands.node("file.read_csv")
    keep, write = hands.node("table.filter"), hands.node("file.write_csv")
    for source, target in ((start, read), (read, keep), (keep, write)):
        hands.connect(source, target)
    workflow = window.session.editor.workflow
    assert len(workflow.connections) == 3
    assert workflow.nodes[keep].parameters["table"] == f"${{{read}.table}}"
    assert window.stage.hint is None

    hands.click_node(read)
    hands.type_into("File", "delays.csv")
    hands.click_node(keep)
    hands.type_into("Keep rows where", "delay > ${input.threshold}")
    hands.click_node(write)
    hands.type_into("File", "late.csv")
    hands.click_wire(keep, write)
    hands.type_into("Value to test", "rows")
    hands.choose("How to compare", "is greater than")
    hands.type_into("Value to compare with", "0")
    workflow = window.session.editor.workflow
    assert [one.condition for one in workflow.connections.values()] == [None, None, "rows > 0"]

    hands.press(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not window.session.editor.is_edited)
    assert workflow_file.load(desk.person.save_path) == window.session.editor.workflow

    hands.press(Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: bool(window.findChildren(MissingInputDialog)), timeout=LONG_MS)
    rows = window.canvas.canvas_scene.row_of
    qtbot.waitUntil(lambda: window.canvas.canvas_scene.look[rows[keep]] == Look.NEEDS_INPUT)
    (dialog,) = window.findChildren(MissingInputDialog)
    field = dialog.form.findChildren(QLineEdit)[0]
    qtbot.keyClicks(field, "60")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: controller.view.status is ExecutionStatus.COMPLETED, timeout=LONG_MS)
    assert {step.status for step in controller.steps.values()} == {StepStatus.COMPLETED}
    assert (desk.folder / "late.csv").read_text(encoding="utf-8").split() == [
        "carrier,delay",
        "BB,70",
        "CC,90",
    ]
    canvas_scene = window.canvas.canvas_scene
    qtbot.waitUntil(lambda: {Look(look) for look in canvas_scene.look} == {Look.COMPLETED})

    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    for _ in range(window.session.editor.undo_stack.count()):
        hands.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.session.editor.workflow.nodes == {}
