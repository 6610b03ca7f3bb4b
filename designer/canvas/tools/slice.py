"""Slice: an Alt-drag across wires takes them all away on release, as one edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath

from designer.canvas import geometry
from designer.canvas.painter import wires
from designer.canvas.painter.inks import stroke
from designer.canvas.tools.base import Pointer, Tool
from designer.theme.tokens import WIRE_W_HOVER

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class SliceTool(Tool):
    """Starts on empty canvas or on a wire; the wires it has cut so far are drawn as taken away."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, view: CanvasView, pointer: Pointer) -> None:
        super().__init__(view, pointer)
        self._trace = [pointer.at]
        self._cut: dict[int, None] = {}

    def move(self, pointer: Pointer) -> None:
        if not self.is_far(pointer) or pointer.at == self._trace[-1]:
            return
        last, now = self._trace[-1], pointer.at
        self._trace.append(now)
        scene = self.view.canvas_scene
        rows = scene.wires.in_box(geometry.as_box(QRectF(last, now).normalized()))
        if len(rows):
            for places, points in scene.wires.sampled(rows, 24):
                found = geometry.crossing(points, (last.x(), last.y()), (now.x(), now.y()))
                self._cut.update(dict.fromkeys(rows[places[found]].tolist()))
        self.view.viewport().update()

    def release(self, pointer: Pointer) -> bool:
        self.view.viewport().update()
        ids = self.view.canvas_scene.wires.ids
        if self._cut:
            self.view.commands.disconnect([ids[row] for row in self._cut])
        return True

    def cancel(self) -> None:
        self.view.viewport().update()

    def paint(self, painter: QPainter) -> None:
        if not self.moved:
            return
        inks, scene = self.view.layer.inks, self.view.canvas_scene
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(stroke(inks.failed, WIRE_W_HOVER, (4, 2.5)))
        for row in self._cut:
            painter.drawPath(wires.path(scene.wires.curves_of(row)))
        blade = QPainterPath(self._trace[0])
        for at in self._trace[1:]:
            blade.lineTo(QPointF(at))
        painter.setPen(stroke(inks.failed, 1.5 / self.view.camera.zoom))
        painter.drawPath(blade)
