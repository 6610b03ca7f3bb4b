"""Stopping a run that can be undone, and undoing one that has ended."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from designer.execution.undoable import Undoable, can_be_undone, undoable
from engine.errors import SchemaValidationError
from engine.history.events import EventType
from engine.history.status import ExecutionStatus, StepStatus
from engine.history.step_state import StepState
from engine.model.workflow import Node, Workflow
from tests.designer.execution.conftest import Rig
from tests.designer.execution.test_controller import Desk
from tests.support.qt_loop import spin

UNDO = {"rollback": {"service": "http", "action": "request"}}
WORKFLOW = Workflow(
    id="w1",
    nodes={name: Node(id=name, type="flow.wait", config=UNDO if name != "c" else {}) for name in "abcde"},
)


def ended(status: StepStatus, at: float = 0.0, via: str = "") -> StepState:
    return StepState(status=status, ended_at=at, via=via)


def test_that_what_can_be_undone_is_told_the_last_step_first() -> None:
    steps = {
        "a": ended(StepStatus.COMPLETED, 1.0),
        "b": ended(StepStatus.COMPLETED, 2.0),
        "c": ended(StepStatus.COMPLETED, 3.0),
        "d": ended(StepStatus.UNCERTAIN),
        "e": ended(StepStatus.COMPLETED, 4.0, via="reused"),
    }
    assert undoable(WORKFLOW, steps) == Undoable(done=("b", "a"), uncertain=("d",))
    steps["b"] = ended(StepStatus.ROLLBACK_FAILED, 2.0)
    assert undoable(WORKFLOW, steps).has_failed
    assert not undoable(WORKFLOW, {})
    assert can_be_undone(WORKFLOW)
    assert not can_be_undone(Workflow(id="w", nodes={"c": WORKFLOW.nodes["c"]}))


@pytest.fixture
def desk(rig: Rig) -> Desk:
    spin(rig.bridge.open())
    made = Desk(rig)
    made.document.replace(WORKFLOW)
    return made


def finish(desk: Desk, qtbot: QtBot, end: EventType = EventType.EXECUTION_FAILED) -> str:
    run = desk.run()
    desk.rig.scripted.send(run, EventType.STEP_RUNNING, "a")
    desk.rig.scripted.send(run, EventType.STEP_COMPLETED, "a", output=1, duration_ms=1.0)
    desk.rig.scripted.send(run, end, error={"type": "E", "message": "boom"})
    qtbot.waitUntil(lambda: desk.view.status is not None and desk.view.status.is_terminal)
    return run


@pytest.mark.parametrize(
    ("answer", "calls"), [(None, []), (True, [("rollback",)]), (False, [()])], ids=["go on", "undo", "stop"]
)
def test_that_stop_asks_first_where_something_can_be_undone(
    desk: Desk, qtbot: QtBot, answer: bool | None, calls: list[tuple[str, ...]]
) -> None:
    run = desk.run()
    qtbot.waitUntil(lambda: desk.view.status is ExecutionStatus.RUNNING)
    desk.person.undo_on_stop = answer
    spin(desk.controller.stop())
    assert desk.calls("cancel") == [("cancel", run, False, *more) for more in calls]
    if calls:
        spin(desk.controller.stop())  # the second time means now, and asks nothing
        assert desk.calls("cancel")[1] == ("cancel", run, True)


def test_that_a_rollback_under_way_is_stopped_without_a_question(desk: Desk, qtbot: QtBot) -> None:
    run = desk.run()
    desk.rig.scripted.send(run, EventType.EXECUTION_ROLLING_BACK)
    qtbot.waitUntil(lambda: desk.view.status is ExecutionStatus.ROLLING_BACK)
    desk.person.undo_on_stop = None
    spin(desk.controller.stop())
    assert desk.calls("cancel") == [("cancel", run, False)]


def test_that_a_run_that_ended_is_undone_when_it_is_confirmed(desk: Desk, qtbot: QtBot) -> None:
    run = finish(desk, qtbot)
    assert desk.controller.undoable.done == ("a",)
    desk.person.uncertain = None
    spin(desk.controller.undo())
    assert desk.calls("rollback") == []
    desk.person.uncertain = {}
    spin(desk.controller.undo())
    assert desk.calls("rollback") == [("rollback", run, {})]
    assert desk.person.undos == [Undoable(done=("a",))] * 2
    qtbot.waitUntil(lambda: desk.view.status is ExecutionStatus.FAILED)  # it is watched anew


def test_that_nothing_is_offered_while_a_run_goes_on_or_when_it_is_undone(desk: Desk, qtbot: QtBot) -> None:
    spin(desk.controller.undo())
    desk.run()
    qtbot.waitUntil(lambda: desk.view.status is ExecutionStatus.RUNNING)
    assert not desk.controller.undoable
    spin(desk.controller.undo())
    assert desk.person.undos == []


def test_that_what_the_engine_has_against_it_is_told(desk: Desk, qtbot: QtBot) -> None:
    finish(desk, qtbot)
    told: list[str] = []
    desk.controller.call_failed.connect(lambda message, _hint: told.append(message))
    desk.rig.scripted.refuse_next = SchemaValidationError("input", [], "refused")
    spin(desk.controller.undo())
    desk.rig.scripted.has_something_to_undo = False
    spin(desk.controller.undo())
    assert told == ["refused", "There is nothing left to undo"]
