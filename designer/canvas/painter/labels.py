"""Words on the canvas: titles, second lines, row counts. Laid out once, then drawn as glyphs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import starmap

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QGlyphRun, QPainter, QTextLayout, QTransform

from designer.canvas import geometry
from designer.canvas.looks import Look
from designer.canvas.painter.cards import MARGIN
from designer.canvas.painter.inks import Inks, stroke
from designer.canvas.scene import Scene
from designer.theme.tokens import CARD_H

_KEPT = 6000
_SIZES = 32
"""Sizes of letters from one zoom to its double, half as many up to this one:"""
_LARGE = 0.72
_FAILED = int(Look.FAILED)


class Laid(dict[str, list[QGlyphRun]]):
    """Texts of one font as glyphs; a text is laid out when it is first asked for.

    Glyphs and not ``QStaticText``, which lays every text out anew at every zoom: the same pixels took
    twice as long while zooming.
    """

    def __init__(self, font: QFont, metrics: QFontMetricsF | None = None) -> None:
        """With metrics, what is too wide for a card is cut."""
        super().__init__()
        self.font = font
        self._metrics = metrics

    def __missing__(self, text: str) -> list[QGlyphRun]:
        if len(self) > _KEPT:
            self.clear()
        runs = self[text] = self.layout(text).glyphRuns()
        return runs

    def layout(self, text: str) -> QTextLayout:
        """The text as it is shown, in one line at the origin."""
        if self._metrics is not None:
            text = self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, geometry.TEXT_W)
        made = QTextLayout(text, self.font)
        made.beginLayout()
        made.createLine().setNumColumns(len(text))
        made.endLayout()
        return made


class Words:
    """Elided texts, ready to be drawn. Positions are scene pixels: the painter is scaled.

    ``vector``: write them as text, into a picture made of lines.
    """

    def __init__(self, inks: Inks) -> None:
        self.vector = False
        self.title = Laid(inks.title, inks.title_metrics)
        self.sub = Laid(inks.sub, inks.sub_metrics)
        self.caption = Laid(inks.caption)
        self.pill = Laid(inks.pill)

    def draw(self, painter: QPainter, laid: Laid, texts: Iterable[tuple[QPointF, str]]) -> None:
        """Draw each text with its top left corner there, in the colour of the pen."""
        if self.vector:
            painter.setFont(laid.font)
            for at, text in texts:
                laid.layout(text).draw(painter, at)
            return
        draw = painter.drawGlyphRun
        for at, text in texts:
            for run in laid[text]:
                draw(at, run)


def lettered(zoom: float) -> float:
    """The zoom at which letters are drawn: the nearest of those that are a fiftieth apart, or a twenty-fifth.

    Letters are painted anew for every size, which takes longer than everything else on the cards. The end of
    a title is out of its place by two pixels at most; at 50, 100 and 200 % nothing is.
    """
    sizes = _SIZES if zoom > _LARGE else _SIZES / 2
    return zoom if zoom > 2.0 else float(2.0 ** (round(math.log2(zoom) * sizes) / sizes))


def draw_words(
    painter: QPainter, inks: Inks, words: Words, scene: Scene, rows: list[int], transform: QTransform
) -> None:
    """Titles, second lines and row counts of these cards; one pass a colour, since changing it costs.

    As the cards they stand on they begin at whole pixels, so that a word looks the same on all of them.
    """
    zoom, size, corners = transform.m11(), transform.m11(), scene.xy[rows]
    if not words.vector:
        size = lettered(zoom)
        corners = np.round((corners - MARGIN) * zoom + (transform.dx(), transform.dy())) + MARGIN * zoom
        corners /= size
        transform = QTransform.fromScale(size, size)
    painter.setWorldTransform(transform)
    share = zoom / size
    facts = [scene.facts[row] for row in rows]
    line = np.array((geometry.TEXT_X, 13.0)) * share
    at = starmap(QPointF, (corners + line).tolist())
    titles = [(place, fact.label) for place, fact in zip(at, facts, strict=True)]
    painter.setPen(inks.text)
    off: list[tuple[QPointF, str]] = []
    if any(fact.disabled for fact in facts):
        off = [title for title, fact in zip(titles, facts, strict=True) if fact.disabled]
        titles = [title for title, fact in zip(titles, facts, strict=True) if not fact.disabled]
    words.draw(painter, words.title, titles)
    painter.setPen(inks.text2)
    words.draw(painter, words.title, off)
    for place, label in off:
        _strike(painter, inks, place, label)
    line = np.array((geometry.TEXT_X, 33.0)) * share
    at = starmap(QPointF, (corners + line).tolist())
    subtitles = list(zip(at, map(scene.subtitle, rows), strict=True))
    failed: list[tuple[QPointF, str]] = []
    # As plain numbers: to compare an array's number with an enumeration's member takes ten times as long.
    looks = scene.look[rows].tolist()
    if _FAILED in looks:
        failed = [each for each, look in zip(subtitles, looks, strict=True) if look == _FAILED]
        subtitles = [each for each, look in zip(subtitles, looks, strict=True) if look != _FAILED]
    words.draw(painter, words.sub, subtitles)
    painter.setPen(inks.failed)
    words.draw(painter, words.sub, failed)
    painter.setPen(inks.text2)
    words.draw(painter, words.caption, _captions(scene, rows, corners.tolist(), share))


def _captions(
    scene: Scene, rows: list[int], corners: list[list[float]], share: float
) -> list[tuple[QPointF, str]]:
    """How many rows came out, below the cards, and what several outputs are called, beside them."""
    found: list[tuple[QPointF, str]] = []
    for (x, y), row in zip(corners, rows, strict=True) if scene.marks.steps else ():
        label = scene.marks.row_label(scene.ids[row])
        if label:
            found.append((QPointF(x + 9 * share, y + (CARD_H + 6) * share), label))
    outputs = scene.outputs[rows].tolist()
    for (x, y), row, count in zip(corners, rows, outputs, strict=True):
        for index, port in enumerate(scene.type_of(row).outputs if count > 1 else ()):
            dx, dy = geometry.output_offset(index, count)
            found.append((QPointF(x + (dx + 11) * share, y + (dy - 16) * share), port.title or port.name))
    return found


def _strike(painter: QPainter, inks: Inks, at: QPointF, text: str) -> None:
    width = min(geometry.TEXT_W, inks.title_metrics.horizontalAdvance(text))
    middle = at.y() + inks.title_metrics.ascent() * 0.66
    painter.drawLine(QPointF(at.x(), middle), QPointF(at.x() + width, middle))


def draw_bubble(painter: QPainter, inks: Inks, text: str, place: QPointF, room: QRectF) -> None:
    """A note at the cursor, kept inside the viewport; in device pixels."""
    width = min(400.0, inks.sub_metrics.horizontalAdvance(text) + 28)
    wrapped = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft
    words = inks.sub_metrics.boundingRect(QRectF(0, 0, width - 26, 300), wrapped, text)
    box = QRectF(place.x() + 16, place.y() + 14, width, words.height() + 14)
    box.moveRight(min(box.right(), room.right() - 8))
    if box.bottom() > room.bottom() - 8:
        box.moveBottom(place.y() - 12)
    painter.setPen(stroke(inks.failed, 1.25))
    painter.setBrush(inks.tint[Look.FAILED])
    painter.drawRoundedRect(box, 7, 7)
    painter.setPen(inks.failed)
    painter.setFont(inks.sub)
    painter.drawText(box.adjusted(13, 7, -13, -7), wrapped, text)
