"""Checks the drawing for problems, off the window's thread, soon after each edit and before each run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from designer.document.document import Document, Place
from designer.execution.tasks import TaskSet
from designer.long_work import GivenUp
from engine.catalog import Catalog
from engine.model.changes import NodesMoved
from engine.model.workflow import Workflow
from engine.problem import Problem

DELAY_MS = 250


class Checker(QObject):
    """`checked(list[Problem])` follows every edit after a short rest; moving nodes changes nothing to
    check.
    """

    checked = Signal(object)

    def __init__(
        self, document: Document, catalog: Catalog, tasks: TaskSet, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._catalog = catalog
        self._tasks = tasks
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(lambda: tasks.start(self._check_current()))
        self._is_checking = self._is_closed = False
        self._unsubscribe = document.subscribe_edits(self._on_edited)

    async def check(self, workflow: Workflow, reached: Callable[[float], object]) -> Sequence[Problem]:
        """Every problem of the workflow, errors and warnings; told how far it is, which may end it."""
        return await asyncio.to_thread(_check, workflow, self._catalog, reached)

    def check_soon(self) -> None:
        """Checks what is on screen when the person has paused for a moment."""
        self._timer.start()

    @property
    def is_idle(self) -> bool:
        """Whether everything that was drawn has been checked."""
        return not self._timer.isActive() and not self._is_checking

    def close(self) -> None:
        """Checks nothing any more."""
        self._unsubscribe()
        self._timer.stop()
        self._is_closed = True

    def _on_edited(self, _place: Place, changes: Sequence[object]) -> None:
        if not changes or not all(isinstance(change, NodesMoved) for change in changes):
            self.check_soon()

    async def _check_current(self) -> None:
        workflow = self._document.root
        self._is_checking = True
        try:
            problems = await self.check(workflow, self._go_on)
        except GivenUp:
            return
        finally:
            self._is_checking = False
        if workflow is self._document.root:
            self.checked.emit(list(problems))

    def _go_on(self, _share: float) -> None:
        """Called in the thread that checks."""
        if self._is_closed:
            raise GivenUp


def _check(workflow: Workflow, catalog: Catalog, reached: Callable[[float], object]) -> Sequence[Problem]:
    # Imported here: validators and graph algorithms take longer to load than the window to open.
    from engine.actions.registry import ActionRegistry
    from engine.validation.checks import check

    return check(workflow, catalog, ActionRegistry.default(), reached=reached)
