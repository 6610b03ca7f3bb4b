"""The workflow as a Qt tree of sentences, kept up with the document by as few row moves as it takes.

Rows are plain objects named by a number in the index; nothing is made for a line that nobody looks at:
sentences are worded when they are painted or read out, ways on from a step when it is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt, Signal

from designer.editor import Editor
from designer.panels import outline_ways as ways
from designer.panels.models import ROOT, Index
from designer.panels.outline_lines import Lines
from designer.panels.outline_rows import Contents, Name, Row, Tree, runs, spans
from engine.model import Change, edits
from engine.model.changes import ConnectionChanged, NodeChanged, NodesMoved, WorkflowChanged
from engine.model.groups import change_group
from engine.model.node_type import NodeTypes
from engine.model.workflow import Workflow

_LIGHT = (NodeChanged, NodesMoved, ConnectionChanged, WorkflowChanged)
_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable
_Role = Qt.ItemDataRole


class OutlineModel(QAbstractItemModel):
    """``rearranged`` says that every row is new: what was open and selected has to be found again by name."""

    rearranged = Signal()
    refused = Signal(str)

    def __init__(self, editor: Editor, types: NodeTypes, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self.lines = Lines(editor, types)
        self.seen: Callable[[], Iterable[Row]] | None = None
        """Whoever shows this says which rows can be seen: of no others is it told that they say else now.
        A tree asks several things about each row that it is told of, of ten thousand for 30 ms."""
        self._tree = Tree(editor.workflow)

    # -- names and indexes -------------------------------------------------------------------

    @property
    def contents(self) -> Contents:
        """What the outline holds: numbers of the steps, groups, and the rows below each of them."""
        return self._tree.contents

    def row_at(self, index: Index) -> Row:
        """The row of an index; the root for an invalid one."""
        return self._tree.at(index.internalId())  # 0 in an invalid one, which is the root's

    def index_of(self, name: Name) -> QModelIndex:
        """Where a node, a group or a connection stands; invalid when it has no row."""
        wire = self._editor.workflow.connections.get(name[1]) if name[0] == "wire" else None
        if wire is not None:
            source = self._tree.find(("node", wire.source))
            if source is not None:
                self._tree.children(source)
        found = self._tree.find(name)
        return self._index(found) if found is not None else QModelIndex()

    def _index(self, row: Row) -> QModelIndex:
        return QModelIndex() if row.parent is None else self.createIndex(row.row, 0, row.key)

    # -- what Qt asks for --------------------------------------------------------------------

    def index(self, row: int, column: int, parent: Index = ROOT) -> QModelIndex:
        # Qt asks for every row of the top one by one: that way is kept short.
        tree = self._tree
        key = parent.internalId()
        children = tree.children(tree.at(key)) if key else tree.root.children
        if column or not 0 <= row < len(children):
            return QModelIndex()
        return self.createIndex(row, 0, children[row].key)

    def parent(self, index: Index = ROOT) -> QModelIndex:  # type: ignore[override]  # QObject has one of that name
        above = self.row_at(index).parent
        return self._index(above) if above is not None else QModelIndex()

    def rowCount(self, parent: Index = ROOT) -> int:
        return self._tree.size(self.row_at(parent))

    def hasChildren(self, parent: Index = ROOT) -> bool:
        row = self._tree.at(parent.internalId())
        return bool(row.children) or row.id in self._tree.ways

    def columnCount(self, _parent: Index = ROOT) -> int:
        return 1

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        if not self._tree.contents.notes:
            return _FLAGS
        # A comment may have several lines: it is written where it stands on the canvas.
        return _FLAGS & ~Qt.ItemFlag.ItemIsEditable if self.row_at(index).kind == "note" else _FLAGS

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole) -> Any:
        return "Outline" if section == 0 and role == _Role.DisplayRole else None

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

    def follow(self, before: Workflow, changes: Sequence[Change]) -> None:
        """Show the document as it is now after these changes; none of them means that all is new."""
        after = self._editor.workflow
        if not changes:
            self.rebuild()
        elif all(isinstance(change, NodesMoved) for change in changes):
            return
        elif all(isinstance(change, _LIGHT) for change in changes) and (
            before.layout_extra is after.layout_extra
        ):
            if any(isinstance(change, ConnectionChanged) for change in changes):
                self._follow_ways(ways.touched(before, after, changes))
            self._say_all()
        else:
            self._rearrange(ways.touched(before, after, changes))

    def rebuild(self) -> None:
        """Read the whole document anew."""
        self.beginResetModel()
        self._tree = Tree(self._editor.workflow)
        self.endResetModel()
        self.rearranged.emit()

    def tell(self, names: Iterable[Name]) -> None:
        """The run has got further at these: what is seen of them is painted anew, a parent at a time."""
        found = (self._tree.find(name) for name in names)
        self._say(spans(row for row in found if row is not None))

    def _say(self, reach: Iterable[tuple[Row, int, int]]) -> None:
        for parent, first, last in reach:
            self.dataChanged.emit(self._index(parent.children[first]), self._index(parent.children[last]))

    def _say_all(self) -> None:
        if self.seen is not None:
            self._say(spans(self.seen()))
            return
        holders = [self._tree.holder(group_id) for group_id in self._tree.contents.inside]
        self._say((each, 0, len(each.children) - 1) for each in holders if each.children)

    def _rearrange(self, left: Collection[str]) -> None:
        """Go over to what the document holds: by removing and inserting rows where that is little work."""
        tree, contents = self._tree, Contents.of(self._editor.workflow)
        former = tree.contents
        if former.is_far_from(contents):
            self.rebuild()
            return
        tree.contents = contents
        self._follow_ways(left)
        changed = [i for i, names in contents.inside.items() if former.inside.get(i) != names]
        for group_id in former.inside:
            if group_id in changed and (not group_id or tree.find(("group", group_id))):
                self._remove_strangers(tree.holder(group_id), contents.inside[group_id])
        for group_id in changed:  # the top first: it makes the groups
            names = contents.inside[group_id]
            self._sort(tree.holder(group_id), names)
            self._insert_missing(tree.holder(group_id), names)
        self._say_all()

    def _follow_ways(self, left: Collection[str]) -> None:
        """Bring the ways on from these steps up to date."""
        tree, now = self._tree, ways.ways_of(self._editor.workflow, left)
        for node_id in left:
            row, old, new = tree.find(("node", node_id)), tree.ways.get(node_id, []), now.get(node_id, [])
            if row is not None and [each.id for each in old] != [each.id for each in new]:
                self._replace_ways(row, [each.id for each in old], now)
            elif new:  # the same, or of a new step that nothing knows yet
                tree.ways[node_id] = new
            else:
                tree.ways.pop(node_id, None)

    def _replace_ways(self, row: Row, old: Sequence[str], now: Mapping[str, Any]) -> None:
        tree, new = self._tree, now.get(row.id, [])
        if old:
            self.beginRemoveRows(self._index(row), 0, len(old) - 1)
            tree.cut(row, 0, len(row.children) - 1)
            tree.ways.pop(row.id)
            self.endRemoveRows()
        if new:
            self.beginInsertRows(self._index(row), 0, len(new) - 1)
            tree.ways[row.id] = new
            tree.children(row)
            self.endInsertRows()

    def _remove_strangers(self, holder: Row, wanted: Sequence[Name]) -> None:
        staying = set(wanted)
        gone = [row.row for row in holder.children if row.name not in staying]
        for first, last in reversed(runs(gone)):
            self.beginRemoveRows(self._index(holder), first, last)
            self._tree.cut(holder, first, last)
            self.endRemoveRows()

    def _insert_missing(self, holder: Row, wanted: Sequence[Name]) -> None:
        there = {row.name for row in holder.children}
        for first, last in runs([place for place, name in enumerate(wanted) if name not in there]):
            self.beginInsertRows(self._index(holder), first, last)
            self._tree.fill(holder, wanted[first : last + 1], first)
            self.endInsertRows()

    def _sort(self, holder: Row, wanted: Sequence[Name]) -> None:
        """Bring the rows that are there into the wanted order."""
        place_of = {name: place for place, name in enumerate(wanted)}
        ordered = sorted(holder.children, key=lambda row: place_of[row.name])
        if ordered == holder.children:
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        rows = [self.row_at(index) for index in before]
        holder.children[:] = ordered
        self._tree.renumber(holder)
        self.changePersistentIndexList(before, [self._index(row) for row in rows])
        self.layoutChanged.emit()
