"""An asyncio loop on Qt's, for tests that drive the window's coroutines with qtbot."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import qasync
from PySide6.QtWidgets import QApplication

T = TypeVar("T")


@contextmanager
def qt_loop(application: QApplication) -> Iterator[qasync.QEventLoop]:
    """A qasync loop that counts as running during the test: Qt's event processing drives its tasks."""
    loop = qasync.QEventLoop(application, already_running=True)
    asyncio.set_event_loop(loop)
    try:
        yield loop
    finally:
        left = [task for task in asyncio.all_tasks(loop) if not task.done()]
        for task in left:
            task.cancel()
        if left:
            finish(loop, asyncio.gather(*left, return_exceptions=True))
        application.aboutToQuit.disconnect(loop._after_run_forever)
        loop._after_run_forever()
        asyncio.events._set_running_loop(None)
        loop._QEventLoop__is_running = False  # type: ignore[attr-defined]
        asyncio.set_event_loop(None)
        loop.close()
        gc.collect()


def finish(loop: asyncio.AbstractEventLoop, work: Any, timeout_s: float = 30.0) -> Any:
    """Runs Qt's events until the coroutine or future has ended, and returns its result."""
    from PySide6.QtCore import QEventLoop, QTimer

    future = asyncio.ensure_future(work, loop=loop)
    if not future.done():
        inner = QEventLoop()
        future.add_done_callback(lambda _: inner.quit())
        QTimer.singleShot(int(timeout_s * 1000), inner, inner.quit)
        inner.exec()
    assert future.done(), f"{work} did not end within {timeout_s:g} s"
    return future.result()


def spin(work: Coroutine[Any, Any, T]) -> T:
    """`finish` on the running loop."""
    return finish(asyncio.get_running_loop(), work)  # type: ignore[no-any-return]


@contextmanager
def earlier_objects_aside() -> Iterator[None]:
    """Inside, a test that ends collects what was made since, and not what five thousand other tests hold."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
