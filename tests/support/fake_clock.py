"""Time that moves only when a test says so, and chance that always falls the same way."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable


class FakeTimer:
    """A call that was asked for."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback = callback
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class FakeClock:
    """A Clock whose `advance` runs what falls due, in order, letting the loop settle after each."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self._now = now
        self._order = itertools.count()
        self._timers: list[tuple[float, int, FakeTimer]] = []

    def now(self) -> float:
        return self._now

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> FakeTimer:
        timer = FakeTimer(callback)
        heapq.heappush(self._timers, (self._now + max(0.0, delay_s), next(self._order), timer))
        return timer

    @property
    def delays(self) -> list[float]:
        """Seconds until each timer that is still wanted, soonest first."""
        return [due - self._now for due, _, timer in sorted(self._timers) if not timer.is_cancelled]

    async def advance(self, seconds: float) -> None:
        """Let this much time pass."""
        end = self._now + seconds
        while self._timers and self._timers[0][0] <= end:
            due, _, timer = heapq.heappop(self._timers)
            if not timer.is_cancelled:
                self._now = max(self._now, due)
                timer.callback()
                await settle()
        self._now = end
        await settle()

    async def until_asked(self, timers: int = 1) -> None:
        """Return when this many timers are wanted, and what led to them has been told."""
        for _ in range(100_000):  # a store that commits in a thread takes as long as it takes
            if len(self.delays) >= timers:
                await settle()
                return
            await asyncio.sleep(0)
        raise AssertionError(f"{timers} timers were expected, there are {len(self.delays)}")


class FixedRng:
    """An Rng that gives the same number each time."""

    def __init__(self, value: float = 0.5) -> None:
        self._value = value

    def random(self) -> float:
        return self._value


async def settle(turns: int = 50) -> None:
    """Let everything that can run without time passing run."""
    for _ in range(turns):
        await asyncio.sleep(0)
