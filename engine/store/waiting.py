"""How long runs stood paused."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from engine.history.events import Event
from engine.history.statistics import times_of


class KeepsTimes(ABC):
    """What a store says of waiting; one that can do so without reading journals does."""

    async def waiting_ms(self, execution_ids: Sequence[str]) -> dict[str, float]:
        """The milliseconds that each of these was paused, up to when it last went on or ended, by its id."""
        return {
            execution_id: times_of(events, {}).waiting_ms
            for execution_id in execution_ids
            if (events := await self.read_events(execution_id))
        }

    @abstractmethod
    async def read_events(self, execution_id: str, after: int = 0) -> list[Event]: ...
