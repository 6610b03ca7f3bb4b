"""A store that lasts as long as the process: for tests, previews and runs that need no journal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from itertools import islice
from secrets import token_hex
from typing import Any

from engine.errors import ExecutionNotFound, StoreError
from engine.history.events import TRANSIENT, Event, EventDraft, EventType
from engine.history.ran import Ran, whole
from engine.history.status import UNDONE, ExecutionStatus, StepStatus
from engine.store.artifacts import ArtifactStore
from engine.store.json_text import decode, encode
from engine.store.ledger import Ledger, claim_named
from engine.store.results import StoredResult
from engine.store.retention import names_in
from engine.store.state_manager import (
    GIVING,
    ExecutionStateManager,
    ExecutionSummary,
    PartSummary,
    part_number,
    part_summary,
)


class _Journal:
    """The events of one execution; those of steps that ran are made when somebody reads them."""

    __slots__ = ("_events", "pieces")

    def __init__(self, events: list[Event]) -> None:
        self._events = events
        self.pieces: list[Sequence[Event]] = []  # what has been added since it was last read

    def events(self) -> list[Event]:
        if self.pieces:
            self._events += whole(self.pieces)
            self.pieces.clear()
        return self._events


class MemoryStateManager(ExecutionStateManager):
    """Keeps everything in memory and large outputs in a temporary folder; ``commit`` costs nothing."""

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: token_hex(16),
    ) -> None:
        self.artifacts = ArtifactStore()
        self.commits_at_once = type(self).commit is MemoryStateManager.commit
        self._new_id = new_id
        self._now = now
        self._pruning = asyncio.Lock()
        self._ledger: Ledger = Ledger(self.artifacts, now)
        self._journals: dict[str, _Journal] = {}
        self._definitions: dict[str, str] = {}
        self._parts: dict[str, list[str]] = {}
        self._results: dict[str, Event] = {}
        self._held: dict[str, set[str]] = {}
        self._looked_through: dict[str, int] = {}

    async def open(self) -> None:
        """Always open."""

    async def close(self) -> None:
        """Remove the temporary folder; what is in memory stays readable."""
        self.artifacts.close()

    def append(self, execution_id: str, drafts: Sequence[EventDraft]) -> Sequence[Event]:
        record = self._ledger.record(execution_id)
        if type(drafts) is Ran and not self.artifacts.is_sweeping:
            ran = self._ledger.admit_ran(record, drafts)
            if ran is not None:
                self._journals[execution_id].pieces.append(ran)
                return ran
        admitted = self._ledger.admit(record, drafts)
        if self.artifacts.is_sweeping:
            claim_named(self.artifacts, admitted)
        self._journals[execution_id].pieces.append(
            [event for event in admitted.events if event.type not in TRANSIENT]
        )
        return admitted.events

    async def commit(self, *, full_sync: bool = False) -> None:
        """Nothing to do: an event is as durable here as it will ever be."""

    async def read_events(self, execution_id: str, after: int = 0) -> list[Event]:
        try:
            return self._journals[execution_id].events()[max(after, 0) :]
        except KeyError:
            raise ExecutionNotFound(execution_id) from None

    async def find_result(self, key: str) -> StoredResult | None:
        # Looking through what is new when somebody asks costs those who never ask nothing.
        for execution_id, kept in self._journals.items():
            journal = kept.events()
            start = self._looked_through.get(execution_id, 0)
            for event in journal[start:] if start < len(journal) else ():
                if event.type is EventType.STEP_COMPLETED and "key" in event.data:
                    self._results[event.data["key"]] = event
            self._looked_through[execution_id] = len(journal)
        found = self._results.get(key)
        if found is None or found.step_id is None:
            return None
        if self._ledger.step_status(found.execution_id, found.step_id) in UNDONE:
            return None
        return StoredResult(
            execution_id=found.execution_id, step_id=found.step_id, at=found.ts, data=found.data
        )

    async def save_definition(self, definition_hash: str, definition: Mapping[str, Any]) -> None:
        await self.save_definition_text(definition_hash, encode(definition))

    async def save_definition_text(self, definition_hash: str, text: str) -> None:
        self._definitions.setdefault(definition_hash, text)

    async def load_definition(self, definition_hash: str) -> dict[str, Any]:
        try:
            text = self._definitions[definition_hash]
        except KeyError:
            raise StoreError(f"The store holds no workflow with the hash {definition_hash!r}") from None
        definition: dict[str, Any] = decode(text)
        return definition

    async def list_executions(
        self,
        *,
        statuses: Collection[ExecutionStatus] | None = None,
        limit: int | None = 100,
        parts: bool = False,
    ) -> list[ExecutionSummary]:
        found = (
            record.summary()
            for record in reversed(self._ledger.records.values())
            if (parts or not record.is_part) and (statuses is None or record.status in statuses)
        )
        return list(islice(found, limit))

    def create_part(self, execution_id: str, workflow_id: str, created: Mapping[str, Any]) -> Event:
        _, admitted = self._ledger.create(len(self._journals) + 1, execution_id, workflow_id, created)
        claim_named(self.artifacts, admitted)
        self._journals[execution_id] = _Journal(admitted.events)
        self._parts.setdefault(execution_id.rpartition("/")[0], []).append(execution_id)
        return admitted.events[0]

    async def parts_of(self, prefix: str, *, created: bool = False) -> list[PartSummary]:
        records, journals = self._ledger.records, self._journals
        found = []
        for each in (prefix, *self._parts.get(prefix, ())):
            if each in records and (number := part_number(each, prefix)) != -1:
                journal = journals[each].events()
                end = next((event for event in reversed(journal) if event.type in GIVING), None)
                begin = journal[0] if created else None
                record = records[each]
                found.append(part_summary(each, number, record.status, record.error, end, begin))
        return sorted(found, key=lambda part: part.number or 0)

    async def _remove(self, execution_ids: Sequence[str]) -> int:
        for execution_id in execution_ids:
            del self._ledger.records[execution_id], self._journals[execution_id]
            siblings = self._parts.get(execution_id.rpartition("/")[0], [])
            if execution_id in siblings:
                siblings.remove(execution_id)
            self._looked_through.pop(execution_id, None)
        kept = {key: event for key, event in self._results.items() if event.execution_id in self._journals}
        self._results = kept
        return len(execution_ids)

    async def _hold(self, owner: str, names: Collection[str]) -> None:
        self._held[owner] = set(names)

    async def _stored_names(self) -> set[str]:
        data = [event.data for kept in self._journals.values() for event in kept.events()]
        held = set().union(*self._held.values()) if self._held else set()
        return set(names_in("\n".join([encode(data), *self._definitions.values()]))) | held

    async def _read_output(self, execution_id: str, step_id: str) -> Any:
        step = self._ledger.record(execution_id).step(step_id)
        if step is None or step.status is not StepStatus.COMPLETED:
            return None
        event = self._journals[execution_id].events()[step.seq - 1]
        return event.data.get("output")

    async def _insert(
        self, execution_id: str, workflow_id: str, data: Mapping[str, Any], *, is_fresh: bool
    ) -> Awaitable[None]:
        _, admitted = self._ledger.create(len(self._journals) + 1, execution_id, workflow_id, data)
        claim_named(self.artifacts, admitted)
        self._journals[execution_id] = _Journal(admitted.events)
        return self.commit()

    async def _track(self, execution_id: str) -> None:
        self._ledger.record(execution_id)
