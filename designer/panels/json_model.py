"""Any JSON value as a lazy tree: children are made when a branch is opened, long lists piece by piece."""

from __future__ import annotations

import json
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt

from designer.panels.models import ROOT, Index, header_text
from designer.panels.tables import is_table_reference
from engine.model.json_value import Json

Step = str | int

_PIECE = 200
_MAX_TEXT = 300
_COLUMNS = ("Name", "Value")


class JsonItem:
    """One value in the tree; `children` exist as far as they were fetched."""

    __slots__ = ("children", "key", "parent", "row", "source", "value")

    def __init__(self, key: Step, value: Json, parent: JsonItem | None, row: int) -> None:
        self.key = key
        self.value = value
        self.parent = parent
        self.row = row
        self.children: list[JsonItem] = []
        # The pairs still to come; a table reference is shown as one line.
        self.source: list[tuple[Step, Json]] | None = None

    @property
    def size(self) -> int:
        if is_table_reference(self.value):
            return 0
        return len(self.value) if isinstance(self.value, dict | list) else 0

    @property
    def path(self) -> tuple[Step, ...]:
        """Keys and indexes from the root to this value."""
        return () if self.parent is None else (*self.parent.path, self.key)

    def fetch(self, count: int) -> None:
        """Make up to `count` more children."""
        if self.source is None:
            self.source = (
                list(self.value.items())
                if isinstance(self.value, dict)
                else list(enumerate(self.value if isinstance(self.value, list) else []))
            )
        start = len(self.children)
        for row, (key, value) in enumerate(self.source[start : start + count], start):
            self.children.append(JsonItem(key, value, self, row))


class JsonModel(QAbstractItemModel):
    """The tree of one output value. Column 0 names a value, column 1 shows it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._root = JsonItem("", None, None, 0)

    def set_value(self, value: Json) -> None:
        self.beginResetModel()
        self._root = JsonItem("", value if isinstance(value, dict | list) else {"value": value}, None, 0)
        self.endResetModel()

    def item(self, index: Index) -> JsonItem:
        if not index.isValid():
            return self._root
        item = index.internalPointer()
        assert isinstance(item, JsonItem)
        return item

    def index(self, row: int, column: int, parent: Index = ROOT) -> QModelIndex:
        children = self.item(parent).children
        if 0 <= row < len(children) and 0 <= column < len(_COLUMNS):
            return self.createIndex(row, column, children[row])
        return QModelIndex()

    def parent(self, index: Index = ROOT) -> QModelIndex:  # type: ignore[override]  # Qt overloads parent()
        above = self.item(index).parent if index.isValid() else None
        return QModelIndex() if above is None else self._index_of(above)

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.column() > 0 else len(self.item(parent).children)

    def columnCount(self, parent: Index = ROOT) -> int:
        return len(_COLUMNS)

    def hasChildren(self, parent: Index = ROOT) -> bool:
        return parent.column() <= 0 and self.item(parent).size > 0

    def canFetchMore(self, parent: Index) -> bool:
        item = self.item(parent)
        return parent.column() <= 0 and len(item.children) < item.size

    def fetchMore(self, parent: Index) -> None:
        item = self.item(parent)
        first = len(item.children)
        last = min(first + _PIECE, item.size) - 1
        if last < first:
            return
        self.beginInsertRows(self._index_of(item), first, last)
        item.fetch(_PIECE)
        self.endInsertRows()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        item = self.item(index)
        if role == Qt.ItemDataRole.DisplayRole:
            return str(item.key) if index.column() == 0 else summary(item.value)
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == 1:
            return value_text(item.value)[:2000]
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        return header_text(_COLUMNS, section, orientation, role)

    def _index_of(self, item: JsonItem) -> QModelIndex:
        return QModelIndex() if item is self._root else self.createIndex(item.row, 0, item)


def summary(value: Json) -> str:
    """One line for a value: itself, or what it holds."""
    if is_table_reference(value):
        assert isinstance(value, dict)
        columns = value.get("columns")
        width = len(columns) if isinstance(columns, list) else 0
        rows = value.get("rows")
        return f"Table, {rows if isinstance(rows, int) else 0:,} rows × {width} columns"
    if isinstance(value, dict):
        return f"{{ {len(value):,} {'value' if len(value) == 1 else 'values'} }}"
    if isinstance(value, list):
        return f"[ {len(value):,} {'item' if len(value) == 1 else 'items'} ]"
    text = value_text(value)
    return text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "…"


def value_text(value: Json) -> str:
    """A value as it goes to the clipboard: text raw, anything else as JSON."""
    if isinstance(value, str):
        return value
    indent = 2 if isinstance(value, dict | list) else None
    return json.dumps(value, ensure_ascii=False, indent=indent)


def reference(step_id: str, path: tuple[Step, ...]) -> str:
    """The template that stands for a value of a step's output: `${step.rows[0].name}`."""
    text = step_id
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        elif key.isidentifier():
            text += f".{key}"
        else:
            text += f"[{json.dumps(key, ensure_ascii=False)}]"
    return f"${{{text}}}"
