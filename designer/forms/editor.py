"""What every field editor is: a widget that holds one JSON value and says when a person changed it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from designer.forms.context import Column, FormContext
from designer.forms.schema import ABSENT, Schema, Value
from designer.theme.spoken import name_buttons
from designer.theme.stylesheet import repolish
from engine.expression.suggestions import nearest
from engine.model.json_value import Json

Row = TypeVar("Row", bound=QWidget)

Errors = Sequence[tuple[tuple[str, ...], str]]
"""Messages with the path below the editor that each is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """Something that mends a warning: what its link says, and what it does."""

    title: str
    apply: Callable[[], None]


def _empty() -> Mapping[str, Json]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class FormScope:
    """What the editors of one form share: its schema, its surroundings, its present value."""

    root: Schema
    context: FormContext
    root_value: Callable[[], Mapping[str, Json]] = _empty

    def columns_for(self, schema: Schema) -> Sequence[Column]:
        """The columns that a field may name: of the table its schema names, or the first wired one."""
        name = schema.get("x-columns-of")
        if not isinstance(name, str):
            properties = self.root.get("properties")
            wired = [
                key
                for key, part in (properties.items() if isinstance(properties, Mapping) else ())
                if isinstance(part, Mapping) and part.get("x-input") is True
            ]
            name = wired[0] if wired else ""
        return self.context.columns(self.root_value().get(name))

    def unknown_column(self, schema: Schema, names: Sequence[str]) -> tuple[str, str] | None:
        """The first of these names that the table does not have, and the nearest it has (or "").

        None while the table is unknown; columns that the form itself makes count as known.
        """
        columns = [column.name for column in self.columns_for(schema)]
        if not columns:
            return None
        known = {name.casefold() for name in (*columns, *self._made_columns())}
        name = next((name for name in names if name.casefold() not in known), None)
        if name is None:
            return None
        return name, nearest(name, columns)

    def _made_columns(self) -> list[str]:
        properties = self.root.get("properties")
        made: list[str] = []
        for key, part in properties.items() if isinstance(properties, Mapping) else ():
            items = part.get("items") if isinstance(part, Mapping) else None
            fields = items.get("properties") if isinstance(items, Mapping) else None
            for name, field in fields.items() if isinstance(fields, Mapping) else ():
                rows = self.root_value().get(key)
                if isinstance(field, Mapping) and field.get("x-may-be-new") and isinstance(rows, list):
                    made += [str(row[name]) for row in rows if isinstance(row, dict) and name in row]
        return made


class FieldEditor(QWidget):
    """Base of all editors. `edited` follows a person's change, never `load`.

    The value that was loaded stays as it is until a person changes it: nothing is rounded, trimmed or
    filled in behind their back.
    """

    edited = Signal()
    structure_changed = Signal()

    def __init__(self, schema: Schema, scope: FormScope, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.schema = schema
        self.scope = scope
        self._value: Value = ABSENT

    def fill(self, widget: QWidget) -> None:
        """Let one widget be the whole editor."""
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(widget)
        self.setFocusProxy(widget)

    def accepts(self, value: Value) -> bool:
        """Whether this editor can show the value without loss."""
        raise AssertionError("each editor says what it accepts")

    def load(self, value: Value) -> None:
        """Show a value. The cursor stays where it is if the text is the same."""
        self._value = value
        self.show_value(value)

    def show_value(self, value: Value) -> None:
        """Write the value into the widgets, without signals."""
        raise AssertionError("each editor shows its value")

    def value(self) -> Value:
        """What was loaded or edited last."""
        return self._value

    def take(self, value: Value) -> None:
        """Hold a value without showing it: the text that is shown stands for it."""
        self._value = value

    def change(self, value: Value) -> None:
        """Take what a person entered."""
        self.take(value)
        self.edited.emit()

    def own_error(self) -> str:
        """What is wrong with the text itself, before any schema sees the value; empty when nothing."""
        return ""

    def faults(self) -> list[tuple[tuple[str, ...], str]]:
        """What is wrong with the texts in this editor and those inside it, with paths from here."""
        error = self.own_error()
        return [((), error)] if error else []

    def warning(self) -> str:
        """What to think of although the value is allowed, such as an input without a value yet."""
        return ""

    def fix(self) -> Fix | None:
        """What would mend the warning, where that is known."""
        return None

    def note(self) -> str:
        """One line about the value that is shown under the field; empty to show the description."""
        return ""

    def refresh(self) -> None:
        """Look again at what the surroundings know."""

    def focus_target(self) -> QWidget:
        """The widget that a click on the label, or a jump to an error, goes to."""
        return self.focusProxy() or self

    def set_state(self, state: str) -> None:
        """Outline the editor: "error", "warning" or "" for neither."""
        mark(self.focus_target(), state)

    def show_errors(self, errors: Errors, *, everything: bool) -> Errors:
        """Show messages at inner fields; what comes back belongs to the editor as a whole.

        With `everything` also fields that were never touched say what is wrong with them.
        """
        return errors

    def first_bad(self) -> QWidget | None:
        """The first inner widget with an error, opened if it was folded away."""
        return None

    def name_accessibly(self, name: str, description: str) -> None:
        """Tell assistive technology what the field is."""
        target = self.focus_target()
        target.setAccessibleName(name)
        target.setAccessibleDescription(description)
        if isinstance(target, QLineEdit):
            name_buttons(target)


_STATE: Final = "state"


def drop_row(rows: list[Row], column: QVBoxLayout, row: Row) -> None:
    """Take one row out of a field that holds a list of them, from the screen too."""
    rows.remove(row)
    column.removeWidget(row)
    row.hide()
    row.deleteLater()


def mark(widget: QWidget, state: str) -> None:
    """Set the outline of a styled widget; cheap when it is the same as before."""
    if (widget.property(_STATE) or "") != state:
        widget.setProperty(_STATE, state)
        repolish(widget)
