"""A store that refuses: nothing is told that is not durable, and the run can go on afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from engine import MemoryStateManager, WorkflowEngine
from engine.errors import StorageFull
from engine.history.events import Event
from tests.support.builders import chain, node
from tests.support.fake_clock import settle
from tests.support.scripted_actions import RecordingNotifier, ScriptedActions

pytestmark = pytest.mark.asyncio


class FullStore(MemoryStateManager):
    """Refuses commits while it is full."""

    is_full = False

    async def commit(self, *, full_sync: bool = False) -> None:
        if self.is_full:
            raise StorageFull("There is no room left on the disk")


async def test_that_a_full_disk_stops_the_run_and_tells_who_waits(actions: ScriptedActions) -> None:
    store, notifier = FullStore(), RecordingNotifier()
    async with WorkflowEngine(registry=actions.registry, state_manager=store, notifier=notifier) as engine:
        execution_id = await engine.start_workflow(chain(node("a", "gate"), "b"))
        await actions.reached["a"].wait()
        waiting = asyncio.create_task(engine.wait(execution_id))
        await settle()
        store.is_full = True
        actions.gates["a"].set()
        with pytest.raises(StorageFull):
            await waiting
        assert "STEP_COMPLETED" not in notifier.statuses
        assert actions.calls == ["a"]

        store.is_full = False
        await engine.resume_workflow(execution_id)
        state = await engine.wait(execution_id)
        assert (state["status"], actions.calls) == ("COMPLETED", ["a", "b"])


async def test_that_an_external_effect_waits_until_its_run_is_on_disk(actions: ScriptedActions) -> None:
    synced: list[list[str]] = []

    class Watched(MemoryStateManager):
        async def commit(self, *, full_sync: bool = False) -> None:
            if full_sync:
                synced.append(list(actions.calls))

    actions.registry.action("test", "send", effects="external")(actions.echo)
    async with WorkflowEngine(registry=actions.registry, state_manager=Watched()) as engine:
        state = await engine.wait(await engine.start_workflow(chain("a", node("b", "send"))))
    assert state["status"] == "COMPLETED"
    assert synced == [["a"]]  # once, after `a` and before `b`


async def test_that_an_external_step_that_could_not_be_made_safe_runs_later(actions: ScriptedActions) -> None:
    store = FullStore()
    actions.registry.action("test", "send", effects="external")(actions.echo)

    class Engine(WorkflowEngine):
        def _validate_input_schema(self, step: Any, params: Any) -> None:
            store.is_full = step.id == "b" and not actions.count("full once")
            if store.is_full:
                actions.calls.append("full once")

    async with Engine(registry=actions.registry, state_manager=store) as engine:
        execution_id = await engine.start_workflow(chain("a", node("b", "send")))
        with pytest.raises(StorageFull):
            await engine.wait(execution_id)
        store.is_full = False
        await engine.resume_workflow(execution_id)
        state = await engine.wait(execution_id)
    assert (state["status"], actions.count("b")) == ("COMPLETED", 1)


async def test_that_a_fault_of_ours_is_told_to_who_waits(
    actions: ScriptedActions, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(MemoryStateManager):
        def append(self, execution_id: str, drafts: Sequence[Any]) -> list[Event]:
            if any(draft.type == "CONNECTION_RESOLVED" for draft in drafts):
                raise AssertionError("a bug")
            return super().append(execution_id, drafts)

    async with WorkflowEngine(registry=actions.registry, state_manager=Broken()) as engine:
        execution_id = await engine.start_workflow(chain("a", "b"))
        async with asyncio.timeout(5):
            with pytest.raises(AssertionError):
                await engine.wait(execution_id)
    assert "broke the engine" in caplog.text


async def test_that_waiting_after_the_fault_does_not_wait_for_ever(actions: ScriptedActions) -> None:
    store = FullStore()
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        execution_id = await engine.start_workflow(chain(node("a", "gate")))
        await actions.reached["a"].wait()
        store.is_full = True
        actions.gates["a"].set()
        await settle()
        async with asyncio.timeout(5):
            with pytest.raises(StorageFull):
                await engine.wait(execution_id)
        store.is_full = False
