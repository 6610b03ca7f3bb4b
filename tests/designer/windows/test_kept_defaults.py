"""What a person answers can be kept as a default, for inputs the workflow has and has not yet."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from designer.dialogs.missing_input import MissingInputDialog
from engine.files import workflow_file
from engine.history.status import ExecutionStatus
from engine.model.edits import set_workflow
from engine.model.json_value import Json
from engine.model.workflow import Connection, Node, Workflow
from tests.support.desk import Desk


@pytest.mark.parametrize(
    ("value", "kind"), [(60, "number"), (0.5, "number"), ("Oslo", "string"), (True, "boolean")]
)
def test_that_an_answer_kept_as_default_makes_an_input_of_a_name_that_was_none(
    desk: Desk, value: Json, kind: str
) -> None:
    desk.open()
    editor = desk.window.session.editor
    desk.person.keep_as_default({"limit": value})
    assert editor.workflow.input_properties["limit"] == {"type": kind, "default": value}
    editor.undo_stack.undo()
    assert "limit" not in editor.workflow.input_properties


def test_that_the_default_of_an_input_changes_nothing_else_about_it(desk: Desk) -> None:
    desk.open()
    editor = desk.window.session.editor
    declared: Json = {"type": "object", "properties": {"limit": {"type": "integer", "title": "Most"}}}
    editor.push(set_workflow(editor.workflow, inputs=declared))
    desk.person.keep_as_default({"input.limit": 5})
    assert editor.workflow.input_properties["limit"] == {"type": "integer", "title": "Most", "default": 5}


def test_that_a_field_inside_an_input_gets_no_default_of_its_own(desk: Desk) -> None:
    desk.open()
    desk.person.keep_as_default({"input.customer.name": "Ada"})
    assert not desk.window.session.editor.workflow.input_properties


def test_that_a_value_no_step_gave_becomes_an_input_of_the_workflow(
    desk: Desk, tmp_path: Path, qtbot: QtBot
) -> None:
    def values(node_id: str, value: Json) -> Node:
        config: dict[str, Json] = {"parameters": {"values": {"x": value}}}
        return Node(id=node_id, type="flow.set_values", title=node_id.upper(), config=config)

    nodes = {"a": values("a", 1), "b": values("b", "${a.rate}")}
    wires = {"ab": Connection(id="ab", source="a", target="b")}
    path = tmp_path / "rate.workflow.json"
    workflow_file.save(path, Workflow(id="r", name="R", nodes=nodes, connections=wires))
    desk.open(path)
    window, controller = desk.window, desk.window.session.controller
    window.commands["run.run"].trigger()

    def dialogs() -> list[MissingInputDialog]:
        return [each for each in window.findChildren(MissingInputDialog) if each.isVisible()]

    qtbot.waitUntil(lambda: bool(dialogs()), timeout=15_000)
    dialog = dialogs()[0]
    assert dialog.make_input.isVisible()
    assert not dialog.as_default.isVisible()
    field = dialog.form.findChildren(QLineEdit)[0]
    qtbot.keyClicks(field, "1.08")
    qtbot.mouseClick(dialog.make_input, Qt.MouseButton.LeftButton)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: controller.view.status is ExecutionStatus.COMPLETED, timeout=15_000)
    editor = window.session.editor
    qtbot.waitUntil(lambda: editor.undo_stack.count() == 1)
    assert editor.workflow.nodes["b"].parameters["values"] == {"x": "${input.rate}"}
    assert editor.workflow.input_properties["rate"] == {"title": "Rate", "type": "number"}
    window.commands["edit.undo"].trigger()
    assert editor.workflow.nodes["b"].parameters["values"] == {"x": "${a.rate}"}
    assert not editor.workflow.input_properties


def test_that_what_a_step_inside_lacks_becomes_an_input_of_the_whole_workflow(
    desk: Desk, tmp_path: Path, qtbot: QtBot
) -> None:
    """Both: a value that a step inside never gives, and an input that nobody hands in."""

    def held(inner: dict[str, Json]) -> Node:
        config: dict[str, Json] = {"workflow": inner, "parameters": {"items": [1, 2], "concurrency": 1}}
        return Node(id="each", type="flow.for_each", title="Each", config=config)

    def values(node_id: str, value: Json) -> Json:
        config: dict[str, Json] = {"parameters": {"values": {"x": value}}}
        return {"id": node_id, "type": "flow.set_values", "title": node_id.upper(), "config": config}

    inner: dict[str, Json] = {
        "id": "inner",
        "nodes": [values("a", 1), values("b", "${a.rate}"), values("c", "${input.limit}")],
        "connections": [
            {"id": "ab", "source": "a", "target": "b"},
            {"id": "bc", "source": "b", "target": "c"},
        ],
    }
    path = tmp_path / "inside.workflow.json"
    workflow_file.save(path, Workflow(id="r", name="R", nodes={"each": held(inner)}))
    desk.open(path)
    window, controller = desk.window, desk.window.session.controller
    editor = window.session.editor
    window.commands["run.run"].trigger()

    def asked() -> list[MissingInputDialog]:
        return [each for each in window.findChildren(MissingInputDialog) if each.isVisible()]

    answered: list[MissingInputDialog] = []
    while controller.view.status is not ExecutionStatus.COMPLETED:
        qtbot.waitUntil(
            lambda: bool(asked()) or controller.view.status is ExecutionStatus.COMPLETED, timeout=15_000
        )
        for dialog in asked():
            answered.append(dialog)
            count = editor.undo_stack.count()
            assert dialog.make_input.isVisible() == (len(answered) < 3), "an input by now, for the others too"
            field = dialog.form.findChildren(QLineEdit)[0]
            qtbot.keyClicks(field, "7")
            if dialog.make_input.isVisible():
                qtbot.mouseClick(dialog.make_input, Qt.MouseButton.LeftButton)
                qtbot.keyClick(field, Qt.Key.Key_Return)
                qtbot.waitUntil(lambda count=count: editor.undo_stack.count() == count + 1)
            else:
                qtbot.keyClick(field, Qt.Key.Key_Return)
            qtbot.waitUntil(lambda dialog=dialog: dialog not in asked())
    each = editor.workflow.nodes["each"]
    assert each.parameters["inputs"] == {"rate": "${input.rate}", "limit": "${input.limit}"}
    assert set(editor.workflow.input_properties) == {"rate", "limit"}
    kept = each.config["workflow"]
    assert isinstance(kept, dict)
    assert set(kept["inputs"]["properties"]) == {"rate", "limit"}
    assert kept["nodes"][1]["config"]["parameters"]["values"] == {"x": "${input.rate}"}
    window.commands["edit.undo"].trigger()
    window.commands["edit.undo"].trigger()
    assert not editor.workflow.input_properties
    assert "inputs" not in editor.workflow.nodes["each"].parameters


def test_that_a_run_does_not_ask_again_for_what_was_kept_as_default(
    desk: Desk, tmp_path: Path, qtbot: QtBot
) -> None:
    config: dict[str, Json] = {"parameters": {"values": {"x": "${input.limit}"}}}
    nodes = {"a": Node(id="a", type="flow.set_values", title="A", config=config)}
    declared: dict[str, Json] = {"type": "object", "properties": {"limit": {"type": "integer"}}}
    path = tmp_path / "limit.workflow.json"
    workflow_file.save(path, Workflow(id="l", name="L", nodes=nodes, inputs=declared))
    desk.open(path)
    window, controller = desk.window, desk.window.session.controller
    desk.person.keep_as_default({"input.limit": 5})
    window.commands["run.run"].trigger()
    qtbot.waitUntil(lambda: controller.view.status is ExecutionStatus.COMPLETED, timeout=15_000)
    assert not [each for each in window.findChildren(MissingInputDialog) if each.isVisible()]
