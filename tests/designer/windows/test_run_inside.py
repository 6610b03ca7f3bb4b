"""Looking inside a node while and after its part of a run ran: states, results, questions, other items."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from designer.canvas.looks import Look
from designer.dialogs.missing_input import MissingInputDialog
from designer.windows.main_window import MainWindow
from designer.windows.titles import title_of
from engine.history.status import ExecutionStatus, StepStatus
from engine.model import json_form
from engine.model.workflow import Workflow
from tests.designer.document.test_places import nested
from tests.support.desk import Desk, press


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


def test_that_after_another_try_the_item_that_did_not_run_again_shows_what_ran(
    window: MainWindow, qtbot: QtBot
) -> None:
    wait = {
        "id": "wait",
        "type": "flow.wait",
        "title": "Wait",
        "config": {"parameters": {"seconds": "${item}"}},
    }
    window.session.editor.replace(each(wait, [0, "soon"]))
    controller = window.session.controller
    window.commands["run.run"].trigger()
    qtbot.waitUntil(lambda: controller.view.status is ExecutionStatus.FAILED, timeout=20_000)
    first_end = controller.steps["each"].ended_at
    window.commands["run.retry"].trigger()

    def has_ended_again() -> bool:
        step = controller.steps.get("each")  # none until the other try has told of it
        return step is not None and step.ended_at not in (None, first_end)

    qtbot.waitUntil(has_ended_again, timeout=20_000)
    qtbot.waitUntil(lambda: controller.view.status is ExecutionStatus.FAILED, timeout=20_000)
    window.canvas.inside.enter("each")
    shown, parts = window.session.shown, window.stage.breadcrumb.parts
    qtbot.waitUntil(lambda: parts.count() == 2 and "wait" in shown.steps)
    assert (shown.way, shown.steps["wait"].status) == ("each~2/1", StepStatus.FAILED)
    for key, way, status in (
        (Qt.Key.Key_Home, "each/0", StepStatus.COMPLETED),
        (Qt.Key.Key_End, "each~2/1", StepStatus.FAILED),
    ):
        parts.setFocus()
        qtbot.keyClick(parts, key)
        qtbot.waitUntil(lambda way=way: shown.way == way and "wait" in shown.steps)
        assert shown.steps["wait"].status is status


def step(node_id: str) -> dict[str, Any]:
    parameters = {"values": {"at": node_id}}
    return {
        "id": node_id,
        "type": "flow.set_values",
        "title": node_id.title(),
        "config": {"parameters": parameters},
    }


@pytest.fixture
def layered(window: MainWindow) -> MainWindow:
    """first -> sub (one -> two -> three, and apart four) -> last; the window looks into sub, two selected."""
    inner = {
        "id": "inner",
        "name": "Inner",
        "nodes": [step("one"), step("two"), step("three"), step("four")],
        "connections": [{"source": "one", "target": "two"}, {"source": "two", "target": "three"}],
    }
    sub = {"id": "sub", "type": "flow.subworkflow", "title": "Sub", "config": {"workflow": inner}}
    outer = {
        "id": "w",
        "name": "W",
        "nodes": [step("first"), sub, step("last")],
        "connections": [{"source": "first", "target": "sub"}, {"source": "sub", "target": "last"}],
    }
    window.session.editor.replace(json_form.from_json(outer, "w"))
    window.canvas.inside.enter("sub")
    window.canvas.select(["two"])
    return window


def completed(window: MainWindow) -> set[str]:
    return {i for i, one in window.session.shown.steps.items() if one.status is StepStatus.COMPLETED}


def test_that_f7_inside_runs_as_far_as_the_step_and_run_goes_on(layered: MainWindow, qtbot: QtBot) -> None:
    window, controller = layered, layered.session.controller
    action = window.commands["run.to"]
    assert action.isEnabled()
    action.hover()
    assert (
        action.toolTip() == "Runs Sub as far as Two, after the step before it. It stops there; Run goes on."
    )
    window.activateWindow()
    window.canvas.setFocus()
    press(window, "F7")
    qtbot.waitUntil(lambda: controller.view.is_paused, timeout=20_000)
    qtbot.waitUntil(lambda: completed(window) == {"one", "two"})
    assert controller.steps["first"].status is StepStatus.COMPLETED
    assert window.stage.banner.text == "Stopped inside Sub"
    press(window, "F5")
    qtbot.waitUntil(lambda: controller.view.status is ExecutionStatus.COMPLETED)
    qtbot.waitUntil(lambda: completed(window) == {"one", "two", "three", "four"})
    assert controller.steps["last"].reason == "not_selected"  # it was a run to here after all


def test_that_another_part_takes_the_place_of_one_that_has_arrived(layered: MainWindow, qtbot: QtBot) -> None:
    window, controller = layered, layered.session.controller
    window.part_wiring.run_part("to", "one")
    qtbot.waitUntil(lambda: controller.view.is_paused, timeout=20_000)
    first = controller.view.execution_id
    assert window.commands["run.to"].isEnabled()
    window.part_wiring.run_part("to", "two")
    qtbot.waitUntil(
        lambda: controller.view.execution_id != first and controller.view.is_paused, timeout=20_000
    )
    qtbot.waitUntil(lambda: completed(window) == {"one", "two"})
    window.canvas.inside.leave()
    window.part_wiring.run_part("to", "last")
    qtbot.waitUntil(lambda: controller.view.status is ExecutionStatus.COMPLETED, timeout=20_000)
    assert {"first", "sub", "last"} == completed(window)


def test_that_a_breakpoint_that_is_set_meanwhile_holds_no_less(layered: MainWindow, qtbot: QtBot) -> None:
    window, controller = layered, layered.session.controller
    window.part_wiring.run_part("only", "two")
    qtbot.waitUntil(lambda: controller.view.is_paused, timeout=20_000)
    qtbot.waitUntil(lambda: completed(window) == {"one", "two"})
    assert "first" not in controller.steps or controller.steps["first"].reason == "not_selected"
    window.canvas.select(["three"])
    window.commands["node.breakpoint"].trigger()
    qtbot.waitUntil(lambda: window.session.tasks.is_idle)
    assert completed(window) == {"one", "two"}
    window.commands["run.run"].trigger()
    qtbot.waitUntil(lambda: controller.view.status is ExecutionStatus.COMPLETED)
    qtbot.waitUntil(lambda: completed(window) == {"one", "two", "three", "four"})


def test_that_running_from_inside_begins_at_the_first_step(layered: MainWindow, qtbot: QtBot) -> None:
    window, controller = layered, layered.session.controller
    window.commands["run.from"].hover()
    words = window.commands["run.from"].toolTip()
    assert words.startswith("Runs Sub and the step after it; First has no result yet and will run first.")
    assert "Inside it the run begins at the first step, not at " in words
    window.part_wiring.run_part("from", "two")
    qtbot.waitUntil(lambda: controller.view.status is ExecutionStatus.COMPLETED, timeout=20_000)
    qtbot.waitUntil(lambda: completed(window) == {"one", "two", "three", "four"})
    assert controller.steps["last"].status is StepStatus.COMPLETED


def test_that_a_part_that_cannot_run_says_why(layered: MainWindow) -> None:
    window = layered
    window.canvas.commands.set_disabled()
    window.part_wiring.run_part("to", "two")
    said = window.status_line.findChild(QLabel, "statusMessage")
    assert said.text() == "Two is switched off: switch it on to run it."
    window.canvas.select([])
    assert not window.commands["run.to"].isEnabled()
    assert window.commands["run.to"].toolTip() == "Select the step to run to."


@pytest.mark.parametrize(
    ("step_id", "title"),
    [
        ("a", "a"),
        ("each/3/x", "x (Each, item 4)"),
        ("each/0/deep/z", "z (Each, item 1 › Deep)"),
        ("each~2/0/deep~3.2/z", "z (Each, item 1 › Deep)"),
        ("gone", "gone"),
        ("a/b", "a/b"),
    ],
)
def test_that_a_step_inside_others_is_named_with_the_way_to_it(step_id: str, title: str) -> None:
    assert title_of(nested(), step_id) == title
