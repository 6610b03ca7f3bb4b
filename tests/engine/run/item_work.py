"""Items that are worked on, noted, and fail when they are told to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from engine import MemoryStateManager, SqliteStateManager, StepContext, WorkflowEngine
from engine.errors import ActionError
from tests.support.fake_clock import FixedRng
from tests.support.journal_rules import check_journal
from tests.support.scripted_actions import ScriptedActions

LARGE = "x" * 70_000


class Work:
    """An action that notes each item it works on, and fails on those that are `bad`."""

    def __init__(self, actions: ScriptedActions) -> None:
        self.bad: set[Any] = set()
        self.done: list[Any] = []
        self.undone: list[Any] = []
        self.actions = actions
        actions.registry.register("test", "work", self.work)
        actions.registry.register("test", "unwork", self.unwork)

    async def work(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        if params["item"] in self.bad:
            raise ActionError("bad item")
        self.done.append(params["item"])
        return {"got": params["item"], "large": LARGE if params.get("large") else ""}

    async def unwork(self, params: dict[str, Any], context: StepContext) -> None:
        self.undone.append(params["item"])


@pytest.fixture
def work(actions: ScriptedActions) -> Work:
    return Work(actions)


def engine_of(work: Work, store: Any, **more: Any) -> WorkflowEngine:
    return WorkflowEngine(registry=work.actions.registry, state_manager=store, rng=FixedRng(0.0), **more)


@pytest_asyncio.fixture(params=["memory", "sqlite"])
async def any_engine(
    work: Work, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[WorkflowEngine]:
    store = MemoryStateManager() if request.param == "memory" else SqliteStateManager(tmp_path / "runs.db")
    async with engine_of(work, store) as made:
        yield made


async def ended(engine: WorkflowEngine, execution_id: str) -> dict[str, Any]:
    state = await engine.wait(execution_id)
    store = engine.state_manager
    for summary in await store.list_executions(limit=None, parts=True):
        check_journal(await store.read_events(summary.id))
    return state
