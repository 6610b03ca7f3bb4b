"""Connects what takes long to the window: shown at the bottom, given up by Escape from anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut

from designer.windows.session import Session

if TYPE_CHECKING:
    from designer.windows.main_window import MainWindow


class WorkWiring(QObject):
    """Escape is the window's own only while there is something to give up."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._works = session.works
        self._escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), window)
        self._escape.activated.connect(self._give_up)
        window.commands.connect_all({"edit.give_up": session.works.give_up})
        session.works.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        can = self._works.can_give_up
        self._escape.setEnabled(can)
        self._window.commands["edit.give_up"].setEnabled(can)

    def _give_up(self) -> None:
        if not self._window.canvas.pointing.cancel():  # a drag that is under way goes first
            self._works.give_up()
