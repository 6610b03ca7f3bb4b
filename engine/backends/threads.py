"""Runs blocking functions in threads that never keep the program from ending."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from engine.errors import words_of

IDLE_S = 30.0
# A future refuses the first, the second closes whoever awaits it, and the third ends the loop: the step would
# wait for ever, or take the program along. A person's interrupt never comes to a thread.
_NO_FUTURES = (StopIteration, GeneratorExit, KeyboardInterrupt)
_Job = tuple[Callable[[], Any], "asyncio.Future[Any]"]


class ThreadPool:
    """As many threads as there is work, reused while they are warm.

    No fixed size: the engine's slots bound how many functions run, and a function that hangs beyond its
    timeout must not take a place from the next one. Threads are daemons, so one that hangs for ever does not
    hold up the end of the program, as the threads of `concurrent.futures` do.
    """

    def __init__(self) -> None:
        self._jobs: deque[_Job] = deque()
        self._wanted = threading.Condition()
        self._idle = 0
        self._is_closed = False
        self._finished: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()

    async def run(self, function: Callable[..., Any], /, *args: Any) -> Any:
        """What `function(*args)` returns; if the caller is cancelled, a late result is discarded."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        context = contextvars.copy_context()
        with self._wanted:
            if self._is_closed:
                raise RuntimeError("the thread pool is closed")
            self._jobs.append((lambda: context.run(function, *args), future))
            if self._idle >= len(self._jobs):
                self._wanted.notify()
            else:
                threading.Thread(target=self._work, name="workflow action", daemon=True).start()
        return await future

    def close(self) -> None:
        """Idle threads end; those at work end after their function."""
        with self._wanted:
            self._is_closed = True
            self._wanted.notify_all()

    def _work(self) -> None:
        while True:
            with self._wanted:
                self._idle += 1
                has_job = self._wanted.wait_for(lambda: self._jobs or self._is_closed, timeout=IDLE_S)
                self._idle -= 1
                if not has_job or not self._jobs:
                    return
                call, future = self._jobs.popleft()
            result, error = None, None
            try:
                result = call()
            except BaseException as raised:  # noqa: BLE001 - step boundary: handed on to the awaiting step
                error = raised
            self._hand_over(future, result, error)
            del call, future, result, error  # an idle thread must not keep the last step's values alive

    def _hand_over(self, future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
        """Wake the loop once for all results that are there when it gets to them."""
        with self._wanted:
            is_first = not self._finished
            self._finished.append((future, result, error))
        if is_first:
            try:
                future.get_loop().call_soon_threadsafe(self._deliver)
            except RuntimeError:
                self._finished.clear()  # the loop is closed: nobody waits any more

    def _deliver(self) -> None:
        with self._wanted:
            finished = list(self._finished)
            self._finished.clear()
        for future, result, error in finished:
            if future.done():
                continue  # timed out or cancelled: late results are discarded
            if error is None:
                future.set_result(result)
            elif isinstance(error, _NO_FUTURES):
                future.set_exception(
                    RuntimeError(f"The action raised {type(error).__name__}: {words_of(error)}")
                )
            else:
                future.set_exception(error)
