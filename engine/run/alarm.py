"""Waits that neither a clock that is set nor a computer that sleeps can prolong.

A wait is over when as much time has been counted as was asked for, or when the clock on the wall has reached
the moment that was recorded for its end, whichever comes first. Counting stands still while the computer
sleeps, so the clock is looked at from time to time; and a clock that is set back prolongs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from engine.run.clock import Clock

LOOK_EVERY_S = 60.0


class Alarm:
    """Rings once: at the moment `until` (epoch seconds), and after `most_s` seconds at the latest."""

    __slots__ = ("_clock", "_left_s", "_ring", "_slice_s", "_timer", "_until")

    def __init__(
        self, clock: Clock, until: float, ring: Callable[[], object], *, most_s: float = inf
    ) -> None:
        self._clock = clock
        self._until = until
        self._left_s = most_s
        self._ring = ring
        self._arm()

    def cancel(self) -> None:
        self._timer.cancel()
        self._ring = _nothing

    def _arm(self) -> None:
        left_s = min(self._left_s, self._until - self._clock.now())
        self._slice_s = min(max(0.0, left_s), LOOK_EVERY_S)
        self._timer = self._clock.call_later(self._slice_s, self._look)

    def _look(self) -> None:
        self._left_s -= self._slice_s
        if self._left_s <= 0 or self._clock.now() >= self._until:
            # Alarm and timer hold each other: what is rung for must not have to wait for the collector.
            ring, self._ring = self._ring, _nothing
            ring()
        else:
            self._arm()


def _nothing() -> None:
    """What an alarm that is over rings for."""
