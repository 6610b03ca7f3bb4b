"""Everything can be done from the keyboard."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from designer.canvas.rename import RenameField
from designer.canvas.view import CanvasView
from designer.editor import Editor
from tests.designer.canvas.conftest import Hand

Key = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_that_arrows_walk_along_wires_and_to_neighbours(canvas: CanvasView) -> None:
    walked = []
    for key in (Key.Key_Right, Key.Key_Right, Key.Key_Right, Key.Key_Down, Key.Key_Left, Key.Key_Left):
        QTest.keyClick(canvas, key)
        walked += canvas.selected_nodes()
    assert walked == ["start", "read", "keep", "write", "read", "start"]
    assert canvas.layer.attention.focused == 0
    QTest.keyClick(canvas, Key.Key_Right, SHIFT)
    assert canvas.selected_nodes() == ["start", "read"]
    canvas.grab()


def test_that_everything_before_or_after_is_selected(canvas: CanvasView) -> None:
    alt = Qt.KeyboardModifier.AltModifier | SHIFT
    canvas.select(["read"])
    QTest.keyClick(canvas, Key.Key_Left, alt)
    assert canvas.selected_nodes() == ["read", "start"]
    QTest.keyClick(canvas, Key.Key_Right, alt)
    assert set(canvas.selected_nodes()) == {"start", "read", "keep"}


def test_that_control_arrows_nudge_and_merge_into_one_step(canvas: CanvasView, editor: Editor) -> None:
    canvas.select(["write"])
    for key in (Key.Key_Right, Key.Key_Right, Key.Key_Down):
        QTest.keyClick(canvas, key, CONTROL)
    assert editor.workflow.layout["write"] == (736.0, 208.0)
    assert editor.undo_stack.count() == 1


@pytest.mark.parametrize("key", [Key.Key_Delete, Key.Key_Backspace])
def test_that_delete_removes_nodes_with_their_wires(canvas: CanvasView, editor: Editor, key: Qt.Key) -> None:
    canvas.select(["read"])
    QTest.keyClick(canvas, key)
    assert list(editor.workflow.nodes) == ["start", "keep", "write"]
    assert not editor.workflow.connections
    assert canvas.selected_nodes() == []
    editor.undo_stack.undo()
    assert set(editor.workflow.connections) == {"start_to_read", "read_to_keep"}


def test_that_control_delete_joins_the_neighbours(canvas: CanvasView, editor: Editor) -> None:
    canvas.select(["read"])
    QTest.keyClick(canvas, Key.Key_Delete, CONTROL)
    assert [(c.source, c.target) for c in editor.workflow.connections.values()] == [("start", "keep")]


def test_that_two_selected_nodes_are_connected(canvas: CanvasView, editor: Editor, qtbot: QtBot) -> None:
    canvas.select(["keep", "write"])
    QTest.keyClick(canvas, Key.Key_L, CONTROL)
    assert ("keep", "write") in {(c.source, c.target) for c in editor.workflow.connections.values()}
    canvas.select(["keep"])
    with qtbot.waitSignal(canvas.message):
        QTest.keyClick(canvas, Key.Key_L, CONTROL)


def test_that_everything_is_selected_and_let_go(canvas: CanvasView) -> None:
    QTest.keyClick(canvas, Key.Key_A, CONTROL)
    assert canvas.selected_nodes() == ["start", "read", "keep", "write"]
    QTest.keyClick(canvas, Key.Key_Escape)
    assert canvas.selected_nodes() == []


def test_that_copies_travel_as_text(canvas: CanvasView, editor: Editor) -> None:
    canvas.select(["read", "keep"])
    QTest.keyClick(canvas, Key.Key_C, CONTROL)
    text = QGuiApplication.clipboard().text()
    assert {node["id"] for node in json.loads(text)["nodes"]} == {"read", "keep"}
    QTest.keyClick(canvas, Key.Key_V, CONTROL)
    added = canvas.selected_nodes()
    assert len(added) == 2
    assert len(editor.workflow.nodes) == 6
    assert any(c.source == added[0] and c.target == added[1] for c in editor.workflow.connections.values())
    QTest.keyClick(canvas, Key.Key_X, CONTROL)
    assert len(editor.workflow.nodes) == 4


def test_that_bad_text_pastes_nothing_and_says_so(canvas: CanvasView, editor: Editor, qtbot: QtBot) -> None:
    for text in ("hello", "{", "{}"):
        QGuiApplication.clipboard().setText(text)
        with qtbot.waitSignal(canvas.message):
            canvas.paste()
    assert editor.undo_stack.count() == 0


def test_that_a_duplicate_is_fed_by_the_same_wires(canvas: CanvasView, editor: Editor) -> None:
    canvas.select(["keep"])
    QTest.keyClick(canvas, Key.Key_D, CONTROL)
    added = canvas.selected_nodes()[0]
    assert editor.workflow.nodes[added].type == "table.filter"
    assert ("read", added) in {(c.source, c.target) for c in editor.workflow.connections.values()}
    assert editor.workflow.layout[added] != editor.workflow.layout["keep"]


def test_that_letters_find_a_type_when_nothing_is_selected(canvas: CanvasView, editor: Editor) -> None:
    QTest.keyClick(canvas, Key.Key_J)
    popup = canvas.quick_add
    assert popup.isVisible()
    assert popup.field.text() == "j"
    QTest.keyClicks(popup.field, "oin")
    QTest.keyClick(popup.field, Key.Key_Return)
    assert "join" in editor.workflow.nodes


def test_that_control_space_adds_after_the_selected_node(canvas: CanvasView, editor: Editor) -> None:
    canvas.select(["read"])
    QTest.keyClick(canvas, Key.Key_Space, CONTROL)
    popup = canvas.quick_add
    count = popup.list.count()
    for key in (Key.Key_Up, Key.Key_Down, Key.Key_PageDown, Key.Key_PageUp):
        QTest.keyClick(popup.field, key)
    assert 0 <= popup.list.currentRow() < count
    QTest.keyClicks(popup.field, "sort")
    QTest.keyClick(popup.field, Key.Key_Return)
    assert ("read", "sort") in {(c.source, c.target) for c in editor.workflow.connections.values()}
    x, y = editor.workflow.layout["sort"]
    assert x == 704.0 + 16  # a snapped column to the right
    assert y > 0  # below the card that is there already


def test_that_escape_closes_the_popup_without_adding(canvas: CanvasView, editor: Editor) -> None:
    canvas.open_quick_add()
    QTest.keyClicks(canvas.quick_add.field, "nothing has this name")
    QTest.keyClick(canvas.quick_add.field, Key.Key_Return)
    QTest.keyClick(canvas.quick_add.field, Key.Key_Escape)
    assert not canvas.quick_add.isVisible()
    assert len(editor.workflow.nodes) == 4


def test_that_a_node_is_renamed_on_its_card(canvas: CanvasView, editor: Editor) -> None:
    canvas.select(["keep"])
    QTest.keyClick(canvas, Key.Key_F2)
    field = canvas.viewport().findChild(RenameField)
    assert field is not None
    QTest.keyClicks(field, "Large orders")
    QTest.keyClick(field, Key.Key_Return)
    assert editor.workflow.nodes["keep"].title == "Large orders"
    assert editor.undo_stack.count() == 1


def test_that_escape_keeps_the_old_title(canvas: CanvasView, editor: Editor) -> None:
    canvas.start_rename("keep")
    field = canvas.viewport().findChild(RenameField)
    assert field is not None
    QTest.keyClicks(field, "Other")
    QTest.keyClick(field, Key.Key_Escape)
    QApplication.processEvents()
    assert editor.workflow.nodes["keep"].title == "Keep large"


def test_that_d_switches_nodes_off_and_on(canvas: CanvasView, editor: Editor) -> None:
    canvas.select(["keep", "write"])
    QTest.keyClick(canvas, Key.Key_D)
    assert editor.workflow.nodes["keep"].disabled
    canvas.grab()
    QTest.keyClick(canvas, Key.Key_D)
    assert not editor.workflow.nodes["write"].disabled


def test_that_keys_zoom_and_frame(canvas: CanvasView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(canvas.zoom_changed):
        QTest.keyClick(canvas, Key.Key_Plus, CONTROL)
    QTest.keyClick(canvas, Key.Key_Minus, CONTROL)
    QTest.keyClick(canvas, Key.Key_0, CONTROL)
    assert canvas.camera.zoom == 1.0
    assert canvas.overlays.zoom_bar.level.text() == "100 %"
    canvas.select(["write"])
    QTest.keyClick(canvas, Key.Key_F)
    assert (canvas.camera.centre - canvas.canvas_scene.card(3).center()).manhattanLength() < 3
    QTest.keyClick(canvas, Key.Key_Home)
    assert canvas.camera.visible().contains(canvas.canvas_scene.bounds())


def test_that_enter_opens_the_selected_node(canvas: CanvasView, qtbot: QtBot) -> None:
    canvas.select(["keep"])
    with qtbot.waitSignal(canvas.node_activated) as told:
        QTest.keyClick(canvas, Key.Key_Return)
    assert told.args == ["keep"]


def test_that_find_steps_through_titles_types_and_parameters(canvas: CanvasView) -> None:
    QTest.keyClick(canvas, Key.Key_F, CONTROL)
    bar = canvas.overlays.find_bar
    assert bar.isVisible()
    QTest.keyClicks(bar.field, "orders")  # in a title, and in a path
    assert canvas.selected_nodes() == ["read"]
    bar.field.setText("csv")
    assert bar.count.text() == "1 of 2"
    QTest.keyClick(bar.field, Key.Key_Return)
    assert canvas.selected_nodes() == ["write"]
    QTest.keyClick(bar.field, Key.Key_Return, SHIFT)
    assert canvas.selected_nodes() == ["read"]
    QTest.keyClick(bar.field, Key.Key_Up)
    assert canvas.selected_nodes() == ["write"]
    bar.field.setText("nowhere")
    assert bar.count.text() == "None"
    QTest.keyClick(bar.field, Key.Key_Escape)
    assert not bar.isVisible()


def test_that_find_moves_the_drawing_only_to_what_is_not_in_sight(canvas: CanvasView) -> None:
    QTest.keyClick(canvas, Key.Key_F, CONTROL)
    bar = canvas.overlays.find_bar
    fitted = canvas.camera.visible()
    bar.field.setText("csv")
    QTest.keyClick(bar.field, Key.Key_Return)
    assert canvas.selected_nodes() == ["write"]
    assert canvas.selection.focused == "write"
    assert canvas.camera.visible() == fitted
    canvas.camera.show(1.0, canvas.canvas_scene.card(0).center())
    QTest.keyClick(bar.field, Key.Key_Return)
    QTest.keyClick(bar.field, Key.Key_Return)
    card = canvas.canvas_scene.card(canvas.canvas_scene.row_of["write"])
    assert (canvas.camera.centre - card.center()).manhattanLength() < 4
    canvas.camera.show(1.0, card.center() + QPointF(-canvas.width() / 2 + 160, canvas.height() / 2 - 40))
    bar.field.setText("report")  # its card lies under the bar now
    assert (canvas.camera.centre - card.center()).manhattanLength() < 4


def test_that_menus_name_what_can_be_done(canvas: CanvasView, hand: Hand, editor: Editor) -> None:
    def texts() -> list[str]:
        menu = canvas.menus.current
        assert menu is not None
        assert menu.isVisible()
        return [action.text().split("\t")[0] for action in menu.actions() if action.text()]

    right = Qt.MouseButton.RightButton
    hand.click(hand.centre("keep"), right)
    assert canvas.selected_nodes() == ["keep"]
    assert {"Open", "Rename", "Duplicate", "Switch off", "Delete"} <= set(texts())
    hand.click((645.0, 34.0), right)
    assert "Taken when the step fails" in texts()
    menu = canvas.menus.current
    assert menu is not None
    next(action for action in menu.actions() if "fails" in action.text()).trigger()
    assert editor.workflow.connections["read_to_keep"].on == "error"
    hand.click((300.0, 260.0), right)
    assert {"Add node…", "Select all", "Show everything"} <= set(texts())
    canvas.select(["keep", "write"])
    canvas.menus.open_at_focus()
    assert "Connect" in texts()
    menu = canvas.menus.current
    assert menu is not None
    menu.hide()
