"""One of several shapes: a list of their names, and below it the editor of the chosen one."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from designer.forms.editor import Errors, FieldEditor, Fix, FormScope
from designer.forms.factory import make_editor
from designer.forms.json_editor import JsonEditor
from designer.forms.pick_editors import CalmComboBox
from designer.forms.schema import (
    ABSENT,
    Schema,
    Value,
    blank,
    branch_title,
    choices,
    kind_of,
    resolve,
    types_of,
)
from engine.model.json_value import Json

MAX_BRANCHES = 30
_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


def branches_of(schema: Schema, root: Schema) -> list[Schema]:
    """The shapes of a `oneOf`, `anyOf` or union of types, each resolved, with the shared keywords."""
    listed = choices(schema)
    if listed:
        shared = {
            key: value
            for key, value in schema.items()
            if key not in ("oneOf", "anyOf", "title", "description", "default", "$ref")
        }
        return [_joined(shared, resolve(branch, root)) for branch in listed[:MAX_BRANCHES]]
    own = {key: value for key, value in schema.items() if key not in ("title", "description", "default")}
    return [{**own, "type": kind} for kind in types_of(schema)]


def _joined(shared: Schema, branch: Schema) -> Schema:
    joined = {**shared, **branch}
    if isinstance(shared.get("properties"), dict) and isinstance(branch.get("properties"), dict):
        joined["properties"] = {**shared["properties"], **branch["properties"]}
    if isinstance(shared.get("required"), list) and isinstance(branch.get("required"), list):
        joined["required"] = [*shared["required"], *branch["required"]]
    return joined


def fits(schema: Schema, value: Json) -> int:
    """How well a value suits a shape: 0 not at all, more is better. Looks at types and names only."""
    types = types_of(schema)
    if "const" in schema or "enum" in schema:
        allowed = [schema["const"]] if "const" in schema else schema["enum"]
        return 4 if isinstance(allowed, list) and value in allowed else 0
    if types and not any(_is(value, name) for name in types):
        return 0
    if isinstance(value, dict):
        properties = schema.get("properties")
        known = properties if isinstance(properties, dict) else {}
        for name, part in known.items():
            if isinstance(part, dict) and "const" in part and value.get(name, part["const"]) != part["const"]:
                return 0
        missing = [name for name in schema.get("required", ()) if name not in value]
        strangers = [name for name in value if name not in known]
        return 1 + (not missing) + (not strangers)
    return 2 if types else 1


def _is(value: Json, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _PYTHON_TYPES[name]) or (
        name == "integer" and isinstance(value, float) and value.is_integer()
    )


class ChoiceEditor(FieldEditor):
    """Shows the shape that the value has; another one starts from that shape's defaults."""

    def __init__(
        self, schema: Schema, scope: FormScope, parent: QWidget | None = None, *, depth: int = 0
    ) -> None:
        super().__init__(schema, scope, parent)
        self._depth = depth
        self._branches = branches_of(schema, scope.root)
        self._inner: FieldEditor | None = None
        self._index = -1
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        self.combo = CalmComboBox(self)
        self.combo.setSizeAdjustPolicy(CalmComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.setPlaceholderText("Choose…")
        titles = [branch_title(branch, number) for number, branch in enumerate(self._branches, start=1)]
        self.combo.addItems(titles)
        self.combo.setCurrentIndex(-1)
        self.combo.activated.connect(self._on_activated)
        layout.addWidget(self.combo)
        self.setFocusProxy(self.combo)

    def accepts(self, value: Value) -> bool:
        return value is ABSENT or self._best(value) >= 0

    def _best(self, value: Value) -> int:
        if value is ABSENT:
            return -1
        scores = [fits(branch, value) for branch in self._branches]  # type: ignore[arg-type]  # not ABSENT
        if self._index >= 0 and scores[self._index] == max(scores) > 0:
            return self._index
        return scores.index(max(scores)) if scores and max(scores) > 0 else -1

    def show_value(self, value: Value) -> None:
        if value is ABSENT and "default" in self.schema:
            self._show_branch(self._best(self.schema["default"]))
        else:
            self._show_branch(self._best(value))
        self._load_inner(value)

    def _load_inner(self, value: Value) -> None:
        if self._inner is None:
            return
        if not self._inner.accepts(value):
            self._replace_inner(JsonEditor(self._branches[self._index], self.scope, self))
        self._inner.load(value)

    def _replace_inner(self, editor: FieldEditor | None) -> None:
        if self._inner is not None:
            self._inner.hide()
            self._inner.deleteLater()
        self._inner = editor
        if editor is not None:
            editor.edited.connect(self._on_inner_edited)
            layout = self.layout()
            assert layout is not None
            layout.addWidget(editor)

    def _show_branch(self, index: int) -> None:
        self.combo.setCurrentIndex(index)
        if index == self._index and (self._inner is not None) == (index >= 0):
            return
        self._index = index
        self._replace_inner(None)
        if index < 0 or "const" in self._branches[index] or types_of(self._branches[index]) == ("null",):
            return
        branch = self._branches[index]
        kind = kind_of(branch, depth=self._depth + 1)
        self._replace_inner(make_editor(kind, branch, self.scope, self, depth=self._depth + 1))

    def _on_activated(self, index: int) -> None:
        if index == self._index:
            return
        value = blank(self._branches[index], self.scope.root)
        self._show_branch(index)
        self._load_inner(value)
        self.change(value)

    def _on_inner_edited(self) -> None:
        assert self._inner is not None
        self.change(self._inner.value())

    def own_error(self) -> str:
        return self._inner.own_error() if self._inner is not None else ""

    def faults(self) -> list[tuple[tuple[str, ...], str]]:
        return self._inner.faults() if self._inner is not None else []

    def warning(self) -> str:
        return self._inner.warning() if self._inner is not None else ""

    def fix(self) -> Fix | None:
        return self._inner.fix() if self._inner is not None else None

    def show_errors(self, errors: Errors, *, everything: bool) -> Errors:
        return self._inner.show_errors(errors, everything=everything) if self._inner is not None else errors

    def first_bad(self) -> QWidget | None:
        return self._inner.first_bad() if self._inner is not None else None

    def refresh(self) -> None:
        if self._inner is not None:
            self._inner.refresh()
