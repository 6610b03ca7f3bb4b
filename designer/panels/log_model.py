"""The log as a Qt model: 100,000 lines are a list, a filter is a list of positions in it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt

from designer.panels import texts
from designer.panels.log_lines import LEVELS, LogLine, log_line
from designer.panels.models import ROOT, Index
from engine.history.events import Event

MAX_LINES = 200_000
_DROPPED_AT_ONCE = 20_000
_COLUMNS = ("Time", "Level", "Node", "Message")


class LogModel(QAbstractTableModel):
    """Lines that pass the filter, oldest first. A batch of events is one insertion."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lines: list[LogLine] = []
        self._shown: list[int] = []  # positions counted from the first line ever, ascending
        self._dropped = 0
        self._node_id = ""
        self._least_level = 0
        self._text = ""
        self._title_of: Callable[[str], str] = lambda node_id: node_id

    @property
    def total(self) -> int:
        """Lines kept, shown or not."""
        return len(self._lines)

    def set_titles(self, title_of: Callable[[str], str]) -> None:
        """How a node id is written; asked as lines are painted, so a rename shows at once."""
        self._title_of = title_of

    def title_of(self, node_id: str) -> str:
        return self._title_of(node_id) if node_id else ""

    def add(self, events: Iterable[Event]) -> None:
        """Append the lines of some events; the oldest lines go when there are too many."""
        fresh = [line for line in map(log_line, events) if line is not None]
        if not fresh:
            return
        start = self._dropped + len(self._lines)
        matching = [start + offset for offset, line in enumerate(fresh) if self._matches(line)]
        self._lines.extend(fresh)
        if matching:
            first = len(self._shown)
            self.beginInsertRows(QModelIndex(), first, first + len(matching) - 1)
            self._shown.extend(matching)
            self.endInsertRows()
        if len(self._lines) > MAX_LINES:
            self._drop_oldest(max(_DROPPED_AT_ONCE, len(self._lines) - MAX_LINES))

    def clear(self) -> None:
        self.beginResetModel()
        self._lines.clear()
        self._shown.clear()
        self._dropped = 0
        self.endResetModel()

    def set_filter(self, *, node_id: str = "", least_level: str = "debug", text: str = "") -> None:
        """Show only lines of a node (empty: all), of a level or graver, holding a text."""
        self.beginResetModel()
        self._node_id = node_id
        self._least_level = LEVELS.index(least_level)
        self._text = text.strip().lower()
        self._shown = [
            self._dropped + position for position, line in enumerate(self._lines) if self._matches(line)
        ]
        self.endResetModel()

    def line(self, row: int) -> LogLine:
        return self._lines[self._shown[row] - self._dropped]

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(_COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        line = self.line(index.row())
        match index.column():
            case 0:
                return texts.clock(line.ts)
            case 1:
                return line.level.capitalize()
            case 2:
                return self.title_of(line.node_id)
            case _:
                return line.text

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return _COLUMNS[section] if 0 <= section < len(_COLUMNS) else None
        return None

    def _matches(self, line: LogLine) -> bool:
        if self._node_id and line.node_id != self._node_id:
            return False
        if LEVELS.index(line.level) < self._least_level:
            return False
        if not self._text:
            return True
        return self._text in line.text.lower() or self._text in self.title_of(line.node_id).lower()

    def _drop_oldest(self, number: int) -> None:
        gone = bisect_left(self._shown, self._dropped + number)
        if gone:
            self.beginRemoveRows(QModelIndex(), 0, gone - 1)
        del self._shown[:gone]
        del self._lines[:number]
        self._dropped += number
        if gone:
            self.endRemoveRows()
