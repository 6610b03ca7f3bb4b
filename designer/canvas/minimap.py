"""The whole drawing in a corner, with states; drag the frame to look elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from designer.canvas.looks import Look
from designer.canvas.painter.arrays import draw_rects
from designer.canvas.painter.inks import stroke
from designer.theme.tokens import CARD_H, CARD_W

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

SIZE = QSize(170, 106)
_INSET = 7.0
_REDRAW_MS = 60


class Minimap(QWidget):
    """Cards are redrawn a little after a change; only the frame follows every movement."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._cards: QPixmap | None = None
        self._scale = 1.0
        self._corner = QPointF()
        self._allowed = True
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
        self.setVisible(allowed and bool(self._view.canvas_scene.ids))

    def _on_changed(self) -> None:
        self.allow(self._allowed)
        if not self._later.isActive():
            self._later.start()

    def _on_moved(self) -> None:
        self.update()
        if not self._world().contains(self._view.camera.visible()) and not self._later.isActive():
            self._later.start()

    def _forget(self) -> None:
        self._cards = None
        self.update()

    # -- between the map and the scene -------------------------------------------------------

    def _world(self) -> QRectF:
        """The scene's part that the map shows."""
        return QRectF(self._corner, self.size() / self._scale)

    def _fit(self) -> None:
        area = self._view.canvas_scene.bounds() | self._view.camera.visible()
        room = self.rect().toRectF().adjusted(_INSET, _INSET, -_INSET, -_INSET)
        self._scale = min(room.width() / max(area.width(), 1), room.height() / max(area.height(), 1))
        half = QPointF(self.width() / 2, self.height() / 2) / self._scale
        self._corner = area.center() - half

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
        if self._cards is None or self._cards.deviceIndependentSize() != self.size().toSizeF():
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
        shown = QRectF((seen.topLeft() - self._corner) * self._scale, seen.size() * self._scale)
        painter.setPen(stroke(inks.accent, 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setClipRect(frame.adjusted(2, 2, -2, -2))
        painter.drawRoundedRect(shown, 2, 2)
        painter.end()

    def _draw_cards(self) -> QPixmap:
        scene, inks = self._view.canvas_scene, self._view.layer.inks
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, len(scene.ids) < 500)
        painter.setPen(Qt.PenStyle.NoPen)
        corners = (scene.xy - (self._corner.x(), self._corner.y())) * self._scale
        size = (max(2.0, CARD_W * self._scale), max(1.5, CARD_H * self._scale))
        rects = np.concatenate((corners, np.broadcast_to(size, corners.shape)), axis=1)
        for kind in np.unique(scene.look).tolist():
            painter.setBrush(inks.status[Look(kind)] if kind else inks.wire)
            draw_rects(painter, rects[scene.look == kind])
        painter.end()
        return pixmap
