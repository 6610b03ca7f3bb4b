"""The outline: the workflow as a list of sentences, to be read, searched and edited without the drawing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, QPoint, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from designer.editor import Editor
from designer.panels import paint
from designer.panels.empty_state import EmptyState
from designer.panels.outline_choice import OutlineChoice
from designer.panels.outline_edits import OutlineEdits
from designer.panels.outline_menu import fill_menu
from designer.panels.outline_model import OutlineModel
from designer.panels.outline_rows import Row, names_of
from designer.panels.outline_search import OutlineSearch
from designer.panels.outline_tree import OutlineTree
from designer.theme import icons
from engine.model import Change
from engine.model.node_type import NodeTypes
from engine.model.workflow import Workflow

_FEW = 64


class OutlinePanel(QWidget):
    """Says through its signals what it cannot do itself: open, add a step, choose where to connect.

    While it is hidden it follows nothing and costs nothing; it reads the document anew when it is shown.
    """

    selection_made = Signal(list, list, list)  # ids of nodes, of connections and of comments
    opened = Signal()  # what is chosen
    add_requested = Signal(str, QPoint)  # after this node, near that place of the screen
    targets_wanted = Signal(str, str)  # from this node, after this outcome
    comment_wanted = Signal(str)  # the one to edit, "" for a new one at what is chosen
    message = Signal(str)

    def __init__(self, editor: Editor, types: NodeTypes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("outlinePanel")
        self._editor = editor
        self.model = OutlineModel(editor, types, self)
        self.edits = OutlineEdits(editor, types, self)
        self.tree = OutlineTree(self.model, self)
        self.model.seen = self.tree.lines_seen
        self.choice = OutlineChoice(self.tree, self.model)
        self.search = OutlineSearch(editor, types, self._where, self)
        self.more = QToolButton(self)
        self.nothing = QLabel(self)
        self.empty = EmptyState(
            "list-checks", "No steps yet", "Every node that you add is read out here, in order.", self
        )
        self.stack = QStackedWidget(self)
        self.menu: QMenu | None = None
        self._is_behind = False
        self._arrange()
        self._connect()
        self._unsubscribe = editor.document.subscribe(self._on_document_changed)
        self.destroyed.connect(self._unsubscribe)
        self._show_page()
        self._restyle()

    def _arrange(self) -> None:
        self.more.setObjectName("outlineMore")
        self.more.setAccessibleName("What to do with the line")
        self.more.setToolTip("What to do with the line (Menu key)")
        self.nothing.setProperty("role", "hint")
        self.nothing.setWordWrap(True)
        self.nothing.setContentsMargins(14, 2, 14, 2)
        self.nothing.hide()
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 8, 0)
        row.setSpacing(4)
        row.addWidget(self.search, 1)
        row.addWidget(self.more)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.tree)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 10, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.nothing)
        column.addWidget(self.stack, 1)
        self.setFocusProxy(self.tree)

    def _connect(self) -> None:
        tree, search = self.tree, self.search
        tree.opened.connect(self.open_current)
        tree.delete_pressed.connect(self.delete_selected)
        tree.rename_pressed.connect(self.rename)
        tree.toggle_pressed.connect(self.switch)
        tree.move_pressed.connect(self.move_step)
        tree.add_pressed.connect(self.add_after)
        tree.connect_pressed.connect(lambda: self.ask_target("success"))
        tree.typed.connect(search.begin)
        tree.menu_requested.connect(self.open_menu)
        self.choice.made.connect(self.selection_made)
        self.model.refused.connect(self.message)
        self.edits.refused.connect(self.message)
        search.begun.connect(self.nothing.hide)
        search.found.connect(self._on_found)
        search.found_nothing.connect(self._on_found_nothing)
        search.left.connect(tree.setFocus)
        self.more.clicked.connect(self._open_menu_at_button)

    # -- following ---------------------------------------------------------------------------

    def show_selection(self, nodes: Sequence[str], wires: Sequence[str], notes: Sequence[str] = ()) -> None:
        """Select the lines of these, and scroll to the one that was chosen last."""
        if self.choice.set(nodes, wires, notes) and self.isVisible():
            self.choice.show()

    def tell(self, node_ids: Iterable[str], wire_ids: Iterable[str]) -> None:
        """The run has changed the states of these."""
        if not self.isVisible():
            return
        names = set(names_of(node_ids, wire_ids))
        if len(names) > _FEW:  # what is not seen is worded when it is
            names &= {row.name for row in self._rows_seen()}
        self.model.tell(names)

    def _rows_seen(self) -> list[Row]:
        return [self.model.row_at(index) for index in self.tree.lines_seen()]

    def _on_document_changed(self, _before: Workflow, _after: Workflow, changes: Sequence[Change]) -> None:
        if not self.isVisible():
            self._is_behind = True
            return
        with self.choice.held():
            self.model.follow(changes)
        self._show_page()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        with self.choice.held():
            if self._is_behind:
                self._is_behind = False
                self.model.rebuild()
        self._show_page()

    def _show_page(self) -> None:
        has_lines = self.model.rowCount() > 0 or (self._is_behind and bool(self._editor.workflow.nodes))
        self.stack.setCurrentWidget(self.tree if has_lines else self.empty)
        self.more.setEnabled(has_lines)

    # -- searching ---------------------------------------------------------------------------

    def _where(self) -> tuple[Sequence[str], int]:
        numbers = self.model.contents.numbers
        return list(numbers), numbers.get(self.current.id, 1) - 1

    def _on_found(self, node_id: str) -> None:
        index = self.model.index_of(("node", node_id))
        self.tree.setCurrentIndex(index)
        self.tree.scrollTo(index)

    def _on_found_nothing(self, text: str) -> None:
        self.nothing.setText(f"No step says “{text}”.")
        self.nothing.show()

    # -- doing -------------------------------------------------------------------------------

    @property
    def current(self) -> Row:
        """The line that has the keyboard; the root when none has it."""
        return self.model.row_at(self.tree.currentIndex())

    def open_menu(self, place: QPoint) -> None:
        """Open the menu of the current line."""
        if self.menu is not None:
            self.menu.deleteLater()
        self.menu = QMenu(self)
        fill_menu(self.menu, self, self.current, self._editor.workflow)
        self.menu.popup(place)

    def _open_menu_at_button(self) -> None:
        if not self.tree.currentIndex().isValid():
            self.tree.setCurrentIndex(self.model.index(0, 0))
        self.open_menu(self.more.mapToGlobal(QPoint(0, self.more.height() + 2)))

    def open_current(self) -> None:
        """Show the form of a step or a connection; open or close a group; write on in a comment."""
        index = self.tree.currentIndex()
        if self.current.kind == "group":
            self.tree.setExpanded(index, not self.tree.isExpanded(index))
        elif self.current.kind == "note":
            self.comment_wanted.emit(self.current.id)
        else:
            self.opened.emit()

    def rename(self) -> None:
        """Edit the current line in place: a title or a condition; a comment on the canvas."""
        if self.current.kind == "note":
            self.comment_wanted.emit(self.current.id)
        else:
            self.tree.edit(self.tree.currentIndex())

    def comment(self) -> None:
        """Write a comment on the chosen steps."""
        self.comment_wanted.emit("")

    def switch(self) -> None:
        """Switch the chosen steps off, or on again."""
        self.edits.switch(self.choice.nodes)

    def delete_selected(self) -> None:
        """Delete the chosen steps and connections; the line that takes their place is chosen then."""
        top = self.tree.currentIndex()
        while top.parent().isValid():
            top = top.parent()
        self.edits.delete(self.choice.nodes, self.choice.wires, self.choice.notes)
        index = self.tree.currentIndex()
        if not index.isValid():
            index = self.model.index(min(top.row(), self.model.rowCount() - 1), 0)
        self.tree.setCurrentIndex(index)

    def move_step(self, by: int) -> None:
        """Move the current step past its neighbour: earlier (-1) or later (1)."""
        self.edits.move(self.current, by)
        self.tree.scrollTo(self.tree.currentIndex())

    def add_after(self) -> None:
        """Ask which step comes after the current one."""
        if self.current.kind == "node":
            box = self.tree.visualRect(self.tree.currentIndex())
            self.add_requested.emit(self.current.id, self.tree.viewport().mapToGlobal(box.bottomLeft()))

    def ask_target(self, on: str) -> None:
        """Ask where the current step leads to, after this outcome."""
        if self.current.kind == "node":
            self.targets_wanted.emit(self.current.id, on)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._restyle()

    def _restyle(self) -> None:
        self.search.restyle()
        self.more.setIcon(icons.icon("ellipsis", paint.palette().text2.name()))
