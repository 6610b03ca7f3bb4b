"""Cards of a few pixels: a block in the colour of the state, cut in a way of its own for each state.

There is no room for a glyph, and colour must not be the only cue: what has not run is slim, what completed is
whole, what failed is broken in the middle, what needs an answer has an empty field to write it in, what was
paused has the two cuts of a pause sign. Most cards have not run or completed, and are one rectangle each.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter

from designer.canvas import geometry
from designer.canvas.geometry import Counts, Floats
from designer.canvas.looks import Look
from designer.canvas.painter.arrays import draw_rects
from designer.canvas.painter.inks import Inks

LEAST_H = 5
"""Lower cards have no room for cuts."""

Cut = tuple[int, int, int, int]
"""x, y, width and height in the block, in pixels."""


@cache
def cuts(look: Look, width: int, height: int) -> tuple[Cut, ...]:
    """What is cut out of the block of this state."""
    middle, gap = width // 2, max(1, width // 12)
    hollow = (1, 1, width - 2, height - 2)
    dots = height // 2 - 1, 2, 2
    match look:
        case Look.SKIPPED:
            return hollow, (width // 3, 0, gap, height), (2 * width // 3, 0, gap, height)
        case Look.QUEUED:
            return tuple((part * width // 4 - 1, *dots) for part in (1, 2, 3))
        case Look.RUNNING:
            return ((middle, 1, width - middle - 1, height - 2),)
        case Look.RETRYING:
            return (middle, 1, width - middle - 1, height - 2), (width // 4, 0, gap, height)
        case Look.FAILED:
            return ((middle - gap // 2, 0, gap, height),)
        case Look.NEEDS_INPUT:
            return ((width // 4, 1, width - 2 * (width // 4), height - 2),)
        case Look.PAUSED:
            return (middle - 2 * gap, 0, gap, height), (middle + gap, 0, gap, height)
        case Look.CANCELLED:
            return ((width // 4, height // 2 - 1, width // 2, 2),)
        case Look.ROLLED_BACK:
            return ((1, 1, middle - 1, height - 2),)
        case Look.STALE:
            return ((2 * width // 3, 1, width - 2 * width // 3 - 1, height - 2),)
        case Look.REUSED:
            return ((width - 3 * gap, 0, gap, height),)
        case Look.IDLE | Look.COMPLETED:
            return ()


def block(look: Look, width: int, height: int) -> Cut:
    """The block that is cut."""
    slim = height // 4 if look is Look.IDLE and height >= LEAST_H else 0
    return 0, slim, width, height - 2 * slim


def paint_blocks(painter: QPainter, inks: Inks, corners: Floats, look: Counts, size: tuple[int, int]) -> None:
    """Paint a block of this size at each corner, in pixels of the screen."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(Qt.PenStyle.NoPen)
    for kind in geometry.distinct(look):
        mine = corners[look == kind]
        painter.setBrush(inks.status[Look(kind)] if kind else inks.wire)
        draw_rects(painter, _placed(mine, block(Look(kind), *size)))
        painter.setBrush(inks.canvas)
        for cut in cuts(Look(kind), *size) if size[1] >= LEAST_H else ():
            draw_rects(painter, _placed(mine, cut))


def _placed(corners: Floats, cut: Cut) -> Floats:
    """The same rectangle at every corner."""
    found = np.empty((len(corners), 4))
    found[:, :2] = corners + cut[:2]
    found[:, 2:] = cut[2:]
    return found
