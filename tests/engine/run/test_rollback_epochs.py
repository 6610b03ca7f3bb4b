"""A step that was run again has done something each time, and each time is undone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import SqliteStateManager, StepContext, WorkflowEngine
from engine.errors import ActionError
from engine.history.events import EventType
from engine.run.undoing import undoing
from tests.engine.run.test_composition_crashes import CopyingStore
from tests.engine.run.undoable import undo
from tests.support.builders import chain, make_workflow, node, wire
from tests.support.journal_rules import ended
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio


class Shop:
    """An action that books under a new number each time, and one that takes a booking back."""

    def __init__(self, registry: Any) -> None:
        self.booked: list[str] = []
        self.cancelled: list[str] = []
        self.keys: list[str] = []
        self.refuses: set[str] = set()
        registry.register("test", "book", self.book)
        registry.register("test", "cancel_booking", self.cancel)

    async def book(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        number = f"{context.step_id}{1 + sum(one[0] == context.step_id for one in self.booked)}"
        self.booked.append(number)
        return {"number": number}

    async def cancel(self, params: dict[str, Any], context: StepContext) -> None:
        if params["number"] in self.refuses:
            raise ActionError(f"{params['number']} is not taken back")
        self.cancelled.append(params["number"])
        self.keys.append(context.idempotency_key)


@pytest.fixture
def shop(actions: ScriptedActions) -> Shop:
    return Shop(actions.registry)


def book(node_id: str, **config: Any) -> dict[str, Any]:
    back = undo("cancel_booking", parameters={"number": "${self.output.number}"})
    return node(node_id, "book", rollback=back, **config)


async def run_twice(engine: WorkflowEngine) -> str:
    """a, b and c have run, and then b and c again."""
    execution_id = await engine.start_workflow(chain(book("a"), book("b"), book("c")))
    await ended(engine, execution_id)
    await engine.retry_from(execution_id, "b")
    await ended(engine, execution_id)
    return execution_id


async def test_that_all_that_was_done_is_undone_the_last_first(engine: WorkflowEngine, shop: Shop) -> None:
    execution_id = await run_twice(engine)
    assert shop.booked == ["a1", "b1", "c1", "b2", "c2"]
    await engine.rollback_workflow(execution_id)
    state = await ended(engine, execution_id)
    assert (state["status"], shop.cancelled) == ("ROLLED_BACK", ["c2", "b2", "c1", "b1", "a1"])
    assert {step["status"] for step in state["steps"].values()} == {"ROLLED_BACK"}
    keys = [key.removeprefix(execution_id) for key in shop.keys]
    assert keys == [":c:2:rollback", ":b:2:rollback", ":c:rollback", ":b:rollback", ":a:rollback"]


async def test_that_what_a_step_did_before_it_failed_is_undone(
    engine: WorkflowEngine, actions: ScriptedActions, shop: Shop
) -> None:
    workflow = chain(book("a"), book("b"))
    execution_id = await engine.start_workflow(workflow)
    await ended(engine, execution_id)

    async def fail(params: dict[str, Any], context: StepContext) -> None:
        raise ActionError("sold out")

    actions.registry.register("test", "book", fail)
    await engine.retry_from(execution_id, "b")
    assert (await ended(engine, execution_id))["status"] == "FAILED"
    await engine.rollback_workflow(execution_id)
    state = await ended(engine, execution_id)
    assert (state["status"], shop.cancelled) == ("ROLLED_BACK", ["b1", "a1"])


async def test_that_it_is_undone_although_the_step_was_left_out_or_stopped_since(
    engine: WorkflowEngine, actions: ScriptedActions, shop: Shop
) -> None:
    nodes = [node("g", "gate"), book("b"), book("c")]
    workflow = make_workflow(nodes, [wire("g", "b", condition="g.run == true"), "b>c"])
    runs = iter([True, False])

    async def gate(params: dict[str, Any], context: StepContext) -> dict[str, bool]:
        return {"run": next(runs)}

    actions.registry.register("test", "gate", gate)
    execution_id = await engine.start_workflow(workflow)
    await ended(engine, execution_id)
    await engine.retry_from(execution_id, "g")
    state = await ended(engine, execution_id)
    assert [state["steps"][name]["status"] for name in "bc"] == ["SKIPPED", "SKIPPED"]
    await engine.rollback_workflow(execution_id)
    assert (await ended(engine, execution_id))["status"] == "ROLLED_BACK"
    assert shop.cancelled == ["c1", "b1"]


async def test_that_one_that_fails_does_not_keep_the_others_from_being_undone(
    engine: WorkflowEngine, shop: Shop
) -> None:
    for refused in ("b1", "b2"):
        shop.booked.clear()
        shop.cancelled.clear()
        shop.refuses = {refused}
        execution_id = await run_twice(engine)
        await engine.rollback_workflow(execution_id)
        state = await ended(engine, execution_id)
        assert (state["status"], state["error"]["not_rolled_back"]) == ("ROLLBACK_FAILED", ["b"])
        assert (state["steps"]["b"]["status"], state["steps"]["c"]["status"]) == (
            "ROLLBACK_FAILED",
            "ROLLED_BACK",
        )
        assert state["steps"]["b"]["error"]["message"] == f"{refused} is not taken back"
        assert shop.cancelled == [one for one in ("c2", "b2", "c1", "b1", "a1") if one != refused]
        shop.refuses.clear()
        assert await engine.rollback_workflow(execution_id)
        assert (await ended(engine, execution_id))["status"] == "ROLLED_BACK"
        assert shop.cancelled[-1] == refused
        assert len(shop.cancelled) == 5


async def test_that_a_rollback_stopped_half_way_goes_on_later(
    engine: WorkflowEngine, actions: ScriptedActions, shop: Shop
) -> None:
    execution_id = await run_twice(engine)
    cancel = shop.cancel

    async def and_stop(params: dict[str, Any], context: StepContext) -> None:
        await cancel(params, context)
        if params["number"] == "b2":
            await engine.cancel_workflow(execution_id)

    actions.registry.register("test", "cancel_booking", and_stop)
    await engine.rollback_workflow(execution_id)
    state = await ended(engine, execution_id)
    assert (state["status"], shop.cancelled) == ("ROLLBACK_FAILED", ["c2", "b2"])
    statuses = {step_id: step["status"] for step_id, step in state["steps"].items()}
    assert statuses == {"a": "COMPLETED", "b": "ROLLBACK_FAILED", "c": "ROLLBACK_FAILED"}
    assert sorted(state["error"]["not_rolled_back"]) == ["a", "b", "c"]
    await engine.rollback_workflow(execution_id)
    assert (await ended(engine, execution_id))["status"] == "ROLLED_BACK"
    assert shop.cancelled == ["c2", "b2", "c1", "b1", "a1"]


async def test_that_a_doubtful_step_that_was_run_again_is_undone_once(
    engine: WorkflowEngine, shop: Shop
) -> None:
    """Who runs it again means that it did not happen; nobody is asked about it any more."""
    execution_id = await run_twice(engine)
    events = await engine.state_manager.read_events(execution_id)
    execution = await engine._runtime._load(await engine.state_manager.load_state(execution_id))
    doubtful = [
        event._replace(type=EventType.STEP_UNCERTAIN)
        if event.type is EventType.STEP_COMPLETED and event.step_id == "b" and event.seq < 10
        else event
        for event in events
    ]
    left = undoing(execution.plan, doubtful)
    assert [(one.step.id, one.epoch) for one in left.undos] == [("c", 2), ("b", 2), ("c", 1), ("a", 1)]
    assert left.uncertain == []


async def test_that_it_comes_to_the_same_end_wherever_the_program_dies(
    actions: ScriptedActions, tmp_path: Path
) -> None:
    shop = Shop(actions.registry)
    (tmp_path / "first").mkdir()
    store = CopyingStore(tmp_path / "first" / "runs.db", tmp_path / "copies")
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        execution_id = await run_twice(engine)
        first = len(store.made)
        await engine.rollback_workflow(execution_id)
        assert (await ended(engine, execution_id))["status"] == "ROLLED_BACK"
    assert len(store.made) - first > 5
    before = list(shop.cancelled)
    for path in store.made[first:]:
        shop.cancelled.clear()
        async with WorkflowEngine(
            registry=actions.registry, state_manager=SqliteStateManager(path)
        ) as engine:
            await engine.recover()
            state = await ended(engine, execution_id)
        assert state["status"] == "ROLLED_BACK"
        assert {step["status"] for step in state["steps"].values()} == {"ROLLED_BACK"}
        assert shop.cancelled == before[len(before) - len(shop.cancelled) :], "the rest, in the same order"
