"""The workflow as a Qt tree of sentences, kept up with the document by as few row moves as it takes.

A view asks a model for every row whenever one comes or goes. So how many rows there are, and below which, is
kept in Qt's own items, where that takes a tenth of the time; what they say is ours, and worded when it is
painted or read out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel

from designer.editor import Editor
from designer.panels.models import Index
from designer.panels.outline_lines import Lines
from designer.panels.outline_rows import MOST_RUNS, TOP, Contents, Name, Row, Tree, turning
from engine.model import Change, edits
from engine.model.changes import NodesMoved
from engine.model.groups import change_group
from engine.model.node_type import NodeTypes
from engine.model.workflow import Connection

_Role = Qt.ItemDataRole


class OutlineModel(QStandardItemModel):
    """``rearranged`` says that rows stand elsewhere: what was open and selected has to be found by name."""

    rearranged = Signal()
    refused = Signal(str)

    def __init__(self, editor: Editor, types: NodeTypes, parent: QObject | None = None) -> None:
        super().__init__(0, 1, parent)
        self.setHorizontalHeaderLabels(["Outline"])
        self._editor = editor
        self.lines = Lines(editor, types)
        self.seen: Callable[[], Iterable[QModelIndex]] | None = None
        """Whoever shows this says which rows can be seen: of no others is it told that they say else now."""
        self._tree = Tree(editor.workflow)
        self._coming: Sequence[Name] = ()
        # Before any view: when it hears of rows, we know them.
        self.rowsInserted.connect(self._on_inserted)
        self.rowsRemoved.connect(self._on_removed)
        self._insert("", self.contents.inside[""], 0)

    # -- names and indexes -------------------------------------------------------------------

    @property
    def contents(self) -> Contents:
        """What the outline holds: numbers of the steps, groups, and the rows below each of them."""
        return self._tree.contents

    def row_at(self, index: Index) -> Row:
        """The row of an index; the root for an invalid one."""
        if not index.isValid():
            return TOP
        return self._tree.row(self.row_at(index.parent()), index.row())

    def index_of(self, name: Name) -> QModelIndex:
        """Where a node, a group or a connection stands; invalid when it has no row."""
        kind, row_id = name
        if kind == "wire":
            wire = self._editor.workflow.connections.get(row_id)
            ways = self._tree.ways(wire.source) if wire is not None else ()
            place = next((place for place, each in enumerate(ways) if each.id == row_id), None)
            above = self.index_of(("node", wire.source)) if wire is not None else QModelIndex()
            return self.index(place, 0, above) if place is not None and above.isValid() else QModelIndex()
        place = self._tree.place(name)
        if place is None:
            return QModelIndex()
        return self.index(place, 0, self._index_of_group(self._tree.holder(name)))

    def steps_in(self, group_id: str) -> Iterator[str]:
        """The steps below a group, those of groups inside it too."""
        for kind, row_id in self._tree.lines.get(group_id, ()):
            if kind == "group":
                yield from self.steps_in(row_id)
            elif kind == "node":
                yield row_id

    def _index_of_group(self, group_id: str) -> QModelIndex:
        return self.index_of(("group", group_id)) if group_id else QModelIndex()

    def _item(self, group_id: str) -> QStandardItem:
        if not group_id:
            return self.invisibleRootItem()
        return self.itemFromIndex(self._index_of_group(group_id))

    # -- what Qt asks for --------------------------------------------------------------------

    def data(self, index: Index, role: int = _Role.DisplayRole) -> Any:
        return self.lines.about(self._tree, self.row_at(index), role)

    def setData(self, index: Index, value: Any, role: int = _Role.EditRole) -> bool:
        """Give a node or group another title, a connection another condition; one step of undo."""
        row, text, workflow = self.row_at(index), str(value).strip(), self._editor.workflow
        if role != _Role.EditRole or not index.isValid() or text == str(self.data(index, role)).strip():
            return False
        if row.kind == "wire":
            return self._editor.push(edits.set_condition(workflow, row.id, condition=text))
        if not text:
            self.refused.emit("A title needs at least one letter.")
            return False
        if row.kind == "group":
            return self._editor.push(change_group(workflow, row.id, title=text))
        return self._editor.push(edits.rename(workflow, row.id, text))

    # -- following the document and the run --------------------------------------------------

    def follow(self, changes: Sequence[Change]) -> None:
        """Show the document as it is now after these changes; none of them means that all is new."""
        tree, former = self._tree, self.contents
        if not changes:
            self.rebuild()
            return
        self._follow_ways(tree.go_over(self._editor.workflow, changes))
        if tree.contents is not former and not self._bring(former):
            self.rebuild()
        elif tree.contents is not former or not all(isinstance(each, NodesMoved) for each in changes):
            self._say_seen()

    def rebuild(self) -> None:
        """Read the whole document anew."""
        self._remove("", 0, self.rowCount() - 1)
        self._tree = Tree(self._editor.workflow)
        self._insert("", self.contents.inside[""], 0)
        self.rearranged.emit()

    def tell(self, names: Iterable[Name]) -> None:
        """The run has got further at these: what is seen of them is painted anew."""
        self._say(index for index in map(self.index_of, names) if index.isValid())

    def _say_seen(self) -> None:
        if self.seen is not None:
            self._say(self.seen())
            return
        for group_id, names in self._tree.lines.items():
            if names:
                above = self._index_of_group(group_id)
                self.dataChanged.emit(self.index(0, 0, above), self.index(len(names) - 1, 0, above))

    def _say(self, indexes: Iterable[QModelIndex]) -> None:
        """Once for all below the same row: a view asks several things about each row that it is told of."""
        reach: dict[Row, tuple[QModelIndex, QModelIndex]] = {}
        for index in indexes:
            above = self.row_at(index.parent())
            first, last = reach.get(above, (index, index))
            reach[above] = (
                index if index.row() < first.row() else first,
                index if index.row() > last.row() else last,
            )
        for first, last in reach.values():
            self.dataChanged.emit(first, last)

    def _bring(self, former: Contents) -> bool:
        """Go over to the contents by removing and inserting rows; False where that would be much work."""
        tree, wanted = self._tree, self.contents.inside
        coming: dict[str, list[tuple[int, int]]] = {}
        gone: set[Name] = set()
        for group_id in former.inside:  # those around a group before it
            lines = tree.lines.get(group_id)
            if lines is None or lines == wanted.get(group_id):
                continue
            leaving, coming[group_id] = turning(lines, wanted.get(group_id, []))
            if len(leaving) + len(coming[group_id]) > MOST_RUNS:
                return False
            for first, last in reversed(leaving):
                gone.update(lines[first : last + 1])
                self._remove(group_id, first, last)
        tree.settle()
        has_moved = False
        for group_id in wanted:
            for first, last in coming.get(group_id, ()):
                names = wanted[group_id][first : last + 1]
                has_moved = has_moved or not gone.isdisjoint(names)
                self._insert(group_id, names, first)
        if has_moved:
            self.rearranged.emit()
        return True

    def _follow_ways(self, now: Mapping[str, Sequence[Connection]]) -> None:
        """Bring the ways on from these steps up to date."""
        tree = self._tree
        for node_id, ways in now.items():
            index = self.index_of(("node", node_id))
            if not index.isValid():  # a new step: its row is still to come
                continue
            if [each.id for each in tree.ways(node_id)] == [each.id for each in ways]:
                tree.set_ways(node_id, ways)
                continue
            item = self.itemFromIndex(index)
            item.setRowCount(0)
            tree.set_ways(node_id, ways)
            item.setRowCount(len(ways))

    # -- rows in Qt's items ------------------------------------------------------------------

    def _remove(self, group_id: str, first: int, last: int) -> None:
        self.removeRows(first, last - first + 1, self._index_of_group(group_id))

    def _insert(self, group_id: str, names: Sequence[Name], place: int) -> None:
        self._coming = names
        self._item(group_id).insertRows(place, [self._made(name) for name in names])

    def _made(self, name: Name) -> QStandardItem:
        """An item for a row, and for those below it; what it says is asked for elsewhere."""
        if name[0] != "group":
            item = QStandardItem(self._tree.size(name), 1)
            # A comment may have several lines: it is written where it stands on the canvas.
            if name[0] == "note":
                item.setEditable(False)
            return item
        item = QStandardItem()
        item.appendRows([self._made(each) for each in self.contents.inside[name[1]]])
        return item

    def _on_inserted(self, parent: Index, first: int, _last: int) -> None:
        above = self.row_at(parent)
        if above.kind != "node":
            self._tree.put(above.id, self._coming, first)

    def _on_removed(self, parent: Index, first: int, last: int) -> None:
        above = self.row_at(parent)
        if above.kind != "node":
            self._tree.cut(above.id, first, last)
