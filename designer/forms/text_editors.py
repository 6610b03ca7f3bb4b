"""Editors of one line or several: text, multi-line text, numbers, and scalars of any type."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import Final

from PySide6.QtCore import QEvent, QLocale, QObject, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QWidget

from designer.forms.editor import FieldEditor, FormScope
from designer.forms.schema import ABSENT, FieldKind, Schema, Value, default_of, types_of
from designer.theme.text_size import keep, length
from engine.model.json_value import Json

_SUFFIX_MARGIN: Final = 10
_LONG_TEXT: Final = 28
_COMMAND_KEYS: Final = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ControlModifier
_MAX_SAFE_DIGITS: Final = 4_000


class SuffixLineEdit(QLineEdit):
    """A line with a grey word at its right end: a unit, or the type of what was typed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._suffix: QLabel | None = None

    def set_suffix(self, text: str) -> None:
        """Show the word; empty takes it away."""
        if self._suffix is None:
            if not text:
                return
            self._suffix = QLabel(self)
            self._suffix.setProperty("role", "subtitle")
            self._suffix.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self._suffix.installEventFilter(self)
        self._suffix.setText(text)
        self._suffix.setVisible(bool(text))
        self._place()

    def suffix(self) -> str:
        return self._suffix.text() if self._suffix is not None else ""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._suffix and event.type() == QEvent.Type.FontChange:
            self._place()
        return False

    def _place(self) -> None:
        if self._suffix is None:
            return
        self._suffix.ensurePolished()
        size = self._suffix.sizeHint()
        self._suffix.setGeometry(
            self.width() - size.width() - _SUFFIX_MARGIN,
            (self.height() - size.height()) // 2,
            size.width(),
            size.height(),
        )
        self.setTextMargins(0, 0, size.width() + 4 if self._suffix.text() else 0, 0)


class LineEditor(FieldEditor):
    """Base of the editors that are one line of text."""

    def __init__(self, schema: Schema, scope: FormScope, parent: QWidget | None = None) -> None:
        super().__init__(schema, scope, parent)
        self.line = SuffixLineEdit(self)
        self.line.textEdited.connect(self._on_edited)
        placeholder = placeholder_of(schema)
        if placeholder:
            self.line.setPlaceholderText(placeholder)
        unit = schema.get("x-unit")
        if isinstance(unit, str):
            self.line.set_suffix(unit)
        self.fill(self.line)

    def show_text(self, text: str) -> None:
        if self.line.text() != text:
            self.line.setText(text)
            if len(text) > _LONG_TEXT and not self.line.hasFocus():
                self.line.setCursorPosition(0)  # show how it begins

    def _on_edited(self, text: str) -> None:
        raise AssertionError("each line editor reads its own text")


class TextEditor(LineEditor):
    """Plain text in one line. An emptied field is absent, unless its default is some text."""

    def __init__(self, schema: Schema, scope: FormScope, parent: QWidget | None = None) -> None:
        super().__init__(schema, scope, parent)
        if schema.get("x-secret") is True:
            self.line.setEchoMode(QLineEdit.EchoMode.Password)

    def accepts(self, value: Value) -> bool:
        if isinstance(value, str):
            return not any(sign in value for sign in "\n\r\u2028\u2029\0")
        return value is ABSENT or value is None

    def show_value(self, value: Value) -> None:
        self.show_text(value if isinstance(value, str) else "")

    def _on_edited(self, text: str) -> None:
        self.change(emptied(self.schema) if text == "" else text)


class MultilineEditor(FieldEditor):
    """Text of several lines; Tab moves on, so that no one is caught in it."""

    def __init__(self, schema: Schema, scope: FormScope, parent: QWidget | None = None) -> None:
        super().__init__(schema, scope, parent)
        self.text = QPlainTextEdit(self)
        self.text.setTabChangesFocus(True)
        keep(self.text, lambda it: it.setFixedHeight(length(96)))
        self.text.setPlaceholderText(placeholder_of(schema))
        self.text.textChanged.connect(self._on_changed)
        self.fill(self.text)

    def accepts(self, value: Value) -> bool:
        # A text document keeps only \n as a line break: anything else would come back changed.
        if isinstance(value, str):
            return not any(sign in value for sign in "\r\u2028\u2029\0")
        return value is ABSENT or value is None

    def show_value(self, value: Value) -> None:
        text = value if isinstance(value, str) else ""
        if self.text.toPlainText() != text:
            blocked = self.text.blockSignals(True)
            self.text.setPlainText(text)
            self.text.blockSignals(blocked)

    def _on_changed(self) -> None:
        text = self.text.toPlainText()
        shown = self._value if isinstance(self._value, str) else ""
        if text != shown:
            self.change(emptied(self.schema) if text == "" else text)


_PLAIN_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+\Z")


def read_number(text: str, *, whole: bool, locale: QLocale | None = None) -> int | float:
    """The number that the text says, exactly. Raises ValueError with a message for people.

    A decimal comma counts where the locale writes one. Group signs are refused, because 1,234 is two
    numbers in two countries; so are digits that a float cannot keep.
    """
    plain = text.strip().replace("\u2212", "-")
    point = (locale or QLocale()).decimalPoint()
    if point == "," and plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    if _WHOLE_NUMBER.match(plain) and len(plain) <= _MAX_SAFE_DIGITS:
        return int(plain)
    if not _PLAIN_NUMBER.match(plain):
        raise ValueError(
            "Write a whole number such as 12." if whole else f"Write a number such as 1{point}5."
        )
    number = float(plain)
    if whole:
        if number.is_integer() and abs(number) < 2**53:
            return int(number)
        raise ValueError("Write a whole number, without a fraction.")
    if math.isinf(number):
        raise ValueError("The number is too large.")
    if Decimal(plain) != Decimal(repr(number)):
        raise ValueError(f"That has more digits than a number can keep; it would become {number!r}.")
    return number


def write_number(value: int | float) -> str:
    """The shortest text that reads back as exactly this number."""
    if isinstance(value, float):
        return repr(value)
    return str(value) if abs(value).bit_length() < 10_000 else json.dumps(float(value))


class NumberEditor(LineEditor):
    """A number, whole or not. Up and Down step it by `multipleOf` or one."""

    def __init__(
        self, schema: Schema, scope: FormScope, parent: QWidget | None = None, *, whole: bool
    ) -> None:
        super().__init__(schema, scope, parent)
        self._whole = whole
        self._error = ""
        self.line.setInputMethodHints(Qt.InputMethodHint.ImhFormattedNumbersOnly)

    def accepts(self, value: Value) -> bool:
        if isinstance(value, bool):
            return False
        if isinstance(value, int):
            return abs(value).bit_length() < 10_000
        if isinstance(value, str):  # a slip of the finger that was saved: it can be mended here
            return len(value) < 40 and value.isprintable() and "${" not in value
        return isinstance(value, float) or value is ABSENT or value is None

    def show_value(self, value: Value) -> None:
        self._error = ""
        if isinstance(value, str):
            self.show_text(value)
            try:
                read_number(value, whole=self._whole)
            except ValueError as error:
                self._error = str(error)
            return
        if isinstance(value, int | float):
            try:
                if read_number(self.line.text(), whole=self._whole) == value:
                    return  # "1.50" stays as it was typed
            except ValueError:
                pass
            self.show_text(write_number(value))
        else:
            self.show_text("")

    def own_error(self) -> str:
        return self._error

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and not event.modifiers() & _COMMAND_KEYS:
            self._step(1 if event.key() == Qt.Key.Key_Up else -1)
            return
        super().keyPressEvent(event)

    def _step(self, direction: int) -> None:
        value = self._value if isinstance(self._value, int | float) else default_of(self.schema)
        start = value if isinstance(value, int | float) else 0
        exact = Decimal(repr(start)) + direction * self._decimal("multipleOf", "1")
        if not self._decimal("minimum", "-Infinity") <= exact <= self._decimal("maximum", "Infinity"):
            return
        number = int(exact) if exact == exact.to_integral_value() else float(exact)
        self._error = ""
        self.show_text(write_number(number))
        self.change(number)

    def _decimal(self, keyword: str, otherwise: str) -> Decimal:
        value = self.schema.get(keyword)
        return Decimal(repr(value) if isinstance(value, int | float) else otherwise)

    def _on_edited(self, text: str) -> None:
        self._error = ""
        if not text.strip():
            self.change(ABSENT)
            return
        try:
            self.change(read_number(text, whole=self._whole))
        except ValueError as error:
            self._error = str(error)
            # The last good value would be a lie beside this text; the text itself is refused by the schema.
            self.change(text)


_NAMES: Final = {bool: "yes/no", int: "number", float: "number", str: "text", list: "list", dict: "object"}


def read_loose(text: str, types: tuple[str, ...] = ()) -> Json:
    """What a typed scalar means: JSON where it is JSON, else the text itself. "12" in quotes is text."""
    stripped = text.strip()
    if types and not set(types) - {"string", "null"}:
        return text
    try:
        value: Json = json.loads(stripped, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text
    if isinstance(value, float) and Decimal(stripped) != Decimal(repr(value)):
        return text
    return value


def _refuse(name: str) -> Json:
    raise ValueError(name)


def write_loose(value: Value, types: tuple[str, ...] = ()) -> str:
    """The text that `read_loose` reads back as this value."""
    if isinstance(value, str):
        return value if read_loose(value, types) == value else json.dumps(value, ensure_ascii=False)
    return "" if value is ABSENT else json.dumps(value, ensure_ascii=False)


class LooseEditor(LineEditor):
    """One line for a value of any type; a grey word at its end says how it was understood."""

    def __init__(self, schema: Schema, scope: FormScope, parent: QWidget | None = None) -> None:
        super().__init__(schema, scope, parent)
        self._types = types_of(schema)

    def accepts(self, value: Value) -> bool:
        text = write_loose(value, self._types)
        return "\n" not in text and "\r" not in text and len(text) < 2_000

    def show_value(self, value: Value) -> None:
        if value is not ABSENT and self.line.text() and read_loose(self.line.text(), self._types) == value:
            self._tell_type(value)
            return
        self.show_text(write_loose(value, self._types))
        self._tell_type(value)

    def _on_edited(self, text: str) -> None:
        value: Value = read_loose(text, self._types) if text else emptied(self.schema)
        self._tell_type(value)
        self.change(value)

    def _tell_type(self, value: Value) -> None:
        plain = value is ABSENT or (isinstance(value, str) and "${" in value)
        word = "" if plain else "nothing" if value is None else _NAMES.get(type(value), "")
        self.line.set_suffix(str(self.schema.get("x-unit", word)))


def emptied(schema: Schema) -> Value:
    """What a field holds when its text was deleted: nothing, unless the default would then come back."""
    default = schema.get("default")
    return "" if isinstance(default, str) and default else ABSENT


def placeholder_of(schema: Schema) -> str:
    """What an empty field shows in grey: its default, else an example."""
    named = schema.get("x-placeholder")
    if isinstance(named, str):
        return named
    default = schema.get("default")
    if isinstance(default, str) and default:
        return default.splitlines()[0] if "\n" in default else default
    if isinstance(default, int | float) and not isinstance(default, bool):
        return write_number(default)
    examples = schema.get("examples")
    if isinstance(examples, list) and examples and isinstance(examples[0], str | int | float):
        first = examples[0] if isinstance(examples[0], str) else json.dumps(examples[0])
        return "e.g. " + first.split("\n", 1)[0]
    return ""


TEXT_EDITORS: Final = {
    FieldKind.TEXT: TextEditor,
    FieldKind.MULTILINE: MultilineEditor,
    FieldKind.LOOSE: LooseEditor,
}
