"""The timeline as a Qt model: a row a step, its bars for the delegate to paint."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt

from designer.panels import paint, texts
from designer.panels.models import ROOT, Index, header_text
from designer.panels.timeline_rows import TimelineRow, TimelineRows
from engine.history.events import Event

BAR_COLUMN = 3
_COLUMNS = ("Step", "Duration", "Attempts", "")


class TimelineModel(QAbstractTableModel):
    """Steps in the order in which they started. `clock` gives epoch seconds."""

    def __init__(self, clock: Callable[[], float] = time.time, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.clock = clock
        self._rows = TimelineRows()
        self._title_of: Callable[[str], str] = lambda node_id: node_id

    def set_titles(self, title_of: Callable[[str], str]) -> None:
        self._title_of = title_of

    @property
    def is_live(self) -> bool:
        """True while a bar grows."""
        return self._rows.is_live

    @property
    def time_span(self) -> tuple[float, float]:
        """Start and end of the drawn time, in epoch seconds; never empty."""
        now = self.clock()
        start = self._rows.started_at if self._rows.started_at is not None else now
        return start, max(self._rows.end(now), start + 0.001)

    def row(self, number: int) -> TimelineRow:
        return self._rows.rows[number]

    def title(self, number: int) -> str:
        return self._title_of(self.row(number).step_id)

    def clear(self) -> None:
        self.beginResetModel()
        self._rows = TimelineRows()
        self.endResetModel()

    def apply(self, events: Iterable[Event]) -> None:
        """Take in a batch of events: one insertion and one change at most."""
        batch = list(events)
        before = len(self._rows.rows)
        # Counted beforehand: Qt has to hear of new rows before they are there.
        fresh = self._rows.unknown_steps(batch)
        if fresh:
            self.beginInsertRows(QModelIndex(), before, before + fresh - 1)
        changed = self._rows.apply(batch)
        if fresh:
            self.endInsertRows()
        old = [number for number in changed if number < before]
        if old:
            self.dataChanged.emit(self.index(min(old), 0), self.index(max(old), BAR_COLUMN))

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows.rows)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(_COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self.row(index.row())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, index.column())
            case Qt.ItemDataRole.ToolTipRole:
                return self.description(index.row())
            case Qt.ItemDataRole.AccessibleTextRole if index.column() == BAR_COLUMN:
                return self.description(index.row())
            case Qt.ItemDataRole.DecorationRole if index.column() == 0:
                return paint.icon(paint.status_icon(row.status), 16, paint.status_color(row.status), 2.0)
            case Qt.ItemDataRole.ForegroundRole if index.column() > 0:
                return paint.palette().text2
            case _:
                return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        return header_text(_COLUMNS, section, orientation, role)

    def description(self, number: int) -> str:
        """A step in words: what it came to, when it started, how long it took, what went wrong."""
        row = self.row(number)
        lines = [f"{self.title(number)}: {texts.status_word(row.status).lower()}"]
        if row.started_at is not None:
            lines.append(f"Started {texts.clock(row.started_at)}")
            lines.append(f"Ran for {texts.duration(row.running_s(self.clock()))}")
        if row.attempts > 1:
            lines.append(texts.count(row.attempts, "attempt"))
        if row.error:
            lines.append(row.error)
        return "\n".join(lines)

    def _text(self, row: TimelineRow, column: int) -> str:
        if column == 0:
            return self._title_of(row.step_id)
        if column == 1:
            return texts.duration(row.running_s(self.clock())) if row.running_s(self.clock()) else ""
        if column == 2:
            return str(row.attempts) if row.attempts > 1 else ""
        return ""
