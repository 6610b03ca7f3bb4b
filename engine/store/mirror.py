"""A store for the engine out of an object that can only do what the original engine asked of one."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from engine.errors import ExecutionNotFound, StoreError
from engine.history.events import (
    STATUS_OF_EXECUTION_EVENT,
    STATUS_OF_STEP_EVENT,
    TRANSIENT,
    Event,
    EventDraft,
    EventType,
)
from engine.history.status import StepStatus
from engine.store.memory import MemoryStateManager
from engine.store.state_manager import ExecutionStateManager

SIX = (
    "create_execution",
    "get_execution_state",
    "update_execution_status",
    "update_step_status",
    "update_execution_inputs",
    "get_step_output",
)


class StatusKeeper(Protocol):
    """The six coroutines of the original engine's store."""

    async def create_execution(self, workflow_id: str, input_data: dict[str, Any], /) -> Any: ...

    async def get_execution_state(self, execution_id: str, /) -> Any: ...

    async def update_execution_status(
        self, execution_id: str, status: str, /, *, error: str | None = None
    ) -> Any: ...

    async def update_step_status(
        self, execution_id: str, step_id: str, status: str, /, *, output: Any = None, error: str | None = None
    ) -> Any: ...

    async def update_execution_inputs(self, execution_id: str, new_inputs: dict[str, Any], /) -> Any: ...

    async def get_step_output(self, execution_id: str, step_id: str, /) -> Any: ...


class MirroringStateManager(MemoryStateManager):
    """Keeps the journal in memory and tells a StatusKeeper of every change, in order, before anyone else.

    What the keeper is told is not enough to go on with a run after a restart: for that, pass a
    SqliteStateManager to the engine instead. A keeper that raises holds runs up like a full disk does.
    """

    def __init__(self, keeper: StatusKeeper) -> None:
        super().__init__()
        self._keeper = keeper
        self._untold: list[Event] = []
        self._telling = asyncio.Lock()

    async def create_execution(
        self,
        workflow_id: str,
        input_data: Mapping[str, Any] | None = None,
        *,
        execution_id: str | None = None,
        definition_hash: str = "",
        workflow_name: str = "",
        base_dir: str = "",
        options: Mapping[str, Any] | None = None,
    ) -> str:
        """As the keeper names it, when it gives a name."""
        named = await _ask(self._keeper.create_execution, workflow_id, dict(input_data or {}))
        return await super().create_execution(
            workflow_id,
            input_data,
            execution_id=execution_id or (named if isinstance(named, str) and named else None),
            definition_hash=definition_hash,
            workflow_name=workflow_name,
            base_dir=base_dir,
            options=options,
        )

    def append(self, execution_id: str, drafts: Sequence[EventDraft]) -> Sequence[Event]:
        events = super().append(execution_id, drafts)
        if not self._ledger.record(execution_id).is_part:  # the keeper has never heard of those
            self._untold.extend(event for event in events if event.type not in TRANSIENT)
        return events

    async def commit(self, *, full_sync: bool = False) -> None:
        """The keeper knows everything appended so far; raises StoreError when it refuses."""
        async with self._telling:
            while self._untold:
                await self._tell(self._untold[0])
                del self._untold[0]

    async def get_execution_state(self, execution_id: str) -> dict[str, Any]:
        """Our own, or what the keeper remembers of a run from before."""
        try:
            return await super().get_execution_state(execution_id)
        except ExecutionNotFound:
            known = await _ask(self._keeper.get_execution_state, execution_id)
            if not isinstance(known, Mapping):
                raise
            return dict(known)

    async def _tell(self, event: Event) -> None:
        keeper, execution_id, data = self._keeper, event.execution_id, event.data
        error = (data.get("error") or {}).get("message")
        if event.type in STATUS_OF_STEP_EVENT:
            status = STATUS_OF_STEP_EVENT[event.type].value
            output = await self.artifacts.expand_async(data.get("output"))
            step_id = event.step_id or ""
            tell_step = keeper.update_step_status
            await _ask(tell_step, execution_id, step_id, status, output=output, error=error)
        elif event.type in STATUS_OF_EXECUTION_EVENT:
            for step_id in data.get("steps", ()):  # of a run that is taken up again
                await _ask(keeper.update_step_status, execution_id, step_id, StepStatus.PENDING.value)
            status = STATUS_OF_EXECUTION_EVENT[event.type].value
            await _ask(keeper.update_execution_status, execution_id, status, error=error)
        elif event.type is EventType.INPUTS_SUPPLIED:
            await _ask(keeper.update_execution_inputs, execution_id, dict(data["inputs"]))


async def _ask(method: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """What the keeper answers, be it a coroutine or plain; its faults are those of a store."""
    try:
        answer = method(*args, **named)
        return await answer if inspect.isawaitable(answer) else answer
    except Exception as error:  # foreign code: whatever it raises means that it did not take the fact
        raise StoreError(
            f"The state manager refused: {error}", hint="Put it right, then resume the run."
        ) from error


def as_store(state_manager: ExecutionStateManager | StatusKeeper | None) -> ExecutionStateManager:
    """The store to use for what an engine was given; TypeError names what an unusable object lacks."""
    if state_manager is None:
        return MemoryStateManager()
    if isinstance(state_manager, ExecutionStateManager):
        return state_manager
    lacking = [name for name in SIX if not callable(getattr(state_manager, name, None))]
    if lacking:
        kind = type(state_manager).__name__
        raise TypeError(f"{kind} cannot be a state manager: it has no {', '.join(lacking)}")
    return MirroringStateManager(state_manager)
