"""A Parquet table as a Qt model that holds only the pages on screen and a few more."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QObject, Qt, Signal

from designer.panels.models import ROOT, Index
from designer.panels.table_profile import SAMPLE_ROWS, ColumnProfile
from designer.panels.table_source import PAGE_COLUMNS, PAGE_ROWS, Cells, Page, TableSource
from designer.panels.tables import NUMERIC_KINDS, Table, cell_text

# A vertical position is a 32-bit number of pixels, so a view cannot hold more rows than this.
MAX_SHOWN_ROWS = 50_000_000
_CACHED_PAGES = 64
_PLACEHOLDER = "…"
_TOOLTIP_FROM_LENGTH = 24


@dataclass(frozen=True, slots=True)
class Cell:
    """What a delegate paints: the text, and whether it is a value, a null, or still under way."""

    text: str
    is_null: bool = False
    is_loaded: bool = True


_NOT_LOADED = Cell(_PLACEHOLDER, is_loaded=False)
_NULL = Cell("null", is_null=True)


class TableModel(QAbstractTableModel):
    """Cells come from an LRU cache of pages; a missing page is asked for and shown when it arrives."""

    profile_changed = Signal(int)  # column
    page_arrived = Signal(int, int)  # first row, first column
    failed = Signal(str)  # the rows cannot be read
    refused = Signal(str)  # what was asked for did not work; the rows stand
    sort_changed = Signal()

    def __init__(self, source: TableSource, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source = source
        self._table: Table | None = None
        self._ordered: Table | None = None  # the table, or its sorted copy
        self._pages: OrderedDict[tuple[int, int], Cells] = OrderedDict()
        self._profiles: dict[int, ColumnProfile] = {}
        self._profiles_asked: set[int] = set()
        self.sort_column = -1
        self.is_descending = False
        self.is_sorting = False
        source.page_loaded.connect(self._on_page_loaded)
        source.profile_loaded.connect(self._on_profile_loaded)
        source.sort_finished.connect(self._on_sort_finished)
        source.failed.connect(self._on_failed)
        source.refused.connect(self._on_refused)

    @property
    def table(self) -> Table | None:
        return self._table

    @property
    def ordered_table(self) -> Table | None:
        """The table in the order on screen."""
        return self._ordered

    def set_table(self, table: Table | None) -> None:
        """Show another table; showing the same one again keeps pages, order and profiles."""
        if table == self._table:
            return
        self.beginResetModel()
        self._table = self._ordered = table
        self._pages.clear()
        self._profiles.clear()
        self._profiles_asked.clear()
        self.sort_column, self.is_descending, self.is_sorting = -1, False, False
        self._source.show(table)
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        if self._table is None or parent.isValid():
            return 0
        return min(self._table.rows, MAX_SHOWN_ROWS)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if self._table is None or parent.isValid() else len(self._table.columns)

    def cell(self, row: int, column: int) -> Cell:
        """The cell now, asking for its page when it is not here yet."""
        key = (row // PAGE_ROWS, column // PAGE_COLUMNS)
        cells = self._pages.get(key)
        if cells is None:
            if self._ordered is not None:
                self._source.request_page(self._ordered, *key)
            return _NOT_LOADED
        self._pages.move_to_end(key)
        offset = row % PAGE_ROWS
        if offset >= len(cells):  # the file holds fewer rows than its reference says
            return _NOT_LOADED
        value = cells[offset][column % PAGE_COLUMNS]
        return _NULL if value is None else Cell(cell_text(value))

    def is_number(self, column: int) -> bool:
        return self._table is not None and self._table.columns[column].kind in NUMERIC_KINDS

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.cell(index.row(), index.column()).text
        if role == Qt.ItemDataRole.ToolTipRole:
            # Only a text that may be cut off is worth a tooltip; one on every cell is in the way.
            text = self.cell(index.row(), index.column()).text
            return text if len(text) > _TOOLTIP_FROM_LENGTH else None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = (
                Qt.AlignmentFlag.AlignRight if self.is_number(index.column()) else Qt.AlignmentFlag.AlignLeft
            )
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if self._table is None:
            return None
        if orientation == Qt.Orientation.Vertical:
            return f"{section + 1}" if role == Qt.ItemDataRole.DisplayRole else None
        if not 0 <= section < len(self._table.columns):
            return None
        column = self._table.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._column_description(section)
        return None

    def profile(self, column: int) -> ColumnProfile | None:
        return self._profiles.get(column)

    def request_profiles(self, columns: list[int]) -> None:
        """Ask for the profiles of those columns that nobody asked for yet."""
        fresh = [column for column in columns if column not in self._profiles_asked]
        if fresh and self._table is not None and self._table.rows:
            self._profiles_asked.update(fresh)
            self._source.request_profiles(self._table, fresh)

    def sort_by(self, column: int) -> None:
        """Ascending at the first call, descending at the second, the file's own order at the third."""
        if self._table is None:
            return
        if column == self.sort_column and self.is_descending:
            self.sort_column, self.is_descending, self.is_sorting = -1, False, False
            self._show_ordered(self._table)
            return
        self.is_descending = column == self.sort_column
        self.sort_column = column
        self.is_sorting = True
        self._source.request_sort(self._table, column, descending=self.is_descending)
        self.sort_changed.emit()

    def _show_ordered(self, table: Table) -> None:
        self._ordered = table
        self._pages.clear()
        self.sort_changed.emit()
        if self.rowCount():
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))

    def _column_description(self, section: int) -> str:
        assert self._table is not None
        column = self._table.columns[section]
        lines = [f"{column.name} · {column.kind}"]
        profile = self._profiles.get(section)
        if profile is not None:
            about = "about " if profile.is_sampled else ""
            lines.append(f"{about}{profile.distinct:,} different values, {about}{profile.nulls:.1%} null")
            if profile.low or profile.high:
                lines.append(f"{profile.low} to {profile.high}")
            if profile.is_sampled:
                lines.append(f"From a sample of about {SAMPLE_ROWS:,} rows")
        lines.append("Click to sort")
        return "\n".join(lines)

    def _on_page_loaded(self, page: Page) -> None:
        if self._ordered is None or page.key.table_key != self._ordered.key:
            return
        self._pages[page.key.row_block, page.key.column_block] = page.cells
        while len(self._pages) > _CACHED_PAGES:
            self._pages.popitem(last=False)
        top, left = page.key.row_block * PAGE_ROWS, page.key.column_block * PAGE_COLUMNS
        bottom = min(top + PAGE_ROWS, self.rowCount()) - 1
        right = min(left + PAGE_COLUMNS, self.columnCount()) - 1
        self.dataChanged.emit(self.index(top, left), self.index(bottom, right))
        self.page_arrived.emit(top, left)

    def _on_profile_loaded(self, profile: ColumnProfile) -> None:
        if self._table is not None and profile.table_key == self._table.key:
            self._profiles[profile.column] = profile
            self.profile_changed.emit(profile.column)

    def _on_sort_finished(self, ordered: Table) -> None:
        if self._table is None or not self.is_sorting or not ordered.key.startswith(f"{self._table.key}#"):
            return
        self.is_sorting = False
        self._show_ordered(ordered)

    def _on_failed(self, table_key: str, message: str) -> None:
        if self._table is not None and table_key.split("#")[0] == self._table.key:
            self.failed.emit(message)

    def _on_refused(self, table_key: str, message: str) -> None:
        if self._table is None or table_key.split("#")[0] != self._table.key:
            return
        if self.is_sorting:
            self.sort_column, self.is_descending, self.is_sorting = -1, False, False
            self._show_ordered(self._table)
        self.refused.emit(message)
