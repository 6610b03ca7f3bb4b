"""The log and the timeline of a run."""

from __future__ import annotations

from datetime import datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from designer.panels.log_lines import log_line
from designer.panels.log_model import MAX_LINES, LogModel
from designer.panels.log_panel import LogPanel
from designer.panels.timeline_model import BAR_COLUMN, TimelineModel
from designer.panels.timeline_panel import TimelinePanel, tick_step
from engine.history.events import Event
from engine.history.status import StepStatus
from tests.designer.panels.run_events import RUN, T0, E, column_of, event, title_of

WHEN = f"{datetime.fromtimestamp(T0).astimezone():%d %B, %H:%M}"

# --- log -------------------------------------------------------------------------------------------


@pytest.fixture
def log(qtbot) -> LogPanel:
    made = LogPanel()
    qtbot.addWidget(made)
    made.set_titles(title_of)
    made.resize(700, 200)
    made.show()
    return made


def test_that_events_become_lines_in_plain_words(log) -> None:
    log.add(RUN)
    assert column_of(log.model, 3) == [
        "Run started",
        "Started",
        "Completed in 1.2 s, 336,776 rows",
        "Started",
        "Attempt 1 of 3 failed: 503 · trying again in 2.0 s",
        "Started, attempt 2",
        "GET /rates",
        "Failed: 404 Not Found",
        "Skipped: a step before it failed",
        "Run failed: Fetch failed",
    ]
    assert column_of(log.model, 0)[2] == "09:14:01.200"
    assert column_of(log.model, 2)[7] == "Fetch rates"
    log.grab()


def test_that_the_choice_of_nodes_is_as_wide_whatever_they_are_called(log: LogPanel, qtbot: QtBot) -> None:
    other = LogPanel()
    qtbot.addWidget(other)
    other.set_titles(lambda node_id: f"{node_id}, which has a name that is longer than any choice is wide")
    other.add(RUN)
    other.show()  # when the names used to be measured, however many
    assert other.node.itemText(1).endswith("is wide")
    assert other.node.sizeHint().width() == log.node.sizeHint().width()


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (event(E.STEP_PAUSED, "a", missing_var="threshold"), "Needs input: threshold has no value"),
        (event(E.STEP_PAUSED, "a", reason="form"), "Needs input"),
        (event(E.STEP_PAUSED, "a", reason="incident"), "Its condition cannot be checked"),
        (event(E.INPUTS_SUPPLIED, inputs={"threshold": 60}), "Input given: threshold = 60"),
        (event(E.INPUTS_SUPPLIED), "Input given"),
        (event(E.STEP_WAITING, "a", reason="timer"), "Waiting"),
        (event(E.EXECUTION_PAUSED, reason="user"), "Run paused"),
        (event(E.EXECUTION_PAUSED, reason="form"), "Run paused: it needs an answer"),
        (event(E.STEP_FAILED, "a", error="boom"), "Failed: boom"),
        (event(E.STEP_FAILED, "a"), "Failed"),
        (event(E.STEP_COMPLETED, "a", via="pinned", duration_ms=0), "Pinned result used"),
        (event(E.STEP_COMPLETED, "a", via="reused", reused_from={"at": T0}), f"Result of {WHEN} used"),
        (
            event(E.STEP_COMPLETED, "a", via="reused", reused_from={"at": T0, "unchanged": True}),
            f"Unchanged: result of {WHEN} used",
        ),
        (event(E.STEP_COMPLETED, "a", via="fallback"), "Completed"),
        (event(E.STEP_SKIPPED, "a", reason="not_selected"), "Left out: no part of this run"),
        (event(E.EXECUTION_RESTARTED, steps=["a"], connections=[]), "Run taken up again: 1 step to run"),
    ],
)
def test_that_each_kind_of_event_has_its_words(made: Event, text: str) -> None:
    line = log_line(made)
    assert line is not None
    assert line.text == text


def test_that_events_without_news_make_no_line() -> None:
    assert log_line(event(E.CONNECTION_RESOLVED, connection_id="c")) is None


def test_that_the_log_model_keeps_the_rules_of_qt(qtbot) -> None:
    model = LogModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning, model)
    model.add(RUN)
    model.set_filter(node_id="fetch", least_level="warning")
    model.add(RUN)
    assert model.rowCount() == 4
    model.clear()
    assert model.rowCount() == 0


def test_that_the_log_is_narrowed_by_node_level_and_text(qtbot, log) -> None:
    log.add(RUN)
    log.node.setCurrentText("Fetch rates")
    log.node.activated.emit(log.node.currentIndex())
    assert log.model.rowCount() == 5
    log.level.setCurrentText("Errors")
    log.level.activated.emit(3)
    assert column_of(log.model, 3) == ["Failed: 404 Not Found"]
    log.level.setCurrentIndex(0)
    log.level.activated.emit(0)
    qtbot.keyClicks(log.text, "rates")
    qtbot.waitUntil(lambda: log.summary == "5 of 10 lines")
    log.text.setText("nonsense")
    qtbot.waitUntil(lambda: log.stack.currentWidget() is log.empty)
    assert "No line matches" in log.empty.text


@pytest.mark.no_cover  # load, not lines
def test_that_a_hundred_thousand_lines_come_in_one_insertion_and_the_oldest_go(qtbot, log) -> None:
    lines = [event(E.STEP_LOG, "fetch", at=n, text=f"line {n}") for n in range(100_000)]
    with qtbot.waitSignal(log.model.rowsInserted) as got:
        log.add(lines)
    assert got.args[1:] == [0, 99_999]
    log.add(lines)
    log.add(lines[:1])
    assert log.model.rowCount() <= MAX_LINES
    assert log.model.line(log.model.rowCount() - 1).text == "line 0"
    assert log.model.line(0).text == "line 20000"


def test_that_the_log_follows_its_tail_until_somebody_scrolls_up(qtbot, log) -> None:
    log.add([event(E.STEP_LOG, "fetch", text=f"{n}") for n in range(500)])
    bar = log.table.verticalScrollBar()
    assert bar.value() == bar.maximum()
    bar.triggerAction(bar.SliderAction.SliderPageStepSub)
    assert not log.follow.isChecked()
    before = bar.value()
    log.add([event(E.STEP_LOG, "fetch", text="new")])
    assert bar.value() == before
    log.follow.setChecked(True)
    assert bar.value() == bar.maximum()


def test_that_lines_are_copied_and_a_double_click_goes_to_the_node(qtbot, log) -> None:
    log.add(RUN)
    log.table.selectRow(2)
    qtbot.keyClick(log.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == (
        "09:14:01.200\tInfo\tRead flights\tCompleted in 1.2 s, 336,776 rows"
    )
    with qtbot.waitSignal(log.node_activated) as got:
        log.table.doubleClicked.emit(log.model.index(2, 0))
    assert got.args == ["read"]
    qtbot.mouseClick(log.clear_button, Qt.MouseButton.LeftButton)
    assert log.model.total == 0
    assert log.node.count() == 1


# --- timeline --------------------------------------------------------------------------------------


def test_that_the_timeline_model_keeps_the_rules_of_qt(qtbot) -> None:
    model = TimelineModel(lambda: T0 + 10)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning, model)
    for made in RUN:
        model.apply([made])
    model.clear()
    model.apply(RUN)
    assert model.rowCount() == 3


def test_that_live_and_replayed_events_give_the_same_bars(qtbot) -> None:
    live, replayed = TimelineModel(lambda: T0 + 10), TimelineModel(lambda: T0 + 10)
    for made in RUN:
        live.apply([made])
    replayed.apply(RUN)
    assert [live.row(n) for n in range(3)] == [replayed.row(n) for n in range(3)]


def test_that_attempts_and_waits_are_stretches_of_their_own(qtbot) -> None:
    model = TimelineModel(lambda: T0 + 10)
    model.apply(RUN)
    row = model.row(1)
    assert [(s.status, round(s.end - s.start, 3)) for s in row.segments] == [
        (StepStatus.FAILED, 0.7),
        (StepStatus.WAITING, 2.0),
        (StepStatus.FAILED, 1.0),
    ]
    assert model.data(model.index(1, 1)) == "1.7 s"
    assert model.data(model.index(1, 2)) == "2"
    assert "404 Not Found" in model.description(1)
    assert model.time_span == (T0, T0 + 5.0)
    assert not model.is_live


def test_that_a_run_taken_up_again_goes_on_in_the_same_rows(qtbot) -> None:
    model = TimelineModel(clock=lambda: T0 + 20)
    QAbstractItemModelTester(model)
    model.apply(RUN)
    rows = model.rowCount()
    model.apply([event(E.EXECUTION_RESTARTED, at=10.0, steps=["fetch", "mail", "new"], connections=[])])
    fetch = next(model.row(number) for number in range(rows) if model.row(number).step_id == "fetch")
    assert (fetch.status, fetch.error) == (StepStatus.PENDING, "")
    model.apply(
        [
            event(E.STEP_RUNNING, "fetch", at=11.0),
            event(E.STEP_COMPLETED, "fetch", at=12.0),
            event(E.STEP_SKIPPED, "other", at=12.0, reason="not_selected"),
        ]
    )
    assert model.rowCount() == rows
    assert fetch.status is StepStatus.COMPLETED
    assert fetch.segments[-1].start == T0 + 11.0


def test_that_a_running_bar_grows_and_the_panel_moves_only_while_it_is_seen(qtbot) -> None:
    now = [T0 + 1.0]
    panel = TimelinePanel(lambda: now[0])
    qtbot.addWidget(panel)
    panel.set_titles(title_of)
    panel.resize(800, 200)
    panel.show()
    panel.add(RUN[:2])
    assert panel._ticker.isActive()
    now[0] = T0 + 3.0
    qtbot.waitUntil(lambda: panel.summary == "1 step · 3.0 s")
    panel.hide()
    assert not panel._ticker.isActive()
    panel.show()
    panel.add(RUN[2:])
    assert not panel._ticker.isActive()
    panel.grab()
    with qtbot.waitSignal(panel.node_activated) as got:
        panel.table.clicked.emit(panel.model.index(1, BAR_COLUMN))
    assert got.args == ["fetch"]
    panel.clear()
    assert panel.stack.currentWidget() is panel.empty


@pytest.mark.parametrize(
    ("span_s", "width_px", "step"),
    [(5.0, 900, 0.5), (0.004, 900, 0.0005), (100, 900, 10.0), (3600, 900, 600.0), (10**6, 90, 1036800.0)],
)
def test_that_ticks_stand_at_round_times(span_s: float, width_px: float, step: float) -> None:
    assert tick_step(span_s, width_px) == pytest.approx(step)
