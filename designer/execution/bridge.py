"""The only place that crosses between the window and the engine.

Calls go over with `run_coroutine_threadsafe` and are awaited on the window's loop. Events come back folded:
each watched execution is folded on the engine's side, and at most 30 times a second what changed crosses as
one `RunBatch`, with one wake-up of the window. A batch waits until the window has taken the one before it,
so a slow window gets larger batches and never a queue of them; what is more than the window can take in
between two frames comes in several, with a breath after each. Nothing here names a thread or a loop in its
signatures: an engine in another process can stand behind the same interface.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

from designer.execution.batch import RunBatch, RunFold
from designer.execution.engine_thread import EngineThread
from designer.execution.holding_calls import HoldingCalls
from designer.execution.start import Start
from engine.errors import StoreError
from engine.files import codec
from engine.history.status import ExecutionStatus
from engine.model.breakpoints import paths_of
from engine.secrets.sources import Secrets

if TYPE_CHECKING:
    from engine.history.state import ExecutionState
    from engine.history.statistics import WorkflowStatistics
    from engine.model.workflow import Workflow
    from engine.run.options import RunOptions
    from engine.run.workflow_engine import WorkflowEngine
    from engine.store.parts import PartSummary
    from engine.store.state_manager import ExecutionSummary

T = TypeVar("T")
log = logging.getLogger(__name__)

BATCH_INTERVAL_S = 1 / 30
BREATH_S = 0.01
"""Between two batches while there is more to tell than one holds."""
RECENT_RUNS = 200
DAY_S = 86_400.0

EngineFactory = Callable[[], Awaitable["WorkflowEngine"]]
"""Makes an engine with its store open; called on the engine's own loop."""


class EngineBridge(HoldingCalls, QObject):
    """Owns the engine and its thread; every coroutine here is awaited on the window's loop.

    `batch_arrived(RunBatch)` tells of every execution that was started, resumed or watched here.
    """

    batch_arrived = Signal(object)
    _crossed = Signal(object)

    def __init__(
        self,
        factory: EngineFactory,
        *,
        keep_days: int = 0,
        secrets: Secrets | None = None,
        parent: QObject | None = None,
    ) -> None:
        """keep_days: runs that ended longer ago are removed when the engine has started; 0 keeps them all."""
        super().__init__(parent)
        self._factory = factory
        self._secrets = secrets if secrets is not None else Secrets()
        self._keep_days = keep_days
        self._thread = EngineThread()
        self._opening = asyncio.Lock()
        self._host: EngineHost | None = None
        self._crossed.connect(self._on_crossed, Qt.ConnectionType.QueuedConnection)

    @property
    def is_open(self) -> bool:
        return self._host is not None

    async def open(self) -> None:
        """Starts the thread, the engine and its store; raises StoreError when the store cannot be had."""
        async with self._opening:
            if self._host is not None:
                return
            thread = EngineThread()
            thread.start()
            try:
                self._host = await thread.call(
                    EngineHost.open(self._factory, self._crossed.emit, self._keep_days)
                )
            except BaseException:
                thread.stop()
                raise
            self._thread = thread

    async def start(
        self,
        workflow: Workflow,
        inputs: Mapping[str, Any],
        base_dir: Path | None = None,
        options: RunOptions | None = None,
    ) -> str:
        """The id of the new execution, durable on return; its batches follow.

        Cancelled meanwhile, no execution comes of it, or one that is cancelled before it has done much.
        """
        await self.open()
        assert self._host is not None
        host, start = self._host, Start(workflow, inputs, base_dir, options)
        started = asyncio.wrap_future(self._thread.submit(host.start(start)))
        try:
            return await asyncio.shield(started)
        except asyncio.CancelledError:
            start.is_called_off = True
            self._thread.submit(host.call_off(start))
            raise

    async def retry(self, execution_id: str, step: str = "") -> None:
        """Takes up an execution that has ended, from a step or from where it failed."""
        await self._call(lambda host: host.engine.retry_from(execution_id, step))

    async def resolve_uncertain(self, execution_id: str, step: str, *, happened: bool) -> None:
        """Says whether a step took effect of which nobody knows, and goes on."""
        await self._call(lambda host: host.engine.resolve_uncertain(execution_id, step, happened=happened))

    async def watch(self, execution_id: str) -> None:
        """Sends the whole history of an execution and then whatever happens to it."""
        await self._call(lambda host: host.watch(execution_id))

    async def resume(self, execution_id: str, inputs: Mapping[str, Any] | None = None) -> bool:
        """Goes on with a paused execution; raises SchemaValidationError if a value does not fit."""
        return await self._call(lambda host: host.resume(execution_id, inputs))

    async def pause(self, execution_id: str) -> bool:
        """Starts nothing new; what runs finishes first."""
        return await self._call(lambda host: host.engine.pause_workflow(execution_id))

    async def cancel(self, execution_id: str, *, force: bool = False, rollback: bool = False) -> bool:
        """Ends the execution; with `force` what runs is interrupted, with `rollback` what was done undone."""
        return await self._call(
            lambda host: host.engine.cancel_workflow(execution_id, force=force, rollback=rollback)
        )

    async def roll_back(self, execution_id: str, uncertain: Mapping[str, bool]) -> bool:
        """Undoes what an execution did that has ended; `uncertain` as in `rollback_workflow`."""
        return await self._call(lambda host: host.engine.rollback_workflow(execution_id, uncertain=uncertain))

    async def hold(self, owner: str, names: Collection[str]) -> None:
        """These stored results stay, whatever is pruned: pinned results refer to them."""
        await self._call(lambda host: host.engine.state_manager.hold(owner, names))

    async def history(self, limit: int = 100) -> Sequence[ExecutionSummary]:
        """The latest executions of the store, newest first."""
        return await self._call(lambda host: host.history(limit))

    async def unfinished(self) -> Sequence[ExecutionSummary]:
        """Executions that have not ended, and those that this start took up and ended since; newest first."""
        return await self._call(lambda host: host.unfinished())

    async def load(self, execution_id: str) -> ExecutionState:
        """An execution as the store has it."""
        return await self._call(lambda host: host.load(execution_id))

    async def parts_of(self, execution_id: str, node_id: str) -> Sequence[PartSummary]:
        """The parts of a run that stand for one node, such as the items of a For each, in their order.

        Those of its last try; of an item that did not run again, the part that did run.
        """
        from engine.run.earlier_parts import latest_parts  # the window stands before the engine is loaded

        return await self._call(lambda host: latest_parts(host.engine.state_manager, execution_id, node_id))

    async def load_definition(self, definition_hash: str) -> dict[str, Any]:
        """The workflow's JSON that an execution was started with."""
        return await self._call(lambda host: host.engine.state_manager.load_definition(definition_hash))

    async def figures(
        self, workflow_id: str, execution_ids: Sequence[str]
    ) -> tuple[WorkflowStatistics, Mapping[str, float]]:
        """Figures over the latest runs of a workflow, and how long these executions were paused, in ms."""

        async def read(host: EngineHost) -> tuple[WorkflowStatistics, Mapping[str, float]]:
            paused = await host.engine.state_manager.waiting_ms(execution_ids)
            return await host.engine.statistics(workflow_id), paused

        return await self._call(read)

    async def with_secrets(self, work: Callable[[Secrets], T]) -> T:
        """What `work` gives, which may wait for the system's keyring."""
        return await self._call(lambda _host: asyncio.to_thread(work, self._secrets))

    async def close(self) -> None:
        """Leaves every execution resumable, closes the store and joins the thread."""
        host, self._host = self._host, None
        if host is not None:
            await self._thread.call(host.close())
        self._thread.stop()

    async def _call(self, work: Callable[[EngineHost], Coroutine[Any, Any, T]]) -> T:
        await self.open()
        assert self._host is not None
        return await self._thread.call(work(self._host))

    @Slot(object)
    def _on_crossed(self, batch: RunBatch) -> None:
        try:
            self.batch_arrived.emit(batch)
        finally:
            if self._host is not None:
                self._host.taken(batch.execution_id)


class EngineHost:
    """The engine's side of the bridge; lives on the engine's loop, but for `taken`."""

    def __init__(self, engine: WorkflowEngine, send: Callable[[RunBatch], None]) -> None:
        self.engine = engine
        self._send = send
        self._watchers: dict[str, _Watcher] = {}
        self._taken_up: frozenset[str] = frozenset()
        self._pruning: asyncio.Task[None] | None = None
        self._undoing: set[asyncio.Task[Any]] = set()

    @classmethod
    async def open(
        cls, factory: EngineFactory, send: Callable[[RunBatch], None], keep_days: int = 0
    ) -> EngineHost:
        host = cls(await factory(), send)
        host._taken_up = frozenset(await host.engine.recover())
        if keep_days:
            host._pruning = asyncio.create_task(host._prune(keep_days), name="prune")
        return host

    async def _prune(self, keep_days: int) -> None:
        """Make room beside whatever runs; what cannot be removed now is at the next start."""
        try:
            pruned = await self.engine.state_manager.prune(older_than=keep_days * DAY_S)
        except StoreError as error:
            log.warning("Old runs were not removed: %s", error)
        else:
            log.info("Removed %d runs and %d stored results", pruned.runs, pruned.results)

    async def start(self, start: Start) -> str:
        execution_id = await start.carry_out(self.engine)
        if not start.is_called_off:
            self._follow(execution_id)
        return execution_id

    async def call_off(self, start: Start) -> None:
        """Nobody wants the execution any more that is being started, or has been in this very moment."""
        task = asyncio.current_task()
        assert task is not None
        self._undoing.add(task)
        task.add_done_callback(self._undoing.discard)
        await start.undo(self.engine)

    async def resume(self, execution_id: str, inputs: Mapping[str, Any] | None) -> bool:
        self._follow(execution_id)
        return await self.engine.resume_workflow(execution_id, dict(inputs) if inputs else None)

    async def step(self, execution_id: str) -> bool:
        self._follow(execution_id)
        return await self.engine.step_workflow(execution_id)

    async def repair(self, execution_id: str, conditions: Mapping[str, str]) -> bool:
        self._follow(execution_id)
        return await self.engine.repair_workflow(execution_id, conditions)

    async def set_breakpoints(self, execution_id: str, breakpoints: Collection[str]) -> bool:
        """The drawing may have steps by now that the run knows nothing of."""
        store = self.engine.state_manager
        state = await store.load_state(execution_id)
        known = paths_of(codec.decode(await store.load_definition(state.definition_hash)))
        return await self.engine.set_breakpoints(execution_id, known & set(breakpoints))

    async def watch(self, execution_id: str) -> None:
        watcher = self._watchers.pop(execution_id, None)
        if watcher is not None:
            await watcher.close()
        self._follow(execution_id)

    def _follow(self, execution_id: str) -> None:
        watcher = self._watchers.get(execution_id)
        if watcher is None or watcher.is_done:
            self._watchers[execution_id] = _Watcher(self.engine, execution_id, self._send)

    async def history(self, limit: int) -> Sequence[ExecutionSummary]:
        return await self.engine.state_manager.list_executions(limit=limit)

    async def unfinished(self) -> Sequence[ExecutionSummary]:
        store = self.engine.state_manager
        active = [status for status in ExecutionStatus if not status.is_terminal]
        unfinished = await store.list_executions(statuses=active, limit=None)
        if not self._taken_up:
            return unfinished
        listed = {summary.id for summary in unfinished}
        recent = await store.list_executions(limit=RECENT_RUNS)
        ended = [one for one in recent if one.id in self._taken_up and one.id not in listed]
        return sorted([*unfinished, *ended], key=lambda one: one.created_at, reverse=True)

    async def load(self, execution_id: str) -> ExecutionState:
        return await self.engine.state_manager.load_state(execution_id)

    def taken(self, execution_id: str) -> None:
        """The window has taken the last batch of this execution; safe from any thread."""
        watcher = self._watchers.get(execution_id)
        if watcher is not None:
            watcher.window_is_free = True

    async def close(self) -> None:
        if self._undoing:
            await asyncio.wait(self._undoing)
        watchers, self._watchers = self._watchers, {}
        await asyncio.gather(*(watcher.close() for watcher in watchers.values()))
        if self._pruning is not None:
            self._pruning.cancel()
            await asyncio.wait([self._pruning])
        await self.engine.close()


class _Watcher:
    """Follows one execution and sends its batches until it has ended."""

    def __init__(self, engine: WorkflowEngine, execution_id: str, send: Callable[[RunBatch], None]) -> None:
        self.window_is_free = True
        self._send = send
        self._fold = RunFold()
        self._timer: asyncio.TimerHandle | None = None
        self._sent_at = 0.0
        self._task = asyncio.create_task(self._pump(engine, execution_id), name=f"watch {execution_id}")

    @property
    def is_done(self) -> bool:
        """Whether the execution has ended, and all of it has been told."""
        return self._task.done() and not self._fold.is_changed

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _pump(self, engine: WorkflowEngine, execution_id: str) -> None:
        try:
            async for event in engine.events(execution_id):
                self._fold.add(event)
                if self._timer is None:
                    self._arm()
        except Exception:  # the bridge pump: one of the three broad ones; a dead pump must not pass unseen
            log.exception("the events of %s can no longer be followed", execution_id)

    def _arm(self) -> None:
        loop = asyncio.get_running_loop()
        interval = BREATH_S if self._fold.is_behind else BATCH_INTERVAL_S
        delay = max(0.0, self._sent_at + interval - loop.time())
        self._timer = loop.call_later(delay, self._flush)

    def _flush(self) -> None:
        self._timer = None
        self._sent_at = asyncio.get_running_loop().time()
        if not self._fold.is_changed:
            return
        if not self.window_is_free:
            self._arm()
            return
        self.window_is_free = False
        self._send(self._fold.take())
        if self._fold.is_changed:
            self._arm()
