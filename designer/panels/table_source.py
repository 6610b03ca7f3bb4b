"""Pages, profiles, copies and sorted views of Parquet tables, made off the window's thread.

One lane a kind of question: a page never waits behind a profile, nor a profile behind a sort.
Requests for pages are served newest first and old ones are dropped, because while somebody drags
the scroll bar only the rows on screen now are worth reading.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, SignalInstance

from designer.panels.lane import Lane
from designer.panels.table_profile import ColumnProfile, profile_column, take_sample
from designer.panels.tables import Table, display_expression, full_expression, quoted, scan

if TYPE_CHECKING:
    import duckdb

PAGE_ROWS = 256
PAGE_COLUMNS = 24
MAX_WANTED = 16
MAX_COPIED_CELLS = 500_000

Cells = list[tuple[object, ...]]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageKey:
    """Which block of `PAGE_ROWS` rows and `PAGE_COLUMNS` columns of which table."""

    table_key: str
    row_block: int
    column_block: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    key: PageKey
    cells: Cells


class TableSource(QObject):
    """Answers by signals, always in the thread that owns it; `close` joins its threads."""

    page_loaded = Signal(object)  # Page
    profile_loaded = Signal(object)  # ColumnProfile
    sort_finished = Signal(object)  # Table: a sorted copy, valid until another sort or `close`
    copy_finished = Signal(str, int)  # tab-separated text, number of rows
    failed = Signal(str, str)  # table key, message: rows cannot be read
    refused = Signal(str, str)  # table key, message: a sort or a copy did not work; the table stands

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pages = Lane("table-pages")
        self._profiles = Lane("table-profiles")
        self._sorting = Lane("table-sorting", threads=2)
        self._wanted: OrderedDict[PageKey, Table] = OrderedDict()
        self._wanted_lock = threading.Lock()
        self._shown_key = ""
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._sorts = 0
        self._sound: set[Path] = set()

    def show(self, table: Table | None) -> None:
        """Say which table is on screen: requests for any other are given up."""
        self._shown_key = table.key if table is not None else ""
        with self._wanted_lock:
            self._wanted.clear()
        self._profiles.interrupt()
        self._sorting.interrupt()

    def request_page(self, table: Table, row_block: int, column_block: int) -> None:
        """Ask for a page; asking twice for one that is under way costs nothing."""
        key = PageKey(table_key=table.key, row_block=row_block, column_block=column_block)
        with self._wanted_lock:
            is_new = key not in self._wanted
            self._wanted[key] = table
            self._wanted.move_to_end(key)
            while len(self._wanted) > MAX_WANTED:
                self._wanted.popitem(last=False)
        if is_new:
            self._pages.submit(self._serve_newest)

    def request_profiles(self, table: Table, columns: Sequence[int]) -> None:
        """Ask for the profiles of some columns; each arrives on its own."""
        wanted = list(columns)

        def job(connection: duckdb.DuckDBPyConnection) -> None:
            if table.key != self._shown_key:
                return
            take_sample(connection, table, wanted)
            for column in wanted:
                if table.key != self._shown_key:
                    return
                self.profile_loaded.emit(_profile_or_blank(connection, table, column))

        self._profiles.submit(self._guarded(table, job, self.refused))

    def request_sort(self, table: Table, column: int, *, descending: bool) -> None:
        """Ask for the rows in the order of a column, equal ones in their old order, nulls last."""
        self._sorts += 1
        number = self._sorts
        self._sorting.interrupt()

        def job(connection: duckdb.DuckDBPyConnection) -> None:
            if number != self._sorts:
                return
            path = Path(self._temporary_folder()) / f"sorted-{number}.parquet"
            order = f"{quoted(table.columns[column].name)} {'desc' if descending else 'asc'} nulls last"
            if not table.has_row_number_column:
                order += ", file_row_number"
            connection.execute(f"set temp_directory = '{self._temporary_folder()}'")
            connection.execute(
                f"copy (select * from {scan(table.path)} order by {order}) to '{path}' (format parquet)"
            )
            for older in path.parent.glob("sorted-*.parquet"):
                if older != path:
                    older.unlink()
            self.sort_finished.emit(replace(table, key=f"{table.key}#{number}", path=path))

        self._sorting.submit(self._guarded(table, job, self.refused))

    def request_copy(
        self, table: Table, row_spans: Sequence[Span], columns: Sequence[int], *, with_names: bool = False
    ) -> None:
        """Ask for cells as tab-separated text. Spans are (first, last) rows, both included."""
        spans = list(row_spans)
        picked = [table.columns[column] for column in columns]

        def job(connection: duckdb.DuckDBPyConnection) -> None:
            lines = ["\t".join(_tsv(column.name) for column in picked)] if with_names else []
            expressions = ", ".join(map(full_expression, picked))
            for first, last in spans:
                rows = _read(connection, table, expressions, first, last - first + 1)
                lines.extend("\t".join(map(_tsv, row)) for row in rows)
            self.copy_finished.emit("\n".join(lines), len(lines) - int(with_names))

        self._pages.submit(self._guarded(table, job, self.refused))

    def close(self) -> None:
        """Stop the threads and remove the sorted copies."""
        with self._wanted_lock:
            self._wanted.clear()
        self._pages.close()
        self._profiles.close()
        self._sorting.close()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _serve_newest(self, connection: duckdb.DuckDBPyConnection) -> None:
        with self._wanted_lock:
            if not self._wanted:
                return
            key, table = next(reversed(self._wanted.items()))

        def job(connection: duckdb.DuckDBPyConnection) -> None:
            start = key.column_block * PAGE_COLUMNS
            columns = table.columns[start : start + PAGE_COLUMNS]
            expressions = ", ".join(map(display_expression, columns))
            cells = _read(connection, table, expressions, key.row_block * PAGE_ROWS, PAGE_ROWS)
            self.page_loaded.emit(Page(key=key, cells=cells))

        try:
            self._guarded(table, job, self.failed)(connection)
        finally:
            # Kept in the list while it is read, so that a repaint does not ask for it again.
            with self._wanted_lock:
                self._wanted.pop(key, None)

    def _guarded(
        self, table: Table, job: Callable[[duckdb.DuckDBPyConnection], None], report: SignalInstance
    ) -> Callable[[duckdb.DuckDBPyConnection], None]:
        """`job`, with a failed read reported instead of raised and an interrupted one forgotten."""

        def run(connection: duckdb.DuckDBPyConnection) -> None:
            import duckdb

            try:
                self._must_be_sound(table)
                job(connection)
            except duckdb.InterruptException:
                return
            except (duckdb.Error, OSError) as error:
                report.emit(table.key, str(error))

        return run

    def _must_be_sound(self, table: Table) -> None:
        """Raises OSError for the file of a stored table whose content is not what its name says."""
        if table.path in self._sound or table.path.name != table.key:
            return
        with table.path.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != table.key:
                raise OSError("The file is damaged: it is not what was written.")
        self._sound.add(table.path)

    def _temporary_folder(self) -> str:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="workflow-designer-")
        return self._folder.name


def _profile_or_blank(connection: duckdb.DuckDBPyConnection, table: Table, column: int) -> ColumnProfile:
    """A column whose values cannot be counted or compared has no histogram; that is no fault."""
    import duckdb

    try:
        return profile_column(connection, table, column)
    except duckdb.InterruptException:
        raise
    except duckdb.Error:
        return ColumnProfile(table_key=table.key, column=column)


def _read(
    connection: duckdb.DuckDBPyConnection, table: Table, expressions: str, first: int, count: int
) -> Cells:
    """Rows `first`... of the file; the row number prunes row groups, so the last page is as near as any."""
    source = scan(table.path)
    if table.has_row_number_column:
        query = f"select {expressions} from {source} limit {count} offset {first}"
    else:
        query = (
            f"select {expressions} from {source} "
            f"where file_row_number between {first} and {first + count - 1} order by file_row_number"
        )
    return connection.execute(query).fetchall()


def _tsv(value: object) -> str:
    """One cell the way spreadsheets paste it: quoted when it holds a tab, a line break or a quote."""
    if value is None:
        return ""
    text = str(value)
    if any(character in text for character in '\t\n\r"'):
        return '"' + text.replace('"', '""') + '"'
    return text
