"""Keeps Python's collector from looking through everything a busy engine holds, over and over.

The collector goes through all that is alive whenever that has grown by a quarter. A run of ten thousand steps
makes a hundred thousand objects that stay, and pays 25 microseconds a step, and half of what preparing it
costs, for being told that they stay. So while an engine works, what young objects the collector has looked
through, once, is put aside with all there is (`gc.freeze`), and put back (`gc.unfreeze`) when the engine is
idle and every now and then: nothing stays uncollected. What is made and dropped in between is collected as
ever, since that happens among the youngest objects; and runs that have ended leave nothing to collect, so an
engine that is never idle does not grow either.

The collector belongs to the process, and so does this module: it counts the engines that are at work. Where
somebody else has put objects aside, or has turned the collector off, it keeps its hands off. A program that
says so (`leave_putting_back`) puts back itself, when nobody is kept waiting.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

BACK_S: Final = 60.0
"""After so long it is put back and looked through; then after twice as long, and so on, up to:"""
MOST_BACK_S: Final = 600.0

MANY: Final = 50_000
"""So many new objects are worth putting aside before a run begins; so many to collect, not to wait longer."""


class _Aside:
    """What this process's engines have put aside."""

    def __init__(self) -> None:
        self.at_work = 0
        self.is_ours = False
        self.is_theirs = False  # somebody else has put objects aside, while engines are at work
        self.is_hosted = False
        self.back_at = 0.0
        self.back_s = BACK_S

    def put(self) -> None:
        if not (self.is_hosted or self.is_ours or self.is_theirs):
            self.is_theirs = gc.get_freeze_count() > 0  # which are counted one by one
        if not self.is_theirs:
            gc.freeze()
            self.is_ours = not self.is_hosted

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
        aside.back_at, aside.back_s = now + BACK_S, BACK_S
        gc.callbacks.append(_looked_through)
    aside.at_work += 1


def ends() -> None:
    """An engine is idle; when all are, everything is collected as if this module did not exist."""
    _aside.at_work -= 1
    if not _aside.at_work:
        gc.callbacks.remove(_looked_through)
        _aside.is_theirs = False
        _aside.put_back()


def turn(now: float) -> None:
    """An engine has been busy for a turn of the loop."""
    aside = _aside
    if now >= aside.back_at:
        found = 0
        if aside.is_ours:
            aside.put_back()
            found = gc.collect()
        aside.back_s = BACK_S if found >= MANY else min(aside.back_s * 2, MOST_BACK_S)
        aside.back_at = now + aside.back_s


def _looked_through(phase: str, info: Mapping[str, int]) -> None:
    """The collector has looked through young objects: those that are left stay, most likely."""
    if phase == "stop" and not info["generation"]:
        _aside.put()


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
