"""The inspector: what is selected, as a form. Live, never modal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QSize
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from designer.editor import Editor
from designer.forms.context import FormContext
from designer.panels.inspector_context import ColumnsOf, Surroundings
from designer.panels.inspector_node import NodePage
from designer.panels.inspector_others import ConnectionPage, ManyPage, WorkflowPage
from designer.panels.inspector_page import Page
from designer.theme import theme as themes
from engine.history.step_state import StepState
from engine.model.changes import Change, NodesMoved
from engine.model.node_type import NodeTypes
from engine.model.workflow import Workflow


class InspectorPanel(QWidget):
    """Shows the selection that it is told of, and follows the document and the run.

    Each edit is pushed to the editor; leaving a field ends the step of undo that typing in it made.
    """

    def __init__(self, editor: Editor, types: NodeTypes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("inspector")
        self._editor = editor
        self._surroundings = Surroundings(editor.workflow, types)
        self._nodes: list[str] = []
        self._connections: list[str] = []
        self._outcomes: dict[str, str] = {}
        self._theme = themes.current()
        self._page: Page | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._unsubscribe = editor.document.subscribe(self._on_document_changed)
        self.destroyed.connect(self._unsubscribe)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_focus_changed)
        self._rebuild()

    @property
    def page(self) -> Page:
        """The page shown now."""
        assert self._page is not None
        return self._page

    def sizeHint(self) -> QSize:
        return QSize(338, 600)

    # -- what is shown -------------------------------------------------------------------------------

    def show_selection(self, nodes: Sequence[str], connections: Sequence[str]) -> None:
        """Show these; the same selection again changes nothing."""
        workflow = self._editor.workflow
        known_nodes = [one for one in nodes if one in workflow.nodes]
        known_connections = [one for one in connections if one in workflow.connections]
        if (known_nodes, known_connections) != (self._nodes, self._connections):
            self._nodes, self._connections = known_nodes, known_connections
            self._rebuild()

    def set_upstream_columns(self, columns_of: ColumnsOf) -> None:
        """Ask this for the columns of tables that no run has made yet: (node id, reference) -> columns."""
        self._surroundings.columns_of = columns_of
        self._refresh_run()

    def set_secrets(self, names: Sequence[str]) -> None:
        """The secrets that parameters may refer to."""
        self._surroundings.secrets = tuple(names)

    def context_for_condition(self, connection_id: str) -> FormContext:
        """The surroundings of a connection's condition, for a form that stands elsewhere."""
        if connection_id not in self._surroundings.workflow.connections:
            return FormContext()
        return self._surroundings.for_connection(connection_id)

    def show_tab(self, index: int) -> None:
        """Open one of a node's tabs."""
        if isinstance(self._page, NodePage):
            self._page.tabs.setCurrentIndex(index)

    def _rebuild(self) -> None:
        self._surroundings.workflow = self._editor.workflow
        self._surroundings.holder = self._editor.document.holder
        path = self._editor.document.path
        self._surroundings.base_dir = path.parent if isinstance(path, Path) else None
        tab = self._page.tabs.currentIndex() if isinstance(self._page, NodePage) else 0
        old = self._page
        self._page = self._make_page()
        self._column.addWidget(self._page)
        self.setFocusProxy(self._page.first_field())
        if old is not None:
            self._column.removeWidget(old)
            old.hide()
            old.deleteLater()
        if tab:
            self.show_tab(tab)
        if isinstance(self._page, ConnectionPage):
            self._page.show_outcome(self._outcomes.get(self._connections[0], ""))

    def _make_page(self) -> Page:
        if not self._nodes and not self._connections:
            return WorkflowPage(self._editor, self)
        if len(self._nodes) == 1 and not self._connections:
            return NodePage(self._nodes[0], self._editor, self._surroundings, self)
        if len(self._connections) == 1 and not self._nodes:
            return ConnectionPage(self._connections[0], self._editor, self._surroundings, self)
        return ManyPage(self._nodes, self._connections, self._editor, self._surroundings, self)

    # -- what comes from outside ---------------------------------------------------------------------

    def apply_run(self, steps: Mapping[str, StepState], connections: Mapping[str, str] | None = None) -> None:
        """Take the changed steps and connections of a run."""
        self._surroundings.steps.update(steps)
        self._outcomes.update(connections or {})
        if isinstance(self._page, ConnectionPage) and self._connections[0] in (connections or {}):
            self._page.show_outcome(self._outcomes[self._connections[0]])
        if isinstance(self._page, NodePage) and self._is_near(steps):
            self._refresh_run()

    def _is_near(self, steps: Mapping[str, StepState]) -> bool:
        """Whether a change can be seen on the page: of the node itself, or of one wired into it."""
        shown = {self._nodes[0]} | {one.source for one in self._editor.workflow.incoming(self._nodes[0])}
        return any(one in shown for one in steps)

    def clear_run(self) -> None:
        """Forget the last run."""
        self._surroundings.steps.clear()
        self._outcomes.clear()
        self._refresh_run()

    def _refresh_run(self) -> None:
        if self._page is not None:
            self._page.refresh_run()

    def _on_document_changed(self, before: Workflow, after: Workflow, changes: Sequence[Change]) -> None:
        self._surroundings.workflow = after
        if not changes:  # another document altogether
            self._nodes, self._connections = [], []
            self._surroundings.steps.clear()
            self._outcomes.clear()
            self._rebuild()
            return
        if all(isinstance(change, NodesMoved) for change in changes):
            return  # where things lie is no concern of a form
        if self._page is not None and not self._page.refresh(after):
            self._nodes = [one for one in self._nodes if one in after.nodes]
            self._connections = [one for one in self._connections if one in after.connections]
            self._rebuild()

    def _on_focus_changed(self, old: QWidget | None, new: QWidget | None) -> None:
        if old is not None and old is not new and self.isAncestorOf(old):
            self._editor.seal()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # Icons and highlights carry the colours of the theme they were made in.
        if event.type() == QEvent.Type.StyleChange and themes.current() is not self._theme:
            self._theme = themes.current()
            self._rebuild()
