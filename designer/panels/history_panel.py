"""Earlier runs; Enter or a double-click opens one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from designer.panels import paint, texts
from designer.panels.empty_state import EmptyState
from designer.panels.log_lines import error_message
from designer.panels.models import ROOT, Index, header_text
from designer.panels.panel_table import PanelTable
from designer.panels.statistics_strip import StatisticsStrip

_COLUMNS = ("Status", "Started", "Active", "Waiting", "Workflow", "Details")


class PastRun(Protocol):
    """What a line of the list needs to know; the store's `ExecutionSummary` knows it.

    A protocol, because panels must not import the store.
    """

    @property
    def id(self) -> str: ...
    @property
    def workflow_name(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def error(self) -> Any: ...
    @property
    def created_at(self) -> float: ...
    @property
    def started_at(self) -> float | None: ...
    @property
    def ended_at(self) -> float | None: ...


class HistoryModel(QAbstractTableModel):
    """Runs in the order given, which is newest first."""

    def __init__(self, clock: Callable[[], float] = time.time, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._runs: list[PastRun] = []
        self._waiting: Mapping[str, float] = {}

    def set_executions(self, runs: Sequence[PastRun], waiting_ms: Mapping[str, float]) -> None:
        """waiting_ms: how long runs were paused, by their ids; of others nothing is known."""
        self.beginResetModel()
        self._runs = list(runs)
        self._waiting = waiting_ms
        self.endResetModel()

    def run(self, row: int) -> PastRun:
        return self._runs[row]

    def row_of(self, execution_id: str) -> int:
        """The row of a run, -1 when it is not listed."""
        return next((row for row, run in enumerate(self._runs) if run.id == execution_id), -1)

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._runs)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(_COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        run = self._runs[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._texts(run)[index.column()]
            case Qt.ItemDataRole.ToolTipRole:
                return f"Run {run.id}\n" + " · ".join(filter(None, self._texts(run)))
            case Qt.ItemDataRole.DecorationRole if index.column() == 0:
                return paint.icon(paint.status_icon(run.status), 16, paint.status_color(run.status), 2.0)
            case Qt.ItemDataRole.ForegroundRole if index.column() in (1, 2, 3, 5):
                return paint.palette().text2
            case _:
                return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        return header_text(_COLUMNS, section, orientation, role)

    def _texts(self, run: PastRun) -> tuple[str, ...]:
        started = run.started_at if run.started_at is not None else run.created_at
        waited = self._waiting.get(run.id, 0.0) / 1000
        active = texts.duration(run.ended_at - started - waited) if run.ended_at is not None else ""
        return (
            texts.status_word(run.status, run.reason),
            texts.when(started, self._clock()),
            active,
            texts.duration(waited) if waited else "",
            run.workflow_name or "Untitled",
            error_message(run.error),
        )


class HistoryPanel(QWidget):
    """The list of runs; the one on screen is marked by being selected."""

    execution_activated = Signal(str)  # execution id
    summary_changed = Signal(str)

    def __init__(self, clock: Callable[[], float] = time.time, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("historyPanel")
        self.summary = ""
        self.model = HistoryModel(clock, self)
        self.table = PanelTable("History", self.model, self)
        self.table.share_width([(120, 1), (110, 0), (80, 0), (90, 0), (120, 2), (80, 3)])
        self.table.setSelectionMode(PanelTable.SelectionMode.SingleSelection)
        self.empty = EmptyState(
            "history", "No runs yet", "Every run of this workflow is kept here, to be opened again.", self
        )
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.table)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.statistics = StatisticsStrip(self)
        layout.addWidget(self.statistics)
        layout.addWidget(self.stack, 1)
        # `activated` is Enter everywhere and double-click on most desktops; both open a run once.
        self.table.activated.connect(self._on_activated)

    def set_executions(self, runs: Sequence[PastRun], waiting_ms: Mapping[str, float] | None = None) -> None:
        """Replace the list, newest first; the selected run stays selected."""
        current = self.table.currentIndex()
        selected = self.model.run(current.row()).id if current.isValid() else ""
        self.model.set_executions(runs, waiting_ms or {})
        self.select(selected)
        self.stack.setCurrentWidget(self.table if runs else self.empty)
        self.summary = texts.count(len(runs), "run") if runs else ""
        self.summary_changed.emit(self.summary)

    def select(self, execution_id: str) -> None:
        """Mark the run on screen; nothing happens when it is not listed."""
        row = self.model.row_of(execution_id)
        if row >= 0:
            self.table.setCurrentIndex(self.model.index(row, 0))

    def _on_activated(self, index: QModelIndex) -> None:
        if index.isValid():
            self.execution_activated.emit(self.model.run(index.row()).id)
