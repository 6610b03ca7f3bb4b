"""What a paused run asks a person for: values without which a step cannot go on, or a step's own form."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QFrame, QLabel, QScrollArea, QWidget

from designer.dialogs.base import Dialog
from designer.forms.context import FormContext
from designer.forms.form import SchemaForm
from designer.forms.schema import title_of
from engine.model.json_value import Json

_MAX_FORM_HEIGHT = 420
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingInputAnswer:
    """What the person decided. `values` has a workflow input's name, or a path, for each value;
    a step's form stands under the path of its output. `typed` is what stood in the fields."""

    decision: Literal["resume", "later", "stop"]
    values: Mapping[str, Json] = field(default_factory=dict)
    use_as_default: bool = False
    keep_secrets: bool = False
    make_inputs: bool = False
    typed: Mapping[str, Json] = field(default_factory=dict, compare=False)


LATER = MissingInputAnswer(decision="later")


class MissingInputDialog(Dialog[MissingInputAnswer]):
    """Asks for what one paused step needs. `needed` is the engine's list; all items are of one step.

    `complaint` says why an earlier answer was refused, `undeclared` which inputs the workflow only refers to.
    Closing the dialog means Later.
    """

    def __init__(
        self,
        needed: Sequence[Mapping[str, Any]],
        *,
        node_title: str,
        done: int = 0,
        total: int = 0,
        complaint: str = "",
        values: Mapping[str, Json] | None = None,
        base_dir: Path | None = None,
        can_keep_secrets: bool = False,
        undeclared: Collection[str] = (),
        parent: QWidget | None = None,
    ) -> None:
        self._needed = list(needed)
        self._is_form = any(item.get("form") for item in self._needed)
        title, text = self._words(node_title, done, total)
        super().__init__(
            title,
            text,
            closed=LATER,
            icon="message-circle-question-mark" if self._is_form else "pause",
            tone="paused",
            parent=parent,
        )
        schema, first_values = self._schema()
        self.form = SchemaForm(
            schema, {**first_values, **(values or {})}, context=FormContext(base_dir=base_dir), parent=self
        )
        # A form that asks for nothing only asks whether to go on.
        has_fields = bool(schema.keys() - {"title", "description"})
        self.form.setVisible(has_fields)
        if has_fields:
            self.body.addWidget(scrolled(self.form))
        self._complaint = QLabel(complaint, self)
        self._complaint.setProperty("role", "error")
        self._complaint.setWordWrap(True)
        self._complaint.setVisible(bool(complaint))
        self.body.addWidget(self._complaint)
        self.as_default = QCheckBox("Use as the default for later runs", self)
        self.as_default.setVisible(self._has_inputs())
        self.body.addWidget(self.as_default)
        self.for_all = QCheckBox("Use for all items", self)
        self.for_all.setToolTip("Otherwise each item that needs the value asks for it again")
        self.for_all.setChecked(True)
        self.for_all.setVisible(self._has_items())
        self.body.addWidget(self.for_all)
        self._undeclared = frozenset(undeclared)
        self.make_input = QCheckBox("Make it an input of the workflow", self)
        self.make_input.setToolTip("Asked for before a run from then on, and kept in the workflow's file")
        self.make_input.setVisible(any(_key(item) in self._undeclared for item in self._needed))
        self.body.addWidget(self.make_input)
        self.keep_secret = QCheckBox("Keep it on this computer, in its keyring", self)
        self.keep_secret.setToolTip("Otherwise it is known to this run only, and asked for again by the next")
        self.keep_secret.setChecked(can_keep_secrets)
        self.keep_secret.setVisible(can_keep_secrets)
        self.body.addWidget(self.keep_secret)
        self.stop_button = self.add_button("Stop run", self._on_stop, variant="danger", left=True)
        self.later_button = self.add_button("Later", self.reject)
        self.resume_button = self.add_button("Resume run", self._on_resume, variant="primary", default=True)
        if has_fields:
            self.form.focus_first()
        else:
            self.resume_button.setFocus()

    # -- words ---------------------------------------------------------------------------------------

    def _words(self, node_title: str, done: int, total: int) -> tuple[str, str]:
        progress = f"; {done} of {total} steps are done" if total else ""
        saved = f"The run is paused and saved{progress}."
        if self._is_form:
            item = self._needed[0]
            asked = str(item.get("text") or "").strip()
            why = f"{asked}\n" if asked else ""
            return str(item.get("title") or node_title), f"{why}“{node_title}” asks. {saved}"
        count = len(self._needed)
        spoken = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
        title = f"The run needs {spoken} value{'s' if count != 1 else ''}"
        # The way to a step inside another is told by its title.
        asked_for = dict.fromkeys(str(item.get("path", "")).rpartition("/")[2] for item in self._needed)
        paths = [f"${{{path}}}" for path in asked_for]
        listed = paths[0] if len(paths) == 1 else f"{', '.join(paths[:-1])} and {paths[-1]}"
        have = "which has no value" if len(paths) == 1 else "which have no values"
        return title, f"“{node_title}” uses {listed}, {have}. {saved}"

    # -- form ----------------------------------------------------------------------------------------

    def _schema(self) -> tuple[dict[str, Any], dict[str, Json]]:
        """The schema of the form, with one property for each value, and what to fill in first."""
        if self._is_form:
            schema = dict(self._needed[0].get("schema") or {})
            return schema, _defaults(schema)
        properties: dict[str, Any] = {}
        first: dict[str, Json] = {}
        for item in self._needed:
            key = _key(item)
            described = dict(item.get("schema") or {})
            last = item.get("last_value", described.pop("default", None))
            if last is not None:
                first[key] = last
                shown = "yes" if last is True else "no" if last is False else str(last)
                described["description"] = f"{described.get('description', '')} Last run: {shown}".strip()
            title = str(item.get("title") or item.get("name") or key)
            described.setdefault("title", title if "." in title else title_of(title, {}))
            if not set(described) & {"type", "enum", "oneOf", "anyOf", "const", "$ref"}:
                described["x-loose"] = True  # nothing is known about it: any value that a line can say
            properties[key] = described
        return {"type": "object", "properties": properties, "required": list(properties)}, first

    def _has_inputs(self) -> bool:
        return not self._is_form and all(
            str(item.get("path", "")).startswith("input.") for item in self._needed
        )

    def _has_items(self) -> bool:
        """Whether inputs of the steps inside a For each or Repeat are asked for, by one item of many."""
        return not self._is_form and all(_OF_ITEM.match(str(item.get("path", ""))) for item in self._needed)

    # -- answers -------------------------------------------------------------------------------------

    def _on_resume(self) -> None:
        if self.form.focus_first_error():
            return
        values: dict[str, Json] = self.form.value()
        if self._is_form:
            values = {str(self._needed[0].get("path")): values}
        if self._has_items() and self.for_all.isChecked():
            values = {_OF_ITEM.sub(r"\1/\2", key): value for key, value in values.items()}
        self.close_with(
            MissingInputAnswer(
                decision="resume",
                values=values,
                make_inputs=self.make_input.isVisibleTo(self) and self.make_input.isChecked(),
                keep_secrets=self.keep_secret.isVisibleTo(self) and self.keep_secret.isChecked(),
                use_as_default=self.as_default.isChecked() and self._has_inputs(),
                typed=self.form.value(),
            )
        )

    def _on_stop(self) -> None:
        self.close_with(MissingInputAnswer(decision="stop"))


# The input of one item, `each/3/input.limit`; without the number it is that of all.
_OF_ITEM = re.compile(r"([^/]+)/[0-9]+/(input\.)")


def _key(item: Mapping[str, Any]) -> str:
    """A workflow input goes by its name; any other value by its whole path."""
    path = str(item.get("path", ""))
    name = str(item.get("name") or path)
    return name if path == f"input.{name}" else path


def _defaults(schema: Mapping[str, Any]) -> dict[str, Json]:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return {}
    return {
        name: part["default"]
        for name, part in properties.items()
        if isinstance(part, Mapping) and "default" in part
    }


class _FormArea(QScrollArea):
    """As high as the form in it, up to a limit."""

    def __init__(self, form: SchemaForm) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the fields in it take the keyboard and come into view
        self.setWidget(form)
        self._form = form
        self._fit()
        form.value_changed.connect(self._fit)

    def _fit(self) -> None:
        form = self._form
        height = form.heightForWidth(self.width()) if form.hasHeightForWidth() else -1
        self.setFixedHeight(min(_MAX_FORM_HEIGHT, max(height, form.sizeHint().height())))


def scrolled(form: SchemaForm) -> QWidget:
    """The form itself while it is short, else inside a scroll area."""
    if form.sizeHint().height() <= _MAX_FORM_HEIGHT:
        return form
    return _FormArea(form)
