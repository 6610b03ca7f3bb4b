"""Wires: cubics as line segments, all of one look in one call; dashes only where a state needs them."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPolygonF

from designer.canvas import geometry
from designer.canvas.geometry import Box, Floats, Mask, Rows
from designer.canvas.looks import MOVES, Flow
from designer.canvas.painter.arrays import draw_lines
from designer.canvas.painter.inks import Inks, stroke
from designer.canvas.scene import Scene
from designer.canvas.strands import PIECES
from designer.theme.tokens import WIRE_W, WIRE_W_HOVER

CROWD = 400
"""From so many wires on, what lies on each other is drawn once, without antialiasing."""
FEW = 40
FEWEST = 16
"""Up to as many wires are drawn with round joints and many segments; a crowd goes without."""
_FINE = 1.2
"""Wires that would be thinner, in device pixels, are a pixel wide: Qt draws a pixel in half the time."""
_SHARE = 3
"""From a third of all wires on they are picked out of those that are kept in pieces."""
_DOTTED = (Flow.DEAD, Flow.POISONED)
"""From afar every second piece of them is drawn."""
DASHES: dict[Flow, tuple[float, ...]] = {
    Flow.DEAD: (1.2, 3.0),
    Flow.POISONED: (1.2, 3.0),
    Flow.FLOWING: (5.0, 3.5),
    Flow.BROKEN: (3.0, 3.0),
}


@dataclass(slots=True)
class WireStyle:
    """How wires are drawn this time. ``turn``: 0..1, how far the moving dashes have come.

    ``warm`` says how much broader a wire is for the mouse over it, 0..1, by row.
    """

    zoom: float
    offset: tuple[float, float]
    turn: float = 0.0
    selected: frozenset[int] = field(default_factory=frozenset)
    warm: Mapping[int, float] = field(default_factory=dict)
    hidden: int = -1
    clip: Box = (-1e9, -1e9, 1e9, 1e9)
    """What is being painted, in device pixels: segments outside it are left out."""
    seen: int = 0
    """How many wires are seen in the whole view. What is painted anew may be a corner of it, and must not
    look otherwise there."""
    vector: bool = False
    """Whether they become lines of a picture without pixels: none lies on another there."""
    at_once: int = sys.maxsize
    """So many pieces of a crowd are drawn in one step."""

    @property
    def segments(self) -> int:
        """How many straight pieces a curve is made of: as many as it takes to look like one.

        A long wire that leads back turns within a tenth of its length. A curve half as large is as smooth
        with seven tenths of the pieces.
        """
        if self.seen <= FEWEST:
            return 64
        return 32 if self.seen <= FEW else min(24, math.ceil(12 * math.sqrt(self.zoom)))


def flows(scene: Scene, rows: Rows) -> Floats:
    """What each of these wires shows now: a wire into a running step flows unless it was not taken."""
    flow = scene.wires.flow[rows].astype(np.float64)
    moving = MOVES[scene.look[scene.wires.target[rows]]]
    flow[moving & (flow <= Flow.TAKEN)] = Flow.FLOWING
    return flow


def draw_curves(painter: QPainter, inks: Inks, scene: Scene, rows: Rows, style: WireStyle) -> None:
    """Draw wires as antialiased curves, the selected and the hovered one last."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    raised = style.selected | style.warm.keys()
    lifted = np.array([row in raised for row in rows.tolist()], bool)
    if style.hidden >= 0:
        keep = rows != style.hidden
        rows, lifted = rows[keep], lifted[keep]
    flow = flows(scene, rows)
    down = scene.wires.down[rows]
    bare = (flow == Flow.TAKEN) & ~scene.wires.labelled[rows]
    chosen_last: list[tuple[int, Floats]] = []
    for places, points in scene.wires.sampled(rows, style.segments):
        points = points * style.zoom + style.offset
        for kind in Flow:
            chosen = (flow[places] == kind) & ~lifted[places]
            if chosen.any():
                _draw_group(painter, inks, kind, points[chosen], down[places[chosen]], style, WIRE_W)
        chosen_last += [(int(places[i]), points[i : i + 1]) for i in np.flatnonzero(lifted[places])]
        if bare[places].any():
            _draw_chevrons(painter, inks, points[bare[places]], style.zoom)
    for place, points in chosen_last:
        kind = Flow(int(flow[place]))
        colour = inks.accent if int(rows[place]) in style.selected else None
        mine = down[place : place + 1]
        row = int(rows[place])
        share = 1.0 if row in style.selected else style.warm.get(row, 0.0)
        width = WIRE_W + (WIRE_W_HOVER - WIRE_W) * share
        _draw_group(painter, inks, kind, points, mine, style, width, colour)
        if bare[place]:
            _draw_chevrons(painter, inks, points, style.zoom)


def draw_crowd(painter: QPainter, inks: Inks, scene: Scene, rows: Rows, style: WireStyle) -> Iterator[None]:
    """Draw very many wires in steps, the selected and the hovered one as they are always drawn."""
    raised = [row for row in {*style.selected, *style.warm} if row != style.hidden]
    lifted: Mask = np.isin(rows, raised) if raised else np.zeros(len(rows), bool)
    yield from draw_plain(painter, inks, scene, rows[~lifted & (rows != style.hidden)], style)
    if lifted.any():
        draw_curves(painter, inks, scene, rows[lifted], replace(style, seen=int(lifted.sum())))


def draw_plain(painter: QPainter, inks: Inks, scene: Scene, rows: Rows, style: WireStyle) -> Iterator[None]:
    """Draw many small wires in steps: few or no bends, the colour of their state, antialiased while few."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, style.seen <= 3 * FEW)
    segments = (12 if style.seen <= 3 * FEW else PIECES) if style.zoom >= 0.16 else 1
    if segments == PIECES and len(rows) > CROWD and _SHARE * len(rows) >= len(scene.wires):
        yield from _draw_strands(painter, inks, scene, rows, style)
        rows = scene.wires.bent(rows)
    flow = flows(scene, rows)
    down = scene.wires.down[rows]
    for places, points in scene.wires.sampled(rows, segments):
        points *= style.zoom
        points += style.offset
        for kind in Flow:
            chosen = flow[places] == kind
            for error in (False, True) if chosen.any() else ():
                mine: Mask = chosen & (down[places] == error)
                if not mine.any():
                    continue
                lines = geometry.segments_of(points if mine.all() else points[mine])
                if kind in _DOTTED and segments > 1:
                    lines = np.ascontiguousarray(lines[::2])
                lines = geometry.clipped(lines, style.clip)
                yield from _draw_lines(painter, inks, kind, error, lines, style)
        if style.selected:
            painter.setPen(inks.accent)
            chosen = np.isin(rows[places], list(style.selected))
            draw_lines(painter, geometry.segments_of(points[chosen]))


def _draw_strands(
    painter: QPainter, inks: Inks, scene: Scene, rows: Rows, style: WireStyle
) -> Iterator[None]:
    """Draw many of all wires there are, without those that have bends."""
    zoom, (across, down) = style.zoom, style.offset
    left, top, right, bottom = style.clip
    seen = ((left - across) / zoom, (top - down) / zoom, (right - across) / zoom, (bottom - down) / zoom)
    owners, pieces, lines = scene.wires.strands().touching(seen)
    wanted = np.zeros(len(scene.wires), bool)
    wanted[rows] = True
    if not wanted.all():
        kept = wanted[owners]
        owners, pieces, lines = owners[kept], pieces[kept], lines[kept]
    lines *= zoom
    lines += (across, down, across, down)
    flow = flows(scene, np.arange(len(scene.wires)))[owners]
    errors = scene.wires.down[owners]
    for kind in geometry.distinct(flow):
        for error in (False, True):
            mine: Mask = (flow == kind) & (errors == error)
            if kind in _DOTTED:
                mine &= pieces % 2 == 0
            if mine.any():
                chosen = lines if mine.all() else lines[mine]
                yield from _draw_lines(painter, inks, Flow(kind), error, chosen, style)
    if style.selected:
        painter.setPen(inks.accent)
        draw_lines(painter, lines[np.isin(owners, list(style.selected))])


def _draw_lines(
    painter: QPainter, inks: Inks, kind: Flow, error: bool, lines: Floats, style: WireStyle
) -> Iterator[None]:
    """Draw what is seen of the pieces of many wires of one look."""
    tone, width = _tone(inks, kind, error), round(WIRE_W * style.zoom - 0.2)
    pen = stroke(tone, width)
    pen.setCapStyle(Qt.PenCapStyle.SquareCap)  # round ends cost Qt twice as long
    told, covers = _told_apart(lines, style)
    for first in range(0, len(told), style.at_once):
        portion = told[first : first + style.at_once]
        painter.setPen(pen if width > 1 else tone)
        draw_lines(painter, geometry.diced(portion) if covers else portion)
        yield


def _told_apart(lines: Floats, style: WireStyle) -> tuple[Floats, bool]:
    """What of these lines is painted: all, but of a crowd of pixels those that can be told apart; and whether
    they are so many that they are cut up first."""
    if len(lines) <= CROWD or style.vector:
        return lines, False
    clip = style.clip
    told = geometry.thinned(lines, clip)
    ways = np.abs(told[:, 2:] - told[:, :2])
    pixels = float(np.maximum(ways[:, 0], ways[:, 1]).sum())
    # Cutting them up takes longer than painting them unless they would fill a quarter of the view.
    return told, 4 * pixels > (clip[2] - clip[0]) * (clip[3] - clip[1])


def _tone(inks: Inks, kind: Flow, error: bool) -> QColor:
    """The colour of a wire; one that is taken when a step fails has the colour of failure."""
    return inks.failed if error and kind in (Flow.PLAIN, Flow.TAKEN) else inks.flow[kind]


def _draw_group(
    painter: QPainter,
    inks: Inks,
    kind: Flow,
    points: Floats,
    down: Mask,
    style: WireStyle,
    width: float,
    colour: QColor | None = None,
) -> None:
    width *= style.zoom
    width = width if width >= _FINE else 1.0
    dash = DASHES.get(kind, ())
    for error in (False, True):
        chosen = points[down == error]
        if not len(chosen):
            continue
        tone = colour or _tone(inks, kind, error)
        if not dash:
            pen = stroke(tone, width)
            # Few, and those with bends, in one stroke: where separate ones meet, a fine wire looks dotted.
            if style.seen <= FEW or chosen.shape[1] > style.segments + 1:
                painter.setPen(pen)
                _draw_whole(painter, geometry.touching(chosen, style.clip))
                continue
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            painter.setPen(pen)
            draw_lines(painter, geometry.clipped(geometry.segments_of(chosen), style.clip))
            continue
        offset = -style.turn * sum(dash) if kind is Flow.FLOWING else 0.0
        pen = stroke(tone, width, dash, offset)
        if kind is not Flow.FLOWING:
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        _draw_whole(painter, geometry.touching(chosen, style.clip))


def _draw_whole(painter: QPainter, points: Floats) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for line in points.tolist():
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in line]))


def _draw_chevrons(painter: QPainter, inks: Inks, points: Floats, zoom: float) -> None:
    """A small arrow in the middle of each wire that was taken: told from the others without colour."""
    middle = points.shape[1] // 2
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(inks.flow[Flow.TAKEN])
    here = points[:, middle]
    along = points[:, middle + 1] - points[:, middle - 1]
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-6)[:, None]
    across = along[:, ::-1] * (-1, 1)
    size = 5.0 * zoom
    tip, back = here + along * size, here - along * size
    for a, b, c in zip(
        tip.tolist(), (back + across * size).tolist(), (back - across * size).tolist(), strict=True
    ):
        painter.drawPolygon(QPolygonF([QPointF(*a), QPointF(*b), QPointF(*c)]))


def curve(start: tuple[float, float], end: tuple[float, float], *, down: bool = False) -> QPainterPath:
    """One wire as a path, in scene pixels: the one that is being drawn."""
    return path(geometry.controls(np.array([[*start, *end]]), np.array([down])))


def path(curves: Floats) -> QPainterPath:
    """Cubics that follow each other, ``(pieces, 4, 2)``, as a path."""
    made = QPainterPath(QPointF(*curves[0, 0].tolist()))
    for _, first, second, end in curves.tolist():
        made.cubicTo(QPointF(*first), QPointF(*second), QPointF(*end))
    return made
