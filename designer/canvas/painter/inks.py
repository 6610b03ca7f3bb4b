"""Pens, brushes and fonts of the canvas, made once a theme: a QPen costs as much as drawing a line."""

from __future__ import annotations

from functools import cached_property

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPen

from designer.canvas.looks import STYLES, Flow, Look
from designer.theme import fonts, tokens
from designer.theme.theme import Theme

_KEPT = 6000


class Inks:
    """Everything the painters draw with, in one theme."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self._pill_widths: dict[str, float] = {}
        self.canvas = QColor(theme.canvas)
        self.dots = QColor(theme.dots)
        self.card = QColor(theme.card)
        self.border = QColor(theme.border)
        self.text = QColor(theme.text)
        self.text2 = QColor(theme.text2)
        self.accent = QColor(theme.accent)
        self.wire = QColor(theme.wire)
        self.glyph = QColor(theme.glyph)
        self.failed = QColor(theme.status["failed"])
        self.running = QColor(theme.status["running"])
        self.running_track = _faded(self.running, 0.38)
        self.paused = QColor(theme.status["paused"])
        self.veil = _faded(self.canvas, 0.62)
        self.halo = _faded(self.accent, 0.22)
        self.shadow = QColor(0, 0, 0, 90 if theme.is_dark else 34)
        self.status = {look: QColor(theme.status[style.status]) for look, style in STYLES.items()}
        self.tint = {
            look: QColor(theme.tint[style.tint]) if style.tint else self.card
            for look, style in STYLES.items()
        }
        self.small_tint = {
            look: QColor(theme.tint[style.small_tint]) if style.small_tint else self.card
            for look, style in STYLES.items()
        }
        self.flow = {
            Flow.PLAIN: self.wire,
            Flow.TAKEN: QColor(theme.status["success"]),
            Flow.DEAD: self.wire,
            Flow.POISONED: self.failed,
            Flow.FLOWING: self.running,
            Flow.BROKEN: self.paused,
        }

    def edge(self, look: Look) -> QColor:
        """The colour of a card's border."""
        return self.status[look] if STYLES[look].outlined else self.border

    def category(self, name: str) -> QColor:
        return QColor(self.theme.category[name])

    @cached_property
    def title(self) -> QFont:
        return fonts.sans(tokens.TITLE_PX, tokens.TITLE_WEIGHT, drawn=True)

    @cached_property
    def sub(self) -> QFont:
        return fonts.sans(tokens.SUB_PX, drawn=True)

    @cached_property
    def caption(self) -> QFont:
        return fonts.tabular(tokens.CAPTION_PX, drawn=True)

    @cached_property
    def strong_caption(self) -> QFont:
        return fonts.sans(tokens.CAPTION_PX, 600, drawn=True)

    @cached_property
    def pill(self) -> QFont:
        return fonts.mono(tokens.CAPTION_PX, drawn=True)

    @cached_property
    def button(self) -> QFont:
        return fonts.sans(tokens.SUB_PX, 700, drawn=True)

    @cached_property
    def title_metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self.title)

    @cached_property
    def sub_metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self.sub)

    def pill_width(self, text: str) -> float:
        """How wide the words of a pill are; measured once, since painting and hitting ask all the time."""
        found = self._pill_widths.get(text)
        if found is None:
            if len(self._pill_widths) > _KEPT:
                self._pill_widths.clear()
            found = self._pill_widths[text] = self.pill_metrics.horizontalAdvance(text)
        return found

    @cached_property
    def pill_metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self.pill)


def stroke(color: QColor, width: float, dash: tuple[float, ...] = (), offset: float = 0.0) -> QPen:
    """A pen with round ends; ``dash`` in multiples of the width."""
    pen = QPen(color, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap if not dash else Qt.PenCapStyle.FlatCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if dash:
        pen.setDashPattern(list(dash))
        pen.setDashOffset(offset)
    return pen


def _faded(colour: QColor, share: float) -> QColor:
    paler = QColor(colour)
    paler.setAlphaF(share)
    return paler
