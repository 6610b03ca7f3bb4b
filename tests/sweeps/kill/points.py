"""The named points at which a process can be killed, and the seams that lead past them.

Nothing of this is in the product: the store, its connections, the artifact folder, the clock and the actions
are subclasses or stand-ins that say where they are before they do what the real ones do.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from engine import ActionRegistry, SqliteStateManager
from engine.actions.context import StepContext
from engine.actions.registry import Action, ActionOptions, Handler
from engine.history.events import Event, EventDraft
from engine.store.artifacts import ArtifactStore
from engine.store.ledger import Ledger

TIMES_FASTER = 500.0
"""A second of the workflows lasts two milliseconds."""


class Target(NamedTuple):
    """The n-th time (from 1) that a process passes a point."""

    point: str
    number: int

    def __str__(self) -> str:
        return f"{self.point} (no. {self.number})"


class Reaper:
    """Counts the points a process passes, and strikes at its target: kills the process."""

    def __init__(self, target: Target | None) -> None:
        self._target = target
        self._counts: Counter[str] = Counter()
        self.passed: list[Target] = []

    def at(self, point: str) -> None:
        self._counts[point] += 1
        here = Target(point, self._counts[point])
        self.passed.append(here)
        if here == self._target:
            self.strike(point)

    def strike(self, point: str) -> None:
        """The process is gone, without a word."""
        os.kill(os.getpid(), signal.SIGKILL)


def marked_connect(reaper: Reaper) -> Callable[[Path], sqlite3.Connection]:
    """Connections that say when a transaction begins, writes, and commits; from any thread."""

    class MarkedConnection(sqlite3.Connection):
        def execute(self, statement: str, *parameters: Any) -> sqlite3.Cursor:
            if statement.startswith("BEGIN"):
                reaper.at("before a transaction")
            elif statement.startswith("INSERT"):
                reaper.at("inside a transaction")
            elif statement.startswith("COMMIT"):
                reaper.at("before commit")
                done = super().execute(statement)
                reaper.at("after commit")
                return done
            elif "wal_checkpoint" in statement:
                reaper.at("before a checkpoint")
            elif statement.startswith(("PRAGMA", "UPDATE meta")):
                reaper.at("opening, syncing or closing the store")
            return super().execute(statement, *parameters)

    def connect(path: Path) -> sqlite3.Connection:
        return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=MarkedConnection)

    return connect


class MarkedArtifacts(ArtifactStore):
    def __init__(self, root: Path, reaper: Reaper) -> None:
        super().__init__(root)
        self._reaper = reaper

    def _move_in(self, path: Path, sha: str) -> None:
        self._reaper.at("before a large result is in its place")
        super()._move_in(path, sha)
        self._reaper.at("after a large result is in its place")


class MarkedStore(SqliteStateManager):
    def __init__(self, path: Path, reaper: Reaper, now: Callable[[], float]) -> None:
        super().__init__(path, now=now, connect=marked_connect(reaper))
        self._reaper = reaper
        self.artifacts = MarkedArtifacts(self.artifacts.root, reaper)
        self._ledger = Ledger(self.artifacts, now)

    def append(self, execution_id: str, drafts: Sequence[EventDraft]) -> list[Event]:
        self._reaper.at("before an append")
        events = super().append(execution_id, drafts)
        self._reaper.at("after an append")
        return events

    def create_part(self, *given: Any) -> Event:
        self._reaper.at("before an append")
        event = super().create_part(*given)
        self._reaper.at("after an append")
        return event


class MarkedRegistry(ActionRegistry):
    """Says when a step is dispatched, and what comes right before and after its action."""

    reaper: Reaper

    def get(self, service: str, name: str) -> Action:
        self.reaper.at("before dispatch")
        return super().get(service, name)

    def mark(self, service: str, name: str, function: Handler, options: ActionOptions | None = None) -> None:
        """Register the action; where it runs and what it promises stays as it is."""

        def begins() -> None:
            self.reaper.at("before the action")

        def ends(output: Any) -> Any:
            self.reaper.at("after the action")
            return output

        async def on_the_loop(params: dict[str, Any], context: StepContext) -> Any:
            begins()
            return ends(await function(params, context))

        def in_a_thread(params: dict[str, Any], context: StepContext) -> Any:
            begins()
            return ends(function(params, context))

        marked = on_the_loop if inspect.iscoroutinefunction(function) else in_a_thread
        self.register(service, name, marked, options)


class FastClock:
    """The machine's clock, run faster: it goes on while no process lives, as the real one does."""

    def __init__(self, reaper: Reaper) -> None:
        self._reaper = reaper

    def now(self) -> float:
        return 1_000_000_000.0 + time.monotonic() * TIMES_FASTER

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        def fire() -> None:
            self._reaper.at("before a timer fires")
            callback()

        return asyncio.get_running_loop().call_later(max(0.0, delay_s) / TIMES_FASTER, fire)
