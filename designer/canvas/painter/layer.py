"""The one layer of the canvas: grid, wires, cards, words, at three levels of detail.

``paint`` takes a painter whose world transform maps scene to device pixels (scale and shift only) and
paints what touches the exposed box. Cards are copies of pixmaps at whole device pixels; words are drawn
on top under the scaled transform.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap, QTransform

from designer.canvas import geometry
from designer.canvas.geometry import Box, Floats, Rows
from designer.canvas.looks import MOVING, Look
from designer.canvas.painter import badges, decor, labels, wires
from designer.canvas.painter.arrays import draw_copies, draw_pieces
from designer.canvas.painter.bends import draw_bends
from designer.canvas.painter.cards import BADGE_AT, MARGIN, TILE_AT, Face, draw_card, draw_port
from designer.canvas.painter.frames import draw_frames, draw_group_cards
from designer.canvas.painter.inks import Inks
from designer.canvas.painter.kept import CardCache
from designer.canvas.painter.marks import draw_marks
from designer.canvas.painter.notes import NotePainter
from designer.canvas.painter.pills import draw_pills
from designer.canvas.painter.tiny import paint_blocks
from designer.canvas.scene import Scene
from designer.canvas.selection import Bend
from designer.theme import tokens
from designer.theme.theme import Theme
from designer.theme.tokens import CARD_H, CARD_W

FULL, SMALL = 0.4, 0.16
"""Zooms from which words can be read, and from which cards show a glyph."""
_PIXELS_AT_ONCE = 2_000_000
"""So much of the ground is filled at once when a picture is painted by and by."""
_LINES_A_CARD = 16
"""So many lines take as long as a card."""


@dataclass(slots=True)
class Attention:
    """What the person is doing: rows selected, hovered and focused; -1 for none.

    ``warm`` and ``warm_wires`` say how far the mark of the mouse has come, by row; ``fading`` what a card
    looked like that has a new state, and how far that has gone. While ``is_wiring`` no plus is in the way of
    the wire that hangs on the mouse, or of the card that is being chosen for it.
    """

    nodes: frozenset[int] = frozenset()
    wires: frozenset[int] = frozenset()
    notes: frozenset[str] = frozenset()
    bends: frozenset[Bend] = frozenset()
    hovered: int = -1
    hovered_wire: int = -1
    focused: int = -1
    hidden_wire: int = -1
    is_wiring: bool = False
    plus_for: frozenset[int] = field(default_factory=frozenset)
    warm: dict[int, float] = field(default_factory=dict)
    warm_wires: dict[int, float] = field(default_factory=dict)
    fading: dict[int, tuple[int, float]] = field(default_factory=dict)


class Layer:
    """Paints the scene in one theme."""

    def __init__(self, scene: Scene, theme: Theme) -> None:
        self._scene = scene
        self.attention = Attention()
        self.moves = True
        """Whether spinners turn and dashes run; without, they stand still."""
        self.vector = False
        """Paint shapes instead of pixmaps, for a picture made of lines."""
        self.grid = True
        self.ground = True
        """Whether the canvas is filled behind everything."""
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self.inks = Inks(theme)
        self.notes = NotePainter(self.inks)
        self._cards = CardCache(self.inks)
        self._words = labels.Words(self.inks)
        self._faces: dict[tuple[str, bool, int], Face] = {}

    def paint(self, painter: QPainter, exposed: QRectF, view: QRectF | None = None) -> None:
        """Paint everything that touches the exposed box, in scene pixels; ``view`` is all that is seen."""
        painter.save()
        for _ in self.steps(painter, exposed, view):
            pass
        painter.restore()

    def steps(
        self,
        painter: QPainter,
        exposed: QRectF,
        view: QRectF | None = None,
        *,
        at_once: int = sys.maxsize,
    ) -> Iterator[float]:
        """Paint the same by and by, so many cards at once; yields how much is done, from 0 to 1.

        The painter is left as it comes. Between two steps it may go on to another device of the same size.
        """
        transform = painter.worldTransform()
        zoom = transform.m11()
        offset = (transform.dx(), transform.dy())
        box = geometry.as_box(exposed)
        painter.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)  # each text as its script runs
        painter.setWorldTransform(QTransform())
        for area in self._grounds(transform.mapRect(exposed), at_once):
            self._paint_ground(painter, area, transform)
            yield 0.0
        painter.setWorldTransform(transform)
        draw_frames(painter, self.inks, self._scene, exposed, zoom, self.attention)
        self.notes.paint(painter, self._scene.notes, exposed, zoom, self.attention.notes)
        yield 0.0
        painter.setWorldTransform(QTransform())
        for _ in self._paint_wires(painter, box, zoom, offset, geometry.as_box(view or exposed), at_once):
            yield 0.05
        rows = self._scene.cards_in(box)
        painter.setWorldTransform(transform)
        draw_bends(painter, self.inks, self._scene, self.attention, box, zoom, zoom >= FULL)
        turn = self.turn(tokens.SPINNER_REV_MS)
        draw_group_cards(painter, self.inks, self._scene, exposed, zoom, self.attention, turn)
        decor.draw_rings(painter, self.inks, self._scene, self.attention, rows, zoom)
        painter.setWorldTransform(QTransform())
        if zoom >= FULL:
            for done in self._paint_full(painter, rows, box, transform, at_once):
                yield 0.1 + 0.9 * done
        elif zoom >= SMALL:
            self._paint_small(painter, rows, zoom, offset)
        else:
            self._paint_rects(painter, rows, zoom, offset)
        painter.setWorldTransform(transform)
        if zoom >= FULL:
            decor.draw_plus(painter, self.inks, self._scene, self.attention)

    def turn(self, period_ms: int) -> float:
        """How much of a revolution something of this period has done now, 0..1."""
        return (time.monotonic() * 1000 % period_ms) / period_ms if self.moves else 0.0

    # -- ground and wires --------------------------------------------------------------------

    def _grounds(self, area: QRectF, at_once: int) -> Iterator[QRectF]:
        """The ground in one piece, or in bands that begin and end at whole pixels; none without a ground."""
        if not self.ground:
            return
        if self.vector:  # bands would be seen there when it is enlarged
            at_once = sys.maxsize
        high = max(1, int(_PIXELS_AT_ONCE / max(1.0, area.width())))
        if at_once == sys.maxsize or area.height() <= high:
            yield area
            return
        edges = [area.top(), *range(int(area.top()) + high, int(area.bottom()), high), area.bottom()]
        for top, bottom in pairwise(edges):
            yield QRectF(area.left(), top, area.width(), bottom - top)

    def _paint_ground(self, painter: QPainter, area: QRectF, transform: QTransform) -> None:
        zoom = transform.m11()
        if not self.grid or zoom < 0.3:
            painter.fillRect(area, self.inks.canvas)
            return
        ratio = painter.device().devicePixelRatio()
        self._cards.prepare(zoom, ratio)
        pixmap = self._cards.dots(tokens.SNAP * (1 if zoom >= 0.75 else 2))
        side = pixmap.width() / ratio
        left = (area.left() - transform.dx()) % side
        top = (area.top() - transform.dy()) % side
        painter.drawTiledPixmap(area, pixmap, QPointF(left, top))

    def _paint_wires(
        self,
        painter: QPainter,
        box: Box,
        zoom: float,
        offset: tuple[float, float],
        view: Box,
        at_once: int,
    ) -> Iterator[None]:
        rows = self._scene.wires.in_box(box, 4.0 / zoom)
        if not len(rows):
            return
        is_part = box[0] > view[0] or box[1] > view[1] or box[2] < view[2] or box[3] < view[3]
        seen = self.attention
        style = wires.WireStyle(
            zoom=zoom,
            offset=offset,
            turn=self.turn(tokens.DASH_REV_MS),
            selected=seen.wires,
            warm=seen.warm_wires,
            hidden=seen.hidden_wire,
            clip=_device(box, zoom, offset),
            seen=len(self._scene.wires.in_box(view, 4.0 / zoom)) if is_part else len(rows),
            vector=self.vector,
            at_once=at_once * _LINES_A_CARD,
        )
        if zoom >= FULL and style.seen <= wires.CROWD:
            wires.draw_curves(painter, self.inks, self._scene, rows, style)
            yield
            return
        draw = wires.draw_crowd if zoom >= FULL else wires.draw_plain
        yield from draw(painter, self.inks, self._scene, rows, style)

    # -- cards -------------------------------------------------------------------------------

    def _paint_full(
        self, painter: QPainter, rows: Rows, box: Box, transform: QTransform, at_once: int
    ) -> Iterator[float]:
        self._words.vector = self.vector
        layers = geometry.layers(self._scene.xy[rows])
        done, whole = 0, 3 * max(1, len(rows))
        for number, places in enumerate(layers, 1):
            portions = _portions(rows[places], at_once)
            for paint in (self._paint_bodies, self._paint_words, self._paint_tops):
                if paint == self._paint_tops and number == len(layers):
                    self._paint_pills(painter, box, transform)
                    yield done / whole
                for portion in portions:
                    self._cards.prepare(transform.m11(), painter.device().devicePixelRatio())
                    painter.setWorldTransform(transform)
                    paint(painter, portion, transform)
                    done += len(portion)
                    yield done / whole

    def _paint_pills(self, painter: QPainter, box: Box, transform: QTransform) -> None:
        painter.setWorldTransform(transform)
        draw_pills(painter, self.inks, self._words, self._cards, self._scene, self.attention, box, transform)

    def _paint_bodies(self, painter: QPainter, rows: Rows, transform: QTransform) -> None:
        """Cards without words and without what stands out of them."""
        if self.vector:
            for row in rows.tolist():
                painter.save()
                painter.translate(*self._scene.xy[row].tolist())
                draw_card(painter, self.inks, self._face(row, int(self._scene.look[row])))
                painter.restore()
        else:
            painter.setWorldTransform(QTransform())
            self._copy_cards(painter, rows, transform.m11(), (transform.dx(), transform.dy()))

    def _paint_words(self, painter: QPainter, rows: Rows, transform: QTransform) -> None:
        listed = rows.tolist()
        self._paint_new_badges(painter, listed)
        labels.draw_words(painter, self.inks, self._words, self._scene, listed, transform)

    def _paint_tops(self, painter: QPainter, rows: Rows, transform: QTransform) -> None:
        """What stands out of the cards."""
        self._paint_ports(painter, rows, transform)
        turn = self.turn(tokens.SPINNER_REV_MS)
        draw_marks(painter, self.inks, self._scene, rows, turn, moves=self.moves)

    def _paint_new_badges(self, painter: QPainter, rows: Sequence[int]) -> None:
        """The badge of a new state stands out of the card: what fades on the card must not cut it in two."""
        fading = self.attention.fading
        for row in rows if fading and not self.vector else ():
            look = Look(int(self._scene.look[row]))
            if row in fading and look not in MOVING:
                painter.save()
                painter.translate(*self._scene.xy[row].tolist())
                badges.draw(painter, self.inks, look, BADGE_AT, tokens.BADGE)
                painter.restore()

    def _copy_cards(self, painter: QPainter, rows: Rows, zoom: float, offset: tuple[float, float]) -> None:
        """Cards of one look in one call."""
        scene = self._scene
        corners = np.round((scene.xy[rows] - MARGIN) * zoom + offset)
        bodies = 2 * scene.look[rows] + scene.trigger[rows]
        for body in geometry.distinct(bodies):
            pixmap = self._cards.body(Look(body // 2), body % 2 == 1)
            draw_copies(painter, pixmap, corners[bodies == body] + _middle(pixmap))
        self._fade(
            painter, rows, corners, lambda row, look: self._cards.body(Look(look), bool(scene.trigger[row]))
        )
        self._copy_icons(painter, rows, corners, zoom)

    def _copy_icons(self, painter: QPainter, rows: Rows, corners: Floats, zoom: float) -> None:
        """The icons of all cards in one call."""
        icons = self._cards.icons()
        slots: dict[tuple[str, bool], int] = {}
        chosen: list[int] = []
        for row in rows.tolist():
            facts = self._scene.facts[row]
            slot = slots.get((facts.type, facts.disabled))
            if slot is None:
                slot = slots[facts.type, facts.disabled] = icons.slot(self._face(row, 0))
            chosen.append(slot)
        ratio = painter.device().devicePixelRatio()
        across = round((MARGIN + TILE_AT.x()) * zoom * ratio)
        down = round((MARGIN + CARD_H / 2) * zoom * ratio - icons.side / 2)
        places = corners + np.array((across, down)) / ratio
        draw_pieces(painter, icons.pixmap, icons.side, icons.corners(chosen), places)

    def _fade(
        self, painter: QPainter, rows: Rows, corners: Floats, drawn: Callable[[int, int], QPixmap]
    ) -> None:
        """What a card looked like before goes while its new look comes."""
        fading = self.attention.fading
        for place, row in enumerate(rows.tolist()) if fading else ():
            if row in fading:
                look, share = fading[row]
                pixmap = drawn(row, look)
                painter.setOpacity(1.0 - share)
                draw_copies(painter, pixmap, corners[place : place + 1] + _middle(pixmap))
                painter.setOpacity(1.0)

    def _paint_small(self, painter: QPainter, rows: Rows, zoom: float, offset: tuple[float, float]) -> None:
        self._cards.prepare(zoom, painter.device().devicePixelRatio())
        corners = np.round(self._scene.xy[rows] * zoom + offset) - 1
        for face, places in self._by_face(rows).items():
            pixmap = self._cards.small(face)
            draw_copies(painter, pixmap, corners[places] + _middle(pixmap))
        self._fade(painter, rows, corners, lambda row, look: self._cards.small(self._face(row, look)))

    def _paint_rects(self, painter: QPainter, rows: Rows, zoom: float, offset: tuple[float, float]) -> None:
        corners: Floats = np.round(self._scene.xy[rows] * zoom + offset)
        size = (max(2, round(CARD_W * zoom)), max(2, round(CARD_H * zoom)))
        paint_blocks(painter, self.inks, corners, self._scene.look[rows], size)

    def _by_face(self, rows: Rows) -> dict[Face, list[int]]:
        scene = self._scene
        groups: dict[tuple[str, bool, int], list[int]] = {}
        listed = rows.tolist()
        for place, (row, look) in enumerate(zip(listed, scene.look[rows].tolist(), strict=True)):
            facts = scene.facts[row]
            groups.setdefault((facts.type, facts.disabled, look), []).append(place)
        # By the face only now: it is many times dearer to look up than its parts.
        faces: dict[Face, list[int]] = {}
        for key, places in groups.items():
            faces.setdefault(self._face(listed[places[0]], key[2]), []).extend(places)
        return faces

    def _face(self, row: int, look: int) -> Face:
        facts = self._scene.facts[row]
        key = (facts.type, facts.disabled, look)
        face = self._faces.get(key)
        if face is None:
            kind = self._scene.type_of(row)
            face = Face(kind.icon, kind.category, kind.is_trigger, facts.disabled, Look(look))
            self._faces[key] = face
        return face

    # -- on the cards ------------------------------------------------------------------------

    def _paint_ports(self, painter: QPainter, rows: Rows, transform: QTransform) -> None:
        scene = self._scene
        places, filled = decor.ports(scene, rows, self.attention)
        if self.vector:
            for (x, y), full in zip(places.tolist(), filled.tolist(), strict=True):
                painter.save()
                painter.translate(x, y)
                draw_port(painter, self.inks, full)
                painter.restore()
            return
        painter.setWorldTransform(QTransform())
        device = np.round(places * transform.m11() + (transform.dx(), transform.dy()))
        for full in (False, True):
            draw_copies(painter, self._cards.port(full), device[filled == full])
        painter.setWorldTransform(transform)


def _portions(rows: Rows, at_once: int) -> list[Rows]:
    """These rows, at most so many together; one portion for none."""
    return [rows[first : first + at_once] for first in range(0, len(rows), at_once)] or [rows]


def _middle(pixmap: QPixmap) -> tuple[float, float]:
    """From its corner, in logical pixels."""
    size = pixmap.deviceIndependentSize()
    return size.width() / 2, size.height() / 2


def _device(box: Box, zoom: float, offset: tuple[float, float]) -> Box:
    """A box of the scene in device pixels, a wire's width larger."""
    left, top, right, bottom = box
    grow = 4.0 + 4.0 * zoom
    return (
        left * zoom + offset[0] - grow,
        top * zoom + offset[1] - grow,
        right * zoom + offset[0] + grow,
        bottom * zoom + offset[1] + grow,
    )
