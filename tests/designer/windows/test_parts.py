"""The parts of the window by themselves: commands, palette, banner, status line, top bar, hint."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from designer.execution.run_view import RunView
from designer.theme.theme import dark, light
from designer.windows.action_specs import SPECS
from designer.windows.actions import Actions
from designer.windows.banner import Banner, Notice
from designer.windows.command_list import action_commands, example_commands, file_commands, node_commands
from designer.windows.command_palette import Command, CommandPalette, rank
from designer.windows.examples import Example
from designer.windows.menu_table import MENUS, actions_of
from designer.windows.run_wiring import question_text
from designer.windows.stage import Stage, StartHint
from designer.windows.status_line import StatusLine, duration
from designer.windows.top_bar import TopBar
from engine.catalog import Catalog
from engine.history.status import ExecutionStatus

EXAMPLE = Example(folder="flights", file="flights.workflow.json", title="Flight delays", summary="Real data")


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    widget.resize(1200, 800)
    qtbot.addWidget(widget)
    widget.show()
    return widget


def test_that_every_command_is_in_a_menu_and_every_menu_entry_is_a_command() -> None:
    listed = [entry for _, entries in MENUS for entry in actions_of(entries)]
    assert sorted(listed) == sorted(spec.id for spec in SPECS)


def test_that_no_two_commands_share_a_key() -> None:
    keys = [key for spec in SPECS for key in spec.keys]
    assert len(keys) == len(set(keys))


def test_that_every_command_says_what_it_does_and_has_a_drawable_icon(window: QWidget) -> None:
    actions = Actions(window)
    for theme in (light(), dark()):
        actions.recolour(theme)
    for spec in SPECS:
        assert spec.tip
        assert actions[spec.id].toolTip().startswith(spec.tip)
        assert actions[spec.id].icon().isNull() == (not spec.icon)


def test_that_the_palette_finds_a_command_by_any_of_its_words_best_first() -> None:
    commands = [
        Command(title="Save as", group="File", run=print),
        Command(title="Add Filter rows", group="Node", run=print, words="keep where"),
        Command(title="Filter", group="Edit", run=print),
    ]
    ranks = {command.title: rank(command, ["filter"]) for command in commands}
    assert ranks["Save as"] is None
    assert ranks["Filter"] is not None
    assert ranks["Add Filter rows"] is not None
    assert ranks["Filter"] < ranks["Add Filter rows"]
    assert rank(commands[1], ["where", "filter"]) is not None


def test_that_typing_and_enter_run_a_command_and_close_the_palette(window: QWidget, qtbot: QtBot) -> None:
    ran: list[str] = []
    palette = CommandPalette(window)
    palette.open_with(
        [
            Command(title=title, group="Test", run=lambda t=title: ran.append(t))
            for title in ("Alpha", "Beta", "Bench")
        ]
    )
    qtbot.keyClicks(palette._box, "be")
    qtbot.keyClick(palette._box, Qt.Key.Key_Down)
    qtbot.keyClick(palette._box, Qt.Key.Key_Return)
    assert ran == ["Bench"]
    assert not palette.isVisible()


def test_that_escape_closes_the_palette_and_runs_nothing(window: QWidget, qtbot: QtBot) -> None:
    ran: list[str] = []
    palette = CommandPalette(window)
    palette.open_with([Command(title="Alpha", group="Test", run=lambda: ran.append("Alpha"))])
    qtbot.keyClick(palette._box, Qt.Key.Key_Escape)
    assert not palette.isVisible()
    assert ran == []
    palette.open_with([])
    qtbot.keyClick(palette._box, Qt.Key.Key_Return)
    palette.close()


def test_that_the_palette_offers_enabled_actions_nodes_files_and_examples(window: QWidget) -> None:
    actions = Actions(window)
    actions["run.stop"].setEnabled(False)
    titles = [command.title for command in action_commands(actions)]
    assert "Run" in titles
    assert "Stop" not in titles
    added: list[str] = []
    nodes = list(node_commands(Catalog.load().types, light(), added.append))
    next(command for command in nodes if command.title == "Add Filter rows").run()
    assert added == ["table.filter"]
    opened: list[object] = []
    (recent,) = file_commands([Path("/data/orders.workflow.json")], opened.append, light())
    assert recent.title == "Open orders"
    recent.run()
    (example,) = example_commands([EXAMPLE], opened.append, light())
    example.run()
    assert opened == [Path("/data/orders.workflow.json"), "flights"]


def test_that_the_banner_shows_one_notice_at_a_time_and_does_what_its_button_says(
    window: QWidget, qtbot: QtBot
) -> None:
    done: list[str] = []
    banner = Banner(window)
    banner.recolour(light())
    assert not banner.isVisible()
    banner.post(Notice(key="a", text="First", button="Do", act=lambda: done.append("first")))
    banner.post(
        Notice(key="b", text="Second", button="Do", act=lambda: done.append("second"), can_dismiss=True)
    )
    assert banner.text == "First"
    qtbot.mouseClick(banner._button, Qt.MouseButton.LeftButton)
    banner.withdraw("a")
    assert banner.text == "Second"
    qtbot.mouseClick(banner._button, Qt.MouseButton.LeftButton)
    assert done == ["first", "second"]
    qtbot.mouseClick(banner._close, Qt.MouseButton.LeftButton)
    assert not banner.isVisible()
    assert banner.text == ""


NEEDED = {"step_id": "keep", "path": "input.threshold", "name": "threshold"}


@pytest.mark.parametrize(
    ("needed", "status", "said"),
    [
        ([NEEDED], ExecutionStatus.PAUSED, ("Paused at KEEP: threshold has no value", "Provide…")),
        (
            [NEEDED, {**NEEDED, "name": "limit"}],
            ExecutionStatus.RUNNING,
            ("Waiting at KEEP: threshold, limit have no value", "Provide…"),
        ),
        (
            [{"step_id": "ok", "form": True, "title": "Send it?"}],
            ExecutionStatus.PAUSED,
            ("OK asks: Send it?", "Answer…"),
        ),
        (
            [NEEDED, {"step_id": "ok", "form": True}],
            ExecutionStatus.PAUSED,
            ("2 steps wait for an answer, the first is KEEP", "Answer…"),
        ),
    ],
)
def test_that_the_banner_says_what_is_missing_and_where(
    needed: list[dict[str, object]], status: ExecutionStatus, said: tuple[str, str]
) -> None:
    view = RunView(execution_id="r", status=status, needed=needed)
    assert question_text(view, str.upper) == said


@pytest.mark.parametrize(
    ("view", "text", "colour"),
    [
        (RunView(), "Ready", "idle"),
        (RunView(is_starting=True, total=3), "Starting · 0 of 3 steps", "queued"),
        (RunView(status=ExecutionStatus.PAUSED, done=4, total=9), "Paused · 4 of 9 steps", "paused"),
        (RunView(status=ExecutionStatus.FAILED, done=1, total=2), "Failed · 1 of 2 steps", "failed"),
        (
            RunView(status=ExecutionStatus.RUNNING, needed=[NEEDED], total=2),
            "Running, waiting for an answer · 0 of 2 steps",
            "paused",
        ),
    ],
)
def test_that_the_status_line_says_how_the_run_stands_in_its_colour(
    qtbot: QtBot, view: RunView, text: str, colour: str
) -> None:
    line = StatusLine()
    qtbot.addWidget(line)
    line.recolour(light())
    line.show_run(view)
    assert line._state.text() == text
    assert light().status[colour] in line._state.styleSheet()


def test_that_the_clock_ticks_while_a_run_runs_and_only_then(qtbot: QtBot) -> None:
    line = StatusLine()
    qtbot.addWidget(line)
    line.show_run(RunView(status=ExecutionStatus.RUNNING, active_s=70, running_since=time.time()))
    assert line._timer.isActive()
    assert line._elapsed.text().startswith("1 min 10")
    line.show_run(RunView(status=ExecutionStatus.COMPLETED, active_s=2.44))
    assert not line._timer.isActive()
    assert line._elapsed.text() == "2.4 s"
    line.show_counts(1, 2)
    assert line._counts.text() == "1 node · 2 connections"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (59.9, "59.9 s"), (185, "3 min 05 s"), (4320, "1 h 12 min")]
)
def test_that_durations_read_like_speech(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_that_the_top_bar_shows_the_document_and_mirrors_the_run(window: QWidget, qtbot: QtBot) -> None:
    actions = Actions(window)
    bar = TopBar(actions, [], window)
    bar.recolour(light())
    bar.show()
    bar.show_document("Orders", is_edited=True, tooltip="/data/orders")
    assert bar._edited.isVisible()
    bar.show_document("Orders", is_edited=False, tooltip="/data/orders")
    assert not bar._dot.isVisible()
    bar.show_run(RunView(execution_id="r", status=ExecutionStatus.PAUSED))
    assert bar._run.text().strip() == "Resume"
    bar.show_run(RunView(execution_id="r", status=ExecutionStatus.CANCELLING, is_stopping=True))
    assert bar._stop.text().strip() == "Stop now"
    actions["run.run"].setEnabled(False)
    assert not bar._run.isEnabled()


def test_that_an_empty_canvas_offers_a_start_and_a_full_one_does_not(window: QWidget, qtbot: QtBot) -> None:
    canvas = QWidget()
    stage = Stage(canvas, canvas, window)
    stage.resize(900, 700)
    stage.show()
    recent = Path("/data/orders.workflow.json")
    chosen: list[str] = []

    def make() -> StartHint:
        hint = StartHint([EXAMPLE], [recent], stage)
        hint.example_chosen.connect(chosen.append)
        hint.recent_chosen.connect(chosen.append)
        return hint

    stage.make_hint = make
    stage.recolour(dark())
    stage.set_empty(True)
    assert stage.hint is not None
    for button, _ in stage.hint._buttons:
        if button.text() in ("Flight delays", "orders"):
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert chosen == [str(recent), "flights"]
    stage.refresh_hint()
    assert stage.hint is not None
    for kind, is_shown in ((QEvent.Type.DragEnter, False), (QEvent.Type.DragLeave, True)):
        stage.eventFilter(canvas, QEvent(kind))
        assert stage.hint.isVisible() is is_shown
    stage.set_empty(False)
    assert stage.hint is None
    assert canvas.geometry() == stage.rect()
