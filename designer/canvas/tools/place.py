"""Place nodes that are dragged in: on empty canvas, or a single one on a wire to insert it there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPointF, QRectF
from PySide6.QtGui import QPainter

from designer.canvas import geometry, hits
from designer.canvas.context import AddContext
from designer.canvas.painter import decor
from designer.theme.tokens import CARD_H, CARD_W, GAP_Y
from engine.model import Change, edits
from engine.model.changes import apply
from engine.model.json_value import Json

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

NODE_TYPE_MIME = "application/x-workflow-node-type"


def dragged_type(mime: QMimeData) -> str | None:
    """The id of the node type that is being dragged, or None for anything else."""
    if not mime.hasFormat(NODE_TYPE_MIME):
        return None
    return bytes(mime.data(NODE_TYPE_MIME).data()).decode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A node that is about to be put down."""

    type_id: str
    title: str = ""
    parameters: Mapping[str, Json] | None = None


class PlaceTool:
    """Shows where the cards will be; lives while the drag is over the canvas.

    Several cards hang below each other, and are not put on a wire.
    """

    def __init__(self, view: CanvasView, newcomers: Sequence[Newcomer]) -> None:
        self._view = view
        self._newcomers = tuple(newcomers)
        node_type = view.catalog.get(newcomers[0].type_id)
        self._trigger = node_type is not None and node_type.is_trigger
        self._corner: tuple[float, float] | None = None
        self._wire = -1

    def move(self, at: QPointF) -> None:
        """The drag is over this scene point; the first card hangs by its middle."""
        old = self._area()
        self._corner = (geometry.snap(at.x() - CARD_W / 2), geometry.snap(at.y() - CARD_H / 2))
        view = self._view
        wire = -1
        if not self._trigger and len(self._newcomers) == 1:
            wire = hits.wire_at(view.canvas_scene, view.layer.inks, at, view.camera.zoom)
        if wire != self._wire:
            view.layer.attention.hovered_wire = self._wire = wire
            view.viewport().update()
        view.repaint_box(old.united(self._area()))

    def drop(self, at: QPointF) -> None:
        """Put the nodes down, as one edit, and select them."""
        self.move(at)
        wire = self._view.canvas_scene.wires.ids[self._wire] if self._wire >= 0 else None
        corners = self._corners()
        self.leave()
        if len(self._newcomers) > 1:
            self._add_all(corners)
            return
        new = self._newcomers[0]
        context = AddContext(connection=wire, title=new.title, parameters=new.parameters)
        self._view.commands.add(new.type_id, QPointF(*corners[0]), context)

    def _add_all(self, corners: Sequence[tuple[float, float]]) -> None:
        editor, catalog = self._view.editor, self._view.catalog
        draft, changes, added = editor.workflow, list[Change](), list[str]()
        for new, corner in zip(self._newcomers, corners, strict=True):
            node_type = catalog.get(new.type_id)
            if node_type is not None:
                edit, node_id = edits.add_node(
                    draft, node_type, corner, title=new.title, parameters=new.parameters
                )
                draft = apply(draft, edit.changes)
                changes += edit.changes
                added.append(node_id)
        if editor.push(edits.Edit(label=f"Add {len(added)} nodes", changes=tuple(changes))):
            self._view.select(added)

    def leave(self) -> None:
        """The drag went elsewhere."""
        self._view.layer.attention.hovered_wire = -1
        self._corner = None
        self._view.viewport().update()

    def paint(self, painter: QPainter) -> None:
        for corner in self._corners():
            decor.draw_ghost(painter, self._view.layer.inks, corner, trigger=self._trigger)

    def _corners(self) -> list[tuple[float, float]]:
        if self._corner is None:
            return []
        x, y = self._corner
        return [(x, y + row * geometry.snap(CARD_H + GAP_Y)) for row in range(len(self._newcomers))]

    def _area(self) -> QRectF:
        corners = self._corners()
        if not corners:
            return QRectF()
        height = corners[-1][1] - corners[0][1] + CARD_H
        return QRectF(*corners[0], CARD_W, height).adjusted(-4, -4, 4, 4)
