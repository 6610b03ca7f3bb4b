"""Paints the bends of wires: a small joint on each, a handle where the wire has attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter

from designer.canvas.geometry import Box
from designer.canvas.looks import Flow
from designer.canvas.painter.inks import Inks, stroke
from designer.canvas.scene import Scene

if TYPE_CHECKING:
    from designer.canvas.painter.layer import Attention

_JOINT = 3.5
_HANDLE = 5.0


def draw_bends(
    painter: QPainter, inks: Inks, scene: Scene, seen: Attention, box: Box, zoom: float, full: bool
) -> None:
    """Draw the bends in the box, under a painter that maps scene to device pixels."""
    wires = scene.wires
    if not len(wires.points):
        return
    left, top, right, bottom = box
    reach = 12 / zoom
    x, y = wires.points[:, 0], wires.points[:, 1]
    near = (x >= left - reach) & (x <= right + reach) & (y >= top - reach) & (y <= bottom + reach)
    if wires.open_bends is not None:
        near &= wires.open_bends
    lit = seen.wires | {seen.hovered_wire}
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for bend in np.flatnonzero(near).tolist():
        row = int(wires.point_wire[bend])
        selected = (wires.ids[row], int(wires.point_index[bend])) in seen.bends
        centre = QPointF(float(x[bend]), float(y[bend]))
        if selected or row in lit:
            size = _HANDLE / min(1.0, zoom)
            painter.setPen(stroke(inks.accent, 2.0 / min(1.0, zoom)))
            painter.setBrush(inks.accent if selected else inks.card)
            painter.drawEllipse(centre, size, size)
        elif full and row != seen.hidden_wire:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(inks.failed if wires.down[row] else inks.flow[Flow(int(wires.flow[row]))])
            painter.drawEllipse(centre, _JOINT, _JOINT)
