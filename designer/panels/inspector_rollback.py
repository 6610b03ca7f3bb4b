"""How a step is undone: which action, with which parameters, how often it is tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from designer.forms.context import FormContext
from designer.forms.form import SchemaForm
from designer.panels.inspector_page import label
from engine.model.json_value import Json
from engine.model.node_type import NodeType

# They lead the run, draw a picture of a table or ask a person: none of that undoes anything.
_UNFIT: Final = ("flow.", "person.", "chart.", "table.")
_NOTHING: Final = ""
_TRIES: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "attempts": {
            "type": "integer",
            "title": "Attempts to undo it",
            "description": "Empty: three where it does no harm to try again, else one.",
            "minimum": 1,
            "maximum": 100,
        },
        "timeout": {
            "type": "number",
            "title": "Give up an attempt to undo it after",
            "exclusiveMinimum": 0,
            "x-unit": "seconds",
        },
    },
}


class RollbackEditor(QWidget):
    """Edits `config.rollback`; `changed` carries the whole of it, or None for a step that is not undone."""

    changed = Signal(object)

    def __init__(
        self,
        types: Iterable[NodeType],
        value: Json,
        *,
        context: FormContext | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._types = {f"{one.service}.{one.action}": one for one in types if fits(one)}
        self._context = context
        self._value: dict[str, Json] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(10)
        self._layout.addWidget(label("Undoing it", "section", self))
        self.choice: SchemaForm | None = None
        self.parameters: SchemaForm | None = None
        self.tries: SchemaForm | None = None
        self._build(value)

    def set_value(self, value: Json) -> None:
        """Show another rollback; fields that have it already keep their cursor."""
        if _object(value) == self._value:
            return
        if _key(_object(value)) != _key(self._value) or self.parameters is None or self.tries is None:
            self._build(value)
            return
        self._value = _object(value)
        self.parameters.set_value(_object(self._value.get("parameters")))
        self.tries.set_value(_tries(self._value))

    def _build(self, value: Json) -> None:
        for form in (self.choice, self.parameters, self.tries):
            if form is not None:
                self._layout.removeWidget(form)
                form.hide()
                form.deleteLater()
        self._value = _object(value)
        key = _key(self._value)
        self.choice = SchemaForm(self._choice_schema(key), {"what": key} if key else {}, parent=self)
        self.choice.value_changed.connect(self._on_chosen)
        self._layout.addWidget(self.choice)
        self.parameters = self.tries = None
        if not key:
            return
        node_type = self._types.get(key)
        schema: Mapping[str, Any] = node_type.parameters if node_type is not None else {}
        given = _object(self._value.get("parameters"))
        self.parameters = SchemaForm(schema, given, context=self._context, parent=self)
        self.parameters.value_changed.connect(self._on_parameters)
        self.tries = SchemaForm(_TRIES, _tries(self._value), parent=self)
        self.tries.value_changed.connect(self._on_tries)
        self._layout.addWidget(self.parameters)
        self._layout.addWidget(self.tries)

    def _choice_schema(self, key: str) -> dict[str, Any]:
        choices = [{"const": _NOTHING, "title": "It is not undone"}]
        choices += [{"const": name, "title": one.title} for name, one in self._types.items()]
        if key and key not in self._types:
            choices.append({"const": key, "title": key})
        return {
            "type": "object",
            "properties": {
                "what": {
                    "title": "When the run is undone",
                    "description": "The action sees ${self.output} and ${self.input} of this step, "
                    "and ${error.message}.",
                    "oneOf": choices,
                    "default": _NOTHING,
                }
            },
        }

    def _on_chosen(self, value: Json) -> None:
        key = str(_object(value).get("what") or "")
        if key == _key(self._value):
            return
        service, _, action = key.partition(".")
        self._build({"service": service, "action": action} if key else None)
        self.changed.emit(dict(self._value) or None)

    def _on_parameters(self, value: Json) -> None:
        self._put(parameters=_object(value) or None)

    def _on_tries(self, value: Json) -> None:
        assert self.tries is not None
        if not self.tries.is_valid():
            return
        tries = _object(value)
        retry = self._value.get("retry")
        kept = {**retry} if isinstance(retry, dict) else {}
        kept.pop("max_attempts", None)
        if tries.get("attempts") is not None:
            kept["max_attempts"] = tries["attempts"]
        self._put(retry=kept or None, timeout=_with_attempt(self._value.get("timeout"), tries.get("timeout")))

    def _put(self, **values: Json) -> None:
        changed = {**self._value, **values}
        self._value = {key: value for key, value in changed.items() if value is not None}
        self.changed.emit(dict(self._value))


def fits(node_type: NodeType) -> bool:
    """Whether the action of a node type can undo something by itself."""
    required = node_type.parameters.get("required")
    needed = required if isinstance(required, list) else []
    needs_table = any(node_type.properties.get(str(name), {}).get("x-input") is True for name in needed)
    leads = node_type.is_trigger or node_type.id.startswith(_UNFIT)
    return bool(node_type.service) and not leads and not needs_table


def _object(value: Json) -> dict[str, Json]:
    return dict(value) if isinstance(value, Mapping) else {}


def _key(value: Mapping[str, Json]) -> str:
    return f"{value.get('service') or 'default'}.{value['action']}" if value.get("action") else _NOTHING


def _tries(value: Mapping[str, Json]) -> dict[str, Json]:
    """What the fields show of `retry` and `timeout`, each of which may be a number."""
    retry, timeout = value.get("retry"), value.get("timeout")
    shown = {
        "attempts": retry.get("max_attempts") if isinstance(retry, Mapping) else retry,
        "timeout": timeout.get("attempt") if isinstance(timeout, Mapping) else timeout,
    }
    return {key: one for key, one in shown.items() if one is not None}


def _with_attempt(before: Json, attempt: Json) -> Json:
    if not isinstance(before, Mapping):
        return attempt
    kept: dict[str, Json] = {key: value for key, value in before.items() if key != "attempt"}
    if attempt is not None:
        kept["attempt"] = attempt
    return kept or None
