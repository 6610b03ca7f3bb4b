"""`${step.started_at}`, `ended_at` and `duration_ms`: when a step ran, for what comes after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import ActionError, MemoryStateManager, SqliteStateManager, StepContext, WorkflowEngine
from tests.support.builders import chain, make_workflow, node, wire
from tests.support.compositions import body, each
from tests.support.fake_clock import FakeClock
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio

TIMES = {
    "from": "${a.started_at}",
    "to": "${steps.a.ended_at}",
    "took": "${a.duration_ms}",
    "own": "${a.output.started_at?}",
}


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Any:
    if request.param == "memory":
        return MemoryStateManager(now=clock.now)
    return SqliteStateManager(tmp_path / "runs.db", now=clock.now)


async def test_that_a_step_knows_when_those_before_it_ran(actions: ScriptedActions, store: Any) -> None:
    async def say(params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        return {"started_at": "mine"}

    actions.registry.register("test", "say", say)
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        workflow = chain(node("a", "say"), node("between"), node("b", parameters=TIMES))
        state = await engine.wait(await engine.start_workflow(workflow))
    a = state["steps"]["a"]
    assert state["outputs"]["b"] == {
        "from": a["started_at"],
        "to": a["ended_at"],
        "took": a["duration_ms"],
        "own": "mine",
    }


@pytest.mark.parametrize("ends", ["well", "badly"])
async def test_that_the_conditions_behind_a_step_know_when_it_ran(
    actions: ScriptedActions, store: Any, clock: FakeClock, ends: str
) -> None:
    async def work(params: dict[str, Any], context: StepContext) -> None:
        await clock.advance(2.5)
        if ends == "badly":
            raise ActionError("no")

    actions.registry.register("test", "work", work)
    behind = {"on": "success" if ends == "well" else "error"}
    long = wire("a", "long", condition="${a.duration_ms} >= 2500 and a.ended_at - a.started_at > 2", **behind)
    short = wire("a", "short", condition="a.duration_ms < 2500", **behind)
    workflow = make_workflow([node("z"), node("a", "work"), *map(node, ("long", "short"))],
                             ["z>a", long, short])  # fmt: skip
    async with WorkflowEngine(registry=actions.registry, state_manager=store, clock=clock) as engine:
        await engine.wait(await engine.start_workflow(workflow))
    assert actions.calls == ["z", "long"]


async def test_that_a_step_that_has_not_ended_has_no_end(actions: ScriptedActions, store: Any) -> None:
    asks = wire("a", "b", condition="exists(z.duration_ms) or exists(a.ended_at)")
    asks_not = wire("a", "c", condition="exists(nothing.duration_ms)")
    workflow = make_workflow(
        [node("z", disabled="skip"), *map(node, "abc")], ["z>a", asks, asks_not], settings={}
    )
    workflow["nodes"][1]["config"]["join"] = "always"
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        state = await engine.wait(await engine.start_workflow(workflow))
    assert (state["status"], actions.calls) == ("COMPLETED", ["a", "b"])


async def test_that_the_times_are_known_after_a_restart_and_inside_parts(
    actions: ScriptedActions, tmp_path: Path
) -> None:
    inner = body("a", node("gate", "gate"), node("b", parameters=TIMES), connections=["a>gate", "gate>b"])
    workflow = make_workflow([each("each", inner, [1])])
    async with WorkflowEngine(
        registry=actions.registry, state_manager=SqliteStateManager(tmp_path / "r.db")
    ) as one:
        execution_id = await one.start_workflow(workflow)
        await actions.reached["gate"].wait()
    actions.gates["gate"].set()
    async with WorkflowEngine(
        registry=actions.registry, state_manager=SqliteStateManager(tmp_path / "r.db")
    ) as two:
        await two.recover()
        await two.wait(execution_id)
        part = await two.get_workflow_status(f"{execution_id}/each/0")
    assert part["outputs"]["b"]["took"] == part["steps"]["a"]["duration_ms"]
    assert part["outputs"]["b"]["to"] == part["steps"]["a"]["ended_at"]
