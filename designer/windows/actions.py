"""The commands as the QActions of one window: each has one key and one enabled state wherever it is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from designer.theme import icons
from designer.theme.theme import Theme
from designer.windows.action_spec import ActionSpec
from designer.windows.action_specs import SPECS

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class Actions(QObject):
    """The window's QActions by id; icons follow the theme."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._actions: dict[str, QAction] = {}
        self._specs = {spec.id: spec for spec in SPECS}
        for spec in SPECS:
            self._actions[spec.id] = self._make(spec)

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def __contains__(self, action_id: object) -> bool:
        return action_id in self._actions

    def __iter__(self) -> Iterator[QAction]:
        return iter(self._actions.values())

    def connect_all(self, slots: dict[str, Callable[[], Any]]) -> None:
        """Connects triggered, without its `checked` argument, of each named action."""
        for action_id, slot in slots.items():
            self._actions[action_id].triggered.connect(_without_argument(slot))

    def place_on_canvas(self, canvas: CanvasView) -> None:
        """Gives the canvas the keys that are its own, in place of those it brings along."""
        for spec in SPECS:
            canvas.keys.leave_to_others(spec.keys)
            if spec.on_canvas:
                canvas.addAction(self._actions[spec.id])

    def follow_selection(
        self,
        nodes: Sequence[str],
        wires: Sequence[str],
        notes: Sequence[str] = (),
        bends: Sequence[object] = (),
        *,
        groups: int = 0,
    ) -> None:
        """Enables what can be done with the selection; a key that does nothing is left to typing."""
        count = len(nodes)
        met = {"nodes": count > 0, "one": count == 1, "two": count == 2}
        met |= {"pieces": bool(nodes or notes), "selection": bool(nodes or wires or notes or bends)}
        met |= {"movable": bool(nodes or notes or bends), "wires": bool(wires or bends)}
        met |= {"groups": groups > 0, "named": count == 1 or groups == 1}
        met |= {"openable": count == 1 or (not nodes and len(wires) == 1)}
        for spec in SPECS:
            if spec.needs:
                self._actions[spec.id].setEnabled(met[spec.needs])

    def spec(self, action_id: str) -> ActionSpec:
        return self._specs[action_id]

    def recolour(self, theme: Theme) -> None:
        """Draws every icon in the theme's text colour."""
        for spec in SPECS:
            if spec.icon:
                self._actions[spec.id].setIcon(icons.icon(spec.icon, theme.text, theme.disabled))

    def _make(self, spec: ActionSpec) -> QAction:
        action = QAction(spec.text, self)
        action.setObjectName(spec.id)
        action.setShortcuts([QKeySequence(key) for key in spec.keys])
        action.setCheckable(spec.checkable)
        action.setWhatsThis(spec.tip)
        action.setToolTip(spec.tip)
        if spec.on_canvas:
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        else:
            self._window.addAction(action)
        return action


def _without_argument(slot: Callable[[], Any]) -> Callable[[bool], None]:
    def call(_checked: bool = False) -> None:
        slot()

    return call
