"""An engine on a durable store that can die: what its process had not committed is gone, the rest is not.

A death copies the store's files as they are at that moment, which is what kill -9 leaves behind, and goes on
with the copy. What is left of the old engine is closed afterwards, where nobody looks any more.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

from engine import ActionRegistry, SqliteStateManager, WorkflowEngine
from engine.actions.context import StepContext
from engine.catalog import Catalog
from engine.errors import ActionError
from tests.support.fake_clock import FakeClock, FixedRng, settle


class MortalEngine:
    """The actions wait until a test says how they end; `live` are those that wait, by step."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self.limit = limit
        self.lives = 0
        self.now = 1_000_000.0
        self.live: dict[str, asyncio.Future[str]] = {}
        self.keys: defaultdict[str, set[str]] = defaultdict(set)
        self.attempts: dict[str, int] = {}
        self.engine, self.clock = self._born()

    @property
    def path(self) -> Path:
        return self.folder / str(self.lives) / "runs.db"

    async def work(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        step, live = context.step_id, self.live
        assert step not in live, f"{step} was started twice"
        self.keys[step].add(context.idempotency_key)
        self.attempts[step] = context.attempt
        told = live[step] = asyncio.get_running_loop().create_future()
        try:
            if await told == "fail":
                raise ActionError("as told")
        finally:
            del live[step]
        return {"done": True}

    async def die(self, turns: int | None = None) -> None:
        """Another process takes over what this one had committed, and so far as `turns` of its loop go."""
        before, old = self.path, self.engine
        self.lives += 1
        shutil.copytree(before.parent, self.path.parent, ignore=shutil.ignore_patterns("*.lock", "*-shm"))
        self.now = self.clock.now()
        self.live = {}
        await old.close()
        self.engine, self.clock = self._born()
        await self.engine.recover()
        await settle(50 if turns is None else turns)

    async def close(self) -> None:
        await self.engine.close()

    def _born(self) -> tuple[WorkflowEngine, FakeClock]:
        clock = FakeClock(self.now)
        registry = ActionRegistry()
        registry.register("test", "work", self.work)
        self.path.parent.mkdir(exist_ok=True)
        engine = WorkflowEngine(
            self.limit,
            registry=registry,
            catalog=Catalog.load(),
            state_manager=SqliteStateManager(self.path, now=clock.now),
            clock=clock,
            rng=FixedRng(),
        )
        return engine, clock
