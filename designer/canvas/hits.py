"""What lies under a place on the canvas: scans over the arrays, no tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from designer.canvas import geometry
from designer.canvas.geometry import Rows
from designer.canvas.looks import ASKING
from designer.canvas.painter import decor, pills
from designer.canvas.painter.inks import Inks
from designer.canvas.painter.layer import FULL, SMALL
from designer.canvas.scene import Scene
from designer.canvas.wire_rows import pill_text
from designer.theme.tokens import CARD_H, CARD_W, PORT_HIT, WIRE_HIT

Kind = Literal["nothing", "answer", "plus", "input", "output", "error", "node", "group", "wire", "bend"]
BEND_HIT = 9.0
"""How far from a bend it can be taken hold of, in pixels of the screen."""


@dataclass(frozen=True, slots=True)
class Hit:
    """The topmost thing at a place; ``row`` is a node's, or a wire's for kinds wire and bend.

    ``index`` is a port's or a bend's. Kind group is the card of a folded group, ``row`` one of its nodes'.
    """

    kind: Kind = "nothing"
    row: int = -1
    index: int = 0


NOTHING = Hit()


def hit(scene: Scene, inks: Inks, at: QPointF, zoom: float, noticed: frozenset[int]) -> Hit:
    """What is at the scene point. ``noticed`` rows show their plus and their error port."""
    x, y = at.x(), at.y()
    if zoom >= FULL:
        found = _on_edges(scene, x, y, noticed)
        if found is not None:
            return found
    row = card_at(scene, x, y)
    if row >= 0:
        return Hit("node", row)
    folded = scene.frames.card_at(scene.xy, at)
    if folded is not None:
        return Hit("group", folded.rows[0])
    bend = bend_at(scene, at, zoom)
    if bend >= 0:
        return Hit("bend", int(scene.wires.point_wire[bend]), int(scene.wires.point_index[bend]))
    row = wire_at(scene, inks, at, zoom)
    return Hit("wire", row) if row >= 0 else NOTHING


def bend_at(scene: Scene, at: QPointF, zoom: float) -> int:
    """The nearest bend within reach, by its place among all of them, or -1."""
    places = scene.wires.points
    if not len(places) or zoom < SMALL:
        return -1
    gaps = np.abs(places - (at.x(), at.y())).max(axis=1)
    if scene.wires.open_bends is not None:
        gaps[~scene.wires.open_bends] = np.inf
    best = int(gaps.argmin())
    return best if gaps[best] <= BEND_HIT / zoom else -1


def card_at(scene: Scene, x: float, y: float, reach: float = 0.0) -> int:
    """The topmost card at this place, or -1."""
    xy = scene.xy
    inside = (
        (xy[:, 0] - reach <= x)
        & (x <= xy[:, 0] + CARD_W + reach)
        & (xy[:, 1] - reach <= y)
        & (y <= xy[:, 1] + CARD_H + reach)
    )
    rows = scene.frames.visible(np.flatnonzero(inside))
    return int(rows[-1]) if len(rows) else -1


def wire_at(scene: Scene, inks: Inks, at: QPointF, zoom: float) -> int:
    """The wire, or the pill, nearest to this place within reach, or -1."""
    reach = WIRE_HIT / 2 / max(zoom, 0.5)
    near = scene.wires.in_box((at.x(), at.y(), at.x(), at.y()), max(reach, pills.PILL_MAX / 2))
    if not len(near):
        return -1
    pill = _pill_at(scene, inks, near, at) if zoom >= FULL else -1
    if pill >= 0:
        return pill
    gaps = np.empty(len(near))
    for places, points in scene.wires.sampled(near, 24):
        gaps[places] = geometry.distances(points, at.x(), at.y())
    best = int(gaps.argmin())
    return int(near[best]) if gaps[best] <= reach else -1


def _pill_at(scene: Scene, inks: Inks, near: Rows, at: QPointF) -> int:
    rows = near[scene.wires.labelled[near]]
    middles = scene.wires.middles(rows).tolist()
    for row, middle in zip(rows.tolist(), middles, strict=True):
        decided = bool(scene.wires.flow[row])
        text = pill_text(scene.workflow, scene.wire(row))
        if pills.pill_box(inks, text, (middle[0], middle[1]), marked=decided).contains(at):
            return int(row)
    return -1


def _on_edges(scene: Scene, x: float, y: float, noticed: frozenset[int]) -> Hit | None:
    """Buttons and ports, which stand out of the cards."""
    near = scene.cards_in((x, y, x, y)).tolist()[::-1]
    for row in near:
        if scene.look[row] in ASKING and decor.answer_box(scene.xy[row].tolist()).contains(QPointF(x, y)):
            return Hit("answer", row)
    for row in near:
        if row in noticed and not scene.has_output[row]:
            for index in range(int(scene.outputs[row])):
                if decor.plus_box(scene, row, index).adjusted(-4, -4, 4, 4).contains(QPointF(x, y)):
                    return Hit("plus", row, index)
    best: tuple[float, Hit] | None = None
    for row in near:
        for found in _ports(scene, row, noticed):
            px, py = scene.port(row, found.kind, found.index)
            gap = max(abs(px - x), abs(py - y))
            if gap <= PORT_HIT / 2 and (best is None or gap < best[0]):
                best = (gap, found)
    return best[1] if best else None


def _ports(scene: Scene, row: int, noticed: frozenset[int]) -> list[Hit]:
    found: list[Hit] = [Hit("output", row, index) for index in range(int(scene.outputs[row]))]
    if not scene.trigger[row]:
        found.append(Hit("input", row))
    if scene.has_error[row] or row in noticed:
        found.append(Hit("error", row))
    return found


def nodes_in(scene: Scene, area: QRectF) -> list[int]:
    """Rows of the cards that touch the area; a folded group's card stands for all of its nodes."""
    found: list[int] = geometry.cards_touching(scene.xy, geometry.as_box(area)).tolist()
    return found


def wires_in(scene: Scene, area: QRectF) -> list[int]:
    """Rows of the wires that pass through the area."""
    left, top, right, bottom = geometry.as_box(area)
    rows = scene.wires.in_box((left, top, right, bottom), 0.0)
    if not len(rows):
        return []
    inside = np.zeros(len(rows), bool)
    for places, points in scene.wires.sampled(rows, 24):
        x, y = points[..., 0], points[..., 1]
        inside[places] = ((x >= left) & (x <= right) & (y >= top) & (y <= bottom)).any(axis=1)
    return [int(row) for row in rows[inside]]


def bends_in(scene: Scene, area: QRectF) -> list[tuple[str, int]]:
    """The bends that lie in the area: whose they are, and the how manieth."""
    wires = scene.wires
    left, top, right, bottom = geometry.as_box(area)
    x, y = wires.points[:, 0], wires.points[:, 1]
    inside = (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
    if wires.open_bends is not None:
        inside &= wires.open_bends
    found = np.flatnonzero(inside)
    return [(wires.ids[wires.point_wire[bend]], int(wires.point_index[bend])) for bend in found]


def input_port_near(scene: Scene, at: QPointF) -> Hit:
    """The card under the place, or the input port within snapping distance: where a wire may end."""
    row = card_at(scene, at.x(), at.y(), PORT_HIT / 2)
    return Hit("node", row) if row >= 0 else NOTHING
