"""The painted canvas as a tree for screen readers: the canvas, and in it steps, wires, groups, comments.

Qt asks the factory for an interface only when a client of accessibility is there; the pieces of the drawing
get theirs when somebody asks for them, so that a canvas of 10,000 nodes costs nothing before.

Ownership: Qt's cache holds interfaces by pointer and PySide leaves them to Python's counting, so an interface
that Python drops while Qt knows it is a crash. Each is kept in ``_made`` until Qt has been told to delete it.
What Qt takes from `interface_cast` has to be the Python object itself or `VoidPtr(0)`: PySide makes a wild
pointer of a number, and of None too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QRect, Qt
from PySide6.QtGui import QAccessible, QAccessibleActionInterface, QAccessibleInterface, QColor, QWindow
from PySide6.QtWidgets import QAccessibleWidget, QWidget
from shiboken6 import VoidPtr, getCppPointer

from designer.canvas.pieces import Pieces
from designer.canvas.reading import Piece, Reading

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_Role = QAccessible.Role
_NULL = VoidPtr(0)
_ROLES = {"node": _Role.ListItem, "wire": _Role.ListItem, "group": _Role.Grouping, "comment": _Role.Note}


class PieceActions(QAccessibleActionInterface):
    """What a client may do to a piece: the same as Enter, the menu key and walking there."""

    def __init__(self, pieces: Pieces, piece: Piece) -> None:
        super().__init__()
        self._pieces = pieces
        self._piece = piece

    def actionNames(self) -> list[str]:
        return [self.setFocusAction(), self.pressAction(), self.showMenuAction()]

    def doAction(self, name: str) -> None:
        if name == self.setFocusAction():
            self._pieces.focus(self._piece)
        elif name == self.pressAction():
            self._pieces.press(self._piece)
        elif name == self.showMenuAction():
            self._pieces.open_menu(self._piece)

    def keyBindingsForAction(self, name: str) -> list[str]:
        return ["Return"] if name == self.pressAction() else []


class PieceInterface(QAccessibleInterface):
    """One node, connection, group or comment. It has no object of Qt's behind it, only a name."""

    def __init__(self, canvas: CanvasInterface, piece: Piece) -> None:
        super().__init__()
        self._canvas = canvas
        self._piece = piece
        self._actions = PieceActions(canvas.pieces, piece)

    @property
    def piece(self) -> Piece:
        return self._piece

    def isValid(self) -> bool:
        return self._piece in self._canvas.reading.place_of

    def object(self) -> QObject | None:  # type: ignore[override]  # Qt takes null: there is none
        return None

    def window(self) -> QWindow | None:  # type: ignore[override]  # a window that is not shown has no handle
        return self._canvas.pieces.view.window().windowHandle()

    def parent(self) -> QAccessibleInterface:
        return self._canvas

    def child(self, _index: int) -> QAccessibleInterface | None:  # type: ignore[override]  # Qt takes null
        return None

    def childAt(self, _x: int, _y: int) -> QAccessibleInterface | None:  # type: ignore[override]  # Qt takes null
        return None

    def childCount(self) -> int:
        return 0

    def indexOfChild(self, _child: QAccessibleInterface) -> int:
        return -1

    def role(self) -> QAccessible.Role:
        return _ROLES[self._piece[0]]

    def rect(self) -> QRect:
        return self._canvas.pieces.rect(self._piece)

    def text(self, kind: QAccessible.Text) -> str:
        if not self.isValid():
            return ""
        if kind == QAccessible.Text.Name:
            return self._canvas.name_of(self._piece)
        return self._canvas.pieces.group_words(self._piece) if kind == QAccessible.Text.Description else ""

    def setText(self, _kind: QAccessible.Text, _text: str) -> None:
        """Titles are edited by F2 or in the outline."""

    def state(self) -> QAccessible.State:
        made, pieces = QAccessible.State(), self._canvas.pieces
        if not self.isValid():
            made.invalid = 1
            return made
        made.focusable = made.selectable = made.extSelectable = 1
        made.selected = int(pieces.is_selected(self._piece))
        made.focused = int(pieces.focused == self._piece)
        made.busy = int(pieces.is_busy(self._piece))
        made.offscreen = int(not pieces.is_seen(self._piece))
        return made

    def relations(
        self, match: QAccessible.RelationFlag = QAccessible.RelationFlag.AllRelations
    ) -> list[tuple[QAccessibleInterface, QAccessible.RelationFlag]]:
        return self._canvas.relations_of(self._piece, match)

    def interface_cast(self, kind: QAccessible.InterfaceType) -> Any:
        return self._actions if kind == QAccessible.InterfaceType.ActionInterface else _NULL

    def actionInterface(self) -> QAccessibleActionInterface:
        return self._actions

    def foregroundColor(self) -> QColor:
        return QColor()

    def backgroundColor(self) -> QColor:
        return QColor()


class CanvasInterface(QAccessibleWidget):
    """The canvas: its pieces in the order of reading, then the small bars that lie over it."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view, _Role.Canvas, "Canvas")
        self.pieces = Pieces(view)
        self.reading = Reading(view.canvas_scene)
        self._made: dict[Piece, tuple[int, PieceInterface]] = {}
        self.reading.follow()

    def of(self, piece: Piece) -> PieceInterface:
        """The interface of a piece, made now if nobody has asked for it yet."""
        known = self._made.get(piece)
        if known is None:
            made = PieceInterface(self, piece)
            known = self._made[piece] = (QAccessible.registerAccessibleInterface(made), made)
        return known[1]

    def known(self, pieces: Iterable[Piece]) -> list[PieceInterface]:
        """The interfaces of those pieces that somebody has asked for."""
        return [self._made[piece][1] for piece in pieces if piece in self._made]

    def sweep(self) -> None:
        """Let go of the pieces that are not there any more.

        Never in an answer to a client: it may be asking one of them, and would come back to nothing.
        """
        for piece in [piece for piece in self._made if piece not in self.reading.place_of]:
            self._drop(piece)

    def close(self) -> None:
        """Take every piece out of Qt's cache: the canvas goes."""
        for piece in tuple(self._made):
            self._drop(piece)

    def _drop(self, piece: Piece) -> None:
        QAccessible.deleteAccessibleInterface(self._made[piece][0])
        del self._made[piece]

    def name_of(self, piece: Piece) -> str:
        """What a piece is called, with its state."""
        return self.pieces.name(piece, *(self.reading.step(piece[1]) if piece[0] == "node" else (0, 0)))

    def relations_of(
        self, piece: Piece, match: QAccessible.RelationFlag
    ) -> list[tuple[QAccessibleInterface, QAccessible.RelationFlag]]:
        """Where a connection comes from and leads to."""
        ends = self.pieces.ends(piece)
        flags = (QAccessible.RelationFlag.FlowsFrom, QAccessible.RelationFlag.FlowsTo)
        return [(self.of(end), flag) for end, flag in zip(ends, flags, strict=False) if flag & match]

    # -- the tree ----------------------------------------------------------------------------

    def childCount(self) -> int:
        self.reading.follow()
        return len(self.reading.pieces) + len(self.pieces.widgets())

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]  # Qt takes null
        self.reading.follow()
        if 0 <= index < len(self.reading.pieces):
            return self.of(self.reading.pieces[index])
        widgets = self.pieces.widgets()
        place = index - len(self.reading.pieces)
        return QAccessible.queryAccessibleInterface(widgets[place]) if 0 <= place < len(widgets) else None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        if isinstance(child, PieceInterface):
            return self.reading.place_of.get(child.piece, -1)
        widgets: list[QObject] = list(self.pieces.widgets())
        found = child.object() if child is not None else None
        return len(self.reading.pieces) + widgets.index(found) if found in widgets else -1

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]  # Qt takes null
        for widget in self.pieces.widgets():
            if widget.rect().contains(widget.mapFromGlobal(QRect(x, y, 1, 1).topLeft())):
                return QAccessible.queryAccessibleInterface(widget)
        piece = self.pieces.at(x, y)
        return self.of(piece) if piece in self.reading.place_of else None

    def focusChild(self) -> QAccessibleInterface | None:  # type: ignore[override]  # Qt takes null
        focused = self.pieces.focused
        if focused in self.reading.place_of:
            return self.of(focused)
        return super().focusChild()


_interfaces: dict[int, CanvasInterface] = {}
"""The interfaces of the open canvases by the canvas's address: they live as long as those do."""
_is_installed: list[bool] = []


def install() -> None:
    """Let Qt know how canvases are read; once a program."""
    if not _is_installed:
        _is_installed.append(True)
        QAccessible.installFactory(_make)


def interface_of(view: QWidget) -> CanvasInterface | None:
    """The interface of a canvas, if anybody has asked for it."""
    return _interfaces.get(_address(view))


def _address(view: QObject) -> int:
    # Not `id`: Python may give up its half of a canvas, and its number, while Qt's half lives on.
    return getCppPointer(view)[0]


def _make(_class_name: str, thing: QObject) -> QAccessibleInterface | None:
    from designer.canvas.view import CanvasView

    if not isinstance(thing, CanvasView):
        return None
    address = _address(thing)
    made = _interfaces[address] = CanvasInterface(thing)

    def close() -> None:
        # Qt may ask once more while a canvas is being taken down, so there may be another one by now.
        if _interfaces.get(address) is made:
            del _interfaces[address]
        made.close()

    thing.destroyed.connect(close, Qt.ConnectionType.DirectConnection)
    return made
