"""Cards as pixmaps, kept for the last few zooms.

A card is a body, which all cards in one state share, with its icon on a square. Bodies are drawn at the exact
zoom. Icons are drawn in whole pixels, so that the same ones serve many a zoom; they lie side by side in one
pixmap, so that those of all cards are copied in one call.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap

from designer.canvas.geometry import Floats
from designer.canvas.looks import Look
from designer.canvas.painter.arrays import draw_copies
from designer.canvas.painter.cards import MARGIN, Face, draw_body, draw_port, draw_small, draw_tile
from designer.canvas.painter.inks import Inks
from designer.theme.tokens import CARD_H, CARD_W, PORT_D, TILE

MOST_SCALES = 12
MOST_BYTES = 6_000_000
"""Of all zooms but the last: who goes back and forth finds the same cards again."""
_ACROSS = 8
"""Icons in a row of their pixmap."""
_CELLS = 8
"""Dots of the grid in a row of theirs."""


K = TypeVar("K")
W = TypeVar("W", bound="_Scale | Icons")


class Icons:
    """The icons of cards on their squares, so many device pixels wide, in one pixmap."""

    def __init__(self, inks: Inks, side: int) -> None:
        self.side = side
        self._inks = inks
        self._slots: dict[tuple[str, str, bool], int] = {}
        self.pixmap = _clear(_ACROSS * side, side)

    @property
    def weight(self) -> int:
        return _weight(self.pixmap)

    def slot(self, face: Face) -> int:
        """The how manieth this one is; drawn when it is first asked for."""
        key = (face.icon, face.category, face.disabled)
        found = self._slots.get(key)
        if found is None:
            found = self._slots[key] = len(self._slots)
            self._draw(face, found)
        return found

    def corners(self, slots: Sequence[int]) -> Floats:
        """Where these lie in the pixmap, in device pixels."""
        places = np.array(slots, np.intp)
        return self.side * np.stack((places % _ACROSS, places // _ACROSS), axis=1).astype(np.float64)

    def _draw(self, face: Face, slot: int) -> None:
        row, column = divmod(slot, _ACROSS)
        side = self.side
        if self.pixmap.height() < (row + 1) * side:
            grown = _clear(self.pixmap.width(), 2 * self.pixmap.height())
            painter = QPainter(grown)
            painter.drawPixmap(QPoint(), self.pixmap)
            painter.end()
            self.pixmap = grown
        one = _clear(side, side)  # drawn there first: Qt rounds otherwise far from the corner
        painter = QPainter(one)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_tile(painter, self._inks, face, QRectF(0, 0, side, side))
        painter.end()
        painter = QPainter(self.pixmap)
        painter.drawPixmap(QPoint(column * side, row * side), one)
        painter.end()


@dataclass(slots=True)
class _Scale:
    """What is kept of one zoom."""

    bodies: dict[tuple[Look, bool], QPixmap] = field(default_factory=dict)
    small: dict[Face, QPixmap] = field(default_factory=dict)
    ports: dict[bool, QPixmap] = field(default_factory=dict)
    others: dict[Hashable, QPixmap] = field(default_factory=dict)
    dots: QPixmap | None = None
    weight: int = 0
    """Bytes."""


class CardCache:
    """Pixmaps of cards, icons and ports in one theme. ``prepare`` says for which zoom they are wanted."""

    def __init__(self, inks: Inks) -> None:
        self._inks = inks
        self._zoom = self._ratio = 1.0
        self._now = _Scale()
        self._scales: dict[tuple[float, float], _Scale] = {}
        self._icons: dict[int, Icons] = {}

    @property
    def weight(self) -> int:
        """Bytes that are kept."""
        scales = sum(each.weight for each in self._scales.values())
        return scales + sum(each.weight for each in self._icons.values())

    def prepare(self, zoom: float, ratio: float) -> None:
        """Say at which zoom and device pixel ratio the next pixmaps are wanted."""
        if (zoom, ratio) == (self._zoom, self._ratio) and self._scales:
            return
        self._zoom, self._ratio = zoom, ratio
        known = self._scales.pop((zoom, ratio), None)
        self._now = _Scale() if known is None else known
        _forget_oldest(self._scales)
        self._scales[zoom, ratio] = self._now

    def body(self, look: Look, trigger: bool) -> QPixmap:
        """The card without its icon, with ``MARGIN`` around it."""
        found = self._now.bodies.get((look, trigger))
        if found is None:
            zoom = self._zoom
            found = self._empty((CARD_W + 2 * MARGIN) * zoom, (CARD_H + 2 * MARGIN) * zoom)
            painter = QPainter(found)
            painter.scale(zoom, zoom)
            painter.translate(MARGIN, MARGIN)
            draw_body(painter, self._inks, look, trigger)
            painter.end()
            self._now.bodies[look, trigger] = found
        return found

    def icons(self) -> Icons:
        """The icons at this zoom, in whole device pixels."""
        side = max(1, round(TILE * self._zoom * self._ratio))
        found = self._icons.pop(side, None)
        if found is None:
            _forget_oldest(self._icons)
            found = Icons(self._inks, side)
        self._icons[side] = found
        return found

    def small(self, face: Face) -> QPixmap:
        """The card without words, with one device pixel around it."""
        found = self._now.small.get(face)
        if found is None:
            zoom = self._zoom
            found = self._empty(CARD_W * zoom + 2, CARD_H * zoom + 2)
            painter = QPainter(found)
            painter.translate(1, 1)
            draw_small(painter, self._inks, face, zoom)
            painter.end()
            self._now.small[face] = found
        return found

    def port(self, filled: bool) -> QPixmap:
        """A port: hollow while nothing is connected to it."""
        found = self._now.ports.get(filled)
        if found is None:
            zoom = self._zoom
            side = (PORT_D + 4) * zoom
            found = self._empty(side, side)
            painter = QPainter(found)
            painter.scale(zoom, zoom)
            painter.translate((PORT_D + 4) / 2, (PORT_D + 4) / 2)
            draw_port(painter, self._inks, filled)
            painter.end()
            self._now.ports[filled] = found
        return found

    def picture(
        self, key: Hashable, width: float, height: float, draw: Callable[[QPainter], object]
    ) -> QPixmap:
        """Something else that is seen many times: so many scene pixels large, told from others by its key."""
        found = self._now.others.get(key)
        if found is None:
            found = self._now.others[key] = self._empty(width * self._zoom, height * self._zoom)
            painter = QPainter(found)
            painter.scale(self._zoom, self._zoom)
            draw(painter)
            painter.end()
        return found

    def dots(self, step: float) -> QPixmap:
        """The grid, dots ``step`` scene pixels apart, to be laid side by side.

        Several cells, so that rounding its side to whole pixels stays out of sight.
        """
        found = self._now.dots
        if found is None:
            side = max(_CELLS, round(step * self._zoom * _CELLS * self._ratio))
            found = self._now.dots = QPixmap(side, side)
            self._now.weight += _weight(found)
            found.fill(self._inks.canvas)
            middles = np.round((np.arange(_CELLS) + 0.5) * side / _CELLS)
            painter = QPainter(found)
            draw_copies(painter, self._dot(), np.stack(np.meshgrid(middles, middles), axis=2).reshape(-1, 2))
            painter.end()
            found.setDevicePixelRatio(self._ratio)
        return found

    def _dot(self) -> QPixmap:
        """One dot of the grid, in device pixels; all are alike."""
        dot = _clear(_even(3 * self._ratio), _even(3 * self._ratio))
        painter = QPainter(dot)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._inks.dots)
        painter.drawEllipse(dot.rect().toRectF().center(), 1.05 * self._ratio, 1.05 * self._ratio)
        painter.end()
        return dot

    def _empty(self, width: float, height: float) -> QPixmap:
        ratio = self._ratio
        # An even number of pixels: the centre, around which copies are placed, lies between two.
        pixmap = _clear(_even(width * ratio), _even(height * ratio))
        pixmap.setDevicePixelRatio(ratio)
        self._now.weight += _weight(pixmap)
        return pixmap


def _forget_oldest(kept: dict[K, W]) -> None:
    """Make room for another one."""
    weights = {key: each.weight for key, each in kept.items()}
    total = sum(weights.values())
    for key, weight in weights.items():
        if len(kept) < MOST_SCALES and total <= MOST_BYTES:
            break
        del kept[key]
        total -= weight


def _clear(width: int, height: int) -> QPixmap:
    pixmap = QPixmap(width, height)
    pixmap.fill(Qt.GlobalColor.transparent)
    return pixmap


def _weight(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * 4


def _even(length: float) -> int:
    return max(2, 2 * round(length / 2 + 0.499))
