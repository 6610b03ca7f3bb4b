"""A run that failed is undone from the window, and what could not be undone is tried again."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from designer.canvas.looks import Look, look_of, status_text
from designer.dialogs.undoing import UndoDialog
from engine.files import workflow_file
from engine.history.status import ExecutionStatus
from engine.model.workflow import Connection, Node, Workflow
from tests.support.desk import Desk

CODE = "import os\nif not os.path.exists('ready'): raise RuntimeError('not ready')\nresult = 'Took 7 back'"


def saved(folder: Path) -> Path:
    undo = {"service": "code", "action": "python", "parameters": {"code": CODE}}
    done = Node(
        id="done",
        type="flow.set_values",
        title="Book",
        config={"parameters": {"values": {"n": 7}}, "rollback": undo},
    )
    fails = Node(id="fails", type="file.read_csv", config={"parameters": {"path": "nowhere.csv"}})
    wire = Connection(id="wire", source="done", target="fails")
    start = Node(id="start", type="flow.manual")
    first = Connection(id="first", source="start", target="done")
    nodes = {node.id: node for node in (start, done, fails)}
    path = folder / "undo.workflow.json"
    workflow_file.save(
        path, Workflow(id="u", name="U", nodes=nodes, connections={"first": first, "wire": wire})
    )
    return path


def undo(desk: Desk, qtbot: QtBot) -> None:
    desk.window.commands["run.undo"].trigger()
    qtbot.waitUntil(lambda: bool(desk.window.findChildren(UndoDialog)))
    desk.window.findChildren(UndoDialog)[-1].undo_button.click()


def test_that_a_failed_run_is_undone_from_the_banner_or_the_menu(
    desk: Desk, qtbot: QtBot, tmp_path: Path
) -> None:
    desk.open(saved(tmp_path))
    window, controller = desk.window, desk.window.session.controller
    assert not window.commands["run.undo"].isEnabled()
    window.commands["run.run"].trigger()
    qtbot.waitUntil(lambda: controller.view.status is ExecutionStatus.FAILED, timeout=15_000)
    assert window.stage.banner.text == "One step did something that can be undone"
    undo(desk, qtbot)
    qtbot.waitUntil(lambda: controller.view.status is ExecutionStatus.ROLLBACK_FAILED, timeout=15_000)
    assert window.stage.banner.text == "One step could not be undone"
    step = controller.steps["done"]
    assert (look_of(step), "not ready" in status_text(step)) == (Look.FAILED, True)
    (tmp_path / "ready").touch()
    qtbot.waitUntil(lambda: not window.findChildren(UndoDialog))
    undo(desk, qtbot)
    qtbot.waitUntil(lambda: controller.view.status is ExecutionStatus.ROLLED_BACK, timeout=15_000)
    step = controller.steps["done"]
    assert (look_of(step), status_text(step)) == (Look.ROLLED_BACK, "Took 7 back")
    assert window.stage.banner.text == ""
    assert not window.commands["run.undo"].isEnabled()
