"""Where the view looks: zoom, pan and frame."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QObject, QPointF, QRectF, QSizeF, Signal
from PySide6.QtGui import QTransform
from PySide6.QtWidgets import QGraphicsView

from designer.canvas.motion import Motion
from designer.theme import text_size
from designer.theme.tokens import ZOOM_MS

MIN_ZOOM, MAX_ZOOM = 0.05, 4.0
"""Of what is called 100 %: the size at which the drawing's text is as large as the window's."""
NOTCH = 1.15
"""How much larger everything is after one notch of a wheel."""
FRAME_MARGIN = 56.0
_NAME = "camera"


Sight = tuple[float, QPointF]
"""A zoom, and the scene point in the middle."""
Dodge = Callable[[QRectF, Sight], Sight]


def _stay(_area: QRectF, sight: Sight) -> Sight:
    return sight


class Camera(QObject):
    """Zooms and scrolls a view. ``moved`` comes after every change of what is seen."""

    zoom_changed = Signal(float)
    moved = Signal()

    def __init__(self, view: QGraphicsView, motion: Motion) -> None:
        super().__init__(view)
        self._view = view
        self._motion = motion
        self.actual = 1.0
        self.dodge: Dodge = _stay
        """Asked where to look instead when an area is framed."""
        self._from = (1.0, QPointF())
        self._to = (1.0, QPointF())
        text_size.keep(self, Camera._follow_text)
        view.horizontalScrollBar().valueChanged.connect(self.moved)
        view.verticalScrollBar().valueChanged.connect(self.moved)

    def _follow_text(self) -> None:
        """What is called 100 % is another zoom now; the drawing grows with the window's text."""
        share = text_size.scale() / self.actual
        self.actual = text_size.scale()
        self.show(self.zoom * share, self.centre)

    @property
    def zoom(self) -> float:
        return float(self._view.transform().m11())

    @property
    def centre(self) -> QPointF:
        """The scene point in the middle of the view."""
        return self.visible().center()

    def visible(self) -> QRectF:
        """What the view shows, in scene pixels."""
        bars = self._view.horizontalScrollBar(), self._view.verticalScrollBar()
        size = self._view.viewport().size()
        zoom = self.zoom
        return QRectF(
            bars[0].value() / zoom, bars[1].value() / zoom, size.width() / zoom, size.height() / zoom
        )

    def zoom_at(self, zoom: float, place: QPointF | None = None) -> None:
        """Zoom so that the scene point under ``place`` (viewport pixels; the middle) stays there."""
        self._motion.stop(_NAME)
        zoom = self._kept(zoom)
        place = place if place is not None else QPointF(self._view.viewport().rect().center())
        seen = self.visible()
        fixed = seen.topLeft() + place / self.zoom
        self._show(zoom, fixed - place / zoom)

    def turned(self, notches: float) -> float:
        """The zoom so many notches of a wheel from here.

        Whole notches lead through the same zooms again, 100 % among them, whose cards are drawn already.
        """
        power = math.log(self.zoom / self.actual, NOTCH)
        power = round(power) + notches if notches == round(notches) else power + notches
        return float(self.actual * NOTCH**power)

    def zoom_to(self, zoom: float) -> None:
        """Zoom about the middle, gently."""
        self._go(self._kept(zoom), self._heading()[1])

    def zoom_by(self, factor: float) -> None:
        """Zoom so many times closer, gently; asked again on the way there, so many times closer still."""
        self.zoom_to(self._heading()[0] * factor)

    def _kept(self, zoom: float) -> float:
        return min(MAX_ZOOM * self.actual, max(MIN_ZOOM * self.actual, zoom))

    def pan(self, dx: float, dy: float) -> None:
        """Scroll by viewport pixels."""
        self._motion.stop(_NAME)
        bars = self._view.horizontalScrollBar(), self._view.verticalScrollBar()
        bars[0].setValue(round(bars[0].value() - dx))
        bars[1].setValue(round(bars[1].value() - dy))

    def frame(self, area: QRectF, *, gently: bool = True) -> None:
        """Show the whole area, no larger than its actual size; the origin when it is null."""
        size = self._view.viewport().size()
        if area.isNull():
            target = QRectF(-size.width() / 2, -size.height() / 2, size.width(), size.height())
            self._go(self.actual, target.center(), gently)
            return
        margin = FRAME_MARGIN
        room = QRectF(QPointF(), QSizeF(size)).adjusted(margin, margin, -margin, -margin)
        self._go(*self.dodge(area, self.fitting(area, room)), gently)

    def fitting(self, area: QRectF, room: QRectF) -> Sight:
        """Where to look for the area to fill this part of the viewport, no larger than its actual size."""
        zoom = min(
            room.width() / max(area.width(), 1.0), room.height() / max(area.height(), 1.0), self.actual
        )
        zoom = self._kept(zoom)
        middle = QRectF(self._view.viewport().rect()).center()
        return zoom, area.center() + (middle - room.center()) / zoom

    def show(self, zoom: float, centre: QPointF) -> None:
        """Look there at once, as one has looked before."""
        self._go(zoom, centre, gently=False)

    def look_at(self, point: QPointF) -> None:
        """Bring a scene point to the middle."""
        self._go(self._heading()[0], point)

    def reveal(self, area: QRectF) -> None:
        """Scroll as little as needed for the area to be seen; not at all if it is."""
        zoom, centre = self._heading()
        size = QSizeF(self._view.viewport().size()) / zoom
        seen = QRectF(centre - QPointF(size.width() / 2, size.height() / 2), size)
        margin = 24 / zoom
        wanted = area.adjusted(-margin, -margin, margin, margin)
        if seen.contains(wanted):
            return
        dx = min(0.0, wanted.left() - seen.left()) + max(0.0, wanted.right() - seen.right())
        dy = min(0.0, wanted.top() - seen.top()) + max(0.0, wanted.bottom() - seen.bottom())
        self._go(zoom, seen.center() + QPointF(dx, dy))

    def finish(self) -> None:
        """Be at once where a gentle movement is heading."""
        self._motion.finish(_NAME)

    def _heading(self) -> Sight:
        """The zoom and the middle at the end of the movement that is under way, or as they are."""
        return self._to if self._motion.is_running(_NAME) else (self.zoom, self.centre)

    def _go(self, zoom: float, centre: QPointF, gently: bool = True) -> None:
        self._motion.stop(_NAME)
        self._from = (self.zoom, self.centre)
        self._to = (zoom, centre)
        if gently and self._view.isVisible():
            self._motion.run(_NAME, ZOOM_MS, self._on_step)
        else:
            self._on_step(1.0)

    def _on_step(self, share: float) -> None:
        zoom = self._from[0] * (self._to[0] / self._from[0]) ** share
        centre = self._from[1] + (self._to[1] - self._from[1]) * share
        size = self._view.viewport().size()
        self._show(zoom, centre - QPointF(size.width() / 2, size.height() / 2) / zoom)

    def _show(self, zoom: float, corner: QPointF) -> None:
        view = self._view
        changed = zoom != self.zoom
        if changed:
            view.setTransform(QTransform.fromScale(zoom, zoom))
        view.horizontalScrollBar().setValue(round(corner.x() * zoom))
        view.verticalScrollBar().setValue(round(corner.y() * zoom))
        if changed:
            self.zoom_changed.emit(zoom)
        self.moved.emit()
