"""Pieces of SQL: quoted names and texts, typed fragments, and the values bound to them.

Nothing that a person or a file wrote ever becomes SQL text: names are quoted, values are bound.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

ColumnType: TypeAlias = Literal[
    "int", "float", "text", "bool", "date", "datetime", "time", "decimal", "duration", "binary", "json"
]
ValueType: TypeAlias = ColumnType | Literal["null"]

SQL_TYPES: dict[ColumnType, str] = {
    "int": "BIGINT",
    "float": "DOUBLE",
    "text": "VARCHAR",
    "bool": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMP",
    "time": "TIME",
    "decimal": "DECIMAL(38, 10)",
    "duration": "INTERVAL",
    "binary": "BLOB",
    "json": "JSON",
}
"""How a column of each type is stored. Every integer is 64 bits and every float a double, so that
arithmetic does not depend on how a file happened to store a number; datetimes are UTC without a zone."""

WORDS: dict[ValueType, str] = {
    "int": "a whole number",
    "float": "a number",
    "text": "text",
    "bool": "yes or no",
    "date": "a date",
    "datetime": "a date and time",
    "time": "a time of day",
    "decimal": "a number",
    "duration": "a duration",
    "binary": "binary data",
    "json": "JSON",
    "null": "nothing",
}
"""How a person calls each type."""

_BY_SQL_TYPE: dict[str, ColumnType] = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT"), "int"),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER"), "int"),
    **dict.fromkeys(("UBIGINT", "HUGEINT", "UHUGEINT"), "decimal"),
    **dict.fromkeys(("FLOAT", "DOUBLE"), "float"),
    "BOOLEAN": "bool",
    "DATE": "date",
    "INTERVAL": "duration",
    "BLOB": "binary",
    "JSON": "json",
    "VARIANT": "json",
}

_WIDE_INTEGERS = {"UBIGINT": "DECIMAL(20, 0)", "HUGEINT": "DECIMAL(38, 0)", "UHUGEINT": "DECIMAL(38, 0)"}
"""Integers that 64 bits cannot hold, such as hashes that serve as ids."""


def column_type(sql_type: str) -> ColumnType:
    """The contract's name for a DuckDB type; types it does not know are text."""
    if sql_type.endswith("]") or sql_type.startswith(("STRUCT", "MAP", "UNION")):
        return "json"
    if sql_type.startswith("DECIMAL"):
        return "decimal"
    if sql_type.startswith("TIMESTAMP"):
        return "datetime"
    if sql_type.startswith("TIME"):
        return "time"
    return _BY_SQL_TYPE.get(sql_type, "text")


def stored(name: str, sql_type: str) -> str:
    """The expression that brings a column of any DuckDB type to the form in which it is stored."""
    quoted = identifier(name)
    kind = column_type(sql_type)
    if sql_type in _WIDE_INTEGERS:
        return f"CAST({quoted} AS {_WIDE_INTEGERS[sql_type]}) AS {quoted}"
    if kind == "decimal" or sql_type == SQL_TYPES[kind]:
        return quoted
    if sql_type == "TIMESTAMP WITH TIME ZONE":
        return f"({quoted} AT TIME ZONE 'UTC') AS {quoted}"
    if kind == "json":
        return f"CAST(to_json({quoted}) AS JSON) AS {quoted}"
    return f"CAST({quoted} AS {SQL_TYPES[kind]}) AS {quoted}"


def identifier(name: str) -> str:
    """A quoted name of a column."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    """A quoted text, for the places of a statement where nothing can be bound, such as a file name."""
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of SQL and the type of its value."""

    text: str
    type: ValueType


@dataclass(slots=True)
class Bindings:
    """The values of one statement by parameter name."""

    values: dict[str, object] = field(default_factory=dict)

    def add(self, value: object) -> str:
        """Bind a value; gives its placeholder."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f"${name}"
