"""A list as rows that can be added, removed and put in another order."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from designer.forms.editor import Errors, FieldEditor, Fix, FormScope, drop_row
from designer.forms.field_row import FieldRow
from designer.forms.pick_editors import quiet_tool
from designer.forms.record_editor import RecordEditor, is_record
from designer.forms.schema import ABSENT, COMPACT_KINDS, FieldKind, Schema, Value, blank, kind_of, resolve
from designer.theme import icons
from designer.theme import theme as themes
from engine.model.json_value import Json

MAX_ROWS = 100
_BLANKS: dict[FieldKind, Json] = {FieldKind.INTEGER: 0, FieldKind.NUMBER: 0, FieldKind.BOOLEAN: False}


class ListItem(QWidget):
    """One row: the item's editor, and buttons to move it (also by Alt+Up, Alt+Down) or remove it."""

    edited = Signal()
    move_requested = Signal(int)
    removal_requested = Signal()

    def __init__(self, schema: Schema, scope: FormScope, parent: QWidget, *, depth: int) -> None:
        super().__init__(parent)
        self._schema = schema
        kind = kind_of(schema, depth=depth)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        self.record: RecordEditor | None = None
        self.field: FieldRow | None = None
        if is_record(schema, scope.root, depth):
            frame = QFrame(self)
            frame.setProperty("role", "card")
            inner = QHBoxLayout(frame)
            inner.setContentsMargins(8, 8, 4, 8)
            inner.setSpacing(2)
            self.record = RecordEditor(schema, scope, frame, depth=depth)
            self.record.edited.connect(self.edited)
            inner.addWidget(self.record, 1)
            layout.addWidget(frame)
            layout = inner
        else:
            self.field = FieldRow("", schema, scope, self, depth=depth, bare=kind in COMPACT_KINDS)
            self.field.edited.connect(self.edited)
            layout.addWidget(self.field, 1)
        layout.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        buttons = QHBoxLayout()
        buttons.setSpacing(0)
        arrows = QVBoxLayout()
        arrows.setSpacing(0)
        self._up = self._arrow("chevron-up", "Move up", -1)
        self._down = self._arrow("chevron-down", "Move down", 1)
        arrows.addWidget(self._up)
        arrows.addWidget(self._down)
        arrows.addStretch(1)
        buttons.addLayout(arrows)
        self.remove = quiet_tool("x", "Remove", self, size=14)
        self.remove.setFixedSize(24, 30)
        self.remove.clicked.connect(self.removal_requested)
        buttons.addWidget(self.remove, 0, Qt.AlignmentFlag.AlignTop)
        return buttons

    def _arrow(self, icon: str, tip: str, step: int) -> QToolButton:
        button = quiet_tool(icon, tip, self, size=12)
        button.setObjectName("rowArrow")
        button.setFixedSize(18, 15)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda: self.move_requested.emit(step))
        return button

    def set_place(self, index: int, count: int) -> None:
        """Which of how many rows this is."""
        self._up.setVisible(count > 1)
        self._down.setVisible(count > 1)
        self._up.setEnabled(index > 0)
        self._down.setEnabled(index < count - 1)
        self.setAccessibleName(f"Row {index + 1} of {count}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.AltModifier and event.key() in (
            Qt.Key.Key_Up,
            Qt.Key.Key_Down,
        ):
            self.move_requested.emit(-1 if event.key() == Qt.Key.Key_Up else 1)
            return
        super().keyPressEvent(event)

    def value(self) -> Json:
        value = self.record.value() if self.record is not None else self._field.value()
        if value is not ABSENT:
            return value  # type: ignore[return-value]  # not ABSENT
        # An item cannot be absent: an emptied text is the empty text, an emptied number is null.
        kind = kind_of(self._schema)
        return {} if self.record is not None else None if kind in _BLANKS or kind is FieldKind.JSON else ""

    @property
    def _field(self) -> FieldRow:
        assert self.field is not None
        return self.field

    def load(self, value: Json) -> None:
        if self.record is not None:
            self.record.load(value)
        else:
            self._field.load(value)

    def accepts(self, value: Json) -> bool:
        return self.record is None or self.record.accepts(value)

    def show_errors(self, errors: Errors, *, everything: bool) -> str:
        """Show messages at the fields; gives the first that has no place of its own."""
        if self.record is not None:
            rest = self.record.show_errors(errors, everything=everything)
            return rest[0][1] if rest else ""
        self._field.show_errors(errors, everything=everything)
        return self._field.error if self._field._bare else ""

    def faults(self) -> list[tuple[tuple[str, ...], str]]:
        return self.record.faults() if self.record is not None else self._field.editor.faults()

    def first_bad(self) -> QWidget | None:
        return self.record.first_bad() if self.record is not None else self._field.first_bad()

    def refresh(self) -> None:
        (self.record if self.record is not None else self._field).refresh()

    def focus(self) -> None:
        (self.record if self.record is not None else self._field.editor).focus_target().setFocus()


class ListEditor(FieldEditor):
    """Rows of one kind. Columns of a known table can be added all at once."""

    def __init__(
        self, schema: Schema, scope: FormScope, parent: QWidget | None = None, *, depth: int = 0
    ) -> None:
        super().__init__(schema, scope, parent)
        self._depth = depth
        self._items_schema = resolve(schema.get("items"), scope.root)
        self._items: list[ListItem] = []
        self._name = "row"
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        self._column = QVBoxLayout()
        self._column.setSpacing(6)
        layout.addLayout(self._column)
        buttons = QHBoxLayout()
        buttons.setSpacing(12)
        self.add_button = QPushButton(icons.icon("plus", themes.current().accent), "Add", self)
        self.add_button.setProperty("variant", "link")
        self.add_button.clicked.connect(self.add)
        buttons.addWidget(self.add_button)
        self.add_all_button: QPushButton | None = None
        if kind_of(self._items_schema) is FieldKind.COLUMN:
            self.add_all_button = QPushButton("Add all columns", self)
            self.add_all_button.setProperty("variant", "link")
            self.add_all_button.clicked.connect(self._add_all_columns)
            buttons.addWidget(self.add_all_button)
        buttons.addStretch(1)
        layout.addLayout(buttons)

    def accepts(self, value: Value) -> bool:
        if value is ABSENT:
            return True
        if not isinstance(value, list) or len(value) > MAX_ROWS:
            return False
        record = is_record(self._items_schema, self.scope.root, self._depth + 1)
        return not record or all(isinstance(item, dict) for item in value)

    def show_value(self, value: Value) -> None:
        default = self.schema.get("default", []) if value is ABSENT else value
        items = default if isinstance(default, list) else []
        while len(self._items) > len(items):
            drop_row(self._items, self._column, self._items[-1])
        for index, item in enumerate(items):
            if index >= len(self._items):
                self._append().load(item)
            elif self._items[index].value() != item or type(self._items[index].value()) is not type(item):
                self._items[index].load(item)
        self._place()

    def _append(self) -> ListItem:
        item = ListItem(self._items_schema, self.scope, self, depth=self._depth + 1)
        item.edited.connect(self._on_item_edited)
        item.move_requested.connect(lambda step: self._move(item, step))
        item.removal_requested.connect(lambda: self._remove(item))
        self._items.append(item)
        self._column.addWidget(item)
        return item

    def _place(self) -> None:
        for index, item in enumerate(self._items):
            item.set_place(index, len(self._items))
        most = self.schema.get("maxItems")
        self.add_button.setEnabled(len(self._items) < (most if isinstance(most, int) else MAX_ROWS))
        if self.add_all_button is not None:
            self.add_all_button.setVisible(bool(self._other_columns()))

    def add(self) -> None:
        """Add a row at the end and go there."""
        item = self._append()
        item.load(blank(self._items_schema, self.scope.root))
        self._place()
        self._on_item_edited()
        item.show()
        item.focus()

    def _other_columns(self) -> list[str]:
        used = {item.value() for item in self._items if isinstance(item.value(), str)}
        return [
            column.name for column in self.scope.columns_for(self._items_schema) if column.name not in used
        ]

    def _add_all_columns(self) -> None:
        for name in self._other_columns()[: MAX_ROWS - len(self._items)]:
            self._append().load(name)
        self._place()
        self._on_item_edited()

    def _remove(self, item: ListItem) -> None:
        index = self._items.index(item)
        drop_row(self._items, self._column, item)
        self._place()
        self._on_item_edited()
        if self._items:
            self._items[min(index, len(self._items) - 1)].focus()
        else:
            self.add_button.setFocus()

    def _move(self, item: ListItem, step: int) -> None:
        index = self._items.index(item)
        target = index + step
        if not 0 <= target < len(self._items):
            return
        self._items.insert(target, self._items.pop(index))
        focused = item.focusWidget()
        self._column.removeWidget(item)
        self._column.insertWidget(target, item)
        if focused is not None:
            focused.setFocus()
        self._place()
        self._on_item_edited()

    def _on_item_edited(self) -> None:
        values: list[Json] = [item.value() for item in self._items]
        gone = not values and "default" not in self.schema and self.schema.get("minItems", 0) == 0
        self.change(ABSENT if gone and self._value is ABSENT else values)
        if self.add_all_button is not None:
            self.add_all_button.setVisible(bool(self._other_columns()))

    def show_errors(self, errors: Errors, *, everything: bool) -> Errors:
        by_index: dict[int, list[tuple[tuple[str, ...], str]]] = {}
        rest: list[tuple[tuple[str, ...], str]] = []
        for path, message in errors:
            if path and path[0].isdecimal() and int(path[0]) < len(self._items):
                by_index.setdefault(int(path[0]), []).append((path[1:], message))
            else:
                rest.append((path, message))
        for index, item in enumerate(self._items):
            message = item.show_errors(by_index.get(index, ()), everything=everything)
            if message:
                rest.append(((), f"Row {index + 1}: {message}" if len(self._items) > 1 else message))
        return rest

    def warning(self) -> str:
        """The first warning among rows that have no line of their own for it."""
        for item in self._items:
            text = item.record.warning() if item.record is not None else item._field.editor.warning()
            if text and (item.record is not None or item._field._bare):
                return text
        return ""

    def fix(self) -> Fix | None:
        editors = (item.record if item.record is not None else item._field.editor for item in self._items)
        return next(filter(None, (editor.fix() for editor in editors)), None)

    def faults(self) -> list[tuple[tuple[str, ...], str]]:
        return [
            ((str(index), *path), message)
            for index, item in enumerate(self._items)
            for path, message in item.faults()
        ]

    def first_bad(self) -> QWidget | None:
        return next(filter(None, (item.first_bad() for item in self._items)), None)

    def refresh(self) -> None:
        for item in self._items:
            item.refresh()
        self._place()

    def set_state(self, state: str) -> None:
        """A list has no outline of its own; its rows have."""

    def focus_target(self) -> QWidget:
        if self._items:
            first = self._items[0]
            return (first.record if first.record is not None else first._field.editor).focus_target()
        return self.add_button

    def name_accessibly(self, name: str, description: str) -> None:
        self.setAccessibleName(name)
        self.add_button.setAccessibleName(f"Add to {name}")
        titled = self._items_schema.get("title")
        if isinstance(titled, str) and isinstance(self._items_schema, Mapping):
            self.add_button.setText(f"Add {titled[:1].lower()}{titled[1:]}")
