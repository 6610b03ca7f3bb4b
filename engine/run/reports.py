"""What a running action says: log lines and progress, from whatever thread it runs on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.backends.process import run_in_process
from engine.history.events import EventType
from engine.model.json_value import Json

Emit = Callable[[EventType, Mapping[str, Any]], None]
Sleep = Callable[[float], Awaitable[None]]
MAX_UNSENT_LINES = 1_000


class Reports:
    """One attempt's way out; only the last progress counts, and a flood of lines loses its oldest.

    Lossy by design: a tight loop in a thread may report a million times, the engine hears of it once a
    turn of its loop.
    """

    __slots__ = ("_emit", "_is_called", "_lines", "_loop", "_progress", "_sleep")

    def __init__(self, emit: Emit, sleep: Sleep) -> None:
        self._emit = emit
        self._sleep = sleep
        self._loop = asyncio.get_running_loop()
        self._is_called = False
        self._lines: list[Mapping[str, Any]] = []
        self._progress: Mapping[str, Any] | None = None

    def log(self, text: str, level: str) -> None:
        with _REPORTED:
            self._lines.append({"text": text, "level": level})
            del self._lines[:-MAX_UNSENT_LINES]
            is_first, self._is_called = not self._is_called, True
        if is_first:
            self._loop.call_soon_threadsafe(self._send)

    def progress(self, fraction: float, text: str) -> None:
        with _REPORTED:
            self._progress = {"fraction": fraction, "text": text}
            is_first, self._is_called = not self._is_called, True
        if is_first:
            self._loop.call_soon_threadsafe(self._send)

    async def sleep(self, seconds: float) -> None:
        await self._sleep(seconds)

    async def run_in_process(self, target: str, payload: Json, path: Sequence[str], cwd: Path | None) -> Any:
        return await run_in_process(
            target, payload, path=path, cwd=cwd, on_line=lambda line: self.log(line, "info")
        )

    def _send(self) -> None:
        with _REPORTED:
            lines, self._lines = self._lines, []
            progress, self._progress = self._progress, None
            self._is_called = False
        for line in lines:
            self._emit(EventType.STEP_LOG, line)
        if progress is not None:
            self._emit(EventType.STEP_PROGRESS, progress)


# Held for an append or a swap; one for every attempt would cost more than it saves.
_REPORTED = threading.Lock()
