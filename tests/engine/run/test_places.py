"""Actions that run elsewhere than on the engine's loop."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest

from engine import WorkflowEngine
from engine.actions.registry import ActionOptions
from tests.support.builders import make_workflow, node
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio


def where(payload: dict[str, Any]) -> dict[str, Any]:
    """Runs in a process of its own, which imports this very module."""
    print("working on", payload["n"])
    return {"pid": os.getpid(), "n": payload["n"]}


async def test_that_an_action_can_run_in_a_process_of_its_own(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    actions.registry.register("test", "where", where, ActionOptions(runs="process"))
    execution_id = await engine.start_workflow(make_workflow([node("a", "where", parameters={"n": 7})]))
    events = [event async for event in engine.events(execution_id)]
    state = await engine.get_workflow_status(execution_id)
    assert state["status"] == "COMPLETED", state["error"]
    assert state["outputs"]["a"]["n"] == 7
    assert state["outputs"]["a"]["pid"] != os.getpid()
    assert [event.data["text"] for event in events if event.type == "STEP_LOG"] == ["working on 7"]


async def test_that_an_action_can_hand_work_to_a_process(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    async def hand_over(params: dict[str, Any], context: Any) -> Any:
        return await context.run_in_process(f"{__file__}:where", {"n": 1}, cwd=context.base_dir)

    actions.registry.register("test", "hand_over", hand_over)
    execution_id = await engine.start_workflow(make_workflow([node("a", "hand_over")]))
    state = await engine.wait(execution_id)
    assert state["status"] == "FAILED"  # an isolated interpreter finds no `tests` without a path
    assert "No module named" in state["error"]["message"]


async def test_that_a_function_that_returns_an_awaitable_is_awaited(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    async def later() -> int:
        return 5

    actions.registry.register("test", "later", lambda params, context: later())
    state = await engine.wait(await engine.start_workflow(make_workflow([node("a", "later")])))
    assert state["outputs"]["a"] == 5


async def test_that_an_action_that_ends_the_program_only_fails_its_step(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    def leave(params: dict[str, Any], context: Any) -> None:
        raise SystemExit(3)

    async def leave_too(params: dict[str, Any], context: Any) -> None:
        raise SystemExit(4)

    actions.registry.register("test", "leave", leave)
    actions.registry.register("test", "leave_too", leave_too)
    for name in ("leave", "leave_too"):
        state = await engine.wait(await engine.start_workflow(make_workflow([node("a", name)])))
        assert (state["status"], state["error"]["type"]) == ("FAILED", "SystemExit")
    assert engine.semaphore._value == 5


class OfItsOwn(BaseException):
    pass


@pytest.mark.parametrize("kind", [GeneratorExit, OfItsOwn])
async def test_that_what_passes_every_net_only_fails_its_step(
    engine: WorkflowEngine, actions: ScriptedActions, kind: type[BaseException]
) -> None:
    def in_thread(params: dict[str, Any], context: Any) -> None:
        raise kind("enough")

    async def on_loop(params: dict[str, Any], context: Any) -> None:
        raise kind("enough")

    actions.registry.register("test", "in_thread", in_thread)
    actions.registry.register("test", "on_loop", on_loop)
    for name in ("in_thread", "on_loop"):
        async with asyncio.timeout(20):
            state = await engine.wait(await engine.start_workflow(make_workflow([node("a", name)])))
        assert state["status"] == "FAILED"
        assert state["error"]["message"] == f"The action raised {kind.__name__}: enough"
    assert engine.semaphore._value == 5


async def test_that_an_interrupt_raised_in_a_thread_does_not_end_the_program(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    def interrupt(params: dict[str, Any], context: Any) -> None:
        raise KeyboardInterrupt

    actions.registry.register("test", "interrupt", interrupt)
    state = await engine.wait(await engine.start_workflow(make_workflow([node("a", "interrupt")])))
    assert (state["status"], state["error"]["type"]) == ("FAILED", "RuntimeError")


async def test_that_a_step_whose_loop_is_gone_records_no_end(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    execution_id = await engine.start_workflow(make_workflow([node("a", "gate")]))
    await actions.reached["a"].wait()
    execution = await engine._runtime.find(execution_id)
    assert execution is not None
    worker = execution.steps.activities[0].task
    assert worker is not None
    worker.get_coro().close()  # as the interpreter does with what is left when it ends
    assert execution.steps.running == {0}
    worker.cancel()
