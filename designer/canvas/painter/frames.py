"""Paints the frames of groups, behind comments, wires and cards."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from designer.canvas.frames import TITLE_H
from designer.canvas.painter.inks import Inks, stroke
from designer.canvas.scene import Scene

_RADIUS = 12.0
_READABLE = 0.35


def draw_frames(painter: QPainter, inks: Inks, scene: Scene, area: QRectF, zoom: float) -> None:
    """Draw the frames that touch the area, under a painter that maps scene to device pixels."""
    if not scene.frames.all:
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for group, box in scene.frames.boxes(scene.xy):
        if not box.intersects(area):
            continue
        colour = inks.category(group.colour)
        fill, edge = QColor(colour), QColor(colour)
        fill.setAlphaF(0.07)
        edge.setAlphaF(0.55)
        painter.setPen(stroke(edge, 1.5 / min(1.0, zoom)))
        painter.setBrush(fill)
        painter.drawRoundedRect(box, _RADIUS, _RADIUS)
        if zoom >= _READABLE:
            painter.setPen(colour)
            painter.setFont(inks.title)
            room = QRectF(box.left() + 16, box.top() + 4, box.width() - 32, TITLE_H - 4)
            title = inks.title_metrics.elidedText(group.title, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, title)
