"""What a table on a wire is to the panels: columns, a row count and a Parquet file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.model.json_value import Json

NUMERIC_KINDS = frozenset({"int", "float", "decimal"})
TIME_KINDS = frozenset({"date", "datetime", "time", "duration"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TableColumn:
    name: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that can be shown; two with the same key hold the same rows."""

    key: str
    path: Path
    rows: int
    columns: tuple[TableColumn, ...]

    @staticmethod
    def from_reference(reference: Mapping[str, Json], path: Path) -> Table:
        """The table that the output value `reference` stands for, stored at `path`."""
        rows = reference.get("rows")
        described = reference.get("columns")
        columns = described if isinstance(described, list) else []
        return Table(
            key=str(reference["$table"]),
            path=path,
            rows=rows if isinstance(rows, int) else 0,
            columns=tuple(
                TableColumn(name=str(column.get("name", "")), kind=str(column.get("type", "text")))
                for column in columns
                if isinstance(column, dict)
            ),
        )

    @property
    def has_row_number_column(self) -> bool:
        """True when a column of its own hides DuckDB's virtual `file_row_number`."""
        return any(column.name.lower() == "file_row_number" for column in self.columns)


def is_table_reference(value: Json) -> bool:
    return isinstance(value, dict) and isinstance(value.get("$table"), str)


def tables_in(value: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    """Every table reference in an output, with the path that leads to it, in the order of the output."""
    if isinstance(value, dict):
        if is_table_reference(value):
            yield path, value
            return
        for key, item in value.items():
            yield from tables_in(item, (*path, key))
    elif isinstance(value, list):
        # A long list is data, not a set of tables: looking through its head is enough.
        for index, item in enumerate(value[:32]):
            yield from tables_in(item, (*path, index))


def quoted(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def scan(path: Path) -> str:
    """The SQL that reads the Parquet file at `path`, whatever characters its name holds."""
    literal = re.sub(r"([*?\[])", r"[\1]", str(path)).replace("'", "''")
    return f"read_parquet('{literal}')"


def display_expression(column: TableColumn) -> str:
    """SQL for a cell that is cheap to fetch: times as text, long text and bytes cut short."""
    name = quoted(column.name)
    if column.kind in {"int", "float", "bool"}:
        return name
    if column.kind == "binary":
        return f"octet_length({name}) || ' bytes'"
    if column.kind == "text":
        return f"left({name}::varchar, 500)"
    return f"{name}::varchar"


def full_expression(column: TableColumn) -> str:
    """SQL for a whole cell as text, for the clipboard."""
    name = quoted(column.name)
    return f"to_hex({name})" if column.kind == "binary" else f"{name}::varchar"


def cell_text(value: object) -> str:
    """A fetched cell as it is shown; null is the caller's to mark."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.10g}"
    text = str(value)
    return text.replace("\r\n", "⏎").replace("\n", "⏎") if "\n" in text else text
