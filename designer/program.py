"""The composition root: makes what the windows share, opens windows, and takes everything down again.

Order matters for the first impression: the window is painted before the engine's thread starts, and what
takes long to import (duckdb, networkx, validators, the engine) is imported in that thread.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
import qasync
from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from designer.collecting import Collecting, spare_collecting
from designer.crash_log import CrashReporter, mask_log, open_log
from designer.execution.bridge import EngineBridge, EngineFactory
from designer.execution.secret_keeper import SecretKeeper
from designer.execution.tasks import TaskSet
from designer.forms.judge import judge
from designer.settings import Settings
from designer.theme import icons, text_size
from designer.theme.controller import ThemeController
from designer.windows.first_paint import after_first_paint
from designer.windows.main_window import MainWindow
from designer.windows.person import Person
from designer.windows.picture_wiring import OWN_PICTURE
from designer.windows.start import open_in_window, start_work
from designer.windows.workplace import Shared, Workplace
from engine.catalog import Catalog
from engine.secrets.sources import Secrets

if TYPE_CHECKING:
    from designer.windows.handover import Handover
    from engine.run.workflow_engine import WorkflowEngine

APP = "workflow-designer"
SIGNAL_POLL_MS = 200
JUDGE_MS = 1_000
"""So long after the first paint the forms' validator is loaded, or once the engine is there."""
CASCADE = QPoint(32, 32)
"""How far a further window stands beside the one it was opened from."""

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
    """The windows, and what they share: settings, theme, node types, one engine over one store."""

    def __init__(self, places: Places, person: Person | None = None, secrets: Secrets | None = None) -> None:
        """person: who answers in the first window; one of the same kind does in each further one."""
        self.places = places
        self.reporter = CrashReporter(self._show_error)
        self.tasks = TaskSet(self.reporter.report)
        self.settings = Settings(places.settings)
        text_size.adopt(self.settings.text_size)  # before the first font is made
        self.theme = ThemeController(self.settings.theme_mode)
        self.ended = asyncio.Event()
        secrets = secrets if secrets is not None else Secrets()
        self._bridge = EngineBridge(
            engine_factory(places.store, self.settings, secrets),
            keep_days=self.settings.keep_runs_days,
            secrets=secrets,
        )
        self._shared = Shared(
            catalog=Catalog.load(),
            settings=self.settings,
            theme=self.theme,
            bridge=self._bridge,
            secrets=SecretKeeper(self._bridge),
            desktop=self,
            store=places.store,
            data_dir=places.data_dir,
            log_dir=places.log_dir,
            report=self.reporter.report,
        )
        self._handover: Handover | None = None
        self.person = person or Person()
        self.collecting = Collecting(self._is_running)
        self.workplaces: list[Workplace] = []
        self.window = self._make_workplace(self.person).window
        after_first_paint(self.window, lambda: QTimer.singleShot(JUDGE_MS, judge().release))

    async def open(self, file: Path | None) -> None:
        """Shows the first window, then what was asked for; returns with the first paint behind it."""
        self.window.show()
        await asyncio.sleep(0)
        self.collecting.begin()
        gc.enable()
        await start_work(self.window.session, self.window.stage, file)
        self.collecting.put_aside()
        judge().release()

    def take_from_later_starts(self) -> None:
        """Opens a window here for whoever starts the program again over the same store."""
        from designer.windows.handover import Handover  # the network module is not for the first paint

        self._handover = Handover(self.places.store, self.open_window)
        self._handover.listen()

    def open_window(self, file: Path | None = None) -> None:
        """A further window, with this file or an empty canvas; a file that is open comes to the front."""
        if file is not None and self.raise_window_of(file.resolve()):
            return
        beside = self._front()
        workplace = self._make_workplace(type(self.person)())
        workplace.window.resize(beside.size())
        workplace.window.move(beside.pos() + CASCADE)
        workplace.window.show()
        _raise(workplace.window)
        workplace.tasks.start(open_in_window(workplace.window, file))

    def raise_window_of(self, path: Path, *, but: QWidget | None = None) -> bool:
        """Whether a window (another one than `but`) shows this file; it comes to the front then."""
        for workplace in self.workplaces:
            if workplace.window is not but and workplace.session.editor.document.path == path:
                _raise(workplace.window)
                return True
        return False

    def next_window(self, after: QWidget) -> None:
        """Brings the window after this one to the front."""
        windows = [workplace.window for workplace in self.workplaces]
        at = next((place for place, window in enumerate(windows) if window is after), -1)
        _raise(windows[(at + 1) % len(windows)])

    def quit(self) -> None:
        """Closes one window after the other, until there is none or a person would rather stay."""
        self.tasks.start(self._leave_all())

    async def close(self) -> None:
        """Leaves every run resumable and no thread, task or lock behind."""
        if self._handover is not None:
            self._handover.close()
        await self.tasks.close()
        for workplace in self.workplaces:
            await workplace.close()
        await self._bridge.close()
        self.settings.sync()
        self.collecting.end()
        _release_clipboard()

    def _make_workplace(self, person: Person) -> Workplace:
        workplace = Workplace(self._shared, person)
        self.workplaces.append(workplace)
        workplace.window.closed.connect(lambda: self._on_window_closed(workplace))
        return workplace

    def _on_window_closed(self, workplace: Workplace) -> None:
        if len(self.workplaces) == 1:
            self.ended.set()
            return
        self.workplaces.remove(workplace)
        if self.window is workplace.window:
            self.window, self.person = self.workplaces[0].window, self.workplaces[0].person
        self.tasks.start(self._forget(workplace))

    async def _forget(self, workplace: Workplace) -> None:
        await workplace.close()
        workplace.window.deleteLater()
        self.collecting.expect()

    def _is_running(self) -> bool:
        return any(each.session.controller.view.is_active for each in self.workplaces)

    async def _leave_all(self) -> None:
        for workplace in list(self.workplaces):
            _raise(workplace.window)
            if not await workplace.window.leave():
                return

    def _front(self) -> MainWindow:
        return next((w.window for w in self.workplaces if w.window.isActiveWindow()), self.window)

    def _show_error(self, error: BaseException) -> None:
        person = self._front().session.person
        self.tasks.start(person.show_unexpected(error, self.places.log_dir))


def _release_clipboard() -> None:
    """What was copied stays, but no object of ours: Qt would destroy it when Python is gone already."""
    clipboard = QApplication.clipboard()
    held = clipboard.mimeData()
    if held is not None and held.hasFormat(OWN_PICTURE):
        clipboard.setImage(clipboard.image())


def _raise(window: QWidget) -> None:
    if window.isMinimized():
        window.showNormal()
    window.raise_()
    window.activateWindow()


def engine_factory(store: Path, settings: Settings, secrets: Secrets | None = None) -> EngineFactory:
    """Makes the engine over the store at this path; called in the engine's own thread."""
    steps = settings.max_concurrent_steps

    async def make() -> WorkflowEngine:
        from engine.run.workflow_engine import WorkflowEngine
        from engine.store.sqlite import SqliteStateManager

        store.parent.mkdir(parents=True, exist_ok=True)
        manager = SqliteStateManager(store)
        await manager.open()
        engine = WorkflowEngine(steps, state_manager=manager, secrets=secrets)
        mask_log(engine.mask)
        return engine

    return make


def run(*, file: Path | None, store: Path | None) -> int:
    """Opens the window and returns when it has been closed."""
    spare_collecting()
    application = QApplication([APP])
    application.setApplicationName("Workflow Designer")
    application.setQuitOnLastWindowClosed(False)
    places = Places.usual(store)
    if _may_be_in_use(places.store):
        from designer.windows.handover import hand_over

        if hand_over(places.store, file):
            print("The program is running already: it has opened a window.")
            return 0
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


def _may_be_in_use(store: Path) -> bool:
    """Whether it is worth asking another program: its number stands in the lock file while it runs."""
    lock = store.with_name(f"{store.name}.lock")
    return lock.exists() and lock.stat().st_size > 0


async def _live(loop: asyncio.AbstractEventLoop, places: Places, file: Path | None) -> None:
    judge().hold()
    program = Program(places)
    program.reporter.install()
    loop.set_exception_handler(program.reporter.on_loop_error)
    _close_on_interrupt(loop, program)
    try:
        await program.open(file)
        program.take_from_later_starts()
        await program.ended.wait()
    finally:
        await program.close()
        program.reporter.uninstall()
        for workplace in program.workplaces:
            workplace.window.deleteLater()


def _close_on_interrupt(loop: asyncio.AbstractEventLoop, program: Program) -> None:
    """Ctrl+C in the terminal asks the windows to close, like their own buttons."""
    try:
        loop.add_signal_handler(signal.SIGINT, program.quit)
    except (NotImplementedError, RuntimeError):
        # Windows: Python sees the signal only when Python code runs, so a timer makes some run.
        signal.signal(signal.SIGINT, lambda *_: program.quit())
        timer = QTimer(QApplication.instance())
        timer.start(SIGNAL_POLL_MS)
        timer.timeout.connect(lambda: None)
