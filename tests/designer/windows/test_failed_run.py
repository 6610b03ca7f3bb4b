"""A run that fails: the window leads to the step that failed and says why."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.files import workflow_file
from engine.history.status import ExecutionStatus
from engine.model.workflow import Connection, Node, Workflow
from tests.support.desk import Desk


@pytest.fixture
def failing(desk: Desk, tmp_path: Path) -> Desk:
    nodes = {
        "start": Node(id="start", type="flow.manual", title="Start"),
        "read": Node(
            id="read", type="file.read_csv", title="Read", config={"parameters": {"path": "nowhere.csv"}}
        ),
    }
    wire = Connection(id="wire", source="start", target="read")
    path = tmp_path / "failing.workflow.json"
    layout = {"start": (0.0, 0.0), "read": (2000.0, 0.0)}
    workflow_file.save(
        path, Workflow(id="f", name="F", nodes=nodes, connections={"wire": wire}, layout=layout)
    )
    desk.open(path)
    return desk


def run(desk: Desk, qtbot: QtBot) -> None:
    controller = desk.window.session.controller
    desk.window.commands["run.run"].trigger()
    qtbot.waitUntil(lambda: controller.view.status is ExecutionStatus.FAILED, timeout=15_000)


def test_that_a_failed_run_leads_to_the_step_that_failed(failing: Desk, qtbot: QtBot) -> None:
    window = failing.window
    window.bottom.show_tab("Problems")
    run(failing, qtbot)
    assert window.canvas.selected_nodes() == ["read"]
    assert window.bottom.current_tab == "Data"
    qtbot.waitUntil(lambda: "nowhere.csv" in window.bottom.data.error.message.text())


def test_that_a_failed_run_leaves_what_is_looked_at(failing: Desk, qtbot: QtBot) -> None:
    window = failing.window
    window.canvas.select(["start"])
    window.bottom.show_tab("Log")
    run(failing, qtbot)
    assert window.canvas.selected_nodes() == ["start"]
    assert window.bottom.current_tab == "Log"
    assert window.status_line._message.text().startswith("Read: ")
