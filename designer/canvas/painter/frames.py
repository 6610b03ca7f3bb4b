"""Paints groups: frames behind comments, wires and cards, and the cards of those that are folded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPolygonF

from designer.canvas import geometry, group_state
from designer.canvas.frames import TITLE_H, Frame, chevron
from designer.canvas.looks import MOVING, Look
from designer.canvas.painter import badges
from designer.canvas.painter.cards import BADGE_AT, TILE_AT, draw_body, draw_port, outline
from designer.canvas.painter.inks import Inks, stroke
from designer.canvas.scene import Scene
from designer.theme import icons
from designer.theme.tokens import BADGE, RING_GAP, RING_W, TILE, TILE_RADIUS

if TYPE_CHECKING:
    from designer.canvas.painter.layer import Attention

_RADIUS = 12.0
_READABLE, _CARD_READABLE = 0.35, 0.4
_SHEET = 5.0
"""How far each of the sheets behind a folded group's card stands out."""


def draw_frames(
    painter: QPainter, inks: Inks, scene: Scene, area: QRectF, zoom: float, seen: Attention
) -> None:
    """Draw the frames that touch the area, under a painter that maps scene to device pixels."""
    if not scene.frames.all:
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for frame, box in scene.frames.open(scene.xy):
        if not box.intersects(area):
            continue
        colour = inks.category(frame.group.colour)
        fill, edge = QColor(colour), QColor(colour)
        fill.setAlphaF(0.07)
        chosen = bool(seen.nodes) and seen.nodes.issuperset(frame.rows)
        edge.setAlphaF(1.0 if chosen else 0.55)
        painter.setPen(stroke(edge, (2.5 if chosen else 1.5) / min(1.0, zoom)))
        painter.setBrush(fill)
        painter.drawRoundedRect(box, _RADIUS, _RADIUS)
        if zoom >= _READABLE:
            painter.setPen(colour)
            painter.setFont(inks.title)
            button = chevron(box, card=False)
            room = QRectF(box.left() + 16, box.top() + 4, button.left() - box.left() - 20, TITLE_H - 4)
            title = inks.title_metrics.elidedText(
                frame.group.title, Qt.TextElideMode.ElideRight, room.width()
            )
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, title)
            _draw_chevron(painter, colour, button.center(), folded=False)


def draw_group_cards(
    painter: QPainter, inks: Inks, scene: Scene, area: QRectF, zoom: float, seen: Attention, turn: float
) -> None:
    """Draw the cards of folded groups, under a painter that maps scene to device pixels."""
    for frame, box in scene.frames.cards(scene.xy):
        if not box.adjusted(-20, -20, 20, 24).intersects(area):
            continue
        look = group_state.look_of(scene, frame)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _draw_rings(painter, inks, frame, box, zoom, seen)
        painter.save()
        painter.translate(box.topLeft())
        _draw_sheets(painter, inks, box.size(), zoom)
        if zoom >= _CARD_READABLE:
            _draw_card(painter, inks, scene, frame, look, turn, box.size(), zoom)
        else:
            _draw_small(painter, inks, frame, look, box.size(), zoom)
        painter.restore()


def _draw_rings(
    painter: QPainter, inks: Inks, frame: Frame, box: QRectF, zoom: float, seen: Attention
) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    width = max(RING_W, 1.5 / zoom)
    gap = RING_GAP + width / 2
    around = box.adjusted(0, 0, 0, 2 * _SHEET)
    if not seen.nodes.isdisjoint(frame.rows):
        painter.setPen(stroke(inks.accent, width))
        painter.drawPath(outline(around, False, gap))
    if seen.focused in frame.rows:
        painter.setPen(stroke(inks.accent, width * 0.75, (4.0, 3.0)))
        painter.drawPath(outline(around, False, gap + 2.5 + width))


def _draw_sheets(painter: QPainter, inks: Inks, size: QSizeF, zoom: float) -> None:
    """Cards lie under this one: what tells a group from a node without words and colour."""
    painter.setPen(stroke(inks.border, 1.25 / min(1.0, zoom)))
    painter.setBrush(inks.card)
    for number in (2, 1):
        inset = number * 9.0
        sheet = QRectF(inset, number * _SHEET, size.width() - 2 * inset, size.height())
        painter.drawPath(outline(sheet, False))


def _draw_card(
    painter: QPainter,
    inks: Inks,
    scene: Scene,
    frame: Frame,
    look: Look,
    turn: float,
    size: QSizeF,
    zoom: float,
) -> None:
    draw_body(painter, inks, look, False, shadow=False)
    colour = inks.category(frame.group.colour)
    tile = QRectF(TILE_AT, QSizeF(TILE, TILE))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(tile, TILE_RADIUS, TILE_RADIUS)
    icons.svg_renderer("layers", inks.theme.glyph).render(painter, tile.adjusted(9, 9, -9, -9))
    button = chevron(QRectF(QPointF(), size), card=True)
    room = QRectF(geometry.TEXT_X, 12, button.left() - geometry.TEXT_X - 4, 20)
    left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
    for font, metrics, ink, text, down in (
        (inks.title, inks.title_metrics, inks.text, frame.group.title, 0.0),
        (inks.sub, inks.sub_metrics, inks.text2, group_state.words(scene, frame), 20.0),
    ):
        painter.setFont(font)
        painter.setPen(inks.failed if down and look is Look.FAILED else ink)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room.translated(0, down), left, shown)
    _draw_chevron(painter, inks.text2, button.center(), folded=True)
    for place, used in _ports(scene, frame):
        if used:
            painter.save()
            painter.translate(*place)
            draw_port(painter, inks, True)
            painter.restore()
    if look is Look.RETRYING:
        badges.draw(painter, inks, look, BADGE_AT, BADGE)
    elif look in MOVING:
        badges.draw_spinner(painter, inks, BADGE_AT, badges.spinner_size(zoom), turn)
    elif look is Look.IDLE:
        _draw_warning(painter, inks, scene, frame)


def _draw_small(painter: QPainter, inks: Inks, frame: Frame, look: Look, size: QSizeF, zoom: float) -> None:
    idle = look is Look.IDLE
    colour = inks.category(frame.group.colour)
    painter.setBrush(inks.small_tint[look])
    painter.setPen(stroke(colour if idle else inks.status[look], 1.5 / zoom))
    card = QRectF(QPointF(), size)
    painter.drawPath(outline(card, False))
    side = size.height() * 0.72
    if not idle:
        badges.draw(painter, inks, look, card.center(), side)
        return
    tile = QRectF(0, 0, side, side)
    tile.moveCenter(card.center())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(tile, side * 0.22, side * 0.22)
    inset = side * 0.2
    icons.svg_renderer("layers", inks.theme.glyph).render(
        painter, tile.adjusted(inset, inset, -inset, -inset)
    )


def _ports(scene: Scene, frame: Frame) -> list[tuple[tuple[float, float], bool]]:
    """Where wires from outside end and begin, and whether any does there."""
    wires = scene.wires
    inside = scene.frames.inside(frame)
    enters = inside[wires.target] & ~inside[wires.source]
    leaves = inside[wires.source] & ~inside[wires.target]
    return [
        (geometry.IN_OFFSET, bool(enters.any())),
        (geometry.output_offset(0, 1), bool((leaves & ~wires.down).any())),
        (geometry.ERROR_OFFSET, bool((leaves & wires.down).any())),
    ]


def _draw_warning(painter: QPainter, inks: Inks, scene: Scene, frame: Frame) -> None:
    problems = scene.marks.problems
    found = [problems[scene.ids[row]] for row in frame.rows if scene.ids[row] in problems] if problems else []
    if found:
        worst = any(problem.severity == "error" for problem in found)
        badges.draw_warning(painter, inks, BADGE_AT, BADGE, error=worst)


def _draw_chevron(painter: QPainter, colour: QColor, centre: QPointF, *, folded: bool) -> None:
    """Down: what is below can be folded away. To the right: there is more to see."""
    painter.setPen(stroke(colour, 2.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    wide, tall = (2.5, 5.0) if folded else (5.0, 2.5)
    if folded:
        points = [QPointF(-wide, -tall), QPointF(wide, 0), QPointF(-wide, tall)]
    else:
        points = [QPointF(-wide, -tall), QPointF(0, tall), QPointF(wide, -tall)]
    painter.drawPolyline(QPolygonF([centre + point for point in points]))
