"""A window that has been closed is gone, with its drawing and its run."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from designer.windows.main_window import MainWindow
from engine.history.status import ExecutionStatus
from engine.model import Node, Workflow
from tests.support.desk import Desk

DRAWN = Workflow(
    id="drawn",
    nodes={"set": Node(id="set", type="flow.set_values", config={"parameters": {"values": {"a": 1}}})},
    layout={"set": (0.0, 0.0)},
)


def pieces(window: MainWindow) -> list[weakref.ref[Any]]:
    session = window.session
    return [weakref.ref(one) for one in (window, window.canvas, session.editor.document, session.controller)]


def use_and_close(desk: Desk, qtbot: QtBot, *, run: bool) -> list[weakref.ref[Any]]:
    """Works in a second window, closes it, and says what it was made of."""
    desk.program.open_window()
    qtbot.waitUntil(lambda: len(desk.program.workplaces) == 2)
    window = desk.program.workplaces[-1].window
    qtbot.waitUntil(window.isVisible)
    window.session.editor.replace(DRAWN)
    window.canvas.select(["set"])
    if run:
        window.commands["run.run"].trigger()
        qtbot.waitUntil(lambda: window.session.controller.view.status is ExecutionStatus.COMPLETED)
    window.session.editor.undo_stack.setClean()
    window.close()
    qtbot.waitUntil(lambda: len(desk.program.workplaces) == 1)
    qtbot.waitUntil(lambda: not isValid(window))
    return pieces(window)


@pytest.mark.parametrize("run", [False, True])
def test_that_nothing_of_a_closed_window_stays(desk: Desk, qtbot: QtBot, run: bool) -> None:
    desk.open()
    held = use_and_close(desk, qtbot, run=run)
    gc.unfreeze()  # as the program does when the person is away
    gc.collect()
    assert [piece() is None for piece in held] == [True] * 4


def test_that_the_theme_changes_after_another_window_was_closed(desk: Desk, qtbot: QtBot) -> None:
    desk.open()
    use_and_close(desk, qtbot, run=False)
    before = desk.program.theme.theme
    desk.window.commands["view.theme"].trigger()
    assert desk.program.theme.theme != before
