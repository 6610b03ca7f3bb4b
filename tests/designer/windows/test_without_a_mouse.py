"""Everything by keys on the real window: going round its parts, building, connecting, running, answering."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QTabBar,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from designer.theme import ThemeController
from designer.theme.controller import Mode
from tests.support.desk import Desk

_Key, _Mod = Qt.Key, Qt.KeyboardModifier
_NONE, _CTRL, _SHIFT = _Mod.NoModifier, _Mod.ControlModifier, _Mod.ShiftModifier


def press(key: Qt.Key, modifiers: Qt.KeyboardModifier = _NONE) -> None:
    """A key on whatever has the keyboard."""
    focused = QApplication.focusWidget()
    assert focused is not None
    QTest.keyClick(focused, key, modifiers)


def type_in(text: str) -> None:
    focused = QApplication.focusWidget()
    assert focused is not None
    QTest.keyClicks(focused, text)


def _open(desk: Desk, qtbot: QtBot) -> None:
    desk.open()
    desk.window.activateWindow()
    desk.window.canvas.setFocus()
    qtbot.waitUntil(desk.window.canvas.hasFocus)


def test_that_a_key_goes_round_the_parts_of_the_window(desk: Desk, qtbot: QtBot) -> None:
    _open(desk, qtbot)
    window = desk.window
    parts = (window.inspector, window.bottom, window.top_bar, window.palette_panel, window.stage)
    for part in parts:
        press(_Key.Key_F6, _SHIFT)
        focused = QApplication.focusWidget()
        assert focused is not None
        assert part.isAncestorOf(focused), part
    for part in reversed(parts[:-1]):
        press(_Key.Key_F6, _SHIFT | _CTRL)
        assert part.isAncestorOf(QApplication.focusWidget()), part  # type: ignore[arg-type]  # asserted above


def test_that_hidden_parts_are_passed_over(desk: Desk, qtbot: QtBot) -> None:
    _open(desk, qtbot)
    desk.window.docks.inspector.hide()
    press(_Key.Key_F6, _SHIFT)
    assert desk.window.bottom.tabs.hasFocus()


def test_that_tab_comes_to_every_part_and_back(desk: Desk, qtbot: QtBot) -> None:
    _open(desk, qtbot)
    window = desk.window
    met: set[str] = set()
    parts = {
        "top": window.top_bar,
        "palette": window.palette_panel,
        "canvas": window.stage,
        "inspector": window.inspector,
        "bottom": window.bottom,
    }
    for _ in range(200):
        press(_Key.Key_Tab)
        focused = QApplication.focusWidget()
        assert focused is not None
        assert focused.isVisible()
        met |= {name for name, part in parts.items() if part.isAncestorOf(focused)}
        if focused is window.canvas and len(met) == len(parts):
            break
    assert met == set(parts)


def test_that_a_workflow_is_built_run_and_answered_by_keys_alone(desk: Desk, qtbot: QtBot) -> None:
    _open(desk, qtbot)
    window, editor = desk.window, desk.window.session.editor

    def add(words: str) -> None:
        press(_Key.Key_Space, _CTRL)
        qtbot.waitUntil(window.canvas.quick_add.isVisible)
        QTest.keyClicks(window.canvas.quick_add.field, words)
        QTest.keyClick(window.canvas.quick_add.field, _Key.Key_Return)
        qtbot.waitUntil(window.canvas.hasFocus)

    add("manual")
    press(_Key.Key_Escape)
    add("set values")
    press(_Key.Key_Escape)
    start, values = list(editor.workflow.nodes)
    assert not editor.workflow.connections

    # Select both, walking; connect them; the condition of the wire between them.
    press(_Key.Key_A, _CTRL)
    assert set(window.canvas.selected_nodes()) == {start, values}
    press(_Key.Key_L, _CTRL)
    (wire,) = editor.workflow.connections.values()
    assert (wire.source, wire.target) == (start, values)
    window.canvas.select([start])
    press(_Key.Key_W)
    assert window.canvas.selection.wires == [wire.id]
    press(_Key.Key_Return)
    qtbot.waitUntil(lambda: window.inspector.isAncestorOf(QApplication.focusWidget()))
    press(_Key.Key_4, _CTRL | _Mod.AltModifier)
    qtbot.waitUntil(window.outline.tree.hasFocus)
    window.outline.tree.setCurrentIndex(window.outline.model.index_of(("wire", wire.id)))
    press(_Key.Key_F2)
    field = window.outline.tree.findChild(QLineEdit, "outlineField")
    assert field is not None
    QTest.keyClicks(field, "1 < 2")
    QTest.keyClick(field, _Key.Key_Return)
    qtbot.waitUntil(lambda: editor.workflow.connections[wire.id].condition == "1 < 2")
    assert window.focusWidget() is window.outline.tree
    window.activateWindow()  # no window manager does it here
    qtbot.waitUntil(window.outline.tree.hasFocus)

    # A question at the end, added in the list; run; answer it; look at what came of it.
    window.outline.tree.setCurrentIndex(window.outline.model.index_of(("node", values)))
    press(_Key.Key_Insert)
    popup = window.canvas.quick_add
    qtbot.waitUntil(popup.isVisible)
    QTest.keyClicks(popup.field, "ask")
    QTest.keyClick(popup.field, _Key.Key_Return)
    asking = window.outline.current.id
    assert editor.workflow.incoming(asking)[0].source == values
    press(_Key.Key_F5)
    dialogs = window.findChildren(QDialog)
    qtbot.waitUntil(lambda: any(each.isVisible() for each in window.findChildren(QDialog)), timeout=15_000)
    dialog = next(each for each in window.findChildren(QDialog) if each.isVisible())
    assert dialog not in dialogs
    qtbot.waitUntil(lambda: dialog.isAncestorOf(QApplication.focusWidget()))
    type_in("42")
    press(_Key.Key_Return)
    qtbot.waitUntil(lambda: not window.session.controller.view.is_active, timeout=15_000)
    assert str(window.session.controller.view.status).endswith("COMPLETED")
    window.activateWindow()
    window.canvas.setFocus()
    qtbot.waitUntil(window.canvas.hasFocus)
    press(_Key.Key_F6, _SHIFT)
    press(_Key.Key_F6, _SHIFT)
    assert window.bottom.tabs.hasFocus()
    press(_Key.Key_Right)
    assert window.bottom.current_tab == "Timeline"


_MAKERS = {
    "button": lambda: QPushButton("Go"),
    "tool button": lambda: _with_text(QToolButton()),
    "field": lambda: QLineEdit("text"),
    "box": lambda: _with_items(QComboBox()),
    "check": lambda: QCheckBox("On"),
    "radio": lambda: QRadioButton("One"),
    "number": QSpinBox,
    "text": lambda: QPlainTextEdit("text"),
    "tabs": lambda: _with_tabs(QTabBar()),
    "list": lambda: _with_rows(QListWidget()),
    "tree": lambda: _with_branch(QTreeWidget()),
}


def _with_text(button: QToolButton) -> QToolButton:
    button.setText("Go")
    return button


def _with_items(box: QComboBox) -> QComboBox:
    box.addItems(["a", "b"])
    return box


def _with_tabs(tabs: QTabBar) -> QTabBar:
    tabs.addTab("One")
    tabs.addTab("Two")
    tabs.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return tabs


def _with_rows(rows: QListWidget) -> QListWidget:
    rows.addItems(["a", "b"])
    rows.setCurrentRow(0)
    return rows


def _with_branch(tree: QTreeWidget) -> QTreeWidget:
    tree.addTopLevelItem(QTreeWidgetItem(["a"]))
    tree.setCurrentItem(tree.topLevelItem(0))
    return tree


def _look(widget: QWidget) -> QImage:
    return widget.grab().toImage()


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("kind", list(_MAKERS))
def test_that_what_has_the_keyboard_looks_like_it(qtbot: QtBot, mode: Mode, kind: str) -> None:
    ThemeController(mode)
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    other, widget = QPushButton("Other"), _MAKERS[kind]()
    column.addWidget(other)
    column.addWidget(widget)
    window.show()
    window.activateWindow()
    other.setFocus()
    qtbot.waitUntil(other.hasFocus)
    before = _look(widget)
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(widget.hasFocus)
    if isinstance(widget, QLineEdit | QPlainTextEdit):
        widget.setCursorWidth(0) if isinstance(widget, QPlainTextEdit) else widget.deselect()
    assert _look(widget) != before


def test_that_the_canvas_shows_that_it_has_the_keyboard(desk: Desk, qtbot: QtBot) -> None:
    _open(desk, qtbot)
    canvas = desk.window.canvas
    desk.window.palette_panel.search.setFocus()
    qtbot.waitUntil(lambda: not canvas.hasFocus())
    before = canvas.viewport().grab().toImage().pixelColor(1, 1)
    canvas.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(canvas.hasFocus)
    assert canvas.viewport().grab().toImage().pixelColor(1, 1) != before
    assert canvas.viewport().grab().toImage().pixelColor(1, 1).name().upper() == canvas.theme.theme.accent


def test_that_w_goes_round_the_connections_of_a_node(desk: Desk, qtbot: QtBot, tmp_path: Path) -> None:
    _open(desk, qtbot)
    canvas, editor = desk.window.canvas, desk.window.session.editor
    first = canvas.add_node_at_centre("flow.manual")
    canvas.select([])
    second = canvas.add_node_at_centre("flow.set_values")
    assert first is not None
    assert second is not None
    canvas.commands.connect(first, second)
    (wire,) = editor.workflow.connections
    canvas.select([second])
    canvas.setFocus()
    press(_Key.Key_W)
    assert canvas.selection.wires == [wire]
    press(_Key.Key_W)
    assert canvas.selected_nodes() == [second]
    assert canvas.selection.wires == []
