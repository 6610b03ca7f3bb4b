"""One row per group: counts, sums, means and more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.actions.columns import Pick, free_name
from engine.actions.duck import VERSION, arriving, connect
from engine.actions.registry import handler
from engine.actions.row_types import NUMBERS
from engine.actions.sql import WORDS, identifier
from engine.actions.table import numbered
from engine.errors import ActionError

if TYPE_CHECKING:
    from engine.actions.context import StepContext

_ANY_TYPE = {
    "count_values": "count({column})",
    "count_distinct": "count(DISTINCT {column})",
    "min": "min({column})",
    "max": "max({column})",
    "first": "arg_min({column}, {row})",
    "last": "arg_max({column}, {row})",
    "text_list": "string_agg(CAST({column} AS VARCHAR), ', ' ORDER BY {row})",
}
_NUMERIC = {
    "sum": "sum({column})",
    "mean": "avg({column})",
    "median": "median({column})",
    "std": "stddev_samp({column})",
    "percentile_90": "quantile_cont({column}, 0.9)",
}


@handler(idempotent=True, pure=True, version=VERSION)
def summarise(params: Mapping[str, Any], context: StepContext) -> dict[str, Any]:
    """Group the rows and calculate; groups come in the order in which they first appear."""
    table = arriving(params, "table", context)
    pick = Pick(table.columns)
    group = list(dict.fromkeys(params.get("group") or []))
    for name in group:
        pick(name)
    source, row = numbered(table)
    pieces = [identifier(name) for name in group]
    names = list(group)
    for line in params.get("values") or []:
        sql, name = _value(line, pick, row)
        name = _result_name(line, name, names)
        names.append(name)
        pieces.append(f"{sql} AS {identifier(name)}")
    if not pieces:
        raise ActionError("There is nothing to calculate", hint="Add a line with a function and a column.")
    select = f"SELECT {', '.join(pieces)} FROM {source}"
    if group:
        select += f" GROUP BY {', '.join(identifier(name) for name in group)} ORDER BY min({row})"
    with connect(context) as duck:
        result = duck.write(select)
    return {"table": result, "rows": result["rows"], "rows_in": table.rows}


def _value(line: Mapping[str, Any], pick: Pick, row: str) -> tuple[str, str]:
    """The SQL of one result and the name it gets if none is given."""
    function, column = line.get("function", ""), line.get("column") or ""
    if function == "count":
        return "count(*)", "rows"
    if function not in _ANY_TYPE and function not in _NUMERIC:
        raise ActionError(
            f"There is no function '{function}'",
            hint=f"The functions are: count, {', '.join((*_ANY_TYPE, *_NUMERIC))}.",
        )
    if not column:
        raise ActionError(f"'{function}' has no column", hint="Choose the column to calculate it from.")
    kind = pick(column)
    if function in _NUMERIC and kind not in NUMBERS:
        raise ActionError(
            f"'{function}' needs numbers, but '{column}' holds {WORDS[kind]}",
            hint="Convert the column in Choose columns, or use another function.",
            column=column,
        )
    sql = {**_ANY_TYPE, **_NUMERIC}[function].format(column=identifier(column), row=row)
    if function == "sum" and kind == "float":
        sql = sql.replace("sum(", "fsum(", 1)  # compensated: 0.1 + 0.2 + 0.3 is 0.6
    # DuckDB sums whole numbers in 128 bits; a sum that does not fit into 64 is an error, never a wrap.
    return (f"CAST({sql} AS BIGINT)" if function == "sum" and kind == "int" else sql), f"{function}_{column}"


def _result_name(line: Mapping[str, Any], fallback: str, taken: list[str]) -> str:
    wish = str(line.get("name") or "").strip()
    if wish and wish.casefold() in (name.casefold() for name in taken):
        raise ActionError(
            f"Two results would be called '{wish}'", hint="Give each its own name.", column=wish
        )
    return wish or free_name(fallback, taken)
