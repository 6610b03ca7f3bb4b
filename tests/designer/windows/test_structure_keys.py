"""Groups and bends in the whole window: by their keys, in the menus, and only where they make sense."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from designer.canvas.rename import RenameField
from designer.dialogs.shortcuts import ShortcutsDialog
from designer.windows.main_window import MainWindow
from engine.model.bends import bends
from engine.model.groups import Group, groups
from tests.designer.canvas.conftest import small_workflow
from tests.support.desk import Desk, at_the_canvas, press

GROUP = Group(id="g", title="Clean", colour="human", nodes=("read", "keep"))


@pytest.fixture
def window(desk: Desk, qtbot: QtBot) -> Iterator[MainWindow]:
    window = at_the_canvas(desk, qtbot, replace(small_workflow(), layout_extra={"groups": [GROUP.to_json()]}))
    yield window
    window.canvas.quick_add.hide()


def known(window: MainWindow) -> tuple[Group, ...]:
    return groups(window.session.editor.workflow)


def test_that_keys_fold_rename_and_delete_groups(window: MainWindow) -> None:
    canvas = window.canvas
    canvas.select(["keep"])
    press(window, "Ctrl+Alt+G")
    assert known(window)[0].folded
    assert canvas.selected_nodes() == ["keep", "read"]
    press(window, "F2")
    field = next(one for one in canvas.viewport().findChildren(RenameField) if one.isVisible())
    QTest.keyClicks(field, "Other")
    press(window, "Return")
    assert known(window)[0].title == "Other"
    canvas.setFocus()
    press(window, "Ctrl+Shift+Del")
    assert list(window.session.editor.workflow.nodes) == ["start", "write"]
    assert known(window) == ()


def test_that_a_group_just_made_folds_and_a_group_just_left_does_not(window: MainWindow) -> None:
    canvas = window.canvas
    canvas.select(["start", "write"])
    assert not window.commands["group.fold"].isEnabled()
    press(window, "Ctrl+G")
    press(window, "Return")  # its title is as it comes
    assert len(known(window)) == 2
    press(window, "Ctrl+Alt+G")
    assert [group.folded for group in known(window)] == [False, True]
    press(window, "Ctrl+Alt+G")
    press(window, "Ctrl+Shift+G")
    assert len(known(window)) == 1
    assert not window.commands["group.fold"].isEnabled()


def test_that_keys_bend_move_and_straighten_wires(window: MainWindow) -> None:
    canvas, editor = window.canvas, window.session.editor
    canvas.select(["read_to_keep"])
    press(window, "Ctrl+B")
    before = bends(editor.workflow.connections["read_to_keep"])
    assert len(before) == 1
    press(window, "Ctrl+Down")
    ((x, y),) = before
    assert bends(editor.workflow.connections["read_to_keep"]) == ((x, y + 16),)
    press(window, "Ctrl+Shift+B")
    assert bends(editor.workflow.connections["read_to_keep"]) == ()
    press(window, "Ctrl+Z")
    press(window, "Ctrl+Z")
    assert bends(editor.workflow.connections["read_to_keep"]) == before


def test_that_commands_for_all_groups_and_colours_work(window: MainWindow) -> None:
    commands = window.commands
    commands["group.fold_all"].trigger()
    assert known(window)[0].folded
    commands["group.unfold_all"].trigger()
    assert not known(window)[0].folded
    window.canvas.select(["read"])
    commands["group.trigger"].trigger()
    assert known(window)[0].colour == "trigger"


@pytest.mark.parametrize(
    ("chosen", "enabled", "disabled"),
    [
        (["start"], {"node.rename"}, {"group.fold", "group.delete", "arrange.ungroup", "node.bend"}),
        (["read"], {"group.fold", "group.delete", "arrange.ungroup", "group.human"}, {"node.bend"}),
        (["read", "keep"], {"node.rename", "group.fold"}, {"node.straighten"}),
        (["start", "write"], {"arrange.group"}, {"node.rename", "group.fold"}),
        (["read_to_keep"], {"node.bend", "node.straighten"}, {"node.left", "group.fold"}),
    ],
)
def test_that_commands_are_offered_where_they_make_sense(
    window: MainWindow, chosen: list[str], enabled: set[str], disabled: set[str]
) -> None:
    window.canvas.select(chosen)
    assert {name for name in enabled | disabled if window.commands[name].isEnabled()} == enabled


def test_that_the_sheet_of_keys_names_the_gestures(window: MainWindow, qtbot: QtBot) -> None:
    window.commands["help.shortcuts"].trigger()
    qtbot.waitUntil(lambda: any(one.isVisible() for one in window.findChildren(ShortcutsDialog)))
    dialog = next(one for one in window.findChildren(ShortcutsDialog) if one.isVisible())
    said = {label.text() for label in dialog.findChildren(QLabel)}
    assert {
        "Bend connection",
        "Fold or unfold group",
        "Bend a connection",
        "Fold or unfold a group",
        "Move without snapping",
    } <= said
    dialog.reject()
