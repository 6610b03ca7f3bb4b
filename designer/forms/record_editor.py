"""A small object in the space of one row of a list: two fields to a line, long ones alone."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from designer.forms.editor import Errors, FieldEditor, Fix, FormScope
from designer.forms.field_row import FieldRow
from designer.forms.schema import (
    ABSENT,
    COMPACT_KINDS,
    FieldKind,
    Schema,
    Value,
    kind_of,
    required_of,
    resolve,
    title_of,
)
from designer.forms.text_editors import LineEditor, SuffixLineEdit
from engine.model.json_value import Json

MAX_FIELDS = 5
_WIDE = frozenset({FieldKind.EXPRESSION, FieldKind.BOOLEAN})


def is_record(schema: Schema, root: Schema, depth: int) -> bool:
    """Whether the items of a list fit into compact rows."""
    properties = schema.get("properties")
    if kind_of(schema, depth=depth) is not FieldKind.OBJECT or not isinstance(properties, Mapping):
        return False
    if len(properties) > MAX_FIELDS:
        return False
    return all(kind_of(resolve(part, root), depth=depth + 1) in COMPACT_KINDS for part in properties.values())


class RecordEditor(FieldEditor):
    """The fields of one object without labels; their names stand in them while they are empty."""

    def __init__(
        self, schema: Schema, scope: FormScope, parent: QWidget | None = None, *, depth: int
    ) -> None:
        super().__init__(schema, scope, parent)
        self._rows: dict[str, FieldRow] = {}
        self._loaded: dict[str, Json] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        line: QHBoxLayout | None = None
        for name, part in schema["properties"].items():
            row = self._make(name, resolve(part, scope.root), depth)
            wide = row.kind in _WIDE
            if line is None or line.count() == 2 or wide:
                line = QHBoxLayout()
                line.setSpacing(6)
                column.addLayout(line)
            line.addWidget(row, 1)
            if wide:
                line = None
        for one, other in zip(self._rows.values(), list(self._rows.values())[1:], strict=False):
            QWidget.setTabOrder(one.editor.focus_target(), other.editor.focus_target())

    def _make(self, name: str, schema: Schema, depth: int) -> FieldRow:
        required = name in required_of(self.schema)
        row = FieldRow(name, schema, self.scope, self, depth=depth + 1, bare=True, required=required)
        row.edited.connect(self._on_row_edited)
        target = row.editor.focus_target()
        if isinstance(target, SuffixLineEdit) and (
            isinstance(row.editor, LineEditor) is False or not target.placeholderText()
        ):
            target.setPlaceholderText(title_of(name, schema))
        row.load(ABSENT)
        self._rows[name] = row
        return row

    @property
    def rows(self) -> Mapping[str, FieldRow]:
        return self._rows

    def accepts(self, value: Value) -> bool:
        return isinstance(value, dict)

    def show_value(self, value: Value) -> None:
        self._loaded = dict(value) if isinstance(value, dict) else {}
        for name, row in self._rows.items():
            wanted = self._loaded.get(name, ABSENT)
            if row.value() != wanted or type(row.value()) is not type(wanted):
                row.load(wanted)

    def _on_row_edited(self) -> None:
        for name, row in self._rows.items():
            value = row.value()
            if value is ABSENT:
                self._loaded.pop(name, None)
            else:
                self._loaded[name] = value  # type: ignore[assignment]  # not ABSENT
        self.change(dict(self._loaded))

    def show_errors(self, errors: Errors, *, everything: bool) -> Errors:
        by_name: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        rest: list[tuple[tuple[str, ...], str]] = []
        for path, message in errors:
            if path and path[0] in self._rows:
                by_name.setdefault(path[0], []).append((path[1:], message))
            else:
                rest.append((path, message))
        for name, row in self._rows.items():
            row.show_errors(by_name.get(name, ()), everything=everything)
            if row.error:
                rest.append(((), f"{row.title}: {row.error}"))
        return rest

    def warning(self) -> str:
        return next(filter(None, (row.editor.warning() for row in self._rows.values())), "")

    def fix(self) -> Fix | None:
        return next(filter(None, (row.editor.fix() for row in self._rows.values())), None)

    def faults(self) -> list[tuple[tuple[str, ...], str]]:
        return [fault for row in self._rows.values() for fault in row.faults()]

    def first_bad(self) -> QWidget | None:
        return next(filter(None, (row.first_bad() for row in self._rows.values())), None)

    def refresh(self) -> None:
        for row in self._rows.values():
            row.refresh()

    def set_state(self, state: str) -> None:
        """A record has no outline of its own; its fields have."""

    def focus_target(self) -> QWidget:
        return next(iter(self._rows.values())).editor.focus_target()
