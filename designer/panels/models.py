"""What all item models of the panels share."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt

Index = QModelIndex | QPersistentModelIndex

ROOT = QModelIndex()


def header_text(columns: Sequence[str], section: int, orientation: Qt.Orientation, role: int) -> str | None:
    """The name of a column for ``headerData``; rows have none."""
    if role != Qt.ItemDataRole.DisplayRole or orientation != Qt.Orientation.Horizontal:
        return None
    return columns[section] if 0 <= section < len(columns) else None
