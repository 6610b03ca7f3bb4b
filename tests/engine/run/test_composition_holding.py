"""Breakpoints, single steps and incidents inside the parts of steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import WorkflowEngine
from engine.errors import ConditionError, DefinitionError
from engine.run.options import RunOptions
from tests.support.builders import chain, node, wire
from tests.support.compositions import body, each, sub
from tests.support.scripted_actions import ScriptedActions
from tests.support.secret_source import FakeSource, engine_on

pytestmark = pytest.mark.asyncio


def where(state: dict[str, Any]) -> tuple[str, str]:
    return state["status"], state["reason"]


def broken_inside() -> dict[str, Any]:
    inner = body(
        node("x", parameters={"n": 1}), "y", connections=[wire("x", "y", id="xy", condition="n < 'a'")]
    )
    return chain(sub("part", inner), "after")


async def test_that_a_condition_inside_a_part_is_repaired_from_the_run(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    execution_id = await engine.start_workflow(broken_inside(), options=RunOptions(incidents="pause"))
    state = await engine.wait(execution_id)
    assert where(state) == ("PAUSED", "incident")
    (needed,) = state["needed"]
    assert (needed["connection_id"], needed["connections"]) == ("part/xy", ["part/xy"])
    with pytest.raises(ConditionError):
        await engine.repair_workflow(execution_id, {"part/xy": "n <"})
    assert await engine.try_condition(execution_id, "part/xy", "n == 1")
    assert not await engine.try_condition(f"{execution_id}/part", "xy", "n == 2")
    await engine.repair_workflow(execution_id, {"part/xy": "n == 1"})
    state = await engine.wait(execution_id)
    assert (state["status"], actions.calls, state["needed"]) == ("COMPLETED", ["x", "y", "after"], [])


async def test_that_an_incident_inside_a_step_outlives_the_program(
    actions: ScriptedActions, tmp_path: Path
) -> None:
    inner = body(
        node("a", parameters={"n": "${item}"}), "x", connections=[wire("a", "x", condition="n < 'a'")]
    )
    workflow = chain(sub("outer", body(each("each", inner, [1, 2]))))
    async with engine_on(actions, tmp_path / "runs.db", FakeSource()) as engine:
        execution_id = await engine.start_workflow(workflow, options=RunOptions(incidents="pause"))
        assert (await engine.wait(execution_id))["reason"] == "incident"
    ways = ["outer/each/0/a>x", "outer/each/1/a>x"]
    for way in ways:
        async with engine_on(actions, tmp_path / "runs.db", FakeSource()) as engine:
            assert execution_id in await engine.recover()
            state = await engine.wait(execution_id)
            asked = [item["connection_id"] for item in state["needed"]]
            assert asked == ways[ways.index(way) :]
            await engine.repair_workflow(execution_id, {way: "n == 2"})
            state = await engine.wait(execution_id)
    assert (state["status"], actions.calls) == ("COMPLETED", ["a", "a", "x"])


async def test_that_a_condition_is_repaired_by_the_id_of_the_part(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    execution_id = await engine.start_workflow(broken_inside(), options=RunOptions(incidents="pause"))
    await engine.wait(execution_id)
    await engine.repair_workflow(f"{execution_id}/part", {"xy": ""})
    assert (await engine.wait(execution_id))["status"] == "COMPLETED"


async def test_that_parts_go_one_step_at_a_time_with_the_run(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    inner = body("x", "y", connections=["x>y"])
    workflow = chain("a", sub("part", sub_body(inner)), "b")
    execution_id = await engine.start_workflow(workflow, options=RunOptions(step_by_step=True))
    seen = []
    for _ in range(20):
        state = await engine.wait(execution_id)
        if state["status"] != "PAUSED":
            break
        assert where(state) == ("PAUSED", "breakpoint")
        seen.append(len(actions.calls))
        await engine.step_workflow(execution_id)
    assert (state["status"], actions.calls) == ("COMPLETED", ["a", "x", "y", "b"])
    assert max(later - before for before, later in zip(seen, [*seen[1:], 4], strict=True)) == 1


def sub_body(inner: dict[str, Any]) -> dict[str, Any]:
    return body(sub("deeper", inner))


async def test_that_an_answer_inside_leaves_what_is_held_elsewhere(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    inner = body(node("q", parameters={"x": "${input.x}"}))
    workflow = {"id": "w", "nodes": [each("all", inner, [1, 2]), node("held")], "connections": []}
    options = RunOptions(breakpoints=frozenset({"held"}))
    execution_id = await engine.start_workflow(workflow, options=options)
    state = await engine.wait(execution_id)
    assert where(state) == ("PAUSED", "missing_input")
    await engine.resume_workflow(execution_id, {"all/input.x": 1})
    state = await engine.wait(execution_id)
    assert (where(state), actions.calls) == (("PAUSED", "breakpoint"), ["q", "q"])
    await engine.resume_workflow(execution_id)
    assert (await engine.wait(execution_id))["status"] == "COMPLETED"


async def test_that_a_step_inside_is_stopped_at_in_every_part(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = chain("a", each("all", body("x"), [1, 2]))
    options = RunOptions(breakpoints=frozenset({"all/x"}))
    execution_id = await engine.start_workflow(workflow, options=options)
    state = await engine.wait(execution_id)
    assert (where(state), actions.calls) == (("PAUSED", "breakpoint"), ["a"])
    assert await engine.set_breakpoints(execution_id, [])
    await engine.resume_workflow(execution_id)
    assert (await engine.wait(execution_id))["status"] == "COMPLETED"


async def test_that_a_breakpoint_inside_is_set_while_the_parts_run(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    inner = body(node("slow", "gate"), "x", connections=["slow>x"])
    execution_id = await engine.start_workflow(chain(sub("part", inner)))
    await actions.reached["slow"].wait()
    assert await engine.set_breakpoints(execution_id, ["part/x"])
    actions.gates["slow"].set()
    assert where(await engine.wait(execution_id)) == ("PAUSED", "breakpoint")
    for unknown in ("part/y", "x", "part/x/z"):
        with pytest.raises(DefinitionError):
            await engine.set_breakpoints(execution_id, [unknown])
    await engine.resume_workflow(execution_id)
    assert (await engine.wait(execution_id))["status"] == "COMPLETED"


async def test_that_what_is_shown_of_a_held_step_has_no_secret(actions: ScriptedActions) -> None:
    class Source:
        def get(self, name: str) -> str | None:
            return "hunter2"

    async with WorkflowEngine(registry=actions.registry, secrets=Source()) as engine:
        workflow = chain(node("a", parameters={"key": "${secrets.API}", "text": "Bearer ${secrets.API}"}))
        options = RunOptions(breakpoints=frozenset({"a"}))
        execution_id = await engine.start_workflow(workflow, options=options)
        state = await engine.wait(execution_id)
        assert state["steps"]["a"]["parameters"]["key"] == {"$secret": "API"}
        assert "hunter2" not in str(state)
        await engine.resume_workflow(execution_id)
        await engine.wait(execution_id)
        assert actions.params["a"][0]["key"] == "hunter2"
