"""An object with names of one's own: rows of name and value, as for the headers of a request."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from designer.forms.editor import Errors, FieldEditor, FormScope, drop_row, mark
from designer.forms.field_row import FieldRow
from designer.forms.pick_editors import quiet_tool
from designer.forms.schema import ABSENT, COMPACT_KINDS, FieldKind, Schema, Value, kind_of, resolve
from designer.theme import icons
from designer.theme import theme as themes
from engine.model.json_value import Json

MAX_ROWS = 100
_LOOSE: Schema = {"type": ["string", "number", "boolean", "object", "array", "null"], "x-loose": True}


class _Pair(QWidget):
    """One row: a name, a value, a button to remove both."""

    edited = Signal()
    removal_requested = Signal()

    def __init__(self, schema: Schema, scope: FormScope, parent: QWidget, *, depth: int) -> None:
        super().__init__(parent)
        compact = kind_of(schema, depth=depth) in COMPACT_KINDS
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(4)
        line = QHBoxLayout()
        line.setSpacing(6)
        self.name = QLineEdit(self)
        self.name.setPlaceholderText("Name")
        self.name.setAccessibleName("Name")
        self.name.textEdited.connect(self.edited)
        self.field = FieldRow("value", {**schema, "title": "Value"}, scope, self, depth=depth, bare=True)
        self.field.edited.connect(self.edited)
        remove = quiet_tool("x", "Remove", self, size=14)
        remove.setFixedSize(24, 30)
        remove.clicked.connect(self.removal_requested)
        line.addWidget(self.name, 2)
        if compact:
            line.addWidget(self.field, 3)
        line.addWidget(remove, 0, Qt.AlignmentFlag.AlignTop)
        outer.addLayout(line)
        if not compact:
            outer.addWidget(self.field)

    def value(self) -> Json:
        value = self.field.value()
        if value is ABSENT:
            return None if self.field.kind in (FieldKind.INTEGER, FieldKind.NUMBER, FieldKind.JSON) else ""
        return value  # type: ignore[return-value]  # not ABSENT


class MapEditor(FieldEditor):
    """Names and values. A name that stands twice is an error until it is mended."""

    def __init__(
        self, schema: Schema, scope: FormScope, parent: QWidget | None = None, *, depth: int = 0
    ) -> None:
        super().__init__(schema, scope, parent)
        self._depth = depth
        extra = schema.get("additionalProperties")
        resolved = resolve(extra, scope.root) if isinstance(extra, Mapping) and extra else {}
        self._value_schema: Schema = resolved if resolved else _LOOSE
        self._pairs: list[_Pair] = []
        self._error = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        self._column = QVBoxLayout()
        self._column.setSpacing(6)
        layout.addLayout(self._column)
        self.add_button = QPushButton(icons.icon("plus", themes.current().accent), "Add", self)
        self.add_button.setProperty("variant", "link")
        self.add_button.clicked.connect(self.add)
        layout.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignLeft)

    def accepts(self, value: Value) -> bool:
        if value is ABSENT:
            return True
        return (
            isinstance(value, dict) and len(value) <= MAX_ROWS and all(name.isprintable() for name in value)
        )

    def show_value(self, value: Value) -> None:
        self._error = ""
        default = self.schema.get("default", {}) if value is ABSENT else value
        wanted = list(default.items()) if isinstance(default, dict) else []
        while len(self._pairs) > len(wanted):
            drop_row(self._pairs, self._column, self._pairs[-1])
        for index, (name, item) in enumerate(wanted):
            pair = self._pairs[index] if index < len(self._pairs) else self._append()
            if pair.name.text() != name:
                pair.name.setText(name)
            if pair.value() != item or type(pair.value()) is not type(item) or pair.field.value() is ABSENT:
                pair.field.load(item)

    def _append(self) -> _Pair:
        pair = _Pair(self._value_schema, self.scope, self, depth=self._depth + 1)
        pair.edited.connect(self._on_edited)
        pair.removal_requested.connect(lambda: self._remove(pair))
        self._pairs.append(pair)
        self._column.addWidget(pair)
        return pair

    def add(self) -> None:
        """Add an empty row at the end and go to its name; it counts once it has a name."""
        pair = self._append()
        pair.show()
        pair.name.setFocus()

    def _remove(self, pair: _Pair) -> None:
        drop_row(self._pairs, self._column, pair)
        self.add_button.setFocus()
        self._on_edited()

    def _on_edited(self) -> None:
        values: dict[str, Json] = {}
        self._error = ""
        for pair in self._pairs:
            name = pair.name.text()
            if not name:
                if pair.value() not in ("", None):
                    self._error = "Each value needs a name."
                continue
            if name in values:
                self._error = f"The name {name} stands here twice."
                mark(pair.name, "error")
                continue
            mark(pair.name, "")
            values[name] = pair.value()
        self.change(ABSENT if not values and self._value is ABSENT else values)

    def own_error(self) -> str:
        return self._error

    def faults(self) -> list[tuple[tuple[str, ...], str]]:
        own = super().faults()
        return own + [
            ((pair.name.text(), *path), text)
            for pair in self._pairs
            for path, text in pair.field.editor.faults()
        ]

    def show_errors(self, errors: Errors, *, everything: bool) -> Errors:
        rest: list[tuple[tuple[str, ...], str]] = []
        named = {pair.name.text(): pair for pair in self._pairs}
        by_name: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for path, message in errors:
            if path and path[0] in named:
                by_name.setdefault(path[0], []).append((path[1:], message))
            else:
                rest.append((path, message))
        for name, pair in named.items():
            pair.field.show_errors(by_name.get(name, ()), everything=everything)
            if pair.field.error:
                rest.append(((), f"{name}: {pair.field.error}"))
        return rest

    def first_bad(self) -> QWidget | None:
        return next(filter(None, (pair.field.first_bad() for pair in self._pairs)), None)

    def refresh(self) -> None:
        for pair in self._pairs:
            pair.field.refresh()

    def set_state(self, state: str) -> None:
        """A map has no outline of its own; its rows have."""

    def focus_target(self) -> QWidget:
        return self._pairs[0].name if self._pairs else self.add_button

    def name_accessibly(self, name: str, description: str) -> None:
        self.setAccessibleName(name)
        self.add_button.setAccessibleName(f"Add to {name}")
