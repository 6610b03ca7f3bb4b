"""The open workflow: a value that moves from one revision to the next, and whoever watches it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from engine.model import Change, Workflow, apply

Observer: TypeAlias = Callable[[Workflow, Workflow, Sequence[Change]], None]
"""Called with the workflow before, the workflow after, and the changes between (empty: all is new)."""


class Document:
    """Holds the current workflow; only the editor applies changes to it.

    ``revision`` grows by one with each change and never goes back, not even on undo.
    """

    def __init__(self, workflow: Workflow, path: Path | None = None) -> None:
        self._workflow = workflow
        self._revision = 0
        self._observers: list[Observer] = []
        self.path = path

    @property
    def workflow(self) -> Workflow:
        return self._workflow

    @property
    def revision(self) -> int:
        return self._revision

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Call the observer after every change; the returned function ends that, and may be called twice."""
        self._observers.append(observer)

        def unsubscribe() -> None:
            if observer in self._observers:
                self._observers.remove(observer)

        return unsubscribe

    def apply(self, changes: Sequence[Change]) -> None:
        """Move to the next revision. Raises ``ValueError``, and stays, when a change does not fit."""
        before = self._workflow
        self._workflow = apply(before, changes)
        self._announce(before, changes)

    def replace(self, workflow: Workflow, path: Path | None = None) -> None:
        """Show another workflow altogether; observers get no changes and look at everything."""
        before = self._workflow
        self._workflow = workflow
        self.path = path
        self._announce(before, ())

    def _announce(self, before: Workflow, changes: Sequence[Change]) -> None:
        self._revision += 1
        for observer in tuple(self._observers):
            observer(before, self._workflow, changes)
