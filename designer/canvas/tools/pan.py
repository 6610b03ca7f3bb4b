"""Pan: middle-drag, Space-drag, right-drag on empty canvas (a menu if the mouse did not move)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from designer.canvas.tools.base import Pointer, Tool

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class PanTool(Tool):
    """Moves what is seen with the mouse."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, view: CanvasView, pointer: Pointer, *, menu: bool = False) -> None:
        super().__init__(view, pointer)
        self._menu = menu
        self._last = pointer.place

    def move(self, pointer: Pointer) -> None:
        if self.is_far(pointer):
            way = pointer.place - self._last
            self._last = pointer.place
            self.view.camera.pan(way.x(), way.y())

    def release(self, pointer: Pointer) -> bool:
        if self._menu and not self.moved:
            self.view.menus.open(pointer.at, pointer.screen)
        return True
