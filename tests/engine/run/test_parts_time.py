"""How long a step with steps inside may take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import SqliteStateManager, StepContext, WorkflowEngine
from tests.support.builders import make_workflow, node
from tests.support.compositions import body, each, sub
from tests.support.fake_clock import FakeClock, FixedRng, settle
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio

AGAIN = {"max_attempts": 5, "initial_interval": 10, "jitter": "none"}
ASKS = body(node("ask", parameters={"x": "${input.x}"}), node("work", "gate"), connections=["ask>work"])


def engine_at(path: Path, actions: ScriptedActions, clock: FakeClock) -> WorkflowEngine:
    store = SqliteStateManager(path / "runs.db", now=clock.now)
    return WorkflowEngine(registry=actions.registry, clock=clock, rng=FixedRng(), state_manager=store)


async def test_that_the_total_bounds_all_tries_with_their_waits(
    engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    """A try of 60 s, a wait of 10 s, and of the second try what is left of 100 s."""
    part = sub("part", body(node("work", "gate")), timeout={"attempt": 60, "total": 100}, retry=AGAIN)
    execution_id = await engine.start_workflow(make_workflow([part]))
    await actions.reached["work"].wait()
    for seconds in (60, 10, 29):
        await clock.advance(seconds)
    assert (await engine.get_workflow_status(execution_id))["status"] == "RUNNING"
    await clock.advance(1)
    state = await engine.wait(execution_id)
    assert state["error"]["message"].startswith('"part" took longer than 100 s in all its attempts; the last')
    assert (state["steps"]["part"]["attempts"], actions.running) == (2, 0)


async def test_that_after_a_restart_the_total_is_still_that_of_all_tries(
    actions: ScriptedActions, clock: FakeClock, tmp_path: Path
) -> None:
    part = sub("part", body(node("work", "gate")), timeout={"attempt": 60, "total": 100}, retry=AGAIN)
    async with engine_at(tmp_path, actions, clock) as engine:
        execution_id = await engine.start_workflow(make_workflow([part]))
        await actions.reached["work"].wait()
        await clock.advance(60)
        await clock.advance(10)
        await engine._runtime.barrier()
    async with engine_at(tmp_path, actions, clock) as engine:
        await engine.recover()
        await settle()
        await clock.advance(29)
        assert (await engine.get_workflow_status(execution_id))["status"] == "RUNNING"
        await clock.advance(1)
        assert "100 s in all" in (await engine.wait(execution_id))["error"]["message"]


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("limit", [60, {"total": 60}])
@pytest.mark.parametrize("beside", [False, True])
async def test_that_the_time_begins_anew_when_a_person_has_answered(
    actions: ScriptedActions, clock: FakeClock, tmp_path: Path, limit: Any, restarts: bool, beside: bool
) -> None:
    """beside: another step runs meanwhile, so that the run itself is never PAUSED."""
    nodes = [sub("part", ASKS, timeout=limit), *([node("other", "gate")] if beside else [])]
    engine = engine_at(tmp_path, actions, clock)
    execution_id = await engine.start_workflow(make_workflow(nodes))
    while not (await engine.get_workflow_status(execution_id))["needed"]:
        await settle()
    await clock.advance(50)
    await engine.resume_workflow(execution_id, {"x": 1})
    await actions.reached["work"].wait()
    await clock.advance(20)
    if restarts:
        await engine._runtime.barrier()
        await engine.close()
        engine = engine_at(tmp_path, actions, clock)
        await engine.recover()
        await settle()
    await clock.advance(39)
    assert (await engine.get_workflow_status(execution_id))["steps"]["part"]["status"] == "WAITING"
    await clock.advance(1)
    actions.gates["other"].set()
    state = await engine.wait(execution_id)
    assert state["steps"]["part"]["error"]["message"].startswith('"part" took longer than 60 s')
    await engine.close()


async def test_that_an_item_that_is_called_off_lets_the_time_of_the_others_go_on(
    engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    """Both wait for an answer; one is cancelled, and the next item works for too long."""
    inner = body(
        node("ask", parameters={"x": "${input.x}"}, condition="item < 2"),
        node("work", "gate", condition="item > 1"),
    )
    mapped = each("each", inner, [0, 2], concurrency=1, timeout=60, on_item_error="continue")
    execution_id = await engine.start_workflow(make_workflow([mapped]))
    await engine.wait(execution_id)
    await clock.advance(100)
    assert (await engine.get_workflow_status(execution_id))["status"] == "PAUSED"
    await engine.cancel_workflow(f"{execution_id}/each/0")
    await engine.resume_workflow(execution_id)
    await actions.reached["work"].wait()
    await clock.advance(60)
    assert (await engine.wait(execution_id))["error"]["type"] == "StepTimeoutError"


async def test_that_a_step_that_is_never_too_long_keeps_no_timer(
    engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    async def quick(params: dict[str, Any], context: StepContext) -> int:
        return 1

    actions.registry.register("test", "quick", quick)
    state = await engine.wait(
        await engine.start_workflow(make_workflow([sub("part", body(node("a", "quick")), timeout=60)]))
    )
    assert (state["status"], clock.delays) == ("COMPLETED", [])


async def test_that_a_step_whose_time_is_over_when_the_program_starts_ends_with_its_parts(
    actions: ScriptedActions, tmp_path: Path
) -> None:
    clock = FakeClock()
    workflow = make_workflow([each("each", body(node("works", "gate")), [1, 2, 3], timeout=10)])
    async with engine_at(tmp_path, actions, clock) as engine:
        execution_id = await engine.start_workflow(workflow)
        await clock.until_asked()
    clock = FakeClock(clock.now() + 60)
    async with engine_at(tmp_path, actions, clock) as engine:
        await engine.recover()
        await clock.advance(0)
        assert (await engine.wait(execution_id))["error"]["type"] == "StepTimeoutError"
        parts = await engine.state_manager.list_executions(parts=True)
    assert {part.status.value for part in parts if part.id != execution_id} == {"CANCELLED"}
