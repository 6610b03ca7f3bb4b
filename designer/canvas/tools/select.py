"""Select with a box: everything it touches. Shift adds, Ctrl toggles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from designer.canvas import hits
from designer.canvas.tools.base import Pointer, Tool

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class BoxTool(Tool):
    """Starts on empty canvas; a click there lets go of the selection."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, view: CanvasView, pointer: Pointer) -> None:
        super().__init__(view, pointer)
        self._box = QRectF()
        chosen = self.view.selection
        self._before = (chosen.nodes, chosen.wires, chosen.notes, chosen.bends)

    def move(self, pointer: Pointer) -> None:
        if not self.is_far(pointer):
            return
        old = self._box
        self._box = QRectF(self.start.at, pointer.at).normalized()
        self._select(pointer)
        self.view.repaint_box(old.united(self._box))

    def release(self, pointer: Pointer) -> bool:
        if not self.moved and not (pointer.shift or pointer.control):
            self.view.selection.set()
        self.view.repaint_box(self._box)
        self._box = QRectF()
        return True

    def cancel(self) -> None:
        self.view.selection.set(*self._before)
        self.view.repaint_box(self._box)

    def _select(self, pointer: Pointer) -> None:
        scene = self.view.canvas_scene
        rows = hits.nodes_in(scene, self._box)
        nodes = [scene.ids[row] for row in rows]
        # A box around cards means the cards; wires are taken when the box touches nothing else.
        bends = hits.bends_in(scene, self._box)
        wires = [] if nodes or bends else [scene.wires.ids[row] for row in hits.wires_in(scene, self._box)]
        notes = scene.notes.inside(self._box)
        if not (pointer.shift or pointer.control):
            self.view.selection.set(nodes, wires, notes, bends)
            return
        self.view.selection.set(*self._before)
        change = self.view.selection.toggle if pointer.control else self.view.selection.add
        change(nodes, wires, notes, bends)

    def paint(self, painter: QPainter) -> None:
        if self._box.isNull():
            return
        accent = self.view.layer.inks.accent
        fill = QColor(accent)
        fill.setAlphaF(0.10)
        painter.setPen(accent)
        pen = painter.pen()
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.setBrush(fill)
        painter.drawRect(self._box)
