"""Keeps Python's collector from looking through everything a busy engine holds, over and over.

The collector goes through all that is alive whenever that has grown by a quarter. A run of ten thousand steps
makes a hundred thousand objects that stay, and pays 25 microseconds a step, and half of what preparing it
costs, for being told that they stay. So what there is is put aside (`gc.freeze`) while the engine is busy
for long, and put back (`gc.unfreeze`) when it is idle and every now and then: nothing stays uncollected.
What is made and dropped in between is collected as ever, since that happens among the youngest objects; and
runs that have ended leave nothing to collect, so an engine that is never idle does not grow either.

The collector belongs to the process, and so does this module: it counts the engines that are at work. Where
somebody else has put objects aside, or has turned the collector off, it keeps its hands off. A program that
says so (`leave_putting_back`) puts back itself, when nobody is kept waiting.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

ASIDE_S: Final = 0.03
"""As often as this, in an engine that is busy all the time, what there is is put aside."""
BACK_S: Final = 60.0
"""After so long it is put back and looked through; then after twice as long, and so on, up to:"""
MOST_BACK_S: Final = 600.0

MANY: Final = 50_000
"""So many new objects are worth putting aside before a run begins."""


class _Aside:
    """What this process's engines have put aside."""

    def __init__(self) -> None:
        self.at_work = 0
        self.is_ours = False
        self.is_hosted = False
        self.aside_at = self.back_at = 0.0
        self.back_s = BACK_S

    def put(self) -> None:
        if self.is_hosted:
            gc.freeze()
        elif self.is_ours or not gc.get_freeze_count():
            gc.freeze()
            self.is_ours = True

    def put_back(self) -> None:
        if self.is_ours:
            self.is_ours = False
            gc.unfreeze()


_aside = _Aside()


def leave_putting_back(to_program: bool) -> None:
    """Whether the program around the engines puts back what they put aside."""
    if to_program:
        _aside.put_back()
    _aside.is_hosted = to_program


def begins(now: float) -> None:
    """An engine starts working; `ends` has to follow. `now` is `perf_counter`'s, here and below."""
    aside = _aside
    if not aside.at_work:
        aside.aside_at, aside.back_at, aside.back_s = now + ASIDE_S, now + BACK_S, BACK_S
    aside.at_work += 1


def ends() -> None:
    """An engine is idle; when all are, everything is collected as if this module did not exist."""
    _aside.at_work -= 1
    if not _aside.at_work:
        _aside.put_back()


def turn(now: float) -> None:
    """An engine has been busy for a turn of the loop."""
    aside = _aside
    if now >= aside.back_at:
        if aside.is_ours:
            aside.put_back()
            gc.collect()
        aside.back_s = min(aside.back_s * 2, MOST_BACK_S)
        aside.back_at = now + aside.back_s
    elif now >= aside.aside_at and gc.isenabled():
        aside.aside_at = now + ASIDE_S
        aside.put()


@contextmanager
def uncollected() -> Iterator[None]:
    """Inside, nothing is collected: for work that makes much which stays, before a run that needs it."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        # Before it is turned on: it would begin with all that has been made.
        if gc.get_count()[0] > MANY:
            _aside.put()
        gc.enable()
