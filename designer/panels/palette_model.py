"""The palette's list: headings and the node types under them, narrowed by a search text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QObject,
    Qt,
)

from designer.panels.models import ROOT, Index
from designer.panels.palette_match import ranked
from engine.model.node_type import CATEGORIES, NodeType

MIME_TYPE = "application/x-workflow-node-type"

CATEGORY_TITLES = {
    "trigger": "Triggers",
    "input": "Data in",
    "transform": "Transform",
    "combine": "Combine",
    "logic": "Flow",
    "human": "People",
    "output": "Data out",
    "code": "Code",
}


class PaletteModel(QAbstractListModel):
    """Rows are headings (text) or node types. A search shows one ranked list without headings."""

    def __init__(self, types: Iterable[NodeType], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._types = tuple(types)
        self._rows: list[str | NodeType] = []
        self.set_query("")

    def set_query(self, query: str) -> None:
        self.beginResetModel()
        self._rows = list(ranked(self._types, query)) if query.strip() else _by_category(self._types)
        self.endResetModel()

    def node_type(self, index: Index) -> NodeType | None:
        """The type in a row; None for a heading."""
        row = self._rows[index.row()] if index.isValid() else None
        return row if isinstance(row, NodeType) else None

    def first_type_row(self) -> int:
        """The first row that can be chosen, -1 when nothing matches."""
        return next((row for row, item in enumerate(self._rows) if isinstance(item, NodeType)), -1)

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if isinstance(row, str):
            return row if role == Qt.ItemDataRole.DisplayRole else None
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tooltip(row)
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return f"{CATEGORY_TITLES[row.category]}. {row.summary}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if self.node_type(index) is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled

    def mimeTypes(self) -> list[str]:
        return [MIME_TYPE]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        mime = QMimeData()
        for index in indexes:
            node_type = self.node_type(index)
            if node_type is not None:
                mime.setData(MIME_TYPE, node_type.id.encode())
        return mime


def _by_category(types: Sequence[NodeType]) -> list[str | NodeType]:
    rows: list[str | NodeType] = []
    for category in CATEGORIES:
        members = [node_type for node_type in types if node_type.category == category]
        if members:
            rows += [CATEGORY_TITLES[category], *members]
    return rows


def _tooltip(node_type: NodeType) -> str:
    text = f"<p><b>{escape(node_type.title)}</b></p><p>{escape(node_type.summary)}</p>"
    if node_type.help and node_type.help != node_type.summary:
        text += f"<p>{escape(node_type.help)}</p>"
    return text + "<p>Drag it onto the canvas, or double-click.</p>"
