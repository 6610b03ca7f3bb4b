"""What a state adds to single cards: spinner, progress, pin, breakpoint, button, warning."""

from __future__ import annotations

import time

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from designer.canvas.geometry import Rows
from designer.canvas.looks import MOVES, Look
from designer.canvas.painter import badges, decor
from designer.canvas.painter.cards import BADGE_AT
from designer.canvas.painter.inks import Inks
from designer.canvas.scene import Scene
from designer.theme import tokens
from designer.theme.tokens import BADGE, CARD_H


def draw_marks(painter: QPainter, inks: Inks, scene: Scene, rows: Rows, turn: float, *, moves: bool) -> None:
    """Draw what a state adds to these cards; ``turn`` says how far spinners have come, if anything moves."""
    look = scene.look[rows]
    now = time.monotonic()
    for row in rows[MOVES[look]].tolist():
        x, y = scene.xy[row].tolist()
        step = scene.marks.steps[scene.ids[row]]
        centre = QPointF(x, y) + BADGE_AT
        if scene.look[row] == Look.RETRYING:
            decor.draw_attempt(painter, inks, centre, step)
            continue
        if not moves or now - scene.marks.since[scene.ids[row]] >= tokens.SPINNER_DELAY_MS / 1000:
            size = badges.spinner_size(painter.worldTransform().m11())
            badges.draw_spinner(painter, inks, centre, size, turn)
        decor.draw_progress(painter, inks, (x, y), step)
    listed = rows.tolist()
    facts = [scene.facts[row] for row in listed]
    for row in [row for row, fact in zip(listed, facts, strict=True) if fact.pinned]:
        x, y = scene.xy[row].tolist()
        centre = QPointF(x, y) + BADGE_AT
        alone = scene.look[row] == Look.IDLE and scene.ids[row] not in scene.marks.problems
        beside = 0.0 if alone else BADGE + 4.0
        badges.draw_pin(painter, inks, centre - QPointF(beside, 0.0), BADGE)
    for row in [row for row, fact in zip(listed, facts, strict=True) if fact.stops]:
        x, y = scene.xy[row].tolist()
        badges.draw_breakpoint(painter, inks, QPointF(x, y + CARD_H / 2))
    for row in rows[look == Look.NEEDS_INPUT].tolist():
        text = "Fix…" if scene.ids[row] in scene.marks.incidents else "Answer…"
        decor.draw_answer(painter, inks, scene.xy[row].tolist(), text)
    for row in listed if scene.marks.problems else ():
        problem = scene.marks.problems.get(scene.ids[row])
        if problem is not None and scene.look[row] == Look.IDLE:
            x, y = scene.xy[row].tolist()
            centre = QPointF(x, y) + BADGE_AT
            count = scene.marks.problem_counts.get(scene.ids[row], 1)
            badges.draw_warning(painter, inks, centre, BADGE, error=problem.severity == "error", count=count)
