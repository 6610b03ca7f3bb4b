"""Engines whose own conditions or runs raise: it is said where, and nobody waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from engine import WorkflowEngine
from engine.run.given import WorkflowLike
from tests.support.builders import make_workflow, node, wire
from tests.support.compositions import body, loop
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio


class Conditions(WorkflowEngine):
    """Decides nothing."""

    def _evaluate_condition(self, condition: str | None, state: Mapping[str, Any]) -> bool:
        raise RuntimeError("the oracle is silent")


async def ran(engine: WorkflowEngine, workflow: dict[str, Any]) -> dict[str, Any]:
    async with asyncio.timeout(5):
        return await engine.wait(await engine.start_workflow(workflow))


async def test_that_a_condition_that_raises_says_where(actions: ScriptedActions) -> None:
    async with Conditions(registry=actions.registry) as engine:
        state = await ran(engine, make_workflow("a b", [wire("a", "b", condition="x > 1")]))
    assert (state["status"], state["steps"]["a"]["status"]) == ("FAILED", "COMPLETED")
    assert state["error"]["type"] == "ConditionError"
    assert state["error"]["message"] == (
        'The connection from "a" to "b": condition \'x > 1\': RuntimeError: the oracle is silent'
    )


async def test_that_one_that_raises_may_count_as_false(actions: ScriptedActions) -> None:
    async with Conditions(registry=actions.registry) as engine:
        wires = [wire("a", "b", condition="x > 1", on_condition_error="false")]
        state = await ran(engine, make_workflow("a b", wires))
    assert (state["status"], state["steps"]["b"]["status"]) == ("COMPLETED", "SKIPPED")


async def test_that_the_condition_of_a_step_or_a_loop_that_raises_fails_it(actions: ScriptedActions) -> None:
    async with Conditions(registry=actions.registry) as engine:
        state = await ran(engine, make_workflow([node("a", condition="x > 1")]))
        assert "the oracle is silent" in state["steps"]["a"]["error"]["message"]
        state = await ran(engine, make_workflow([loop("rounds", body("a"), loop_while="true")]))
        assert "the oracle is silent" in state["steps"]["rounds"]["error"]["message"]


async def test_that_a_condition_error_of_its_own_stays_as_it_is(actions: ScriptedActions) -> None:
    class Same(WorkflowEngine):
        def _evaluate_condition(self, condition: str | None, state: Mapping[str, Any]) -> bool:
            return super()._evaluate_condition(condition, state)

    async with Same(registry=actions.registry) as engine:
        state = await ran(engine, make_workflow("a b", [wire("a", "b", condition="x > 1")]))
    assert state["error"]["message"].endswith("at character 1: there is no x")


async def test_that_whoever_waits_hears_that_the_run_could_not_be_run(
    actions: ScriptedActions, caplog: pytest.LogCaptureFixture
) -> None:
    class Runs(WorkflowEngine):
        async def _run_execution(self, execution_id: str, workflow: WorkflowLike) -> None:
            raise RuntimeError("not today")

    async with Runs(registry=actions.registry) as engine:
        with pytest.raises(RuntimeError, match="not today"):
            await ran(engine, make_workflow("a"))
    assert "not today" in caplog.text


async def test_that_a_run_that_has_ended_by_then_is_left_alone(actions: ScriptedActions) -> None:
    class Runs(WorkflowEngine):
        async def _run_execution(self, execution_id: str, workflow: WorkflowLike) -> None:
            await super()._run_execution(execution_id, workflow)
            raise RuntimeError("too late")

    async with Runs(registry=actions.registry) as engine:
        assert (await ran(engine, make_workflow("a")))["status"] == "COMPLETED"
