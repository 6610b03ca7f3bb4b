"""Connects files to the window: title, recent files, examples, drops, the start hint, help."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMenu

from designer.canvas.rows_ahead import Ahead
from designer.document.data_files import is_workflow
from designer.windows.examples import examples
from designer.windows.file_commands import SUFFIX
from designer.windows.session import Session
from designer.windows.stage import StartHint
from engine.model.workflow import Workflow

if TYPE_CHECKING:
    from designer.windows.main_window import MainWindow


class FileWiring(QObject):
    """What is open is in the title bar; every way to open something ends in FileCommands."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        files, person = session.files, session.person
        window.commands.connect_all(
            {
                "file.new": lambda: self._start(files.new()),
                "file.open": lambda: self._start(files.open()),
                "file.save": lambda: self._start(files.save()),
                "file.save_as": lambda: self._start(files.save_as()),
                "file.preferences": lambda: self._start(
                    person.show_preferences(session.settings, session.theme)
                ),
                "file.secrets": lambda: self._start(person.show_secrets(session.editor.workflow)),
                "file.new_window": session.desktop.open_window,
                "file.open_window": lambda: self._start(self._open_in_new_window()),
                "file.next_window": lambda: session.desktop.next_window(window),
                "file.close": window.close,
                "file.quit": session.desktop.quit,
                "help.shortcuts": lambda: self._start(person.show_shortcuts(window.commands, window.keymap)),
                "help.logs": self._show_logs,
                "help.about": lambda: self._start(person.show_about()),
            }
        )
        files.look_ahead = self._look_ahead
        files.document_opened.connect(self._on_document_opened)
        files.document_saved.connect(self._show_title)
        files.said.connect(window.status_line.say)
        session.editor.undo_stack.cleanChanged.connect(self._on_clean_changed)
        session.editor.document.subscribe_edits(lambda *_: self._show_title())
        self._show_title()

    def _look_ahead(self, workflow: Workflow) -> None:
        """In the thread that has read it, read it for the canvas too."""
        scene = self._window.canvas.canvas_scene
        scene.ahead = Ahead(workflow, scene.catalog)

    def fill_recent(self, menu: QMenu) -> None:
        """Puts the recent files that still exist into a menu that opens."""
        menu.clear()
        for path in self.recent():
            name = path.name.removesuffix(SUFFIX)
            action = menu.addAction(f"{name}\t{path.parent}")
            action.triggered.connect(lambda _=False, p=path: self.open(p))
        if menu.isEmpty():
            menu.addAction("No recent files").setEnabled(False)

    def fill_examples(self, menu: QMenu) -> None:
        """Puts the examples into a menu that opens."""
        menu.clear()
        for example in examples():
            action = menu.addAction(example.title)
            action.setToolTip(example.summary)
            action.triggered.connect(lambda _=False, e=example: self.open_example(e.folder))
        if menu.isEmpty():
            menu.addAction("No examples installed").setEnabled(False)

    def recent(self) -> list[Path]:
        """Recent files that are still there."""
        return [path for path in self._session.settings.recent_files if path.exists()]

    def open(self, path: Path) -> None:
        """Opens a file, after asking about unsaved edits."""
        self._start(self._session.files.open(path))

    def open_example(self, folder: str) -> None:
        """Opens a copy of an example."""
        self._start(self._session.files.open_example(folder))

    def accepts(self, event: QDragEnterEvent | QDropEvent) -> Path | None:
        """The workflow file that is dragged over the window, if it is one."""
        for url in event.mimeData().urls():
            path = Path(url.toLocalFile())
            if url.isLocalFile() and is_workflow(path):
                return path
        return None

    def make_hint(self) -> StartHint:
        """The hint for an empty canvas, with what can be opened now."""
        hint = StartHint(examples(), self.recent(), self._window.stage)
        hint.example_chosen.connect(self.open_example)
        hint.recent_chosen.connect(lambda text: self.open(Path(text)))
        hint.open_requested.connect(self._window.commands["file.open"].trigger)
        hint.add_requested.connect(self._window.commands["edit.add_node"].trigger)
        return hint

    async def _open_in_new_window(self) -> None:
        path = await self._session.files.ask_path()
        if path is not None:
            self._session.desktop.open_window(path)

    def _start(self, work: Coroutine[Any, Any, Any]) -> None:
        self._session.tasks.start(work)

    def _on_document_opened(self) -> None:
        self._session.controller.detach()
        self._window.canvas.frame_all()
        self._window.canvas.setFocus()
        self._show_title()
        self._session.checker.check_soon()
        if (
            self._session.bridge.is_open
        ):  # at the start of the program, `start` does it once the engine is there
            self._start(self._session.controller.attach_unfinished())

    def _on_clean_changed(self, _clean: bool) -> None:
        self._show_title()

    def _show_title(self) -> None:
        files = self._session.files
        edited = self._session.editor.is_edited
        place = str(files.path) if files.path is not None else "Not saved yet"
        self._window.top_bar.show_document(files.name, is_edited=edited, tooltip=place)
        self._window.setWindowTitle(f"{files.name}[*] – Workflow Designer")
        self._window.setWindowModified(edited)

    def _show_logs(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._session.log_dir)))
