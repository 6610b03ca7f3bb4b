"""The inspector's pages of a connection, of several things, and of the whole workflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from designer.editor import Editor
from designer.forms.form import SchemaForm
from designer.panels.inspector_context import Surroundings
from designer.panels.inspector_page import Body, Page, divider, label, neutral_tile
from designer.theme import theme as themes
from engine.model import edits
from engine.model.embedded import OUTPUTS, outputs_of
from engine.model.json_value import Json
from engine.model.switches import cases, has_condition, is_switch_case, set_order
from engine.model.workflow import Connection, Workflow

_ON = (
    ("success", "the step before it succeeds"),
    ("error", "the step before it fails"),
    ("always", "the step before it has ended, either way"),
)
_TAKEN = {
    "TAKEN": "In the last run it was taken.",
    "DEAD": "In the last run it was not taken.",
    "POISONED": "In the last run its condition could not be decided.",
}


_ORDER: Final[Mapping[str, Json]] = {
    "type": "integer",
    "minimum": 0,
    "maximum": 9999,
    "title": "Order",
    "description": "The switch tries the smallest number first, and takes the first that holds.",
    "default": 0,
}


class ConnectionPage(Page):
    """When a connection is taken: after which outcome, under which condition, in which order of a switch."""

    def __init__(
        self, connection_id: str, editor: Editor, surroundings: Surroundings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._id = connection_id
        self._editor = editor
        self._connection: Connection = editor.workflow.connections[connection_id]
        self.layout_column.addWidget(divider(self))
        body = Body(self)
        self._is_case = is_switch_case(editor.workflow, self._connection)
        context = surroundings.for_connection(connection_id)
        self.form = SchemaForm(self._schema(), self._value(), context=context, parent=body)
        self.form.value_changed.connect(self._on_value_changed)
        body.column.addWidget(self.form)
        self._place = label("", "hint", body)
        body.column.addWidget(self._place)
        self._outcome = label("", "hint", body)
        self._outcome.hide()
        body.column.addWidget(self._outcome)
        self.layout_column.addWidget(body, 1)
        self._show_header()

    def _schema(self) -> dict[str, Json]:
        properties: dict[str, Json] = {
            "on": {
                "title": "Runs when",
                "oneOf": [{"const": key, "title": title} for key, title in _ON],
                "default": "success",
            },
            "condition": {
                "type": "string",
                "format": "condition",
                "title": "And only if",
                "description": "Empty: always. Names are fields of the step before, such as rows.",
            },
        }
        if self._is_case:
            properties["priority"] = dict(_ORDER)
        return {"type": "object", "properties": properties}

    def _show_place(self) -> None:
        """Among the cases of a switch, which number this connection has."""
        tried = [each.id for each in cases(self._editor.workflow, self._connection.source)]
        is_tried = self._is_case and self._id in tried
        self._place.setVisible(is_tried)
        if is_tried:
            number = tried.index(self._id) + 1
            is_default = number == len(tried) and not has_condition(self._connection)
            words = ", for everything else" if is_default else ""
            self._place.setText(f"Tried as number {number} of {len(tried)}{words}.")

    def _show_header(self) -> None:
        nodes = self._editor.workflow.nodes
        ends = [
            nodes[end].label if end in nodes else end
            for end in (self._connection.source, self._connection.target)
        ]
        self.header.show_tile("corner-down-right", *neutral_tile())
        self.header.show_words(f"{ends[0]} → {ends[1]}", "Connection")
        self._show_place()

    def _value(self) -> dict[str, Json]:
        value: dict[str, Json] = {"on": self._connection.on}
        if self._connection.condition:
            value["condition"] = self._connection.condition
        if self._is_case:
            value["priority"] = self._connection.priority
        return value

    def first_field(self) -> QWidget:
        return self.form.first_field()

    def show_outcome(self, outcome: str) -> None:
        """What the last run decided here."""
        text = _TAKEN.get(outcome, "")
        self._outcome.setText(text)
        self._outcome.setVisible(bool(text))

    def _on_value_changed(self, value: Json) -> None:
        assert isinstance(value, dict)
        text = value.get("condition")
        condition = text if isinstance(text, str) and text.strip() else None
        on = value.get("on", "success")
        priority = value.get("priority", 0) if self._is_case else self._connection.priority
        if not isinstance(priority, int) or on not in dict(_ON):
            return
        if (on, condition) != (self._connection.on, self._connection.condition):
            chosen: Any = on
            self._editor.push(
                edits.set_condition(self._editor.workflow, self._id, on=chosen, condition=condition)
            )
        if priority != self._connection.priority:
            self._editor.push(set_order(self._editor.workflow, self._id, priority))

    def refresh(self, workflow: Workflow) -> bool:
        connection = workflow.connections.get(self._id)
        if connection is None:
            return False
        self._connection = connection
        self._show_header()
        self.form.set_value(self._value())
        self.form.refresh()
        return True


class ManyPage(Page):
    """Several things at once: how many, which, and what can be done with all of them."""

    def __init__(
        self,
        node_ids: Sequence[str],
        connection_ids: Sequence[str],
        editor: Editor,
        surroundings: Surroundings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._nodes = list(node_ids)
        self._connections = list(connection_ids)
        self._editor = editor
        self._surroundings = surroundings
        self.header.show_tile("list-checks", *neutral_tile())
        self.layout_column.addWidget(divider(self))
        body = Body(self)
        self._names = label("", "subtitle", body)
        body.column.addWidget(self._names)
        self.disable_button = QPushButton(body)
        self.disable_button.clicked.connect(self._on_disable)
        self.delete_button = QPushButton("Delete", body)
        self.delete_button.setProperty("variant", "danger")
        self.delete_button.clicked.connect(self._on_delete)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.disable_button)
        buttons.addWidget(self.delete_button)
        buttons.addStretch(1)
        body.column.addLayout(buttons)
        self.layout_column.addWidget(body, 1)
        self.refresh(editor.workflow)

    def first_field(self) -> QWidget:
        return self.disable_button

    def _all_disabled(self) -> bool:
        nodes = self._editor.workflow.nodes
        return bool(self._nodes) and all(nodes[one].disabled for one in self._nodes if one in nodes)

    def _on_disable(self) -> None:
        self._editor.push(edits.set_disabled(self._editor.workflow, self._nodes, not self._all_disabled()))

    def _on_delete(self) -> None:
        workflow = self._editor.workflow
        self._editor.push(edits.delete(workflow, self._surroundings.types, self._nodes, self._connections))

    def refresh(self, workflow: Workflow) -> bool:
        self._nodes = [one for one in self._nodes if one in workflow.nodes]
        self._connections = [one for one in self._connections if one in workflow.connections]
        if not self._nodes and not self._connections:
            return False
        counted = [
            f"{count} {noun}{'' if count == 1 else 's'}"
            for count, noun in ((len(self._nodes), "node"), (len(self._connections), "connection"))
            if count
        ]
        self.header.show_words(" and ".join(counted), "Selected")
        self._names.setText("\n".join(workflow.nodes[one].label for one in self._nodes))
        self._names.setVisible(bool(self._nodes))
        self.disable_button.setVisible(bool(self._nodes))
        self.disable_button.setText("Switch on" if self._all_disabled() else "Switch off")
        return True


class WorkflowPage(Page):
    """Nothing is selected: the workflow's name, what it is for, and what a run asks for."""

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        theme = themes.current()
        self.header.show_tile("git-branch", theme.accent, theme.on_accent)
        self.layout_column.addWidget(divider(self))
        body = Body(self)
        self._is_inside = bool(editor.document.place)
        self.form = SchemaForm(_workflow_schema(is_inside=self._is_inside), self._value(), parent=body)
        self.form.value_changed.connect(self._on_value_changed)
        body.column.addWidget(self.form)
        self.layout_column.addWidget(body, 1)
        self.refresh(editor.workflow)

    def first_field(self) -> QWidget:
        return self.form.first_field()

    def _value(self) -> dict[str, Json]:
        workflow = self._editor.workflow
        value: dict[str, Json] = {}
        for name, text in (("name", workflow.name), ("description", workflow.description)):
            if text:
                value[name] = text
        if workflow.inputs:
            value["inputs"] = dict(workflow.inputs)
        outputs = outputs_of(workflow)
        if self._is_inside and isinstance(outputs, dict) and outputs:
            value[OUTPUTS] = dict(outputs)
        return value

    def _on_value_changed(self, value: Json) -> None:
        assert isinstance(value, Mapping)
        before = self._value()
        for key in ("name", "description", "inputs"):
            if value.get(key) != before.get(key):
                empty: Json = {} if key == "inputs" else ""
                self._editor.push(edits.set_workflow(self._editor.workflow, **{key: value.get(key, empty)}))
        if value.get(OUTPUTS) != before.get(OUTPUTS):
            extra: dict[str, Json] = {**self._editor.workflow.extra, OUTPUTS: value.get(OUTPUTS)}
            if not extra[OUTPUTS]:
                del extra[OUTPUTS]
            self._editor.push(edits.set_workflow(self._editor.workflow, extra=extra))

    def refresh(self, workflow: Workflow) -> bool:
        count = len(workflow.nodes)
        self.header.show_words(
            workflow.name or "Untitled workflow", f"Workflow of {count:,} step{'' if count == 1 else 's'}"
        )
        self.form.set_value(self._value())
        return True


def _workflow_schema(*, is_inside: bool) -> dict[str, Any]:
    """What can be said of a workflow; one that is a part of another also says what it gives."""
    asks = "What the step around it gives it." if is_inside else "What a run asks for."
    properties: dict[str, Any] = {
        "name": {"type": "string", "title": "Name", "examples": ["Flight delay report"]},
        "description": {"type": "string", "title": "Description", "format": "multiline"},
        "inputs": {
            "type": "object",
            "format": "schema",
            "title": "Inputs",
            # A word joiner, because a line may otherwise break between $ and {.
            "description": f"{asks} Use one in a step as $\u2060{{input.name}}.",
        },
    }
    if is_inside:
        properties[OUTPUTS] = {
            "type": "object",
            "title": "Results",
            "description": "What the step gives to others. Without any, what its last steps give.",
            "additionalProperties": True,
            "examples": [{"table": "${filter.table}"}],
        }
    return {"type": "object", "properties": properties}
