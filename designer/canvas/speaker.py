"""Tells accessibility what has changed on a canvas: while a client listens, what it has seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAccessibleInterface, QAccessibleStateChangeEvent

from designer.canvas import accessible
from designer.canvas.accessible import CanvasInterface
from designer.canvas.reading import Piece

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_MOST = 24
"""Beyond so many at once, a client is told that something within the canvas has changed."""

_Event = QAccessible.Event


class Speaker(QObject):
    """Focus, selection, names with their states, and pieces that come and go."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        accessible.install()
        self._view = view
        self._focused: Piece = ("node", "")
        self._selected: set[Piece] = set()
        view.selection.changed.connect(self.say_selection)
        # After the scene, which was there before: what is read stands in its rows.
        self._unsubscribe = view.editor.document.subscribe(lambda *_news: self.say_pieces())
        view.destroyed.connect(self._unsubscribe)
        view.installEventFilter(self)

    def _listener(self) -> CanvasInterface | None:
        """The interface of the canvas, if a client is there and has looked at it."""
        if not QAccessible.isActive():
            return None
        return accessible.interface_of(self._view)

    def say_selection(self) -> None:
        """Say what is selected and what is not any more, and where the keyboard is."""
        canvas = self._listener()
        if canvas is None:
            return
        selection = self._view.selection
        now: set[Piece] = {("node", each) for each in selection.nodes}
        now |= {("wire", each) for each in selection.wires} | {("comment", each) for each in selection.notes}
        turned = now ^ self._selected
        self._selected = now
        canvas.reading.follow()
        if len(turned) > _MOST:
            _send(QAccessibleEvent(canvas, _Event.SelectionWithin))
        else:
            changed = QAccessible.State()
            changed.selected = 1
            for piece in turned & canvas.reading.place_of.keys():
                _send(QAccessibleStateChangeEvent(canvas.of(piece), changed))
        self.say_focus()

    def say_focus(self) -> None:
        """Say which piece has the keyboard, if it is another one than before."""
        canvas = self._listener()
        if canvas is None:
            return
        focused = canvas.pieces.focused
        if focused == self._focused:
            return
        self._focused = focused
        canvas.reading.follow()
        if focused in canvas.reading.place_of:
            _send(QAccessibleEvent(canvas.of(focused), _Event.Focus))

    def say_states(self, node_ids: Iterable[str], outcomes: Mapping[str, str]) -> None:
        """The run has got further at these nodes and connections: their names say so."""
        canvas = self._listener()
        if canvas is None:
            return
        told: list[Piece] = [("node", each) for each in node_ids]
        told += [("wire", each) for each in outcomes]
        known: list[QAccessibleInterface] = list(canvas.known(told))
        if len(known) > _MOST:
            known = [each for each in known if each.state().focused or each.state().selected]
        for each in known:
            _send(QAccessibleEvent(each, _Event.NameChanged))

    def say_pieces(self) -> None:
        """Pieces have come or gone."""
        canvas = self._listener()
        if canvas is None:
            return
        is_other = canvas.reading.follow()
        canvas.sweep()
        if is_other:
            _send(QAccessibleEvent(canvas, _Event.ObjectReorder))

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusIn:
            self.say_focus()
        elif event.type() == QEvent.Type.FocusOut:
            self._focused = ("node", "")
        return False


def _send(event: QAccessibleEvent) -> None:
    QAccessible.updateAccessibility(event)
