"""What takes long: what it is called, how far it is, and how a person gives it up.

Whoever does something that may take long begins it here; the window shows it once a person would wonder, with
a button that gives it up. What a thread works out cannot be interrupted: it asks at its stages whether it is
still wanted (`reached`), and what comes all the same is thrown away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

SHOW_AFTER_MS = 200
"""What takes no longer is not worth a word."""
Result = TypeVar("Result")


class GivenUp(Exception):
    """A person gave up what was being done, or closed its window."""


class LongWork:
    """One thing that may take long, from `LongWorks.begin` to `end` (or to the end of its `with`)."""

    def __init__(self, works: LongWorks, words: str, give_up: Callable[[], object] | None) -> None:
        self.words = words
        self.share: float | None = None
        """How much of it is done, from 0 to 1; None where nobody knows."""
        self.can_give_up = give_up is not None
        self.is_given_up = False
        self.is_shown = False
        self._works = works
        self._act = give_up
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._show)
        self._timer.start(SHOW_AFTER_MS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.is_given_up = True  # whatever still works at it in a thread ends too
        self.end()

    def reached(self, share: float) -> None:
        """Called by whatever does the work, in any thread: so much is done. Raises GivenUp."""
        if self.is_given_up:
            raise GivenUp
        self.share = share

    def say(self, words: str) -> None:
        """It goes on, with something of which nobody knows how long it takes."""
        self.words, self.share, self.can_give_up = words, None, self._act is not None
        if not self.is_shown:
            self._timer.start(SHOW_AFTER_MS)
        self._works.changed.emit()

    def rest(self) -> None:
        """A person is being asked: nothing is shown, and nothing to give up, until `say`."""
        self._timer.stop()
        self.is_shown = self.can_give_up = False
        self._works.changed.emit()

    def give_up(self) -> bool:
        """Do not go on with it; False when it is over, or cannot be given up."""
        if self._act is None or self.is_given_up or not self._works.has(self):
            return False
        self.is_given_up = True
        self._act()
        self.end()
        return True

    def end(self) -> None:
        """It is over, however; may be called twice."""
        self._timer.stop()
        self._works.remove(self)

    def _show(self) -> None:
        self.is_shown = True
        self._works.changed.emit()


class LongWorks(QObject):
    """What one window is busy with. `changed` follows when there is something else to show or to give up."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._works: list[LongWork] = []

    @property
    def shown(self) -> LongWork | None:
        """The latest that takes long enough to be told of."""
        return next((work for work in reversed(self._works) if work.is_shown), None)

    @property
    def can_give_up(self) -> bool:
        """Whether there is anything to give up, shown or not."""
        return any(work.can_give_up for work in self._works)

    def begin(self, words: str, give_up: Callable[[], object] | None = None) -> LongWork:
        """Something that may take long; `give_up` ends it without a trace, where that is possible."""
        work = LongWork(self, words, give_up)
        self._works.append(work)
        self.changed.emit()
        return work

    async def wait(
        self,
        words: str,
        work: Callable[[LongWork], Coroutine[Any, Any, Result]],
        *,
        can_give_up: bool = True,
    ) -> Result:
        """What `work` gives, which is told whose stages it reaches. Raises GivenUp when a person gives it up.

        Given up, the coroutine is cancelled where it waits; what it returned before counts.
        """
        tasks: list[asyncio.Task[Result]] = []

        def cancel() -> None:
            tasks[0].cancel()

        with self.begin(words, cancel if can_give_up else None) as long:
            tasks.append(asyncio.ensure_future(work(long)))
            try:
                await asyncio.wait(tasks)
            except asyncio.CancelledError:
                tasks[0].cancel()
                await asyncio.wait(tasks)
                raise
            if tasks[0].cancelled():
                raise GivenUp
            return tasks[0].result()

    def give_up(self) -> bool:
        """Give up the latest that can be given up; False when there is none."""
        work = next((each for each in reversed(self._works) if each.can_give_up), None)
        return work is not None and work.give_up()

    def give_up_all(self) -> None:
        """Give up whatever can be: the window goes."""
        while self.give_up():
            pass

    def has(self, work: LongWork) -> bool:
        """Whether this is not over yet."""
        return work in self._works

    def remove(self, work: LongWork) -> None:
        """It is over."""
        if work in self._works:
            self._works.remove(work)
            self.changed.emit()
