"""What a subclass makes of the nodes counts everywhere: inside other steps, and after a restart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import SqliteStateManager, WorkflowEngine
from engine.plan.step import Step
from tests.support.builders import chain, decoded, make_workflow, node
from tests.support.compositions import body, each, loop, sub
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio


class Dry(WorkflowEngine):
    """Puts a harmless action in the place of every one that sends."""

    def _convert_nodes_to_steps(self, workflow: Any) -> list[Step]:
        steps = super()._convert_nodes_to_steps(workflow)
        return [replace(step, action="echo") if step.action == "fail" else step for step in steps]


def sender(node_id: str) -> dict[str, Any]:
    return node(node_id, "fail", parameters={"sent": node_id})


NESTED = make_workflow(
    [
        sender("out"),
        sub("part", body(sender("in"), sub("deep", body(sender("inmost"))), connections=["in>deep"])),
        each("each", body(sender("item")), [1, 2]),
        loop("rounds", body(sender("round")), times=2),
    ],
    ["out>part", "part>each", "each>rounds"],
)


async def test_that_it_counts_at_every_depth(actions: ScriptedActions) -> None:
    async with Dry(registry=actions.registry) as engine:
        state = await engine.wait(await engine.start_workflow(NESTED))
    assert state["status"] == "COMPLETED"
    assert state["outputs"]["part"] == {"deep": {"inmost": {"sent": "inmost"}}}
    assert state["outputs"]["each"] == [{"item": {"sent": "item"}}] * 2
    assert state["outputs"]["rounds"] == {"round": {"sent": "round"}}
    assert state["outputs"]["out"] == {"sent": "out"}


async def test_that_a_workflow_that_is_drawn_inside_keeps_the_durability_of_the_whole(
    actions: ScriptedActions,
) -> None:
    workflow = decoded(make_workflow([sub("part", body(sender("in")))], settings={"durability": "relaxed"}))
    async with Dry(registry=actions.registry) as engine:
        plan = engine._prepare(workflow)
    inner = plan.steps[0].body
    assert inner is not None
    assert (inner.plan.durability, inner.plan.steps[0].action) == ("relaxed", "echo")


async def test_that_it_counts_after_a_restart(actions: ScriptedActions, tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    wait_then_send = body(node("wait", "gate"), sender("in"), connections=["wait>in"])
    async with Dry(registry=actions.registry, state_manager=SqliteStateManager(path)) as engine:
        execution_id = await engine.start_workflow(chain(sub("part", wait_then_send), sender("out")))
        await actions.reached["wait"].wait()
    actions.gates["wait"].set()
    async with Dry(registry=actions.registry, state_manager=SqliteStateManager(path)) as engine:
        await engine.recover()
        state = await engine.wait(execution_id)
        assert state["outputs"] == {"part": {"in": {"sent": "in"}}, "out": {"sent": "out"}}
        await engine.retry_from(execution_id, "out")
        assert (await engine.wait(execution_id))["outputs"]["out"] == {"sent": "out"}


async def test_that_an_engine_nobody_changed_takes_the_plan_as_it_is(actions: ScriptedActions) -> None:
    workflow = decoded(NESTED)
    async with WorkflowEngine(registry=actions.registry) as engine:
        assert engine._prepare(workflow) is engine._compiler.compile(workflow)
        engine._convert_nodes_to_steps = lambda drawn: []  # type: ignore[method-assign]
        assert engine.are_steps_converted
