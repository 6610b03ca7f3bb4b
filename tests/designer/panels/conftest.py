"""Tables and panels for the tests of the panels."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from designer.panels.table_source import TableSource
from designer.panels.tables import Table, TableColumn

_ROWS = """
    select i as id,
           case when i % 10 = 0 then null else i / 2.0 end as delay,
           case i % 4 when 0 then 'UA' when 1 then 'AA' else 'B6' end as carrier,
           i % 2 = 0 as late,
           timestamp '2013-01-01' + interval (i) minute as at,
           [i, i + 1] as pair,
           'line one' || chr(10) || 'line "two"' as note
    from range({rows}) rows(i)
"""
_COLUMNS = (
    ("id", "int"),
    ("delay", "float"),
    ("carrier", "text"),
    ("late", "bool"),
    ("at", "datetime"),
    ("pair", "json"),
    ("note", "text"),
)

MakeTable = Callable[..., Table]


@pytest.fixture
def make_table(tmp_path: Path) -> MakeTable:
    """Write `rows` rows (or the rows of a query) to a Parquet file and describe it."""

    def make(rows: int = 1000, *, query: str = "", columns=_COLUMNS, name: str = "table") -> Table:
        path = tmp_path / f"{name}.parquet"
        with duckdb.connect() as connection:
            connection.execute(f"copy ({query or _ROWS.format(rows=rows)}) to '{path}' (format parquet)")
        return Table(
            key=name,
            path=path,
            rows=rows,
            columns=tuple(TableColumn(name=column, kind=kind) for column, kind in columns),
        )

    return make


@pytest.fixture
def source(qapp) -> Iterator[TableSource]:
    made = TableSource()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and thread.is_alive()]
    assert not left, f"threads left behind: {left}"
