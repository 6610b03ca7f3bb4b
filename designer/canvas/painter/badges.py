"""The state badges: each has a shape and a glyph of its own, so that colour is never the only cue.

Drawn in a square of 20 units around the origin; ``draw`` scales it.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from designer.canvas.looks import Look
from designer.canvas.painter.inks import Inks, stroke
from designer.theme import fonts, icons
from designer.theme.tokens import BADGE

_OCTAGON = QPolygonF(
    [
        QPointF(10 * math.cos(angle), 10 * math.sin(angle))
        for angle in (math.pi / 8 + math.pi / 4 * step for step in range(8))
    ]
)
_DIAMOND = QPolygonF([QPointF(0, -11.5), QPointF(11.5, 0), QPointF(0, 11.5), QPointF(-11.5, 0)])
BREAKPOINT_R = 8.0
_TICK = QPolygonF([QPointF(-4.2, 0.3), QPointF(-1.3, 3.2), QPointF(4.4, -2.9)])


def draw(painter: QPainter, inks: Inks, look: Look, centre: QPointF, size: float) -> None:
    """Draw the badge of a state; nothing for one without a badge or whose badge turns."""
    if look is Look.IDLE:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(centre)
    painter.scale(size / 20, size / 20)
    _DRAW[look](painter, inks, inks.status[look])
    painter.restore()


def draw_spinner(painter: QPainter, inks: Inks, centre: QPointF, size: float, turn: float) -> None:
    """A ring of which a part is bright, ``turn`` of a revolution round."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(centre)
    painter.scale(size / 20, size / 20)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(inks.card)
    painter.drawEllipse(QPointF(), 11, 11)
    painter.setPen(stroke(inks.running_track, 3.6))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    ring = QRectF(-7.4, -7.4, 14.8, 14.8)
    painter.drawEllipse(ring)
    painter.setPen(stroke(inks.running, 3.6))
    painter.drawArc(ring, round((90 - turn * 360) * 16), -130 * 16)
    painter.restore()


def spinner_size(zoom: float) -> float:
    """How large a spinner is drawn, in scene pixels: it shrinks less than its card, or it would be lost."""
    return BADGE * min(1.5, max(1.0, 0.9 / zoom))


def draw_count(painter: QPainter, inks: Inks, centre: QPointF, size: float, text: str) -> None:
    """The ring with "2/5" of a step that is tried again."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(centre)
    painter.scale(size / 20, size / 20)
    half = max(10.0, 4.0 + 3.4 * len(text))
    painter.setPen(QPen(inks.running, 2))
    painter.setBrush(inks.card)
    painter.drawRoundedRect(QRectF(-half, -10, 2 * half, 20), 10, 10)
    painter.setPen(inks.running)
    painter.setFont(fonts.sans(10, 700, drawn=True))
    painter.drawText(QRectF(-half, -10, 2 * half, 20), Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


def draw_warning(
    painter: QPainter, inks: Inks, centre: QPointF, size: float, *, error: bool, count: int = 1
) -> None:
    """The triangle of a node with a problem, or with how many there are."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(centre)
    painter.scale(size / 20, size / 20)
    colour = inks.failed if error else inks.paused
    painter.setPen(stroke(colour, 2.5))
    painter.setBrush(colour)
    painter.drawPolygon(QPolygonF([QPointF(0, -7.5), QPointF(8.2, 7), QPointF(-8.2, 7)]))
    if count > 1:
        painter.setPen(inks.glyph)
        painter.setFont(fonts.sans(9, 700, drawn=True))
        box = QRectF(-8, -4.5, 16, 13)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(count) if count < 10 else "9+")
    else:
        painter.setPen(stroke(inks.glyph, 2.2))
        painter.drawLine(QPointF(0, -2.6), QPointF(0, 2))
        painter.drawPoint(QPointF(0, 5.2))
    painter.restore()


def draw_pin(painter: QPainter, inks: Inks, centre: QPointF, size: float) -> None:
    """The pin of a node whose result is put down."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(centre)
    painter.scale(size / 20, size / 20)
    painter.setPen(QPen(inks.accent, 1.5))
    painter.setBrush(inks.card)
    painter.drawEllipse(QPointF(), 9.25, 9.25)
    icons.svg_renderer("pin", inks.accent.name(), 2.4).render(painter, QRectF(-6.2, -6.2, 12.4, 12.4))
    painter.restore()


def draw_breakpoint(painter: QPainter, inks: Inks, centre: QPointF) -> None:
    """The red dot where a step takes its input: runs stop before it."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(inks.card, 2))
    painter.setBrush(inks.failed)
    painter.drawEllipse(centre, BREAKPOINT_R, BREAKPOINT_R)
    painter.restore()


def _disc(painter: QPainter, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(QPointF(), 10, 10)


def _queued(painter: QPainter, inks: Inks, colour: QColor) -> None:
    painter.setPen(QPen(colour, 1.5))
    painter.setBrush(inks.card)
    painter.drawEllipse(QPointF(), 9.25, 9.25)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    for x in (-4.2, 0.0, 4.2):
        painter.drawEllipse(QPointF(x, 0), 1.5, 1.5)


def _spinning(painter: QPainter, inks: Inks, _colour: QColor) -> None:
    draw_spinner(painter, inks, QPointF(), 20, 0.0)


def _retrying(painter: QPainter, inks: Inks, colour: QColor) -> None:
    """From afar, where "2/5" cannot be read: an arrow that comes round again."""
    _disc(painter, inks.card)
    painter.setPen(stroke(colour, 2.6))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawArc(QRectF(-7, -7, 14, 14), 40 * 16, 290 * 16)
    painter.drawPolyline(QPolygonF([QPointF(7.5, -8.5), QPointF(6, -3.2), QPointF(0.8, -4.4)]))


def _tick(painter: QPainter, inks: Inks, colour: QColor) -> None:
    _disc(painter, colour)
    painter.setPen(stroke(inks.glyph, 2.2))
    painter.drawPolyline(_TICK)


def _reused(painter: QPainter, inks: Inks, colour: QColor) -> None:
    _tick(painter, inks, colour)
    painter.setPen(stroke(inks.card, 4.4))
    for width, tone in ((4.4, inks.card), (1.8, colour)):
        painter.setPen(stroke(tone, width))
        painter.drawPolyline(QPolygonF([QPointF(4, 6), QPointF(1, 9), QPointF(4, 12)]))
        painter.drawLine(QPointF(1, 9), QPointF(9, 9))


def _cross(painter: QPainter, inks: Inks, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(_OCTAGON)
    painter.setPen(stroke(inks.glyph, 2.2))
    painter.drawLine(QPointF(-3.2, -3.2), QPointF(3.2, 3.2))
    painter.drawLine(QPointF(-3.2, 3.2), QPointF(3.2, -3.2))


def _square(painter: QPainter, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(QRectF(-9.5, -9.5, 19, 19), 5, 5)


def _question(painter: QPainter, inks: Inks, colour: QColor) -> None:
    _square(painter, colour)
    painter.setPen(inks.glyph)
    painter.setFont(fonts.sans(14, 700, drawn=True))
    painter.drawText(QRectF(-10, -10, 20, 20), Qt.AlignmentFlag.AlignCenter, "?")


def _bars(painter: QPainter, inks: Inks, colour: QColor) -> None:
    _square(painter, colour)
    painter.setPen(stroke(inks.glyph, 2.4))
    for x in (-2.7, 2.7):
        painter.drawLine(QPointF(x, -3.6), QPointF(x, 3.6))


def _slashed(painter: QPainter, inks: Inks, colour: QColor) -> None:
    painter.setPen(stroke(colour, 1.5, (2.4, 1.6)))
    painter.setBrush(inks.card)
    painter.drawEllipse(QPointF(), 9.25, 9.25)
    painter.setPen(stroke(colour, 1.8))
    painter.drawLine(QPointF(-3, 3), QPointF(3, -3))


def _dash(painter: QPainter, inks: Inks, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRect(QRectF(-8, -8, 16, 16))
    painter.setPen(stroke(inks.glyph, 2.2))
    painter.drawLine(QPointF(-3.2, 0), QPointF(3.2, 0))


def _back(painter: QPainter, inks: Inks, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(_DIAMOND)
    painter.setPen(stroke(inks.glyph, 1.9))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    path = QPainterPath(QPointF(-3.6, -1.6))
    path.lineTo(0.6, -1.6)
    path.cubicTo(QPointF(5.4, -1.6), QPointF(5.4, 4.2), QPointF(0.6, 4.2))
    path.lineTo(-1.4, 4.2)
    painter.drawPath(path)
    painter.drawPolyline(QPolygonF([QPointF(-1.2, -4.2), QPointF(-3.8, -1.6), QPointF(-1.2, 1.0)]))


def _ring(painter: QPainter, inks: Inks, colour: QColor) -> None:
    painter.setPen(QPen(colour, 2.5))
    painter.setBrush(inks.card)
    painter.drawEllipse(QPointF(), 7.5, 7.5)


_DRAW = {
    Look.QUEUED: _queued,
    Look.RUNNING: _spinning,
    Look.RETRYING: _retrying,
    Look.COMPLETED: _tick,
    Look.FAILED: _cross,
    Look.NEEDS_INPUT: _question,
    Look.PAUSED: _bars,
    Look.SKIPPED: _slashed,
    Look.CANCELLED: _dash,
    Look.ROLLED_BACK: _back,
    Look.STALE: _ring,
    Look.REUSED: _reused,
}
