"""What a step writes into the journal, and in how many goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import pytest

from engine import MemoryStateManager, WorkflowEngine
from engine.errors import IllegalTransition
from engine.history.events import Event, EventDraft, EventType
from tests.support.builders import chain, make_workflow, node
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio


class Counted(MemoryStateManager):
    """Notes which kinds of event came in each append; its clock goes on a second whenever it is asked."""

    def __init__(self) -> None:
        ticks: Iterator[int] = count(1_000)
        super().__init__(now=lambda: float(next(ticks)))
        self.appends: list[list[str]] = []

    def append(self, execution_id: str, drafts: Sequence[EventDraft]) -> list[Event]:
        self.appends.append([draft.type.value for draft in drafts])
        return super().append(execution_id, drafts)


async def ran(actions: ScriptedActions, workflow: dict[str, Any]) -> tuple[Counted, list[Event]]:
    store = Counted()
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        execution_id = await engine.start_workflow(workflow)
        await engine.wait(execution_id)
        return store, await store.read_events(execution_id)


async def test_that_a_short_step_is_written_in_one_go(actions: ScriptedActions) -> None:
    store, events = await ran(actions, chain("a", "b"))
    assert store.appends == [
        ["EXECUTION_STARTED"],
        ["STEP_RUNNING", "STEP_COMPLETED", "CONNECTION_RESOLVED"],
        ["STEP_RUNNING", "STEP_COMPLETED"],
        ["EXECUTION_COMPLETED"],
    ]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))


async def test_that_a_step_written_in_one_go_began_when_it_began(actions: ScriptedActions) -> None:
    _, events = await ran(actions, chain("a"))
    running, completed = (event for event in events if event.step_id == "a")
    assert running.type is EventType.STEP_RUNNING
    assert running.ts < completed.ts


async def test_that_a_result_that_is_no_json_leaves_a_begun_and_failed_step(actions: ScriptedActions) -> None:
    @actions.registry.action("test", "odd")
    async def odd(params: dict[str, Any], context: Any) -> Any:
        return {"nothing JSON knows": object()}

    workflow = chain("a")
    workflow["nodes"][0]["config"]["action"] = "odd"
    _, events = await ran(actions, workflow)
    kinds = [event.type for event in events if event.step_id == "a"]
    assert kinds == [EventType.STEP_RUNNING, EventType.STEP_FAILED]


async def test_that_a_step_stays_begun_when_what_came_of_it_is_refused(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    execution_id = await engine.start_workflow(make_workflow([node("a", "gate"), node("b", "gate")]))
    await actions.reached["b"].wait()
    journal, execution = engine._runtime._journal, engine._runtime._executions[execution_id]
    execution.plan.numbers["c"] = 0
    journal.begins(execution, "c", 1)
    with pytest.raises(IllegalTransition):
        journal.record(execution, [EventDraft(EventType.STEP_ROLLED_BACK, "c")])
    told = [event for event in await engine.state_manager.read_events(execution_id) if event.step_id == "c"]
    assert [event.type for event in told] == [EventType.STEP_RUNNING]


async def test_that_a_begin_that_cannot_be_recorded_breaks_its_own_run_and_no_other(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    first, second = [await engine.start_workflow(chain(node(name, "gate"))) for name in "ab"]
    await actions.reached["b"].wait()
    await engine._runtime.barrier()
    journal, runs = engine._runtime._journal, engine._runtime._executions
    await engine.state_manager.update_step_status(first, "a", "CANCELLED")  # another program was quicker
    journal.begins(runs[first], "a", 2)
    actions.gates["b"].set()
    assert (await engine.wait(second))["status"] == "COMPLETED"
    with pytest.raises(IllegalTransition):
        await engine.wait(first)
