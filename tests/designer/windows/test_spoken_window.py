"""The whole window as a screen reader walks it: everything to act on has a role and a name of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QWidget
from pytestqt.qtbot import QtBot

from designer.panels.inspector_node import NodePage
from designer.windows.examples import copy_example, examples
from tests.support.desk import Desk
from tests.support.qt_loop import spin
from tests.support.spoken_tree import complaints, walk


@pytest.fixture(autouse=True)
def _somebody_listens(qapp) -> Iterator[None]:
    QAccessible.setActive(True)
    yield
    QAccessible.setActive(False)


def _with_flights(desk: Desk, folder: Path) -> None:
    desk.open()
    example = next(each for each in examples() if each.folder == "flight-delay-report")
    spin(desk.window.session.files.load(copy_example(example, folder)))


def _node(desk: Desk, type_id: str) -> str:
    nodes = desk.window.session.editor.workflow.nodes.values()
    return next(node.id for node in nodes if node.type == type_id)


def _dialog(desk: Desk, qtbot: QtBot) -> QDialog:
    def shown() -> list[QDialog]:
        return [each for each in desk.window.findChildren(QDialog) if each.isVisible()]

    qtbot.waitUntil(lambda: bool(shown()), timeout=15_000)
    return shown()[0]


def test_that_the_empty_window_has_a_name_for_everything(desk: Desk) -> None:
    desk.open()
    assert complaints(desk.window) == []


def test_that_every_panel_has_a_name_for_everything(desk: Desk, tmp_path: Path, qtbot: QtBot) -> None:
    _with_flights(desk, tmp_path)
    window = desk.window
    window.commands["view.outline"].trigger()
    window.commands["edit.find"].trigger()
    window.commands["run.run"].trigger()
    dialog = _dialog(desk, qtbot)
    assert complaints(dialog) == []
    dialog.reject()
    for tab in ("Data", "Timeline", "Problems", "Log", "History"):
        window.bottom.show_tab(tab)
        for node_id in (_node(desk, "file.read_csv"), _node(desk, "table.filter")):
            window.canvas.select([node_id])
            QTest.qWait(20)
            assert complaints(window) == []


def test_that_the_form_of_every_node_type_has_a_name_for_everything(desk: Desk, qtbot: QtBot) -> None:
    desk.open()
    window = desk.window
    for node_type in window.session.catalog.types:
        node_id = window.canvas.add_node_at_centre(node_type.id)
        assert node_id is not None
        window.canvas.select([node_id])
        page = window.inspector.page
        assert isinstance(page, NodePage)
        for tab in range(page.tabs.count()):
            window.inspector.show_tab(tab)
            assert complaints(window.inspector) == [], (node_type.id, tab)


def test_that_wires_several_things_and_the_workflow_have_forms_with_names(desk: Desk, tmp_path: Path) -> None:
    _with_flights(desk, tmp_path)
    window = desk.window
    workflow = window.session.editor.workflow
    for chosen in ([], [next(iter(workflow.connections))], list(workflow.nodes)[:3]):
        window.canvas.select(chosen)
        assert complaints(window.inspector) == [], chosen


@pytest.mark.parametrize("action", ["file.preferences", "help.shortcuts", "help.about", "run.run_with"])
def test_that_every_dialog_has_a_name_for_everything(
    desk: Desk, tmp_path: Path, qtbot: QtBot, action: str
) -> None:
    _with_flights(desk, tmp_path)
    desk.window.commands[action].trigger()
    dialog = _dialog(desk, qtbot)
    assert complaints(dialog) == []
    assert dialog.windowTitle()
    dialog.reject()


@pytest.mark.parametrize(
    "popup",
    [
        lambda window: (window.commands["edit.add_node"].trigger(), window.canvas.quick_add)[1],
        lambda window: (window.open_commands(), window._command_palette)[1],
    ],
    ids=["quick add", "commands"],
)
def test_that_every_popup_has_a_name_for_everything(desk: Desk, popup: Callable[[QWidget], QWidget]) -> None:
    desk.open()
    shown = popup(desk.window)
    assert complaints(shown) == []
    shown.hide()


def test_that_steps_and_wires_are_read_with_what_the_run_made_of_them(
    desk: Desk, tmp_path: Path, qtbot: QtBot
) -> None:
    _with_flights(desk, tmp_path)
    window = desk.window
    window.commands["run.run"].trigger()
    _dialog(desk, qtbot).reject()
    window.canvas.select([_node(desk, "table.filter")])

    def names() -> list[str]:
        return [spoken.name for spoken in walk(window.canvas)]

    # The question may be on screen before the canvas has heard of every step.
    for expected in (
        "Read flights, Read Parquet, flights.parquet, completed, 336,776 rows, step 2 of 10",
        "Connection from Join airlines to Delayed departures, taken",
        "Connection from Delay by carrier to Latest first, if summary.rows > 0",
    ):
        qtbot.waitUntil(lambda expected=expected: expected in names())
    qtbot.waitUntil(lambda: any("needs input, Needs a value for threshold" in name for name in names()))
    kept = next(each for each in walk(window.canvas) if each.name.startswith("Delayed departures"))
    assert "needs input, Needs a value for threshold" in kept.name
    assert kept.selected
    assert kept.focusable
