"""Lets one through at a time, in the order in which they came."""

from __future__ import annotations

import asyncio
from collections import deque


class Turnstile:
    """A lock that costs nothing while nobody else wants it: `asyncio.Lock` takes seven calls a time.

    Whoever leaves hands over to the one who has waited longest, so nobody is passed by.
    """

    __slots__ = ("_waiting", "is_taken")

    def __init__(self) -> None:
        self.is_taken = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    def try_enter(self) -> bool:
        """Enter if nobody is inside; `leave` has to follow when this is True."""
        if self.is_taken:
            return False
        self.is_taken = True
        return True

    async def enter(self) -> None:
        """Enter, after those who came before; `leave` has to follow."""
        if self.try_enter():
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()  # it was our turn already
            raise

    def leave(self) -> None:
        """Let the next one in."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.is_taken = False
