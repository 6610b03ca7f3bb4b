"""A store that refuses: nothing is told that is not durable, and the run can go on afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from engine import MemoryStateManager, WorkflowEngine
from engine.errors import StorageFull
from engine.history.events import TRANSIENT, Event, EventType
from engine.history.state import ExecutionState
from engine.history.status import ExecutionStatus
from engine.run.options import RunOptions
from engine.store.sqlite import SqliteStateManager
from tests.support.builders import chain, node
from tests.support.fake_clock import settle
from tests.support.flaky_disk import Plan, connect_with, fail_with
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
        shown = await waiting
        assert (shown["status"], shown["reason"]) == ("PAUSED", "storage_error")
        assert shown["error"]["type"] == "StorageFull"
        assert shown["steps"]["a"]["status"] == "RUNNING"  # that it completed is not durable
        assert await engine.get_workflow_status(execution_id) == shown
        assert await engine.wait(execution_id) == shown
        assert "STEP_COMPLETED" not in notifier.statuses
        assert actions.calls == ["a"]
        with pytest.raises(StorageFull):
            await engine.resume_workflow(execution_id)
        assert await engine.get_workflow_status(execution_id) == shown

        store.is_full = False
        await engine.resume_workflow(execution_id)
        state = await engine.wait(execution_id)
        assert (state["status"], state["error"], actions.calls) == ("COMPLETED", None, ["a", "b"])


async def test_that_a_run_can_be_stepped_once_its_store_works_again(actions: ScriptedActions) -> None:
    store = FullStore()
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        execution_id = await engine.start_workflow(chain(node("a", "gate"), "b", "c"))
        await actions.reached["a"].wait()
        await settle()
        store.is_full = True
        actions.gates["a"].set()
        assert (await engine.wait(execution_id))["reason"] == "storage_error"
        with pytest.raises(StorageFull):
            await engine.step_workflow(execution_id)
        store.is_full = False
        assert await engine.step_workflow(execution_id)
        state = await engine.wait(execution_id)
        assert (state["reason"], actions.calls) == ("breakpoint", ["a", "b"])


async def test_that_a_run_that_was_held_is_held_again_once_its_store_works(actions: ScriptedActions) -> None:
    store = FullStore()
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        workflow = chain(node("a", "gate"), "b", "c")
        options = RunOptions(breakpoints=frozenset({"b"}))
        execution_id = await engine.start_workflow(workflow, options=options)
        await actions.reached["a"].wait()
        await settle()
        actions.gates["a"].set()
        assert (await engine.wait(execution_id))["reason"] == "breakpoint"
        store.is_full = True
        with pytest.raises(StorageFull):
            await engine.set_breakpoints(execution_id, ["b", "c"])
        assert (await engine.wait(execution_id))["reason"] == "storage_error"
        store.is_full = False
        assert await engine.resume_workflow(execution_id)
        assert (await engine.wait(execution_id))["reason"] == "breakpoint"
        assert actions.calls == ["a"]
        assert await engine.resume_workflow(execution_id)
        state = await engine.wait(execution_id)
        assert (state["reason"], actions.calls) == ("breakpoint", ["a", "b"])  # what was asked for was kept


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
        assert (await engine.wait(execution_id))["reason"] == "storage_error"
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
            for _ in ("while it happens", "later"):
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
            assert (await engine.wait(execution_id))["status"] == "PAUSED"
        store.is_full = False


async def seen(engine: WorkflowEngine, execution_id: str, into: list[Event]) -> None:
    async for event in engine.events(execution_id):
        into.append(event)


async def test_that_every_reader_of_events_is_told_and_told_when_it_is_over(actions: ScriptedActions) -> None:
    store = FullStore()
    early: list[Event] = []
    late: list[Event] = []
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        execution_id = await engine.start_workflow(chain(node("a", "gate"), node("b", "gate")))
        await actions.reached["a"].wait()
        readers = [asyncio.create_task(seen(engine, execution_id, early))]
        await settle()
        store.is_full = True
        actions.gates["a"].set()
        await engine.wait(execution_id)
        readers.append(asyncio.create_task(seen(engine, execution_id, late)))
        await settle()
        for events in (early, late):
            assert events[-1].type is EventType.STORAGE_REFUSED
            shown = ExecutionState.fold(events)
            assert (shown.status, shown.reason) == (ExecutionStatus.PAUSED, "storage_error")
        assert len(await store.read_events(execution_id)) > early[-1].seq  # numbered, and not told
        store.is_full = False
        await engine.resume_workflow(execution_id)
        await actions.reached["b"].wait()
        await settle()
        for events in (early, late):
            state = ExecutionState.fold(events)
            assert (state.status, state.reason, state.error) == (ExecutionStatus.RUNNING, "", None)
        actions.gates["b"].set()
        await asyncio.gather(*readers)
    facts = [event for event in early if event.type not in TRANSIENT]
    assert [event.seq for event in facts] == list(range(1, len(facts) + 1))
    assert ExecutionState.fold(facts).status is ExecutionStatus.COMPLETED


async def test_that_all_runs_stand_still_and_go_on_together(actions: ScriptedActions) -> None:
    store = FullStore()
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        one = await engine.start_workflow(chain(node("a", "gate"), "b"))
        ending = await engine.start_workflow(chain(node("c", "gate")))
        asking = await engine.start_workflow(chain(node("d", parameters={"x": "${input.x}"})))
        assert (await engine.wait(asking))["reason"] == "missing_input"
        await actions.reached["c"].wait()
        store.is_full = True
        for name in "ac":
            actions.gates[name].set()
        for execution_id in (one, ending, asking):
            await settle()
            assert (await engine.wait(execution_id))["reason"] == "storage_error"
        assert "b" not in actions.calls
        store.is_full = False
        assert await engine.resume_workflow(ending)  # what was still to be written was its end
        assert (await engine.wait(ending))["status"] == "COMPLETED"
        assert (await engine.wait(one))["status"] == "COMPLETED"
        shown = await engine.wait(asking)
        assert (shown["status"], shown["reason"], shown["error"]) == ("PAUSED", "missing_input", None)
        assert [item["name"] for item in shown["needed"]] == ["x"]


async def test_that_a_start_after_the_fault_takes_the_others_along(actions: ScriptedActions) -> None:
    store = FullStore()
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        one = await engine.start_workflow(chain(node("a", "gate"), "b"))
        await actions.reached["a"].wait()
        store.is_full = True
        actions.gates["a"].set()
        await engine.wait(one)
        with pytest.raises(StorageFull):
            await engine.start_workflow(chain("c"))
        store.is_full = False
        other = await engine.start_workflow(chain("d"))
        assert (await engine.wait(other))["status"] == "COMPLETED"
        assert (await engine.wait(one))["status"] == "COMPLETED"


async def test_that_a_disk_that_was_full_loses_nothing(actions: ScriptedActions, tmp_path: Path) -> None:
    plan = Plan(fail_with("SQLITE_FULL"), "COMMIT")
    plan.armed = False
    path = tmp_path / "runs.db"
    store = SqliteStateManager(path, connect=connect_with(plan))
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        execution_id = await engine.start_workflow(chain(node("a", "gate"), "b"))
        await actions.reached["a"].wait()
        plan.armed = True
        actions.gates["a"].set()
        shown = await engine.wait(execution_id)
        assert (shown["status"], shown["reason"]) == ("PAUSED", "storage_error")
        durable = await store.read_events(execution_id)
        assert EventType.STEP_COMPLETED not in [event.type for event in durable]
        plan.armed = False
        await engine.resume_workflow(execution_id)
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
        events = await store.read_events(execution_id)
    assert actions.calls == ["a", "b"]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert not TRANSIENT & {event.type for event in events}
