"""The durable store: one SQLite file in WAL mode, with large outputs in a folder beside it."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeVar

from engine.errors import StoreCorrupt, StoreError
from engine.history.events import Event, EventDraft
from engine.history.ran import Ran
from engine.history.status import ExecutionStatus, StepStatus
from engine.store.artifacts import ArtifactStore
from engine.store.checksum import of_definition
from engine.store.codes import EXECUTION_CODE, EXECUTION_STATUSES
from engine.store.database import Connect, Database, connect, making_sense, no_such_run
from engine.store.json_text import decode, decode_beside, encode
from engine.store.ledger import ExecutionRecord, Ledger, claim_named
from engine.store.lookups import Lookups
from engine.store.queries import EXECUTION_COLUMNS, FROM, part_columns
from engine.store.results import StoredResult
from engine.store.retention import groups
from engine.store.rows import (
    check_dense,
    end_of,
    events_of,
    output_in,
    read_record,
    step_record_of,
    summaries,
)
from engine.store.state_manager import (
    ExecutionStateManager,
    ExecutionSummary,
    PartSummary,
    damaged,
    part_number,
    part_summary,
)
from engine.store.upkeep import close_all, delete_runs, hold_names
from engine.store.writer import Writer

T = TypeVar("T")

_PAGE_EVENTS = 5_000  # read in one go, during which no other thread goes on: 15 ms
_LARGE_TEXT = 200_000
_PAGE_PARTS = 2_000
# So many ended executions stay known, so that a late writer is told it is late.
_ENDED_KEPT = 64


class SqliteStateManager(ExecutionStateManager):
    """Keeps executions in the file at ``path``, which no second engine can open meanwhile.

    An append that was committed survives the death of the process; with ``full_sync`` also the loss
    of power. ``connect`` makes the connections (the seam where tests let the disk fail).
    """

    def __init__(
        self,
        path: Path | str,
        *,
        now: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: token_hex(16),
        connect: Connect = connect,
    ) -> None:
        self.path = Path(os.path.realpath(path))  # by whatever way it is named, it is one store
        self.artifacts = ArtifactStore(self.path.with_name(self.path.name + ".artifacts"))
        self._new_id = new_id
        self._now = now
        self._connect = connect
        self._ledger: Ledger = Ledger(self.artifacts, now)
        self._saved_definitions: set[str] = set()
        self._pruning = asyncio.Lock()
        self._going: set[str] = set()
        # Runs of which nothing is known but that they were created, and when that is durable.
        self._created: dict[str, tuple[Event, int]] = {}
        self._database: Database | None = None
        self._opening: asyncio.Future[None] | None = None

    async def open(self) -> None:
        if self._database is not None:
            return
        if self._opening is None or self._opening.done():
            self._opening = asyncio.ensure_future(self._open())
        # Whoever gives up waiting does not stop the others.
        await asyncio.shield(self._opening)

    async def close(self) -> None:
        database = self._database
        if database is None:
            return
        try:
            await self._writer.commit(full_sync=True)
        finally:
            self._database = None
            self._ledger = Ledger(self.artifacts, self._now)
            self._created.clear()
            self._saved_definitions.clear()
            try:
                await asyncio.get_running_loop().run_in_executor(
                    self._disk, close_all, self._reading, database, self.artifacts
                )
            finally:
                self._disk.shutdown(wait=False)

    def append(self, execution_id: str, drafts: Sequence[EventDraft]) -> Sequence[Event]:
        record = self._ledger.record(execution_id)
        if type(drafts) is Ran and not self.artifacts.is_sweeping:
            ran = self._ledger.admit_ran(record, drafts)
            if ran is not None:
                self._writer.batch().add_ran(record, drafts)
                return ran
        admitted = self._ledger.admit(record, drafts)
        if self.artifacts.is_sweeping:
            claim_named(self.artifacts, admitted)
        self._writer.batch().add(record, admitted)
        if record.status.is_terminal:
            self._forget_old(record)
        return admitted.events

    async def commit(self, *, full_sync: bool = False) -> None:
        if self._database is None:
            await self.open()
        await self._writer.commit(full_sync=full_sync)

    async def read_events(self, execution_id: str, after: int = 0) -> list[Event]:
        await self._track(execution_id)
        record = self._ledger.record(execution_id)
        event, mark = self._created.pop(execution_id, (None, 0))
        if event is not None and record.seq == 1 and not after and self._writer.is_durable(mark):
            # Asked for by whoever has just created it: a thread to read it with would cost more than a step.
            return [event]
        return await _read_all(self, record, max(after, 0))

    async def find_result(self, key: str) -> StoredResult | None:
        await self.open()
        if not (found := await self._lookups.find(key)):
            return None
        execution_id, workflow_id, row = found
        (event, *others) = events_of(execution_id, workflow_id, [row])
        if others or event.data.get("key") != key:
            return None  # the row that led here is damaged
        return StoredResult(
            execution_id=execution_id, step_id=event.step_id or "", at=event.ts, data=event.data
        )

    async def save_definition(self, definition_hash: str, definition: Mapping[str, Any]) -> None:
        await self.save_definition_text(definition_hash, encode(definition))

    async def save_definition_text(self, definition_hash: str, text: str) -> None:
        await self.open()
        if definition_hash not in self._saved_definitions:
            self._writer.batch().add_definition(definition_hash, text)
            self._saved_definitions.add(definition_hash)

    async def load_definition(self, definition_hash: str) -> dict[str, Any]:
        await self.commit()
        rows = await self._read(
            "SELECT json_array(definition, checksum) AS item FROM definitions WHERE hash = ?",
            (definition_hash,),
        )
        if not rows:
            raise StoreError(f"The store holds no workflow with the hash {definition_hash!r}")
        text, checksum = rows[0]
        if checksum not in (None, of_definition(definition_hash, text)):
            raise StoreCorrupt(
                f"A workflow kept in the run store {self.path} is damaged: {definition_hash}",
                hint="Runs of it cannot go on; the others are not touched. Start the workflow anew.",
            )
        with making_sense(self.path):
            definition: dict[str, Any] = (
                decode(text)
                if len(text) < _LARGE_TEXT
                else await asyncio.get_running_loop().run_in_executor(self._reading, decode_beside, text)
            )
        return definition

    async def list_executions(
        self,
        *,
        statuses: Collection[ExecutionStatus] | None = None,
        limit: int | None = 100,
        parts: bool = False,
    ) -> list[ExecutionSummary]:
        tests = [] if parts else ["instr(id, '/') = 0"]
        if statuses is not None:
            test = f"status IN ({', '.join(str(EXECUTION_CODE[status]) for status in statuses)})"
            if limit is None:
                test = f"({test} OR ended_at IS NULL)"  # whose status is not what was written: see below
            tests.append(test)
        rows = await self._read(
            f"SELECT {EXECUTION_COLUMNS} FROM executions WHERE {' AND '.join(tests) or 'true'} "
            "ORDER BY key DESC LIMIT ?",
            (-1 if limit is None else limit,),
        )
        found = await summaries(rows, partial(_read_all, self))
        return [one for one in found if statuses is None or one.status in statuses]

    async def waiting_ms(self, execution_ids: Sequence[str]) -> dict[str, float]:
        keys = await self._read(
            "SELECT json_array(key, id) AS item FROM executions WHERE id IN (SELECT value FROM json_each(?))",
            (encode(list(execution_ids)),),
        )
        names = dict(keys)
        listed = ", ".join(str(int(key)) for key in names)  # literals, so that the view reads no other run
        rows = await self._read(
            f"SELECT json_array(execution, waiting_ms) AS item FROM run_times WHERE execution IN ({listed})"
        )
        return {names[key]: waited for key, waited in rows}

    def create_part(self, execution_id: str, workflow_id: str, created: Mapping[str, Any]) -> Event:
        record, admitted = self._ledger.create(self._next_key, execution_id, workflow_id, created)
        self._next_key += 1
        claim_named(self.artifacts, admitted)
        self._writer.batch().add(record, admitted)
        return admitted.events[0]

    async def parts_of(self, prefix: str, *, created: bool = False) -> list[PartSummary]:
        await self.commit()
        found: list[PartSummary] = []
        last, columns = prefix, part_columns(created=created)
        while True:
            rows = await self._read(
                f"SELECT {columns} FROM executions e WHERE id >= ?2 AND id < ?1 || '0' "
                "AND (id = ?1 OR id > ?1 || '/') AND instr(substr(id, length(?1) + 2), '/') = 0 "
                f"ORDER BY id LIMIT {_PAGE_PARTS}",
                (prefix, last),
            )
            for execution_id, workflow_id, status, end, error, begin in rows:
                number = part_number(execution_id, prefix)
                if number != -1:
                    told = [
                        events_of(execution_id, workflow_id, [row])[0] if row else None
                        for row in (end, begin)
                    ]
                    found.append(part_summary(execution_id, number, EXECUTION_STATUSES[status], error, *told))
            if len(rows) < _PAGE_PARTS:
                return sorted(found, key=lambda part: part.number or 0)
            last = rows[-1][0] + "\0"

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        database = Database(self.path, self._connect)
        # One thread each: waiting for the disk, and reading, must not wait for each other nor for
        # the steps that run in the loop's own threads.
        disk = ThreadPoolExecutor(1, thread_name_prefix="store-disk")
        reading = ThreadPoolExecutor(1, thread_name_prefix="store-read")
        try:
            await loop.run_in_executor(disk, database.open)
            await loop.run_in_executor(disk, self.artifacts.discard_unfinished)
        except BaseException:
            disk.shutdown(wait=False)
            reading.shutdown(wait=False)
            raise
        self._disk, self._reading = disk, reading
        self._lookups = Lookups(self._read)
        self._writer = Writer(database, self.artifacts, disk, reading, self._lookups.told)
        self._next_key = database.highest_key + 1
        self._ended: deque[str] = deque()
        self.was_interrupted = database.was_interrupted
        self._database = database

    async def _read(self, query: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        await self.open()
        assert self._database is not None
        job = partial(self._database.read_json, query, parameters)
        return await asyncio.get_running_loop().run_in_executor(self._reading, job)

    async def _remove(self, execution_ids: Sequence[str]) -> int:
        removed = 0
        for group in groups(execution_ids):
            going = [execution_id for execution_id in group if self._forget(execution_id)]
            self._going.update(going)
            try:
                await self._writer.write_through(partial(delete_runs, going, self._saved_definitions))
            finally:
                self._going.difference_update(going)
            removed += len(going)
        return removed

    def _forget(self, execution_id: str) -> bool:
        """Drop the record of an ended execution; False when it, or the run it is a part of, went on."""
        for each_id in (execution_id, execution_id.partition("/")[0]):
            record = self._ledger.records.get(each_id)
            if record is not None and not record.status.is_terminal:
                return False
        self._ledger.records.pop(execution_id, None)
        if execution_id in self._ended:
            self._ended.remove(execution_id)
        return True

    async def _hold(self, owner: str, names: Collection[str]) -> None:
        await self._writer.write_through(partial(hold_names, owner, sorted(names)))

    async def _stored_names(self) -> set[str]:
        assert self._database is not None
        return await asyncio.to_thread(self._database.stored_names)

    async def _read_output(self, execution_id: str, step_id: str) -> Any:
        record = self._ledger.record(execution_id)
        step = record.step(step_id)
        if step is None or step.status is not StepStatus.COMPLETED:
            return None
        events = await _read_page(self, record, "seq = ?2", step.seq)
        return output_in(events, execution_id, step_id, step.seq)

    async def _insert(
        self, execution_id: str, workflow_id: str, data: Mapping[str, Any], *, is_fresh: bool
    ) -> Awaitable[None]:
        if not is_fresh and await self._find(execution_id) is not None:
            raise StoreError(f"There is a run {execution_id!r} already")
        record, admitted = self._ledger.create(self._next_key, execution_id, workflow_id, data)
        self._next_key += 1
        claim_named(self.artifacts, admitted)
        self._writer.batch().add(record, admitted)
        self._created[execution_id] = (admitted.events[0], self._writer.mark)
        return self._writer.commit_soon()

    async def _find(self, execution_id: str) -> ExecutionRecord | None:
        rows = await self._read(f"SELECT {EXECUTION_COLUMNS} FROM executions WHERE id = ?", (execution_id,))
        return await read_record(rows[0], partial(_read_all, self)) if rows else None

    async def _track(self, execution_id: str) -> None:
        await self.open()
        if execution_id in self._ledger.records:
            return
        await self.commit()
        record = await self._find(execution_id)
        if record is None or execution_id in self._going:
            raise await no_such_run(self._database, execution_id, self._reading)
        rows = await self._read(
            "SELECT json_array(step_id, status, reason, attempts, started_at, ended_at, duration_ms, seq, "
            "(SELECT due_at FROM timers t WHERE t.execution = s.execution AND t.step_id = s.step_id)) "
            "AS item FROM steps s WHERE execution = ?",
            (record.key,),
        )
        with making_sense(self.path):
            record.steps = {row[0]: step_record_of(row) for row in rows}
        last = await self._read(
            "SELECT json_array(seq, ts, taken, (SELECT seq FROM reached WHERE execution = ?1)) AS item "
            "FROM entries WHERE execution = ?1 ORDER BY seq DESC LIMIT 1",
            (record.key,),
        )
        if not last:
            raise damaged(execution_id, "nothing is left of its journal")
        *end, reached = last[0]
        record.seq, record.at = end_of(execution_id, end)
        with making_sense(self.path):
            record.found = max([record.seq, reached or 0, *(step.seq for step in record.steps.values())])
        # Another task may have loaded it meanwhile, and written through its record.
        self._ledger.records.setdefault(execution_id, record)
        if record.status.is_terminal:
            self._forget_old(record)

    def _forget_old(self, record: ExecutionRecord) -> None:
        """Ended executions are known for a while only: there may be thousands in the life of an engine."""
        if record.id in self._ended:
            return
        self._ended.append(record.id)
        if len(self._ended) > _ENDED_KEPT:
            oldest = self._ended.popleft()
            if self._ledger.records[oldest].status.is_terminal:
                del self._ledger.records[oldest]


async def _read_all(store: SqliteStateManager, record: ExecutionRecord, after: int = 0) -> list[Event]:
    """The durable events of a run from number `after` on; RunDamaged unless all of them are as written."""
    page = events = await _read_page(store, record, FROM, after)
    while len(page) >= _PAGE_EVENTS:
        page = await _read_page(store, record, "seq > ?2 ORDER BY seq", page[-1].seq)
        events += page
    # Only now: a page begins before number `after`, and one that is cut short would seem to be the last.
    events = events[next((index for index, event in enumerate(events) if event.seq > after), len(events)) :]
    check_dense(record.id, events, after, at_least=record.found)
    return events


async def _read_page(
    store: SqliteStateManager, record: ExecutionRecord, test: str, *parameters: int
) -> list[Event]:
    """Events of one run, checked where they are read, in the thread; at most a page of them."""
    database = store._database
    assert database is not None
    where = f"execution = ?1 AND {test} LIMIT {_PAGE_EVENTS}"

    def read() -> list[Event]:
        rows = database.read_journal(where, record.key, *parameters)
        return events_of(record.id, record.workflow_id, rows)

    return await asyncio.get_running_loop().run_in_executor(store._reading, read)
