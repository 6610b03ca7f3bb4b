"""A condition that cannot be checked, from the banner to the repaired run, in the whole program."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from designer.canvas.looks import Flow, Look
from designer.dialogs.fix_condition import FixConditionDialog
from designer.panels.texts import status_word
from designer.windows.titles import find
from engine.files import workflow_file
from engine.history.status import ExecutionStatus, StepStatus
from engine.model import json_form
from engine.model.workflow import Connection, Node, Workflow
from tests.support.desk import Desk


def values(node_id: str, **given: object) -> Node:
    config = {"parameters": {"values": given}}
    return Node(id=node_id, type="flow.set_values", title=node_id.upper(), config=config)


@pytest.fixture
def broken(desk: Desk, tmp_path: Path) -> Desk:
    """a -> b under a condition that cannot be checked, and a -> c in any case."""
    nodes = {"a": values("a", month=3), "b": values("b", v=1), "c": values("c", v=2)}
    wires = {
        "ab": Connection(id="ab", source="a", target="b", condition="month < 'x'"),
        "ac": Connection(id="ac", source="a", target="c"),
    }
    layout = {"a": (0.0, 0.0), "b": (352.0, 0.0), "c": (352.0, 160.0)}
    path = tmp_path / "broken.workflow.json"
    workflow_file.save(path, Workflow(id="p", name="P", nodes=nodes, connections=wires, layout=layout))
    desk.open(path)
    desk.window.commands["run.run"].trigger()
    return desk


def wait_for(desk: Desk, qtbot: QtBot, status: ExecutionStatus) -> None:
    controller = desk.window.session.controller
    qtbot.waitUntil(lambda: controller.view.status is status, timeout=15_000)


def opened(desk: Desk, qtbot: QtBot) -> FixConditionDialog:
    wait_for(desk, qtbot, ExecutionStatus.PAUSED)
    desk.window.commands["run.answer"].trigger()
    dialog = desk.window.incident_wiring.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: "cannot order" in dialog.verdict.text(), timeout=5_000)
    return dialog


def write(dialog: FixConditionDialog, qtbot: QtBot, text: str, verdict: str) -> None:
    dialog.form.set_value({"condition": text})
    dialog.form.value_changed.emit(dialog.form.value())
    qtbot.waitUntil(lambda: verdict in dialog.verdict.text(), timeout=5_000)


def test_that_card_wire_and_banner_say_what_is_wrong(broken: Desk, qtbot: QtBot) -> None:
    window = broken.window
    wait_for(broken, qtbot, ExecutionStatus.PAUSED)
    scene = window.canvas.canvas_scene
    row = scene.row_of["a"]
    assert (scene.look[row], scene.subtitle(row)) == (Look.NEEDS_INPUT, "Condition needs a fix")
    assert scene.marks.flow("ab") is Flow.BROKEN
    assert scene.marks.flow("ac") is Flow.TAKEN
    assert window.stage.banner.text == "A → B: the condition cannot be checked"
    assert window.session.controller.view.reason == "incident"
    assert window.commands["run.answer"].text() == "Fix the condition…"


def test_that_a_repaired_condition_goes_on_and_is_one_edit(broken: Desk, qtbot: QtBot) -> None:
    window = broken.window
    dialog = opened(broken, qtbot)
    assert not dialog.isModal()
    assert not dialog.repair_button.isEnabled()
    write(dialog, qtbot, "month + 1", "true or false")
    assert not dialog.repair_button.isEnabled()
    write(dialog, qtbot, "month > 5", "It does not hold")
    write(dialog, qtbot, "month == 3", "It holds")
    assert dialog.change_workflow.isChecked()
    qtbot.mouseClick(dialog.repair_button, Qt.MouseButton.LeftButton)
    wait_for(broken, qtbot, ExecutionStatus.COMPLETED)
    qtbot.waitUntil(lambda: window.incident_wiring.dialog is None)
    assert window.session.controller.steps["b"].status is StepStatus.COMPLETED
    qtbot.waitUntil(lambda: window.session.editor.workflow.connections["ab"].condition == "month == 3")
    window.commands["edit.undo"].trigger()
    assert window.session.editor.workflow.connections["ab"].condition == "month < 'x'"
    assert window.stage.banner.text == ""
    assert not window.canvas.canvas_scene.marks.incidents


def test_that_the_run_alone_can_be_repaired(broken: Desk, qtbot: QtBot) -> None:
    dialog = opened(broken, qtbot)
    write(dialog, qtbot, "month == 4", "It does not hold")
    dialog.change_workflow.setChecked(False)
    qtbot.mouseClick(dialog.repair_button, Qt.MouseButton.LeftButton)
    wait_for(broken, qtbot, ExecutionStatus.COMPLETED)
    session = broken.window.session
    qtbot.waitUntil(lambda: session.tasks.is_idle)
    assert session.editor.workflow.connections["ab"].condition == "month < 'x'"
    assert session.controller.steps["b"].status is StepStatus.SKIPPED


def test_that_later_leaves_it_open_and_resume_asks_again(broken: Desk, qtbot: QtBot) -> None:
    window = broken.window
    dialog = opened(broken, qtbot)
    qtbot.mouseClick(dialog.later_button, Qt.MouseButton.LeftButton)
    assert window.incident_wiring.dialog is None
    assert window.session.controller.view.status is ExecutionStatus.PAUSED
    window.commands["run.run"].trigger()
    assert window.incident_wiring.dialog is not None
    window.canvas.answer_requested.emit("a")
    assert window.incident_wiring.dialog.isVisible()


def test_that_the_run_can_be_stopped_from_the_dialog(broken: Desk, qtbot: QtBot) -> None:
    dialog = opened(broken, qtbot)
    qtbot.mouseClick(dialog.stop_button, Qt.MouseButton.LeftButton)
    wait_for(broken, qtbot, ExecutionStatus.CANCELLED)
    assert broken.window.incident_wiring.dialog is None
    assert not broken.window.canvas.canvas_scene.marks.broken


def test_that_a_switch_without_a_way_on_lets_one_of_its_conditions_be_chosen(
    desk: Desk, tmp_path: Path, qtbot: QtBot
) -> None:
    switch = Node(id="s", type="flow.switch", title="S", config={"parameters": {"value": 3}})
    nodes = {"a": values("a", month=3), "s": switch, "x": values("x", v=1), "y": values("y", v=1)}
    wires = {
        "as": Connection(id="as", source="a", target="s"),
        "sx": Connection(id="sx", source="s", target="x", condition="a.month == 1"),
        "sy": Connection(id="sy", source="s", target="y", condition="a.month == 2"),
    }
    layout = {name: (number * 352.0, 0.0) for number, name in enumerate(nodes)}
    path = tmp_path / "switch.workflow.json"
    workflow_file.save(path, Workflow(id="p", name="P", nodes=nodes, connections=wires, layout=layout))
    desk.open(path)
    desk.window.commands["run.run"].trigger()
    wait_for(desk, qtbot, ExecutionStatus.PAUSED)
    assert "no condition holds" in desk.window.stage.banner.text
    desk.window.incident_wiring.fix()
    dialog = desk.window.incident_wiring.dialog
    assert dialog is not None
    dialog.way.setCurrentIndex(1)
    dialog.way.activated.emit(1)
    assert (dialog.connection_id, dialog.condition) == ("sy", "a.month == 2")
    write(dialog, qtbot, "a.month == 4", "It does not hold")
    qtbot.mouseClick(dialog.repair_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "no connection is for everything else" in dialog.verdict.text(), timeout=5_000)
    write(dialog, qtbot, "a.month == 3", "It holds")
    qtbot.mouseClick(dialog.repair_button, Qt.MouseButton.LeftButton)
    wait_for(desk, qtbot, ExecutionStatus.COMPLETED)
    assert desk.window.session.controller.steps["y"].status is StepStatus.COMPLETED


def test_that_a_condition_in_a_part_is_repaired_in_the_drawing_too(
    desk: Desk, tmp_path: Path, qtbot: QtBot
) -> None:
    body = {
        "id": "body",
        "name": "Body",
        "nodes": [json_form.node_json(values("a", month=3)), json_form.node_json(values("b", v=1))],
        "connections": [{"id": "ab", "source": "a", "target": "b", "condition": "month < 'x'"}],
    }
    config = {"parameters": {"items": [7]}, "workflow": body}
    each = Node(id="each", type="flow.for_each", title="Each", config=config)
    path = tmp_path / "parts.workflow.json"
    workflow_file.save(path, Workflow(id="p", name="P", nodes={"each": each}))
    desk.open(path)
    window = desk.window
    window.commands["run.run"].trigger()
    dialog = opened(desk, qtbot)
    assert dialog.change_workflow.isVisible()
    write(dialog, qtbot, "month == 3", "It holds")
    qtbot.mouseClick(dialog.repair_button, Qt.MouseButton.LeftButton)
    wait_for(desk, qtbot, ExecutionStatus.COMPLETED)
    editor = window.session.editor

    def condition() -> str | None:
        found = find(editor.root, "each/0/ab")
        assert found is not None
        return found[1].connections[found[2]].condition

    qtbot.waitUntil(lambda: condition() == "month == 3")
    assert editor.undo_stack.count() == 1
    window.commands["edit.undo"].trigger()
    assert condition() == "month < 'x'"
    assert editor.document.place == ("each",)  # one sees where it was undone


def test_that_the_condition_of_a_step_itself_is_repaired_and_changed_in_the_drawing(
    desk: Desk, qtbot: QtBot, tmp_path: Path
) -> None:
    guarded = values("b", v=1)
    guarded = replace(guarded, config={**guarded.config, "condition": "a.month < 'x'"})
    nodes = {"a": values("a", month=3), "b": guarded}
    wires = {"ab": Connection(id="ab", source="a", target="b")}
    path = tmp_path / "guarded.workflow.json"
    workflow_file.save(path, Workflow(id="p", name="P", nodes=nodes, connections=wires))
    desk.open(path)
    desk.window.commands["run.run"].trigger()
    dialog = opened(desk, qtbot)
    window = desk.window
    scene = window.canvas.canvas_scene
    assert scene.subtitle(scene.row_of["b"]) == "Its condition needs a fix"
    assert scene.marks.flow("ab") is Flow.TAKEN
    assert window.stage.banner.text == "B: its condition cannot be checked"
    assert status_word("PAUSED", window.session.controller.steps["b"].reason) == "Condition needs a fix"
    words = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "Does “B” run?" in words
    assert "“B” has not begun" in words
    write(dialog, qtbot, "a.month > 5", "the step is skipped")
    write(dialog, qtbot, "a.month == 3", "the step runs")
    assert dialog.change_workflow.isChecked()
    qtbot.mouseClick(dialog.repair_button, Qt.MouseButton.LeftButton)
    wait_for(desk, qtbot, ExecutionStatus.COMPLETED)
    assert window.session.controller.steps["b"].status is StepStatus.COMPLETED
    editor = window.session.editor
    qtbot.waitUntil(lambda: editor.workflow.nodes["b"].config.get("condition") == "a.month == 3")
    window.commands["edit.undo"].trigger()
    assert editor.workflow.nodes["b"].config["condition"] == "a.month < 'x'"
