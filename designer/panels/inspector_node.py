"""The inspector's page of one node: Parameters, Error handling, Output, Notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QTabBar, QWidget

from designer.editor import Editor
from designer.forms.form import SchemaForm
from designer.panels.inspector_context import Surroundings
from designer.panels.inspector_held import HeldCard
from designer.panels.inspector_output import OutputTab, ResultCard
from designer.panels.inspector_page import Body, Page, divider, label, neutral_tile
from designer.panels.inspector_policy import policy_config, policy_schema, read_policy
from designer.panels.inspector_rollback import RollbackEditor
from designer.theme import theme as themes
from designer.theme.text_size import keep, length
from engine.model import edits
from engine.model.json_value import Json
from engine.model.node_type import NodeType
from engine.model.workflow import Connection, Node, Workflow

TABS = ("Parameters", "Error handling", "Output", "Notes")


ROOMY_PX = 336
SHORT_ERRORS = "Errors"


class NodePage(Page):
    """Every edit goes to the editor at once; what comes back (undo, another view) is shown in place."""

    def __init__(
        self, node_id: str, editor: Editor, surroundings: Surroundings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._node_id = node_id
        self._editor = editor
        self._surroundings = surroundings
        self._node: Node = editor.workflow.nodes[node_id]
        self._type = surroundings.types.get(self._node.type)
        self._incoming: tuple[Connection, ...] = ()
        self.parameters: SchemaForm | None = None
        self.conditions: SchemaForm | None = None
        self.policy: SchemaForm | None = None
        self.rollback: RollbackEditor | None = None
        self.notes: SchemaForm | None = None
        self.output: OutputTab | None = None
        self.result: ResultCard | None = None
        self.held: HeldCard | None = None
        self.layout_column.addWidget(divider(self))
        self.tabs = QTabBar(self)
        self.tabs.setObjectName("inspectorTabs")
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.tabs.setAccessibleName("Inspector")
        for title in TABS:
            self.tabs.addTab(title)
        line = QHBoxLayout()
        line.setContentsMargins(6, 0, 0, 0)
        line.addWidget(self.tabs)
        self.layout_column.addLayout(line)
        self.layout_column.addWidget(divider(self))
        self.stack = QStackedWidget(self)
        self.layout_column.addWidget(self.stack, 1)
        self._pages: dict[int, int] = {}
        self._show_header()
        self.tabs.currentChanged.connect(self._on_tab_changed)
        self._on_tab_changed(0)
        keep(self, lambda it: it._fit() if it.isVisible() else None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """A narrow panel has a short word for the second tab: no tab is out of sight."""
        self.tabs.setTabText(1, TABS[1] if self.width() >= length(ROOMY_PX) else SHORT_ERRORS)

    def _show_header(self) -> None:
        theme = themes.current()
        node_type = self._type
        if node_type is None:
            self.header.show_tile("circle-question-mark", *neutral_tile())
            self.header.show_words(self._node.label, "Unknown type", self._node.type)
        else:
            self.header.show_tile(node_type.icon, theme.category[node_type.category], theme.glyph)
            self.header.show_words(self._node.label, node_type.title, node_type.id)

    # -- tabs, each built when it is first opened ----------------------------------------------------

    def _on_tab_changed(self, index: int) -> None:
        if index not in self._pages:
            builders = (self._build_parameters, self._build_policy, self._build_output, self._build_notes)
            self._pages[index] = self.stack.addWidget(builders[index]())
        self.stack.setCurrentIndex(self._pages[index])

    def _build_parameters(self) -> QWidget:
        body = Body(self)
        self.held = HeldCard(body)
        self.held.show_step(self._surroundings.steps.get(self._node_id))
        body.column.addWidget(self.held)
        schema: Mapping[str, Any] = self._type.parameters if self._type is not None else {"type": "object"}
        parameters = dict(self._node.parameters)
        if self._type is not None and not self._type.properties:
            body.column.addWidget(label(self._type.help or self._type.summary, "subtitle", body))
        if self._type is None or self._type.properties:
            shown = schema if self._type is not None else {}
            self.parameters = SchemaForm(
                shown, parameters, context=self._surroundings.for_node(self._node_id), parent=body
            )
            self.parameters.value_changed.connect(self._on_parameters_changed)
            body.column.addWidget(self.parameters)
            self.result = ResultCard(_result_title(self._type), body)
            self.result.show_step(self._surroundings.steps.get(self._node_id))
            body.column.addWidget(self.result)
        self._conditions_column = body.column
        self._show_conditions()
        return body

    def _show_conditions(self) -> None:
        """One line for each connection that ends here: when it lets the step run."""
        incoming = tuple(self._editor.workflow.incoming(self._node_id))
        ids = [one.id for one in incoming]
        if ids != [one.id for one in self._incoming]:
            if self.conditions is not None:
                self._conditions_column.removeWidget(self.conditions)
                self.conditions.hide()
                self.conditions.deleteLater()
                self.conditions = None
            if incoming:
                context = self._surroundings.for_connection(incoming[0].id)
                self.conditions = SchemaForm(
                    self._conditions_schema(incoming), {}, context=context, parent=self
                )
                self.conditions.value_changed.connect(self._on_conditions_changed)
                self._conditions_column.addWidget(self.conditions)
        self._incoming = incoming
        if self.conditions is None:
            return
        self.conditions.set_value({one.id: one.condition for one in incoming if one.condition})
        for one in incoming:
            row = self.conditions.row(one.id)
            if row is not None:
                row.describe(self._about_connection(one))

    def _conditions_schema(self, incoming: tuple[Connection, ...]) -> dict[str, Any]:
        several = len(incoming) > 1
        return {
            "type": "object",
            "properties": {
                one.id: {
                    "type": "string",
                    "format": "condition-line",
                    "title": f"Run only if, from {self._label_of(one.source)}" if several else "Run only if",
                    "x-placeholder": "always",
                }
                for one in incoming
            },
        }

    def _label_of(self, node_id: str) -> str:
        node = self._editor.workflow.nodes.get(node_id)
        return node.label if node is not None else node_id

    def _about_connection(self, one: Connection) -> str:
        source = self._label_of(one.source)
        when = {"success": "", "error": " It is taken when that step fails.", "always": ""}[one.on]
        if one.condition:
            return f"Checked when {source} has ended.{when}"
        return f"The connection from {source} has no condition.{when}"

    def _build_policy(self) -> QWidget:
        body = Body(self)
        schema = policy_schema(
            has_join=len(self._editor.workflow.incoming(self._node_id)) > 1,
            is_trigger=self._type is not None and self._type.is_trigger,
        )
        self.policy = SchemaForm(schema, read_policy(self._node), parent=body)
        self.policy.value_changed.connect(self._on_policy_changed)
        body.column.addWidget(self.policy)
        if self._type is None or not self._type.is_trigger:
            body.column.addWidget(divider(body))
            types = getattr(self._surroundings.types, "types", ())
            context = self._surroundings.for_rollback(self._node_id)
            given = self._node.config.get("rollback")
            self.rollback = RollbackEditor(types, given, context=context, parent=body)
            self.rollback.changed.connect(self._on_rollback_changed)
            body.column.addWidget(self.rollback)
        return body

    def _build_output(self) -> QWidget:
        self.output = OutputTab(self._node_id, self._editor, self._surroundings, self)
        return self.output

    def _build_notes(self) -> QWidget:
        body = Body(self)
        schema = {
            "type": "object",
            "properties": {
                "title": {"type": "string", "title": "Title", "maxLength": 200},
                "notes": {
                    "type": "string",
                    "title": "Notes",
                    "format": "multiline",
                    "description": "What people should know about this step. Kept in the workflow's file.",
                },
            },
        }
        self.notes = SchemaForm(schema, self._notes_value(), parent=body)
        self.notes.value_changed.connect(self._on_notes_changed)
        body.column.addWidget(self.notes)
        body.column.addWidget(_about(self._node, self._type, body))
        return body

    def _notes_value(self) -> dict[str, Json]:
        both = (("title", self._node.title), ("notes", self._node.notes))
        return {name: text for name, text in both if text}

    # -- edits ---------------------------------------------------------------------------------------

    def _on_parameters_changed(self, value: Json) -> None:
        if isinstance(value, dict) and value != self._node.parameters:
            self._editor.push(edits.set_parameters(self._editor.workflow, self._node_id, value))

    def _on_conditions_changed(self, value: Json) -> None:
        assert isinstance(value, dict)
        for one in self._incoming:
            text = value.get(one.id)
            condition = text if isinstance(text, str) and text.strip() else None
            if condition != one.condition:
                self._editor.push(edits.set_condition(self._editor.workflow, one.id, condition=condition))

    def _on_policy_changed(self, value: Json) -> None:
        assert isinstance(value, dict)
        assert self.policy is not None
        changed = policy_config(self._node, value)
        if changed and self.policy.is_valid():
            self._editor.push(edits.set_config(self._editor.workflow, self._node_id, **changed))

    def _on_rollback_changed(self, value: Json) -> None:
        if value != self._node.config.get("rollback"):
            self._editor.push(edits.set_config(self._editor.workflow, self._node_id, rollback=value))

    def _on_notes_changed(self, value: Json) -> None:
        assert isinstance(value, dict)
        title, notes = str(value.get("title", "")), str(value.get("notes", ""))
        if title != self._node.title:
            self._editor.push(edits.rename(self._editor.workflow, self._node_id, title))
        elif notes != self._node.notes:
            self._editor.push(edits.set_notes(self._editor.workflow, self._node_id, notes))

    # -- what comes back -----------------------------------------------------------------------------

    def refresh(self, workflow: Workflow) -> bool:
        node = workflow.nodes.get(self._node_id)
        if node is None or node.type != self._node.type:
            return False
        changed = node is not self._node
        self._node = node
        if changed:
            self._show_header()
            if self.parameters is not None:
                self.parameters.set_value(dict(node.parameters))
            if self.policy is not None and self.policy.is_valid():
                self.policy.set_value(read_policy(node))
            if self.rollback is not None:
                self.rollback.set_value(node.config.get("rollback"))
            if self.notes is not None:
                self.notes.set_value(self._notes_value())
            if self.output is not None:
                self.output.pin.refresh()
        if 0 in self._pages:
            self._show_conditions()
        for form in (self.parameters, self.conditions):
            if form is not None:
                form.refresh()
        return True

    def first_field(self) -> QWidget:
        form = self.parameters or self.conditions
        return form.first_field() if form is not None else self.tabs

    def refresh_run(self) -> None:
        if self.held is not None:
            self.held.show_step(self._surroundings.steps.get(self._node_id))
        if self.result is not None:
            self.result.show_step(self._surroundings.steps.get(self._node_id))
        if self.parameters is not None:
            self.parameters.refresh()
        if self.output is not None:
            self.output.refresh()


def _result_title(node_type: NodeType | None) -> str:
    tables = (
        [port.title for port in node_type.outputs if port.kind == "table"] if node_type is not None else []
    )
    return tables[0] if tables else "Rows"


def _about(node: Node, node_type: NodeType | None, parent: QWidget) -> QLabel:
    text = node_type.help or node_type.summary if node_type is not None else ""
    made = label(f"{text}\n\nIn expressions this step is called {node.id}.".strip(), "hint", parent)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made
