"""The form itself: a JSON Schema and a value in, a value and its faults out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from designer.forms.condition_rows import sentence
from designer.forms.context import FormContext
from designer.forms.editor import FormScope
from designer.forms.field_row import FieldRow
from designer.forms.judge import judge
from designer.forms.object_editor import ObjectEditor
from designer.forms.schema import FieldKind, Schema, has_reference, kind_of, resolve
from engine.model.json_value import Json

_WHOLE = frozenset({"oneOf", "anyOf", "allOf", "not", "if", "then", "else", "uniqueItems", "contains"})
"""Keywords that judge a value as a whole: with a reference inside, nothing can be said yet."""
_ROOT = "value"


class SchemaForm(QWidget):
    """Widgets for a JSON Schema; validates on every keystroke.

    The value handed in comes back unchanged but for what a person edits. Values that hold `${...}` are
    not judged: what they will be is known only when the run resolves them. A schema that is no object
    becomes a form of one field.
    """

    value_changed = Signal(object)
    validity_changed = Signal(bool)

    def __init__(
        self,
        schema: Schema,
        value: Json = None,
        *,
        context: FormContext | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.schema = schema
        self._everything = False
        self._valid: bool | None = None
        self._is_judged = False
        self._errors: list[dict[str, str]] = []
        self._pending: list[tuple[tuple[str, ...], str]] = []
        self._scope = FormScope(root=schema, context=context or FormContext(), root_value=self._object_value)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        root = resolve(schema, schema)
        self._object: ObjectEditor | None = None
        self._single: FieldRow | None = None
        shown: QWidget
        if kind_of(root) is FieldKind.OBJECT and (value is None or isinstance(value, Mapping)):
            self._object = ObjectEditor(root, self._scope, self)
            self._object.edited.connect(self._on_edited)
            shown = self._object
        else:
            self._single = FieldRow(_ROOT, root, self._scope, self, required=True)
            self._single.edited.connect(self._on_edited)
            shown = self._single
        layout.addWidget(shown)
        self._general = QLabel(self)
        self._general.setProperty("role", "error")
        self._general.setWordWrap(True)
        self._general.hide()
        layout.addWidget(self._general)
        self._load(value)

    # -- value ---------------------------------------------------------------------------------------

    def value(self) -> Any:
        """The present value, valid or not."""
        if self._object is not None:
            return dict(self._object_value())
        assert self._single is not None
        value = self._single.value()
        return value if not _is_absent(value) else None

    def _object_value(self) -> Mapping[str, Json]:
        if self._object is None:
            return {}
        value = self._object.value()
        return value if isinstance(value, dict) else {}

    def set_value(self, value: Json) -> None:
        """Show another value; fields that have it already keep their cursor."""
        if self.value() != value:
            self._load(value)

    def _load(self, value: Json) -> None:
        if self._object is not None:
            self._object.load(dict(value) if isinstance(value, Mapping) else {})
        elif self._single is not None:
            self._single.load(value)
        self._is_judged = judge().is_ready
        if self._is_judged:
            self._check()
        else:
            judge().ready.connect(self._on_judge_ready)
            judge().prepare()

    def _on_judge_ready(self) -> None:
        if not self._is_judged:
            self._check()

    def _on_edited(self) -> None:
        self._check()
        self.value_changed.emit(self.value())

    def row(self, name: str) -> FieldRow | None:
        """The row of a top-level property; None while it is folded away."""
        return self._object.row(name) if self._object is not None else self._single

    def rows(self) -> list[FieldRow]:
        """The rows that have been built."""
        return (
            list(self._object.rows.values()) if self._object is not None else [r for r in [self._single] if r]
        )

    def open_more(self) -> None:
        """Unfold the rarely used properties."""
        if self._object is not None:
            self._object.open_more()
            self._check()

    # -- errors --------------------------------------------------------------------------------------

    def errors(self) -> list[dict[str, str]]:
        """Everything that is wrong, as `{"pointer", "message"}`; also in fields that are folded away."""
        if not self._is_judged:
            self._check()
        return list(self._errors)

    def is_valid(self) -> bool:
        return not self.errors()

    def _check(self) -> None:
        self._is_judged = True
        value = self.value()
        owner = self._object if self._object is not None else self._single
        assert owner is not None
        own = owner.faults()
        if self._single is not None:
            own = [(path[1:], message) for path, message in own]
        spoken = {path for path, _ in own}
        found = own + [fault for fault in schema_faults(self.schema, value) if fault[0] not in spoken]
        self._errors = [
            {"pointer": "".join(f"/{_escaped(part)}" for part in path), "message": text}
            for path, text in found
        ]
        self._pending = found
        self._show_errors()
        valid = not found
        if valid != self._valid:
            self._valid = valid
            self.validity_changed.emit(valid)

    def _show_errors(self) -> None:
        if self._object is not None:
            rest = self._object.show_errors(self._pending, everything=self._everything)
            text = rest[0][1] if rest else ""
            if rest and rest[0][0]:
                text = f"{'.'.join(rest[0][0])}: {text}"
            self._general.setText(text)
            self._general.setVisible(bool(text))
        elif self._single is not None:
            self._single.show_errors(self._pending, everything=self._everything)

    def focus_first_error(self) -> bool:
        """Show all messages and put the cursor where the first is; False when there is none."""
        self._everything = True
        self._check()
        if not self._errors:
            return False
        bad = self._object.first_bad() if self._object is not None else None
        if self._single is not None:
            bad = self._single.first_bad()
        if bad is not None:
            bad.setFocus()
            self._scroll_to(bad)
        return True

    def focus_first(self) -> None:
        """Put the cursor into the first field."""
        self.first_field().setFocus()

    def first_field(self) -> QWidget:
        """The widget of the first field."""
        if self._object is not None:
            return self._object.focus_target()
        assert self._single is not None
        return self._single.editor.focus_target()

    def _scroll_to(self, widget: QWidget) -> None:
        parent = self.parentWidget()
        while parent is not None:
            if isinstance(parent, QScrollArea):
                QTimer.singleShot(0, parent, partial(parent.ensureWidgetVisible, widget, 0, 40))
                return
            parent = parent.parentWidget()

    def refresh(self) -> None:
        """Look again at what the surroundings know: columns, references, values still missing."""
        owner = self._object if self._object is not None else self._single
        assert owner is not None
        owner.refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.refresh()


def schema_faults(schema: Schema, value: Json) -> list[tuple[tuple[str, ...], str]]:
    """What a schema has against a value, as (path, sentence); values with references are left alone."""
    from engine.json_schema.validators import validator

    try:
        faults = validator(schema).faults(value)
    except ValueError:
        return []  # not a schema that can judge; its fields can still be filled in
    found: list[tuple[tuple[str, ...], str]] = []
    for fault in faults:
        judged_whole = fault.keyword in _WHOLE
        if has_reference(fault.instance) and (judged_whole or isinstance(fault.instance, str)):
            continue
        path = tuple(_unescaped(part) for part in fault.pointer.split("/")[1:])
        if fault.keyword == "required" and _has_default(schema, path):
            continue
        text = "A value is needed here." if fault.keyword == "required" else sentence(fault.message)
        found.append((path, text))
    return found


def _has_default(schema: Schema, path: tuple[str, ...]) -> bool:
    part: Any = schema
    for name in path:
        part = resolve(part, schema)
        properties = part.get("properties")
        part = properties.get(name) if isinstance(properties, Mapping) else part.get("items")
    return isinstance(part, Mapping) and "default" in part


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _is_absent(value: object) -> bool:
    from designer.forms.schema import ABSENT

    return value is ABSENT
