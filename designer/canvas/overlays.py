"""What lies over the canvas, and where: zoom at the beginning, minimap at the end, find above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from designer.canvas import geometry
from designer.canvas.camera import FRAME_MARGIN, Sight
from designer.canvas.find_bar import FindBar
from designer.canvas.minimap import Minimap
from designer.canvas.painter.layer import FULL
from designer.canvas.zoom_bar import ZoomBar
from designer.theme import reading

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

MARGIN = 14


class Overlays(QObject):
    """Keeps the overlays in their corners when the canvas changes its size."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self.minimap = Minimap(view)
        self.zoom_bar = ZoomBar(view)
        self.find_bar = FindBar(view)
        self.find_bar.resized.connect(self.lay_out)
        for bar in (self.zoom_bar, self.find_bar):  # the canvas itself is always read from the left
            bar.setLayoutDirection(QGuiApplication.layoutDirection())
        view.camera.dodge = self._dodge
        view.installEventFilter(self)
        view.theme.theme_changed.connect(self._on_theme_changed)  # a lambda would keep a closed window

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self.lay_out()
        return False

    def lay_out(self) -> None:
        """Put everything in its corner; the minimap stays away from a canvas that is too small."""
        area = self._view.rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        bar = self.zoom_bar.sizeHint()
        self._put(self.zoom_bar, QRect(QPoint(area.left(), area.bottom() - bar.height() + 1), bar), area)
        size = self.minimap.sizeHint()
        roomy = area.width() > size.width() + bar.width() + 40 and area.height() > 2 * size.height()
        self.minimap.allow(roomy)
        corner = QPoint(area.right() - size.width() + 1, area.bottom() - size.height() + 1)
        self._put(self.minimap, QRect(corner, size), area)
        self.minimap.refit()
        find = self.find_bar.sizeHint()
        self._put(self.find_bar, QRect(QPoint(area.right() - find.width() + 1, area.top()), find), area)

    def _dodge(self, area: QRectF, sight: Sight) -> Sight:
        """Beside what lies over the canvas, where the area's cards would come to lie under it.

        Cards too small to be read stay where they are: there are so many that some lie under it anyway.
        """
        view = self._view
        if not self._hides(sight):
            return sight
        over = [QRectF(one.geometry()) for one in (self.minimap, self.zoom_bar) if one.isVisible()]
        room = QRectF(view.viewport().rect()).adjusted(*(FRAME_MARGIN * way for way in (1, 1, -1, -1)))
        above, beside = QRectF(room), QRectF(room)
        above.setBottom(min(one.top() - MARGIN for one in over))
        if self.minimap.x() < view.width() / 2:
            beside.setLeft(self.minimap.geometry().right() + MARGIN)
        else:
            beside.setRight(self.minimap.x() - MARGIN)
        found = [view.camera.fitting(area, each) for each in (above, beside)]
        found = [each for each in found if each[0] >= FULL and not self._hides(each)]
        return max(found, key=lambda each: each[0], default=sight)

    def _hides(self, sight: Sight) -> bool:
        """Whether a card lies under the overview or the zoom bar when one looks there."""
        view, scene = self._view, self._view.canvas_scene
        zoom, centre = sight
        middle = QRectF(view.viewport().rect()).center()
        for overlay in (self.minimap, self.zoom_bar):
            place = QRectF(overlay.geometry())
            box = QRectF((place.topLeft() - middle) / zoom + centre, place.size() / zoom)
            under = geometry.cards_touching(scene.xy, geometry.as_box(box))
            if overlay.isVisible() and len(scene.frames.visible(under)):
                return True
        return False

    def _on_theme_changed(self, _theme: object) -> None:
        self.lay_out()

    def _put(self, widget: QWidget, place: QRect, area: QRect) -> None:
        """Into the corner, or the one across in a window that is read from the right."""
        widget.setGeometry(reading.placed(QRectF(place), QRectF(area.x(), 0, area.width(), 0)).toRect())
