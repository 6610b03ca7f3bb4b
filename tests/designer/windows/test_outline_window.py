"""The outline in the window: selection both ways, states of a run, adding and connecting by keys."""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from designer.canvas.comment_field import CommentField
from designer.windows.command_palette import CommandPalette
from engine.model.comments import comments
from tests.support.desk import Desk
from tests.support.qt_loop import spin

_Key = Qt.Key
_CtrlAlt = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


def _workflow(folder: Path) -> Path:
    """start -> values -> late, and an end apart from them."""
    nodes: list[dict[str, object]] = [{"id": "start", "type": "flow.manual", "title": "Start"}]
    for node_id, title, name in (("values", "Rates", "rate"), ("late", "Late", "x"), ("end", "End", "y")):
        parameters = {"values": {name: 3}}
        nodes.append(
            {"id": node_id, "type": "flow.set_values", "title": title, "config": {"parameters": parameters}}
        )
    wires = [
        {"id": "a", "source": "start", "target": "values"},
        {"id": "b", "source": "values", "target": "late", "condition": "rate > 5"},
    ]
    path = folder / "rates.workflow.json"
    path.write_text(json.dumps({"id": "w", "nodes": nodes, "connections": wires}), encoding="utf-8")
    return path


def _open(desk: Desk, folder: Path, qtbot: QtBot) -> None:
    desk.open()
    spin(desk.window.session.files.load(_workflow(folder)))
    desk.window.activateWindow()
    QTest.keyClick(desk.window, _Key.Key_4, _CtrlAlt)
    qtbot.waitUntil(desk.window.outline.isVisible)


def _go_to(desk: Desk, node_id: str) -> None:
    outline = desk.window.outline
    outline.tree.setCurrentIndex(outline.model.index_of(("node", node_id)))


def test_that_its_key_shows_it_with_the_keyboard_in_it_and_hides_it(
    desk: Desk, tmp_path: Path, qtbot: QtBot
) -> None:
    _open(desk, tmp_path, qtbot)
    window = desk.window
    qtbot.waitUntil(window.outline.tree.hasFocus)
    assert window.commands["view.outline"].isChecked()
    qtbot.waitUntil(lambda: window.docks.outline.width() >= 300)
    window.commands["view.outline"].trigger()
    assert not window.outline.isVisible()
    qtbot.waitUntil(window.canvas.hasFocus)


def test_that_canvas_and_outline_select_the_same(desk: Desk, tmp_path: Path, qtbot: QtBot) -> None:
    _open(desk, tmp_path, qtbot)
    window = desk.window
    _go_to(desk, "late")
    assert window.canvas.selected_nodes() == ["late"]
    window.canvas.select(["values", "b"])
    assert (window.outline.choice.nodes, window.outline.choice.wires) == (["values"], ["b"])


def test_that_a_run_is_said_line_by_line(desk: Desk, tmp_path: Path, qtbot: QtBot) -> None:
    _open(desk, tmp_path, qtbot)
    window = desk.window
    window.commands["run.run"].trigger()
    qtbot.waitUntil(lambda: window.session.controller.view.status is not None, timeout=10_000)
    qtbot.waitUntil(lambda: not window.session.controller.view.is_active, timeout=10_000)
    model = window.outline.model

    def said(kind: str, row_id: str) -> str:
        index = model.index_of((kind, row_id))  # type: ignore[arg-type]  # a kind of row
        return str(index.data(Qt.ItemDataRole.AccessibleTextRole))

    assert said("node", "values").endswith("if rate > 5 step 3. completed")
    assert said("node", "late").endswith("skipped by a condition")
    assert said("wire", "b") == "if rate > 5 step 3, Late, not taken"
    window.commands["run.clear"].trigger()
    assert said("wire", "b") == "if rate > 5 step 3, Late"


def test_that_a_step_is_added_after_the_current_one(desk: Desk, tmp_path: Path, qtbot: QtBot) -> None:
    _open(desk, tmp_path, qtbot)
    window = desk.window
    _go_to(desk, "late")
    QTest.keyClick(window.outline.tree, _Key.Key_Insert)
    popup = window.canvas.quick_add
    qtbot.waitUntil(popup.isVisible)
    QTest.keyClicks(popup.field, "wait")
    QTest.keyClick(popup.field, _Key.Key_Return)
    workflow = window.session.editor.workflow
    assert workflow.incoming("wait")[0].source == "late"
    assert window.outline.current.id == "wait"
    qtbot.waitUntil(window.outline.tree.hasFocus)


def test_that_a_step_is_connected_from_a_list_of_where_it_may_lead(
    desk: Desk, tmp_path: Path, qtbot: QtBot
) -> None:
    _open(desk, tmp_path, qtbot)
    window = desk.window
    _go_to(desk, "late")
    QTest.keyClick(window.outline.tree, _Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    palette = window.findChild(CommandPalette)
    assert palette is not None
    assert [command.title for command in palette._shown] == ["4. End"]
    assert palette._box.accessibleName() == "Connect Late to…"
    QTest.keyClick(palette._box, _Key.Key_Return)
    assert window.session.editor.workflow.outgoing("late")[0].target == "end"
    assert window.outline.current.id == "late"


def test_that_a_step_that_may_lead_nowhere_says_so(desk: Desk, tmp_path: Path, qtbot: QtBot) -> None:
    _open(desk, tmp_path, qtbot)
    window = desk.window
    editor = window.session.editor
    window.outline.edits.lead_to("late", "end")
    window.outline.edits.lead_to("end", "late")
    assert len(editor.workflow.connections) == 3
    said: list[str] = []
    window.outline.edits.refused.connect(said.append)
    window.outline.edits.lead_to("end", "late")
    assert said == ["That would make a circle: End → Late → End."]
    _go_to(desk, "end")
    QTest.keyClick(window.outline.tree, _Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    message = window.status_line.findChild(QLabel, "statusMessage")
    assert message is not None
    assert "cannot be connected to any other step" in message.text()


def test_that_a_comment_is_written_and_read_without_the_drawing(
    desk: Desk, tmp_path: Path, qtbot: QtBot
) -> None:
    _open(desk, tmp_path, qtbot)
    window = desk.window
    qtbot.waitUntil(window.outline.tree.hasFocus)
    _go_to(desk, "late")
    window.outline.open_menu(window.outline.mapToGlobal(window.outline.rect().center()))
    assert window.outline.menu is not None
    next(each for each in window.outline.menu.actions() if each.text() == "Comment on it…").trigger()
    window.outline.menu.hide()

    def writing() -> CommentField:
        return next(each for each in window.canvas.findChildren(CommentField) if each.isVisible())

    field = writing()
    QTest.keyClicks(field, "Why five?")
    QTest.keyClick(field, _Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert [note.text for note in comments(window.session.editor.workflow)] == ["Why five?"]
    qtbot.waitUntil(window.outline.tree.hasFocus)
    assert window.outline.choice.notes == window.canvas.selection.notes == ["comment"]
    outline = window.outline
    assert outline.model.row_at(outline.tree.currentIndex()).name == ("note", "comment")
    QTest.keyClick(outline.tree, _Key.Key_F2)
    field = writing()
    QTest.keyClicks(field, " Because.")
    QTest.keyClick(field, _Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert outline.tree.currentIndex().data() == "Comment: Why five? Because."
    assert window.session.editor.undo_stack.count() == 2
