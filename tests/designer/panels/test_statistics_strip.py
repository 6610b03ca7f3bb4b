"""Figures over runs above their list."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from designer.panels.history_panel import HistoryPanel
from designer.panels.statistics_strip import StatisticsStrip
from engine.history.statistics import RunTimes, StepTimes, statistics
from engine.history.status import ExecutionStatus, StepStatus
from tests.designer.panels.test_bottom_panel import Run
from tests.support.cut_text import assert_no_word_is_cut


def run(status: ExecutionStatus, active_ms: float, waiting_ms: float = 0.0, retries: int = 0) -> RunTimes:
    step = StepTimes(
        step_id="join",
        status=StepStatus.COMPLETED,
        retries=retries,
        active_ms=active_ms,
        waiting_ms=0.0,
        queue_ms=0.0,
    )
    return RunTimes(
        definition_hash="v",
        status=status,
        created_at=1.0,
        active_ms=active_ms,
        waiting_ms=waiting_ms,
        steps=(step,),
    )


def test_that_the_strip_says_how_runs_were_and_hides_without_any(qtbot: QtBot) -> None:
    strip = StatisticsStrip()
    qtbot.addWidget(strip)
    strip.set_titles({"join": "Join customers"}.__getitem__)
    strip.show_figures(statistics("w", []))
    assert strip.isHidden()
    runs = [run(ExecutionStatus.COMPLETED, 2_000, 60_000, retries=2), run(ExecutionStatus.FAILED, 9_000)]
    strip.show_figures(statistics("w", runs))
    assert not strip.isHidden()
    assert [label.text() for label in strip.figures.values()] == ["2", "50 %", "2.0 s", "9.0 s", "0 ms"]
    assert strip.slowest.text() == "Join customers 2.0 s, 2 retries"
    assert "Succeeded 50 %" in strip.accessibleName()
    strip.show_figures(statistics("w", [run(ExecutionStatus.CANCELLED, 0, retries=1)]))
    assert (strip.figures["Succeeded"].text(), strip.slowest.text()) == ("–", "–")
    assert strip.figures["Waiting"].text() == "none"


def test_that_figures_without_room_are_left_out_and_come_back(qtbot: QtBot) -> None:
    panel = HistoryPanel()
    qtbot.addWidget(panel)
    panel.resize(1200, 300)
    panel.show()
    strip = panel.statistics
    strip.show_figures(statistics("w", [run(ExecutionStatus.COMPLETED, 2_000)]))
    shown = [*strip.figures.values(), strip.slowest]
    qtbot.waitUntil(lambda: all(each.isVisible() for each in shown))
    for width in (620, 400, 250):
        panel.resize(width, 300)
        assert_no_word_is_cut(qtbot, strip)
        assert strip.figures["Runs of this workflow"].isVisible()
    assert not strip.slowest.isVisible()
    assert not strip.figures["Waiting"].isVisible()
    panel.resize(1200, 300)
    qtbot.waitUntil(lambda: all(each.isVisible() for each in shown))


def test_that_active_and_waiting_time_stand_apart_in_the_list(qtbot: QtBot) -> None:
    panel = HistoryPanel(clock=lambda: 1_000.0)
    qtbot.addWidget(panel)
    panel.set_executions([Run(id="a", started_at=100.0, ended_at=190.0)], {"a": 60_000.0})
    model = panel.model
    assert [model.index(0, column).data() for column in (2, 3)] == ["30.0 s", "1 min 00 s"]
