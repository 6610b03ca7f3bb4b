"""Tables as DuckDB queries over Parquet files: no row ever becomes a Python object.

One in-memory database serves the whole process, so that all steps together keep to one memory limit;
each step works on a cursor of its own, which can be interrupted by itself. Results are written with
``COPY (SELECT ...) TO`` a Parquet file, which the artifact store then adopts under its hash.
"""

from __future__ import annotations

import json
import math
import os
import re
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from engine.actions.columns import Columns
from engine.actions.sql import column_type, identifier, stored, text_literal
from engine.errors import ActionError, StorageFull
from engine.expression.secret_text import MASK
from engine.secrets.masking import spellings_in_rows

if TYPE_CHECKING:
    from engine.actions.context import Artifacts, StepContext

VERSION = f"1, duckdb {duckdb.__version__}"
"""Of the actions that work with tables: another DuckDB may give another result for the same parameters."""
MEMORY_LIMIT = "1GB"
_PROGRESS_EVERY_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that arrived: its Parquet file, its columns and how many rows it has."""

    path: Path
    columns: Columns
    rows: int

    @property
    def scan(self) -> str:
        """What to write after FROM."""
        return f"read_parquet({text_literal(str(self.path))})"


class DiskFull(ActionError):
    """What the database writes finds no room."""


class Duck:
    """A step's connection: runs statements, can be interrupted, and says what went wrong in plain words."""

    def __init__(self, connection: Any, context: StepContext) -> None:
        self.connection = connection
        self.context = context

    def rows(self, sql: str, values: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """Run a statement and fetch its (few) rows."""
        if self.context.is_cancelled():
            raise _stopped()
        try:
            fetched: list[tuple[Any, ...]] = self.connection.execute(sql, _used(sql, values or {})).fetchall()
        except duckdb.Error as error:
            raise plain_error(error) from error
        return fetched

    def batches(self, sql: str, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a query in lists of at most this many; stops when the step is cancelled."""
        try:
            cursor = self.connection.execute(sql)
            while batch := cursor.fetchmany(size):
                yield batch
                if self.context.is_cancelled():
                    raise _stopped()
        except duckdb.Error as error:
            raise plain_error(error) from error

    def columns(self, select: str, values: Mapping[str, object] | None = None) -> dict[str, str]:
        """The DuckDB type of each column of a query, without running it."""
        return {row[0]: row[1] for row in self.rows(f"DESCRIBE {select}", values)}

    def write(self, select: str, values: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Run a query into a new table and give the reference to it; the order of rows is kept."""
        shape = self.columns(select, values)
        plain = [stored(name, sql_type) for name, sql_type in shape.items()]
        if any(piece != identifier(name) for piece, name in zip(plain, shape, strict=True)):
            select = f"SELECT {', '.join(plain)} FROM ({select})"
        if self.context.secrets and (spellings := spellings_in_rows(self.context.secrets.values())):
            select, texts = _masked(select, shape, spellings)
            values = {**(values or {}), **texts}
        target = self.context.artifacts.temporary(".parquet")
        copy = f"COPY ({select}) TO {text_literal(str(target))} (FORMAT parquet, COMPRESSION snappy)"
        try:
            with self._progress():
                rows = self._copied(copy, values, target)
            size = target.stat().st_size
            key = self.context.artifacts.adopt(target)
        finally:
            target.unlink(missing_ok=True)
        described = [{"name": name, "type": column_type(kind)} for name, kind in shape.items()]
        return {"$table": key, "rows": rows, "columns": described, "bytes": size}

    def _copied(self, copy: str, values: Mapping[str, object] | None, target: Path) -> int:
        try:
            return int(self.rows(copy, values)[0][0])
        except DiskFull as error:
            # Not the step's fault: with room again, the same step gives its result.
            raise StorageFull(
                f"There is no room left for results in {target.parent.parent}", hint=error.hint
            ) from error

    @contextmanager
    def _progress(self) -> Iterator[None]:
        """Report how far the running statement is, from a thread that only lives as long as it does."""
        finished = threading.Event()

        def report() -> None:
            while not finished.wait(_PROGRESS_EVERY_S):
                percent = self.connection.query_progress()
                if percent > 0:
                    self.context.progress(percent / 100)

        watcher = threading.Thread(target=report, name="table progress", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            finished.set()
            watcher.join()


@contextmanager
def connect(context: StepContext) -> Iterator[Duck]:
    """A connection for one step, interrupted when the step is cancelled and closed at the end."""
    connection = _database().cursor()
    try:
        connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
        context.on_cancel(connection.interrupt)
        yield Duck(connection, context)
    finally:
        connection.close()


def arriving(params: Mapping[str, Any], name: str, context: StepContext) -> Table:
    """The table that a parameter brings; ActionError if it brings something else."""
    value = params.get(name)
    if value is None or value == "":
        raise ActionError(
            f"No table arrives at '{name}'", hint="Draw a connection from a step that gives a table."
        )
    if not isinstance(value, Mapping) or not isinstance(value.get("$table"), str):
        raise ActionError(
            f"'{name}' needs a table but gets {_described(value)}",
            hint="Refer to a step's table, for example ${read.table}.",
        )
    columns = {column["name"]: column["type"] for column in value["columns"]}
    return Table(path=context.artifacts.checked(value), columns=columns, rows=int(value["rows"]))


def plain_error(error: duckdb.Error) -> ActionError:
    """What DuckDB says, in the words of whoever drew the step."""
    text = str(error).split("\n\nLINE", 1)[0].strip()
    if isinstance(error, duckdb.InterruptException):
        return _stopped()
    if isinstance(error, duckdb.OutOfMemoryException):
        return ActionError(
            f"This step needs more memory than the {MEMORY_LIMIT} it may use",
            hint="Filter rows or choose fewer columns before it.",
        )
    unreadable = unreadable_value(text)
    if unreadable:
        return ActionError(
            unreadable, hint="Correct the value, or let values that cannot be converted become empty."
        )
    if isinstance(error, duckdb.OutOfRangeException) or "out of range" in text:
        return ActionError(f"A number is too large for its type: {_first_line(text)}", hint="Use decimals.")
    if "No space left" in text:
        return DiskFull("The disk is full", hint="Free some space and go on.")
    return ActionError(_first_line(text))


def unreadable_value(text: str) -> str:
    """The complaint about a value that could not be converted, in plain words; empty if it is another."""
    found = _UNREADABLE.search(text)
    return f"'{found[1]}' cannot be read as {_WANTED.get(found[2], found[2])}" if found else ""


_UNREADABLE = re.compile(r"""onvert string ['"](.*?)['"] to ['"]?(\w+)""", re.S)
_WANTED = {
    **dict.fromkeys(("INT8", "INT16", "INT32", "INT64", "BIGINT", "INTEGER"), "a whole number"),
    **dict.fromkeys(("DOUBLE", "FLOAT", "DECIMAL"), "a number"),
    "BOOL": "yes or no",
    "BOOLEAN": "yes or no",
    "DATE": "a date",
    "TIMESTAMP": "a date and time",
    "TIME": "a time of day",
}


def _masked(select: str, shape: Mapping[str, str], spellings: Sequence[str]) -> tuple[str, dict[str, object]]:
    """The query with "•••" for these texts wherever they stand in a row, and the values to bind for it."""
    values: dict[str, object] = {f"v{_FIRST_SPELLING + place}": each for place, each in enumerate(spellings)}

    def masked(text: str) -> str:
        for name in values:
            text = f"replace({text}, ${name}, '{MASK}')"
        return text

    pieces = []
    for name, sql_type in shape.items():
        kind, quoted = column_type(sql_type), identifier(name)
        if kind == "json":
            quoted = f"TRY_CAST({masked(f'CAST({quoted} AS VARCHAR)')} AS JSON) AS {quoted}"
        elif kind == "text":
            quoted = f"{masked(quoted)} AS {quoted}"
        pieces.append(quoted)
    return f"SELECT {', '.join(pieces)} FROM ({select})", values


_FIRST_SPELLING = 1_000_000  # behind every value that a query binds itself


def _used(sql: str, values: Mapping[str, object]) -> dict[str, object]:
    """The values that the statement asks for: `1 + null` needs no 1, and DuckDB refuses extras."""
    names = set(_PLACEHOLDER.findall(sql)) if values else set()
    return {name: value for name, value in values.items() if name in names}


_PLACEHOLDER = re.compile(r"\$(v\d+)\b")


def _first_line(text: str) -> str:
    line = text.split("\n", 1)[0]
    return re.sub(r"^[A-Z][A-Za-z ]* Error: ", "", line)


def _stopped() -> ActionError:
    return ActionError("The step was stopped")


def _described(value: object) -> str:
    return "a list" if isinstance(value, list) else "an object" if isinstance(value, dict) else repr(value)


@cache
def _database() -> Any:
    """The process's database; spilled rows go to the system's temporary folder, never beside the workflow."""
    spill = Path(tempfile.gettempdir()) / f"workflow-designer-{os.getpid()}"
    return duckdb.connect(
        ":memory:",
        config={
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": str(spill),
            "preserve_insertion_order": "true",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )


def rows_of(artifacts: Artifacts, table: Mapping[str, Any], first: int, count: int) -> list[dict[str, Any]]:
    """Some rows of a table as JSON objects, by their place in it. Blocks."""
    kinds = [column["type"] for column in table["columns"]]
    names = [column["name"] for column in table["columns"]]
    scan = f"read_parquet({text_literal(str(artifacts.checked(table)))})"
    connection = _database().cursor()
    try:
        found = connection.execute(f"SELECT * FROM {scan} LIMIT {int(count)} OFFSET {int(first)}").fetchall()
    except duckdb.Error as error:
        raise plain_error(error) from error
    finally:
        connection.close()
    return [
        {name: _json(value, kind) for name, value, kind in zip(names, row, kinds, strict=True)}
        for row in found
    ]


def _json(value: Any, kind: str = "") -> Any:
    """A cell as JSON: moments as ISO texts, decimals as numbers, what is no number as null."""
    match value:
        case None | bool() | int():
            return value
        case str():
            return json.loads(value) if kind == "json" else value
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case list() | tuple():
            return [_json(item) for item in value]
        case dict():
            return {str(key): _json(item) for key, item in value.items()}
        case _:
            return str(value)
