"""Where the frames of groups lie: around their nodes, wherever those are now."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from designer.canvas.geometry import CARD_SIZE, Floats
from engine.model.groups import Group, groups
from engine.model.workflow import Workflow

PAD = 24.0
TITLE_H = 32.0


class Frames:
    """Read anew only when the document's groups or its nodes changed."""

    def __init__(self) -> None:
        self.all: list[tuple[Group, list[int]]] = []
        self._of: dict[str, list[int]] = {}

    def follow(self, workflow: Workflow, row_of: dict[str, int]) -> None:
        """Take the groups of this workflow, by the rows of their nodes."""
        self.all = [(group, [row_of[i] for i in group.nodes]) for group in groups(workflow)]
        self._of = {node_id: rows for group, rows in self.all for node_id in group.nodes}

    def boxes(self, xy: Floats) -> list[tuple[Group, QRectF]]:
        """Each group with its frame."""
        return [(group, _box(xy, rows)) for group, rows in self.all]

    def around(self, xy: Floats, node_ids: Iterable[str]) -> QRectF:
        """A box around the frames that hold any of these nodes; null for none."""
        area = QRectF()
        if self._of:
            held = {id(rows): rows for node_id in node_ids if (rows := self._of.get(node_id)) is not None}
            for rows in held.values():
                area = area.united(_box(xy, rows).adjusted(-4, -4, 4, 4))
        return area

    def title_at(self, xy: Floats, at: QPointF) -> Group | None:
        """The group whose title bar is at a place."""
        for group, box in reversed(self.boxes(xy)):
            if QRectF(box.left(), box.top(), box.width(), TITLE_H).contains(at):
                return group
        return None


def _box(xy: Floats, rows: list[int]) -> QRectF:
    low, high = xy[rows].min(axis=0), np.add(xy[rows].max(axis=0), CARD_SIZE)
    wide, tall = (float(value) for value in high - low)
    return QRectF(float(low[0]), float(low[1]), wide, tall).adjusted(-PAD, -PAD - TITLE_H + 8, PAD, PAD)
