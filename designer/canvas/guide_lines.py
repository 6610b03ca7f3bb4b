"""The guides of one drag: what is carried is drawn to what stays, and lines show what it meets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from designer.canvas import geometry
from designer.canvas.geometry import Floats, Rows
from designer.canvas.guides import Guides, Line
from designer.canvas.notes import box_of
from designer.canvas.painter.inks import stroke
from engine.model.workflow import Point

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_TICK = 4.0
_NO_ROWS: Rows = np.empty(0, np.intp)


class GuideLines:
    """``going`` are the rows of cards that are carried, with these comments and bends; the rest stays."""

    def __init__(
        self,
        view: CanvasView,
        going: Sequence[int] = (),
        notes: Collection[str] = (),
        bends: Rows = _NO_ROWS,
    ) -> None:
        self._view = view
        self._going = list(going)
        self._notes = set(notes)
        self._bends = bends
        self._snaps = view.settings.snap_to_guides  # asked for once: it is read from a file
        self._guides: Guides | None = None
        self._seen = QRectF()
        self.lines: list[Line] = []

    def drawn(self, way: Point, corner: QPointF, box: QRectF) -> Point:
        """How far to go when the mouse went this way: ``corner`` to the grid, or the box to a guide."""
        by = [
            geometry.snap(corner.x() + way[0]) - corner.x(),
            geometry.snap(corner.y() + way[1]) - corner.y(),
        ]
        if self._snaps:
            pulls = self._find().pull(geometry.as_box(box.translated(*way)), self._view.camera.zoom)
            for axis, pull in enumerate(pulls):
                if pull is not None:
                    by[axis] = way[axis] + pull
        return by[0], by[1]

    def show(self, box: QRectF) -> None:
        """Show what the box meets where it is."""
        self._show(self._find().lines(geometry.as_box(box)) if self._snaps else [])

    def hide(self) -> None:
        self._show([])

    def paint(self, painter: QPainter) -> None:
        inks, zoom = self._view.layer.inks, self._view.camera.zoom
        for line in self.lines:
            painter.setPen(stroke(inks.accent, 1.0 / zoom))
            painter.drawLine(QPointF(line.x0, line.y0), QPointF(line.x1, line.y1))
            if line.gap:
                tick = _TICK / zoom
                flat = line.y0 == line.y1
                across = QPointF(0, tick) if flat else QPointF(tick, 0)
                for end in (QPointF(line.x0, line.y0), QPointF(line.x1, line.y1)):
                    painter.drawLine(end - across, end + across)

    def _show(self, lines: list[Line]) -> None:
        grow = (_TICK + 2) / self._view.camera.zoom
        for line in (*self.lines, *lines):
            box = QRectF(QPointF(line.x0, line.y0), QPointF(line.x1, line.y1)).normalized()
            self._view.repaint_box(box.adjusted(-grow, -grow, grow, grow))
        self.lines = lines

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
        going[self._going] = True
        corners = scene.xy[shown[~going[shown]]]
        cards = np.concatenate((corners, corners + geometry.CARD_SIZE), axis=1)
        mine = set(self._going)
        boxes = [box_of(note) for note in scene.notes.shown if note.id not in self._notes]
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
