"""From one part of the window to the next by a key, in the order in which they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget

from designer.theme.spoken import announce

if TYPE_CHECKING:
    from designer.windows.main_window import MainWindow


class Panes(QObject):
    """Only parts that can be seen are stopped at; each is announced by its name."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        window.commands.connect_all({"view.next_pane": self.next, "view.previous_pane": self.previous})

    def next(self) -> None:
        """Bring the keyboard to the next part."""
        self._go(1)

    def previous(self) -> None:
        """Bring the keyboard to the part before."""
        self._go(-1)

    def _panes(self) -> list[tuple[str, QWidget, QWidget]]:
        """Name, whole and where the keyboard goes, of each part that can be seen."""
        window = self._window
        bottom = window.bottom
        outline = window.outline.tree if window.outline.tree.isVisible() else window.outline.search
        every = (
            ("Toolbar", window.top_bar, window.top_bar.first()),
            ("Nodes", window.palette_panel, window.palette_panel.search),
            ("Outline", window.outline, outline),
            ("Canvas", window.stage, window.canvas),
            ("Inspector", window.inspector, window.inspector.page.first_field()),
            (bottom.current_tab, bottom, bottom.tabs),
        )
        return [(name, whole, target) for name, whole, target in every if whole.isVisible()]

    def _go(self, by: int) -> None:
        panes, focused = self._panes(), QApplication.focusWidget()
        here = [
            place
            for place, (_, whole, _target) in enumerate(panes)
            if focused is not None and (whole is focused or whole.isAncestorOf(focused))
        ]
        canvas = next(place for place, pane in enumerate(panes) if pane[0] == "Canvas")
        place = (here[0] + by) % len(panes) if here else canvas
        name, _, target = panes[place]
        target.setFocus(Qt.FocusReason.ShortcutFocusReason)
        announce(self._window, name)
