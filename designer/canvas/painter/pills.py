"""The pills in the middle of wires: when each is taken, and after a run whether it was."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QTransform

from designer.canvas.geometry import Box
from designer.canvas.looks import Flow, Look
from designer.canvas.painter.arrays import draw_copies
from designer.canvas.painter.inks import Inks, stroke
from designer.canvas.painter.kept import CardCache
from designer.canvas.painter.labels import Words
from designer.canvas.painter.wires import flows
from designer.canvas.scene import Scene
from designer.canvas.wire_rows import pill_text

if TYPE_CHECKING:
    from designer.canvas.painter.layer import Attention

PILL_H = 20.0
PILL_MAX = 168.0
_EDGE = 2.0
"""Room around a pill for its border."""


@dataclass(frozen=True, slots=True)
class Pill:
    """What is to be seen on one, and nothing else of its wire."""

    text: str
    flow: Flow
    is_error: bool
    is_plain: bool
    """The text is no condition."""
    is_lit: bool


def pill_box(inks: Inks, text: str, middle: tuple[float, float], *, marked: bool) -> QRectF:
    """The pill's place around the middle of its wire, in scene pixels."""
    width = min(PILL_MAX, inks.pill_width(text) + 20 + (16 if marked else 0))
    return QRectF(middle[0] - width / 2, middle[1] - PILL_H / 2, width, PILL_H)


def draw_pills(
    painter: QPainter,
    inks: Inks,
    words: Words,
    kept: CardCache,
    scene: Scene,
    seen: Attention,
    box: Box,
    transform: QTransform,
) -> None:
    """Draw the pills in the box: most say what others say too, and are copies of one picture."""
    rows = scene.wires.in_box(box, 100.0)
    rows = rows[scene.wires.labelled[rows]]
    if not len(rows):
        return
    area = QRectF(QPointF(box[0], box[1]), QPointF(box[2], box[3])).adjusted(-2, -2, 2, 2)
    lit = seen.wires | {seen.hovered_wire}
    shown = flows(scene, rows).tolist()
    said = (scene.wires.flow[rows] != int(Flow.PLAIN)).tolist()
    middles = scene.wires.middles(rows).tolist()
    found: list[tuple[Pill, QRectF]] = []
    for row, middle, flow, decided in zip(rows.tolist(), middles, shown, said, strict=True):
        connection = scene.wire(row)
        text = pill_text(scene.workflow, connection)
        place = pill_box(inks, text, (middle[0], middle[1]), marked=decided)
        if place.intersects(area):
            kind = Flow(int(flow)) if decided else Flow.PLAIN
            is_error = connection.on == "error"
            found.append((Pill(text, kind, is_error, not connection.condition, row in lit), place))
    if words.vector:
        for pill, place in found:
            draw_pill(painter, inks, words, pill, place)
        return
    painter.setWorldTransform(QTransform())
    _copy(painter, inks, words, kept, found, transform)
    painter.setWorldTransform(transform)


def _copy(
    painter: QPainter,
    inks: Inks,
    words: Words,
    kept: CardCache,
    pills: list[tuple[Pill, QRectF]],
    transform: QTransform,
) -> None:
    """Copy the pictures of these pills, each to all its places in one call."""
    zoom, dx, dy = transform.m11(), transform.dx(), transform.dy()
    places: dict[Pill, list[tuple[float, float]]] = {}
    sizes = {pill: place.size() for pill, place in pills}
    for pill, place in pills:
        left, top = (place.left() - _EDGE) * zoom + dx, (place.top() - _EDGE) * zoom + dy
        places.setdefault(pill, []).append((round(left), round(top)))
    for pill, corners in places.items():
        size = sizes[pill]
        pixmap = kept.picture(
            pill,
            size.width() + 2 * _EDGE,
            size.height() + 2 * _EDGE,
            partial(draw_pill, inks=inks, words=words, pill=pill, box=QRectF(QPointF(_EDGE, _EDGE), size)),
        )
        half = pixmap.deviceIndependentSize() / 2
        middle = np.array((half.width(), half.height()))
        draw_copies(painter, pixmap, np.array(corners) + middle)


def draw_pill(painter: QPainter, inks: Inks, words: Words, pill: Pill, box: QRectF) -> None:
    """Draw a pill there; after the decision it begins with a tick or a cross."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    flow, is_lit = pill.flow, pill.is_lit
    edge = inks.accent if is_lit else inks.failed if pill.is_error else inks.border
    edge = inks.paused if flow is Flow.BROKEN and not is_lit else edge
    dash = (3.0, 2.0) if flow is Flow.DEAD and not is_lit else ()
    painter.setPen(stroke(edge, 1.5 if is_lit else 1.0, dash))
    painter.setBrush(inks.card)
    painter.drawRoundedRect(box, PILL_H / 2, PILL_H / 2)
    left = box.left() + 10
    middle = box.center().y()
    # The condition of a poisoned wire was never looked at: something before it failed.
    if flow in (Flow.TAKEN, Flow.FLOWING):
        painter.setPen(stroke(inks.status[Look.COMPLETED], 1.8))
        corner = QPointF(left + 3.4, middle + 3.4)
        painter.drawLine(QPointF(left + 0.2, middle + 0.4), corner)
        painter.drawLine(corner, QPointF(left + 9, middle - 3.4))
        left += 15
    elif flow is Flow.DEAD:
        painter.setPen(stroke(inks.failed, 1.8))
        painter.drawLine(QPointF(left + 1, middle - 3.2), QPointF(left + 7.4, middle + 3.2))
        painter.drawLine(QPointF(left + 1, middle + 3.2), QPointF(left + 7.4, middle - 3.2))
        left += 15
    elif flow is Flow.BROKEN:
        painter.setPen(stroke(inks.paused, 1.8))
        painter.drawLine(QPointF(left + 4, middle - 4.2), QPointF(left + 4, middle + 0.6))
        painter.drawPoint(QPointF(left + 4, middle + 4.0))
        left += 11
    room = QRectF(left, box.top(), box.right() - 9 - left, PILL_H)
    painter.setPen(inks.failed if pill.is_error and pill.is_plain else inks.text2)
    shown = pill.text
    if inks.pill_width(shown) > room.width() + 1:
        shown = inks.pill_metrics.elidedText(shown, Qt.TextElideMode.ElideRight, room.width() + 1)
    top = room.top() + (room.height() - inks.pill_metrics.height()) / 2
    words.draw(painter, words.pill, [(QPointF(room.left(), top), shown)])
