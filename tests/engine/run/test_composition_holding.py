"""Breakpoints, single steps and incidents inside the parts of steps."""

from __future__ import annotations

from typing import Any

import pytest

from engine import WorkflowEngine
from engine.errors import ConditionError
from engine.run.options import RunOptions
from tests.support.builders import chain, node, wire
from tests.support.compositions import body, each, sub
from tests.support.scripted_actions import ScriptedActions

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
    await engine.repair_workflow(execution_id, {"part/xy": "n == 1"})
    state = await engine.wait(execution_id)
    assert (state["status"], actions.calls, state["needed"]) == ("COMPLETED", ["x", "y", "after"], [])


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
