"""Nothing dies silently: every unexpected error is in the log file and in front of the person.

The log is JSON, one object a line, in the user's log folder; it rotates at 1 MB and keeps three files.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
import time
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any

MAX_BYTES = 1_000_000
BACKUPS = 3

log = logging.getLogger("workflow-designer")

Show = Callable[[BaseException], None]


class JsonLines(logging.Formatter):
    """One record as one JSON object: time (UTC), level, logger, message, and any traceback.

    `mask` takes out of every line what must not be written.
    """

    mask: Callable[[str], str] | None = None

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        line = json.dumps(entry, ensure_ascii=False)
        return line if self.mask is None else self.mask(line)


def mask_log(mask: Callable[[str], str]) -> None:
    """From now on `mask` sees every line of the log before it is written."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, JsonLines):
            handler.formatter.mask = mask


def open_log(folder: Path) -> RotatingFileHandler | None:
    """Sends the log of the whole program to `folder`; None if the folder cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            folder / "designer.log", maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8", delay=True
        )
    except OSError:
        return None
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    return handler


class CrashReporter:
    """Catches what nobody else caught: in slots, in threads, in tasks of a loop.

    `show` is called for errors of the window's own thread. One error that comes again and again (in a paint
    event, say) is logged each time and shown once.
    """

    def __init__(self, show: Show) -> None:
        self._show = show
        self._shown: set[str] = set()
        self._before = (sys.excepthook, threading.excepthook)

    def install(self) -> None:
        """Takes the place of Python's own hooks until `uninstall`."""
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception

    def uninstall(self) -> None:
        sys.excepthook, threading.excepthook = self._before

    def report(self, error: BaseException) -> None:
        """Logs an error and shows it."""
        log.error("unexpected: %s", error, exc_info=error)
        key = f"{type(error).__name__}: {error}"
        if key not in self._shown and threading.current_thread() is threading.main_thread():
            self._shown.add(key)
            self._show(error)

    def on_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """For `loop.set_exception_handler`."""
        error = context.get("exception")
        if isinstance(error, BaseException):
            self.report(error)
        else:
            log.error("event loop: %s", context.get("message"))

    def _on_exception(
        self, kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            self._before[0](kind, error, traceback)
            return
        self.report(error)

    def _on_thread_exception(self, details: threading.ExceptHookArgs) -> None:
        if details.exc_value is not None:
            self.report(details.exc_value)
