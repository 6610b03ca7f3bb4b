"""What the bridge carries over for runs that stop where somebody wants to look."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from designer.execution.bridge import EngineHost


class HoldingCalls:
    """Single steps, breakpoints and repaired conditions."""

    _call: Callable[[Callable[[EngineHost], Coroutine[Any, Any, bool]]], Coroutine[Any, Any, bool]]

    async def step(self, execution_id: str) -> bool:
        """Lets one step begin and holds every other before it does."""
        return await self._call(lambda host: host.step(execution_id))

    async def set_breakpoints(self, execution_id: str, breakpoints: Collection[str]) -> bool:
        """Holds from now on exactly these steps before they begin; those it has not got are left out."""
        return await self._call(lambda host: host.set_breakpoints(execution_id, breakpoints))

    async def try_condition(self, execution_id: str, connection_id: str, condition: str) -> bool:
        """Whether a condition would hold in place of a broken one; raises what is wrong with it."""
        return await self._call(
            lambda host: host.engine.try_condition(execution_id, connection_id, condition)
        )

    async def repair(self, execution_id: str, conditions: Mapping[str, str]) -> bool:
        """Goes on with these conditions in place of broken ones; raises what is wrong with them."""
        return await self._call(lambda host: host.repair(execution_id, conditions))
