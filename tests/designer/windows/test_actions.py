"""Every command of the window: in a menu, in the palette with its key, and done by that key."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMainWindow, QMenu
from pytestqt.qtbot import QtBot

from designer.canvas.rename import RenameField
from designer.canvas.view import CanvasView
from designer.windows.action_specs import SPECS
from designer.windows.actions import Actions
from designer.windows.command_list import action_commands
from designer.windows.main_window import MainWindow
from engine.model import Connection
from tests.designer.canvas.conftest import canvas, editor, settings, small_workflow, theme
from tests.support.desk import Desk, at_the_canvas, press

__all__ = ["canvas", "editor", "settings", "theme"]
NATIVE = QKeySequence.SequenceFormat.NativeText


@pytest.fixture
def window(desk: Desk, qtbot: QtBot) -> Iterator[MainWindow]:
    window = at_the_canvas(desk, qtbot, small_workflow())
    yield window
    window.canvas.quick_add.hide()


def listed(menu: QMenu) -> Iterator[QAction]:
    for action in menu.actions():
        inner = action.menu()
        if isinstance(inner, QMenu):
            yield from listed(inner)
        else:
            yield action


def wires(window: MainWindow) -> set[tuple[str, str]]:
    return {(c.source, c.target) for c in window.session.editor.workflow.connections.values()}


def test_that_every_command_stands_in_a_menu_with_its_key(window: MainWindow) -> None:
    menus = window._make_menus()
    found = {action.objectName(): action for menu in menus for action in listed(menu)}
    assert {spec.id for spec in SPECS} <= set(found)
    for spec in SPECS:
        assert found[spec.id].shortcuts() == [QKeySequence(key) for key in spec.keys]


def test_that_the_command_palette_offers_every_command_and_shows_its_key(window: MainWindow) -> None:
    for action in window.commands:
        action.setEnabled(True)
    offered = {command.title: command.keys for command in action_commands(window.commands)}
    for spec in SPECS:
        if spec.id != "view.commands":
            action = window.commands[spec.id]
            assert offered[action.text().rstrip("…")] == action.shortcut().toString(NATIVE)


@pytest.mark.parametrize(
    ("chosen", "enabled", "disabled"),
    [
        ([], ["edit.paste", "edit.select_all"], ["edit.delete", "edit.copy", "node.open", "node.connect"]),
        (["keep"], ["edit.delete", "edit.heal", "node.open", "node.disable"], ["node.connect"]),
        (["keep", "write"], ["node.connect", "node.left"], ["node.open", "node.rename"]),
        (["read_to_keep"], ["edit.delete", "node.disconnect"], ["edit.copy", "node.disable"]),
    ],
)
def test_that_only_what_can_be_done_with_the_selection_is_offered(
    window: MainWindow, chosen: list[str], enabled: list[str], disabled: list[str]
) -> None:
    window.canvas.select(chosen)
    assert all(window.commands[one].isEnabled() for one in enabled)
    assert not any(window.commands[one].isEnabled() for one in disabled)


@pytest.mark.parametrize("keys", ["F", "D"])
def test_that_letters_of_commands_still_find_node_types_when_nothing_is_selected(
    window: MainWindow, keys: str
) -> None:
    press(window, keys)
    assert window.canvas.quick_add.isVisible()
    assert window.canvas.quick_add.field.text() == keys.lower()


def test_that_d_switches_off_and_on_again_each_as_one_step(window: MainWindow) -> None:
    editor = window.session.editor
    window.canvas.select(["keep", "write"])
    press(window, "D")
    assert editor.workflow.nodes["keep"].disabled
    assert editor.workflow.nodes["write"].disabled
    editor.undo_stack.undo()
    assert not editor.workflow.nodes["keep"].disabled
    assert editor.undo_stack.count() == 1


@pytest.mark.parametrize(
    ("keys", "chosen", "left"),
    [
        ("Ctrl+Del", ["read"], {("start", "keep")}),
        ("Ctrl+L", ["keep", "write"], {("start", "read"), ("read", "keep"), ("keep", "write")}),
        ("Ctrl+Shift+L", ["read"], set()),
        ("Ctrl+Shift+L", ["read_to_keep"], {("start", "read")}),
        ("Del", ["read_to_keep"], {("start", "read")}),
        ("Backspace", ["start"], {("read", "keep")}),
        ("Ctrl+X", ["start"], {("read", "keep")}),
    ],
)
def test_that_a_key_changes_connections_in_one_step_of_undo(
    window: MainWindow, keys: str, chosen: list[str], left: set[tuple[str, str]]
) -> None:
    editor = window.session.editor
    before = editor.workflow
    window.canvas.select(chosen)
    press(window, keys)
    assert wires(window) == left
    assert editor.undo_stack.count() == 1
    editor.undo_stack.undo()
    assert editor.workflow == before


def test_that_a_start_chosen_last_is_connected_to_what_was_chosen_first(window: MainWindow) -> None:
    window.canvas.select(["write", "start"])
    press(window, "Ctrl+L")
    assert ("start", "write") in wires(window)


def test_that_pasting_keeps_the_incoming_wires_when_told_to(window: MainWindow) -> None:
    editor = window.session.editor
    window.canvas.select(["keep"])
    press(window, "Ctrl+C")
    press(window, "Ctrl+V")
    assert len(wires(window)) == 2
    press(window, "Ctrl+Shift+V")
    (pasted,) = window.canvas.selected_nodes()
    assert ("read", pasted) in wires(window)
    assert editor.undo_stack.count() == 2


@pytest.mark.parametrize(
    ("keys", "chosen", "then"),
    [
        ("Alt+Shift+Left", ["keep"], {"start", "read", "keep"}),
        ("Alt+Shift+Right", ["start"], {"start", "read", "keep"}),
        ("Ctrl+A", [], {"start", "read", "keep", "write"}),
        ("Esc", ["keep"], set()),
        ("Right", ["start"], {"read"}),
    ],
)
def test_that_a_key_selects(window: MainWindow, keys: str, chosen: list[str], then: set[str]) -> None:
    window.canvas.select(chosen)
    press(window, keys)
    assert set(window.canvas.selected_nodes()) == then
    assert window.session.editor.undo_stack.count() == 0


@pytest.mark.parametrize(
    ("keys", "to"),
    [
        ("Ctrl+Left", (688.0, 192.0)),
        ("Ctrl+Right", (720.0, 192.0)),
        ("Ctrl+Up", (704.0, 176.0)),
        ("Ctrl+Down", (704.0, 208.0)),
    ],
)
def test_that_nodes_are_nudged(window: MainWindow, keys: str, to: tuple[float, float]) -> None:
    window.canvas.select(["write"])
    press(window, keys)
    assert window.session.editor.workflow.layout["write"] == to
    window.session.editor.undo_stack.undo()
    assert window.session.editor.workflow.layout["write"] == (704.0, 192.0)


def test_that_enter_opens_a_node_but_ends_a_title_that_is_typed(window: MainWindow) -> None:
    opened: list[str] = []
    window.canvas.node_activated.connect(opened.append)
    window.canvas.select(["keep"])
    press(window, "F2")
    field = window.canvas.viewport().findChild(RenameField)
    assert field is not None
    QTest.keyClicks(field, "Large ones")
    press(window, "Return")
    assert window.session.editor.workflow.nodes["keep"].title == "Large ones"
    assert opened == []
    window.canvas.setFocus()
    press(window, "Return")
    assert opened == ["keep"]


def test_that_keys_look_at_the_drawing(window: MainWindow) -> None:
    canvas = window.canvas
    press(window, "Ctrl+0")
    canvas.camera.finish()
    assert canvas.camera.zoom == 1.0
    canvas.select(["write"])
    press(window, "F")
    canvas.camera.finish()
    middle = canvas.canvas_scene.card(3).center()
    assert (canvas.camera.centre - middle).manhattanLength() < 3
    for keys in ("Home", "Ctrl+1"):
        press(window, "Ctrl++")
        press(window, keys)
        canvas.camera.finish()
        assert canvas.camera.visible().contains(canvas.canvas_scene.bounds())
    press(window, "Ctrl+F")
    assert canvas.overlays.find_bar.isVisible()


def test_that_tab_moves_the_focus_and_adds_nothing(window: MainWindow) -> None:
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Tab)
    assert not window.canvas.hasFocus()
    assert not window.canvas.quick_add.isVisible()
    assert window.session.editor.undo_stack.count() == 0


def test_that_nothing_to_disconnect_is_said(window: MainWindow) -> None:
    window.canvas.select(["write"])
    said: list[str] = []
    window.canvas.message.connect(said.append)
    press(window, "Ctrl+Shift+L")
    assert said == ["There is no connection to take away."]
    assert Connection(id="start_to_read", source="start", target="read") in (
        window.session.editor.workflow.connections.values()
    )


def test_that_a_changed_key_works_at_once_and_the_old_one_no_longer(window: MainWindow) -> None:
    editor, duplicate = window.session.editor, window.commands["edit.duplicate"]
    window.keymap.give(duplicate, QKeySequence("Ctrl+J"))
    window.canvas.select(["keep"])
    press(window, "Ctrl+D")
    assert editor.undo_stack.count() == 0
    press(window, "Ctrl+J")
    assert editor.undo_stack.count() == 1
    window.canvas.menus.open_at_focus()
    menu = window.canvas.menus.current
    assert menu is not None
    assert "Duplicate\tCtrl+J" in [action.text() for action in menu.actions()]
    menu.hide()
    offered = {command.title: command.keys for command in action_commands(window.commands)}
    assert offered["Duplicate"] == "Ctrl+J"


def test_that_the_top_bar_shows_the_keys_as_they_are_now(window: MainWindow) -> None:
    hint = window.top_bar.findChild(QLabel, "runKey")
    assert isinstance(hint, QLabel)
    assert hint.text() == "F5"
    window.keymap.give(window.commands["run.run"], QKeySequence("F4"))
    assert hint.text() == "F4"
    window.keymap.reset_all()
    assert hint.text() == "F5"


def test_that_the_window_opens_with_the_keys_that_were_given(desk: Desk) -> None:
    desk.open()
    desk.window.keymap.give(desk.window.commands["edit.heal"], QKeySequence("Ctrl+H"))
    desk.program.settings.sync()
    again = Desk(desk.folder)
    assert again.window.commands["edit.heal"].shortcuts() == [QKeySequence("Ctrl+H")]
    again.close()


@pytest.fixture
def bench(canvas: CanvasView, qtbot: QtBot) -> Iterator[tuple[QMainWindow, Actions]]:
    """The window's commands around a canvas, tied to nothing: keys can be tried without consequences."""
    frame = QMainWindow()
    qtbot.addWidget(frame)
    frame.setCentralWidget(canvas)
    actions = Actions(frame)
    actions.place_on_canvas(canvas)
    frame.show()
    frame.activateWindow()
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus)
    yield frame, actions
    frame.hide()


def _note(done: list[str], action: QAction, _checked: bool = False) -> None:
    done.append(action.objectName())


def test_that_every_key_of_every_command_does_it(bench: tuple[QMainWindow, Actions]) -> None:
    frame, actions = bench
    done: list[str] = []
    for action in actions:
        action.triggered.connect(partial(_note, done, action))
    for spec in SPECS:
        for keys in spec.keys:
            sequence = QKeySequence(keys)
            for place in range(sequence.count()):
                combination = sequence[place]  # type: ignore[index]  # the stubs do not know it
                QTest.keyClick(frame.windowHandle(), combination.key(), combination.keyboardModifiers())
            assert done == [spec.id], keys
            done.clear()
