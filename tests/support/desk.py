"""The whole program, with folders of its own and a person who knows which files to choose."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from designer.program import Places, Program
from designer.windows.main_window import MainWindow
from designer.windows.person import Person
from engine.model import Workflow
from tests.support.heartbeat import Heartbeat
from tests.support.qt_loop import spin


class FilePerson(Person):
    """Answers the system's file dialogs, which a test cannot operate; all other questions are on screen."""

    def __init__(self) -> None:
        super().__init__()
        self.save_path: Path | None = None

    async def ask_save_path(self, suggestion: Path) -> Path | None:
        return self.save_path


class Desk:
    """A running program, and how free its window was."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.person = FilePerson()
        places = Places(
            data_dir=folder / "data",
            log_dir=folder / "log",
            store=folder / "data" / "runs.sqlite",
            settings=folder / "settings.ini",
        )
        self.program = Program(places, self.person)
        self.window = self.program.window
        self.heartbeat = Heartbeat()

    def open(self, file: Path | None = None) -> None:
        """Shows the window and waits until the engine is there."""
        spin(self.program.open(file))
        self.heartbeat.start()

    def close(self) -> None:
        """Takes the program down, whatever state it is in."""
        self.heartbeat.stop()
        print(f"\nheartbeat: {self.heartbeat}")
        spin(self.program.close())
        for workplace in self.program.workplaces:
            window = workplace.window
            window.bottom.close_sources()
            window.session.journal.close()
            window.hide()
            window.deleteLater()


def at_the_canvas(desk: Desk, qtbot: QtBot, workflow: Workflow) -> MainWindow:
    """The open window with this drawing, in front, with the keyboard on the canvas."""
    desk.open()
    window = desk.window
    window.session.editor.replace(workflow)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.canvas.setFocus()
    qtbot.waitUntil(window.canvas.hasFocus)
    return window


def press(window: MainWindow, keys: str) -> None:
    """Presses a key as the window system sends it, so that shortcuts see it first."""
    combination = QKeySequence(keys)[0]  # type: ignore[index]  # the stubs do not know it
    QTest.keyClick(window.windowHandle(), combination.key(), combination.keyboardModifiers())
