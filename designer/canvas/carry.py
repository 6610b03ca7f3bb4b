"""What a drag carries: cards, comments and bends that go together, drawn to the grid and to guides.

The document hears of it once, when everything is put down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from designer.canvas.geometry import Rows, distinct
from designer.canvas.guide_lines import GuideLines
from designer.canvas.selection import Bend
from engine.model import Change, Edit
from engine.model.bends import bend_changes
from engine.model.changes import NodesMoved
from engine.model.comments import set_comments
from engine.model.workflow import Point

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class Carry:
    """Begins where things lie. ``held`` is the box of what the mouse took hold of: it goes to the grid."""

    def __init__(
        self,
        view: CanvasView,
        held: QRectF,
        nodes: Sequence[str],
        notes: Sequence[str] = (),
        bends: Iterable[Bend] = (),
    ) -> None:
        self._view = view
        scene = view.canvas_scene
        self.nodes = [node_id for node_id in nodes if node_id in scene.row_of]
        self.notes = list(notes)
        self._rows = scene.rows(self.nodes)
        self._origin = scene.places[self._rows].copy()
        self._bends = self._with_inner(bends)
        self._bend_origin = scene.wires.points[self._bends].copy()
        self._held = held
        several = len(self._rows) + len(self.notes) + len(self._bends) > 1
        self._box = self._around() if several else held
        self._places, self._points = scene.places, scene.wires.points
        self.guides = GuideLines(view, self._rows, self.notes, self._bends)
        self.by: Point = (0.0, 0.0)

    def follow(self, way: QPointF, *, freely: bool = False) -> bool:
        """Go as far as the mouse went, drawn to what is near unless ``freely``; whether anything moved."""
        by = self._drawn(way, freely)
        if by == self.by:
            return False
        self.shift(by)
        if freely:
            self.guides.hide()
        else:
            self.guides.show(self._box.translated(*by))
        return True

    def shift(self, by: Point) -> None:
        """Show everything that far from where it lay."""
        self.by = by
        scene = self._view.canvas_scene
        # Arrays that were made anew meanwhile hold what the document says: nothing is to be put back.
        if self._rows and scene.places is self._places:
            scene.place(self.nodes, self._origin + by)
        if len(self._bends) and scene.wires.points is self._points:
            scene.place_bends(self._bends, self._bend_origin + by)
        if self.notes:
            area = scene.notes.bounds(self.notes)
            scene.notes.shift(self.notes, by)
            self._view.repaint_box(area.united(scene.notes.bounds(self.notes)).adjusted(-12, -12, 12, 12))

    def put_down(self) -> None:
        """Tell the document, as one step of undo."""
        self.guides.hide()
        workflow, scene = self._view.editor.workflow, self._view.canvas_scene
        if self.by == (0.0, 0.0):
            scene.notes.moved.clear()
            return
        changes: list[Change] = []
        if self._rows:
            places = (self._origin + self.by).tolist()
            changes.append(
                NodesMoved(positions={i: (x, y) for i, (x, y) in zip(self.nodes, places, strict=True)})
            )
        changes += bend_changes(workflow, self._led())
        moved = list(scene.notes.moved.values())
        scene.notes.moved.clear()
        if moved:
            changes += set_comments(workflow, moved, "").changes
        self._view.editor.push(Edit(label=self._label(), changes=tuple(changes)))

    def cancel(self) -> None:
        """Everything lies again where it lay."""
        self.guides.hide()
        self.shift((0.0, 0.0))
        self._view.canvas_scene.notes.moved.clear()

    def places(self) -> list[list[float]]:
        """Where the cards are now."""
        found: list[list[float]] = (self._origin + self.by).tolist()
        return found

    def paint(self, painter: QPainter) -> None:
        """Draw the guides."""
        self.guides.paint(painter)

    # -- where it goes -----------------------------------------------------------------------

    def _drawn(self, way: QPointF, freely: bool) -> Point:
        if freely:
            return float(round(way.x())), float(round(way.y()))
        return self.guides.drawn((way.x(), way.y()), self._held.topLeft(), self._box)

    def _with_inner(self, bends: Iterable[Bend]) -> Rows:
        """These bends, and those of wires whose two ends go along, by their place among all of them."""
        scene = self._view.canvas_scene
        wires = scene.wires
        chosen = np.zeros(len(wires.points), bool)
        if len(chosen) and self._rows:
            going = np.zeros(len(scene.ids), bool)
            going[self._rows] = True
            chosen |= going[wires.source[wires.point_wire]] & going[wires.target[wires.point_wire]]
        for wire_id, index in bends:
            if wire_id in wires.row_of:
                chosen[wires.bends_of(wires.row_of[wire_id])[index]] = True
        return np.flatnonzero(chosen)

    def _around(self) -> QRectF:
        scene = self._view.canvas_scene
        area = scene.bounds(self._rows).united(scene.notes.bounds(self.notes))
        if len(self._bends):
            low, high = self._bend_origin.min(axis=0), self._bend_origin.max(axis=0)
            points = QRectF(*low.tolist(), *(high - low).tolist())
            area = points if area.isNull() else area.united(points)
        return area

    # -- what is told and shown --------------------------------------------------------------

    def _led(self) -> dict[str, list[Point]]:
        wires = self._view.canvas_scene.wires
        rows = distinct(wires.point_wire[self._bends])
        return {
            wires.ids[row]: [(x, y) for x, y in wires.points[wires.bends_of(row)].tolist()] for row in rows
        }

    def _label(self) -> str:
        workflow = self._view.editor.workflow
        if len(self.nodes) == 1:
            return f"Move {workflow.nodes[self.nodes[0]].label}"
        if self.nodes:
            return f"Move {len(self.nodes)} nodes"
        if self.notes:
            return "Move comment" if len(self.notes) == 1 else f"Move {len(self.notes)} comments"
        return "Move bend" if len(self._bends) == 1 else f"Move {len(self._bends)} bends"
