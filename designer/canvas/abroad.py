"""Cards that are dragged from one window's canvas over another's: shown there, and put down there as copies.

The mouse belongs to the canvas where the drag began, also over other windows, so that one finds the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication

from designer.canvas.guide_lines import GuideLines
from designer.canvas.painter import decor
from designer.document import clipboard
from designer.theme.tokens import CARD_H, CARD_W

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class Visit:
    """What a drag from elsewhere would put down on this canvas."""

    def __init__(self, view: CanvasView, text: str, shapes: list[tuple[float, float, bool]]) -> None:
        """shapes: each card's place from the pointer, and whether it is a trigger."""
        self._view = view
        self._text = text
        self._shapes = shapes
        self.guides = GuideLines(view)
        self._corner = QPointF()

    def move(self, screen: QPoint) -> None:
        """The pointer is here, in pixels of the screen."""
        view = self._view
        at = view.scene_point(QPointF(view.viewport().mapFromGlobal(screen)))
        lefts, tops = [shape[0] for shape in self._shapes], [shape[1] for shape in self._shapes]
        size = QSizeF(max(lefts) - min(lefts) + CARD_W, max(tops) - min(tops) + CARD_H)
        box = QRectF(at + QPointF(min(lefts), min(tops)), size)
        by = self.guides.drawn((0.0, 0.0), box.topLeft(), box)
        self._corner = box.topLeft() + QPointF(*by)
        self.guides.show(box.translated(*by))
        view.viewport().update()

    def drop(self) -> None:
        """Put copies down, as one edit, and select them; the window comes to the front."""
        window = self._view.window()
        window.raise_()
        window.activateWindow()
        self._view.setFocus()
        self._view.commands.insert(self._text, self._corner, on_grid=False)

    def paint(self, painter: QPainter) -> None:
        left, top = min(shape[0] for shape in self._shapes), min(shape[1] for shape in self._shapes)
        for dx, dy, trigger in self._shapes:
            corner = self._corner.x() + dx - left, self._corner.y() + dy - top
            decor.draw_ghost(painter, self._view.layer.inks, corner, trigger=trigger)
        self.guides.paint(painter)


class Abroad:
    """Follows the drag of one canvas's cards over the canvases of other windows."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self._host: CanvasView | None = None

    @property
    def is_away(self) -> bool:
        """Whether the drag is over another canvas now."""
        return self._host is not None

    def follow(self, start: QPointF, screen: QPoint) -> bool:
        """Show what would be put down where the pointer is; True while that is another window.

        start: where the drag took hold, in this canvas's scene.
        """
        host = self._canvas_at(screen)
        if host is not self._host:
            self.leave()
            self._host = host
            if host is not None:
                host.pointing.visit = self._visit(host, start)
                self._view.viewport().setCursor(Qt.CursorShape.DragCopyCursor)
        if host is not None and host.pointing.visit is not None:
            host.pointing.visit.move(screen)
        return host is not None

    def drop(self) -> bool:
        """Put copies down where the drag is shown; False when it is over its own canvas, or nothing."""
        visit = self._host.pointing.visit if self._host is not None else None
        self.leave()
        if visit is not None:
            visit.drop()
        return visit is not None

    def leave(self) -> None:
        """The drag is over, or came back."""
        if self._host is not None:
            self._host.pointing.visit = None
            self._host.viewport().update()
            self._host = None

    def _canvas_at(self, screen: QPoint) -> CanvasView | None:
        window = QApplication.topLevelAt(screen)
        if window is None or window is self._view.window():
            return None
        for host in window.findChildren(type(self._view)):
            # What lies over the canvas, such as the hint of an empty one, is no obstacle.
            view = host.viewport()
            if host.isVisible() and view.rect().contains(view.mapFromGlobal(screen)):
                return host
        return None

    def _visit(self, host: CanvasView, start: QPointF) -> Visit | None:
        view, scene = self._view, self._view.canvas_scene
        chosen = view.selection.nodes
        text = clipboard.to_text(view.editor.workflow, chosen, view.comments.chosen)
        places = view.editor.workflow.layout
        shapes = [
            (places[i][0] - start.x(), places[i][1] - start.y(), bool(scene.trigger[scene.row_of[i]]))
            for i in chosen
            if i in places
        ]
        return Visit(host, text, shapes) if shapes else None
