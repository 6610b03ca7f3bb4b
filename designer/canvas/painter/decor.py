"""What is painted on and around single cards: rings, ports, plus, progress, the answer button."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from designer.canvas import geometry, looks
from designer.canvas.geometry import Floats, Mask, Rows
from designer.canvas.painter import badges
from designer.canvas.painter.cards import outline
from designer.canvas.painter.inks import Inks, stroke
from designer.canvas.scene import Scene
from designer.theme.tokens import BADGE, CARD_H, CARD_W, PLUS_D, PLUS_LEN, RING_GAP, RING_W
from engine.history.step_state import StepState

if TYPE_CHECKING:
    from designer.canvas.painter.layer import Attention


def draw_rings(painter: QPainter, inks: Inks, scene: Scene, seen: Attention, rows: Rows, zoom: float) -> None:
    """The ring of what is selected, and the dashed one of what has the keyboard; cards go on top."""
    if not seen.nodes and seen.focused < 0 and not seen.warm:
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    width = max(RING_W, 1.5 / zoom)
    gap = RING_GAP + width / 2
    visible = rows.tolist()
    if seen.nodes:
        painter.setPen(stroke(inks.accent, width))
        for row in visible:
            if row in seen.nodes:
                painter.drawPath(outline(scene.card(row), bool(scene.trigger[row]), gap))
    if 0 <= seen.focused < len(scene.ids) and scene.frames.card_of(seen.focused) is None:
        painter.setPen(stroke(inks.accent, width * 0.75, (4.0, 3.0)))
        both = 2.5 + width if seen.focused in seen.nodes else 0.0
        painter.drawPath(outline(scene.card(seen.focused), bool(scene.trigger[seen.focused]), gap + both))
    for row, share in seen.warm.items():
        if row < len(scene.ids) and row not in seen.nodes and scene.frames.card_of(row) is None:
            painter.setOpacity(share)
            painter.setPen(stroke(inks.accent, 3.0))  # the card covers the inner half
            painter.drawPath(outline(scene.card(row), bool(scene.trigger[row]), 0.5))
            painter.setOpacity(1.0)


def ports(scene: Scene, rows: Rows, seen: Attention) -> tuple[Floats, Mask]:
    """Where ports are and which are connected. Error ports show once they are used, or on attention."""
    xy = scene.xy[rows]
    takes = ~scene.trigger[rows]
    noticed = np.array([row in seen.plus_for for row in rows.tolist()], bool)
    single = scene.outputs[rows] == 1
    fails = scene.has_error[rows] | noticed
    places = [
        xy[takes] + geometry.IN_OFFSET,
        xy[single] + geometry.output_offset(0, 1),
        xy[fails] + geometry.ERROR_OFFSET,
    ]
    filled = [scene.has_input[rows][takes], scene.has_output[rows][single], scene.has_error[rows][fails]]
    for row in rows[~single].tolist():
        count = int(scene.outputs[row])
        places.append(scene.xy[row] + np.array([geometry.output_offset(i, count) for i in range(count)]))
        filled.append(np.full(count, bool(scene.has_output[row])))
    return np.concatenate(places), np.concatenate(filled)


def plus_box(scene: Scene, row: int, index: int = 0) -> QRectF:
    """The "+" at the end of an output's stub."""
    x, y = scene.port(row, "output", index)
    return QRectF(x + PLUS_LEN, y - PLUS_D / 2, PLUS_D, PLUS_D)


def draw_plus(painter: QPainter, inks: Inks, scene: Scene, seen: Attention) -> None:
    """A stub with "+" at every output that leads nowhere, on the cards that have attention."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for row in () if seen.is_wiring else seen.plus_for:
        if row >= len(scene.ids) or scene.has_output[row] or scene.frames.card_of(row) is not None:
            continue
        for index in range(int(scene.outputs[row])):
            box = plus_box(scene, row, index)
            centre = box.center()
            painter.setPen(stroke(inks.wire, 1.5))
            painter.drawLine(QPointF(box.left() - PLUS_LEN + 7, centre.y()), QPointF(box.left(), centre.y()))
            painter.setBrush(inks.card)
            painter.drawRoundedRect(box.adjusted(0.75, 0.75, -0.75, -0.75), 6, 6)
            painter.setPen(stroke(inks.wire, 1.75))
            painter.drawLine(QPointF(centre.x() - 4.5, centre.y()), QPointF(centre.x() + 4.5, centre.y()))
            painter.drawLine(QPointF(centre.x(), centre.y() - 4.5), QPointF(centre.x(), centre.y() + 4.5))


def draw_progress(painter: QPainter, inks: Inks, at: tuple[float, float], step: StepState) -> None:
    """The 4 px bar of a running step that says how far it is."""
    if step.progress is None:
        return
    track = QRectF(at[0] + geometry.TEXT_X, at[1] + CARD_H - 10, geometry.TEXT_W, 4)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(inks.small_tint[looks.Look.RUNNING])
    painter.drawRoundedRect(track, 2, 2)
    track.setWidth(max(4.0, track.width() * min(1.0, max(0.0, step.progress))))
    painter.setBrush(inks.running)
    painter.drawRoundedRect(track, 2, 2)


def draw_attempt(painter: QPainter, inks: Inks, centre: QPointF, step: StepState) -> None:
    """The badge of a step that waits for another try."""
    badges.draw_count(painter, inks, centre, BADGE, looks.attempt_text(step))


def answer_box(at: tuple[float, float] | list[float]) -> QRectF:
    """The *Answer...* button of the card at this place."""
    x, y, width, height = geometry.ANSWER
    return QRectF(at[0] + x, at[1] + y, width, height)


def draw_answer(painter: QPainter, inks: Inks, at: list[float], text: str = "Answer…") -> None:
    """The button that hangs from a card that needs a person."""
    box = answer_box(at)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(inks.paused)
    painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
    painter.setPen(inks.glyph)
    painter.setFont(inks.button)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def draw_ghost(painter: QPainter, inks: Inks, at: tuple[float, float], *, trigger: bool) -> None:
    """Where a card will be put down."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(inks.card)
    painter.setOpacity(0.75)
    painter.setPen(stroke(inks.accent, 1.5, (4.0, 3.0)))
    painter.drawPath(outline(QRectF(at[0], at[1], CARD_W, CARD_H), trigger))
    painter.setOpacity(1.0)
