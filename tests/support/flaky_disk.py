"""Connections whose n-th statement of a kind goes wrong: the disk of a bad day."""

import os
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

from engine.store.database import Connect


class Plan:
    """Counts the statements of every connection made with it and acts at the chosen ones.

    ``matches``: the words a statement begins with to be counted. ``at``: the numbers, from 1, that go
    wrong; None for all of them, once ``armed``.
    """

    def __init__(self, act: Callable[[], None], *matches: str, at: set[int] | None = None) -> None:
        self.act = act
        self.matches = matches
        self.at = at
        self.armed = True
        self.count = 0

    def see(self, statement: str) -> None:
        if self.armed and statement.startswith(self.matches):
            self.count += 1
            if self.at is None or self.count in self.at:
                self.act()


def fail_with(name: str) -> Callable[[], None]:
    """The fault SQLite reports under that name, such as SQLITE_FULL."""

    def act() -> None:
        error = sqlite3.OperationalError(f"injected {name}")
        error.sqlite_errorname = name
        raise error

    return act


def die() -> None:
    """As kill -9 does: nothing is flushed, no one says goodbye."""
    os.kill(os.getpid(), signal.SIGKILL)


def connect_with(plan: Plan) -> Connect:
    class PlannedConnection(sqlite3.Connection):
        def execute(self, statement, *parameters):
            plan.see(statement)
            return super().execute(statement, *parameters)

    def connect(path: Path) -> sqlite3.Connection:
        return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=PlannedConnection)

    return connect
