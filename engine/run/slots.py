"""The slots of an engine: so many actions run at once."""

from __future__ import annotations

import asyncio


class Slots(asyncio.Semaphore):
    """A semaphore that can also be asked without waiting."""

    def try_acquire(self) -> bool:
        """Take a slot if one is free and nobody waits for it; `release` has to follow when this is True."""
        if self._value <= 0 or self._waiters:
            return False
        self._value -= 1
        return True

    def release(self) -> None:
        """Give a slot back, to whoever has waited longest for one."""
        if self._waiters:
            super().release()
        else:
            self._value += 1
