"""A small editor for Python code: mono, four spaces for Tab, plain syntax colours."""

from __future__ import annotations

import keyword
import re
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QKeyEvent, QSyntaxHighlighter, QTextCharFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from designer.forms.editor import FieldEditor, FormScope
from designer.forms.schema import ABSENT, Schema, Value
from designer.theme import fonts
from designer.theme import theme as themes
from designer.theme.text_size import keep

_INDENT: Final = "    "
_TOKENS: Final = re.compile(
    r"""(?P<comment>\#.*)
      | (?P<text>[rbfu]{0,2}(?:\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?))
      | (?P<number>\b[0-9][\w.]*)
      | \b(?P<word>"""
    + "|".join(sorted(keyword.kwlist, key=len, reverse=True))
    + r")\b",
    re.X,
)


class _Colours(QSyntaxHighlighter):
    """One line at a time; strings over several lines are coloured only where they open."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        theme = themes.current()
        self._shapes: dict[str, QTextCharFormat] = {}
        for kind, colour in (
            ("comment", theme.text2),
            ("text", theme.category["output"]),
            ("number", theme.accent),
            ("word", theme.category["transform"]),
        ):
            self._shapes[kind] = QTextCharFormat()
            self._shapes[kind].setForeground(QColor(colour))

    def highlightBlock(self, text: str) -> None:
        for match in _TOKENS.finditer(text):
            if match.lastgroup is not None:
                self.setFormat(match.start(), match.end() - match.start(), self._shapes[match.lastgroup])


class CodeEdit(QPlainTextEdit):
    """Tab indents by four spaces, Shift+Tab takes them back, Return keeps the indent; Escape leaves."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("variant", "mono")
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setMinimumHeight(200)
        keep(self, CodeEdit._fit)

    def _fit(self) -> None:
        self.setFont(fonts.mono())
        self.setTabStopDistance(4 * self.fontMetrics().horizontalAdvance(" "))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Tab and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self._indent()
        elif key == Qt.Key.Key_Backtab:
            self._on_each_line(self._dedent_line)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self._new_line()
        elif key == Qt.Key.Key_Escape:
            self.focusNextChild()
        else:
            super().keyPressEvent(event)

    def _indent(self) -> None:
        cursor = self.textCursor()
        if cursor.hasSelection():
            self._on_each_line(lambda line: line.insertText(_INDENT))
        else:
            cursor.insertText(" " * (4 - cursor.positionInBlock() % 4))

    def _dedent_line(self, line: QTextCursor) -> None:
        text = line.block().text()
        for _ in range(min(4, len(text) - len(text.lstrip(" ")))):
            line.deleteChar()

    def _on_each_line(self, act: object) -> None:
        assert callable(act)
        cursor = self.textCursor()
        document = self.document()
        first = document.findBlock(cursor.selectionStart()).blockNumber()
        last = document.findBlock(cursor.selectionEnd()).blockNumber()
        cursor.beginEditBlock()
        for number in range(first, last + 1):
            act(QTextCursor(document.findBlockByNumber(number)))
        cursor.endEditBlock()

    def _new_line(self) -> None:
        cursor = self.textCursor()
        before = cursor.block().text()[: cursor.positionInBlock()]
        indent = before[: len(before) - len(before.lstrip(" "))]
        if before.rstrip().endswith(":"):
            indent += _INDENT
        cursor.insertText("\n" + indent)
        self.ensureCursorVisible()


class CodeEditor(FieldEditor):
    """The field around the code edit."""

    def __init__(self, schema: Schema, scope: FormScope, parent: QWidget | None = None) -> None:
        super().__init__(schema, scope, parent)
        self.code = CodeEdit(self)
        self._colours = _Colours(self.code.document())
        self.code.textChanged.connect(self._on_changed)
        self.fill(self.code)

    def accepts(self, value: Value) -> bool:
        if isinstance(value, str):
            return not any(sign in value for sign in "\r\u2028\u2029\0")
        return value is ABSENT

    def show_value(self, value: Value) -> None:
        shown = self.schema.get("default", "") if value is ABSENT else value
        text = shown if isinstance(shown, str) else ""
        if self.code.toPlainText() != text:
            blocked = self.code.blockSignals(True)
            self.code.setPlainText(text)
            self.code.blockSignals(blocked)

    def _on_changed(self) -> None:
        text = self.code.toPlainText()
        if text != self._value and not (self._value is ABSENT and text == self.schema.get("default", "")):
            self.change(text)
