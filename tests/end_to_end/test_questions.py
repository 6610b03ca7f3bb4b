"""A run that asks a person with a form of its own, put off, found again on the card, and answered."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from designer.canvas import geometry
from designer.dialogs.missing_input import MissingInputDialog
from designer.windows.examples import copy_example, examples
from engine.history.status import ExecutionStatus
from tests.support.desk import Desk

LONG_MS = 60_000


def asked(desk: Desk, qtbot: QtBot) -> MissingInputDialog:
    """The dialog on screen."""

    def shown() -> list[MissingInputDialog]:
        return [one for one in desk.window.findChildren(MissingInputDialog) if one.isVisible()]

    qtbot.waitUntil(lambda: bool(shown()), timeout=LONG_MS)
    return shown()[0]


def answer_button(desk: Desk, node_id: str) -> QPoint:
    """Where *Answer...* hangs from a card."""
    canvas = desk.window.canvas
    x, y, width, height = geometry.ANSWER
    left, top = desk.window.session.editor.workflow.layout[node_id]
    return canvas.mapFromScene(QPointF(left + x + width / 2, top + y + height / 2))


def test_that_a_form_can_be_put_off_and_answered_from_the_card(desk: Desk, qtbot: QtBot) -> None:
    example = next(one for one in examples() if one.folder == "ask-before-writing")
    desk.open(copy_example(example, desk.folder))
    window, controller = desk.window, desk.window.session.controller
    nodes = window.session.editor.workflow.nodes.values()
    person = next(node.id for node in nodes if node.type == "person.ask")
    qtbot.keyClick(window.canvas, Qt.Key.Key_F5)
    asked(desk, qtbot).later_button.click()
    qtbot.waitUntil(lambda: controller.view.status is ExecutionStatus.PAUSED)
    assert "asks:" in window.stage.banner.text
    canvas = window.canvas
    canvas.center_on(person)
    canvas.set_zoom(1.0)
    qtbot.waitUntil(lambda: canvas.camera.zoom == 1.0)
    qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=answer_button(desk, person))
    dialog = asked(desk, qtbot)
    assert not dialog.as_default.isVisible()
    dialog.resume_button.click()
    assert [error["pointer"] for error in dialog.form.errors()] == ["/name"]
    assert dialog.isVisible()
    name = next(one for one in dialog.form.findChildren(QLineEdit) if one.accessibleName() == "Your name")
    qtbot.keyClicks(name, "Ada")
    dialog.resume_button.click()
    qtbot.waitUntil(lambda: not controller.view.is_active, timeout=LONG_MS)
    assert controller.view.status is ExecutionStatus.COMPLETED
    assert controller.steps[person].output["name"] == "Ada"
