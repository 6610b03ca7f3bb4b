"""The example with real data, run in the window: asked for the threshold, answered, and counted."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from designer.dialogs.missing_input import MissingInputDialog
from designer.windows.examples import copy_example, examples
from engine.history.status import ExecutionStatus, StepStatus
from tests.support.desk import Desk

ROWS_KEPT_AT_60 = 26_581
LONG_MS = 60_000


def test_that_the_flights_example_asks_for_its_threshold_and_keeps_26581_rows_at_60(
    desk: Desk, qtbot: QtBot
) -> None:
    example = next(one for one in examples() if one.folder == "flight-delay-report")
    file = copy_example(example, desk.folder)
    desk.open(file)
    window, controller = desk.window, desk.window.session.controller
    qtbot.keyClick(window.canvas, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: bool(window.findChildren(MissingInputDialog)), timeout=LONG_MS)
    (dialog,) = window.findChildren(MissingInputDialog)
    qtbot.waitUntil(lambda: controller.view.status is ExecutionStatus.PAUSED, timeout=LONG_MS)
    assert "threshold has no value" in window.stage.banner.text
    field = dialog.form.findChildren(QLineEdit)[0]
    qtbot.keyClicks(field, "60")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not controller.view.is_active, timeout=LONG_MS)
    assert controller.view.status is ExecutionStatus.COMPLETED
    kept = [
        step.output["rows"]
        for node_id, step in controller.steps.items()
        if step.status is StepStatus.COMPLETED
        and window.session.editor.workflow.nodes[node_id].type == "table.filter"
    ]
    assert kept == [ROWS_KEPT_AT_60]
    written = {path.suffix for path in file.parent.rglob("*") if path.is_file()}
    assert {".xlsx", ".png"} <= written
    assert window.stage.banner.text == ""
