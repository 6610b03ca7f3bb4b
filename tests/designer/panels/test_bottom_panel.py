"""Problems, history, and the bar of tabs that holds the panels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from designer.panels import texts
from designer.panels.bottom_panel import BottomPanel
from designer.panels.history_panel import HistoryPanel
from designer.panels.problems_panel import ProblemsPanel
from engine.problem import Problem
from tests.designer.panels.run_events import RUN, T0, column_of, title_of

# --- problems --------------------------------------------------------------------------------------

PROBLEMS = [
    Problem(severity="warning", code="w", message="threshold has no value yet", node_id="read"),
    Problem(severity="error", code="e", message="A cycle", connection_id="c1", suggestion="Remove one wire"),
    Problem(severity="warning", code="n", message="No name"),
]


@pytest.fixture
def problems(qtbot) -> ProblemsPanel:
    made = ProblemsPanel()
    qtbot.addWidget(made)
    made.set_titles(title_of)
    made.resize(800, 200)
    made.show()
    return made


def test_that_errors_come_first_with_their_place_and_way_out(qtbot, problems) -> None:
    QAbstractItemModelTester(problems.model, QAbstractItemModelTester.FailureReportingMode.Warning, problems)
    with qtbot.waitSignal(problems.count_changed) as got:
        problems.set_problems(PROBLEMS)
    assert got.args == [3, "error"]
    assert column_of(problems.model, 0) == ["A cycle", "threshold has no value yet", "No name"]
    assert column_of(problems.model, 1) == ["Connection", "Read flights", "Workflow"]
    assert column_of(problems.model, 2)[0] == "Remove one wire"
    assert problems.summary == "1 error · 2 warnings"
    problems.grab()


def test_that_a_click_and_enter_go_to_the_problem(qtbot, problems) -> None:
    problems.set_problems(PROBLEMS)
    place = problems.table.visualRect(problems.model.index(1, 0)).center()
    with qtbot.waitSignal(problems.problem_activated) as got:
        qtbot.mouseClick(problems.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert got.args == [PROBLEMS[0]]
    with qtbot.waitSignal(problems.problem_activated):
        qtbot.keyClick(problems.table, Qt.Key.Key_Return)


def test_that_the_same_problems_again_keep_the_list_and_none_clears_it(qtbot, problems) -> None:
    problems.set_problems(PROBLEMS)
    with qtbot.assertNotEmitted(problems.count_changed):
        problems.set_problems(PROBLEMS)
    problems.set_problems([])
    assert problems.stack.currentWidget() is problems.empty
    assert problems.summary == "No problems"


# --- history ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Run:
    id: str
    status: str = "COMPLETED"
    workflow_name: str = "Flight delay report"
    reason: str = ""
    error: object = None
    created_at: float = T0
    started_at: float | None = T0
    ended_at: float | None = T0 + 12.0


def test_that_earlier_runs_are_listed_and_opened(qtbot) -> None:
    panel = HistoryPanel(lambda: T0 + 60)
    qtbot.addWidget(panel)
    QAbstractItemModelTester(panel.model, QAbstractItemModelTester.FailureReportingMode.Warning, panel)
    panel.resize(800, 200)
    panel.show()
    paused = Run(id="a", status="PAUSED", reason="user", ended_at=None)
    failed = Run(id="b", status="FAILED", started_at=T0 - 86400, error={"message": "404\nmore"})
    panel.set_executions([paused, failed])
    assert column_of(panel.model, 0) == ["Paused", "Failed"]
    assert column_of(panel.model, 1) == ["Today 09:14", "Yesterday 09:14"]
    assert column_of(panel.model, 5) == ["", "404"]
    panel.select("b")
    panel.set_executions([Run(id="c"), paused, failed])
    assert panel.table.currentIndex().row() == 2
    panel.grab()
    with qtbot.waitSignal(panel.execution_activated) as got:
        qtbot.keyClick(panel.table, Qt.Key.Key_Return)
    assert got.args == ["b"]
    assert panel.summary == "3 runs"


# --- the bar of tabs -------------------------------------------------------------------------------


@pytest.fixture
def bottom(qtbot) -> Iterator[BottomPanel]:
    made = BottomPanel(lambda reference: Path("/nowhere"))
    qtbot.addWidget(made)
    made.resize(900, 260)
    made.show()
    yield made
    made.close_sources()


def test_that_the_open_tab_says_on_the_right_what_it_shows(qtbot, bottom) -> None:
    bottom.set_titles(title_of)
    bottom.add_events(RUN)
    bottom.data.show_output("n", "Node", {"path": "/nowhere/x.csv"})
    assert bottom.summary.text() == "Node · x.csv"
    assert bottom.data.selector.isVisible()
    bottom.show_tab("Log")
    assert bottom.summary.text() == "10 lines"
    assert bottom.data.selector.isHidden()
    bottom.show_tab("Timeline")
    assert bottom.summary.text() == "3 steps · 5.0 s"
    bottom.show_tab("Problems")
    assert bottom.summary.text() == "No problems"
    bottom.clear_run()
    bottom.show_tab("Log")
    assert bottom.summary.text() == ""


def test_that_the_hint_without_a_selection_fits_whether_something_ran(bottom) -> None:
    assert "Run the workflow" in bottom.data.empty.text
    bottom.add_events(RUN)
    assert bottom.data.empty.text == "No node selected Select a node to see its data."
    bottom.clear_run()
    assert "Run the workflow" in bottom.data.empty.text


def test_that_the_problems_tab_counts(qtbot, bottom) -> None:
    before = bottom.tabs.tabRect(2).width()
    bottom.problems.set_problems(PROBLEMS)
    assert bottom.tabs.count_of(2) == 3
    assert bottom.tabs.accessibleTabName(2) == "Problems, 3"
    assert bottom.tabs.tabRect(2).width() > before
    bottom.grab()
    bottom.problems.set_problems([])
    assert bottom.tabs.tabRect(2).width() == before


def test_that_tabs_are_walked_with_the_arrow_keys(qtbot, bottom) -> None:
    bottom.tabs.setFocus()
    with qtbot.waitSignal(bottom.tab_changed) as got:
        qtbot.keyClick(bottom.tabs, Qt.Key.Key_Right)
    assert got.args == ["Timeline"]
    assert bottom.current_tab == "Timeline"
    bottom.grab()


# --- words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.004, "4 ms"), (2.44, "2.4 s"), (185, "3 min 05 s"), (7620, "2 h 07 min"), (0.9999, "1.0 s")],
)
def test_that_durations_are_written_as_people_say_them(seconds: float, text: str) -> None:
    assert texts.duration(seconds) == text


def test_that_old_days_are_written_out_and_unknown_statuses_readable() -> None:
    assert texts.when(T0 - 10 * 86400, T0) == "13 Nov 2026 09:14"
    assert texts.status_word("SOMETHING_NEW") == "Something new"
    assert texts.status_look("SOMETHING_NEW") == "idle"


def test_that_every_column_of_a_list_is_seen_in_a_narrow_window(qtbot) -> None:
    panel = ProblemsPanel()
    qtbot.addWidget(panel)
    panel.set_problems([Problem(severity="error", code="x", message="Wrong", suggestion="Mend it")])
    panel.show()
    for width in (520, 900, 1500):
        panel.resize(width, 200)
        qtbot.waitUntil(lambda: not panel.table.horizontalScrollBar().maximum())
        assert panel.table.columnWidth(2) >= 160


def test_that_a_long_title_does_not_hide_what_is_wrong(problems) -> None:
    message = f'"{title_of("read")}": path is required'
    problems.set_problems([Problem(severity="error", code="p", message=message, node_id="read")])
    model = problems.model
    assert model.index(0, 0).data() == "Path is required"
    assert model.index(0, 1).data() == title_of("read")
