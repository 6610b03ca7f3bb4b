"""Place a node that is dragged from the palette: on empty canvas, or on a wire to insert it there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPointF, QRectF
from PySide6.QtGui import QPainter

from designer.canvas import geometry, hits
from designer.canvas.context import AddContext
from designer.canvas.painter import decor
from designer.theme.tokens import CARD_H, CARD_W

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

NODE_TYPE_MIME = "application/x-workflow-node-type"


def dragged_type(mime: QMimeData) -> str | None:
    """The id of the node type that is being dragged, or None for anything else."""
    if not mime.hasFormat(NODE_TYPE_MIME):
        return None
    return bytes(mime.data(NODE_TYPE_MIME).data()).decode("utf-8", "replace")


class PlaceTool:
    """Shows where the card will be; lives while the drag is over the canvas."""

    def __init__(self, view: CanvasView, type_id: str) -> None:
        self._view = view
        self._type_id = type_id
        node_type = view.catalog.get(type_id)
        self._trigger = node_type is not None and node_type.is_trigger
        self._corner: tuple[float, float] | None = None
        self._wire = -1

    def move(self, at: QPointF) -> None:
        """The drag is over this scene point; the card hangs by its middle."""
        old = self._area()
        self._corner = (geometry.snap(at.x() - CARD_W / 2), geometry.snap(at.y() - CARD_H / 2))
        view = self._view
        wire = -1 if self._trigger else hits.wire_at(view.canvas_scene, view.layer.inks, at, view.camera.zoom)
        if wire != self._wire:
            view.layer.attention.hovered_wire = self._wire = wire
            view.viewport().update()
        view.repaint_box(old.united(self._area()))

    def drop(self, at: QPointF) -> str | None:
        """Put the node down; gives its id."""
        self.move(at)
        assert self._corner is not None
        wire = self._view.canvas_scene.wires.ids[self._wire] if self._wire >= 0 else None
        corner = QPointF(*self._corner)
        self.leave()
        return self._view.commands.add(self._type_id, corner, AddContext(connection=wire))

    def leave(self) -> None:
        """The drag went elsewhere."""
        self._view.layer.attention.hovered_wire = -1
        self._corner = None
        self._view.viewport().update()

    def paint(self, painter: QPainter) -> None:
        if self._corner is not None:
            decor.draw_ghost(painter, self._view.layer.inks, self._corner, trigger=self._trigger)

    def _area(self) -> QRectF:
        if self._corner is None:
            return QRectF()
        return QRectF(*self._corner, CARD_W, CARD_H).adjusted(-4, -4, 4, 4)
