"""Results asked for by their keys. Most steps that ask have none: that is known without asking the database.

A step waits for its answer before it begins, and the way into the reading thread and back takes ten times as
long as the reading itself, more beside a busy window. So the keys of all results are kept at hand while they
are not too many, and steps that ask in one turn of the loop share one reading.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from engine.store.json_text import encode
from engine.store.upkeep import ALL_KEYS, FIND_RESULTS

MOST_KEYS = 300_000
"""So many are kept at hand: 35 MB."""

Row = Sequence[Any]
Read = Callable[[str, tuple[Any, ...]], Awaitable[list[Any]]]


class Lookups:
    """What `told` is given is known from then on, in any thread."""

    def __init__(self, read: Read) -> None:
        """read: gives the rows of a query with these parameters."""
        self._read = read
        self._known: set[str] | None = None
        self._learning: asyncio.Future[None] | None = None
        self._are_too_many = False
        self._keys: list[str] = []
        self._group: asyncio.Future[Mapping[str, Row]] | None = None

    def told(self, keys: Iterable[str]) -> None:
        """There are results under these keys now. Before anybody has asked, nothing has to be kept of it."""
        if self._known is not None:
            self._known.update(keys)

    async def find(self, key: str) -> Row:
        """What the row of this key holds behind it, or nothing; raises what reading raises."""
        if not self._are_too_many:
            if self._learning is None:
                self._learning = asyncio.ensure_future(self._learn())
                self._learning.add_done_callback(_heard)
            if not self._learning.done():
                await asyncio.shield(self._learning)
            if self._known is not None and key not in self._known:
                return ()
        if self._group is None:
            self._keys = []
            self._group = asyncio.ensure_future(self._read_soon(self._keys))
            self._group.add_done_callback(_heard)
        group = self._group
        self._keys.append(key)
        # Whoever is cancelled does not take the answer from the others.
        return (await asyncio.shield(group)).get(key, ())

    async def _learn(self) -> None:
        self._known = set()  # from now on it hears of new ones
        try:
            keys = await self._read(ALL_KEYS, (MOST_KEYS + 1,))
        except BaseException:
            self._known = self._learning = None  # who asks next tries again
            raise
        if len(keys) > MOST_KEYS:
            self._known, self._are_too_many = None, True
        else:
            self._known.update(keys)

    async def _read_soon(self, keys: list[str]) -> Mapping[str, Row]:
        await asyncio.sleep(0)  # whose turn it is now may ask too
        self._group = None
        return {row[0]: row[1:] for row in await self._read(FIND_RESULTS, (encode(keys),))}


def _heard(read: asyncio.Future[Any]) -> None:
    """Those who asked are told what went wrong; when all of them have been cancelled, nobody need be."""
    if not read.cancelled():
        read.exception()
