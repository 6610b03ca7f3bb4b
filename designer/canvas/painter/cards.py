"""Cards without their words, as shapes in scene pixels; `painter.kept` keeps them as pixmaps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath

from designer.canvas.looks import MOVING, STYLES, Look
from designer.canvas.painter import badges
from designer.canvas.painter.inks import Inks, stroke
from designer.theme import icons
from designer.theme.tokens import (
    BADGE,
    CARD_H,
    CARD_W,
    PORT_D,
    RADIUS,
    TILE,
    TILE_RADIUS,
    TRIGGER_LEFT_RADIUS,
)

MARGIN = 16.0
"""Room around a card, in scene pixels, for its shadow and its badge."""
BADGE_AT = QPointF(CARD_W - 4.0, 2.0)
TILE_AT = QPointF(14.0, (CARD_H - TILE) / 2)


@dataclass(frozen=True, slots=True)
class Face:
    """What tells one card from another besides its words."""

    icon: str
    category: str
    trigger: bool
    disabled: bool
    look: Look


def outline(rect: QRectF, trigger: bool, grow: float = 0.0) -> QPainterPath:
    """The card's shape, ``grow`` pixels larger on every side; triggers are round on the left."""
    rect = rect.adjusted(-grow, -grow, grow, grow)
    left = min((TRIGGER_LEFT_RADIUS if trigger else RADIUS) + grow, rect.height() / 2)
    right = RADIUS + grow
    path = QPainterPath(QPointF(rect.left() + left, rect.top()))
    path.lineTo(rect.right() - right, rect.top())
    path.arcTo(QRectF(rect.right() - 2 * right, rect.top(), 2 * right, 2 * right), 90, -90)
    path.lineTo(rect.right(), rect.bottom() - right)
    path.arcTo(QRectF(rect.right() - 2 * right, rect.bottom() - 2 * right, 2 * right, 2 * right), 0, -90)
    path.lineTo(rect.left() + left, rect.bottom())
    path.arcTo(QRectF(rect.left(), rect.bottom() - 2 * left, 2 * left, 2 * left), 270, -90)
    path.lineTo(rect.left(), rect.top() + left)
    path.arcTo(QRectF(rect.left(), rect.top(), 2 * left, 2 * left), 180, -90)
    path.closeSubpath()
    return path


@lru_cache(maxsize=64)
def _outline_at(down: float, trigger: bool, grow: float) -> QPainterPath:
    """The shape of a card whose corner is that far below the origin; the same few at every zoom."""
    return outline(QRectF(0, down, CARD_W, CARD_H), trigger, grow)


def draw_card(painter: QPainter, inks: Inks, face: Face) -> None:
    """Draw a card at the origin, in scene pixels, without its shadow."""
    draw_body(painter, inks, face.look, face.trigger, shadow=False)
    _draw_tile(painter, inks, face)


def draw_body(painter: QPainter, inks: Inks, look: Look, trigger: bool, *, shadow: bool = True) -> None:
    """Draw what cards of all types share in this state: shadow, body, border and badge."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    style = STYLES[look]
    painter.setPen(Qt.PenStyle.NoPen)
    if shadow:
        for spread, share in ((2.0, 0.16), (1.2, 0.3), (0.4, 0.5)):
            tone = QColor(inks.shadow)
            tone.setAlphaF(inks.shadow.alphaF() * share)
            painter.setBrush(tone)
            painter.drawPath(_outline_at(1.6, trigger, spread))
    width = 2.0 if style.outlined else 1.25
    inset = -width / 2 if style.outlined else -0.1
    painter.setBrush(inks.tint[look])
    dash = (4.0, 2.6) if style.dashed else ()
    painter.setPen(stroke(inks.edge(look), width, dash))
    painter.drawPath(_outline_at(0.0, trigger, inset + width / 2))
    if look not in MOVING:
        badges.draw(painter, inks, look, BADGE_AT, BADGE)


def _draw_tile(painter: QPainter, inks: Inks, face: Face) -> None:
    draw_tile(painter, inks, face, QRectF(TILE_AT, QSizeF(TILE, TILE)))


def draw_tile(painter: QPainter, inks: Inks, face: Face, tile: QRectF) -> None:
    """Draw the icon of a card on its square there."""
    grow = tile.width() / TILE
    colour = inks.category(face.category)
    painter.setOpacity(0.45 if face.disabled else 1.0)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(tile, TILE_RADIUS * grow, TILE_RADIUS * grow)
    inset = 9 * grow
    glyph = tile.adjusted(inset, inset, -inset, -inset)
    icons.svg_renderer(face.icon, inks.theme.glyph).render(painter, glyph)
    painter.setOpacity(1.0)


def draw_small(painter: QPainter, inks: Inks, face: Face, zoom: float) -> None:
    """Draw a card at the origin in device pixels, for a zoom at which words cannot be read."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    rect = QRectF(0, 0, CARD_W * zoom, CARD_H * zoom).adjusted(0.5, 0.5, -0.5, -0.5)
    style = STYLES[face.look]
    idle = face.look is Look.IDLE
    painter.setBrush(inks.small_tint[face.look])
    dash = (3.0, 2.0) if style.dashed else ()
    painter.setPen(stroke(inks.border if idle else inks.status[face.look], 1.0 if idle else 1.5, dash))
    left = rect.height() / 2 if face.trigger else 3.0
    if face.trigger:
        path = QPainterPath()
        path.addRoundedRect(rect, left, left)
        painter.drawPath(path)
    else:
        painter.drawRoundedRect(rect, left, left)
    size = rect.height() * 0.72
    centre = rect.center()
    if idle:
        tile = QRectF(0, 0, size, size)
        tile.moveCenter(centre)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(inks.category(face.category))
        painter.drawRoundedRect(tile, size * 0.22, size * 0.22)
        icons.svg_renderer(face.icon, inks.theme.glyph).render(
            painter, tile.adjusted(size * 0.2, size * 0.2, -size * 0.2, -size * 0.2)
        )
    else:
        badges.draw(painter, inks, face.look, centre, size)


def draw_port(painter: QPainter, inks: Inks, filled: bool) -> None:
    """Draw a port around the origin, in scene pixels."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    radius = PORT_D / 2 - 0.75
    if filled:
        painter.setPen(stroke(inks.card, 1.5))
        painter.setBrush(inks.wire)
    else:
        painter.setPen(stroke(inks.wire, 2))
        painter.setBrush(inks.card)
        radius -= 0.25
    painter.drawEllipse(QPointF(0, 0), radius, radius)
