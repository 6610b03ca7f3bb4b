"""Tells the notifier and the analytics what has become durable; their failures never touch a run."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from engine.history.events import STATUS_OF_EXECUTION_EVENT, STATUS_OF_STEP_EVENT, Event, EventType
from engine.history.state import INCIDENT, ExecutionState
from engine.history.status import ExecutionStatus, StepStatus
from engine.history.step_state import milliseconds

_log = logging.getLogger(__name__)


class Notifier(Protocol):
    """Who is told of every status change; the method may be a coroutine function."""

    def notify_workflow_status(
        self, user_id: str | None, execution_id: str, status: str, data: Mapping[str, Any] | None = None
    ) -> Awaitable[None] | None: ...


class Analytics(Protocol):
    """Who is told how long things took."""

    async def track_step_execution(
        self,
        *,
        workflow_id: str,
        execution_id: str,
        step_id: str,
        status: str,
        duration_ms: float,
        error: str | None = None,
    ) -> None: ...

    async def track_workflow_execution(
        self, *, workflow_id: str, execution_id: str, status: str, duration_ms: float
    ) -> None: ...


_TRACKED = frozenset({StepStatus.COMPLETED, StepStatus.FAILED})
Message = Callable[[], Awaitable[None] | None]


class Observers:
    """One task that delivers messages in order while there are any; `drain` waits until all are delivered."""

    def __init__(self, notifier: Notifier | None, analytics: Analytics | None) -> None:
        self._notifier = notifier
        self._analytics = analytics
        self._messages: deque[Message] = deque()
        self._task: asyncio.Task[None] | None = None
        self.is_idle = notifier is None and analytics is None

    def tell(self, state: ExecutionState, events: Sequence[Event]) -> None:
        """Queue what these events mean to the outside; `state` is the execution after them."""
        if self.is_idle:
            return
        for event in events:
            step_status = STATUS_OF_STEP_EVENT.get(event.type)
            if step_status is not None:
                self._tell_step(state, event, step_status)
            elif event.type is EventType.EXECUTION_CREATED:
                continue
            elif (status := STATUS_OF_EXECUTION_EVENT.get(event.type)) is not None:
                self._tell_execution(state, event, status)
        if self._messages and self._task is None:
            self._task = asyncio.create_task(self._deliver(), name="workflow observers")

    async def drain(self) -> None:
        """Everything queued so far has been delivered."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def close(self, grace_s: float) -> None:
        """Deliver what is queued; give up on an observer that takes longer than the grace."""
        task = self._task
        if task is None:
            return
        done, _ = await asyncio.wait([task], timeout=grace_s)
        if not done:
            task.cancel()
            await asyncio.wait([task])

    def _tell_step(self, state: ExecutionState, event: Event, status: StepStatus) -> None:
        step_id = event.step_id or ""
        self._notify(state, f"STEP_{status.value}", {"step_id": step_id, **event.data})
        analytics = self._analytics
        if analytics is not None and status in _TRACKED:
            error = event.data.get("error")
            self._messages.append(
                lambda: analytics.track_step_execution(
                    workflow_id=event.workflow_id,
                    execution_id=event.execution_id,
                    step_id=step_id,
                    status=status.value,
                    duration_ms=event.data.get("duration_ms") or 0.0,
                    error=error["message"] if error else None,
                )
            )

    def _tell_execution(self, state: ExecutionState, event: Event, status: ExecutionStatus) -> None:
        data = dict(event.data)
        missing = [item["path"] for item in data.get("needed", ()) if not item.get(INCIDENT)]
        if missing:
            data["missing_var"] = missing[0]
        self._notify(state, status.value, data)
        analytics = self._analytics
        if analytics is not None and status.is_terminal:
            duration_ms = milliseconds(state.started_at, event.ts) or 0.0
            self._messages.append(
                lambda: analytics.track_workflow_execution(
                    workflow_id=event.workflow_id,
                    execution_id=event.execution_id,
                    status=status.value,
                    duration_ms=duration_ms,
                )
            )

    def _notify(self, state: ExecutionState, status: str, data: dict[str, Any]) -> None:
        notifier = self._notifier
        if notifier is not None:
            user = state.input_data.get("user_id")
            self._messages.append(lambda: notifier.notify_workflow_status(user, state.id, status, data))

    async def _deliver(self) -> None:
        try:
            while self._messages:
                message = self._messages.popleft()
                try:
                    result = message()
                    if inspect.isawaitable(result):
                        await result
                except asyncio.CancelledError:
                    task = asyncio.current_task()
                    if task is None or task.cancelling():
                        raise  # the engine closes
                    _log.exception("An observer of the run cancelled itself")
                except Exception:  # noqa: BLE001 - step boundary: foreign code must not break a run
                    _log.exception("An observer of the run failed")
        finally:
            self._task = None
