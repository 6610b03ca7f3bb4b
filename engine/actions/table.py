"""Steps that work on one table: choose columns, filter rows, add columns, sort."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.actions import row_types
from engine.actions.columns import Columns, Pick
from engine.actions.duck import VERSION, Table, arriving, connect
from engine.actions.registry import handler
from engine.actions.row_expression import compile_condition, compile_row
from engine.actions.rules import compile_rules
from engine.actions.sql import SQL_TYPES, Bindings, ColumnType, Fragment, identifier
from engine.errors import ActionError

if TYPE_CHECKING:
    from engine.actions.context import StepContext

Params = Mapping[str, Any]


@handler(idempotent=True, pure=True, version=VERSION)
def filter_rows(params: Params, context: StepContext) -> dict[str, Any]:
    """Keep the rows that meet the condition and the tests."""
    table = arriving(params, "table", context)
    bindings = Bindings()
    wanted: list[str] = []
    if params.get("condition") not in (None, ""):
        wanted.append(compile_condition(params["condition"], table.columns, bindings).text)
    if params.get("rules"):
        wanted.append(
            compile_rules(params["rules"], table.columns, bindings, any_of=params.get("match") == "any")
        )
    if not wanted:
        raise ActionError(
            "There is nothing to filter by",
            hint="Write a condition, for example amount > 100, or add a test.",
        )
    test = " AND ".join(wanted)
    if params.get("keep") == "others":
        test = f"NOT coalesce({test}, false)"
    with connect(context) as duck:
        kept = duck.write(f"SELECT * FROM {table.scan} WHERE {test}", bindings.values)
    return {**_given(kept), "rows_in": table.rows, "removed": table.rows - int(kept["rows"])}


@handler(idempotent=True, pure=True, version=VERSION)
def choose_columns(params: Params, context: StepContext) -> dict[str, Any]:
    """Keep, drop, rename, order and convert columns."""
    table = arriving(params, "table", context)
    ignore = params.get("unknown") == "ignore"
    chosen = _chosen(table.columns, params.get("mode", "keep"), params.get("columns") or [], ignore=ignore)
    if not chosen:
        raise ActionError("No column is left", hint="Keep at least one column.")
    names = _renamed(chosen, params.get("rename") or [], table.columns, ignore=ignore)
    kinds = {
        item["column"]: item["type"]
        for item in params.get("types") or []
        if not ignore or item.get("column") in table.columns
    }
    for column in kinds:
        Pick(table.columns)(column)
    forgiving = params.get("on_bad_value") == "empty"
    pieces = []
    for name in chosen:
        column = Fragment(identifier(name), table.columns[name])
        value = _converted(column, kinds.get(name, "auto"), forgiving=forgiving)
        pieces.append(f"{value.text} AS {identifier(names[name])}")
    with connect(context) as duck:
        result = duck.write(f"SELECT {', '.join(pieces)} FROM {table.scan}")
    return {**_given(result), "columns": len(chosen)}


@handler(idempotent=True, pure=True, version=VERSION)
def formula(params: Params, context: StepContext) -> dict[str, Any]:
    """Add or change columns, one formula after the other."""
    table = arriving(params, "table", context)
    if not params.get("columns"):
        raise ActionError("There is no formula", hint="Add a line with a column name and a formula.")
    forgiving = params.get("on_bad_value") == "empty"
    columns: dict[str, ColumnType] = dict(table.columns)
    bindings = Bindings()
    select = f"SELECT * FROM {table.scan}"
    for line in params["columns"]:
        name = str(line.get("column") or "").strip()
        if not name:
            raise ActionError("A formula has no column name", hint="Give every formula a column name.")
        value = compile_row(line.get("expression"), columns, bindings)
        value = _converted(value, line.get("type", "auto"), forgiving=forgiving)
        if forgiving:
            value = Fragment(f"TRY({value.text})", value.type)
        select, columns = _with_column(select, columns, name, value)
    with connect(context) as duck:
        result = duck.write(select, bindings.values)
    return {**_given(result), "columns": len(columns)}


@handler(idempotent=True, pure=True, version=VERSION)
def sort(params: Params, context: StepContext) -> dict[str, Any]:
    """Order the rows; rows that are equal keep their order."""
    table = arriving(params, "table", context)
    pick = Pick(table.columns)
    if not params.get("by"):
        raise ActionError("There is no column to sort by", hint="Add a line with a column.")
    keys = []
    for line in params["by"]:
        kind = pick(line.get("column", ""))
        key = identifier(line["column"])
        if kind == "text" and params.get("ignore_case"):
            key = f"lower({key})"
        direction = "DESC" if line.get("direction") == "desc" else "ASC"
        keys.append(f"{key} {direction} NULLS {'FIRST' if line.get('nulls') == 'first' else 'LAST'}")
    source, row = numbered(table)
    select = f"SELECT {listed(table.columns)} FROM {source} ORDER BY {', '.join(keys)}, {row}"
    limit = int(params.get("limit") or 0)
    if limit > 0:
        select += f" LIMIT {limit}"
    with connect(context) as duck:
        return _given(duck.write(select))


def numbered(table: Table, alias: str = "rows_in_order") -> tuple[str, str]:
    """What to write after FROM to have each row's number, and the expression of that number."""
    if "file_row_number" in {name.casefold() for name in table.columns}:
        # Such a table came out of another program: there the order of equal rows is left to the database.
        return f"{table.scan} AS {alias}", "CAST(0 AS BIGINT)"
    scan = table.scan.removesuffix(")") + ", file_row_number = true)"
    return f"{scan} AS {alias}", f"{alias}.file_row_number"


def listed(columns: Columns, alias: str = "") -> str:
    """Quoted names, separated by commas."""
    prefix = f"{alias}." if alias else ""
    return ", ".join(prefix + identifier(name) for name in columns)


def _given(table: dict[str, Any]) -> dict[str, Any]:
    return {"table": table, "rows": table["rows"]}


def _chosen(columns: Columns, mode: str, named: list[str], *, ignore: bool) -> list[str]:
    """The columns that stay, in their new order."""
    pick = Pick(columns)
    if ignore:
        named = [name for name in named if name in columns]
    for name in named:
        pick(name)
    named = list(dict.fromkeys(named))
    if mode == "drop":
        return [name for name in columns if name not in named]
    if mode == "first" or not named:
        return named + [name for name in columns if name not in named]
    return named


def _renamed(chosen: list[str], renames: list[Params], columns: Columns, *, ignore: bool) -> dict[str, str]:
    """The new name of each chosen column; ActionError where two would have the same."""
    names = {name: name for name in chosen}
    for item in renames:
        old, new = item.get("column", ""), str(item.get("name") or "").strip()
        if not ignore:
            Pick(columns)(old)
        if not new:
            raise ActionError(f"The new name of '{old}' is empty", hint="Write a name.", column=old)
        if old in names:
            names[old] = new
    taken: dict[str, str] = {}
    for old, new in names.items():
        other = taken.setdefault(new.casefold(), old)
        if other != old:
            raise ActionError(
                f"'{other}' and '{old}' would both be called '{new}'",
                hint="Give them names that differ by more than upper and lower case.",
                column=old,
            )
    return names


def _converted(value: Fragment, kind: str, *, forgiving: bool) -> Fragment:
    if kind == "auto" or kind is None:
        return Fragment("CAST(NULL AS VARCHAR)", "text") if value.type == "null" else value
    target = next((known for known in SQL_TYPES if known == kind), None)
    if target is None:
        raise ActionError(f"There is no type '{kind}'", hint=f"The types are: {', '.join(SQL_TYPES)}.")
    return row_types.cast(value, target, forgiving=forgiving)


def _with_column(
    select: str, columns: dict[str, ColumnType], name: str, value: Fragment
) -> tuple[str, dict[str, ColumnType]]:
    """A query with one column added at the end or replaced in place."""
    kind: ColumnType = "text" if value.type == "null" else value.type
    quoted = identifier(name)
    if name in columns:
        return f"SELECT * REPLACE ({value.text} AS {quoted}) FROM ({select})", {**columns, name: kind}
    twin = next((known for known in columns if known.casefold() == name.casefold()), None)
    if twin is not None:
        raise ActionError(
            f"There is a column '{twin}' already",
            hint=f"Use '{twin}' to change it, or another name.",
            column=name,
        )
    return f"SELECT *, {value.text} AS {quoted} FROM ({select})", {**columns, name: kind}
