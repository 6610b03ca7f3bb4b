"""One window with all that is its own: a document, its undo stack, its journal, the run on its screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from designer.document.document import Document
from designer.document.journal import Journal
from designer.editor import Editor
from designer.execution.bridge import EngineBridge
from designer.execution.columns_ahead import ColumnsAhead
from designer.execution.controller import RunController
from designer.execution.secret_keeper import SecretKeeper
from designer.execution.shown_run import ShownRun
from designer.execution.tasks import TaskSet
from designer.long_work import LongWorks
from designer.settings import Settings
from designer.theme.controller import ThemeController
from designer.windows.checker import Checker
from designer.windows.file_commands import FileCommands, empty_workflow
from designer.windows.main_window import MainWindow
from designer.windows.person import Person
from designer.windows.session import Desktop, Session
from engine.catalog import Catalog
from engine.store.artifacts import ArtifactStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What all windows of the program have in common."""

    catalog: Catalog
    settings: Settings
    theme: ThemeController
    bridge: EngineBridge
    secrets: SecretKeeper
    desktop: Desktop
    store: Path
    data_dir: Path
    log_dir: Path
    report: Callable[[BaseException], None]


class Workplace:
    """Made with its window, which is shown by whoever made it; `close` leaves nothing behind."""

    def __init__(self, shared: Shared, person: Person) -> None:
        self.person = person
        self.tasks = TaskSet(shared.report)
        document = Document(empty_workflow())
        editor = Editor(document)
        person.editor = editor
        person.secrets = shared.secrets
        checker = Checker(document, shared.catalog, self.tasks)
        journal = Journal(document, shared.data_dir, self._say)
        works = LongWorks()
        controller = RunController(shared.bridge, document, checker.check, person, works=works)
        self.session = Session(
            catalog=shared.catalog,
            settings=shared.settings,
            theme=shared.theme,
            editor=editor,
            journal=journal,
            bridge=shared.bridge,
            controller=controller,
            shown=ShownRun(controller, shared.bridge, document, self.tasks),
            secrets=shared.secrets,
            checker=checker,
            columns=ColumnsAhead(document, self.tasks),
            files=FileCommands(editor, journal, shared.settings, person, shared.data_dir, works=works),
            person=person,
            tasks=self.tasks,
            works=works,
            desktop=shared.desktop,
            locate=ArtifactStore(shared.store.with_name(f"{shared.store.name}.artifacts")).path,
            log_dir=shared.log_dir,
        )
        self.session.files.is_open_elsewhere = self._raise_other
        self.window = MainWindow(self.session)
        person.window = self.window
        shared.theme.watch(self.window)
        # Python's collector does not see what a connected signal holds: what these are told with would keep
        # the window, its document and its run for ever, so they go when it does.
        own = self.session
        for each in (own.editor, own.checker, own.controller, own.shown, own.columns, own.files, works):
            each.setParent(self.window)

    async def close(self) -> None:
        """Ends what works for the window; its run goes on or waits in the engine."""
        self.session.checker.close()
        self.session.shown.close()
        await self.session.controller.close()
        await self.tasks.close()
        # A stack that is cleared by its destructor would tell a window that is half gone, and its commands
        # would be deleted twice where the garbage collector comes first (see Editor).
        self.session.editor.undo_stack.blockSignals(True)
        self.session.editor.undo_stack.clear()

    def _raise_other(self, path: Path) -> bool:
        return self.session.desktop.raise_window_of(path, but=self.window)

    def _say(self, text: str) -> None:
        self.window.status_line.say(text)
