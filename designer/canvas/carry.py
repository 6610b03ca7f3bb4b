"""What a drag carries: cards, comments and bends that go together, drawn to the grid and to guides.

The document hears of it once, when everything is put down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from designer.canvas import geometry
from designer.canvas.geometry import Floats, Rows
from designer.canvas.guides import Guides, Line
from designer.canvas.notes import box_of
from designer.canvas.painter.inks import stroke
from designer.canvas.selection import Bend
from engine.model import Change, Edit
from engine.model.bends import bend_changes
from engine.model.changes import NodesMoved
from engine.model.comments import set_comments
from engine.model.workflow import Point

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_TICK = 4.0


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
        self._snaps = view.settings.snap_to_guides  # asked for once: it is read from a file
        self._guides: Guides | None = None
        self._seen = QRectF()
        self._lines: list[Line] = []
        self.by: Point = (0.0, 0.0)

    def follow(self, way: QPointF, *, freely: bool = False) -> bool:
        """Go as far as the mouse went, drawn to what is near unless ``freely``; whether anything moved."""
        by = self._drawn(way, freely)
        if by == self.by:
            return False
        self.shift(by)
        self._show_lines([] if freely or not self._snaps else self._find().lines(self._box_at(by)))
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
        self._show_lines([])
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
        self._show_lines([])
        self.shift((0.0, 0.0))
        self._view.canvas_scene.notes.moved.clear()

    def places(self) -> list[list[float]]:
        """Where the cards are now."""
        found: list[list[float]] = (self._origin + self.by).tolist()
        return found

    def paint(self, painter: QPainter) -> None:
        """Draw the guides."""
        inks, zoom = self._view.layer.inks, self._view.camera.zoom
        for line in self._lines:
            painter.setPen(stroke(inks.accent, 1.0 / zoom))
            painter.drawLine(QPointF(line.x0, line.y0), QPointF(line.x1, line.y1))
            if line.gap:
                tick = _TICK / zoom
                flat = line.y0 == line.y1
                across = QPointF(0, tick) if flat else QPointF(tick, 0)
                for end in (QPointF(line.x0, line.y0), QPointF(line.x1, line.y1)):
                    painter.drawLine(end - across, end + across)

    # -- where it goes -----------------------------------------------------------------------

    def _drawn(self, way: QPointF, freely: bool) -> Point:
        if freely:
            return float(round(way.x())), float(round(way.y()))
        corner = self._held.topLeft()
        by = [
            geometry.snap(corner.x() + way.x()) - corner.x(),
            geometry.snap(corner.y() + way.y()) - corner.y(),
        ]
        if self._snaps:
            raw = (way.x(), way.y())
            pulls = self._find().pull(self._box_at(raw), self._view.camera.zoom)
            for axis, pull in enumerate(pulls):
                if pull is not None:
                    by[axis] = raw[axis] + pull
        return by[0], by[1]

    def _box_at(self, by: Point) -> geometry.Box:
        return geometry.as_box(self._box.translated(*by))

    def _find(self) -> Guides:
        """Everything in sight that stays where it is."""
        seen = self._view.camera.visible()
        if self._guides is None or seen != self._seen:
            self._seen, self._guides = seen, Guides(self._staying(seen))
        return self._guides

    def _staying(self, seen: QRectF) -> Floats:
        scene = self._view.canvas_scene
        shown = scene.frames.visible(geometry.cards_touching(scene.xy, geometry.as_box(seen)))
        going = np.zeros(len(scene.ids), bool)
        going[self._rows] = True
        corners = scene.xy[shown[~going[shown]]]
        cards = np.concatenate((corners, corners + geometry.CARD_SIZE), axis=1)
        notes, mine = set(self.notes), set(self._rows)
        boxes = [box_of(note) for note in scene.notes.shown if note.id not in notes]
        # Not the open frames: their edges lie beside the grid, and would draw nodes off it.
        boxes += [box for frame, box in scene.frames.cards(scene.xy) if mine.isdisjoint(frame.rows)]
        rest = [geometry.as_box(box) for box in boxes if box.intersects(seen)]
        still = np.ones(len(scene.wires.points), bool)
        still[self._bends] = False
        if scene.wires.open_bends is not None:
            still &= scene.wires.open_bends
        points = scene.wires.points[still]
        points = points[(points[:, 0] >= seen.left()) & (points[:, 0] <= seen.right())]
        points = points[(points[:, 1] >= seen.top()) & (points[:, 1] <= seen.bottom())]
        others = np.array(rest, np.float64).reshape(-1, 4)
        return np.concatenate((cards, others, np.concatenate((points, points), axis=1)))

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
        rows = np.unique(wires.point_wire[self._bends]).tolist()
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

    def _show_lines(self, lines: list[Line]) -> None:
        grow = (_TICK + 2) / self._view.camera.zoom
        for line in (*self._lines, *lines):
            box = QRectF(QPointF(line.x0, line.y0), QPointF(line.x1, line.y1)).normalized()
            self._view.repaint_box(box.adjusted(-grow, -grow, grow, grow))
        self._lines = lines
