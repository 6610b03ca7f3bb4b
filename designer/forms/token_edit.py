"""One line of an expression: references drawn as tokens, completion, and the fault marked where it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QMimeData, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QCompleter, QPlainTextEdit, QTextEdit, QWidget

from designer.forms import completion
from designer.forms.context import Suggestion
from designer.theme import fonts
from designer.theme import theme as themes
from designer.theme.text_size import keep, length
from engine.errors import ExpressionError
from engine.expression.references import scan_reference

LINE_HEIGHT: Final = 30
_OPEN_REFERENCE: Final = re.compile(r"\$\{\s*([^\s}]*)\Z")
_WORD: Final = re.compile(r"[^\W\d][\w.]*\Z")
_COLOURED: Final = re.compile(
    r"""(?P<text>"[^"]*"?|'[^']*'?)|\b(?P<word>and|or|not|in|is|if|else|true|false|null)\b"""
)
_TOKEN_RADIUS: Final = 3.0
_KEYS_OF_LIST: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab, Qt.Key.Key_Escape)


@dataclass(frozen=True, slots=True)
class ReferenceSpan:
    """Where a `${...}` stands in a text, and the path in it (empty while it is being typed)."""

    start: int
    end: int
    path: str


def reference_spans(text: str) -> Iterator[ReferenceSpan]:
    """Every reference of the text, also one that is not finished."""
    start = text.find("${")
    while start >= 0:
        try:
            found = scan_reference(text, start)
            span = ReferenceSpan(start, found.end, str(found.path))
        except ExpressionError:
            close = text.find("}", start)
            span = ReferenceSpan(start, close + 1 if close >= 0 else len(text), "")
        yield span
        start = text.find("${", span.end)


class _Colours(QSyntaxHighlighter):
    """Colours references, quoted text and the words of the language."""

    def __init__(self, document: QTextDocument, is_missing: Callable[[str], bool], *, words: bool) -> None:
        super().__init__(document)
        self._is_missing = is_missing
        self._words = words

    def highlightBlock(self, text: str) -> None:
        theme = themes.current()
        if self._words:
            for match in _COLOURED.finditer(text):
                category = "output" if match.lastgroup == "text" else "transform"
                self._colour(match.start(), match.end(), theme.category[category])
        for span in reference_spans(text):
            missing = bool(span.path) and self._is_missing(span.path)
            self._colour(span.start, span.end, theme.status["paused"] if missing else theme.accent)

    def _colour(self, start: int, end: int, colour: str) -> None:
        shape = QTextCharFormat()
        shape.setForeground(QColor(colour))
        self.setFormat(start, end - start, shape)


class TokenEdit(QPlainTextEdit):
    """A line edit for expressions. `text_edited` follows a person's change, never `set_text`.

    `suggestions(inside)` gives what may stand at the cursor: inside a `${`, or outside of one.
    """

    text_edited = Signal(str)

    def __init__(
        self,
        suggestions: Callable[[bool], Sequence[Suggestion]],
        is_missing: Callable[[str], bool],
        parent: QWidget | None = None,
        *,
        is_language: bool = True,
    ) -> None:
        super().__init__(parent)
        self._suggestions = suggestions
        self._is_missing = is_missing
        self._completer: QCompleter | None = None
        self._shown = ""
        self.setProperty("variant", "mono")
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setWordWrapMode(QTextOption.WrapMode.NoWrap)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        keep(self, TokenEdit._fit)
        self.document().setDocumentMargin(1)
        self._colours = _Colours(self.document(), is_missing, words=is_language)
        self.textChanged.connect(self._on_text_changed)

    def _fit(self) -> None:
        self.setFixedHeight(length(LINE_HEIGHT))
        self.setFont(fonts.mono())

    def text(self) -> str:
        return self.toPlainText()

    def set_text(self, text: str) -> None:
        """Show a text; the cursor stays where it is if it is the same."""
        if text != self._shown:
            blocked = self.blockSignals(True)
            self.setPlainText(text)
            self.blockSignals(blocked)
            self._shown = self.text()  # a document has line breaks of one kind only

    def mark_fault(self, position: int | None) -> None:
        """Underline what begins at the position with a wave; None takes the mark away."""
        marks: list[QTextEdit.ExtraSelection] = []
        text = self.text()
        if position is not None and text:
            start = min(position, len(text) - 1)
            end = re.compile(r"\w+|.").match(text, start)
            mark = QTextEdit.ExtraSelection()
            cursor = QTextCursor(self.document())
            cursor.setPosition(start)
            cursor.setPosition(end.end() if end else start + 1, QTextCursor.MoveMode.KeepAnchor)
            mark.cursor = cursor
            shape = QTextCharFormat()
            shape.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
            shape.setUnderlineColor(QColor(themes.current().status["failed"]))
            mark.format = shape
            marks.append(mark)
        self.setExtraSelections(marks)

    def refresh(self) -> None:
        """Colour again: a value is not missing any more, or the theme has changed."""
        blocked = self.blockSignals(True)
        self._colours.rehighlight()
        self.blockSignals(blocked)
        self.viewport().update()

    def insertFromMimeData(self, source: QMimeData) -> None:
        # A line break in one line of text would be invisible.
        self.textCursor().insertText(" ".join(source.text().split("\n")).replace("\r", ""))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self._completer is not None and event.reason() != Qt.FocusReason.PopupFocusReason:
            completion.popup_of(self._completer).hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        popup = completion.popup_of(self._completer) if self._completer is not None else None
        key = event.key()
        if popup is not None and popup.isVisible() and key in _KEYS_OF_LIST:
            event.ignore()  # the list takes them
            return
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.ignore()  # for the default button of a dialog
            return
        if key == Qt.Key.Key_Space and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.complete(always=True)
            return
        super().keyPressEvent(event)
        if event.text() and (event.text().isprintable() or key == Qt.Key.Key_Backspace):
            self.complete()

    def complete(self, *, always: bool = False) -> None:
        """Offer what fits the word before the cursor; with `always` also before anything is typed."""
        prefix, inside = self._prefix()
        if not prefix and not inside and not always:
            self._hide_popup()
            return
        if self._completer is None:
            self._completer = completion.completer(self)
            self._completer.setWidget(self)
            completion.on_chosen(self._completer, self._insert)
        completion.offer(self._completer, self._suggestions(inside))
        self._completer.setCompletionPrefix(prefix)
        only = self._completer.completionCount() == 1 and self._completer.currentCompletion() == prefix
        if not self._completer.completionCount() or only:
            self._hide_popup()
            return
        popup = completion.popup_of(self._completer)
        popup.setCurrentIndex(self._completer.completionModel().index(0, 0))
        rect = self.cursorRect()
        rect.setWidth(max(popup.minimumWidth(), popup.sizeHintForColumn(0) + 80))
        rect.translate(0, 4)
        self._completer.complete(rect)

    def _hide_popup(self) -> None:
        if self._completer is not None:
            completion.popup_of(self._completer).hide()

    def _prefix(self) -> tuple[str, bool]:
        before = self.text()[: self.textCursor().position()]
        inside = _OPEN_REFERENCE.search(before)
        if inside is not None:
            return inside[1], True
        word = _WORD.search(before)
        return (word[0] if word else ""), False

    def _insert(self, chosen: str) -> None:
        prefix, inside = self._prefix()
        cursor = self.textCursor()
        position = cursor.position()
        cursor.setPosition(position - len(prefix))
        cursor.setPosition(position, QTextCursor.MoveMode.KeepAnchor)
        after = self.text()[position : position + 1]
        cursor.insertText(chosen + ("}" if inside and after != "}" else ""))
        if chosen.endswith("()"):
            cursor.movePosition(QTextCursor.MoveOperation.Left)
        self.setTextCursor(cursor)

    def _on_text_changed(self) -> None:
        text = self.text()
        if text != self._shown:
            self._shown = text
            self.text_edited.emit(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        theme = themes.current()
        cursor = QTextCursor(self.document())
        for span in reference_spans(self._shown):
            cursor.setPosition(span.start)
            left = self.cursorRect(cursor)
            cursor.setPosition(span.end)
            right = self.cursorRect(cursor)
            missing = bool(span.path) and self._is_missing(span.path)
            painter.setBrush(QColor(theme.tint["paused"] if missing else theme.selection))
            rect = QRectF(left.left() - 2, left.top() - 1, right.left() - left.left() + 4, left.height() + 2)
            painter.drawRoundedRect(rect, _TOKEN_RADIUS, _TOKEN_RADIUS)
        painter.end()
        super().paintEvent(event)
