"""What the world sees of runs while their store refuses: paused, for a reason that no journal holds.

Nothing of it can be durable, so it is told by transient events only. The facts that wait for the store stay
with the journal, in their order; when the store works again they are written, and the runs are shown as what
they were, or as what those facts made of them. A large result that finds no place beside the journal waits
too, in memory, until a person asks to go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from engine.errors import WorkflowError
from engine.history.events import Event, EventType
from engine.history.state import STORAGE_ERROR
from engine.history.status import ExecutionStatus
from engine.run.journal import Publish

if TYPE_CHECKING:
    from engine.run.execution import Execution


class StorageTrouble:
    """The runs that stand still because the store refused a commit."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._shown: dict[str, tuple[Execution, Event, dict[str, Any]]] = {}
        self._patient: list[asyncio.Future[None]] = []

    def __contains__(self, execution_id: str) -> bool:
        """Whether the run waits for the store."""
        return execution_id in self._shown

    def sign(self, execution_id: str) -> Event | None:
        """What a late reader of the run's events has to know."""
        known = self._shown.get(execution_id)
        return known[1] if known is not None else None

    @property
    def lasts(self) -> bool:
        """Whether somebody waits to try again: that the journal can be written does not end it."""
        return any(not waiter.done() for waiter in self._patient)

    def patience(self) -> asyncio.Future[None]:
        """Done when a person has asked to go on, which may be in vain."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._patient.append(waiter)
        return waiter

    def try_again(self) -> None:
        """A person asks to go on."""
        patient, self._patient = self._patient, []
        for waiter in patient:
            if not waiter.done():
                waiter.set_result(None)

    def begins(self, executions: Iterable[Execution], error: WorkflowError) -> None:
        """The store refused: show these runs as paused."""
        for execution in executions:
            if execution.id in self._shown:
                continue
            state = execution.state
            before = {"status": state.status.value, "reason": state.reason, "error": state.error}
            event = _event(execution, EventType.STORAGE_REFUSED, {"error": error.to_json()})
            self._shown[execution.id] = (execution, event, before)
            self._publish(execution, [[event]])

    def ends(self) -> None:
        """Everything is durable again: show the runs as what they are."""
        shown, self._shown = self._shown, {}
        for execution, _, before in shown.values():
            state = execution.state
            if state.status is ExecutionStatus.PAUSED and state.reason == STORAGE_ERROR:
                self._publish(execution, [[_event(execution, EventType.STORAGE_WORKS, before)]])


def _event(execution: Execution, event_type: EventType, data: dict[str, Any]) -> Event:
    state = execution.state
    now = execution.steps.live.scope.now()
    return Event(execution.id, state.workflow_id, state.seq, now, event_type, None, 0, data)
