"""How the values of a column are spread: the small histogram in a table's header.

Large tables are sampled in runs of rows spread evenly over the file: Parquet row groups that hold
none of them are never read, so a profile costs the same for a million rows and for a hundred.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from designer.panels.tables import NUMERIC_KINDS, TIME_KINDS, Table, TableColumn, quoted, scan

if TYPE_CHECKING:
    import duckdb

MAX_BARS = 12
FULL_READ_ROWS = 200_000
_RUNS = 25
_RUN_ROWS = 4_000
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
    if table.rows <= FULL_READ_ROWS or table.has_row_number_column:
        select = f"select {picked} from {source} limit {FULL_READ_ROWS}"
    else:
        gap = (table.rows - _RUN_ROWS) / (_RUNS - 1)
        starts = [int(index * gap) for index in range(_RUNS)]
        select = " union all ".join(
            f"select {picked} from {source} where file_row_number between {start} and {start + _RUN_ROWS - 1}"
            for start in starts
        )
    connection.execute(f"create or replace temp table sample as {select}")


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
