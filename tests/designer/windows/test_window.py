"""The window as a whole: its commands, its panels, its questions, and how it closes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from designer.dialogs.about import AboutDialog
from designer.dialogs.base import Dialog
from designer.dialogs.message import MessageDialog
from designer.dialogs.preferences import PreferencesDialog
from designer.dialogs.questions import CloseRunningDialog, RecoveredDialog, UnsavedDialog
from designer.dialogs.run_inputs import RunInputsDialog
from designer.dialogs.shortcuts import ShortcutsDialog
from designer.execution.run_view import RunView
from engine.files import workflow_file
from engine.history.status import ExecutionStatus
from engine.model.changes import NodeAdded
from engine.model.edits import Edit
from engine.model.workflow import Node, Workflow
from engine.problem import Problem
from tests.designer.canvas.conftest import small_workflow
from tests.support.desk import Desk, at_the_canvas
from tests.support.qt_loop import spin

ADD = Edit(
    label="Add Start", changes=(NodeAdded(node=Node(id="start", type="flow.manual"), position=(0.0, 0.0)),)
)
D = TypeVar("D", bound=QWidget)


@pytest.fixture
def opened(desk: Desk, qtbot: QtBot) -> Callable[[type[D]], D]:
    """Waits for the dialog of a kind, as a person does."""

    def wait(kind: type[D]) -> D:
        qtbot.waitUntil(lambda: any(one.isVisible() for one in desk.window.findChildren(kind)))
        return next(one for one in desk.window.findChildren(kind) if one.isVisible())

    return wait


def trigger(desk: Desk, action_id: str) -> None:
    desk.window.commands[action_id].trigger()


def gone(qtbot: QtBot, dialog: Dialog[object]) -> None:
    qtbot.waitUntil(lambda: not dialog.isVisible())


def test_that_the_first_start_shows_an_empty_canvas_with_what_to_do(desk: Desk) -> None:
    desk.open()
    window = desk.window
    assert window.stage.hint is not None
    assert window.windowTitle() == "Untitled workflow[*] – Workflow Designer"
    assert not window.isWindowModified()
    assert window.canvas.hasFocus()


def test_that_edits_mark_the_window_and_undo_takes_the_mark_away(desk: Desk) -> None:
    desk.open()
    window = desk.window
    assert not window.commands["edit.undo"].isEnabled()
    window.session.editor.push(ADD)
    assert window.isWindowModified()
    assert window.commands["edit.undo"].text() == "Undo add Start"
    assert window.status_line._counts.text() == "1 node · 0 connections"
    trigger(desk, "edit.undo")
    assert not window.isWindowModified()
    assert window.commands["edit.redo"].isEnabled()


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_that_the_theme_switches_and_is_remembered(desk: Desk, mode: str) -> None:
    desk.open()
    desk.program.theme.set_mode("dark" if mode == "light" else "light")
    trigger(desk, "view.theme")
    assert desk.program.theme.theme.name == mode
    assert desk.program.settings.theme_mode == mode
    trigger(desk, "view.theme_system")
    assert desk.program.settings.theme_mode == "system"


def test_that_panels_hide_show_and_float(desk: Desk) -> None:
    desk.open()
    docks = desk.window.docks
    panels = ("view.palette", "view.inspector", "view.bottom", "view.outline")
    desk.window.commands["view.outline"].trigger()
    for action_id, dock in zip(panels, docks.all, strict=True):
        trigger(desk, action_id)
        assert dock.isHidden()
        trigger(desk, action_id)
        assert not dock.isHidden()
    trigger(desk, "view.float")
    assert all(dock.isFloating() for dock in docks.all)
    trigger(desk, "view.float")
    assert not any(dock.isFloating() for dock in docks.all)


def test_that_a_hidden_panel_is_still_hidden_at_the_next_start(desk: Desk) -> None:
    desk.open()
    trigger(desk, "view.bottom")
    desk.window._remember()
    again = Desk(desk.folder)
    again.window.show()
    assert again.window.docks.bottom.isHidden()
    assert not again.window.docks.palette.isHidden()
    again.close()


def test_that_problems_stop_a_run_and_a_click_on_one_goes_to_its_node(desk: Desk, qtbot: QtBot) -> None:
    desk.open()
    window = desk.window
    broken = Node(id="keep", type="table.filter", title="Keep")
    window.session.editor.push(Edit(label="Add", changes=(NodeAdded(node=broken, position=(0.0, 0.0)),)))
    window.docks.bottom.hide()
    trigger(desk, "run.run")
    qtbot.waitUntil(lambda: window.bottom.current_tab == "Problems" and not window.docks.bottom.isHidden())
    qtbot.waitUntil(lambda: not window.session.controller.view.is_active)
    window.bottom.problems.problem_activated.emit(
        Problem(severity="error", code="x", message="no table", node_id="keep")
    )
    assert window.canvas.selected_nodes() == ["keep"]


def test_that_the_palette_adds_a_node_and_a_double_click_opens_the_inspector(desk: Desk) -> None:
    desk.open()
    window = desk.window
    window.palette_panel.node_chosen.emit("flow.manual")
    (node_id,) = window.session.editor.workflow.nodes
    window.docks.inspector.hide()
    window.canvas.node_activated.emit(node_id)
    assert not window.docks.inspector.isHidden()
    trigger(desk, "edit.select_all")
    trigger(desk, "edit.delete")
    assert window.session.editor.workflow.nodes == {}


def test_that_menus_list_recent_files_and_examples(desk: Desk, qtbot: QtBot) -> None:
    path = desk.folder / "orders.workflow.json"
    workflow_file.save(path, Workflow(id="o", name="Orders"))
    desk.open(path)
    recent, listed = QMenu(), QMenu()
    qtbot.addWidget(recent)
    qtbot.addWidget(listed)
    desk.window.file_wiring.fill_recent(recent)
    desk.window.file_wiring.fill_examples(listed)
    assert [action.text() for action in recent.actions()] == [f"orders\t{desk.folder}"]
    assert "Flight delay report" in [action.text() for action in listed.actions()]
    spin(desk.window.session.files.new())
    recent.actions()[0].trigger()
    qtbot.waitUntil(lambda: desk.window.session.editor.workflow.name == "Orders")


def test_that_a_workflow_file_dropped_on_the_window_opens(desk: Desk, qtbot: QtBot) -> None:
    path = desk.folder / "orders.workflow.json"
    workflow_file.save(path, Workflow(id="o", name="Orders"))
    desk.open()
    dragged = QMimeData()
    dragged.setUrls([QUrl.fromLocalFile(str(path))])
    actions, none, left = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(QPoint(5, 5), actions, dragged, left, none)
    desk.window.dragEnterEvent(enter)
    assert enter.isAccepted()
    desk.window.dropEvent(QDropEvent(QPointF(5, 5), actions, dragged, left, none))
    qtbot.waitUntil(lambda: desk.window.session.editor.workflow.name == "Orders")
    other = QMimeData()
    other.setUrls([QUrl.fromLocalFile("/data/orders.csv")])
    assert desk.window.file_wiring.accepts(QDropEvent(QPointF(5, 5), actions, other, left, none)) is None


def test_that_ctrl_k_finds_and_runs_a_command(desk: Desk, qtbot: QtBot) -> None:
    desk.open()
    qtbot.keyClick(desk.window.canvas, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = desk.window._command_palette
    qtbot.waitUntil(palette.isVisible)
    qtbot.keyClicks(palette._box, "add filter")
    qtbot.keyClick(palette._box, Qt.Key.Key_Return)
    assert [node.type for node in desk.window.session.editor.workflow.nodes.values()] == ["table.filter"]


def test_that_ctrl_k_goes_to_a_step_and_says_when_nothing_answers(desk: Desk, qtbot: QtBot) -> None:
    canvas = at_the_canvas(desk, qtbot, small_workflow()).canvas
    desk.window.palette_panel.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = desk.window._command_palette
    qtbot.waitUntil(palette.isVisible)
    qtbot.keyClicks(palette._box, "zzz")
    assert [palette._list.item(row).text() for row in range(palette._list.count())] == [
        "Nothing matches “zzz”"
    ]
    qtbot.keyClick(palette._box, Qt.Key.Key_Return)
    assert palette.isVisible()
    palette._box.clear()
    qtbot.keyClicks(palette._box, "report go")
    qtbot.keyClick(palette._box, Qt.Key.Key_Return)
    assert not palette.isVisible()
    assert canvas.selected_nodes() == ["write"]
    assert canvas.hasFocus()


@pytest.mark.parametrize("key", ["?", Qt.Key.Key_F1])
def test_that_the_keyboard_sheet_opens_by_its_keys(
    desk: Desk, qtbot: QtBot, opened: Callable[[type[ShortcutsDialog]], ShortcutsDialog], key: Qt.Key | str
) -> None:
    desk.open()
    shift = Qt.KeyboardModifier.ShiftModifier if key == "?" else Qt.KeyboardModifier.NoModifier
    qtbot.keyClick(desk.window.canvas, key, shift)
    opened(ShortcutsDialog).close()


def test_that_help_and_preferences_open_without_stopping_the_window(
    desk: Desk, qtbot: QtBot, opened: Callable[[type[QWidget]], QWidget]
) -> None:
    desk.open()
    for action_id, kind in (
        ("help.shortcuts", ShortcutsDialog),
        ("help.about", AboutDialog),
        ("file.preferences", PreferencesDialog),
    ):
        trigger(desk, action_id)
        dialog = opened(kind)
        dialog.close()
        qtbot.waitUntil(lambda d=dialog: not d.isVisible())  # type: ignore[misc]


def test_that_closing_with_unsaved_edits_asks_and_cancel_keeps_the_window(
    desk: Desk, qtbot: QtBot, opened: Callable[[type[UnsavedDialog]], UnsavedDialog]
) -> None:
    desk.open()
    desk.window.session.editor.push(ADD)
    closed: list[bool] = []
    desk.window.closed.connect(lambda: closed.append(True))
    desk.window.close()
    dialog = opened(UnsavedDialog)
    dialog.cancel_button.click()
    gone(qtbot, dialog)
    assert desk.window.isVisible()
    assert closed == []
    desk.window.close()
    qtbot.waitUntil(lambda: any(one.isVisible() for one in desk.window.findChildren(UnsavedDialog)))
    next(one for one in desk.window.findChildren(UnsavedDialog) if one.isVisible()).discard_button.click()
    qtbot.waitUntil(lambda: closed == [True])
    assert not list((desk.folder / "data" / "unsaved").glob("*"))


@pytest.mark.parametrize(("button", "called"), [("keep_button", "pause"), ("stop_button", "stop")])
def test_that_closing_over_a_running_workflow_asks_what_becomes_of_it(
    desk: Desk,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    opened: Callable[[type[CloseRunningDialog]], CloseRunningDialog],
    button: str,
    called: str,
) -> None:
    desk.open()
    controller = desk.window.session.controller
    calls: list[str] = []

    async def note(name: str) -> None:
        calls.append(name)

    monkeypatch.setattr(controller, "pause", lambda: note("pause"))
    monkeypatch.setattr(controller, "stop", lambda: note("stop"))
    controller._show(
        RunView(execution_id="r", workflow_name="Orders", status=ExecutionStatus.RUNNING, total=3)
    )
    desk.window.close()
    opened(CloseRunningDialog).cancel_button.click()
    qtbot.waitUntil(lambda: desk.program.tasks.is_idle)
    assert desk.window.isVisible()
    closed: list[bool] = []
    desk.window.closed.connect(lambda: closed.append(True))
    desk.window.close()
    chosen: QPushButton = getattr(opened(CloseRunningDialog), button)
    chosen.click()
    qtbot.waitUntil(lambda: closed == [True])
    assert calls == [called]


def test_that_crashed_edits_are_offered_at_the_next_start(
    desk: Desk, qtbot: QtBot, opened: Callable[[type[RecoveredDialog]], RecoveredDialog]
) -> None:
    journal = desk.folder / "data" / "unsaved" / "1-1.journal"
    journal.parent.mkdir(parents=True)
    crashed = Desk(desk.folder)
    crashed.window.session.editor.push(ADD)
    left = crashed.window.session.journal
    assert left._stream is not None
    left._stream.close()
    left._stream = left._path = None
    task = desk.program.tasks.start(desk.program.open(None))
    dialog = opened(RecoveredDialog)
    dialog.recover_button.click()
    qtbot.waitUntil(task.done)
    assert list(desk.window.session.editor.workflow.nodes) == ["start"]
    assert desk.window.isWindowModified()
    crashed.close()


def test_that_a_store_in_use_is_explained_and_drawing_goes_on(
    desk: Desk, qtbot: QtBot, opened: Callable[[type[MessageDialog]], MessageDialog]
) -> None:
    desk.open()
    second = Desk(desk.folder)
    task = second.program.tasks.start(second.program.open(None))
    qtbot.waitUntil(lambda: bool(second.window.findChildren(MessageDialog)))
    dialog = second.window.findChildren(MessageDialog)[0]
    assert "cannot be run" in dialog.title_label.text()
    dialog.close()
    qtbot.waitUntil(task.done)
    second.window.session.editor.push(ADD)
    assert second.window.status_line._counts.text() == "1 node · 0 connections"
    second.close()


def test_that_run_with_inputs_asks_first_and_cancel_runs_nothing(
    desk: Desk, qtbot: QtBot, opened: Callable[[type[RunInputsDialog]], RunInputsDialog]
) -> None:
    path = desk.folder / "ask.workflow.json"
    inputs = {"type": "object", "properties": {"threshold": {"type": "number"}}}
    start = Node(id="start", type="flow.manual")
    workflow_file.save(path, Workflow(id="ask", name="Ask", inputs=inputs, nodes={"start": start}))
    desk.open(path)
    trigger(desk, "run.run_with")
    dialog = opened(RunInputsDialog)
    dialog.cancel_button.click()
    qtbot.waitUntil(lambda: not desk.window.session.controller.view.is_active)
    assert spin(desk.window.session.bridge.history()) == []


def test_that_history_lists_runs_and_shows_one_again(desk: Desk, qtbot: QtBot) -> None:
    path = desk.folder / "one.workflow.json"
    start = Node(id="start", type="flow.manual")
    workflow_file.save(path, Workflow(id="one", name="One", nodes={"start": start}))
    desk.open(path)
    controller = desk.window.session.controller
    trigger(desk, "run.run")
    qtbot.waitUntil(lambda: controller.view.status is ExecutionStatus.COMPLETED)
    run = controller.view.execution_id
    assert run is not None
    trigger(desk, "run.clear")
    assert controller.view.status is None
    desk.window.bottom.show_tab("History")
    desk.window.bottom.history.execution_activated.emit(run)
    qtbot.waitUntil(lambda: controller.view.status is ExecutionStatus.COMPLETED)
    assert set(controller.steps) == {"start"}


def test_that_an_unexpected_error_is_shown_once_and_logged(
    desk: Desk,
    qtbot: QtBot,
    opened: Callable[[type[MessageDialog]], MessageDialog],
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk.open()
    desk.program.reporter.report(RuntimeError("a broken thing"))
    dialog = opened(MessageDialog)
    assert "a broken thing" in dialog.text_label.text()
    assert "a broken thing" in caplog.text
    dialog.close()
    gone(qtbot, dialog)


def test_that_the_data_of_a_deleted_node_is_not_shown_any_longer(desk: Desk) -> None:
    desk.open()
    data = desk.window.bottom.data
    desk.window.session.editor.push(ADD)
    desk.window.canvas.add_node_at_centre("flow.wait")
    added = desk.window.canvas.selected_nodes()
    assert data.node_id == added[0]
    desk.window.canvas.delete_selection()
    assert data.node_id == ""
