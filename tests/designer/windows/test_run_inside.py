"""Looking inside a node while and after its part of a run ran: states, results, questions, other items."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from designer.canvas.looks import Look
from designer.dialogs.missing_input import MissingInputDialog
from designer.windows.main_window import MainWindow
from designer.windows.titles import title_of
from engine.history.status import ExecutionStatus, StepStatus
from engine.model import json_form
from engine.model.workflow import Workflow
from tests.designer.document.test_places import nested
from tests.support.desk import Desk


def each(body: dict[str, Any], items: list[Any]) -> Workflow:
    """One node that runs a body of one step for each item."""
    inner = {"id": "body", "name": "Body", "nodes": [body], "connections": []}
    node = {
        "id": "each",
        "type": "flow.for_each",
        "title": "For each region",
        "config": {"parameters": {"items": items}, "workflow": inner},
    }
    return json_form.from_json(
        {"id": "w", "name": "Regions", "nodes": [node], "connections": [], "layout": {"nodes": {}}}, "w"
    )


SET = {
    "id": "set",
    "type": "flow.set_values",
    "title": "Note",
    "config": {"parameters": {"values": {"region": "${item}"}}},
}
ASK = {
    "id": "ask",
    "type": "person.ask",
    "title": "Ask",
    "config": {
        "parameters": {
            "title": "Which?",
            "form": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
        }
    },
}


@pytest.fixture
def window(desk: Desk) -> MainWindow:
    desk.open()
    return desk.window


def look(window: MainWindow, node_id: str) -> Look:
    scene = window.canvas.canvas_scene
    return Look(int(scene.look[scene.row_of[node_id]]))


def run_to_end(window: MainWindow, qtbot: QtBot) -> None:
    window.commands["run.run"].trigger()
    view = window.session.controller
    qtbot.waitUntil(lambda: view.view.status is ExecutionStatus.COMPLETED, timeout=20_000)


def test_that_inside_one_sees_the_states_and_results_of_the_chosen_item(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.session.editor.replace(each(SET, ["north", "south", "west"]))
    run_to_end(window, qtbot)
    window.canvas.inside.enter("each")
    shown = window.session.shown
    qtbot.waitUntil(lambda: "set" in shown.steps)
    parts = window.stage.breadcrumb.parts
    qtbot.waitUntil(lambda: parts.count() == 3)
    assert [parts.itemText(index) for index in range(3)] == ["Item 1", "Item 2", "Item 3"]
    assert parts.currentIndex() == 2
    assert shown.steps["set"].output == {"region": "west"}
    assert look(window, "set") is Look.COMPLETED
    assert shown.way == "each/2"
    parts.setFocus()
    qtbot.keyClick(parts, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: "set" in shown.steps and shown.steps["set"].output == {"region": "north"})
    window.canvas.inside.leave()
    assert look(window, "each") is Look.COMPLETED
    assert shown.way == ""
    assert not window.stage.breadcrumb.isVisible()


def test_that_a_run_that_begins_while_one_looks_inside_shows_there(window: MainWindow, qtbot: QtBot) -> None:
    window.session.editor.replace(each(SET, ["north"]))
    window.canvas.inside.enter("each")
    assert look(window, "set") is Look.IDLE
    run_to_end(window, qtbot)
    qtbot.waitUntil(lambda: look(window, "set") is Look.COMPLETED)
    window.commands["run.clear"].trigger()
    assert look(window, "set") is Look.IDLE


def test_that_a_question_inside_is_asked_with_the_way_to_it_and_answered(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.session.editor.replace(each(ASK, ["north"]))
    window.commands["run.run"].trigger()

    def dialogs() -> list[MissingInputDialog]:
        return [one for one in window.findChildren(MissingInputDialog) if one.isVisible()]

    qtbot.waitUntil(lambda: bool(dialogs()), timeout=20_000)
    dialogs()[0].reject()
    qtbot.waitUntil(lambda: not dialogs())
    qtbot.waitUntil(lambda: window.session.controller.view.is_paused)
    assert "Ask (For each region, item 1)" in window.stage.banner.text
    window.canvas.inside.enter("each")
    qtbot.waitUntil(lambda: "ask" in window.session.shown.steps)
    assert window.session.shown.steps["ask"].status is StepStatus.PAUSED
    window.canvas.answer_requested.emit("ask")
    qtbot.waitUntil(lambda: bool(dialogs()))
    field = dialogs()[0].form.findChildren(QLineEdit)[0]
    qtbot.keyClicks(field, "Emma")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.session.controller.view.status is ExecutionStatus.COMPLETED)
    qtbot.waitUntil(lambda: window.session.shown.steps["ask"].output == {"name": "Emma"})


@pytest.mark.parametrize(
    ("step_id", "title"),
    [
        ("a", "a"),
        ("each/3/x", "x (Each, item 4)"),
        ("each/0/deep/z", "z (Each, item 1 › Deep)"),
        ("gone", "gone"),
        ("a/b", "a/b"),
    ],
)
def test_that_a_step_inside_others_is_named_with_the_way_to_it(step_id: str, title: str) -> None:
    assert title_of(nested(), step_id) == title
