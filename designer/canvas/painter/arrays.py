"""Arrays go to QPainter without a copy.

PySide converts a list of 10,000 lines in some 5 ms; a pointer to a numpy buffer costs nothing. The
layouts are those of Qt's own structs, all doubles: QLineF x1 y1 x2 y2, QRectF x y width height,
QPainter::PixmapFragment x y sourceLeft sourceTop width height scaleX scaleY rotation opacity. This
module is the only place that knows; its test compares it with the ordinary calls.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shiboken6
from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QPainter, QPixmap

from designer.canvas.geometry import Floats

_Fragment = QPainter.PixmapFragment


def draw_lines(painter: QPainter, lines: Floats) -> None:
    """Draw ``(n, 4)`` line segments with the current pen."""
    buffer = _buffer(lines, 4)
    if len(buffer):
        painter.drawLines(_seen_as(QLineF, buffer), len(buffer))


def draw_rects(painter: QPainter, rects: Floats) -> None:
    """Draw ``(n, 4)`` rectangles, x y width height, with the current pen and brush."""
    buffer = _buffer(rects, 4)
    if len(buffer):
        painter.drawRects(_seen_as(QRectF, buffer), len(buffer))


def draw_copies(painter: QPainter, pixmap: QPixmap, centres: Floats) -> None:
    """Draw the whole pixmap once around each of the ``(n, 2)`` places."""
    if not len(centres):
        return
    ratio = pixmap.devicePixelRatio()
    buffer = np.empty((len(centres), 10))
    buffer[:, :2] = centres
    buffer[:, 2:] = (0, 0, pixmap.width(), pixmap.height(), 1 / ratio, 1 / ratio, 0, 1)
    painter.drawPixmapFragments(_seen_as(_Fragment, buffer), len(buffer), pixmap)


def draw_pieces(painter: QPainter, pixmap: QPixmap, side: int, sources: Floats, corners: Floats) -> None:
    """Draw squares, ``side`` device pixels wide, out of a pixmap; ``sources`` are their corners in it.

    ``corners`` say where to, in logical pixels of the painter's device.
    """
    if not len(corners):
        return
    share = 1 / painter.device().devicePixelRatio()
    buffer = np.empty((len(corners), 10))
    buffer[:, :2] = corners + side * share / 2
    buffer[:, 2:4] = sources
    buffer[:, 4:] = (side, side, share, share, 0, 1)
    painter.drawPixmapFragments(_seen_as(_Fragment, buffer), len(buffer), pixmap)


def _seen_as(struct: type, buffer: Floats) -> Any:
    """The buffer's first row as a Qt value; valid as long as the buffer."""
    return shiboken6.wrapInstance(buffer.ctypes.data, struct)


def _buffer(values: Floats, width: int) -> Floats:
    assert values.ndim == 2, "expected rows"
    assert values.shape[1] == width, f"expected rows of {width}"
    return np.ascontiguousarray(values, np.float64)
