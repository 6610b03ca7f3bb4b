"""The inputs of a workflow or the fields of a question: cards to add, change, order and remove."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from designer.forms.context import FormContext
from designer.forms.editor import FieldEditor, FormScope, drop_row, mark
from designer.forms.inputs_model import (
    KINDS,
    Input,
    details_schema,
    free_name,
    name_fault,
    read_inputs,
    write_inputs,
)
from designer.forms.pick_editors import CalmComboBox, quiet_tool
from designer.forms.schema import ABSENT, Schema, Value
from designer.theme import icons
from designer.theme import theme as themes


class InputCard(QFrame):
    """One input: name and kind, and the rest behind "Details"."""

    edited = Signal()
    move_requested = Signal(int)
    removal_requested = Signal()

    def __init__(self, one: Input, scope: FormScope, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._scope = scope
        self._input = one
        self._details: FieldEditor | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(8, 8, 8, 8)
        self._column.setSpacing(8)
        line = QHBoxLayout()
        line.setSpacing(4)
        self.name = QLineEdit(one.name, self)
        self.name.setProperty("variant", "mono")
        self.name.setAccessibleName("Name of the input")
        self.name.setPlaceholderText("Name")
        self.name.textEdited.connect(self._on_name_edited)
        self.kind = CalmComboBox(self)
        self.kind.addItems(list(KINDS.values()))
        self.kind.setCurrentIndex(list(KINDS).index(one.kind))
        self.kind.setAccessibleName("Kind of value")
        self.kind.setSizeAdjustPolicy(CalmComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.kind.activated.connect(self._on_kind_chosen)
        line.addWidget(self.name, 1)
        line.addWidget(self.kind, 1)
        for icon, tip, step in (("chevron-up", "Move up", -1), ("chevron-down", "Move down", 1)):
            line.addWidget(self._arrow(icon, tip, step))
        remove = quiet_tool("x", "Remove this input", self, size=14)
        remove.setFixedSize(24, 30)
        remove.clicked.connect(self.removal_requested)
        line.addWidget(remove)
        self._column.addLayout(line)
        self.more = QPushButton(self)
        self.more.setProperty("variant", "link")
        self.more.setCheckable(True)
        self.more.toggled.connect(self._on_more_toggled)
        self._column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        self._tell()

    def _arrow(self, icon: str, tip: str, step: int) -> QToolButton:
        button = quiet_tool(icon, tip, self, size=12)
        button.setObjectName("rowArrow")
        button.setFixedSize(18, 30)
        button.clicked.connect(lambda: self.move_requested.emit(step))
        return button

    @property
    def input(self) -> Input:
        return self._input

    @property
    def details(self) -> FieldEditor | None:
        """The form of the details, once it has been opened."""
        return self._details

    def show_input(self, one: Input) -> None:
        """Show another value of the same input."""
        if one == self._input:
            return
        rebuilt = one.kind != self._input.kind or one.schema.get("enum") != self._input.schema.get("enum")
        self._input = one
        if self.name.text() != one.name:
            self.name.setText(one.name)
        self.kind.setCurrentIndex(list(KINDS).index(one.kind))
        if self._details is not None:
            if rebuilt and not self.isAncestorOf(self.focusWidget() or self.window()):
                self._rebuild()
            else:
                self._details.load(one.details())
        self._tell()

    def _tell(self) -> None:
        opened = self.more.isChecked()
        schema = self._input.schema
        default = schema.get("default")
        title = str(schema.get("title") or "")
        words = [title] if title else []
        if default is not None:
            unit = f" {schema['x-unit']}" if isinstance(schema.get("x-unit"), str) else ""
            words.append(f"default {default}{unit}")
        self.more.setText("Details" if opened or not words else f"Details: {', '.join(words)}"[:46])
        self.more.setIcon(icons.icon("chevron-down" if opened else "chevron-right", themes.current().accent))

    def _on_more_toggled(self, opened: bool) -> None:
        if opened and self._details is None:
            self._rebuild()
        if self._details is not None:
            self._details.setVisible(opened)
        self._tell()

    def _rebuild(self) -> None:
        from designer.forms.object_editor import ObjectEditor

        if self._details is not None:
            self._column.removeWidget(self._details)
            self._details.hide()
            self._details.deleteLater()
        schema = details_schema(self._input)
        scope = FormScope(root=schema, context=FormContext(base_dir=self._scope.context.base_dir))
        self._details = ObjectEditor(schema, scope, self, frameless=True)
        self._details.edited.connect(self._on_details_edited)
        self._column.addWidget(self._details)
        self._details.load(self._input.details())
        self._details.setVisible(self.more.isChecked())

    def _on_details_edited(self) -> None:
        assert self._details is not None
        details = self._details.value()
        if isinstance(details, dict):
            self._input = self._input.with_details(details)
            self._tell()
            self.edited.emit()

    def _on_name_edited(self, text: str) -> None:
        self._input = replace(self._input, name=text.strip())
        self.edited.emit()

    def _on_kind_chosen(self, index: int) -> None:
        kind = list(KINDS)[index]
        if kind == self._input.kind:
            return
        self._input = self._input.with_kind(kind)
        if self._details is not None:
            self._rebuild()
        self._tell()
        self.edited.emit()


class InputsEditor(FieldEditor):
    """A JSON Schema object as a list of inputs. Its value is the schema."""

    def __init__(self, schema: Schema, scope: FormScope, parent: QWidget | None = None) -> None:
        super().__init__(schema, scope, parent)
        self._cards: list[InputCard] = []
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

    @property
    def cards(self) -> list[InputCard]:
        return list(self._cards)

    def accepts(self, value: Value) -> bool:
        if value is ABSENT:
            return True
        if not isinstance(value, dict) or value.get("type", "object") != "object":
            return False
        properties = value.get("properties", {})
        return isinstance(properties, dict) and all(isinstance(part, dict) for part in properties.values())

    def _base(self) -> dict[str, object]:
        value = self.schema.get("default") if self._value is ABSENT else self._value
        return dict(value) if isinstance(value, dict) else {}

    def show_value(self, value: Value) -> None:
        wanted = read_inputs(self._base())
        if [card.input for card in self._cards] == wanted:
            return
        while len(self._cards) > len(wanted):
            drop_row(self._cards, self._column, self._cards[-1])
        for index, one in enumerate(wanted):
            if index < len(self._cards):
                self._cards[index].show_input(one)
            else:
                self._append(one)

    def _append(self, one: Input) -> InputCard:
        card = InputCard(one, self.scope, self)
        card.edited.connect(self._on_edited)
        card.move_requested.connect(lambda step: self._move(card, step))
        card.removal_requested.connect(lambda: self._remove(card))
        self._cards.append(card)
        self._column.addWidget(card)
        return card

    def add(self) -> None:
        """Add an input, opened, with its name selected."""
        one = Input(name=free_name(card.input.name for card in self._cards), schema={"type": "string"})
        card = self._append(one)
        card.more.setChecked(True)
        card.show()
        card.name.setFocus()
        card.name.selectAll()
        self._on_edited()

    def _remove(self, card: InputCard) -> None:
        drop_row(self._cards, self._column, card)
        self.add_button.setFocus()
        self._on_edited()

    def _move(self, card: InputCard, step: int) -> None:
        target = self._cards.index(card) + step
        if 0 <= target < len(self._cards):
            self._cards.remove(card)
            self._cards.insert(target, card)
            self._column.removeWidget(card)
            self._column.insertWidget(target, card)
            self._on_edited()

    def _on_edited(self) -> None:
        names = [card.input.name for card in self._cards]
        for index, card in enumerate(self._cards):
            mark(card.name, "error" if name_fault(card.input.name, names[:index]) else "")
        if self.own_error():
            self.edited.emit()  # two inputs of one name cannot be written: the last good value stands
        else:
            self.change(write_inputs([card.input for card in self._cards], self._base()))

    def own_error(self) -> str:
        names = [card.input.name for card in self._cards]
        faults = (name_fault(name, names[:index]) for index, name in enumerate(names))
        return next(filter(None, faults), "")

    def focus_target(self) -> QWidget:
        return self._cards[0].name if self._cards else self.add_button

    def set_state(self, state: str) -> None:
        """The names carry their own marks."""

    def name_accessibly(self, name: str, description: str) -> None:
        self.setAccessibleName(name)
        self.add_button.setText("Add input" if name == "Inputs" else "Add field")
