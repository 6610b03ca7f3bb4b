"""Near the edge of the view a drag scrolls it, so that one gesture reaches everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QTimer

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

EDGE = 28.0
_STEP_MS = 30
_FASTEST = 18.0


class EdgePan(QObject):
    """Scrolls while the mouse stays near an edge, and calls ``dragged`` so that the gesture follows."""

    def __init__(self, view: CanvasView, dragged: Callable[[], None]) -> None:
        super().__init__(view)
        self._view = view
        self._dragged = dragged
        self._speed = QPointF()
        self._timer = QTimer(self)
        self._timer.setInterval(_STEP_MS)
        self._timer.timeout.connect(self._step)

    @property
    def is_active(self) -> bool:
        return self._timer.isActive()

    def follow(self, place: QPointF) -> None:
        """The mouse of a drag is here, in viewport pixels."""
        size = self._view.viewport().size()
        self._speed = QPointF(_speed(place.x(), size.width()), _speed(place.y(), size.height()))
        if self._speed.isNull():
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()

    def stop(self) -> None:
        """The drag is over."""
        self._timer.stop()

    def _step(self) -> None:
        self._view.camera.pan(self._speed.x(), self._speed.y())
        self._dragged()


def _speed(place: float, length: float) -> float:
    """Pixels a step: faster the nearer to the edge, and beyond it."""
    if place < EDGE:
        return min(_FASTEST, (EDGE - place) / 2)
    if place > length - EDGE:
        return -min(_FASTEST, (place - length + EDGE) / 2)
    return 0.0
