"""The composition root: makes every piece once, shows the window, and takes everything down again.

Order matters for the first impression: the window is painted before the engine's thread starts, and what
takes long to import (duckdb, networkx, validators, the engine) is imported in that thread.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
import qasync
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from designer.crash_log import CrashReporter, open_log
from designer.document.document import Document
from designer.document.journal import Journal
from designer.editor import Editor
from designer.execution.bridge import EngineBridge, EngineFactory
from designer.execution.columns_ahead import ColumnsAhead
from designer.execution.controller import RunController
from designer.execution.tasks import TaskSet
from designer.settings import Settings
from designer.theme import icons
from designer.theme.controller import ThemeController
from designer.windows.checker import Checker
from designer.windows.file_commands import FileCommands, empty_workflow
from designer.windows.main_window import MainWindow
from designer.windows.person import Person
from designer.windows.session import Session
from designer.windows.start import start_work
from engine.catalog import Catalog
from engine.store.artifacts import ArtifactStore

if TYPE_CHECKING:
    from engine.run.workflow_engine import WorkflowEngine

APP = "workflow-designer"
SIGNAL_POLL_MS = 200

log = logging.getLogger(APP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the program keeps what: its store and journals, its log, its settings (None: the usual place)."""

    data_dir: Path
    log_dir: Path
    store: Path
    settings: Path | None = None

    @classmethod
    def usual(cls, store: Path | None = None) -> Places:
        """The user's own folders, with the store elsewhere if asked."""
        data_dir = platformdirs.user_data_path(APP, appauthor=False)
        return cls(
            data_dir=data_dir,
            log_dir=platformdirs.user_log_path(APP, appauthor=False),
            store=store or data_dir / "runs.sqlite",
        )


class Program:
    """One window with all that stands behind it."""

    def __init__(self, places: Places, person: Person | None = None) -> None:
        self.places = places
        self.reporter = CrashReporter(self._show_error)
        self.tasks = TaskSet(self.reporter.report)
        self.settings = Settings(places.settings)
        self.theme = ThemeController(self.settings.theme_mode)
        self.person = person or Person()
        self.window = MainWindow(self._make_session())
        self.person.window = self.window

    async def open(self, file: Path | None) -> None:
        """Shows the window, then what was asked for; returns with the first paint behind it."""
        self.window.show()
        await asyncio.sleep(0)
        await start_work(self.window.session, self.window.stage, file)

    async def close(self) -> None:
        """Leaves every run resumable and no thread, task or lock behind."""
        session = self.window.session
        session.checker.close()
        await session.controller.close()
        await self.tasks.close()
        await session.bridge.close()
        # Its destructor clears the stack and would tell a window that is half gone.
        session.editor.undo_stack.blockSignals(True)
        self.settings.sync()

    def _make_session(self) -> Session:
        store = self.places.store
        catalog = Catalog.load()
        document = Document(empty_workflow())
        editor = Editor(document)
        bridge = EngineBridge(engine_factory(store, self.settings), keep_days=self.settings.keep_runs_days)
        checker = Checker(document, catalog, self.tasks)
        self.person.editor = editor
        journal = Journal(document, self.places.data_dir, self._say)
        return Session(
            catalog=catalog,
            settings=self.settings,
            theme=self.theme,
            editor=editor,
            journal=journal,
            bridge=bridge,
            controller=RunController(bridge, document, checker.check, self.person),
            checker=checker,
            columns=ColumnsAhead(document, self.tasks),
            files=FileCommands(editor, journal, self.settings, self.person, self.places.data_dir),
            person=self.person,
            tasks=self.tasks,
            locate=ArtifactStore(store.with_name(f"{store.name}.artifacts")).path,
            log_dir=self.places.log_dir,
        )

    def _say(self, text: str) -> None:
        self.window.status_line.say(text)

    def _show_error(self, error: BaseException) -> None:
        self.tasks.start(self.person.show_unexpected(error, self.places.log_dir))


def engine_factory(store: Path, settings: Settings) -> EngineFactory:
    """Makes the engine over the store at this path; called in the engine's own thread."""
    steps = settings.max_concurrent_steps

    async def make() -> WorkflowEngine:
        from engine.run.workflow_engine import WorkflowEngine
        from engine.store.sqlite import SqliteStateManager

        store.parent.mkdir(parents=True, exist_ok=True)
        manager = SqliteStateManager(store)
        await manager.open()
        return WorkflowEngine(steps, state_manager=manager)

    return make


def run(*, file: Path | None, store: Path | None) -> int:
    """Opens the window and returns when it has been closed."""
    application = QApplication([APP])
    application.setApplicationName("Workflow Designer")
    application.setQuitOnLastWindowClosed(False)
    places = Places.usual(store)
    handler = open_log(places.log_dir)
    loop = qasync.QEventLoop(application)
    asyncio.set_event_loop(loop)
    try:
        with loop:
            loop.run_until_complete(_live(loop, places, file))
    finally:
        icons.clear()
        if handler is not None:
            logging.getLogger().removeHandler(handler)
            handler.close()
    return 0


async def _live(loop: asyncio.AbstractEventLoop, places: Places, file: Path | None) -> None:
    program = Program(places)
    program.reporter.install()
    loop.set_exception_handler(program.reporter.on_loop_error)
    closed = asyncio.Event()
    program.window.closed.connect(closed.set)
    _close_on_interrupt(loop, program.window)
    try:
        await program.open(file)
        await closed.wait()
    finally:
        await program.close()
        program.reporter.uninstall()
        program.window.deleteLater()


def _close_on_interrupt(loop: asyncio.AbstractEventLoop, window: MainWindow) -> None:
    """Ctrl+C in the terminal asks the window to close, like its own button."""
    try:
        loop.add_signal_handler(signal.SIGINT, window.close)
    except (NotImplementedError, RuntimeError):
        # Windows: Python sees the signal only when Python code runs, so a timer makes some run.
        signal.signal(signal.SIGINT, lambda *_: window.close())
        timer = QTimer(window)
        timer.start(SIGNAL_POLL_MS)
        timer.timeout.connect(lambda: None)
