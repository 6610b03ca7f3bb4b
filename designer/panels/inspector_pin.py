"""The pinned result of a step: that it is there, what it is, and the ways in and out."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from designer.editor import Editor
from designer.forms.form import SchemaForm
from designer.panels.inspector_context import Surroundings
from designer.panels.inspector_page import label
from designer.theme import icons
from designer.theme import theme as themes
from engine.history.status import StepStatus
from engine.model.json_value import Json
from engine.model.pins import is_pinned, pin, pinned_output, unpin

_SCHEMA: dict[str, Json] = {
    "type": "object",
    "properties": {
        "output": {"title": "Pinned result", "description": "What later steps get from this one, as JSON."}
    },
}


class PinCard(QFrame):
    """Says that a result is pinned and lets it be edited or taken out; offers to pin the last one."""

    def __init__(
        self, node_id: str, editor: Editor, surroundings: Surroundings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._node_id = node_id
        self._editor = editor
        self._surroundings = surroundings
        self.form: SchemaForm | None = None
        self.setProperty("role", "card")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 10, 12, 12)
        self._column.setSpacing(8)
        line = QHBoxLayout()
        line.setSpacing(8)
        self._icon = QLabel(self)
        line.addWidget(self._icon)
        self.title = label("", "field", self)
        line.addWidget(self.title, 1)
        self._column.addLayout(line)
        self.hint = label("", "hint", self)
        self._column.addWidget(self.hint)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        self.toggle_button = QPushButton(self)
        self.toggle_button.clicked.connect(self._toggle)
        self.edit_button = QPushButton("Edit…", self)
        self.edit_button.clicked.connect(self._edit)
        buttons.addWidget(self.toggle_button)
        buttons.addWidget(self.edit_button)
        buttons.addStretch(1)
        self._column.addLayout(buttons)
        self.refresh()

    def refresh(self) -> None:
        """Show what the workflow and the last run say now."""
        node = self._editor.workflow.nodes.get(self._node_id)
        pinned = node is not None and is_pinned(node)
        self.setVisible(pinned or self._last() is not None)
        theme = themes.current()
        colour = theme.accent if pinned else theme.text2
        self._icon.setPixmap(icons.pixmap("pin", 16, colour, self.devicePixelRatioF()))
        self._icon.setFixedSize(QSize(16, 16))
        self.title.setText("Pinned" if pinned else "Not pinned")
        self.hint.setText(
            "The step is not run: later steps get the pinned result."
            if pinned
            else "Pin the last result to use it without running the step again."
        )
        self.toggle_button.setText("Unpin" if pinned else "Pin this result")
        self.edit_button.setVisible(pinned)
        if not pinned and self.form is not None:
            self._column.removeWidget(self.form)
            self.form.deleteLater()
            self.form = None
        elif self.form is not None and node is not None:
            self.form.set_value({"output": pinned_output(node)})

    def _last(self) -> Json:
        step = self._surroundings.steps.get(self._node_id)
        if step is None or step.status is not StepStatus.COMPLETED:
            return None
        output: Json = step.output
        return output

    def _toggle(self) -> None:
        workflow = self._editor.workflow
        if is_pinned(workflow.nodes[self._node_id]):
            self._editor.push(unpin(workflow, [self._node_id]))
        elif (output := self._last()) is not None:
            self._editor.push(pin(workflow, {self._node_id: output}))

    def _edit(self) -> None:
        """Show the result as JSON below; a second time puts it away."""
        if self.form is not None:
            self._column.removeWidget(self.form)
            self.form.deleteLater()
            self.form = None
            return
        node = self._editor.workflow.nodes[self._node_id]
        self.form = SchemaForm(_SCHEMA, {"output": pinned_output(node)}, parent=self)
        self.form.value_changed.connect(self._on_edited)
        self._column.addWidget(self.form)
        self.form.focus_first()

    def _on_edited(self, value: Json) -> None:
        workflow = self._editor.workflow
        if (
            isinstance(value, dict)
            and "output" in value
            and value["output"] != pinned_output(workflow.nodes[self._node_id])
        ):
            key = f"pin {self._node_id}"
            self._editor.push(pin(workflow, {self._node_id: value["output"]}, merge_key=key))
