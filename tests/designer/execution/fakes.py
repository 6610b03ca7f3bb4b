"""An engine that does what a test says: events come when the test sends them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from engine.errors import RunDamaged, StoreError, WorkflowError
from engine.history.events import Event, EventType
from engine.model.workflow import Workflow
from engine.run.options import RunOptions


class ScriptedStore:
    """The little of a store that the bridge reads."""

    def __init__(self) -> None:
        self.summaries: list[Any] = []
        self.inputs: dict[str, Any] = {}
        self.damaged: set[str] = set()

    async def load_state(self, execution_id: str) -> Any:
        if execution_id in self.damaged:
            raise RunDamaged(f"The record of run {execution_id} is damaged", hint="Start it anew.")
        return SimpleNamespace(id=execution_id, base_dir="", input_data=self.inputs, definition_hash="")

    async def load_definition(self, definition_hash: str) -> dict[str, Any]:
        raise StoreError("There is no such workflow")

    async def list_executions(self, *, statuses: Any = None, limit: int | None = 100) -> list[Any]:
        chosen = [one for one in self.summaries if statuses is None or one.status in statuses]
        return chosen[:limit]


class ScriptedEngine:
    """Records calls; `send` puts an event in front of whoever follows the execution."""

    def __init__(self) -> None:
        self.state_manager = ScriptedStore()
        self.calls: list[tuple[Any, ...]] = []
        self.events_of: dict[str, list[Event]] = {}
        self.refuse_next: WorkflowError | None = None
        self.refusal: WorkflowError | None = None
        self.options: list[RunOptions | None] = []
        self.prepared: list[str] = []
        self.is_closed = False
        self.has_something_to_undo = True
        self._news = asyncio.Condition()
        self._loop = asyncio.get_running_loop()

    def prepare_workflow(self, workflow: Workflow, *, base_dir: Path | None = None) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.prepared.append(workflow.id)

    async def start_workflow(
        self,
        workflow: Workflow,
        input_data: Mapping[str, Any],
        *,
        base_dir: Path | None = None,
        options: RunOptions | None = None,
    ) -> str:
        if self.refusal is not None:
            raise self.refusal
        execution_id = f"run-{len(self.events_of) + 1}"
        self.options.append(options)
        self.calls.append(("start", workflow.id, dict(input_data), base_dir))
        self.events_of[execution_id] = []
        await self._add(execution_id, EventType.EXECUTION_CREATED, {"workflow_name": workflow.name})
        await self._add(execution_id, EventType.EXECUTION_STARTED)
        return execution_id

    async def recover(self) -> list[str]:
        return []

    async def resume_workflow(self, execution_id: str, new_inputs: Mapping[str, Any] | None = None) -> bool:
        self.calls.append(("resume", execution_id, new_inputs))
        if self.refuse_next is not None:
            error, self.refuse_next = self.refuse_next, None
            raise error
        return True

    async def pause_workflow(self, execution_id: str) -> bool:
        self.calls.append(("pause", execution_id))
        return True

    async def cancel_workflow(
        self, execution_id: str, *, force: bool = False, rollback: bool = False
    ) -> bool:
        self.calls.append(("cancel", execution_id, force, *(["rollback"] if rollback else [])))
        return True

    async def rollback_workflow(self, execution_id: str, *, uncertain: Mapping[str, bool]) -> bool:
        self.calls.append(("rollback", execution_id, dict(uncertain)))
        if self.refuse_next is not None:
            error, self.refuse_next = self.refuse_next, None
            raise error
        return self.has_something_to_undo

    async def retry_from(self, execution_id: str, step: str = "") -> None:
        if self.refusal is not None:
            raise self.refusal
        self.calls.append(("retry", execution_id, step))
        events = self.events_of[execution_id]
        steps = sorted({event.step_id for event in events if event.step_id})
        data = {"epoch": 2, "steps": steps, "connections": []}
        await self._add(execution_id, EventType.EXECUTION_RESTARTED, data)

    async def events(self, execution_id: str, after: int = 0) -> AsyncIterator[Event]:
        seen = 0
        while True:
            events = self.events_of.setdefault(execution_id, [])
            while seen < len(events):
                yield events[seen]
                seen += 1
                if events[seen - 1].type in _ENDS and seen == len(events):
                    return
            async with self._news:
                await self._news.wait_for(lambda count=seen: len(self.events_of[execution_id]) > count)

    async def close(self) -> None:
        self.is_closed = True

    def send(self, execution_id: str, type: EventType, step_id: str | None = None, **data: Any) -> None:
        """Puts one event in the stream; from any thread."""
        asyncio.run_coroutine_threadsafe(self._add(execution_id, type, data, step_id), self._loop).result(10)

    def send_many(
        self, execution_id: str, events: list[tuple[EventType, str | None, dict[str, Any]]]
    ) -> None:
        """Puts many events in the stream at once."""

        async def add() -> None:
            for type, step_id, data in events:
                await self._add(execution_id, type, data, step_id)

        asyncio.run_coroutine_threadsafe(add(), self._loop).result(10)

    async def _add(
        self,
        execution_id: str,
        type: EventType,
        data: Mapping[str, Any] | None = None,
        step_id: str | None = None,
    ) -> None:
        events = self.events_of[execution_id]
        async with self._news:
            seq = len(events) + 1
            events.append(Event(execution_id, "w1", seq, 1000.0 + seq, type, step_id, 1, dict(data or {})))
            self._news.notify_all()


_ENDS = frozenset({EventType.EXECUTION_COMPLETED, EventType.EXECUTION_FAILED, EventType.EXECUTION_CANCELLED})
