"""A window moves less where the system asks for it, unless its person would rather have it otherwise."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from designer.dialogs.preferences import PreferencesDialog
from tests.support.desk import Desk


@pytest.fixture
def calm(desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The program on a desktop that moves less."""
    monkeypatch.setattr("designer.theme.system_motion.is_reduced", lambda: True)
    assert desk.window.canvas.motion.allowed
    desk.open()
    qtbot.waitUntil(lambda: desk.program.settings.reduce_motion)
    return desk


def preferences(desk: Desk, qtbot: QtBot) -> PreferencesDialog:
    desk.window.commands["file.preferences"].trigger()
    qtbot.waitUntil(lambda: bool(desk.window.findChildren(PreferencesDialog)))
    return desk.window.findChildren(PreferencesDialog)[-1]


def tick(dialog: PreferencesDialog, name: str) -> None:
    row = dialog.form.row(name)
    assert row is not None
    QTest.keyClick(row.editor.focus_target(), Qt.Key.Key_Space)


def test_that_the_canvas_follows_the_system(calm: Desk, qtbot: QtBot) -> None:
    canvas = calm.window.canvas
    assert not canvas.motion.allowed
    assert not canvas.layer.moves
    calm.program.open_window()
    qtbot.waitUntil(lambda: len(calm.program.workplaces) == 2)
    assert not calm.program.workplaces[-1].window.canvas.motion.allowed


def test_that_another_preference_leaves_it_to_the_system_and_its_own_does_not(
    calm: Desk, qtbot: QtBot
) -> None:
    dialog = preferences(calm, qtbot)
    tick(dialog, "snap_to_guides")
    calm.program.settings.follow_system_motion(False)
    assert calm.window.canvas.motion.allowed
    calm.program.settings.follow_system_motion(True)
    assert not calm.window.canvas.motion.allowed
    tick(dialog, "reduce_motion")
    assert calm.window.canvas.motion.allowed
    calm.program.settings.follow_system_motion(False)
    calm.program.settings.follow_system_motion(True)
    assert calm.window.canvas.motion.allowed
    dialog.close()
