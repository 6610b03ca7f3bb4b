"""The line at the bottom: how the run stands, how far it is, how long it took, where it runs, and counts."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from designer.execution.run_view import RunView
from designer.long_work import LongWorks
from designer.theme.spoken import announce
from designer.theme.theme import Theme
from designer.windows.work_line import WorkLine
from engine.history.status import ExecutionStatus

TICK_MS = 100
MESSAGE_MS = 6000

_WORDS: dict[ExecutionStatus, tuple[str, str]] = {
    ExecutionStatus.PENDING: ("Starting", "queued"),
    ExecutionStatus.RUNNING: ("Running", "running"),
    ExecutionStatus.PAUSING: ("Pausing", "paused"),
    ExecutionStatus.PAUSED: ("Paused", "paused"),
    ExecutionStatus.CANCELLING: ("Stopping", "cancelled"),
    ExecutionStatus.CANCELLED: ("Stopped", "cancelled"),
    ExecutionStatus.COMPLETED: ("Completed", "success"),
    ExecutionStatus.COMPLETED_WITH_ERRORS: ("Completed with errors", "failed"),
    ExecutionStatus.FAILED: ("Failed", "failed"),
    ExecutionStatus.ROLLING_BACK: ("Rolling back", "rolledback"),
    ExecutionStatus.ROLLED_BACK: ("Rolled back", "rolledback"),
    ExecutionStatus.ROLLBACK_FAILED: ("Rollback failed", "failed"),
    ExecutionStatus.QUARANTINED: ("Set aside after repeated crashes", "failed"),
}


class StatusLine(QStatusBar):
    """A function of the run and the drawing; its clock ticks only while a run does."""

    def __init__(self, parent: QWidget | None = None, works: LongWorks | None = None) -> None:
        """works: what takes long; it is shown in the place of passing remarks."""
        super().__init__(parent)
        self.setObjectName("statusLine")
        self.setSizeGripEnabled(False)
        self._state = QLabel("Ready")
        self._state.setObjectName("runState")
        self._elapsed = QLabel()
        self._place = QLabel("This computer")
        self._counts = QLabel()
        for label in (self._state, self._elapsed, self._place):
            self.addWidget(label)
        self._message = QLabel()
        self._message.setObjectName("statusMessage")
        self._works = works if works is not None else LongWorks(self)
        self.work = WorkLine(self._works, self)
        self.addWidget(self.work, 1)
        self.addWidget(self._message, 1)
        self._works.changed.connect(self._make_room)
        self.addPermanentWidget(self._counts)
        self._forget = QTimer(self)
        self._forget.setSingleShot(True)
        self._forget.setInterval(MESSAGE_MS)
        self._forget.timeout.connect(self._message.clear)
        self._view = RunView()
        self._theme: Theme | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)

    def show_run(self, view: RunView) -> None:
        """State, steps and time of the run."""
        self._view = view
        word, _ = self._word()
        self._state.setText(f"{word} · {view.done:,} of {view.total:,} steps" if view.total else word)
        self._colour()
        self._tick()
        ticking = view.running_since is not None
        if ticking != self._timer.isActive():
            self._timer.start() if ticking else self._timer.stop()

    def show_counts(self, nodes: int, connections: int) -> None:
        """What is on the canvas."""
        self._counts.setText(f"{_count(nodes, 'node')} · {_count(connections, 'connection')}")

    def say(self, text: str) -> None:
        """A passing remark, beside what is always there."""
        self._message.setText(text)
        announce(self, text)
        self._forget.start()

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self._colour()

    def _make_room(self) -> None:
        self._message.setVisible(self._works.shown is None)

    def _word(self) -> tuple[str, str]:
        view = self._view
        if view.status is None:
            return ("Starting", "queued") if view.is_starting else ("Ready", "idle")
        if view.status is ExecutionStatus.RUNNING and view.needed:
            return ("Running, waiting for an answer", "paused")
        return _WORDS[view.status]

    def _colour(self) -> None:
        if self._theme is not None:
            self._state.setStyleSheet(f"color: {self._theme.status[self._word()[1]]}; font-weight: 600;")

    def _tick(self) -> None:
        shown = self._view.status is not None
        self._elapsed.setText(duration(self._view.elapsed_s(time.time())) if shown else "")


def duration(seconds: float) -> str:
    """``2.4 s``, ``3 min 05 s``, ``1 h 12 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
