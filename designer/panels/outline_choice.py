"""Which lines of the outline are chosen and which are open: kept by name, so that they survive any change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QObject, Signal
from PySide6.QtWidgets import QTreeView

from designer.panels.outline_model import OutlineModel
from designer.panels.outline_rows import Row, names_of

_Flag = QItemSelectionModel.SelectionFlag


class OutlineChoice(QObject):
    """``made`` carries what a person has chosen in the list: ids of nodes, of connections and of comments."""

    made = Signal(list, list, list)

    def __init__(self, tree: QTreeView, model: OutlineModel) -> None:
        super().__init__(tree)
        self._tree = tree
        self._model = model
        self._is_held = False
        self._closed: set[str] = set()
        self._open: set[str] = set()
        self.nodes: list[str] = []
        self.wires: list[str] = []
        self.notes: list[str] = []
        tree.selectionModel().selectionChanged.connect(self._on_selected)
        tree.expanded.connect(partial(self._note, True))
        tree.collapsed.connect(partial(self._note, False))
        model.rearranged.connect(self._reopen)

    def set(self, nodes: Sequence[str], wires: Sequence[str], notes: Sequence[str] = ()) -> bool:
        """These are chosen, by somebody else; False when they were already."""
        if (list(nodes), list(wires), list(notes)) == (self.nodes, self.wires, self.notes):
            return False
        self.nodes, self.wires, self.notes = list(nodes), list(wires), list(notes)
        return True

    @contextmanager
    def held(self) -> Iterator[None]:
        """What Qt selects meanwhile, because rows come and go, is nobody's choice."""
        current = self._model.row_at(self._tree.currentIndex())
        self._is_held = True
        try:
            yield
        finally:
            self._keep_current(current)
            self._is_held = False
            self.show()

    def _keep_current(self, row: Row) -> None:
        """The line that has the keyboard may have gone and come again elsewhere."""
        if row != self._model.row_at(self._tree.currentIndex()):
            index = self._model.index_of(row)
            if index.isValid():
                self._tree.selectionModel().setCurrentIndex(index, _Flag.NoUpdate)

    def show(self) -> None:
        """Select the lines of what is chosen, open the groups, and scroll to the line chosen last."""
        self._open_groups()
        if self._now() == (self.nodes, self.wires, self.notes):
            return
        picked, last = QItemSelection(), QModelIndex()
        for name in names_of(self.nodes, self.wires, self.notes):
            index = self._model.index_of(name)
            if index.isValid():
                picked.select(index, index)
                last = index
        before, self._is_held = self._is_held, True
        self._tree.selectionModel().select(picked, _Flag.ClearAndSelect)
        if last.isValid():
            self._tree.selectionModel().setCurrentIndex(last, _Flag.NoUpdate)
            self._tree.scrollTo(last)
        self._is_held = before

    def _now(self) -> tuple[list[str], list[str], list[str]]:
        """What the selected lines stand for; a group stands for the steps in it."""
        nodes: dict[str, None] = {}
        wires: dict[str, None] = {}
        notes: dict[str, None] = {}
        for index in self._tree.selectionModel().selectedIndexes():
            row = self._model.row_at(index)
            if row.kind == "group":
                nodes.update(dict.fromkeys(self._model.steps_in(row.id)))
            elif row.kind == "node":
                nodes[row.id] = None
            elif row.kind == "wire":
                wires[row.id] = None
            elif row.kind == "note":
                notes[row.id] = None
        return list(nodes), list(wires), list(notes)

    def _on_selected(self) -> None:
        if not self._is_held:
            self.nodes, self.wires, self.notes = self._now()
            self.made.emit(self.nodes, self.wires, self.notes)

    def _note(self, is_open: bool, index: QModelIndex) -> None:
        kind, row_id = self._model.row_at(index).name
        if kind == "group":
            (self._closed.discard if is_open else self._closed.add)(row_id)
        elif kind == "node":
            (self._open.add if is_open else self._open.discard)(row_id)

    def _reopen(self) -> None:
        """Every row is new: open again what was open."""
        for node_id in tuple(self._open):
            index = self._model.index_of(("node", node_id))
            if index.isValid():
                self._tree.expand(index)
        self._open_groups()

    def _open_groups(self) -> None:
        for group_id in self._model.contents.groups:
            index = self._model.index_of(("group", group_id))
            if group_id not in self._closed and not self._tree.isExpanded(index):
                self._tree.expand(index)
