"""What takes long in the real window: told of, and given up by its button and by Escape without a trace."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from designer import long_work
from designer.canvas import arrange, layout
from designer.canvas.wire_rows import WireRows
from designer.long_work import GivenUp
from designer.windows import checker, file_commands
from designer.windows.main_window import MainWindow
from designer.windows.work_line import WorkLine
from engine.files import workflow_file
from engine.history.status import ExecutionStatus
from engine.model import Connection, Node, Workflow
from engine.model.edits import rename
from engine.run.workflow_engine import WorkflowEngine
from tests.designer.canvas.conftest import small_workflow
from tests.support.desk import Desk, at_the_canvas, press
from tests.support.qt_loop import spin

SMALL = Workflow(
    id="small",
    name="Small",
    nodes={
        "start": Node(id="start", type="flow.manual", title="Start"),
        "keep": Node(id="keep", type="flow.set_values", config={"parameters": {"values": {"a": 1}}}),
    },
    connections={"one": Connection(id="one", source="start", target="keep")},
    layout={"start": (300.0, 400.0), "keep": (0.0, 0.0)},
)
OTHER = Workflow(id="other", name="Other", nodes={"lone": Node(id="lone", type="flow.manual")})
Cancel = Callable[[MainWindow], None]


class Gate:
    """Stands in for a function that takes long: goes on when it is opened, and notes what came of it."""

    def __init__(self, real: Callable[..., Any]) -> None:
        self.real = real
        self.entered = threading.Event()
        self.open = threading.Event()
        self.has_ended = threading.Event()
        self.gave_up = False

    def __call__(self, *given: Any, **named: Any) -> Any:
        self.entered.set()
        self.open.wait(20)
        try:
            return self.real(*given, **named)
        except GivenUp:
            self.gave_up = True
            raise
        finally:
            self.has_ended.set()


Shut = Callable[[Any, str], Gate]


@pytest.fixture
def shut(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shut]:
    """Lets a function take long, until the test is over at the latest."""
    gates: list[Gate] = []

    def shut(owner: Any, name: str) -> Gate:
        gates.append(Gate(getattr(owner, name)))
        gate = gates[-1]

        def stand_in(*given: Any, **named: Any) -> Any:  # a function, so that it can be a method too
            return gate(*given, **named)

        monkeypatch.setattr(owner, name, stand_in)
        return gate

    monkeypatch.setattr(long_work, "SHOW_AFTER_MS", 0)
    yield shut
    for gate in gates:
        gate.open.set()


def by_button(window: MainWindow) -> None:
    QTest.mouseClick(line_of(window).button, Qt.MouseButton.LeftButton)


def by_escape(window: MainWindow) -> None:
    press(window, "Esc")


def by_command(window: MainWindow) -> None:
    window.commands["edit.give_up"].trigger()


def by_stop(window: MainWindow) -> None:
    window.commands["run.stop"].trigger()


def line_of(window: MainWindow) -> WorkLine:
    return window.status_line.work


def shown(window: MainWindow) -> str:
    """What the window is busy with; nothing while it says nothing of that."""
    line = line_of(window)
    return line.label.text() if line.isVisible() else ""


def said(window: MainWindow) -> str:
    message = window.status_line._message
    return message.text() if message.isVisible() else ""


def other_file(desk: Desk) -> Path:
    path = desk.folder / "other.workflow.json"
    workflow_file.save(path, OTHER)
    return path


@pytest.mark.parametrize("cancel", [by_button, by_escape, by_command])
def test_that_opening_is_given_up_and_what_was_open_stays(
    desk: Desk, qtbot: QtBot, shut: Shut, cancel: Cancel
) -> None:
    window = at_the_canvas(desk, qtbot, SMALL)
    session = window.session
    session.editor.push(rename(session.editor.workflow, "keep", "Mine"))
    session.editor.undo_stack.setClean()
    before, steps = session.editor.root, session.editor.undo_stack.count()
    gate = shut(file_commands, "_read")
    window.file_wiring.open(other_file(desk))
    qtbot.waitUntil(lambda: shown(window) == "Opening other.workflow.json…" and gate.entered.is_set())
    assert window.commands["edit.give_up"].isEnabled()
    cancel(window)
    qtbot.waitUntil(lambda: said(window) == "Opening other.workflow.json was given up; nothing has changed.")
    assert not shown(window)
    assert not window.commands["edit.give_up"].isEnabled()
    gate.open.set()
    qtbot.waitUntil(lambda: gate.has_ended.is_set() and session.tasks.is_idle)
    assert gate.gave_up
    assert session.editor.root is before
    assert session.editor.undo_stack.count() == steps
    assert session.settings.recent_files == []
    session.editor.undo_stack.undo()
    assert session.editor.workflow.nodes["keep"].title == ""


def test_that_what_is_quickly_done_is_not_told_of(
    desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = at_the_canvas(desk, qtbot, SMALL)
    told: list[str] = []
    window.session.works.changed.connect(lambda: told.append(shown(window)))
    monkeypatch.setattr(long_work, "SHOW_AFTER_MS", 3_600_000)
    assert spin(window.session.files.load(other_file(desk)))
    assert len(told) >= 2
    assert not any(told)


def test_that_a_second_file_takes_the_place_of_the_one_that_is_being_opened(
    desk: Desk, qtbot: QtBot, shut: Shut
) -> None:
    window = at_the_canvas(desk, qtbot, Workflow(id="empty", name="Empty"))
    files = window.session.files
    gate = shut(file_commands, "_read")
    small = desk.folder / "small.workflow.json"
    workflow_file.save(small, SMALL)
    window.file_wiring.open(other_file(desk))
    qtbot.waitUntil(lambda: shown(window) == "Opening other.workflow.json…")
    window.file_wiring.open(small)
    qtbot.waitUntil(lambda: shown(window) == "Opening small.workflow.json…")
    gate.open.set()
    qtbot.waitUntil(lambda: files.path == small and window.session.tasks.is_idle)
    assert window.session.editor.root.name == "Small"


def test_that_edits_made_while_a_file_is_read_are_asked_about(
    desk: Desk, qtbot: QtBot, shut: Shut, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = at_the_canvas(desk, qtbot, SMALL)
    asked: list[str] = []

    async def stay(name: str) -> str:
        asked.append(name)
        return "cancel"

    monkeypatch.setattr(desk.person, "ask_unsaved", stay)
    gate = shut(file_commands, "_read")
    window.file_wiring.open(other_file(desk))
    qtbot.waitUntil(lambda: bool(shown(window)))
    window.session.editor.push(rename(SMALL, "keep", "Mine"))
    gate.open.set()
    qtbot.waitUntil(lambda: bool(asked) and window.session.tasks.is_idle)
    assert window.session.editor.workflow.nodes["keep"].title == "Mine"
    window.session.editor.undo_stack.setClean()


def test_that_a_window_for_a_file_that_is_given_up_goes_again(desk: Desk, qtbot: QtBot, shut: Shut) -> None:
    at_the_canvas(desk, qtbot, SMALL)
    shut(file_commands, "_read")
    desk.program.open_window(other_file(desk))
    further = desk.program.workplaces[1].window
    qtbot.waitUntil(lambda: bool(shown(further)))
    by_button(further)
    qtbot.waitUntil(lambda: len(desk.program.workplaces) == 1)


@pytest.mark.parametrize("cancel", [by_button, by_escape, by_command])
def test_that_tidying_up_is_given_up_and_nothing_moves(
    desk: Desk, qtbot: QtBot, shut: Shut, monkeypatch: pytest.MonkeyPatch, cancel: Cancel
) -> None:
    monkeypatch.setattr(arrange, "AT_ONCE", 1)
    window = at_the_canvas(desk, qtbot, SMALL)
    gate = shut(layout, "tidy")
    window.commands["arrange.tidy"].trigger()
    qtbot.waitUntil(lambda: shown(window) == "Tidying up 2 nodes…" and gate.entered.is_set())
    cancel(window)
    assert said(window) == "Tidying up was given up; nothing has moved."
    assert not shown(window)
    gate.open.set()
    qtbot.waitUntil(lambda: window.canvas.arrange._worker is None)
    assert gate.gave_up
    assert window.session.editor.workflow.layout == SMALL.layout
    assert window.session.editor.undo_stack.count() == 0


@pytest.mark.parametrize("cancel", [by_button, by_escape, by_command, by_stop])
def test_that_a_start_is_given_up_while_the_workflow_is_checked(
    desk: Desk, qtbot: QtBot, shut: Shut, cancel: Cancel
) -> None:
    window = at_the_canvas(desk, qtbot, SMALL)
    session = window.session
    qtbot.waitUntil(lambda: session.checker.is_idle)
    gate = shut(checker, "_check")
    window.commands["run.run"].trigger()
    qtbot.waitUntil(lambda: shown(window) == "Checking the workflow…" and gate.entered.is_set())
    cancel(window)
    qtbot.waitUntil(lambda: said(window) == "The run was not started.")
    assert not session.controller.view.is_active
    gate.open.set()
    qtbot.waitUntil(gate.has_ended.is_set)
    assert gate.gave_up
    assert spin(session.bridge.history()) == []


@pytest.mark.parametrize("cancel", [by_button, by_stop])
def test_that_no_run_comes_of_a_start_that_is_given_up_while_the_engine_plans(
    desk: Desk, qtbot: QtBot, shut: Shut, cancel: Cancel
) -> None:
    window = at_the_canvas(desk, qtbot, SMALL)
    controller = window.session.controller
    gate = shut(WorkflowEngine, "_prepare")
    window.commands["run.run"].trigger()
    qtbot.waitUntil(lambda: shown(window) == "Starting the run…" and gate.entered.is_set())
    cancel(window)
    qtbot.waitUntil(lambda: said(window) == "The run was not started.")
    gate.open.set()
    assert spin(window.session.bridge.history()) == []
    assert not controller.view.is_active
    window.commands["run.run"].trigger()  # and the next one is a run like any other
    qtbot.waitUntil(lambda: controller.view.status is ExecutionStatus.COMPLETED)


@pytest.mark.parametrize("work", ["open", "tidy", "check", "plan"])
def test_that_a_window_that_is_closed_meanwhile_leaves_nothing_behind(
    desk: Desk, qtbot: QtBot, shut: Shut, monkeypatch: pytest.MonkeyPatch, work: str
) -> None:
    monkeypatch.setattr(arrange, "AT_ONCE", 1)
    window = at_the_canvas(desk, qtbot, SMALL)
    qtbot.waitUntil(lambda: window.session.checker.is_idle)
    owner, name = {
        "open": (file_commands, "_read"),
        "tidy": (layout, "tidy"),
        "check": (checker, "_check"),
        "plan": (WorkflowEngine, "_prepare"),
    }[work]
    gate = shut(owner, name)
    if work == "open":
        window.file_wiring.open(other_file(desk))
    else:
        window.commands["arrange.tidy" if work == "tidy" else "run.run"].trigger()
    qtbot.waitUntil(lambda: bool(shown(window)) and gate.entered.is_set())
    window.close()
    qtbot.waitUntil(desk.program.ended.is_set)
    qtbot.waitUntil(lambda: window.session.tasks.is_idle)
    gate.open.set()
    qtbot.waitUntil(gate.has_ended.is_set)
    assert gate.gave_up or work == "plan"
    assert spin(window.session.bridge.history()) == []
    assert window.session.editor.root is SMALL


def test_that_the_wires_of_a_file_are_laid_beside_the_window(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open()
    path = desk.folder / "small.workflow.json"
    workflow_file.save(path, small_workflow())
    threads: list[str] = []
    place = WireRows.place

    def noted(wires: WireRows, *to: Any) -> None:
        threads.append(threading.current_thread().name)
        place(wires, *to)

    monkeypatch.setattr(WireRows, "place", noted)
    assert spin(desk.window.session.files.load(path))
    assert desk.window.canvas.canvas_scene.ids == list(small_workflow().nodes)
    assert len(threads) == 1
    assert threads[0] != threading.main_thread().name
