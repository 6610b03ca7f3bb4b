"""What a part would run, in words, and how the window goes on from what was there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from designer.execution.parts import explain, failed_step, options_for
from designer.execution.run_view import RunView
from engine.errors import StepsToRunFirst
from engine.history.events import EventType
from engine.history.status import ExecutionStatus, StepStatus
from engine.history.step_state import StepState
from engine.model.changes import apply
from engine.model.edits import set_disabled
from engine.model.pins import pin
from tests.designer.execution.conftest import Rig
from tests.designer.execution.test_controller import Desk
from tests.support.builders import decoded, make_workflow, node
from tests.support.qt_loop import spin

WORKFLOW = decoded(
    make_workflow([node("a"), node("b", parameters={"v": "${a.v}"}), node("c")], ["a>b", "b>c"])
)
DONE = StepState(status=StepStatus.COMPLETED, output={"v": 1}, ended_at=0.0)
IDLE = RunView()


@pytest.mark.parametrize(
    ("kind", "chosen", "steps", "possible", "words"),
    [
        ("to", [], {}, False, "Select the step"),
        ("to", ["a", "b"], {}, False, "Select the step"),
        ("to", ["c"], {}, True, "Runs c and the 2 steps before it"),
        ("to", ["a"], {}, True, "Runs a."),
        ("from", ["b"], {"a": DONE}, True, "Runs b and the step after it, with the results of"),
        ("from", ["b"], {}, True, "a has no result yet and will run first"),
        ("from", ["c"], {}, True, "2 steps before have no result yet"),
        ("from", ["a"], {}, True, "Runs a and the 2 steps after it."),
        ("only", ["b"], {"a": DONE}, True, "Runs b alone, with the results of"),
        ("only", ["b"], {}, False, "a has to run first: run to b instead"),
        ("only", ["c"], {}, True, "Runs c alone."),
    ],
)
def test_that_it_is_said_what_would_run_and_why_not(
    kind: str, chosen: list[str], steps: dict[str, StepState], possible: bool, words: str
) -> None:
    found = explain(kind, chosen, WORKFLOW, steps, IDLE)  # type: ignore[arg-type]
    assert found[0] is possible
    assert words in found[1]


def test_that_nothing_else_starts_while_a_run_is_under_way() -> None:
    view = RunView(status=ExecutionStatus.RUNNING)
    assert explain("to", ["a"], WORKFLOW, {}, view) == (
        False,
        "A run is under way: wait for its end, or stop it.",
    )


def test_that_a_step_that_is_off_or_pinned_says_so() -> None:
    off = apply(WORKFLOW, set_disabled(WORKFLOW, ["c"], True).changes)
    assert "is switched off" in explain("only", ["c"], off, {}, IDLE)[1]
    pinned = apply(WORKFLOW, pin(WORKFLOW, {"a": {"v": 1}}).changes)
    assert "unpin it" in explain("from", ["a"], pinned, {}, IDLE)[1]
    assert explain("only", ["b"], pinned, {}, IDLE)[0]
    assert "1 of them pinned" in explain("to", ["b"], pinned, {}, IDLE)[1]


def test_that_the_step_to_run_again_from_is_found() -> None:
    failed = StepState(status=StepStatus.FAILED)
    ended = RunView(status=ExecutionStatus.FAILED)
    assert failed_step({"a": DONE, "b": failed}, ended) == "b"
    assert failed_step({"a": DONE, "b": failed}, IDLE) is None
    assert failed_step({"a": DONE}, ended) is None
    named = RunView(status=ExecutionStatus.FAILED, error={"step_id": "a"})
    assert failed_step({"a": DONE, "b": failed}, named) == "a"


@pytest.fixture
def desk(rig: Rig) -> Desk:
    made = Desk(rig)
    made.document.replace(WORKFLOW)
    return made


def whole_run(desk: Desk, qtbot: QtBot) -> str:
    execution_id = desk.run()
    engine = desk.rig.scripted
    for step_id in "abc":
        engine.send(execution_id, EventType.STEP_COMPLETED, step_id, output={"v": step_id})
    engine.send(execution_id, EventType.CONNECTION_RESOLVED, connection_id="b>c", outcome="TAKEN")
    engine.send(execution_id, EventType.EXECUTION_COMPLETED)
    qtbot.waitUntil(lambda: desk.view.status is ExecutionStatus.COMPLETED)
    return execution_id


def test_that_results_outside_the_part_stay_on_show(desk: Desk, qtbot: QtBot) -> None:
    first = whole_run(desk, qtbot)
    told: list[tuple[set[str], dict[str, str]]] = []
    drawings: list[object] = []
    desk.controller.statuses_changed.connect(lambda steps, wires: told.append((set(steps), dict(wires))))
    desk.controller.run_begun.connect(drawings.append)
    assert spin(desk.controller.run(options=options_for("only", "b", first)))
    wanted = replace(options_for("only", "b", first), incidents="pause")
    assert desk.rig.scripted.options[-1] == wanted
    assert told[0] == ({"a", "b", "c"}, {"b>c": "TAKEN"})
    assert drawings == [WORKFLOW]
    second = desk.view.execution_id
    assert second is not None
    engine = desk.rig.scripted
    engine.send(second, EventType.STEP_COMPLETED, "b", output={"v": "new"})
    engine.send(second, EventType.STEP_SKIPPED, "c", reason="not_selected")
    engine.send(second, EventType.EXECUTION_COMPLETED)
    qtbot.waitUntil(lambda: desk.view.status is ExecutionStatus.COMPLETED)
    assert desk.controller.steps["b"].output == {"v": "new"}
    assert desk.controller.steps["c"].output == {"v": "c"}
    assert (desk.view.done, desk.view.total) == (1, 2)


def test_that_a_part_that_is_refused_leaves_everything_as_it_was(desk: Desk, qtbot: QtBot) -> None:
    first = whole_run(desk, qtbot)
    said: list[str] = []
    desk.controller.call_failed.connect(lambda message, hint: said.append(message))
    desk.rig.scripted.refusal = StepsToRunFirst("c", {"b": "b"})
    assert not spin(desk.controller.run(options=options_for("only", "c", first)))
    assert said == ['"c" needs the result of "b", which has not run yet']
    assert desk.view.execution_id == first
    assert set(desk.controller.steps) == {"a", "b", "c"}


def test_that_no_part_is_run_beside_a_run(desk: Desk, qtbot: QtBot) -> None:
    desk.run()
    assert not spin(desk.controller.run(options=options_for("to", "b", "")))
    assert len(desk.rig.scripted.options) == 1


def test_that_a_run_that_is_taken_up_again_comes_back_on_screen(desk: Desk, qtbot: QtBot) -> None:
    execution_id = desk.run()
    engine = desk.rig.scripted
    engine.send(execution_id, EventType.STEP_FAILED, "b", error={"message": "no"}, handling="unhandled")
    engine.send(execution_id, EventType.EXECUTION_FAILED, error={"message": "no", "step_id": "b"})
    qtbot.waitUntil(lambda: desk.view.status is ExecutionStatus.FAILED)
    assert spin(desk.controller.take_up(execution_id, desk.rig.bridge.retry(execution_id)))
    qtbot.waitUntil(lambda: desk.view.status is ExecutionStatus.RUNNING)
    assert desk.controller.steps["b"].status is StepStatus.PENDING
    engine.refusal = StepsToRunFirst("c", {"b": "b"})
    assert not spin(desk.controller.take_up(execution_id, desk.rig.bridge.retry(execution_id)))
