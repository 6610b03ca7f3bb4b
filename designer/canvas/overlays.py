"""What lies over the canvas, and where: zoom bottom left, minimap bottom right, find top right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject

from designer.canvas.find_bar import FindBar
from designer.canvas.minimap import Minimap
from designer.canvas.zoom_bar import ZoomBar

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
        view.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self.lay_out()
        return False

    def lay_out(self) -> None:
        """Put everything in its corner; the minimap stays away from a canvas that is too small."""
        area = self._view.rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        bar = self.zoom_bar.sizeHint()
        self.zoom_bar.setGeometry(area.left(), area.bottom() - bar.height() + 1, bar.width(), bar.height())
        size = self.minimap.sizeHint()
        roomy = area.width() > size.width() + bar.width() + 40 and area.height() > 2 * size.height()
        self.minimap.allow(roomy)
        self.minimap.setGeometry(
            area.right() - size.width() + 1, area.bottom() - size.height() + 1, size.width(), size.height()
        )
        self.minimap.refit()
        find = self.find_bar.sizeHint()
        self.find_bar.setGeometry(area.right() - find.width() + 1, area.top(), find.width(), find.height())
