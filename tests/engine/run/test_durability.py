"""How often the disk is waited for, and what is written when, by the setting of the workflow."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from engine import MemoryStateManager, SqliteStateManager, WorkflowEngine
from engine.errors import DefinitionError
from engine.history.events import EventType
from tests.support.builders import chain, make_workflow, node
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio


class Watched(MemoryStateManager):
    """Notes what had been called at each commit."""

    def __init__(self, actions: ScriptedActions) -> None:
        super().__init__()
        self._actions = actions
        self.synced: list[list[str]] = []
        self.commits = 0

    async def commit(self, *, full_sync: bool = False) -> None:
        self.commits += 1
        if full_sync:
            self.synced.append(list(self._actions.calls))


def sending(actions: ScriptedActions, durability: str | None, **config: Any) -> dict[str, Any]:
    actions.registry.action("test", "send", effects="external")(actions.echo)
    settings = {} if durability is None else {"durability": durability}
    return chain("a", node("b", "send", **config), "c", settings=settings)


@pytest.mark.parametrize(
    ("durability", "synced"),
    [
        (None, [["a"]]),
        ("auto", [["a"]]),
        # Its creation, its start, before and after each effect: at every commit.
        ("strict", [[], [], ["a"], ["a"], ["a", "b"], ["a", "b", "c"]]),
        ("relaxed", []),
        ("none", []),
    ],
)
async def test_that_the_disk_is_waited_for_as_often_as_was_asked(
    actions: ScriptedActions, durability: str | None, synced: list[list[str]]
) -> None:
    store = Watched(actions)
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        state = await engine.wait(await engine.start_workflow(sending(actions, durability)))
    assert (state["status"], actions.calls) == ("COMPLETED", ["a", "b", "c"])
    assert store.synced == synced


@pytest.mark.parametrize(("durability", "synced"), [("auto", 1), ("strict", 6), ("relaxed", 0), ("none", 0)])
async def test_that_a_step_tried_at_most_once_is_recorded_before_it_begins(
    actions: ScriptedActions, durability: str, synced: int, tmp_path: Path
) -> None:
    path = tmp_path / "runs.db"
    seen: list[list[str]] = []

    async def look(params: dict[str, Any], context: Any) -> None:
        events = await store.read_events(context.execution_id)
        seen.append([f"{event.type}:{event.step_id}" for event in events])

    actions.registry.action("test", "look")(look)
    workflow = chain(
        "a", node("b", "look", delivery="at_most_once"), "c", settings={"durability": durability}
    )
    store = SqliteStateManager(path)
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        before = syncs(path)
        assert (await engine.wait(await engine.start_workflow(workflow)))["status"] == "COMPLETED"
        assert syncs(path) - before == synced
    assert seen[0][-1] == "STEP_RUNNING:b"


def syncs(path: Path) -> int:
    connection = sqlite3.connect(path) if path.exists() else None
    if connection is None:
        return 0
    count: int = connection.execute("SELECT value FROM meta WHERE name = 'syncs'").fetchone()[0]
    connection.close()
    return count


async def test_that_a_run_that_may_be_lost_is_written_when_it_rests(
    actions: ScriptedActions, tmp_path: Path
) -> None:
    path = tmp_path / "runs.db"
    steps = ["a", node("b", "gate"), node("c", parameters={"x": "${input.x}"}), "d"]
    store = SqliteStateManager(path)
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        execution_id = await engine.start_workflow(chain(*steps, settings={"durability": "none"}))
        await actions.reached["b"].wait()
        durable = [event.type for event in await store.read_events(execution_id)]
        assert durable == [EventType.EXECUTION_CREATED]
        assert (await engine.get_workflow_status(execution_id))["steps"]["a"]["status"] == "COMPLETED"
        actions.gates["b"].set()
        assert (await engine.wait(execution_id))["reason"] == "missing_input"
        assert (await store.read_events(execution_id))[-1].type is EventType.EXECUTION_PAUSED
        await engine.resume_workflow(execution_id, {"x": 1})
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
        events = await store.read_events(execution_id)
    assert events[-1].type is EventType.EXECUTION_COMPLETED
    assert [event.seq for event in events] == list(range(1, len(events) + 1))


async def test_that_runs_of_all_kinds_live_side_by_side(actions: ScriptedActions) -> None:
    store = Watched(actions)
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        runs = [
            await engine.start_workflow(chain("a", "b", id=mode, settings={"durability": mode}))
            for mode in ("auto", "strict", "relaxed", "none")
        ]
        for execution_id in runs:
            assert (await engine.wait(execution_id))["status"] == "COMPLETED"


@pytest.mark.parametrize("wrong", ["fast", 3, False, ["auto"]])
async def test_that_an_unknown_durability_is_refused(actions: ScriptedActions, wrong: Any) -> None:
    async with WorkflowEngine(registry=actions.registry) as engine:
        with pytest.raises(DefinitionError, match="durability") as caught:
            await engine.start_workflow(make_workflow("a", settings={"durability": wrong}))
    assert [problem.pointer for problem in caught.value.problems] == ["/settings/durability"]
