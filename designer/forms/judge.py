"""Loads the JSON Schema validator beside the window.

Importing it takes a tenth of a second, once. The first form of a session, which is part of the window
itself, does not wait for that: it shows its faults when the validator is there. Nor does the first paint
of the window: the program holds the judge back until then.
"""

from __future__ import annotations

import threading
from functools import cache

from PySide6.QtCore import QObject, Signal


class Judge(QObject):
    """`ready` is sent once, in the window's thread, when validating has become cheap."""

    ready = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.is_ready = False
        self._thread: threading.Thread | None = None
        self._is_held = self._is_wanted = False

    def hold(self) -> None:
        """Load nothing until `release`, whoever asks for it."""
        self._is_held = True

    def release(self) -> None:
        """Load now what was asked for meanwhile."""
        self._is_held = False
        if self._is_wanted:
            self.prepare()

    def prepare(self) -> None:
        """Start loading, if nobody has yet."""
        self._is_wanted = True
        if self._thread is None and not self.is_ready and not self._is_held:
            self._thread = threading.Thread(target=self._load, name="load validator", daemon=True)
            self._thread.start()

    def _load(self) -> None:
        from engine.json_schema.validators import validator

        validator({"type": "object"})
        self.is_ready = True
        self.ready.emit()


@cache
def judge() -> Judge:
    """The one judge of the program."""
    return Judge()
