"""The whole drawing in a corner, with states, groups and comments; drag the frame to look elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from designer.canvas import geometry, group_state
from designer.canvas.geometry import Floats
from designer.canvas.looks import Look
from designer.canvas.notes import box_of
from designer.canvas.painter.arrays import draw_rects
from designer.canvas.painter.inks import stroke
from designer.theme.tokens import CARD_H, CARD_W

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

SIZE = QSize(170, 106)
_INSET = 7.0
_REDRAW_MS = 60
_CROWD = 2_000
"""More cards in one state than this are drawn where their pixels are, not one by one."""
_LOOSE = 1.06
"""How much larger the map could be before it is drawn anew."""


class Minimap(QWidget):
    """Cards are redrawn a little after a change; only the frame follows every movement."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._cards: QPixmap | None = None
        self._scale = 1.0
        self._corner = QPointF()
        self._allowed = True
        self._drawing: QRectF | None = None
        self.setObjectName("minimap")
        self.setAccessibleName("Overview")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_REDRAW_MS)
        self._later.timeout.connect(self._forget)
        view.canvas_scene.changed.connect(self._on_changed)
        view.camera.moved.connect(self._on_moved)
        view.theme.theme_changed.connect(self._forget)
        self.allow(True)

    def sizeHint(self) -> QSize:
        return SIZE

    def allow(self, allowed: bool) -> None:
        """Show it, or not for want of room; an empty canvas has no overview either."""
        self._allowed = allowed
        scene = self._view.canvas_scene
        self.setVisible(allowed and bool(scene.ids or scene.notes.ids))

    def _on_changed(self) -> None:
        self._drawing = None
        self.allow(self._allowed)
        if not self._later.isActive():
            self._later.start()

    def _on_moved(self) -> None:
        self.update()
        self.refit()

    def refit(self) -> None:
        """Draw the map anew, a little later, when it could be larger or must be smaller."""
        fits = self._world().contains(self._view.camera.visible())
        if (not fits or self._wanted_scale() > _LOOSE * self._scale) and not self._later.isActive():
            self._later.start()

    def _forget(self) -> None:
        self._cards = None
        self.update()

    # -- between the map and the scene -------------------------------------------------------

    def _world(self) -> QRectF:
        """The scene's part that the map shows."""
        return QRectF(self._corner, self.size() / self._scale)

    def _area(self) -> QRectF:
        """The drawing, and what is seen of the canvas beside it."""
        if self._drawing is None:
            self._drawing = self._view.canvas_scene.bounds()
        return self._drawing | self._view.camera.visible()

    def _wanted_scale(self) -> float:
        area = self._area()
        room = self.rect().toRectF().adjusted(_INSET, _INSET, -_INSET, -_INSET)
        return min(room.width() / max(area.width(), 1), room.height() / max(area.height(), 1))

    def _fit(self) -> None:
        self._scale = self._wanted_scale()
        half = QPointF(self.width() / 2, self.height() / 2) / self._scale
        self._corner = self._area().center() - half

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._look(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._look(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def _look(self, event: QMouseEvent) -> None:
        at = self._corner + event.position() / self._scale
        way = (self._view.camera.centre - at) * self._view.camera.zoom
        self._view.camera.pan(way.x(), way.y())

    # -- painting ----------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        inks = self._view.layer.inks
        if self._cards is None or not self._fits(self._cards):
            self._fit()
            self._cards = self._draw_cards()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QColor(inks.theme.divider))
        painter.setBrush(inks.card)
        painter.drawRoundedRect(frame, 8, 8)
        painter.drawPixmap(0, 0, self._cards)
        seen = self._view.camera.visible()
        shown = self._mapped(seen)
        painter.setPen(stroke(inks.accent, 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setClipRect(frame.adjusted(2, 2, -2, -2))
        painter.drawRoundedRect(shown, 2, 2)
        painter.end()

    def _fits(self, kept: QPixmap) -> bool:
        """Whether it is as large, and as fine, as is shown: the window may be on another screen now."""
        same_size = kept.deviceIndependentSize() == self.size().toSizeF()
        return same_size and kept.devicePixelRatio() == self.devicePixelRatioF()

    def _draw_cards(self) -> QPixmap:
        scene, inks = self._view.canvas_scene, self._view.layer.inks
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, len(scene.ids) < 500)
        self._draw_groups(painter)
        painter.setPen(Qt.PenStyle.NoPen)
        shown = scene.frames.visible(np.arange(len(scene.ids)))
        look = scene.look[shown]
        corners = (scene.xy[shown] - (self._corner.x(), self._corner.y())) * self._scale
        size = (max(2.0, CARD_W * self._scale), max(1.5, CARD_H * self._scale))
        for kind in geometry.distinct(look):
            painter.setBrush(inks.status[Look(kind)] if kind else inks.wire)
            mine = corners[look == kind]
            if len(mine) > _CROWD:
                mine = _apart(mine, pixmap.width(), pixmap.height(), ratio)
            draw_rects(painter, np.concatenate((mine, np.broadcast_to(size, mine.shape)), axis=1))
        for frame, box in scene.frames.cards(scene.xy):
            kind = group_state.look_of(scene, frame)
            painter.setBrush(inks.status[kind] if kind else inks.category(frame.group.colour))
            painter.drawRoundedRect(self._mapped(box), 2, 2)
        painter.end()
        return pixmap

    def _draw_groups(self, painter: QPainter) -> None:
        """Frames and comments: what a person finds the way by."""
        scene, inks = self._view.canvas_scene, self._view.layer.inks
        for frame, box in scene.frames.open(scene.xy):
            colour = inks.category(frame.group.colour)
            fill = QColor(colour)
            fill.setAlphaF(0.22)
            painter.setPen(stroke(colour, 1.0))
            painter.setBrush(fill)
            painter.drawRoundedRect(self._mapped(box), 2, 2)
        edge = QColor(inks.paused)
        edge.setAlphaF(0.6)
        painter.setPen(stroke(edge, 1.0))
        painter.setBrush(inks.tint[Look.PAUSED])
        for note in scene.notes.shown:
            painter.drawRect(self._mapped(box_of(note)))

    def _mapped(self, box: QRectF) -> QRectF:
        """A box of the scene on the map."""
        return QRectF((box.topLeft() - self._corner) * self._scale, box.size() * self._scale)


def _apart(corners: Floats, wide: int, high: int, ratio: float) -> Floats:
    """Each place once, in whole pixels: of 100,000 cards nine in ten lie where another one does."""
    pixels = np.rint(corners * ratio).astype(np.intp)
    pixels = pixels[((pixels >= 0) & (pixels < (wide, high))).all(axis=1)]
    taken = np.zeros((high, wide), bool)
    taken[pixels[:, 1], pixels[:, 0]] = True
    return np.argwhere(taken)[:, ::-1] / ratio
