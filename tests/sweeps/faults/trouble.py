"""A life in which the disk refuses, once or until somebody frees it, and the person in it who does."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

from engine import WorkflowEngine
from engine.errors import StoreError
from tests.sweeps.kill.life import Life
from tests.sweeps.kill.points import Reaper, Target

T = TypeVar("T")
LARGE = "before a large result is in its place"
SYNC = "opening, syncing or closing the store"
PLACES = frozenset(
    {
        "before a transaction",
        "inside a transaction",
        "before commit",
        "before a checkpoint",
        SYNC,
        LARGE,
    }
)


class Fault(NamedTuple):
    """What SQLite says; for large results, the system's number for it. lasts: until the disk is mended.

    places: where the disk refuses; elsewhere it works.
    """

    name: str
    number: int
    lasts: bool
    places: frozenset[str] = PLACES

    def __str__(self) -> str:
        return f"{self.name}{' until mended' if self.lasts else ''}"


FULL = Fault("SQLITE_FULL", errno.ENOSPC, lasts=True)
BROKEN = Fault("SQLITE_IOERR_WRITE", errno.EIO, lasts=False)
LOCKED = Fault("SQLITE_BUSY", errno.EACCES, lasts=False)
# It takes what is written and cannot keep it.
FORGETFUL = Fault("SQLITE_IOERR_FSYNC", errno.EIO, lasts=True, places=frozenset({SYNC}))


class Saboteur(Reaper):
    """Lets the disk refuse at its target, and with a lasting fault from then on."""

    def __init__(self, target: Target | None, fault: Fault) -> None:
        super().__init__(target)
        self._fault = fault
        self.is_broken = False
        self.refused = 0

    def at(self, point: str) -> None:
        super().at(point)
        if self.is_broken and point in self._fault.places:
            self._refuse(point)

    def strike(self, point: str) -> None:
        if self._fault.lasts:
            self.is_broken = True
        else:
            self._refuse(point)

    def mend(self) -> None:
        self.is_broken = False

    def _refuse(self, point: str) -> None:
        self.refused += 1
        if point == LARGE:
            raise OSError(self._fault.number, "as the sweep says")
        error = sqlite3.OperationalError(f"injected {self._fault.name}")
        error.sqlite_errorname = self._fault.name
        raise error


class TroubledLife(Life):
    """Whenever the program says that the disk refuses, the person tries again, mends it, and goes on."""

    reaper: Saboteur

    async def run(self) -> dict[str, Any]:
        try:
            return {**await super().run(), "refused": self.reaper.refused, "closed": True}
        except StoreError:
            # Closing could not write the last of it; nothing that was told may be missing from the files.
            tasks = [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            return {"tasks": tasks, "slots_lost": 0, "refused": self.reaper.refused, "closed": False}

    async def go_on(self, engine: WorkflowEngine) -> dict[str, Any]:
        await self._patiently(engine.recover)
        execution_id = await self._patiently(lambda: self.find_or_start(engine))
        teller = asyncio.create_task(self._patiently(lambda: self.tell(engine, execution_id)))
        while True:
            await self._patiently(lambda: self.scenario.conduct(engine, execution_id, self.promise))
            state = await self._patiently(lambda: engine.wait(execution_id))
            if state["reason"] != "storage_error":
                break
            self.say_what_to_do(state["error"]["hint"])
            await self._patiently(lambda: engine.resume_workflow(execution_id))
        await teller
        return state

    async def _patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await attempt()
            except StoreError as error:
                self.say_what_to_do(error.hint)
                self.reaper.mend()

    def say_what_to_do(self, hint: str) -> None:
        assert hint, "nobody is told what to do"
