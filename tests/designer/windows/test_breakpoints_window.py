"""F9, F10 and the Step button, in the whole program with its engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from designer.canvas.looks import Look
from designer.execution import holding
from designer.panels.inspector_held import HeldCard
from engine.files import workflow_file
from engine.history.status import ExecutionStatus, StepStatus
from engine.model.breakpoints import breakpoints_of
from engine.model.workflow import Connection, Node, Workflow
from tests.support.desk import Desk


def values(node_id: str, **given: object) -> Node:
    config = {"parameters": {"values": given}}
    return Node(id=node_id, type="flow.set_values", title=node_id.upper(), config=config)


@pytest.fixture
def chain(desk: Desk, tmp_path: Path) -> Desk:
    nodes = {"a": values("a", v=1), "b": values("b", v="${a.v}"), "c": values("c", v="${b.v}")}
    wires = {
        "ab": Connection(id="ab", source="a", target="b"),
        "bc": Connection(id="bc", source="b", target="c"),
    }
    layout = {name: (number * 352.0, 0.0) for number, name in enumerate(nodes)}
    path = tmp_path / "chain.workflow.json"
    workflow_file.save(path, Workflow(id="p", name="P", nodes=nodes, connections=wires, layout=layout))
    desk.open(path)
    return desk


def toggle(desk: Desk, qtbot: QtBot, *node_ids: str) -> None:
    canvas = desk.window.canvas
    canvas.select(list(node_ids))
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_F9)


def wait_until_held(desk: Desk, qtbot: QtBot, node_id: str) -> None:
    controller = desk.window.session.controller

    def is_held() -> bool:
        step = controller.steps.get(node_id)
        is_paused = controller.view.status is ExecutionStatus.PAUSED
        return is_paused and step is not None and step.reason == "breakpoint"

    qtbot.waitUntil(is_held, timeout=15_000)


def wait_for(desk: Desk, qtbot: QtBot, status: ExecutionStatus) -> None:
    controller = desk.window.session.controller
    qtbot.waitUntil(lambda: controller.view.status is status, timeout=15_000)


def test_that_f9_sets_and_clears_as_one_edit_each(chain: Desk, qtbot: QtBot) -> None:
    window, editor = chain.window, chain.window.session.editor
    toggle(chain, qtbot, "a", "b")
    assert breakpoints_of(editor.workflow) == {"a", "b"}
    assert window.commands["node.breakpoint"].text() == "Clear breakpoint"
    window.commands["edit.undo"].trigger()
    assert breakpoints_of(editor.workflow) == frozenset()
    window.commands["edit.redo"].trigger()
    toggle(chain, qtbot, "b", "c")
    assert breakpoints_of(editor.workflow) == {"a", "b", "c"}
    toggle(chain, qtbot, "a", "b", "c")
    assert breakpoints_of(editor.workflow) == frozenset()
    assert window.commands["node.breakpoint"].text() == "Stop here (breakpoint)"


def test_that_a_run_stops_there_shows_what_comes_and_is_resumed(chain: Desk, qtbot: QtBot) -> None:
    window = chain.window
    toggle(chain, qtbot, "b")
    window.canvas.select([])
    window.commands["run.run"].trigger()
    wait_until_held(chain, qtbot, "b")
    scene = window.canvas.canvas_scene
    row = scene.row_of["b"]
    assert (scene.look[row], scene.subtitle(row)) == (Look.PAUSED, "Stopped before this step")
    assert window.stage.banner.text == "Stopped before B"
    assert window.canvas.selected_nodes() == ["b"]
    card = window.inspector.findChild(HeldCard, "heldCard")
    assert card is not None
    assert card.values() == {"values.v": "1"}
    window.commands["run.run"].trigger()
    wait_for(chain, qtbot, ExecutionStatus.COMPLETED)
    assert window.stage.banner.text == ""
    assert not card.isVisible()


def test_that_an_unchanged_drawing_is_looked_through_for_breakpoints_once(
    chain: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Workflow] = []
    monkeypatch.setattr(holding, "breakpoints_of", lambda of: looked.append(of) or breakpoints_of(of))
    window, controller = chain.window, chain.window.session.controller
    toggle(chain, qtbot, "b")
    for _ in range(2):
        before = controller.view.execution_id
        window.commands["run.run"].trigger()
        qtbot.waitUntil(lambda before=before: controller.view.execution_id not in (None, before))
        wait_until_held(chain, qtbot, "b")
        window.commands["run.stop"].trigger()
        wait_for(chain, qtbot, ExecutionStatus.CANCELLED)
    assert looked == [window.session.editor.root]


def test_that_the_step_button_goes_one_step_at_a_time(chain: Desk, qtbot: QtBot) -> None:
    window, controller = chain.window, chain.window.session.controller
    button = window.top_bar.findChild(QToolButton, "button.run.step")
    assert button is not None
    for node_id in "abc":
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        wait_until_held(chain, qtbot, node_id)
        assert window.canvas.selected_nodes() == [node_id]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    wait_for(chain, qtbot, ExecutionStatus.COMPLETED)
    assert all(step.status is StepStatus.COMPLETED for step in controller.steps.values())


def test_that_a_selection_of_the_persons_own_is_left_alone(chain: Desk, qtbot: QtBot) -> None:
    toggle(chain, qtbot, "b")
    chain.window.canvas.select(["c"])
    chain.window.commands["run.step"].trigger()
    wait_until_held(chain, qtbot, "a")
    assert chain.window.canvas.selected_nodes() == ["c"]


def test_that_breakpoints_set_during_a_run_count_for_it(chain: Desk, qtbot: QtBot) -> None:
    window = chain.window
    toggle(chain, qtbot, "a")
    window.commands["run.run"].trigger()
    wait_until_held(chain, qtbot, "a")
    toggle(chain, qtbot, "c")
    controller = window.session.controller
    qtbot.waitUntil(lambda: window.session.tasks.is_idle)
    window.commands["run.run"].trigger()
    wait_until_held(chain, qtbot, "c")
    assert controller.steps["b"].status is StepStatus.COMPLETED
    toggle(chain, qtbot, "c")
    window.commands["run.run"].trigger()
    wait_for(chain, qtbot, ExecutionStatus.COMPLETED)


def test_that_a_stop_inside_a_step_is_told_and_resumed(desk: Desk, tmp_path: Path, qtbot: QtBot) -> None:
    inner = {
        "id": "inner",
        "nodes": [
            {
                "id": "x",
                "type": "flow.set_values",
                "config": {"parameters": {"values": {"v": 1}}, "breakpoint": True},
            }
        ],
        "connections": [],
    }
    part = Node(id="part", type="flow.subworkflow", title="Part", config={"workflow": inner})
    path = tmp_path / "inside.workflow.json"
    workflow = Workflow(id="p", name="P", nodes={"part": part}, connections={}, layout={"part": (0.0, 0.0)})
    workflow_file.save(path, workflow)
    desk.open(path)
    desk.window.commands["run.run"].trigger()
    wait_for(desk, qtbot, ExecutionStatus.PAUSED)
    assert desk.window.stage.banner.text == "Stopped inside Part"
    desk.window.commands["run.run"].trigger()
    wait_for(desk, qtbot, ExecutionStatus.COMPLETED)
    assert desk.window.stage.banner.text == ""
