"""Read and write delimited text. Lines that do not fit are counted and kept, never dropped in silence."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.actions import csv_rejects, files
from engine.actions.duck import VERSION, Duck, Table, arriving, connect
from engine.actions.registry import handler
from engine.actions.sql import identifier, text_literal
from engine.errors import ActionError

if TYPE_CHECKING:
    from engine.actions.context import StepContext

Params = Mapping[str, Any]
_SNIFF_WHOLE_BYTES = 32 * 1024 * 1024
_SNIFF_ROWS = 200_000
_WILDCARDS = frozenset("*?[{")


@handler(effects="reads", idempotent=True, version=VERSION, files=("path",))
def read_csv(params: Params, context: StepContext) -> dict[str, Any]:
    """Read one or several delimited files as one table."""
    paths = files.existing_many(context, params.get("path"))
    with ExitStack() as cleanup, connect(context) as duck:
        sources, encoding = _as_utf8(paths, params.get("encoding", "auto"), context, cleanup)
        if not any(source.stat().st_size for source in sources):
            raise ActionError(
                f"'{paths[0].name}' is empty", hint="Choose a file with at least a header line."
            )
        table = _read(duck, f"SELECT * FROM read_csv({_options(params, sources)})", paths[0].name)
        shown = {str(source): path.name for source, path in zip(sources, paths, strict=True)}
        rejects = csv_rejects.noted(duck, shown)
        delimiter = _delimiter(duck, params, sources[0])
    output: dict[str, Any] = {
        "table": table,
        "rows": table["rows"],
        "rejected_rows": len(rejects),
        "encoding": encoding,
        "delimiter": delimiter,
    }
    if rejects:
        _report(rejects, params, context)
        output["rejected"] = csv_rejects.as_table(rejects, context)
    return output


@handler(effects="external", idempotent=True)
def write_csv(params: Params, context: StepContext) -> dict[str, Any]:
    """Write a table to a delimited file, in one move."""
    table = arriving(params, "table", context)
    mode, encoding = params.get("mode", "replace"), params.get("encoding", "utf-8")
    with files.writing(context, params.get("path")) as (target, temporary), connect(context) as duck:
        exists = target.exists()
        if exists and mode == "new":
            raise ActionError(
                f"'{target.name}' exists already", hint="Choose another name, or replace the file."
            )
        append = exists and mode == "append" and target.stat().st_size > 0
        plain = context.artifacts.temporary(".csv")
        try:
            header = bool(params.get("header", True)) and not append
            _copy_to_csv(duck, table, params, plain, header=header)
            if append:
                _check_header(target, table, params)
            _finish(plain, encoding, target if append else None, temporary)
        finally:
            plain.unlink(missing_ok=True)
    return {"path": str(target), "rows": table.rows, "bytes": target.stat().st_size}


def _read(duck: Duck, select: str, name: str) -> dict[str, Any]:
    try:
        return duck.write(select)
    except ActionError as error:
        if "sniffing" not in error.message:
            raise
        raise ActionError(
            f"'{name}' is not recognised as a table",
            hint="Choose the delimiter and say whether the first line holds the column names.",
        ) from error


def _report(rejects: list[csv_rejects.Reject], params: Params, context: StepContext) -> None:
    """Warn about lines that do not fit, or stop the run if the step was told to."""
    first = rejects[0]
    count = len(rejects)
    what = f"{count:,} {'line does' if count == 1 else 'lines do'} not fit the table"
    where = f"line {first.line} of {first.file}: {first.reason}"
    if params.get("bad_lines") == "fail":
        raise ActionError(
            f"{what}: {where}", hint="Correct the file, or let the step leave such lines out and report them."
        )
    context.log(f"{what} and {'was' if count == 1 else 'were'} left out; {where}", "warning")


def _as_utf8(
    paths: list[Path], wanted: str, context: StepContext, cleanup: ExitStack
) -> tuple[list[Path], str]:
    """Files that DuckDB can read -- UTF-8, without wildcards in their names -- and the first's encoding."""
    sources: list[Path] = []
    used = ""
    for path in paths:
        encoding = files.detect_encoding(path) if wanted in ("auto", "") else wanted
        used = used or encoding
        plain = encoding.replace("_", "-").lower() == "utf-8"
        if plain and not _WILDCARDS & set(str(path)):
            sources.append(path)
            continue
        copy = context.artifacts.temporary(".csv")
        cleanup.callback(copy.unlink, missing_ok=True)
        files.as_utf8(path, encoding, copy)
        sources.append(copy)
    return sources, used


def _options(params: Params, sources: list[Path]) -> str:
    """The arguments of read_csv."""
    listed = ", ".join(text_literal(str(source)) for source in sources)
    size = max(source.stat().st_size for source in sources)
    options = [
        f"[{listed}]",
        *csv_rejects.OPTIONS,
        f"sample_size = {-1 if size <= _SNIFF_WHOLE_BYTES else _SNIFF_ROWS}",
        f"skip = {int(params.get('skip_lines') or 0)}",
    ]
    header = params.get("header", "auto")
    if header in ("yes", "no", True, False):
        options.append(f"header = {'true' if header in ('yes', True) else 'false'}")
    delimiter = params.get("delimiter", "auto")
    if delimiter not in ("auto", ""):
        options.append(f"delim = {text_literal(delimiter)}")
    if params.get("decimal") == ",":
        options.append("decimal_separator = ','")
    if params.get("bad_lines") == "fill":
        options += ["null_padding = true", "parallel = false"]
    if params.get("date_format"):
        options.append(f"dateformat = {text_literal(str(params['date_format']))}")
    empty = ["", *(str(text) for text in params.get("empty_text") or [])]
    options.append(f"nullstr = [{', '.join(text_literal(text) for text in empty)}]")
    if params.get("all_text"):
        options.append("all_varchar = true")
    return ", ".join(options)


def _delimiter(duck: Duck, params: Params, source: Path) -> str:
    """The delimiter that was used: as it was given, noted with the faults, or found again."""
    given = params.get("delimiter", "auto")
    if given not in ("auto", ""):
        return str(given)
    noted = duck.rows("SELECT delimiter FROM reject_scan LIMIT 1")
    skip = int(params.get("skip_lines") or 0)
    sniffed = noted or duck.rows(
        f"SELECT delimiter FROM sniff_csv({text_literal(str(source))}, skip = {skip}, ignore_errors = true)"
    )
    return str(sniffed[0][0])


def _copy_to_csv(duck: Duck, table: Table, params: Params, target: Path, *, header: bool) -> None:
    delimiter = str(params.get("delimiter") or ",")
    comma = params.get("decimal") == ","
    pieces = [
        f"replace(CAST({identifier(name)} AS VARCHAR), '.', ',') AS {identifier(name)}"
        if comma and kind in ("float", "decimal")
        else identifier(name)
        for name, kind in table.columns.items()
    ]
    duck.rows(
        f"COPY (SELECT {', '.join(pieces)} FROM {table.scan}) TO {text_literal(str(target))} "
        f"(FORMAT csv, HEADER {'true' if header else 'false'}, DELIMITER {text_literal(delimiter)})"
    )


def _check_header(target: Path, table: Table, params: Params) -> None:
    """Appending to a file with other columns would spoil it."""
    if not params.get("header", True):
        return
    with target.open(encoding=params.get("encoding") or "utf-8", newline="", errors="replace") as stream:
        line = next(csv.reader(stream, delimiter=str(params.get("delimiter") or ",")), [])
    found = [name.removeprefix("\ufeff") for name in line]
    if found != list(table.columns):
        raise ActionError(
            f"'{target.name}' has other columns: {', '.join(found)}",
            hint=f"Append a table with the same columns in the same order, not {', '.join(table.columns)}.",
        )


def _finish(plain: Path, encoding: str, before: Path | None, temporary: Path) -> None:
    """Put together what is there already and what is new, in the encoding that was asked for."""
    if before is None:
        files.from_utf8(plain, encoding, temporary)
        return
    files.copied(before, temporary)
    # The file has its byte order mark already.
    unmarked = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(encoding, encoding)
    coded = plain.with_suffix(".coded")
    try:
        files.from_utf8(plain, unmarked, coded)
        with temporary.open("rb+") as sink, coded.open("rb") as source:
            sink.seek(-1, 2)
            if encoding != "utf-16" and sink.read(1) not in (b"\n", b"\r"):
                sink.write(b"\n")
            sink.seek(0, 2)
            sink.write(source.read())
    finally:
        coded.unlink(missing_ok=True)
