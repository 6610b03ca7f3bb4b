"""How the values of a column are spread: the small histogram in a table's header.

Large tables are sampled row by row, by a hash of the row number, so that neither order nor period
of the rows shows. Beyond `SCATTER_ROWS` reading every page of the file is too dear: then runs of rows
spread evenly over it are taken, and the row groups between them are never read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from designer.panels.tables import NUMERIC_KINDS, TIME_KINDS, Table, TableColumn, quoted, scan

if TYPE_CHECKING:
    import duckdb

MAX_BARS = 12
FULL_READ_ROWS = 200_000
SAMPLE_ROWS = 100_000
SCATTER_ROWS = 3_000_000
_RUNS = 50
_RUN_ROWS = SAMPLE_ROWS // _RUNS
_LONELY_BARS = (0.04, 1.0, 0.04)  # a column with one value: a single tall bar in the middle


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """The spread of one column. `bars` are heights of 0..1; empty when there is nothing to draw."""

    table_key: str
    column: int
    bars: tuple[float, ...] = ()
    nulls: float = 0.0
    distinct: int = 0
    low: str = ""
    high: str = ""
    is_sampled: bool = False


def take_sample(connection: duckdb.DuckDBPyConnection, table: Table, columns: list[int]) -> None:
    """Make the temporary table `sample` with columns c0, c1... for the columns asked for."""
    picked = ", ".join(f"{quoted(table.columns[column].name)} as c{column}" for column in columns)
    source = scan(table.path)
    query = f"select {picked} from {source} {_condition(table)}"
    connection.execute(f"create or replace temp table sample as {query}")


def _condition(table: Table) -> str:
    """The part of the query that picks the rows of the sample."""
    if table.rows <= FULL_READ_ROWS:
        return ""
    if table.has_row_number_column:
        return f"limit {FULL_READ_ROWS}"
    if table.rows <= SCATTER_ROWS:
        return f"where hash(file_row_number) % {table.rows // SAMPLE_ROWS} = 0"
    gap = (table.rows - _RUN_ROWS) / (_RUNS - 1)
    starts = [int(number * gap) for number in range(_RUNS)]
    return "where " + " or ".join(
        f"file_row_number between {start} and {start + _RUN_ROWS - 1}" for start in starts
    )


def profile_column(connection: duckdb.DuckDBPyConnection, table: Table, column: int) -> ColumnProfile:
    """Profile one column of the `sample` made by `take_sample`."""
    described = table.columns[column]
    name = f"c{column}"
    shown = f"octet_length({name})" if described.kind == "binary" else name
    total, filled, distinct, low, high = _one(
        connection,
        f"select count(*), count({name}), approx_count_distinct({name}), "
        f"left(min({shown})::varchar, 60), left(max({shown})::varchar, 60) from sample",
    )
    return ColumnProfile(
        table_key=table.key,
        column=column,
        bars=_bars(connection, described, name, int(distinct)) if filled else (),
        nulls=(total - filled) / total if total else 0.0,
        distinct=int(distinct),
        low=low or "",
        high=high or "",
        is_sampled=table.rows > FULL_READ_ROWS,
    )


def _bars(
    connection: duckdb.DuckDBPyConnection, column: TableColumn, name: str, distinct: int
) -> tuple[float, ...]:
    if column.kind == "binary":
        return ()
    if distinct <= 1:
        return _LONELY_BARS
    if column.kind in NUMERIC_KINDS | TIME_KINDS:
        value = f"{name}::double" if column.kind in NUMERIC_KINDS else f"epoch({name})"
        if distinct <= MAX_BARS:
            return _heights(connection, name, order=name)
        return _histogram(connection, value)
    return _heights(connection, name, order="count(*) desc, " + name)


def _heights(connection: duckdb.DuckDBPyConnection, name: str, *, order: str) -> tuple[float, ...]:
    """One bar a value, at most `MAX_BARS`."""
    counts = connection.execute(
        f"select count(*) from sample where {name} is not null group by {name} "
        f"order by {order} limit {MAX_BARS}"
    ).fetchall()
    return _scaled([count for (count,) in counts])


def _histogram(connection: duckdb.DuckDBPyConnection, value: str) -> tuple[float, ...]:
    """Bars of equal width between the 1st and the 99th percentile; outliers count at the edges.

    Between the extremes a single outlier would squeeze everything else into one bar.
    """
    low, high = _one(
        connection,
        "select quantile_cont(v, 0.01), quantile_cont(v, 0.99) "
        f"from (select {value} as v from sample) where isfinite(v)",
    )
    if low is None or high <= low:
        return _LONELY_BARS
    counts = connection.execute(
        f"select least({MAX_BARS - 1}, greatest(0, floor((v - $low) / ($high - $low) * {MAX_BARS})))::int "
        f"as bar, count(*) from (select {value} as v from sample) where isfinite(v) group by bar",
        {"low": low, "high": high},
    ).fetchall()
    by_bar = dict(counts)
    return _scaled([by_bar.get(bar, 0) for bar in range(MAX_BARS)])


def _scaled(counts: list[int]) -> tuple[float, ...]:
    tallest = max(counts, default=0)
    return tuple(count / tallest for count in counts) if tallest else ()


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(query).fetchone()
    assert row is not None, "an aggregate always yields a row"
    return row
