"""Slots, workers and commits: runs ready steps, and starts none before what made it ready is durable.

Design note. A worker is a task that takes ready steps one after the other and awaits them inline; a task for
each step would cost more than most steps do. There are never more workers than slots, and none while nothing
is ready. A worker that has run for two milliseconds lets the loop turn.

Steps that become ready are staged until the journal's next commit. Whoever finds nothing else to do commits:
a worker without a ready step does it inline; beside long steps a task of its own does, once per turn of the
loop. So a burst of short steps shares one transaction, and a chain pays for one each, without a task switch.

The semaphore is held only while an action's own code runs. A worker whose action sleeps, or does not listen
when told to stop, is parked: it does not count, and another may take its place.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING, Any

from engine.errors import StoreError
from engine.run import garbage
from engine.run.activity import Activity
from engine.run.clock import Clock
from engine.run.ready_queue import ReadyQueue
from engine.run.turnstile import Turnstile

if TYPE_CHECKING:
    from engine.run.execution import Execution
    from engine.run.fast_path import Begun
    from engine.run.journal import Journal
    from engine.run.storage_trouble import StorageTrouble

_log = logging.getLogger(__name__)

TURN_S = 0.002
GRACE_S = 5.0

Run = Callable[["Execution", int, "Begun | None"], Awaitable[None]]
RunAtOnce = Callable[["Execution", int, "asyncio.Task[Any]"], "Begun | bool"]


class Dispatcher:
    """Runs the ready steps of all executions of one engine, `limit` at a time."""

    def __init__(self, *, limit: int, semaphore: asyncio.Semaphore, clock: Clock) -> None:
        self._limit = limit
        self._semaphore = semaphore
        self._clock = clock
        self._run: Run | None = None
        self._run_at_once: RunAtOnce | None = None
        self._journal: Journal | None = None
        self._trouble: StorageTrouble | None = None
        self._executions: Callable[[], Iterable[Execution]] = tuple
        self._ready = ReadyQueue()
        self._staged: list[tuple[Execution, Sequence[int]]] = []
        self._active = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._commit = Turnstile()
        self._waits_for_commits = True
        self._is_hurried = False
        self._is_flush_asked = False
        self._is_halted = False
        # The disk took what was written and could not keep it: that it can now is what has to be seen.
        self._must_sync = False
        self.is_closed = False

    def attach(
        self,
        run: Run,
        run_at_once: RunAtOnce,
        journal: Journal,
        trouble: StorageTrouble,
        executions: Callable[[], Iterable[Execution]],
    ) -> None:
        """Give the dispatcher what it needs to start anything.

        run: performs one attempt of a step and records what came of it; only our own faults escape it.
        run_at_once: is tried first: True when that was all, else what `run` is to go on with, if anything.
        trouble: is told that the store refuses the `executions`.
        """
        self._run = run
        self._run_at_once = run_at_once
        self._journal = journal
        self._waits_for_commits = not journal.store.commits_at_once
        self._trouble = trouble
        self._executions = executions

    def enqueue(self, execution: Execution, steps: Sequence[int]) -> None:
        """Run these steps once all that is recorded now is durable and slots are free."""
        if self._waits_for_commits:
            self._staged.append((execution, steps))
        else:
            self._ready.add(execution, steps)
        if not self._is_flush_asked:
            self.ask_for_flush()

    def tell_soon(self) -> None:
        """A run has ended: let that be known before anything else begins, where that costs nothing."""
        self._is_hurried = not self._waits_for_commits

    def withdraw(self, execution: Execution) -> list[int]:
        """Give back the steps of the execution that no worker has taken yet, in their order."""
        withdrawn = self._ready.withdraw(execution)
        withdrawn += [step for owner, steps in self._staged if owner is execution for step in steps]
        self._staged = [entry for entry in self._staged if entry[0] is not execution]
        return withdrawn

    def stop(self, execution: Execution, activity: Activity) -> None:
        """Cancel an attempt; if it does not listen within the grace, the run goes on without it."""
        if activity.stop == "cancel":
            return
        if activity.task is None:
            activity.stop = "cancel"  # its action has not begun, and will not
            return
        self.interrupt(activity, "cancel")
        self._clock.call_later(GRACE_S, lambda: self._abandon_cancelled(execution, activity))

    def interrupt(self, activity: Activity, reason: str) -> None:
        """Tell an action to stop: its callbacks first, then its coroutine."""
        activity.stop = "cancel" if reason == "cancel" else "timeout"
        if activity.context is not None:
            activity.context.cancel()
        if activity.task is not None:
            activity.task.cancel()

    def abandon(self, activity: Activity) -> None:
        """Go on without an attempt that does not listen: its slot is free, its result will be discarded."""
        activity.is_abandoned = activity.is_parked = True
        if activity.holds_slot:
            activity.holds_slot = False
            self._semaphore.release()
        self.park()

    def park(self) -> None:
        """A worker will be busy without using a slot."""
        self._active -= 1
        self._dispatch()

    def unpark(self) -> None:
        """The worker is back."""
        self._active += 1

    def ask_for_flush(self) -> None:
        """Something waits to become durable: see to it when the loop next turns."""
        if not self._is_flush_asked and not self.is_closed:
            self._is_flush_asked = True
            asyncio.get_running_loop().call_soon(self._flush_soon)

    async def barrier(self, *, full_sync: bool = False) -> None:
        """Everything recorded before the call is durable and published; raises StoreError."""
        await self._commit.enter()
        try:
            await self._flush(full_sync=full_sync)
        finally:
            self._commit.leave()
        self._dispatch()

    async def close(self) -> None:
        """Cancel what runs, without recording an end: as after a crash, it can be recovered."""
        self.is_closed = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            _, stuck = await asyncio.wait(self._tasks, timeout=GRACE_S)
            for task in stuck:
                _log.warning("A step does not listen to its cancellation: %s", task.get_name())

    def _abandon_cancelled(self, execution: Execution, activity: Activity) -> None:
        if activity.task is not None and not activity.is_abandoned:
            self.abandon(activity)
            execution.steps.cancel(activity)
            execution.advance()

    def _flush_soon(self) -> None:
        self._is_flush_asked = False
        if self._commit.is_taken or self.is_closed:
            return
        if self._has_unflushed():
            self._spawn(self._flush_once())
        else:
            self._dispatch()

    def _has_unflushed(self) -> bool:
        return bool(self._staged) or (self._journal is not None and self._journal.is_dirty)

    async def _flush_once(self) -> None:
        await self._commit.enter()
        try:
            await self._flush()
        except StoreError:
            return  # its runs are shown as paused; resuming one tries again
        finally:
            self._commit.leave()
        self._dispatch()

    async def _flush(self, *, full_sync: bool = False) -> None:
        """Commit until nothing is left; holds the lock. What it makes ready is not dispatched yet."""
        assert self._journal is not None
        assert self._trouble is not None
        is_asked = full_sync or self._is_halted
        full_sync = full_sync or self._must_sync
        while is_asked or self._has_unflushed():
            is_asked = False
            staged, self._staged = self._staged, []
            try:
                await self._journal.commit(full_sync=full_sync)
            except BaseException as error:
                self._staged[:0] = staged
                if isinstance(error, StoreError):
                    self._must_sync = self._must_sync or full_sync
                    self._halt(error)
                raise
            if full_sync:
                full_sync = self._must_sync = False
            if self._is_halted and not self._trouble.lasts:
                self._is_halted = False
                self._trouble.ends()
            for execution, steps in staged:
                self._ready.add(execution, steps)

    async def held_up(self, error: StoreError) -> None:
        """The store has no place for a result: return when a person asks to try again."""
        assert self._trouble is not None
        patience = self._trouble.patience()
        self.park()
        try:
            with suppress(StoreError):  # which halts as well, and has been told
                await self.barrier()
            self._halt(error)
            await patience
        finally:
            self.unpark()

    def _halt(self, error: StoreError) -> None:
        """Nothing more is started before a commit succeeds."""
        assert self._trouble is not None
        if not self._is_halted:
            _log.error("The store cannot be written; runs stand still: %s", error)
        self._is_halted = True
        self._trouble.begins(self._executions(), error)

    def _dispatch(self, *, but: int = 0) -> None:
        """Start workers for ready steps, as many as there are slots; `but` steps already have a worker."""
        wanted = min(self._ready.size - but, self._limit - self._active)
        if self._is_halted or self.is_closed:
            return
        for _ in range(wanted):
            self._active += 1
            self._spawn(self._work())

    def _spawn(self, coroutine: Awaitable[None]) -> None:
        task = asyncio.ensure_future(coroutine)
        assert isinstance(task, asyncio.Task)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        run, run_at_once, task = self._run, self._run_at_once, asyncio.current_task()
        assert run is not None
        assert run_at_once is not None
        assert task is not None
        ready = self._ready
        now = perf_counter()
        turn_ends = now + TURN_S
        garbage.begins(now)
        try:
            while not self._is_halted:
                if ready.size and not self._is_hurried:
                    execution, step = ready.pop()
                    if execution.take(step):
                        try:
                            begun = run_at_once(execution, step, task)
                            if begun is not True:
                                await run(execution, step, begun or None)
                        except StoreError as error:
                            _log.error("Run %s stopped: %s", execution.id, error)
                            execution.broken(error)
                        except Exception as error:  # noqa: BLE001 - a fault of ours: no run may hang for it
                            step_id = execution.plan.steps[step].id
                            _log.exception("Step %r of run %s broke the engine", step_id, execution.id)
                            execution.broken(error)
                elif self._has_unflushed() and self._commit.try_enter():
                    self._is_hurried = False
                    try:
                        await self._flush()
                    finally:
                        self._commit.leave()
                    if ready.size > 1:
                        self._dispatch(but=1)
                elif self._is_hurried and ready.size:
                    self._is_hurried = False  # somebody else is telling it
                else:
                    return
                now = perf_counter()
                if now > turn_ends:
                    garbage.turn(now)
                    await asyncio.sleep(0)
                    turn_ends = perf_counter() + TURN_S
        except StoreError:
            return  # its runs are shown as paused; resuming one tries again
        finally:
            self._active -= 1
            garbage.ends()
