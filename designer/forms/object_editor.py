"""An object as rows, one a property; rarely used ones fold away behind "More options"."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from designer.forms.editor import Errors, FieldEditor, FormScope
from designer.forms.field_row import FieldRow
from designer.forms.schema import (
    ABSENT,
    MAX_PLAIN_PROPERTIES,
    Schema,
    Value,
    default_of,
    required_of,
    resolve,
)
from designer.theme import icons
from designer.theme import theme as themes
from designer.theme.stylesheet import repolish
from engine.model.json_value import Json

ROW_SPACING = 14


class ObjectEditor(FieldEditor):
    """The properties that the schema names. Keys that it does not name are kept as they are.

    A nested object that may be absent is folded to "Add ..." until it is wanted, so that recursive
    schemas end.
    """

    def __init__(
        self,
        schema: Schema,
        scope: FormScope,
        parent: QWidget | None = None,
        *,
        depth: int = 0,
        frameless: bool = False,
    ) -> None:
        super().__init__(schema, scope, parent)
        self._depth = depth
        self._rows: dict[str, FieldRow] = {}
        self._loaded: dict[str, Json] = {}
        self._more: QPushButton | None = None
        self._more_box: QWidget | None = None
        self._was_absent = True
        self._advanced: list[str] = []
        self._add: QPushButton | None = None
        self._is_open = depth == 0 or frameless
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(6)
        self._box: QWidget
        if self._is_open:
            self._box = QWidget(self)
        else:
            frame = QFrame(self)
            frame.setProperty("role", "card")
            self._box = frame
        self._column = QVBoxLayout(self._box)
        margin = 0 if self._is_open else 10
        self._column.setContentsMargins(margin, margin, margin, margin)
        self._column.setSpacing(ROW_SPACING if self._is_open else 10)
        outer.addWidget(self._box)
        if self._is_open:
            self._build()
        else:
            self._box.hide()
            self._add = _link("plus", "Fill in", self)
            self._add.clicked.connect(self._on_add)
            outer.addWidget(self._add)

    # -- building ------------------------------------------------------------------------------------

    def _build(self) -> None:
        plain, advanced = self._sorted_names()
        for name in plain:
            self._column.addWidget(self._row(name))
        if not advanced:
            return
        self._advanced += advanced
        self._more = _link("chevron-right", "More options", self._box)
        self._more.setCheckable(True)
        self._more.toggled.connect(self._on_more_toggled)
        self._column.addWidget(self._more)

    def _sorted_names(self) -> tuple[list[str], list[str]]:
        properties = self.schema.get("properties")
        names = list(properties) if isinstance(properties, Mapping) else []
        required = required_of(self.schema)
        crowded = len(names) > MAX_PLAIN_PROPERTIES
        plain: list[str] = []
        advanced: list[str] = []
        for name in names:
            part = resolve(self._properties()[name], self.scope.root)
            hidden = part.get("x-advanced") is True or (crowded and name not in required)
            (advanced if hidden else plain).append(name)
        if not plain:  # a form that shows nothing helps no one
            plain, advanced = advanced[:MAX_PLAIN_PROPERTIES], advanced[MAX_PLAIN_PROPERTIES:]
        return plain, advanced

    def _properties(self) -> Mapping[str, Schema]:
        properties = self.schema.get("properties")
        return properties if isinstance(properties, Mapping) else {}

    def _row(self, name: str) -> FieldRow:
        row = FieldRow(
            name,
            resolve(self._properties()[name], self.scope.root),
            self.scope,
            self._box,
            required=name in required_of(self.schema),
            depth=self._depth + 1,
        )
        row.edited.connect(self._on_row_edited)
        row.load(ABSENT)
        self._rows[name] = row
        return row

    def _on_add(self) -> None:
        self._open()
        self._on_row_edited()
        first = next(iter(self._rows.values()), None)
        if first is not None:
            first.editor.focus_target().setFocus()

    def _open(self) -> None:
        if not self._is_open:
            self._is_open = True
            self._build()
            self._box.show()
            if self._add is not None:
                self._add.hide()
            for name, row in self._rows.items():
                row.load(self._loaded.get(name, ABSENT))

    def _on_more_toggled(self, opened: bool) -> None:
        assert self._more is not None
        self._more.setIcon(icons.icon("chevron-down" if opened else "chevron-right", themes.current().accent))
        if opened and self._more_box is None:
            self._more_box = QWidget(self._box)
            column = QVBoxLayout(self._more_box)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(self._column.spacing())
            for name in self._advanced:
                row = self._row(name)
                column.addWidget(row)
                row.load(self._loaded.get(name, ABSENT))
            self._column.addWidget(self._more_box)
        if self._more_box is not None:
            self._more_box.setVisible(opened)

    def open_more(self) -> None:
        """Unfold the rarely used properties."""
        if self._more is not None:
            self._more.setChecked(True)

    # -- value ---------------------------------------------------------------------------------------

    def row(self, name: str) -> FieldRow | None:
        """The row of a property, if it has been built."""
        return self._rows.get(name)

    @property
    def rows(self) -> Mapping[str, FieldRow]:
        return self._rows

    def accepts(self, value: Value) -> bool:
        return isinstance(value, dict) or value is ABSENT

    def show_value(self, value: Value) -> None:
        self._loaded = dict(value) if isinstance(value, dict) else {}
        self._was_absent = not isinstance(value, dict)
        if isinstance(value, dict) and (value or self._depth == 0):
            self._open()
        for name, row in self._rows.items():
            wanted = self._loaded.get(name, ABSENT)
            if not _same(row.value(), wanted):
                row.load(wanted)
        self._tell_more()

    def _on_row_edited(self) -> None:
        for name, row in self._rows.items():
            value = row.value()
            if value is ABSENT:
                self._loaded.pop(name, None)
            else:
                self._loaded[name] = value  # type: ignore[assignment]  # not ABSENT
        self._tell_more()
        # An optional group whose fields were all emptied again is not there, as before.
        gone = not self._loaded and self._depth > 0 and self._was_absent
        self.change(ABSENT if gone else dict(self._loaded))

    def _tell_more(self) -> None:
        if self._more is None:
            return
        used = sum(self._is_used(name) for name in self._advanced)
        self._more.setText(f"More options ({used} set)" if used else "More options")

    def _is_used(self, name: str) -> bool:
        default = default_of(resolve(self._properties()[name], self.scope.root))
        return name in self._loaded and self._loaded[name] != default

    # -- messages ------------------------------------------------------------------------------------

    def faults(self) -> list[tuple[tuple[str, ...], str]]:
        return [fault for row in self._rows.values() for fault in row.faults()]

    def show_errors(self, errors: Errors, *, everything: bool) -> Errors:
        by_name: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        rest: list[tuple[tuple[str, ...], str]] = []
        for path, message in errors:
            if path and path[0] in self._properties():
                by_name.setdefault(path[0], []).append((path[1:], message))
            else:
                rest.append((path, message))
        hidden = [name for name in by_name if name not in self._rows]
        if hidden and everything and self._more is not None:
            self.open_more()
            hidden = []
        for name, row in self._rows.items():
            row.show_errors(by_name.get(name, ()), everything=everything)
        if self._more is not None:
            bad = bool(hidden) or (not self._more.isChecked() and self._has_bad_advanced())
            if bool(self._more.property("state")) != bad:
                self._more.setProperty("state", "error" if bad else "")
                repolish(self._more)
        return [
            *rest,
            *((path, text) for name in hidden if self._more is None for path, text in by_name[name]),
        ]

    def _has_bad_advanced(self) -> bool:
        return any(name in self._rows and self._rows[name].first_bad() is not None for name in self._advanced)

    def first_bad(self) -> QWidget | None:
        for name, row in self._rows.items():
            bad = row.first_bad()
            if bad is not None:
                if self._more is not None and name in self._advanced:
                    self.open_more()
                return bad
        return None

    def refresh(self) -> None:
        for row in self._rows.values():
            row.refresh()

    def set_state(self, state: str) -> None:
        """An object has no outline of its own; its rows have."""

    def focus_target(self) -> QWidget:
        first = next(iter(self._rows.values()), None)
        if first is not None and self._is_open:
            return first.editor.focus_target()
        return self._add or self

    def name_accessibly(self, name: str, description: str) -> None:
        self.setAccessibleName(name)
        if self._add is not None:
            self._add.setAccessibleName(f"Fill in {name}")


def _same(one: Value, other: Value) -> bool:
    """Equal as JSON: 1 and true differ, and so do 1 and 1.0 as written."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return one == other


def _link(icon: str, text: str, parent: QWidget) -> QPushButton:
    button = QPushButton(icons.icon(icon, themes.current().accent), text, parent)
    button.setProperty("variant", "link")
    return button
