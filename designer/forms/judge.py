"""Loads the JSON Schema validator beside the window.

Importing it takes a tenth of a second, once. The first form of a session, which is part of the window
itself, does not wait for that: it shows its faults when the validator is there.
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

    def prepare(self) -> None:
        """Start loading, if nobody has yet."""
        if self._thread is None and not self.is_ready:
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
