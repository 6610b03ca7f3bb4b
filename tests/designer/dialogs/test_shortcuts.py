"""The sheet of keys: searched, changed with real key presses, and remembered."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from designer.dialogs.keymap import Keymap
from designer.dialogs.shortcuts import ShortcutsDialog
from designer.settings import Settings

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
COMMANDS = (
    ("save", "&Save", ["Ctrl+S"]),
    ("open", "&Open…", ["Ctrl+O", "Ctrl+Shift+O"]),
    ("left", "Align left", ["Alt+A, L"]),
    ("none", "No key", []),
)


@pytest.fixture
def settings(tmp_path: Path, qtbot: QtBot) -> Settings:
    return Settings(tmp_path / "settings.ini")


def make_actions(window: QWidget) -> list[QAction]:
    made = []
    for name, text, keys in COMMANDS:
        action = QAction(text, window)
        action.setObjectName(name)
        action.setWhatsThis(f"Tip of {name}")
        action.setShortcuts([QKeySequence(key) for key in keys])
        made.append(action)
    return made


@pytest.fixture
def actions(window: QWidget) -> list[QAction]:
    return make_actions(window)


@pytest.fixture
def keymap(actions: list[QAction], settings: Settings) -> Keymap:
    return Keymap(actions, settings)


@pytest.fixture
def sheet(window: QWidget, actions: list[QAction], keymap: Keymap, qtbot: QtBot) -> ShortcutsDialog:
    dialog = ShortcutsDialog({"File": actions}, keymap, gestures=(("Pan", "Space-drag"),), parent=window)
    dialog.open()
    qtbot.waitUntil(dialog.isVisible)
    return dialog


def keys_of(action: QAction) -> list[str]:
    return [keys.toString(QKeySequence.SequenceFormat.PortableText) for keys in action.shortcuts()]


def press(
    sheet: ShortcutsDialog,
    name: str,
    key: Qt.Key,
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    button = sheet.keys[name]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert button.text() == "Press a key…"
    QTest.keyClick(button, key, modifiers)


def test_that_the_sheet_is_made_of_the_actions_and_can_be_searched(
    sheet: ShortcutsDialog, qtbot: QtBot
) -> None:
    assert sheet.visible_commands() == ["Save", "Open", "Align left", "No key", "Pan"]
    qtbot.keyClicks(sheet.search, "ctrl open")
    assert sheet.visible_commands() == ["Open"]
    sheet.search.setText("space")
    assert sheet.visible_commands() == ["Pan"]
    assert sheet.no_match.isHidden()
    sheet.search.setText("tip of left")
    assert sheet.visible_commands() == ["Align left"]
    sheet.search.setText("nowhere ")
    assert sheet.visible_commands() == []
    assert sheet.no_match.isVisible()
    assert sheet.no_match.text().startswith("Nothing matches “nowhere”.")


def test_that_what_a_search_leaves_is_at_the_top(window: QWidget, settings: Settings, qtbot: QtBot) -> None:
    actions = [QAction(f"Command {number}", window) for number in range(60)]
    for action in actions:
        action.setObjectName(action.text())
    sheet = ShortcutsDialog({"All": actions}, Keymap(actions, settings), gestures=(), parent=window)
    sheet.open()
    qtbot.waitUntil(sheet.isVisible)
    (area,) = sheet.findChildren(QScrollArea)
    assert area.verticalScrollBar().maximum() > 0
    qtbot.keyClicks(sheet.search, "mmand 59")
    qtbot.waitUntil(lambda: area.verticalScrollBar().maximum() == 0)
    key = sheet.keys["Command 59"]
    assert area.viewport().rect().contains(key.mapTo(area.viewport(), key.rect().center()))
    assert key.mapTo(area.viewport(), QPoint()).y() < 60
    sheet.search.setText("nowhere")
    said = sheet.no_match
    qtbot.waitUntil(lambda: 0 <= said.mapTo(area.viewport(), QPoint()).y() < 60)


def test_that_a_free_key_is_taken_at_once_and_is_there_after_a_restart(
    sheet: ShortcutsDialog, actions: list[QAction], settings: Settings, window: QWidget
) -> None:
    save = actions[0]
    assert save.toolTip() == "Tip of save (Ctrl+S)"
    press(sheet, "save", Qt.Key.Key_W, CONTROL | SHIFT)
    assert keys_of(save) == ["Ctrl+Shift+W"]
    assert save.toolTip() == "Tip of save (Ctrl+Shift+W)"
    assert sheet.keys["save"].text() == "Ctrl+Shift+W"
    assert not sheet.notice.isVisible()
    settings.sync()
    again = make_actions(window)
    Keymap(again, settings)
    assert keys_of(again[0]) == ["Ctrl+Shift+W"]
    assert keys_of(again[1]) == ["Ctrl+O", "Ctrl+Shift+O"]


def test_that_a_command_without_a_key_gets_one(sheet: ShortcutsDialog, actions: list[QAction]) -> None:
    assert sheet.keys["none"].text() == "Set…"
    press(sheet, "none", Qt.Key.Key_F9)
    assert keys_of(actions[3]) == ["F9"]


def test_that_a_key_that_is_taken_is_moved_only_when_the_person_says_so(
    sheet: ShortcutsDialog, actions: list[QAction]
) -> None:
    press(sheet, "save", Qt.Key.Key_O, CONTROL)
    assert sheet.notice.isVisible()
    assert "“Open”" in sheet.notice.text()
    assert keys_of(actions[0]) == ["Ctrl+S"]
    QTest.mouseClick(sheet.use_button, Qt.MouseButton.LeftButton)
    assert keys_of(actions[0]) == ["Ctrl+O"]
    assert keys_of(actions[1]) == ["Ctrl+Shift+O"]
    assert not sheet.notice.isVisible()


def test_that_a_key_that_begins_another_one_is_in_its_way(
    sheet: ShortcutsDialog, actions: list[QAction]
) -> None:
    press(sheet, "save", Qt.Key.Key_A, Qt.KeyboardModifier.AltModifier)
    assert "“Align left”" in sheet.notice.text()
    assert keys_of(actions[2]) == ["Alt+A, L"]


@pytest.mark.parametrize("key", [Qt.Key.Key_Left, Qt.Key.Key_Space, Qt.Key.Key_Tab, Qt.Key.Key_Home])
def test_that_a_key_of_the_canvas_is_refused_with_the_reason(
    sheet: ShortcutsDialog, actions: list[QAction], key: Qt.Key
) -> None:
    press(sheet, "save", key)
    assert sheet.notice.isVisible()
    assert not sheet.use_button.isVisible()
    assert keys_of(actions[0]) == ["Ctrl+S"]


def test_that_escape_and_leaving_keep_the_key(sheet: ShortcutsDialog, actions: list[QAction]) -> None:
    press(sheet, "save", Qt.Key.Key_Escape)
    assert sheet.isVisible()
    assert sheet.keys["save"].text() == "Ctrl+S"
    QTest.mouseClick(sheet.keys["save"], Qt.MouseButton.LeftButton)
    QTest.keyClick(sheet.keys["save"], Qt.Key.Key_Control)
    assert sheet.keys["save"].text() == "Press a key…"
    sheet.search.setFocus()
    assert sheet.keys["save"].text() == "Ctrl+S"
    assert keys_of(actions[0]) == ["Ctrl+S"]


def test_that_reset_gives_the_keys_back_also_from_others(
    sheet: ShortcutsDialog, actions: list[QAction], settings: Settings
) -> None:
    assert not sheet.resets["save"].isVisible()
    assert not sheet.reset_button.isEnabled()
    press(sheet, "save", Qt.Key.Key_O, CONTROL)
    QTest.mouseClick(sheet.use_button, Qt.MouseButton.LeftButton)
    assert sheet.resets["save"].isVisible()
    QTest.mouseClick(sheet.resets["open"], Qt.MouseButton.LeftButton)
    assert keys_of(actions[1]) == ["Ctrl+O", "Ctrl+Shift+O"]
    assert keys_of(actions[0]) == []
    QTest.mouseClick(sheet.reset_button, Qt.MouseButton.LeftButton)
    assert keys_of(actions[0]) == ["Ctrl+S"]
    assert settings.shortcuts == {}


@pytest.mark.parametrize("text", ["nonsense", "[1]", '{"save": 3}', '{"save": [3]}'])
def test_that_nonsense_in_the_settings_leaves_the_keys_as_they_come(
    tmp_path: Path, window: QWidget, text: str
) -> None:
    file = tmp_path / "broken.ini"
    first = Settings(file)
    first._store.setValue("shortcuts", text)
    first.sync()
    actions = make_actions(window)
    Keymap(actions, Settings(file))
    assert keys_of(actions[0]) == ["Ctrl+S"]
