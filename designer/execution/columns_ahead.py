"""Which columns a table will have, before any run has made it.

Files are looked into, on a thread and once for each version of a file; from there columns follow the wires.
Where a step's columns cannot be told without running it, there is nothing to offer and nothing is invented.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from designer.document.document import Document
from designer.execution.tasks import TaskSet
from designer.forms.context import Column
from engine.errors import ExpressionError
from engine.expression import Path as Reference
from engine.model.json_value import Json
from engine.model.workflow import Node, Workflow

Columns = tuple[Column, ...]
FileColumns = Callable[[Node], Columns]
MOST_STEPS = 50
_SAME = frozenset({"table.filter", "table.sort", "flow.wait"})
_READERS = {
    "file.read_csv": "read_csv(?, sample_size=2000)",
    "file.read_parquet": "read_parquet(?)",
    "file.read_json": "read_json(?)",
}
_WORDS = {
    "BIGINT": "int", "INTEGER": "int", "SMALLINT": "int", "TINYINT": "int", "HUGEINT": "int",
    "DOUBLE": "float", "FLOAT": "float", "BOOLEAN": "bool", "VARCHAR": "text", "DATE": "date",
    "TIME": "time", "TIMESTAMP": "datetime", "INTERVAL": "duration", "BLOB": "binary",
}  # fmt: skip


class ColumnsAhead(QObject):
    """`columns_of` answers at once with what is known; `found` says that more has become known."""

    found = Signal()

    def __init__(self, document: Document, tasks: TaskSet, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._tasks = tasks
        self._files: dict[tuple[str, str, int], Columns] = {}

    def columns_of(self, _node_id: str, reference: Json) -> Columns:
        """The columns of the table that `${read.table}` and the like will be; empty while unknown."""
        return foresee(self._document.workflow, reference, self._columns_in)

    def _columns_in(self, node: Node) -> Columns:
        place = _file_of(node, self._document.path)
        if place is None:
            return ()
        try:
            key = (node.type, str(place), place.stat().st_mtime_ns)
        except OSError:
            return ()
        if key not in self._files:
            self._files[key] = ()
            self._tasks.start(self._look(key))
        return self._files[key]

    async def _look(self, key: tuple[str, str, int]) -> None:
        columns = await asyncio.to_thread(_look_into, key[0], key[1])
        if columns:
            self._files[key] = columns
            self.found.emit()


def foresee(workflow: Workflow, reference: Json, in_file: FileColumns, left: int = MOST_STEPS) -> Columns:
    """Follows a reference to a table back to the files it comes from."""
    node = _made_by(workflow, reference)
    if node is None or left == 0:
        return ()

    def of(name: str) -> Columns:
        return foresee(workflow, parameters.get(name), in_file, left - 1)

    parameters = node.parameters
    if node.type in _READERS:
        return in_file(node)
    if node.type in _SAME:
        return of("table")
    match node.type:
        case "flow.switch":
            return of("value")
        case "table.formula":
            return _with(of("table"), _named(parameters.get("columns"), "column"))
        case "table.choose_columns":
            return _chosen(of("table"), parameters)
        case "table.join":
            return _joined(of("left"), of("right"), parameters)
        case "table.summarise":
            return _summarised(of("table"), parameters)
    return ()


def _made_by(workflow: Workflow, reference: Json) -> Node | None:
    if not isinstance(reference, str) or not (reference.startswith("${") and reference.endswith("}")):
        return None
    try:
        return workflow.nodes.get(Reference.parse(reference[2:-1]).root)
    except ExpressionError:
        return None


def _named(listed: Json, key: str) -> list[str]:
    if not isinstance(listed, list):
        return []
    return [str(entry[key]) for entry in listed if isinstance(entry, dict) and entry.get(key)]


def _with(columns: Columns, added: Sequence[str]) -> Columns:
    known = {column.name for column in columns}
    return (*columns, *(Column(name=name) for name in added if name not in known)) if columns else ()


def _chosen(columns: Columns, parameters: Mapping[str, Json]) -> Columns:
    listed = parameters.get("columns")
    names = [str(name) for name in listed] if isinstance(listed, list) else []
    by_name = {column.name: column for column in columns}
    if parameters.get("mode") == "drop":
        kept = [column for column in columns if column.name not in names]
    else:
        kept = [by_name[name] for name in names if name in by_name] if names else list(columns)
    renamed = {
        str(entry["column"]): str(entry["name"])
        for entry in (parameters.get("rename") or [])  # type: ignore[union-attr]
        if isinstance(entry, dict) and "column" in entry and "name" in entry
    }
    return tuple(Column(name=renamed.get(column.name, column.name), type=column.type) for column in kept)


def _joined(left: Columns, right: Columns, parameters: Mapping[str, Json]) -> Columns:
    if not left or not right or parameters.get("type") == "anti":
        return left
    listed = parameters.get("keys")
    keys = (
        {str(k.get("right") or k.get("left")) for k in listed if isinstance(k, dict)}
        if isinstance(listed, list)
        else set()
    )
    suffix = str(parameters.get("suffix") or "_right")
    known = {column.name for column in left}
    added = [
        Column(name=f"{column.name}{suffix}" if column.name in known else column.name, type=column.type)
        for column in right
        if column.name not in keys
    ]
    return (*left, *added)


def _summarised(columns: Columns, parameters: Mapping[str, Json]) -> Columns:
    group = parameters.get("group")
    by_name = {column.name: column for column in columns}
    first = (
        [by_name.get(str(name), Column(name=str(name))) for name in group] if isinstance(group, list) else []
    )
    return (*first, *(Column(name=name, type="float") for name in _named(parameters.get("values"), "name")))


def _file_of(node: Node, document: Path | None) -> Path | None:
    text = node.parameters.get("path")
    if not isinstance(text, str) or not text or "${" in text or "*" in text:
        return None
    path = Path(text)
    return path if path.is_absolute() or document is None else document.parent / path


def _look_into(kind: str, path: str) -> Columns:
    # Imported here, on the thread that looks: DuckDB takes longer to load than the window to open.
    import duckdb

    try:
        with duckdb.connect() as connection:
            described: list[tuple[Any, ...]] = connection.execute(
                f"DESCRIBE SELECT * FROM {_READERS[kind]}", [path]
            ).fetchall()
    except duckdb.Error:
        return ()
    return tuple(
        Column(name=str(row[0]), type=_WORDS.get(str(row[1]).split("(")[0], "")) for row in described
    )
