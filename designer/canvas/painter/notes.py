"""Paints comments: paper behind wires and cards, with Markdown on it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, QUrl
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QPainter,
    QPalette,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
)

from designer.canvas.notes import Notes, box_of
from designer.canvas.painter.inks import Inks, stroke
from designer.theme import fonts, tokens
from engine.model.comments import Comment

PAD = 12.0
HANDLE = 14.0
"""The corner that resizes, in scene pixels."""
_RADIUS = 8.0
_READABLE = 0.35
_Feature = QTextDocument.MarkdownFeature


class _Page(QTextDocument):
    """Words only: a drawing that somebody sent loads nothing from disk or net."""

    def loadResource(self, type: int, name: QUrl | str) -> None:
        return None


class NotePainter:
    """Keeps laid-out pages, so that a comment that stays the same costs one call a frame."""

    def __init__(self, inks: Inks) -> None:
        self._inks = inks
        self._pages: dict[tuple[str, float], QTextDocument] = {}
        theme = inks.theme
        self._paper = QColor(theme.tint["paused"])
        self._edge = QColor(theme.status["paused"])
        self._edge.setAlphaF(0.45)
        self._palette = QPalette()
        self._palette.setColor(QPalette.ColorRole.Text, inks.text)
        self._palette.setColor(QPalette.ColorRole.Link, inks.accent)

    def paint(
        self, painter: QPainter, notes: Notes, area: QRectF, zoom: float, chosen: frozenset[str]
    ) -> None:
        """Draw what touches the area, under a painter that maps scene to device pixels."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for comment in notes.shown:
            box = box_of(comment)
            if comment.id != notes.hidden and box.adjusted(-8, -8, 8, 8).intersects(area):
                self._paint_one(painter, comment, box, zoom, comment.id in chosen)

    def height(self, text: str, width: float) -> float:
        """How high a comment must be for all of its text to be seen."""
        return float(self._page(text, width - 2 * PAD).size().height()) + 2 * PAD

    def _paint_one(self, painter: QPainter, comment: Comment, box: QRectF, zoom: float, chosen: bool) -> None:
        painter.setPen(stroke(self._edge, 1.25))
        painter.setBrush(self._paper)
        painter.drawRoundedRect(box, _RADIUS, _RADIUS)
        if zoom >= _READABLE:
            self._write(painter, comment, box)
        if chosen:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(stroke(self._inks.accent, tokens.RING_W / min(1.0, max(zoom, 0.2))))
            gap = float(tokens.RING_GAP)
            painter.drawRoundedRect(box.adjusted(-gap, -gap, gap, gap), _RADIUS + gap, _RADIUS + gap)
            painter.setPen(stroke(self._edge, 1.5))
            for inset in (4.0, 8.0):
                corner = box.bottomRight() - QPointF(3, 3)
                painter.drawLine(corner - QPointF(inset, 0), corner - QPointF(0, inset))

    def _write(self, painter: QPainter, comment: Comment, box: QRectF) -> None:
        page = self._page(comment.text, box.width() - 2 * PAD)
        context = QAbstractTextDocumentLayout.PaintContext()
        context.palette = self._palette
        painter.save()
        painter.translate(box.left() + PAD, box.top() + PAD)
        room = QRectF(0, 0, box.width() - 2 * PAD, box.height() - 1.5 * PAD)
        painter.setClipRect(room, Qt.ClipOperation.IntersectClip)
        context.clip = room
        page.documentLayout().draw(painter, context)
        painter.restore()

    def _page(self, text: str, width: float) -> QTextDocument:
        page = self._pages.get((text, width))
        if page is None:
            if len(self._pages) > 500:
                self._pages.clear()  # resizing lays a page out for each width on the way
            page = _Page()
            page.setDocumentMargin(0)
            page.setDefaultFont(fonts.sans(tokens.BODY_PX, drawn=True))
            page.setMarkdown(text, _Feature.MarkdownDialectGitHub | _Feature.MarkdownNoHTML)
            page.setIndentWidth(18)
            spaced = QTextBlockFormat()
            spaced.setBottomMargin(5)
            cursor = QTextCursor(page)
            cursor.select(QTextCursor.SelectionType.Document)
            cursor.mergeBlockFormat(spaced)
            page.setTextWidth(max(width, 20.0))
            self._pages[text, width] = page
        return page
