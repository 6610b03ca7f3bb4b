"""Read and write Excel workbooks, without Excel."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.actions import files
from engine.actions.columns import free_name
from engine.actions.duck import VERSION, Duck, Table, arriving, connect
from engine.actions.registry import handler
from engine.actions.sql import ColumnType, identifier
from engine.errors import ActionError
from engine.expression.suggestions import nearest

if TYPE_CHECKING:
    from engine.actions.context import StepContext

Params = Mapping[str, Any]

MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
_MOST_LETTERS = 32_767
_BATCH = 5_000
_EXACT = 2**53
_RANGE = re.compile(r"([A-Za-z]{1,3})([0-9]+):([A-Za-z]{1,3})([0-9]+)")
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")


@handler(effects="reads", idempotent=True, version=VERSION, files=("path",))
def read_excel(params: Params, context: StepContext) -> dict[str, Any]:
    """Read one sheet of a workbook."""
    import fastexcel

    path = files.existing(context, params.get("path"))
    try:
        workbook = fastexcel.read_excel(str(path))
        wanted = str(params.get("sheet") or "") or workbook.sheet_names[0]
        if wanted not in workbook.sheet_names:
            raise _no_such_sheet(wanted, workbook.sheet_names, path)
        sheet = workbook.load_sheet(wanted, **_loading(params))
    except fastexcel.FastExcelError as error:
        raise ActionError(
            f"'{path.name}' cannot be read as a workbook: {str(error).splitlines()[0]}",
            hint="Open it in Excel, save it as .xlsx, and protect it with no password.",
        ) from error
    if not sheet.available_columns():
        raise ActionError("The sheet is empty", hint="Choose another sheet, or another row for the names.")
    with connect(context) as duck:
        duck.connection.register("sheet", sheet)
        table = _restored(duck, skip_empty=bool(params.get("skip_empty", True)))
    return {"table": table, "rows": table["rows"], "sheet": wanted, "sheets": list(workbook.sheet_names)}


@handler(effects="external", idempotent=True)
def write_excel(params: Params, context: StepContext) -> dict[str, Any]:
    """Write a table to one sheet of a new workbook, in one move."""
    table = arriving(params, "table", context)
    _check_size(table)
    sheet = _sheet_name(params.get("sheet") or "Sheet1")
    with files.writing(context, params.get("path"), suffixes=(".xlsx",)) as (target, temporary):
        if target.exists() and params.get("mode") == "new":
            raise ActionError(
                f"'{target.name}' exists already", hint="Choose another name, or replace the file."
            )
        with connect(context) as duck:
            _write_workbook(duck, table, temporary, sheet, params)
    return {"path": str(target), "rows": table.rows, "sheet": sheet, "bytes": target.stat().st_size}


def _loading(params: Params) -> dict[str, Any]:
    """The arguments that pick the cells: rows count from 0 there and from 1 in Excel."""
    options: dict[str, Any] = {"schema_sample_rows": None}
    if params.get("all_text"):
        options["dtypes"] = "string"
    header = int(params.get("header_row", 1) if params.get("header_row") is not None else 1)
    span = str(params.get("range") or "").strip()
    if span:
        match = _RANGE.fullmatch(span)
        if match is None:
            raise ActionError(f"'{span}' is not a range of cells", hint="Write it like B3:F200.")
        first, last = int(match[2]), int(match[4])
        left, right = match[1].upper(), match[3].upper()
        options["use_columns"] = left if left == right else f"{left}:{right}"
        options["header_row"] = None if header == 0 else first - 1
        options["n_rows"] = last - first + (1 if header == 0 else 0)
        if header == 0:
            options["skip_rows"] = first - 1
        return options
    options["header_row"] = None if header == 0 else header - 1
    return options


def _no_such_sheet(wanted: str, names: list[str], path: Path) -> ActionError:
    listed = ", ".join(f"'{name}'" for name in names)
    near = nearest(wanted, names)
    hint = f"Its sheets are: {listed}."
    return ActionError(f"'{path.name}' has no sheet '{wanted}'", hint=hint, wrong=wanted, meant=near)


def _restored(duck: Duck, *, skip_empty: bool) -> dict[str, Any]:
    """The sheet with whole numbers and whole days as such: Excel itself knows only doubles and moments."""
    shape = duck.columns("SELECT * FROM sheet")
    tests = {
        "DOUBLE": f"{{0}} = trunc({{0}}) AND abs({{0}}) <= {_EXACT}",
        "TIMESTAMP": "{0} = date_trunc('day', {0})",
    }
    narrower = {"DOUBLE": "BIGINT", "TIMESTAMP": "DATE"}
    tested = {
        name: kind.removesuffix("_MS") for name, kind in shape.items() if kind.removesuffix("_MS") in tests
    }
    asked = ", ".join(
        f"coalesce(bool_and({tests[kind].format(identifier(name))}), false)" for name, kind in tested.items()
    )
    answers = duck.rows(f"SELECT {asked} FROM sheet")[0] if asked else ()
    fits = dict(zip(tested, answers, strict=True))
    names = _column_names(list(shape))
    pieces = [
        f"CAST({identifier(name)} AS {narrower[tested[name]] if fits.get(name) else shape[name]})"
        f" AS {identifier(shown)}"
        for name, shown in names.items()
    ]
    select = f"SELECT {', '.join(pieces)} FROM sheet"
    if skip_empty:
        select += " WHERE " + " OR ".join(f"{identifier(name)} IS NOT NULL" for name in shape)
    return duck.write(select)


def _column_names(found: list[str]) -> dict[str, str]:
    """The name of each column as it is shown: nameless ones are numbered as in other files."""
    names: dict[str, str] = {}
    for number, name in enumerate(found):
        wish = f"column{number}" if name.startswith("__UNNAMED__") else name.strip() or f"column{number}"
        names[name] = free_name(wish, names.values())
    return names


def _check_size(table: Table) -> None:
    if table.rows >= MOST_ROWS:
        raise ActionError(
            f"The table has {table.rows:,} rows, but a sheet holds {MOST_ROWS - 1:,} and a header",
            hint="Write CSV or filter the rows first.",
        )
    if len(table.columns) > MOST_COLUMNS:
        raise ActionError(
            f"The table has {len(table.columns):,} columns, but a sheet holds {MOST_COLUMNS:,}",
            hint="Choose fewer columns first.",
        )


def _sheet_name(name: object) -> str:
    text = str(name).strip()
    if not text or len(text) > 31 or _FORBIDDEN.search(text) or text[0] == "'" or text[-1] == "'":
        raise ActionError(
            f"'{text}' cannot be the name of a sheet",
            hint="Use 1 to 31 characters, none of them [ ] : * ? / \\, and no ' at the ends.",
        )
    return text


def _write_workbook(duck: Duck, table: Table, path: Path, sheet_name: str, params: Params) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(
        str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet(sheet_name)
    header = book.add_format(_HEADERS.get(params.get("header_style", "filled"), _HEADERS["filled"]))
    formats = {kind: book.add_format({"num_format": text}) for kind, text in _NUMBER_FORMATS.items()}
    for number, width in enumerate(_widths(duck, table)):
        sheet.set_column(number, number, width)
    for number, name in enumerate(table.columns):
        sheet.write_string(0, number, name[:_MOST_LETTERS], header)
    if params.get("freeze_header", True):
        sheet.freeze_panes(1, 0)
    if params.get("filter_buttons", True):
        sheet.autofilter(0, 0, table.rows, len(table.columns) - 1)
    try:
        _write_rows(duck, table, sheet, formats)
    finally:
        # Also after a fault: an open workbook keeps temporary files and complains when it is collected.
        book.close()


def _write_rows(duck: Duck, table: Table, sheet: Any, formats: Mapping[ColumnType, Any]) -> None:
    writers = [_WRITERS.get(kind, _write_text) for kind in table.columns.values()]
    styles = [formats.get(kind) for kind in table.columns.values()]
    cut = 0
    for number, row in enumerate(_rows(duck, table), start=1):
        for column, (value, write) in enumerate(zip(row, writers, strict=True)):
            if value is not None:
                cut += write(sheet, number, column, value, styles[column])
    if cut:
        duck.context.log(
            f"{cut:,} cells were cut to {_MOST_LETTERS:,} characters, the most a cell holds", "warning"
        )


def _rows(duck: Duck, table: Table) -> Iterator[tuple[Any, ...]]:
    """The rows in batches, as plain values; stops when the step is cancelled."""
    pieces = [_FETCHED.get(kind, "{0}").format(identifier(name)) for name, kind in table.columns.items()]
    done = 0
    for batch in duck.batches(f"SELECT {', '.join(pieces)} FROM {table.scan}", _BATCH):
        yield from batch
        done += len(batch)
        duck.context.progress(done / table.rows, f"{done:,} of {table.rows:,} rows")


def _widths(duck: Duck, table: Table) -> list[float]:
    """Column widths that fit the name and the first thousand rows."""
    pieces = ", ".join(f"max(length(CAST({identifier(name)} AS VARCHAR)))" for name in table.columns)
    longest = duck.rows(f"SELECT {pieces} FROM (SELECT * FROM {table.scan} LIMIT 1000)")[0]
    return [
        min(
            60.0, max(len(name) + 4, _TYPICAL.get(kind, 0), (width or 0) if kind not in _TYPICAL else 0) + 1.5
        )
        for (name, kind), width in zip(table.columns.items(), longest, strict=True)
    ]


def _write_number(sheet: Any, row: int, column: int, value: Any, style: Any) -> int:
    if isinstance(value, Decimal):
        value = float(value)
    exact = not isinstance(value, int) or abs(value) <= _EXACT
    if exact and value == value and abs(value) != float("inf"):
        sheet.write_number(row, column, value, style)
    else:  # Excel would round a long number, and has no infinity
        sheet.write_string(row, column, str(value))
    return 0


def _write_bool(sheet: Any, row: int, column: int, value: Any, style: Any) -> int:
    sheet.write_boolean(row, column, value)
    return 0


def _write_moment(sheet: Any, row: int, column: int, value: Any, style: Any) -> int:
    if getattr(value, "year", 1900) < 1900:
        sheet.write_string(row, column, str(value))  # Excel's calendar begins in 1900
    else:
        sheet.write_datetime(row, column, value, style)
    return 0


def _write_text(sheet: Any, row: int, column: int, value: Any, style: Any) -> int:
    text = str(value)
    sheet.write_string(row, column, text[:_MOST_LETTERS])
    return int(len(text) > _MOST_LETTERS)


_WRITERS: dict[ColumnType, Callable[[Any, int, int, Any, Any], int]] = {
    "int": _write_number,
    "float": _write_number,
    "decimal": _write_number,
    "bool": _write_bool,
    "date": _write_moment,
    "datetime": _write_moment,
    "time": _write_moment,
}
_FETCHED = {"json": "CAST({0} AS VARCHAR)", "duration": "CAST({0} AS VARCHAR)", "binary": "hex({0})"}
_NUMBER_FORMATS: dict[ColumnType, str] = {
    "float": "General",
    "date": "yyyy-mm-dd",
    "datetime": "yyyy-mm-dd hh:mm:ss",
    "time": "hh:mm:ss",
}
_TYPICAL: dict[ColumnType, int] = {"float": 10, "date": 10, "datetime": 19, "time": 8, "bool": 6}
_HEADERS: dict[str, dict[str, Any]] = {
    "filled": {
        "bold": True,
        "font_color": "#FFFFFF",
        "bg_color": "#1D5FA8",
        "valign": "vcenter",
        "border": 0,
    },
    "bold": {"bold": True, "bottom": 1},
    "plain": {},
}
