"""A field as it stands in a form: label, editor, one line below that helps, warns or complains."""

from __future__ import annotations

import html
from enum import Enum, auto

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from designer.forms.editor import Errors, FieldEditor, FormScope
from designer.forms.expression_editors import ExpressionEditor
from designer.forms.factory import EXPRESSION_KINDS, make_editor
from designer.forms.json_editor import JsonEditor
from designer.forms.schema import ABSENT, FieldKind, Schema, Value, is_nullable, kind_of, title_of
from designer.forms.text_editors import LooseEditor, read_loose
from designer.theme import reading
from designer.theme.stylesheet import repolish

_TEXTUAL = frozenset(
    {FieldKind.TEXT, FieldKind.PATH_OPEN, FieldKind.PATH_SAVE, FieldKind.COLUMN, FieldKind.MULTILINE}
)
_OWN_SPACE = frozenset({FieldKind.OBJECT, FieldKind.LIST, FieldKind.MAP, FieldKind.SCHEMA, FieldKind.CODE})


class Mode(Enum):
    """How the value is edited: by its own editor, as text with references, as any scalar, as JSON."""

    PLAIN = auto()
    EXPRESSION = auto()
    LOOSE = auto()
    JSON = auto()


class FieldRow(QWidget):
    """One property of an object, or one item of a list (`bare`: the editor alone).

    Any field can be switched to text with references by its `fx` button or Ctrl+=; a value that its
    own editor cannot show is edited as JSON, so that no value is lost or refused.
    """

    edited = Signal()

    def __init__(
        self,
        name: str,
        schema: Schema,
        scope: FormScope,
        parent: QWidget | None = None,
        *,
        required: bool = False,
        depth: int = 0,
        bare: bool = False,
    ) -> None:
        super().__init__(parent)
        self.name = name
        self.schema = schema
        self.scope = scope
        self.kind = kind_of(schema, depth=depth)
        self.title = title_of(name, schema)
        self._required = required
        self._described = str(schema["description"]) if isinstance(schema.get("description"), str) else ""
        self._depth = depth
        self._touched = False
        self._error = ""
        self._mode = Mode.PLAIN
        self._label: QLabel | None = None
        self._note: QLabel | None = None
        self._fx: QToolButton | None = None
        self._line = QHBoxLayout()
        self._line.setSpacing(4)
        self._build(bare)
        self._editor = self._new_editor(Mode.PLAIN)
        self._line.insertWidget(0, self._editor, 1)
        self._attach()

    # -- building ------------------------------------------------------------------------------------

    def _build(self, bare: bool) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        switchable = self.scope.context.allows_expressions and self.kind not in EXPRESSION_KINDS | _OWN_SPACE
        if switchable and not bare:
            self._fx = QToolButton(self)
            self._fx.setText("fx")
            self._fx.setObjectName("fx")
            self._fx.setCheckable(True)
            self._fx.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            self._fx.setToolTip("Write an expression or a reference (Ctrl+=)")
            self._fx.setAccessibleName(f"{self.title}: write an expression")
            self._fx.clicked.connect(self._on_fx_clicked)
        if not bare and self.kind is not FieldKind.BOOLEAN:
            header = QHBoxLayout()
            header.setSpacing(4)
            self._label = QLabel(self.title.replace("&", "&&"), self)
            self._label.setProperty("role", "field")
            self._label.setAlignment(reading.leading() | Qt.AlignmentFlag.AlignVCenter)
            header.addWidget(self._label, 1)
            if self._fx is not None:
                header.addWidget(self._fx)
            layout.addLayout(header)
        elif self._fx is not None:
            self._line.addWidget(self._fx)
        layout.addLayout(self._line)
        self._bare = bare

    def _new_editor(self, mode: Mode) -> FieldEditor:
        if mode is Mode.EXPRESSION:
            schema = {key: value for key, value in self.schema.items() if key in ("title", "examples")}
            return ExpressionEditor(schema, self.scope, self, language="template")
        if mode is Mode.LOOSE:
            return LooseEditor({"title": self.title}, self.scope, self)
        if mode is Mode.JSON:
            return JsonEditor(self.schema, self.scope, self)
        return make_editor(self.kind, self.schema, self.scope, self, name=self.name, depth=self._depth)

    def _attach(self) -> None:
        self._editor.edited.connect(self._on_edited)
        self._editor.name_accessibly(self.title, self._description())
        if self._label is not None:
            self._label.setBuddy(self._editor.focus_target())
        if self._bare:
            self._editor.setToolTip(self.title)

    def describe(self, text: str) -> None:
        """Say something else under the field than the schema's description."""
        self._described = text
        self._show_note()

    def _description(self) -> str:
        text = self._described
        return f"{text} Needed.".strip() if self._required else text

    # -- value ---------------------------------------------------------------------------------------

    @property
    def editor(self) -> FieldEditor:
        """The editor shown now; another one after a switch of mode."""
        return self._editor

    def value(self) -> Value:
        """The property's value; ABSENT when the key is to be left out."""
        value = self._editor.value()
        if value is ABSENT and self._required and is_nullable(self.schema):
            return None
        return value

    def load(self, value: Value) -> None:
        """Show a value with the editor that can."""
        mode = self._mode_for(value)
        if mode is not self._mode:
            self._switch(mode)
        self._editor.load(value)
        self._show_note()

    def _mode_for(self, value: Value) -> Mode:
        refers = isinstance(value, str) and "${" in value and self.scope.context.allows_expressions
        one_line = isinstance(value, str) and "\n" not in value and "\r" not in value
        if (
            refers
            and one_line
            and self.kind not in EXPRESSION_KINDS | {FieldKind.MULTILINE, FieldKind.CONDITION}
        ):
            return Mode.EXPRESSION
        plain = self._editor if self._mode is Mode.PLAIN else self._new_editor(Mode.PLAIN)
        accepted = plain.accepts(value)
        if plain is not self._editor:
            plain.deleteLater()
        if accepted:
            return self._mode if self._mode is Mode.EXPRESSION and self._touched else Mode.PLAIN
        scalar = value is None or isinstance(value, bool | int | float) or one_line
        return Mode.LOOSE if scalar and self.kind not in _OWN_SPACE else Mode.JSON

    def _switch(self, mode: Mode) -> None:
        old = self._editor
        had_focus = old.isAncestorOf(self.focusWidget() or self) and self.hasFocus()
        self._mode = mode
        self._editor = self._new_editor(mode)
        self._line.replaceWidget(old, self._editor)
        self._line.setStretchFactor(self._editor, 1)
        old.hide()
        old.deleteLater()
        self._attach()
        if self._fx is not None:
            self._fx.setChecked(mode is Mode.EXPRESSION)
        if had_focus:
            self._editor.focus_target().setFocus()

    def _on_fx_clicked(self) -> None:
        self.toggle_expression()

    def toggle_expression(self) -> None:
        """Write this field as text with references, or go back to its own editor."""
        if not self.scope.context.allows_expressions or self.kind in EXPRESSION_KINDS | _OWN_SPACE:
            return
        value = self._editor.value()
        self._touched = True
        if self._mode is Mode.EXPRESSION:
            self._switch(Mode.PLAIN)
            fits = self._editor.accepts(value) and not (isinstance(value, str) and "${" in value)
            self._editor.load(value if fits else ABSENT)
            if not fits:
                self.edited.emit()
        else:
            self._switch(Mode.EXPRESSION)
            self._editor.load(value if isinstance(value, str) else ABSENT)
            if not isinstance(value, str) and value is not ABSENT:
                self.edited.emit()
        self._editor.focus_target().setFocus()
        self._show_note()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Equal and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.toggle_expression()
            return
        super().keyPressEvent(event)

    def _on_edited(self) -> None:
        self._touched = True
        value = self._editor.value()
        if self._mode is Mode.PLAIN and self.kind in _TEXTUAL - {FieldKind.MULTILINE}:
            if isinstance(value, str) and "${" in value and self.scope.context.allows_expressions:
                self._switch(Mode.EXPRESSION)
                self._editor.load(value)
                self._go_on_typing()
        elif self._mode is Mode.EXPRESSION and self.kind not in _TEXTUAL and isinstance(value, str):
            # In a field for numbers 12 is a number, also while it is written as text with references.
            self._editor.take(read_loose(value) if "${" not in value else value)
        self._show_note()
        self.edited.emit()

    def _go_on_typing(self) -> None:
        edit = self._editor.focus_target()
        edit.setFocus()
        if isinstance(self._editor, ExpressionEditor):
            self._editor.edit.moveCursor(self._editor.edit.textCursor().MoveOperation.End)
            self._editor.edit.complete()

    # -- messages ------------------------------------------------------------------------------------

    def faults(self) -> list[tuple[tuple[str, ...], str]]:
        """What is wrong with texts that are no values yet, with paths that begin at this row."""
        return [((self.name, *path), message) for path, message in self._editor.faults()]

    def show_errors(self, errors: Errors, *, everything: bool) -> None:
        """Show the first message that is about this field; paths begin below this row."""
        rest = self._editor.show_errors(errors, everything=everything)
        speaks = everything or self._touched or self._editor.value() is not ABSENT
        self._error = rest[0][1] if rest and speaks else ""
        self._editor.set_state("error" if self._error else "warning" if self._editor.warning() else "")
        self._show_note()

    def is_bad(self) -> bool:
        return bool(self._error)

    @property
    def error(self) -> str:
        return self._error

    def first_bad(self) -> QWidget | None:
        """The innermost widget that needs mending."""
        inner = self._editor.first_bad()
        if inner is not None:
            return inner
        return self._editor.focus_target() if self._error else None

    def refresh(self) -> None:
        """Look again at what the surroundings know."""
        self._editor.refresh()
        self._editor.set_state("error" if self._error else "warning" if self._editor.warning() else "")
        self._show_note()

    def message(self) -> tuple[str, str]:
        """(role, text) of the line below the field."""
        if self._error:
            return "error", self._error
        for role, text in (("warning", self._editor.warning()), ("hint", self._editor.note())):
            if text:
                return role, text
        return "hint", self._described

    def _show_note(self) -> None:
        role, text = self.message()
        if self._bare:
            self._editor.setToolTip(text or self.title)
            return
        if self._note is None:
            if not text:
                return
            self._note = QLabel(self)
            self._note.setWordWrap(True)
            self._note.setAlignment(reading.leading() | Qt.AlignmentFlag.AlignTop)
            self._note.setObjectName("note")
            self._note.linkActivated.connect(self._on_fix_wanted)
            layout = self.layout()
            assert layout is not None
            layout.addWidget(self._note)
        if self._note.property("role") != role:
            self._note.setProperty("role", role)
            repolish(self._note)
        fix = self._editor.fix() if role == "warning" else None
        shown = f'{html.escape(text)} <a href="fix">{html.escape(fix.title)}</a>' if fix is not None else text
        if self._note.text() != shown:
            self._note.setTextFormat(Qt.TextFormat.PlainText if fix is None else Qt.TextFormat.RichText)
            self._note.setText(shown)
            flag = Qt.TextInteractionFlag
            links = flag.LinksAccessibleByMouse | flag.LinksAccessibleByKeyboard
            self._note.setTextInteractionFlags(links if fix else flag.NoTextInteraction)
        self._note.setVisible(bool(text))

    def _on_fix_wanted(self) -> None:
        fix = self._editor.fix()
        if fix is not None:
            fix.apply()
