"""A disk that takes what is written and cannot be made to keep it: fsync fails, and nothing else does."""

from __future__ import annotations

from typing import Any

import pytest

from engine import MemoryStateManager, WorkflowEngine
from engine.errors import StoreError
from engine.history.events import Event, EventType
from tests.engine.run.undoable import failing, undo
from tests.support.builders import chain, make_workflow, node, wire
from tests.support.fake_clock import FakeClock, FixedRng, settle
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio

Json = dict[str, Any]


class Forgetful(MemoryStateManager):
    """Commits, but cannot sync while it is told not to."""

    def __init__(self) -> None:
        super().__init__()
        self.cannot_sync = self.cannot_be_read = False
        self.attempts = self.commits = 0

    async def commit(self, *, full_sync: bool = False) -> None:
        self.commits += 1
        if full_sync:
            self.attempts += 1
            if self.cannot_sync:
                raise StoreError("The disk does not keep what is written", hint="Look after the disk.")

    async def read_events(self, execution_id: str, after: int = 0) -> list[Event]:
        if self.cannot_be_read:
            raise StoreError("The disk cannot be read")
        return await super().read_events(execution_id, after)


@pytest.fixture
def store() -> Forgetful:
    return Forgetful()


def engine_with(actions: ScriptedActions, store: Forgetful, clock: FakeClock) -> WorkflowEngine:
    actions.registry.action("test", "send", effects="external")(actions.echo)
    actions.registry.action("test", "unsend", effects="external")(actions.echo)
    return WorkflowEngine(registry=actions.registry, state_manager=store, clock=clock, rng=FixedRng())


async def rests(store: Forgetful) -> bool:
    """Whether nothing more is tried, however long one waits."""
    await settle()
    tried = store.commits
    await settle(500)
    return store.commits == tried


@pytest.mark.parametrize("delivery", ["at_least_once", "at_most_once"])
async def test_that_a_step_whose_sync_fails_pauses_the_run_and_runs_once_it_works(
    actions: ScriptedActions, store: Forgetful, clock: FakeClock, delivery: str
) -> None:
    async with engine_with(actions, store, clock) as engine:
        store.cannot_sync = True
        execution_id = await engine.start_workflow(chain("a", node("b", "send", delivery=delivery), "c"))
        state = await engine.wait(execution_id)
        assert (state["status"], state["reason"]) == ("PAUSED", "storage_error")
        assert state["error"]["message"] == "The disk does not keep what is written"
        assert state["error"]["hint"] == "Look after the disk."
        assert actions.calls == ["a"]
        assert await rests(store)
        await clock.advance(86_400)
        assert await rests(store)
        tried = store.attempts
        with pytest.raises(StoreError, match="does not keep"):
            await engine.resume_workflow(execution_id)
        assert store.attempts > tried  # it is the sync that is tried again, not only a commit
        assert await rests(store)
        assert (await engine.wait(execution_id))["reason"] == "storage_error"
        assert actions.calls == ["a"]

        store.cannot_sync = False
        await engine.resume_workflow(execution_id)
        state = await engine.wait(execution_id)
        assert (state["status"], actions.calls) == ("COMPLETED", ["a", "b", "c"])
        assert state["steps"]["b"]["attempts"] == 1


async def test_that_a_run_goes_on_by_itself_when_only_one_sync_failed(
    actions: ScriptedActions, store: Forgetful, clock: FakeClock
) -> None:
    async with engine_with(actions, store, clock) as engine:
        store.cannot_sync = True
        execution_id = await engine.start_workflow(chain("a", node("b", "send"), "c"))
        assert (await engine.wait(execution_id))["reason"] == "storage_error"
        store.cannot_sync = False
        await settle()
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
        assert actions.calls == ["a", "b", "c"]


async def test_that_what_ran_meanwhile_is_recorded_and_starts_nothing(
    actions: ScriptedActions, store: Forgetful, clock: FakeClock
) -> None:
    nodes = [node("start"), node("long", "gate"), node("after"), node("b", "send")]
    workflow = make_workflow(nodes, [wire("start", "long"), wire("long", "after"), wire("start", "b")])
    async with engine_with(actions, store, clock) as engine:
        store.cannot_sync = True
        execution_id = await engine.start_workflow(workflow)
        await actions.reached["long"].wait()
        assert (await engine.wait(execution_id))["reason"] == "storage_error"
        actions.gates["long"].set()
        assert await rests(store)
        assert actions.calls == ["start", "long"]
        shown = await engine.get_workflow_status(execution_id)
        assert shown["steps"]["long"]["status"] != "COMPLETED"  # which may still be lost
        store.cannot_sync = False
        await engine.resume_workflow(execution_id)
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
        assert sorted(actions.calls) == ["after", "b", "long", "start"]


async def test_that_a_rollback_whose_sync_fails_stands_still_and_goes_on_once_it_works(
    actions: ScriptedActions, store: Forgetful, clock: FakeClock
) -> None:
    async with engine_with(actions, store, clock) as engine:
        workflow = failing(
            actions, node("a", rollback=undo("unsend")), node("b", "gate", rollback=undo("unsend"))
        )
        execution_id = await engine.start_workflow(workflow)
        await actions.reached["b"].wait()
        store.cannot_sync = True
        actions.gates["b"].set()
        state = await engine.wait(execution_id)
        assert (state["status"], state["reason"]) == ("PAUSED", "storage_error")
        assert await rests(store)
        with pytest.raises(StoreError, match="does not keep"):
            await engine.resume_workflow(execution_id)
        assert await rests(store)
        assert (await engine.wait(execution_id))["reason"] == "storage_error"
        assert actions.calls == ["a", "b", "end"]

        store.cannot_sync = False
        await engine.resume_workflow(execution_id)
        assert (await engine.wait(execution_id))["status"] == "ROLLED_BACK"
        assert actions.calls == ["a", "b", "end", "b", "a"]
        events = [event async for event in engine.events(execution_id)]
        undone = [event.step_id for event in events if event.type is EventType.STEP_ROLLED_BACK]
        assert undone == ["b", "a"]


async def test_that_who_waits_is_told_when_a_rollback_cannot_read_what_it_has_to_undo(
    actions: ScriptedActions, store: Forgetful, clock: FakeClock
) -> None:
    async with engine_with(actions, store, clock) as engine:
        workflow = failing(actions, node("a", "gate", rollback=undo("unsend")))
        execution_id = await engine.start_workflow(workflow)
        await actions.reached["a"].wait()
        store.cannot_be_read = True
        actions.gates["a"].set()
        with pytest.raises(StoreError, match="cannot be read"):
            await engine.wait(execution_id)
