"""The field for what no other editor can show: JSON as text."""

from __future__ import annotations

import json

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from designer.forms.editor import FieldEditor, FormScope
from designer.forms.schema import ABSENT, Schema, Value
from designer.theme import fonts
from designer.theme.text_size import keep, length
from engine.model.json_value import Json

_MAX_LINES = 14
_LINE_PX = 17


class JsonEditor(FieldEditor):
    """Any JSON value as text. Text that is no JSON stays in the field and is an error of its own."""

    def __init__(self, schema: Schema, scope: FormScope, parent: QWidget | None = None) -> None:
        super().__init__(schema, scope, parent)
        self.text = QPlainTextEdit(self)
        self.text.setProperty("variant", "mono")
        self._lines = 3
        self.text.setTabChangesFocus(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._error = ""
        self.text.textChanged.connect(self._on_changed)
        self.fill(self.text)
        keep(self, JsonEditor._fit)

    def accepts(self, value: Value) -> bool:
        return True

    def show_value(self, value: Value) -> None:
        if not self._error and self.text.toPlainText() and self._parsed() == (True, value):
            return
        self._error = ""
        text = "" if value is ABSENT else json.dumps(value, indent=2, ensure_ascii=False)
        self._lines = min(_MAX_LINES, max(3, text.count("\n") + 1))
        self._fit()
        blocked = self.text.blockSignals(True)
        self.text.setPlainText(text)
        self.text.blockSignals(blocked)

    def _fit(self) -> None:
        self.text.setFont(fonts.mono())
        self.text.setFixedHeight(self._lines * length(_LINE_PX) + 18)

    def own_error(self) -> str:
        return self._error

    def _parsed(self) -> tuple[bool, Json]:
        try:
            return True, json.loads(self.text.toPlainText(), parse_constant=_refuse)
        except (ValueError, RecursionError):
            return False, None

    def _on_changed(self) -> None:
        text = self.text.toPlainText()
        self._error = ""
        if not text.strip():
            if self._value is not ABSENT:
                self.change(ABSENT)
            return
        try:
            value = json.loads(text, parse_constant=_refuse)
        except json.JSONDecodeError as error:
            self._error = f"This is not JSON yet: line {error.lineno}, {error.msg.lower()}."
            self.edited.emit()
        except (ValueError, RecursionError) as error:
            self._error = f"This cannot be used as JSON: {error}."
            self.edited.emit()
        else:
            self.change(value)


def _refuse(name: str) -> Json:
    raise ValueError(f"{name} is not a JSON number")
