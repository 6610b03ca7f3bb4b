"""What a gesture is: one object from the press to the release, gone afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """Where the mouse is: ``at`` in scene pixels, ``place`` in viewport pixels, ``screen`` global."""

    at: QPointF
    place: QPointF
    screen: QPoint
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier

    @property
    def shift(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.ShiftModifier)

    @property
    def control(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.ControlModifier)

    @property
    def alt(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.AltModifier)


class Tool:
    """A gesture in progress. Nothing of the document changes before ``release``."""

    cursor = Qt.CursorShape.ArrowCursor

    def __init__(self, view: CanvasView, pointer: Pointer) -> None:
        self.view = view
        self.start = pointer
        self.moved = False

    def is_far(self, pointer: Pointer) -> bool:
        """Whether the mouse has left the place of the press: a drag, not a click."""
        if not self.moved:
            way = (pointer.place - self.start.place).manhattanLength()
            self.moved = way >= QApplication.startDragDistance()
        return self.moved

    def move(self, pointer: Pointer) -> None:
        """The mouse moved."""

    def release(self, pointer: Pointer) -> bool:
        """The button went up; True when the gesture is over, False when it waits for another click."""
        return True

    def cancel(self) -> None:
        """Escape, or the window lost the mouse: leave no trace."""

    def paint(self, painter: QPainter) -> None:
        """Draw what the gesture shows, in scene pixels, above everything."""
