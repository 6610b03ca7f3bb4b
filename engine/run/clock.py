"""Time and chance as the engine sees them, so that a test needs no sleeping and no luck."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Protocol


class TimerHandle(Protocol):
    """A call that has been asked for and can still be called off."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """Wall time in epoch seconds (UTC), and calls at a later moment."""

    def now(self) -> float: ...

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> TimerHandle: ...


class SystemClock:
    """The machine's time; timers live in the running loop's own heap, never in a task each."""

    now = staticmethod(time.time)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> TimerHandle:
        return asyncio.get_running_loop().call_later(max(0.0, delay_s), callback)


class Rng(Protocol):
    """Uniform numbers in [0, 1): what jitter is made of."""

    def random(self) -> float: ...


def system_rng() -> Rng:
    """A generator of its own, so that a seeded `random` elsewhere does not steer the engine."""
    return random.Random()
