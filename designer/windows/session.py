"""What one window works with, handed over by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

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
    from designer.windows.file_commands import FileCommands
    from designer.windows.person import Person
    from engine.catalog import Catalog


class Desktop(Protocol):
    """The program's other windows."""

    def open_window(self, file: Path | None = None) -> None:
        """A further window, with this file or an empty canvas."""

    def raise_window_of(self, path: Path, *, but: QWidget) -> bool:
        """Whether another window than `but` shows this file; it comes to the front then."""

    def next_window(self, after: QWidget) -> None:
        """Brings the window after this one to the front."""

    def quit(self) -> None:
        """Closes every window; the first that would rather stay keeps the rest open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The pieces behind a window; each is made once and lives as long as the window.

    `locate` finds the file of a table or other stored output of a run.
    """

    catalog: Catalog
    settings: Settings
    theme: ThemeController
    editor: Editor
    journal: Journal
    bridge: EngineBridge
    secrets: SecretKeeper
    controller: RunController
    shown: ShownRun
    checker: Checker
    columns: ColumnsAhead
    files: FileCommands
    person: Person
    tasks: TaskSet
    works: LongWorks
    desktop: Desktop
    locate: Callable[[Mapping[str, Any]], Path]
    log_dir: Path
