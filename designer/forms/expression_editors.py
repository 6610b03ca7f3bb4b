"""Editors for what refers to other things: expressions, templates, wired tables, columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from PySide6.QtWidgets import QWidget

from designer.forms.completion import SuggestingLineEdit
from designer.forms.condition_rows import sentence
from designer.forms.context import Suggestion
from designer.forms.editor import FieldEditor, Fix, FormScope
from designer.forms.schema import ABSENT, Schema, Value
from designer.forms.text_editors import emptied, placeholder_of
from designer.forms.token_edit import TokenEdit, reference_spans
from engine.errors import ExpressionError
from engine.expression.functions import FUNCTIONS
from engine.expression.parser import parse
from engine.expression.references import scan_reference
from engine.expression.syntax import Name, walk

Language = Literal["row", "condition", "template"]
"""`row`: names are columns. `condition`: names are steps and inputs. `template`: text with references."""

ROW_FUNCTIONS: Final = (
    *("abs", "ceil", "coalesce", "column", "contains", "date", "datetime", "day", "days_between"),
    *("ends_with", "float", "floor", "format_date", "hour", "int", "is_empty", "left", "len", "lower"),
    *("matches", "max", "min", "minute", "month", "now", "replace", "right", "round", "sqrt"),
    *("starts_with", "str", "today", "trim", "upper", "weekday", "year"),
)
"""Functions of row expressions that are offered; the engine's table of them is out of a form's reach."""


def expression_fault(text: str, language: Language) -> tuple[str, int | None]:
    """What is wrong with a text, and where; ("", None) when nothing is."""
    try:
        if language == "template":
            position = text.find("${")
            while position >= 0:
                if position and text[position - 1] == "$":  # $${ is the text ${
                    position = text.find("${", position + 2)
                    continue
                position = text.find("${", scan_reference(text, position).end)
        elif text.strip():
            parse(text)
    except ExpressionError as error:
        return sentence(error.message), error.position
    return "", None


def column_source(name: str) -> str:
    """How an expression names a column: plainly where it can, else by `column("...")`."""
    try:
        tree = parse(name)
    except ExpressionError:
        return f'column("{name}")'
    return name if tree.names == (name,) and tree.source == name else f'column("{name}")'


class ExpressionEditor(FieldEditor):
    """One line of an expression or a template, with completion and its fault marked in place."""

    def __init__(
        self, schema: Schema, scope: FormScope, parent: QWidget | None = None, *, language: Language
    ) -> None:
        super().__init__(schema, scope, parent)
        self._language = language
        self.edit = TokenEdit(
            self._suggest,
            lambda path: bool(scope.context.missing(path)),
            self,
            is_language=language != "template",
        )
        self.edit.setPlaceholderText(placeholder_of(schema))
        self.edit.text_edited.connect(self._on_edited)
        self.fill(self.edit)

    def accepts(self, value: Value) -> bool:
        if isinstance(value, str):
            return not any(sign in value for sign in "\n\r\u2028\u2029\0")
        return value is ABSENT or value is None

    def show_value(self, value: Value) -> None:
        self.edit.set_text(value if isinstance(value, str) else "")
        self._mark()

    def refresh(self) -> None:
        """Look again at which references have a value."""
        self.edit.refresh()

    def own_error(self) -> str:
        return expression_fault(self.edit.text(), self._language)[0]

    def warning(self) -> str:
        reasons = (
            self.scope.context.missing(span.path) for span in reference_spans(self.edit.text()) if span.path
        )
        return next(filter(None, reasons), "") or _no_such_column(self._unknown_column())

    def _unknown_column(self) -> tuple[str, str] | None:
        if self._language != "row":
            return None
        try:
            names = parse(self.edit.text()).names
        except ExpressionError:
            return None
        return self.scope.unknown_column(self.schema, names)

    def fix(self) -> Fix | None:
        unknown = self._unknown_column()
        if unknown is None or not unknown[1]:
            return None
        wrong, right = unknown
        return Fix(title=f"Use {right}", apply=lambda: self._rename(wrong, column_source(right)))

    def _rename(self, wrong: str, right: str) -> None:
        text = self.edit.text()
        tree = parse(text).tree
        places = [node.position for node in walk(tree) if isinstance(node, Name) and node.name == wrong]
        for place in sorted(places, reverse=True):
            text = text[:place] + right + text[place + len(wrong) :]
        self.edit.set_text(text)
        self._on_edited(text)

    def _on_edited(self, text: str) -> None:
        self._mark()
        self.change(emptied(self.schema) if text == "" else text)

    def _mark(self) -> None:
        self.edit.mark_fault(expression_fault(self.edit.text(), self._language)[1])

    def _suggest(self, inside: bool) -> Sequence[Suggestion]:
        references = list(self.scope.context.references())
        if inside:
            return references
        if self._language == "condition":
            return [*references, *(Suggestion(text=f"{name}()", detail="function") for name in FUNCTIONS)]
        tokens = [Suggestion(text=f"${{{one.text}}}", detail=one.detail) for one in references]
        if self._language == "template":
            return tokens
        columns = [
            Suggestion(text=column_source(column.name), detail=column.type)
            for column in self.scope.columns_for(self.schema)
        ]
        functions = [Suggestion(text=f"{name}()", detail="function") for name in ROW_FUNCTIONS]
        return [*columns, *functions, *tokens]


class TableEditor(FieldEditor):
    """Which table flows in: the path of another step's output, `join.table` for `${join.table}`."""

    def __init__(self, schema: Schema, scope: FormScope, parent: QWidget | None = None) -> None:
        super().__init__(schema, scope, parent)
        self.line = SuggestingLineEdit(self._suggest, self)
        self.line.setProperty("variant", "mono")
        self.line.setPlaceholderText("Connect a table")
        self.line.textEdited.connect(self._on_edited)
        self.fill(self.line)

    def accepts(self, value: Value) -> bool:
        if isinstance(value, str):
            return _wired_path(value) is not None or (value.isprintable() and "${" not in value)
        return value is ABSENT or value is None

    def show_value(self, value: Value) -> None:
        text = (_wired_path(value) or value) if isinstance(value, str) else ""
        if self.line.text() != text:
            self.line.setText(text)

    def own_error(self) -> str:
        text = self.line.text().strip()
        if not text:
            return ""
        fault, _ = expression_fault(f"${{{text}}}", "template")
        return fault

    def note(self) -> str:
        """What is known about the table that flows in."""
        path = _wired_path(self._value) if isinstance(self._value, str) else None
        return self.scope.context.describe(path) if path else ""

    def warning(self) -> str:
        path = _wired_path(self._value) if isinstance(self._value, str) else None
        return self.scope.context.missing(path) if path else ""

    def _on_edited(self, text: str) -> None:
        self.change(f"${{{text.strip()}}}" if text.strip() else ABSENT)

    def _suggest(self) -> Sequence[Suggestion]:
        known = self.scope.context.references()
        tables = [one for one in known if one.is_table]
        return tables or known


def _no_such_column(unknown: tuple[str, str] | None) -> str:
    return f"The table has no column {unknown[0]}." if unknown is not None else ""


def _wired_path(value: str) -> str | None:
    """The inside of a value that is one `${...}` and nothing else."""
    if not value.startswith("${") or not value.endswith("}") or value.count("${") != 1:
        return None
    return value[2:-1]


class ColumnEditor(FieldEditor):
    """A column of the incoming table. Any name may be typed; those that are known are offered."""

    def __init__(self, schema: Schema, scope: FormScope, parent: QWidget | None = None) -> None:
        super().__init__(schema, scope, parent)
        self.line = SuggestingLineEdit(self._suggest, self)
        self.line.setPlaceholderText(placeholder_of(schema) or "Column")
        self.line.textEdited.connect(self._on_edited)
        self.fill(self.line)

    def accepts(self, value: Value) -> bool:
        if isinstance(value, str):
            return not any(sign in value for sign in "\n\r\u2028\u2029\0")
        return value is ABSENT or value is None

    def show_value(self, value: Value) -> None:
        text = value if isinstance(value, str) else ""
        if self.line.text() != text:
            self.line.setText(text)

    def _on_edited(self, text: str) -> None:
        self.change(text if text else ABSENT)

    def warning(self) -> str:
        """Says so when the table is known and has no such column, with the nearest name."""
        return _no_such_column(self._unknown())

    def _unknown(self) -> tuple[str, str] | None:
        name = self._value
        if not isinstance(name, str) or not name or "${" in name or self.schema.get("x-may-be-new"):
            return None
        return self.scope.unknown_column(self.schema, [name])

    def fix(self) -> Fix | None:
        unknown = self._unknown()
        if unknown is None or not unknown[1]:
            return None
        right = unknown[1]
        return Fix(title=f"Use {right}", apply=lambda: self._use(right))

    def _use(self, name: str) -> None:
        self.line.setText(name)
        self.change(name)

    def _suggest(self) -> Sequence[Suggestion]:
        return [Suggestion(text=one.name, detail=one.type) for one in self.scope.columns_for(self.schema)]
