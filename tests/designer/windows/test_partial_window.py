"""F7, Shift+F7, P and running again from the step that failed, in the whole program with its engine."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from designer.canvas.looks import Look
from designer.dialogs.questions import HappenedDialog
from designer.execution.bridge import EngineHost
from engine.files import workflow_file
from engine.history.status import ExecutionStatus, StepStatus
from engine.model import edits, queries
from engine.model.pins import is_pinned
from engine.model.workflow import Connection, Node, Workflow
from tests.support.desk import Desk
from tests.support.qt_loop import spin

Key, Shift = Qt.Key, Qt.KeyboardModifier.ShiftModifier


def values(node_id: str, **given: object) -> Node:
    config = {"parameters": {"values": given}}
    return Node(id=node_id, type="flow.set_values", title=node_id.upper(), config=config)


@pytest.fixture
def parts(desk: Desk, tmp_path: Path) -> Desk:
    """a -> b -> read, a file that is not there."""
    nodes = {
        "a": values("a", v=1),
        "b": values("b", v="${a.v}"),
        "read": Node(
            id="read", type="file.read_csv", title="Read", config={"parameters": {"path": "late.csv"}}
        ),
    }
    wires = {
        "ab": Connection(id="ab", source="a", target="b"),
        "br": Connection(id="br", source="b", target="read"),
    }
    layout = {"a": (0.0, 0.0), "b": (352.0, 0.0), "read": (704.0, 0.0)}
    path = tmp_path / "parts.workflow.json"
    workflow_file.save(path, Workflow(id="p", name="P", nodes=nodes, connections=wires, layout=layout))
    desk.open(path)
    return desk


def press(
    desk: Desk, qtbot: QtBot, node_id: str, key: Qt.Key, modifier: Qt.KeyboardModifier | None = None
) -> None:
    canvas = desk.window.canvas
    canvas.select([node_id])
    canvas.setFocus()
    qtbot.keyClick(canvas, key, modifier or Qt.KeyboardModifier.NoModifier)


def wait_for(desk: Desk, qtbot: QtBot, status: ExecutionStatus, but: str | None = None) -> str:
    controller = desk.window.session.controller
    qtbot.waitUntil(
        lambda: controller.view.status is status and controller.view.execution_id != but, timeout=15_000
    )
    assert controller.view.execution_id is not None
    return controller.view.execution_id


def statuses(desk: Desk) -> dict[str, str]:
    return {
        step_id: step.via or step.reason or step.status.value.lower()
        for step_id, step in desk.window.session.controller.steps.items()
    }


def test_that_f7_runs_to_the_step_and_shift_f7_from_it(parts: Desk, qtbot: QtBot) -> None:
    window = parts.window
    press(parts, qtbot, "b", Key.Key_F7)
    first = wait_for(parts, qtbot, ExecutionStatus.COMPLETED)
    assert statuses(parts)["read"] == "not_selected"
    scene = window.canvas.canvas_scene
    assert scene.subtitle(scene.row_of["read"]) == "Not part of this run"
    assert (window.session.controller.view.done, window.session.controller.view.total) == (2, 2)
    press(parts, qtbot, "b", Key.Key_F7, Shift)
    second = wait_for(parts, qtbot, ExecutionStatus.FAILED, but=first)
    assert statuses(parts) == {"a": "reused", "b": "completed", "read": "unhandled"}
    assert scene.look[scene.row_of["a"]] == Look.REUSED
    assert "result of" in scene.subtitle(scene.row_of["a"]).lower()
    window.canvas.select(["a"])
    assert window.bottom.data.node_id == "a"
    press(parts, qtbot, "b", Key.Key_F7)
    wait_for(parts, qtbot, ExecutionStatus.COMPLETED, but=second)


def test_that_actions_say_what_they_would_do(parts: Desk, qtbot: QtBot) -> None:
    commands, canvas = parts.window.commands, parts.window.canvas
    assert not commands["run.to"].isEnabled()
    canvas.select(["b"])
    assert commands["run.to"].isEnabled()
    for kind in ("to", "only"):
        commands[f"run.{kind}"].hover()
    assert commands["run.to"].toolTip().startswith("Runs B and the step before it")
    assert "A has to run first" in commands["run.only"].toolTip()
    commands["run.only"].trigger()
    assert "A has to run first" in parts.window.status_line._message.text()
    assert commands["node.pin"].text() == "Pin result"


def test_that_the_whole_drawing_is_read_when_an_action_is_pointed_at_and_not_at_every_click(
    parts: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []
    upstream, downstream = queries.upstream, queries.downstream
    monkeypatch.setattr("designer.execution.parts.upstream", lambda *it: reads.append("up") or upstream(*it))
    monkeypatch.setattr(
        "designer.execution.parts.downstream", lambda *it: reads.append("down") or downstream(*it)
    )
    window = parts.window
    window.canvas.select(["b"])
    window.session.editor.push(edits.rename(window.session.editor.workflow, "b", "Bee"))
    assert window.commands["run.from"].isEnabled()
    assert reads == []
    window.commands["run.from"].hover()
    assert "down" in reads
    assert window.commands["run.from"].toolTip().startswith("Runs Bee")


def test_that_only_this_step_runs_and_the_others_keep_their_results(parts: Desk, qtbot: QtBot) -> None:
    window = parts.window
    press(parts, qtbot, "b", Key.Key_F7)
    first = wait_for(parts, qtbot, ExecutionStatus.COMPLETED)
    editor, scene = window.session.editor, window.canvas.canvas_scene
    editor.push(edits.set_parameters(editor.workflow, "a", {"values": {"v": 2}}))
    assert [Look(look) for look in scene.look.tolist()] == [Look.STALE, Look.STALE, Look.IDLE]
    window.canvas.select(["a"])
    window.commands["run.only"].trigger()
    wait_for(parts, qtbot, ExecutionStatus.COMPLETED, but=first)
    assert [Look(look) for look in scene.look.tolist()] == [Look.COMPLETED, Look.STALE, Look.IDLE]
    assert scene.marks.stale["b"] == "“A” has given something else since."


def test_that_p_pins_the_result_which_is_then_used(parts: Desk, qtbot: QtBot) -> None:
    window = parts.window
    press(parts, qtbot, "b", Key.Key_F7)
    first = wait_for(parts, qtbot, ExecutionStatus.COMPLETED)
    press(parts, qtbot, "a", Key.Key_P)
    assert is_pinned(window.session.editor.workflow.nodes["a"])
    assert window.commands["node.pin"].text() == "Unpin result"
    press(parts, qtbot, "b", Key.Key_F7)
    wait_for(parts, qtbot, ExecutionStatus.COMPLETED, but=first)
    assert statuses(parts)["a"] == "pinned"
    window.canvas.select(["a"])
    window.inspector.show_tab(2)
    page = window.inspector._page
    card = page.output.pin
    assert card.title.text() == "Pinned"
    card.edit_button.click()
    assert card.form is not None
    card.form.value_changed.emit({"output": {"v": 5}})
    assert window.session.editor.workflow.nodes["a"].config["pin"] == {"output": {"v": 5}}
    card.toggle_button.click()
    assert not is_pinned(window.session.editor.workflow.nodes["a"])
    assert card.form is None
    assert card.title.text() == "Not pinned"
    card.toggle_button.click()
    assert is_pinned(window.session.editor.workflow.nodes["a"])


def test_that_a_failed_run_is_run_again_from_the_step_that_failed(
    parts: Desk, qtbot: QtBot, tmp_path: Path
) -> None:
    window = parts.window
    window.commands["run.run"].trigger()
    first = wait_for(parts, qtbot, ExecutionStatus.FAILED)
    assert window.stage.banner.text == "Read failed"
    (tmp_path / "late.csv").write_text("n\n1\n", "utf-8")
    window.stage.banner._button.click()
    again = wait_for(parts, qtbot, ExecutionStatus.COMPLETED)
    assert again == first
    assert window.stage.banner.text == ""
    assert statuses(parts) == {"a": "completed", "b": "completed", "read": "completed"}
    assert not window.commands["run.retry"].isEnabled()


def test_that_an_edited_drawing_goes_on_in_a_run_of_its_own(
    parts: Desk, qtbot: QtBot, tmp_path: Path
) -> None:
    window = parts.window
    window.commands["run.run"].trigger()
    first = wait_for(parts, qtbot, ExecutionStatus.FAILED)
    (tmp_path / "other.csv").write_text("n\n1\n", "utf-8")
    editor = window.session.editor
    editor.push(edits.set_parameters(editor.workflow, "read", {"path": "other.csv"}))
    window.commands["run.retry"].trigger()
    second = wait_for(parts, qtbot, ExecutionStatus.COMPLETED)
    assert second != first
    assert statuses(parts) == {"a": "reused", "b": "reused", "read": "completed"}


def test_that_a_run_from_history_shows_what_was_edited_since(parts: Desk, qtbot: QtBot) -> None:
    window = parts.window
    press(parts, qtbot, "b", Key.Key_F7)
    first = wait_for(parts, qtbot, ExecutionStatus.COMPLETED)
    editor, scene = window.session.editor, window.canvas.canvas_scene
    window.commands["run.clear"].trigger()
    editor.push(edits.set_parameters(editor.workflow, "b", {"values": {"v": 9}}))
    window.bottom.history.execution_activated.emit(first)
    qtbot.waitUntil(lambda: scene.look[scene.row_of["b"]] == Look.STALE)
    assert scene.look[scene.row_of["a"]] == Look.COMPLETED
    controller = window.session.controller
    assert controller.steps["b"].status is StepStatus.COMPLETED


def test_that_unchanged_steps_say_so_and_everything_can_be_run_again(parts: Desk, qtbot: QtBot) -> None:
    window = parts.window
    press(parts, qtbot, "b", Key.Key_F7)
    first = wait_for(parts, qtbot, ExecutionStatus.COMPLETED)
    press(parts, qtbot, "b", Key.Key_F7)
    second = wait_for(parts, qtbot, ExecutionStatus.COMPLETED, but=first)
    scene = window.canvas.canvas_scene
    assert [Look(look) for look in scene.look.tolist()] == [Look.REUSED, Look.REUSED, Look.IDLE]
    assert scene.subtitle(0).startswith("Unchanged since ")
    window.commands["run.anew"].trigger()
    third = wait_for(parts, qtbot, ExecutionStatus.FAILED, but=second)
    assert statuses(parts) == {"a": "completed", "b": "completed", "read": "unhandled"}
    window.session.settings.reuse_results = False
    window.commands["run.run"].trigger()
    fourth = wait_for(parts, qtbot, ExecutionStatus.FAILED, but=third)
    assert statuses(parts)["a"] == "completed"
    window.session.settings.reuse_results = True
    window.commands["run.run"].trigger()
    wait_for(parts, qtbot, ExecutionStatus.FAILED, but=fourth)
    assert statuses(parts)["a"] == "reused"


def test_that_what_pins_refer_to_is_kept_until_the_file_is_opened_without_them(
    parts: Desk, qtbot: QtBot, tmp_path: Path
) -> None:
    window = parts.window
    (tmp_path / "late.csv").write_text("n\n1\n", "utf-8")
    press(parts, qtbot, "read", Key.Key_F7)
    wait_for(parts, qtbot, ExecutionStatus.COMPLETED)
    store = parts.folder / "data" / "runs.sqlite"

    def held() -> set[str]:
        with closing(sqlite3.connect(store)) as connection:
            return {name for (name,) in connection.execute("SELECT name FROM pins")}

    press(parts, qtbot, "read", Key.Key_P)
    name = window.session.controller.steps["read"].output["table"]["$table"]
    qtbot.waitUntil(lambda: name in held())
    press(parts, qtbot, "read", Key.Key_P)
    assert name in held()
    file = window.session.editor.document.path
    window.session.editor.replace(window.session.editor.root, file)
    qtbot.waitUntil(lambda: not held())


@pytest.mark.parametrize(("happened", "via"), [(True, "person"), (False, "")])
def test_that_a_doubtful_step_is_decided_by_a_person(
    parts: Desk, qtbot: QtBot, tmp_path: Path, happened: bool, via: str
) -> None:
    window = parts.window
    (tmp_path / "late.csv").write_text("n\n1\n", "utf-8")
    editor = window.session.editor
    editor.push(edits.set_config(editor.workflow, "a", delivery="at_most_once"))
    workflow = editor.root

    async def leave_behind(host: EngineHost) -> str:
        """A run whose program died while its first step ran."""
        engine, store = host.engine, host.engine.state_manager
        plan = engine._compiler.compile(workflow)
        await store.save_definition(plan.definition_hash, json.loads(plan.definition))
        made = await store.create_execution(
            workflow.id, definition_hash=plan.definition_hash, base_dir=str(tmp_path)
        )
        await store.update_execution_status(made, ExecutionStatus.RUNNING)
        await store.update_step_status(made, "a", StepStatus.RUNNING)
        await engine.wait(made)
        return made

    session = window.session
    execution_id = spin(session.bridge._call(leave_behind))
    spin(session.controller.attach(execution_id))
    qtbot.waitUntil(lambda: window.stage.banner.text == "A may or may not have run", timeout=15_000)
    window.stage.banner._button.click()
    qtbot.waitUntil(lambda: bool(window.findChildren(HappenedDialog)))
    (dialog,) = window.findChildren(HappenedDialog)
    (dialog.happened_button if happened else dialog.again_button).click()
    wait_for(parts, qtbot, ExecutionStatus.COMPLETED if not happened else ExecutionStatus.PAUSED)
    assert session.controller.steps["a"].via == via
