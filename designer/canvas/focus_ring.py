"""A ring around the canvas that has the keyboard while nothing on it shows that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPen

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


def paint_focus(painter: QPainter, view: CanvasView) -> None:
    """Only for those who came by a key: a click shows by itself where it went."""
    if not view.came_by_key or not view.selection.is_empty:
        return
    painter.save()
    painter.resetTransform()
    painter.setPen(QPen(QColor(view.theme.theme.accent), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(view.viewport().rect().adjusted(1, 1, -1, -1))
    painter.restore()
