"""The node that is being chosen in the popup: its place and its wire, until something is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter

from designer.canvas.context import AddContext
from designer.canvas.geometry import snap
from designer.canvas.painter import decor, wires
from designer.canvas.painter.inks import stroke
from designer.theme.tokens import CARD_H, CARD_W, WIRE_W_HOVER

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


def paint_pending(painter: QPainter, view: CanvasView, corner: QPointF, context: AddContext) -> None:
    """Draw the outline of the coming card, and the wire that leads to or from it."""
    place = (snap(corner.x()), snap(corner.y()))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    decor.draw_ghost(painter, view.layer.inks, place, trigger=False)
    ends = _ends(view, place, context)
    if ends is None:
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(stroke(view.layer.inks.accent, WIRE_W_HOVER))
    painter.drawPath(wires.curve(*ends, down=context.on == "error"))


def _ends(
    view: CanvasView, place: tuple[float, float], context: AddContext
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    scene = view.canvas_scene
    if context.source in scene.row_of:
        row = scene.row_of[context.source]
        names = [port.name for port in scene.type_of(row).outputs]
        index = names.index(context.source_port) if context.source_port in names else 0
        start = scene.port(row, "error" if context.on == "error" else "output", index)
        return start, (place[0], place[1] + CARD_H / 2)
    if context.target in scene.row_of:
        return (place[0] + CARD_W, place[1] + CARD_H / 2), scene.port(scene.row_of[context.target], "input")
    return None
