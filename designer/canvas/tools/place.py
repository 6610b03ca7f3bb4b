"""Place nodes that are dragged in: on empty canvas, or a single one on a wire to insert it there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPointF, QRectF
from PySide6.QtGui import QPainter

from designer.canvas import geometry, hits
from designer.canvas.context import AddContext
from designer.canvas.guide_lines import GuideLines
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
        self.guides = GuideLines(view)

    def move(self, at: QPointF, *, freely: bool = False) -> None:
        """The drag is over this scene point; the first card hangs by its middle.

        It is drawn to the grid and to guides unless ``freely``, or over a wire that would take it in.
        """
        old = self._area()
        view = self._view
        self._corner = (at.x() - CARD_W / 2, at.y() - CARD_H / 2)
        wire = -1
        if not self._trigger and len(self._newcomers) == 1:
            wire = hits.wire_at(view.canvas_scene, view.layer.inks, at, view.camera.zoom)
        if wire != self._wire:
            view.layer.attention.hovered_wire = self._wire = wire
            view.viewport().update()
        self._settle(freely)
        view.repaint_box(old.united(self._area()))

    def _settle(self, freely: bool) -> None:
        """Bring the corner to where the cards would be put down."""
        x, y = self._corners()[0]
        if freely or self._wire >= 0:
            self.guides.hide()
            self._corner = (
                (float(round(x)), float(round(y))) if freely else (geometry.snap(x), geometry.snap(y))
            )
            return
        box = self._box()
        by = self.guides.drawn((0.0, 0.0), QPointF(x, y), box)
        self._corner = (x + by[0], y + by[1])
        self.guides.show(box.translated(*by))

    def drop(self, at: QPointF, *, freely: bool = False) -> None:
        """Put the nodes down, as one edit, and select them."""
        self.move(at, freely=freely)
        wire = self._view.canvas_scene.wires.ids[self._wire] if self._wire >= 0 else None
        corners = self._corners()
        self.leave()
        if len(self._newcomers) > 1:
            self._add_all(corners)
            return
        new = self._newcomers[0]
        context = AddContext(connection=wire, title=new.title, parameters=new.parameters)
        self._view.commands.add(new.type_id, QPointF(*corners[0]), context, on_grid=False)

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
        self.guides.hide()
        self._corner = None
        self._view.viewport().update()

    def paint(self, painter: QPainter) -> None:
        for corner in self._corners():
            decor.draw_ghost(painter, self._view.layer.inks, corner, trigger=self._trigger)
        self.guides.paint(painter)

    def _corners(self) -> list[tuple[float, float]]:
        if self._corner is None:
            return []
        x, y = self._corner
        return [(x, y + row * geometry.snap(CARD_H + GAP_Y)) for row in range(len(self._newcomers))]

    def _box(self) -> QRectF:
        corners = self._corners()
        height = corners[-1][1] - corners[0][1] + CARD_H
        return QRectF(*corners[0], CARD_W, height)

    def _area(self) -> QRectF:
        return QRectF() if self._corner is None else self._box().adjusted(-4, -4, 4, 4)
