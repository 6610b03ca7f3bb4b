"""Pictures are made by and by: painted in slices, written beside the window, and given up when told to."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Final, TypeVar

from PySide6.QtCore import QObject

from designer.canvas.render import Steps
from designer.long_work import LongWork, LongWorks

if TYPE_CHECKING:
    from designer.windows.status_line import StatusLine

Result = TypeVar("Result")
SLICE_S: Final = 0.012
"""Painting leaves the window to its events after so long."""
_PAINTED: Final = 0.85
"""How much of a picture is done when it is painted: it is written, too."""


class PictureMaker(QObject):
    """Makes one picture at a time, and shows how far it is once a person would wonder."""

    def __init__(self, status_line: StatusLine, works: LongWorks) -> None:
        super().__init__(status_line)
        self._status_line = status_line
        self._work: asyncio.Task[object] | None = None
        self._works = works
        self._long: LongWork | None = None
        self._given_up = threading.Event()
        self.slices = 0
        """How often the last picture left the window to its events."""

    @property
    def is_working(self) -> bool:
        """Whether a picture is being made."""
        return self._work is not None

    def give_up(self) -> bool:
        """Stop making the picture; False when none is being made."""
        return self._long is not None and self._long.give_up()

    async def make(self, words: str, work: Coroutine[None, None, Result]) -> Result | None:
        """What comes of the work, or None when the person gave it up; `words` say what is done meanwhile."""
        if self._work is not None:
            work.close()
            self._status_line.say("Another picture is being made: wait for it, or press Esc.")
            return None
        self.slices = 0
        self._given_up.clear()
        self._status_line.say("")
        task = asyncio.ensure_future(work)
        self._work = task
        self._long = long = self._works.begin(words, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            if not long.is_given_up:
                raise
            self._status_line.say("The picture was given up; nothing was written.")
            return None
        finally:
            self._work = None
            long.end()

    async def painted(self, steps: Steps[Result]) -> Result:
        """What is painted in these steps, a few at a time."""
        began = time.perf_counter()
        try:
            while True:
                try:
                    done = next(steps)
                except StopIteration as end:
                    self._tell(_PAINTED)
                    result: Result = end.value
                    return result
                if time.perf_counter() - began >= SLICE_S:
                    self._tell(_PAINTED * done)
                    self.slices += 1
                    await asyncio.sleep(0.001)  # a pause of nothing would come before what a person did
                    began = time.perf_counter()
        finally:
            steps.close()

    async def beside(self, work: Callable[[Callable[[], bool]], Result]) -> Result:
        """What comes of work in a thread, which is told how to ask whether it is given up.

        Whoever is cancelled here waits for the thread's end: nothing is left behind.
        """
        thread = asyncio.ensure_future(asyncio.to_thread(work, self._given_up.is_set))
        try:
            return await asyncio.shield(thread)
        except asyncio.CancelledError:
            self._given_up.set()
            await asyncio.wait({thread})
            if not thread.cancelled():
                thread.exception()  # that it was given up is no news
            raise

    def _tell(self, share: float) -> None:
        if self._long is not None:
            self._long.share = share
