"""Move cards, or with Alt copies of them: they follow the mouse in 16 px steps; one edit on release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter

from designer.canvas import geometry
from designer.canvas.painter import decor
from designer.canvas.tools.base import Pointer, Tool

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class MoveTool(Tool):
    """Starts on a card, which gets selected; a click without a drag only selects.

    With Alt held at the press the cards stay where they are and copies are put down.
    """

    cursor = Qt.CursorShape.SizeAllCursor

    def __init__(self, view: CanvasView, pointer: Pointer, row: int) -> None:
        super().__init__(view, pointer)
        self._id = view.canvas_scene.ids[row]
        self._was_selected = view.selection.has_node(self._id)
        if pointer.control:
            pass  # toggled on release, when it is known not to be a drag
        elif pointer.shift:
            view.selection.add([self._id])
        elif not self._was_selected:
            view.selection.set([self._id])
        self._ids: list[str] = []
        self._origin = view.canvas_scene.xy[[]]
        self._shift = (0.0, 0.0)
        self._copies = pointer.alt
        if self._copies:
            self.cursor = Qt.CursorShape.DragCopyCursor

    def move(self, pointer: Pointer) -> None:
        if not self.is_far(pointer):
            return
        scene = self.view.canvas_scene
        if not self._ids:
            if not self.view.selection.has_node(self._id):
                self.view.selection.add([self._id])
            self._ids = self.view.selection.nodes
            self._origin = scene.xy[scene.rows(self._ids)].copy()
        x, y = self._origin[self._ids.index(self._id)].tolist()
        way = pointer.at - self.start.at
        shift = (geometry.snap(x + way.x()) - x, geometry.snap(y + way.y()) - y)
        if shift != self._shift:
            self._shift = shift
            if self._copies:
                self.view.viewport().update()
                return
            scene.place(self._ids, self._origin + shift)
            if self.view.selection.notes:
                scene.notes.shift(self.view.selection.notes, shift)
                self.view.viewport().update()

    def release(self, pointer: Pointer) -> bool:
        if not self.moved:
            if pointer.control:
                self.view.selection.toggle([self._id])
            elif not pointer.shift and self._was_selected:
                self.view.selection.set([self._id])
        elif self._copies:
            self.view.viewport().update()
            if self._shift != (0.0, 0.0):
                self.view.commands.duplicate(self._shift)
        elif self._shift != (0.0, 0.0):
            self.view.commands.move(self._ids, (self._origin + self._shift).tolist())
        return True

    def cancel(self) -> None:
        if self._copies:
            self.view.viewport().update()
        elif self._ids:
            self.view.canvas_scene.notes.moved.clear()
            self.view.canvas_scene.place(self._ids, self._origin)
            self.view.viewport().update()

    def paint(self, painter: QPainter) -> None:
        if not self._copies or not self._ids:
            return
        scene = self.view.canvas_scene
        for row, (x, y) in zip(scene.rows(self._ids), (self._origin + self._shift).tolist(), strict=True):
            decor.draw_ghost(painter, self.view.layer.inks, (x, y), trigger=bool(scene.trigger[row]))
