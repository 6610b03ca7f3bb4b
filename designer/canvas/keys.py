"""The canvas's keys. Those that the window's menus hold too come here only when no menu took them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from designer.canvas.walk import neighbour
from designer.theme.tokens import SNAP

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_Key = Qt.Key
_ARROWS = {
    _Key.Key_Left: (-1, 0),
    _Key.Key_Right: (1, 0),
    _Key.Key_Up: (0, -1),
    _Key.Key_Down: (0, 1),
}
_COMMANDS = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)


class Keys(QObject):
    """Finds what a key does; typing on a canvas with nothing selected searches node types."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._table = self._make_table()
        self._letters: dict[str, Callable[[], object]] = {
            "F": view.frame_selection,
            "D": view.commands.set_disabled,
        }
        view.installEventFilter(self)
        view.focus_lost.connect(lambda: self._hold_space(False))

    def _make_table(self) -> dict[str, Callable[[], object]]:
        view, commands = self._view, self._view.commands
        return {
            "Del": commands.delete,
            "Backspace": commands.delete,
            "Ctrl+Del": commands.heal,
            "Ctrl+A": view.select_all,
            "Ctrl+C": commands.copy,
            "Ctrl+X": commands.cut,
            "Ctrl+V": commands.paste,
            "Ctrl+Shift+V": lambda: commands.paste(keep_incoming=True),
            "Ctrl+D": commands.duplicate,
            "Shift+S": view.comments.add,
            "Ctrl+G": view.grouping.group,
            "Ctrl+Shift+G": view.grouping.ungroup,
            "Ctrl+Alt+G": view.grouping.toggle,
            "Ctrl+Shift+Del": view.grouping.delete_chosen,
            "Ctrl+B": view.bending.add,
            "Ctrl+Shift+B": view.bending.straighten,
            "Ctrl+L": commands.connect_selected,
            "Ctrl+F": view.open_find,
            "Ctrl+Space": view.open_quick_add,
            "Ctrl+0": lambda: view.set_zoom(1.0),
            "Ctrl+1": view.frame_all,
            "Home": view.frame_all,
            "Ctrl++": view.zoom_in,
            "Ctrl+=": view.zoom_in,
            "Ctrl+-": view.zoom_out,
            "F2": view.grouping.rename_selected,
            "Return": commands.open_selected,
            "Enter": commands.open_selected,
            "Esc": self._escape,
            "Ctrl+Shift+L": commands.disconnect_selected,
            "Alt+Shift+Left": partial(commands.select_along, forward=False),
            "Alt+Shift+Right": partial(commands.select_along, forward=True),
            **{
                f"Ctrl+{name}": partial(commands.nudge, x * SNAP, y * SNAP)
                for name, (x, y) in zip(("Left", "Right", "Up", "Down"), _ARROWS.values(), strict=True)
            },
        }

    def leave_to_others(self, keys: Iterable[str]) -> None:
        """A menu brings these keys and does what they stand for."""
        for key in keys:
            self._table.pop(key, None)
            self._letters.pop(key, None)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        match event.type():
            case QEvent.Type.KeyPress if isinstance(event, QKeyEvent):
                return self._press(event)
            case QEvent.Type.KeyRelease if isinstance(event, QKeyEvent):
                if event.key() == _Key.Key_Space and not event.isAutoRepeat():
                    self._hold_space(False)
                    return True
            case _:
                pass
        return False

    def _press(self, event: QKeyEvent) -> bool:
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        arrow = _ARROWS.get(_Key(event.key()))
        if arrow is not None and not modifiers & _COMMANDS:
            return self._arrow(arrow, modifiers)
        if event.key() == _Key.Key_Space and not modifiers:
            if not event.isAutoRepeat():
                self._hold_space(True)
            return True
        pressed = QKeySequence(QKeyCombination(modifiers, _Key(event.key())))
        sequence = pressed.toString(QKeySequence.SequenceFormat.PortableText)
        command = self._table.get(sequence)
        if command is None and not modifiers & _COMMANDS:
            return self._type(event.text())
        if command is None:
            return False
        command()
        return True

    def _type(self, text: str) -> bool:
        """Letters: search node types while nothing is selected, else act on the selection."""
        view = self._view
        if not text.strip() or not text.isprintable():
            return False
        if view.selection.is_empty:
            view.open_quick_add(text)
            return True
        act = self._letters.get(text.upper())
        if act is not None:
            act()
        return act is not None

    def _arrow(self, way: tuple[int, int], modifiers: Qt.KeyboardModifier) -> bool:
        view, scene = self._view, self._view.canvas_scene
        if not scene.ids:
            return False
        if view.bending.walk(way):
            return True
        current = view.selection.focused or next(reversed(view.selection.nodes), None)
        row = scene.row_of.get(current or "", -1)
        row = neighbour(scene, row, way) if row >= 0 else self._first()
        view.selection.focused = scene.ids[row]
        folded = scene.frames.card_of(row)
        nodes, notes = ([scene.ids[row]], []) if folded is None else view.grouping.contents(folded)
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            view.selection.add(nodes, notes=notes)
        else:
            view.selection.set(nodes, notes=notes)
        view.notice()
        view.camera.reveal(scene.card(row))
        return True

    def _first(self) -> int:
        """Where walking begins: the leftmost card that can be seen, else the first."""
        scene, seen = self._view.canvas_scene, self._view.camera.visible()
        shown = [row for row in range(len(scene.ids)) if seen.contains(scene.card(row).center())]
        return min(shown, key=lambda row: (float(scene.xy[row, 0]), float(scene.xy[row, 1])), default=0)

    def _escape(self) -> None:
        if not self._view.pointing.cancel() and not self._view.works.give_up():
            self._view.selection.set()

    def _hold_space(self, held: bool) -> None:
        self._view.pointing.space_held = held
        if held:
            self._view.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self._view.viewport().unsetCursor()
