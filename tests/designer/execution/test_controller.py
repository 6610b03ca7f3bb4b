"""What the buttons mean, and how a run asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from designer.dialogs.missing_input import MissingInputAnswer as Answer
from designer.document.document import Document
from designer.execution.controller import RunController
from designer.execution.run_view import Question, RunView
from designer.execution.undoable import Undoable
from engine.errors import AnswerNotKept, SchemaValidationError
from engine.history.events import EventType
from engine.history.status import ExecutionStatus
from engine.model.workflow import Node, Workflow
from engine.problem import Problem
from tests.designer.execution.conftest import Rig
from tests.support.qt_loop import spin

NEEDED = {"step_id": "keep", "path": "input.threshold", "name": "threshold", "schema": {"type": "number"}}
WORKFLOW = Workflow(id="w1", name="Orders", nodes={"keep": Node(id="keep", type="table.filter")})


class Person:
    """Answers from a list, and remembers what was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[tuple[Question, str]] = []
        self.defaults: list[Mapping[str, Any]] = []
        self.inputs: Mapping[str, Any] | None = {}
        self.made: list[Mapping[str, Any]] = []
        self.secrets: list[Mapping[str, Any]] = []
        self.undo_on_stop: bool | None = True
        self.undos: list[Undoable] = []
        self.uncertain: Mapping[str, bool] | None = {}

    async def ask_inputs(self, workflow: Workflow) -> Mapping[str, Any] | None:
        return self.inputs

    async def ask_missing(self, question: Question, view: RunView, complaint: str) -> Answer:
        self.asked.append((question, complaint))
        await asyncio.sleep(0)
        return self.answers.pop(0) if self.answers else Answer(decision="later")

    def keep_as_default(self, values: Mapping[str, Any]) -> None:
        self.defaults.append(values)

    def make_inputs(self, values: Mapping[str, Any]) -> None:
        self.made.append(values)

    async def keep_secrets(self, values: Mapping[str, Any]) -> None:
        self.secrets.append(values)

    async def ask_stop(self, view: RunView) -> bool | None:
        return self.undo_on_stop

    async def ask_undo(self, found: Undoable) -> Mapping[str, bool] | None:
        self.undos.append(found)
        return self.uncertain


class Desk:
    """A controller with a person at it."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.person = Person()
        self.problems: list[Problem] = []
        self.document = Document(WORKFLOW)
        self.controller = RunController(rig.bridge, self.document, self._check, self.person)

    async def _check(self, workflow: Workflow, _reached: Callable[[float], object]) -> Sequence[Problem]:
        return self.problems

    @property
    def view(self) -> RunView:
        return self.controller.view

    def run(self) -> str:
        assert spin(self.controller.run())
        assert self.view.execution_id is not None
        return self.view.execution_id

    def pause_for_input(self, run: str) -> None:
        self.rig.scripted.send(run, EventType.STEP_PAUSED, "keep", reason="missing_input", needed=[NEEDED])
        self.rig.scripted.send(run, EventType.EXECUTION_PAUSED, reason="missing_input", needed=[NEEDED])

    def calls(self, name: str) -> list[tuple[Any, ...]]:
        return [call for call in self.rig.scripted.calls if call[0] == name]


@pytest.fixture
def desk(rig: Rig) -> Desk:
    spin(rig.bridge.open())
    return Desk(rig)


def test_that_run_starts_the_document_and_follows_it_to_its_end(desk: Desk, qtbot: QtBot) -> None:
    run = desk.run()
    qtbot.waitUntil(lambda: desk.view.status is ExecutionStatus.RUNNING)
    assert desk.view.can_pause
    desk.rig.scripted.send(run, EventType.EXECUTION_COMPLETED)
    qtbot.waitUntil(lambda: desk.view.status is ExecutionStatus.COMPLETED)
    assert desk.view.can_run
    assert desk.view.total == 1


def test_that_errors_stop_a_run_before_it_starts_and_are_listed(desk: Desk) -> None:
    desk.problems = [Problem(severity="error", code="cycle", message="a circle", node_id="keep")]
    listed: list[list[Problem]] = []
    desk.controller.problems_found.connect(listed.append)
    assert spin(desk.controller.run()) is False
    assert listed == [desk.problems]
    assert desk.calls("start") == []
    assert not desk.view.is_active


def test_that_warnings_do_not_stop_a_run(desk: Desk) -> None:
    desk.problems = [Problem(severity="warning", code="unused", message="nothing reads it", node_id="keep")]
    assert spin(desk.controller.run())


def test_that_a_person_who_closes_the_input_form_starts_nothing(desk: Desk) -> None:
    desk.person.inputs = None
    assert spin(desk.controller.run(ask_inputs=True)) is False
    assert desk.calls("start") == []


def test_that_a_missing_value_is_asked_and_the_answer_resumes_the_run(desk: Desk, qtbot: QtBot) -> None:
    desk.person.answers = [Answer(decision="resume", values={"threshold": 60}, use_as_default=True)]
    run = desk.run()
    desk.pause_for_input(run)
    qtbot.waitUntil(lambda: bool(desk.calls("resume")))
    assert desk.calls("resume") == [("resume", run, {"threshold": 60})]
    qtbot.waitUntil(lambda: bool(desk.person.defaults))
    assert desk.person.defaults == [{"threshold": 60}]
    assert [question.step_id for question, _ in desk.person.asked] == ["keep"]


def test_that_an_answer_the_engine_refuses_is_asked_again_with_the_reason(desk: Desk, qtbot: QtBot) -> None:
    desk.rig.scripted.refuse_next = SchemaValidationError(
        "input", [{"pointer": "/threshold", "message": "too low"}]
    )
    desk.person.answers = [
        Answer(decision="resume", values={"threshold": -1}),
        Answer(decision="resume", values={"threshold": 60}),
    ]
    desk.pause_for_input(desk.run())
    qtbot.waitUntil(lambda: len(desk.calls("resume")) == 2)
    assert [complaint for _, complaint in desk.person.asked] == ["", "too low"]


def test_that_an_answer_without_a_place_is_asked_again_with_what_was_typed(desk: Desk, qtbot: QtBot) -> None:
    desk.rig.scripted.refuse_next = AnswerNotKept("There is no room for the answer", hint="Free some space.")
    typed = {"threshold": 60}
    desk.person.answers = [Answer(decision="resume", values=typed, typed=typed)] * 2
    desk.pause_for_input(desk.run())
    qtbot.waitUntil(lambda: len(desk.calls("resume")) == 2)
    assert [complaint for _, complaint in desk.person.asked] == [
        "",
        "There is no room for the answer. Free some space.",
    ]
    assert [question.typed for question, _ in desk.person.asked] == [{}, typed]


def test_that_later_leaves_the_question_open_and_resume_asks_it_again(desk: Desk, qtbot: QtBot) -> None:
    run = desk.run()
    desk.pause_for_input(run)
    qtbot.waitUntil(lambda: len(desk.person.asked) == 1)
    qtbot.waitUntil(lambda: desk.view.is_paused)
    assert desk.view.needs_person
    assert desk.calls("resume") == []
    desk.person.answers = [Answer(decision="resume", values={"threshold": 5})]
    spin(desk.controller.run())
    qtbot.waitUntil(lambda: desk.calls("resume") == [("resume", run, {"threshold": 5})])


def test_that_stop_run_in_the_dialog_cancels(desk: Desk, qtbot: QtBot) -> None:
    desk.person.answers = [Answer(decision="stop")]
    run = desk.run()
    desk.pause_for_input(run)
    qtbot.waitUntil(lambda: bool(desk.calls("cancel")))
    assert desk.calls("cancel") == [("cancel", run, False)]


def test_that_stop_pressed_twice_means_now(desk: Desk) -> None:
    run = desk.run()
    spin(desk.controller.stop())
    assert desk.view.is_stopping
    spin(desk.controller.stop())
    assert desk.calls("cancel") == [("cancel", run, False), ("cancel", run, True)]


def test_that_a_run_paused_by_the_person_resumes_without_a_question(desk: Desk, qtbot: QtBot) -> None:
    run = desk.run()
    qtbot.waitUntil(lambda: desk.view.can_pause)
    spin(desk.controller.pause())
    desk.rig.scripted.send(run, EventType.EXECUTION_PAUSED, reason="user", needed=[])
    qtbot.waitUntil(lambda: desk.view.is_paused)
    spin(desk.controller.run())
    assert desk.calls("resume") == [("resume", run, None)]
    assert desk.person.asked == []


def test_that_a_run_whose_record_is_damaged_is_told_of_and_not_waited_for(desk: Desk, qtbot: QtBot) -> None:
    run = desk.run()
    desk.controller.detach()
    store = desk.rig.scripted.state_manager
    store.damaged = {"damaged"}
    store.summaries = [
        SimpleNamespace(id="damaged", workflow_id="w1", status=ExecutionStatus.RUNNING),
        SimpleNamespace(id=run, workflow_id="w1", status=ExecutionStatus.RUNNING),
    ]
    with qtbot.waitSignal(desk.controller.call_failed) as told:
        spin(desk.controller.attach("damaged"))
    assert told.args == ["The record of run damaged is damaged", "Start it anew."]
    assert desk.view.execution_id is None
    assert not desk.view.is_starting
    assert spin(desk.controller.attach_unfinished())
    assert desk.view.execution_id == run  # the other one


def test_that_an_unfinished_run_is_attached_quietly_and_asks_when_asked_to(desk: Desk, qtbot: QtBot) -> None:
    run = desk.run()
    desk.pause_for_input(run)
    qtbot.waitUntil(lambda: len(desk.person.asked) == 1)
    desk.controller.detach()
    assert not desk.view.is_active
    desk.rig.scripted.state_manager.summaries = [
        SimpleNamespace(id=run, workflow_id="w1", status=ExecutionStatus.PAUSED)
    ]
    again = Desk(desk.rig)
    assert spin(again.controller.attach_unfinished())
    desk.rig.scripted.send(run, EventType.STEP_LOG, "keep", text="still here")
    qtbot.waitUntil(lambda: again.view.needs_person)
    assert again.person.asked == []
    spin(again.controller.answer("keep"))
    assert len(again.person.asked) == 1


def test_that_a_run_that_is_on_screen_already_is_not_taken_off_to_be_put_there_again(
    desk: Desk, qtbot: QtBot
) -> None:
    run = desk.run()
    desk.pause_for_input(run)
    qtbot.waitUntil(lambda: len(desk.person.asked) == 1)
    desk.rig.scripted.state_manager.summaries = [
        SimpleNamespace(id=run, workflow_id="w1", status=ExecutionStatus.PAUSED)
    ]
    desk.controller.run_cleared.connect(lambda: pytest.fail("the run left the screen"))
    assert spin(desk.controller.attach_unfinished())
    assert desk.view.needs_person
    spin(desk.controller.answer())
    assert len(desk.person.asked) == 2


def test_that_a_question_that_was_answered_elsewhere_is_not_open_any_more(desk: Desk, qtbot: QtBot) -> None:
    run = desk.run()
    desk.pause_for_input(run)
    qtbot.waitUntil(lambda: desk.view.is_paused)
    desk.rig.scripted.send(run, EventType.EXECUTION_RESUMED)
    desk.rig.scripted.send(run, EventType.STEP_RUNNING, "keep")
    qtbot.waitUntil(lambda: not desk.view.needs_person)


def test_that_batches_of_other_runs_do_not_reach_the_screen(desk: Desk, qtbot: QtBot) -> None:
    first = desk.run()
    desk.controller.detach()
    second = desk.run()
    desk.rig.scripted.send(first, EventType.STEP_RUNNING, "keep")
    desk.rig.scripted.send(second, EventType.EXECUTION_COMPLETED)
    qtbot.waitUntil(lambda: desk.view.status is ExecutionStatus.COMPLETED)
    assert desk.controller.steps == {}


def test_that_a_question_knows_what_the_run_before_was_given(desk: Desk, qtbot: QtBot) -> None:
    store = desk.rig.scripted.state_manager
    store.summaries = [SimpleNamespace(id="before", workflow_id="w1", status=ExecutionStatus.COMPLETED)]
    store.inputs = {"threshold": 45}
    desk.pause_for_input(desk.run())
    qtbot.waitUntil(lambda: len(desk.person.asked) == 1)
    assert desk.person.asked[0][0].needed[0]["last_value"] == 45


def test_that_steps_that_fell_out_by_a_failure_are_not_counted_as_done(desk: Desk, qtbot: QtBot) -> None:
    run = desk.run()
    send = desk.rig.scripted.send
    for step_id in ("a", "b", "c", "d"):
        send(run, EventType.STEP_RUNNING, step_id)
    send(run, EventType.STEP_COMPLETED, "a", output={})
    send(run, EventType.STEP_SKIPPED, "b", reason="condition")
    send(run, EventType.STEP_FAILED, "c", error={"message": "no"}, handling="unhandled")
    send(run, EventType.STEP_SKIPPED, "d", reason="upstream_failed")
    send(run, EventType.EXECUTION_FAILED, error={"message": "no"})
    qtbot.waitUntil(lambda: desk.view.status is ExecutionStatus.FAILED)
    assert (desk.view.done, desk.view.total) == (2, 4)


def test_that_what_was_asked_for_can_become_an_input(desk: Desk, qtbot: QtBot) -> None:
    desk.person.answers = [Answer(decision="resume", values={"threshold": 60}, make_inputs=True)]
    run = desk.run()
    desk.pause_for_input(run)
    qtbot.waitUntil(lambda: desk.person.made == [{"threshold": 60}])


def test_that_a_secret_is_kept_before_the_run_goes_on_with_it(desk: Desk, qtbot: QtBot) -> None:
    values = {"secrets.token": "v"}
    desk.person.answers = [Answer(decision="resume", values=values, keep_secrets=True)]
    run = desk.run()
    desk.pause_for_input(run)
    qtbot.waitUntil(lambda: bool(desk.calls("resume")))
    assert desk.person.secrets == [values]
