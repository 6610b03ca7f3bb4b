"""The thread that the engine lives in: one plain asyncio loop, started late and joined on closing.

Why a thread and why a short switch interval: the window and the engine are Python and share one interpreter
lock. With the default interval of 5 ms a busy engine starves the window for up to 190 ms; with 0.5 ms the
longest gap measured is 40 ms.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

SWITCH_INTERVAL_S = 0.0005
JOIN_TIMEOUT_S = 10.0


class EngineThread:
    """Runs coroutines on an asyncio loop of its own; `submit` and `call` are for other threads."""

    def __init__(self, name: str = "engine") -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)

    def start(self) -> None:
        """Returns once the loop accepts work."""
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self._thread.start()
        self._ready.wait()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop inside the thread; only `call_soon_threadsafe` may be used on it from outside."""
        assert self._loop is not None, "the engine thread has not been started"
        return self._loop

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Starts `work` on the engine's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    async def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Awaits `work`, which runs on the engine's loop, from the caller's loop."""
        return await asyncio.wrap_future(self.submit(work))

    def stop(self) -> None:
        """Cancels what still runs there, closes the loop and joins the thread; may be called twice."""
        if self._loop is None or not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(JOIN_TIMEOUT_S)

    def _main(self) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            self._loop.call_soon(self._ready.set)
            self._loop.run_forever()
