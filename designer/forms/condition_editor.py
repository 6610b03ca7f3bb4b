"""A condition as rows that read like a sentence, or as an expression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from designer.forms.condition_rows import (
    BY_KEY,
    Match,
    Operator,
    Row,
    operators_for,
    read_rows,
    write_rows,
)
from designer.forms.context import Suggestion
from designer.forms.editor import FieldEditor, FormScope, mark
from designer.forms.expression_editors import ExpressionEditor
from designer.forms.pick_editors import CalmComboBox, quiet_tool
from designer.forms.schema import ABSENT, Schema, Value
from designer.forms.text_editors import SuffixLineEdit, read_loose
from designer.forms.token_edit import TokenEdit, reference_spans
from designer.theme import icons
from designer.theme import theme as themes


class _RowWidget(QFrame):
    """One test: the value, the operator that suits its type, and what to compare with."""

    edited = Signal()
    removal_requested = Signal()

    def __init__(self, scope: FormScope, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._scope = scope
        self._operators: tuple[Operator, ...] = ()
        self.left = TokenEdit(self._suggest, lambda path: bool(scope.context.missing(path)), self)
        self.left.setPlaceholderText("Value, such as count.rows")
        self.left.setAccessibleName("Value to test")
        self.left.text_edited.connect(self._on_left_edited)
        self.operator: CalmComboBox = CalmComboBox(self)
        self.operator.setAccessibleName("How to compare")
        self.operator.setSizeAdjustPolicy(CalmComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.operator.activated.connect(self._on_operator_chosen)
        self.right = SuffixLineEdit(self)
        self.right.setPlaceholderText("Compare with")
        self.right.setAccessibleName("Value to compare with")
        self.right.textEdited.connect(self._on_right_edited)
        self.remove = quiet_tool("x", "Remove this test", self, size=14)
        self.remove.setFixedSize(24, 30)
        self.remove.clicked.connect(self.removal_requested)
        self._lay_out()
        self._offer_operators("")

    def _lay_out(self) -> None:
        outer = QHBoxLayout(self)
        outer.setContentsMargins(8, 8, 8, 8)
        outer.setSpacing(2)
        lines = QVBoxLayout()
        lines.setSpacing(6)
        lines.addWidget(self.left)
        second = QHBoxLayout()
        second.setSpacing(6)
        second.addWidget(self.operator, 3)  # "is greater than" is to be read in whole
        second.addWidget(self.right, 2)
        lines.addLayout(second)
        outer.addLayout(lines, 1)
        outer.addWidget(self.remove, 0, Qt.AlignmentFlag.AlignTop)

    def _suggest(self, inside: bool) -> Sequence[Suggestion]:
        return self._scope.context.references()

    def _kind(self) -> str:
        path = self.left.text().strip().removeprefix("${").removesuffix("}")
        return next((one.detail for one in self._scope.context.references() if one.text == path), "")

    def _offer_operators(self, kind: str, *, anew: bool = False) -> None:
        chosen = "" if anew else self.key()
        operators = operators_for(kind)
        if all(operator.key != chosen for operator in operators) and chosen:
            operators = (*operators, BY_KEY[chosen])
        if anew or operators != self._operators:
            self._operators = operators
            self.operator.clear()
            self.operator.addItems([operator.title for operator in operators])
            self._choose(chosen or ">")

    def key(self) -> str:
        index = self.operator.currentIndex()
        return self._operators[index].key if 0 <= index < len(self._operators) else ""

    def _choose(self, key: str) -> None:
        keys = [operator.key for operator in self._operators]
        self.operator.setCurrentIndex(keys.index(key) if key in keys else 0)
        self.right.setVisible(BY_KEY[self.key()].takes_value)

    def row(self) -> Row:
        return Row(left=self.left.text(), operator=self.key(), right=self.right.text())

    def show_row(self, row: Row) -> None:
        if row == self.row():
            return
        self.left.set_text(row.left)
        self._offer_operators(self._kind(), anew=True)
        if all(operator.key != row.operator for operator in self._operators):
            self._operators = (*self._operators, BY_KEY[row.operator])
            self.operator.addItem(BY_KEY[row.operator].title)
        self._choose(row.operator)
        if self.right.text() != row.right:
            self.right.setText(row.right)
        self._tell_type()

    def _tell_type(self) -> None:
        text = self.right.text().strip()
        names = {bool: "yes/no", int: "number", float: "number", str: "text", list: "list", dict: "object"}
        word = "" if not text or "${" in text else names.get(type(read_loose(text)), "nothing")
        self.right.set_suffix(word)

    def _on_left_edited(self) -> None:
        self._offer_operators(self._kind())
        self.edited.emit()

    def _on_operator_chosen(self) -> None:
        self.right.setVisible(BY_KEY[self.key()].takes_value)
        self.edited.emit()

    def _on_right_edited(self) -> None:
        self._tell_type()
        self.edited.emit()


class ConditionEditor(FieldEditor):
    """Rows while rows can say it, else the expression. One row is what an empty condition shows."""

    def __init__(self, schema: Schema, scope: FormScope, parent: QWidget | None = None) -> None:
        super().__init__(schema, scope, parent)
        self._rows: list[_RowWidget] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        self.match = CalmComboBox(self)
        self.match.addItems(["All of these are true", "Any of these is true"])
        self.match.setAccessibleName("How the tests combine")
        self.match.activated.connect(self._on_rows_edited)
        layout.addWidget(self.match)
        self._column = QVBoxLayout()
        self._column.setSpacing(6)
        layout.addLayout(self._column)
        self.expression = ExpressionEditor(schema, scope, self, language="condition")
        self.expression.edited.connect(self._on_expression_edited)
        layout.addWidget(self.expression)
        buttons = QHBoxLayout()
        buttons.setSpacing(12)
        accent = themes.current().accent
        self.add_button = QPushButton(icons.icon("plus", accent), "Add test", self)
        self.add_button.setProperty("variant", "link")
        self.add_button.clicked.connect(self._on_add)
        self.switch_button = QPushButton("Write an expression", self)
        self.switch_button.setProperty("variant", "link")
        self.switch_button.clicked.connect(self._on_switch)
        buttons.addWidget(self.add_button)
        buttons.addStretch(1)
        buttons.addWidget(self.switch_button)
        layout.addLayout(buttons)
        self._as_rows = True
        self._show_rows("all", ())

    @property
    def is_expression(self) -> bool:
        return not self._as_rows

    @property
    def row_widgets(self) -> Sequence[_RowWidget]:
        return self._rows

    def accepts(self, value: Value) -> bool:
        return self.expression.accepts(value)

    def show_value(self, value: Value) -> None:
        text = value if isinstance(value, str) else ""
        self.expression.load(value if isinstance(value, str) else ABSENT)
        if self._as_rows and write_rows([widget.row() for widget in self._rows], self._match()) == text:
            self._arrange()
            return
        read = read_rows(text)
        if read is None:
            self._as_rows = False
        elif self._as_rows or not text:
            self._as_rows = True
            self._show_rows(*read)
        self._arrange()

    def _match(self) -> Match:
        return "all" if self.match.currentIndex() == 0 else "any"

    def _show_rows(self, match: Match, rows: Sequence[Row]) -> None:
        wanted = list(rows) or [Row()]
        while len(self._rows) > len(wanted):
            self._drop(self._rows[-1])
        for index, row in enumerate(wanted):
            (self._rows[index] if index < len(self._rows) else self._append()).show_row(row)
        self.match.setCurrentIndex(0 if match == "all" else 1)
        self._arrange()

    def _append(self) -> _RowWidget:
        widget = _RowWidget(self.scope, self)
        widget.edited.connect(self._on_rows_edited)
        widget.removal_requested.connect(lambda: self._on_remove(widget))
        self._rows.append(widget)
        self._column.addWidget(widget)
        return widget

    def _drop(self, widget: _RowWidget) -> None:
        self._rows.remove(widget)
        self._column.removeWidget(widget)
        widget.hide()
        widget.deleteLater()

    def _arrange(self) -> None:
        for widget in self._rows:
            widget.setVisible(self._as_rows)
            widget.remove.setVisible(len(self._rows) > 1 or not widget.row().is_empty)
        self.match.setVisible(self._as_rows and len(self._rows) > 1)
        self.add_button.setVisible(self._as_rows)
        self.expression.setVisible(not self._as_rows)
        self.switch_button.setText("Write an expression" if self._as_rows else "Use rows")
        self.switch_button.setVisible(self._as_rows or read_rows(self.expression.edit.text()) is not None)

    def _on_add(self) -> None:
        widget = self._append()
        self._arrange()
        widget.left.setFocus()

    def _on_remove(self, widget: _RowWidget) -> None:
        if len(self._rows) == 1:
            widget.show_row(replace(Row(), operator=widget.key()))
        else:
            self._drop(widget)
        self._rows[-1].left.setFocus()
        self._on_rows_edited()

    def _on_switch(self) -> None:
        if self._as_rows:
            self._as_rows = False
            self._arrange()
            self.expression.edit.setFocus()
            return
        read = read_rows(self.expression.edit.text())
        if read is not None:
            self._as_rows = True
            self._show_rows(*read)
            self._rows[0].left.setFocus()

    def _on_rows_edited(self) -> None:
        self._arrange()
        text = write_rows([widget.row() for widget in self._rows], self._match())
        value: Value = text or ABSENT
        if not self.own_error():
            self.expression.load(value)
            self.change(value)
        else:
            # Half a row is no condition yet: the last whole one stands until this one is complete.
            self.edited.emit()

    def _on_expression_edited(self) -> None:
        self._arrange()
        self.change(self.expression.value())

    def own_error(self) -> str:
        if not self._as_rows:
            return self.expression.own_error()
        filled = [widget.row() for widget in self._rows if not widget.row().is_empty]
        return next(filter(None, (row.fault() for row in filled)), "")

    def warning(self) -> str:
        texts = (
            [text for widget in self._rows for text in (widget.left.text(), widget.right.text())]
            if self._as_rows
            else [self.expression.edit.text()]
        )
        return next(filter(None, map(self._missing, texts)), "")

    def _missing(self, text: str) -> str:
        reasons = (self.scope.context.missing(span.path) for span in reference_spans(text) if span.path)
        return next(filter(None, reasons), "")

    def refresh(self) -> None:
        self.expression.refresh()
        for widget in self._rows:
            widget.left.refresh()

    def focus_target(self) -> QWidget:
        return self._rows[0].left if self._as_rows else self.expression.edit

    def set_state(self, state: str) -> None:
        if not self._as_rows:
            mark(self.expression.edit, state)
            return
        faulty = next((one for one in self._rows if not one.row().is_empty and one.row().fault()), None)
        for widget in self._rows:
            for edit in (widget.left, widget.right):
                warns = state == "warning" and self._missing(edit.text())
                mark(edit, "warning" if warns else "")
        if state == "error":
            bad = faulty or self._rows[0]
            needs_value = bad.row().left.strip() and not bad.row().right.strip()
            mark(bad.right if needs_value else bad.left, "error")

    def name_accessibly(self, name: str, description: str) -> None:
        self.setAccessibleName(name)
        self.expression.name_accessibly(name, description)
