"""Results that outlive the question who made them: found by what they were made from, and held by pins."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredResult:
    """A step's completion that is kept under a key: what it told, and when it was (epoch seconds)."""

    execution_id: str
    step_id: str
    at: float
    data: Mapping[str, Any]


class ResultKeeper(ABC):
    """The part of a store that knows results apart from the runs that made them."""

    _pruning: asyncio.Lock

    @abstractmethod
    async def open(self) -> None:
        """Ready to use afterwards; opening twice does nothing."""

    async def find_result(self, key: str) -> StoredResult | None:
        """The newest durable completion that told this ``key``; one that was undone since does not count."""
        return None

    async def hold(self, owner: str, names: Collection[str]) -> None:
        """These stored results stay, whatever is pruned, until `owner` holds others: pins in its file."""
        await self.open()
        async with self._pruning:
            await self._hold(owner, names)

    @abstractmethod
    async def _hold(self, owner: str, names: Collection[str]) -> None:
        """Remember, durably on return, what `owner` refers to in place of what it did before."""
