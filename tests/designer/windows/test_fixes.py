"""A known fix is one click away, in the list of problems and beside the error; undo takes it back."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from designer.canvas.looks import status_text
from engine.files import workflow_file
from engine.history.status import ExecutionStatus
from engine.model import edits
from engine.model.workflow import Connection, Node, Workflow
from tests.support.desk import Desk


def opened(desk: Desk, folder: Path, **keep: str) -> None:
    (folder / "flights.csv").write_text("month,delay\n1,5\n2,70\n", "utf-8")
    nodes = {
        "start": Node(id="start", type="flow.manual"),
        "read": Node(id="read", type="file.read_csv", config={"parameters": {"path": "flights.csv"}}),
        "keep": Node(
            id="keep",
            type="table.filter",
            title="Keep late",
            config={"parameters": {"table": "${read.table}", **keep}},
        ),
    }
    wires = {
        "a": Connection(id="a", source="start", target="read"),
        "b": Connection(id="b", source="read", target="keep"),
    }
    inputs = {"type": "object", "properties": {"threshold": {"type": "number", "default": 60}}}
    path = folder / "fix.workflow.json"
    workflow_file.save(path, Workflow(id="f", name="F", inputs=inputs, nodes=nodes, connections=wires))
    desk.open(path)


def button(desk: Desk, text: str) -> QPushButton:
    return next(one for one in desk.window.bottom.problems.findChildren(QPushButton) if one.text() == text)


def test_that_a_problem_is_mended_from_the_list(desk: Desk, qtbot: QtBot, tmp_path: Path) -> None:
    opened(desk, tmp_path, condition="delay > ${input.treshold}")
    window, editor = desk.window, desk.window.session.editor
    window.bottom.show_tab("Problems")
    qtbot.waitUntil(lambda: window.bottom.problems.model.rowCount() > 0)

    def condition() -> object:
        return editor.workflow.nodes["keep"].parameters["condition"]

    button(desk, "Use input.threshold").click()
    assert condition() == "delay > ${input.threshold}"
    qtbot.waitUntil(lambda: window.bottom.problems.model.rowCount() == 0)
    window.commands["edit.undo"].trigger()
    assert condition() == "delay > ${input.treshold}"
    qtbot.waitUntil(lambda: window.bottom.problems.model.rowCount() > 0)
    button(desk, "Add it").click()
    assert "treshold" in editor.workflow.input_properties


def test_that_a_misspelt_column_is_mended_beside_the_error(desk: Desk, qtbot: QtBot, tmp_path: Path) -> None:
    opened(desk, tmp_path, condition="dely > 60")
    window, controller = desk.window, desk.window.session.controller
    window.commands["run.run"].trigger()
    qtbot.waitUntil(lambda: controller.view.status is ExecutionStatus.FAILED, timeout=15_000)
    error = window.bottom.data.error
    qtbot.waitUntil(lambda: error.fix.isVisibleTo(error))
    assert error.fix.text() == "Use 'delay'"
    assert status_text(controller.steps["keep"]).endswith(" · 1 fix")
    error.fix.click()
    assert window.session.editor.workflow.nodes["keep"].parameters["condition"] == "delay > 60"
    error.fix.click()
    assert "names no “dely” any more" in window.status_line._message.text()
    window.commands["run.run"].trigger()
    qtbot.waitUntil(lambda: controller.view.status is ExecutionStatus.COMPLETED, timeout=15_000)


def test_that_a_misspelt_function_and_file_are_mended_beside_the_error(
    desk: Desk, qtbot: QtBot, tmp_path: Path
) -> None:
    opened(desk, tmp_path, condition="uper(month) == 'A'")
    window, controller = desk.window, desk.window.session.controller
    editor, error = window.session.editor, window.bottom.data.error

    def fail_and_mend(button: str) -> None:
        window.commands["run.run"].trigger()
        qtbot.waitUntil(lambda: error.fix.isVisibleTo(error) and error.fix.text() == button, timeout=15_000)
        assert controller.view.status is ExecutionStatus.FAILED
        qtbot.mouseClick(error.fix, Qt.MouseButton.LeftButton)

    editor.push(edits.set_parameters(editor.workflow, "read", {"path": "flihgts.csv"}))
    fail_and_mend("Use 'flights.csv'")
    assert editor.workflow.nodes["read"].parameters["path"] == "flights.csv"
    assert editor.undo_stack.undoText() == "Use flights.csv in read"
    window.canvas.select(["keep"])
    fail_and_mend("Use 'upper'")
    assert editor.workflow.nodes["keep"].parameters["condition"] == "upper(month) == 'A'"
    assert status_text(controller.steps["keep"]) == "No 'uper' · 1 fix"
