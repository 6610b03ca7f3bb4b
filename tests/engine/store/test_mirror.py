"""An engine on an object that has only the six coroutines of the original engine's store."""

from __future__ import annotations

from typing import Any
from unittest.mock import AsyncMock

import pytest

from engine import ExecutionStateManager, WorkflowEngine
from engine.errors import ExecutionNotFound, StoreError
from tests.support.builders import chain, make_workflow, node
from tests.support.compositions import body, each
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio


class Keeper:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.refuses = False

    async def create_execution(self, workflow_id: str, input_data: dict[str, Any]) -> str:
        self.told.append(("created", workflow_id, input_data))
        return f"run-{len(self.told)}"

    async def get_execution_state(self, execution_id: str) -> dict[str, Any] | None:
        return {"status": "COMPLETED"} if execution_id == "of old" else None

    async def update_execution_status(self, execution_id: str, status: str, error: Any = None) -> None:
        if self.refuses:
            raise ConnectionError("the database is away")
        self.told.append((execution_id, status, error))

    async def update_step_status(
        self, execution_id: str, step_id: str, status: str, output: Any = None, error: Any = None
    ) -> None:
        self.told.append((execution_id, step_id, status, output, error))

    async def update_execution_inputs(self, execution_id: str, new_inputs: dict[str, Any]) -> None:
        self.told.append((execution_id, "inputs", new_inputs))

    async def get_step_output(self, execution_id: str, step_id: str) -> Any:
        return None


async def test_that_a_keeper_names_the_run_and_hears_of_every_change_in_order(
    actions: ScriptedActions,
) -> None:
    keeper = Keeper()
    big = "x" * 200_000
    async with WorkflowEngine(registry=actions.registry, state_manager=keeper) as engine:
        assert engine.state_manager is keeper
        workflow = chain(node("a", parameters={"x": "${input.x}", "big": big}), node("b", "fail"))
        actions.errors["b"] = [RuntimeError("boom")]
        execution_id = await engine.start_workflow(workflow, {"user_id": "u"})
        assert (await engine.wait(execution_id))["status"] == "PAUSED"
        assert await engine.resume_workflow(execution_id, {"x": 1})
        state = await engine.wait(execution_id)
        assert await engine.get_workflow_status(execution_id) == state
    assert execution_id == "run-1"
    assert keeper.told == [
        ("created", "w", {"user_id": "u"}),
        ("run-1", "RUNNING", None),
        ("run-1", "a", "PAUSED", None, "${input.x} has no value"),
        ("run-1", "PAUSED", None),
        ("run-1", "inputs", {"x": 1}),
        ("run-1", "RUNNING", None),
        ("run-1", "a", "RUNNING", None, None),
        ("run-1", "a", "COMPLETED", {"x": 1, "big": big}, None),
        ("run-1", "b", "RUNNING", None, None),
        ("run-1", "b", "FAILED", None, "boom"),
        ("run-1", "FAILED", "boom"),
    ]


async def test_that_a_mock_will_do(actions: ScriptedActions) -> None:
    mock = AsyncMock()
    mock.create_execution.return_value = "exec-123"
    async with WorkflowEngine(registry=actions.registry, state_manager=mock) as engine:
        execution_id = await engine.start_workflow(chain("a", "b"))
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert execution_id == "exec-123"
    mock.create_execution.assert_awaited_once_with("w", {})
    mock.update_execution_status.assert_awaited_with("exec-123", "COMPLETED", error=None)


async def test_that_a_run_has_a_name_when_the_keeper_gives_none(actions: ScriptedActions) -> None:
    async with WorkflowEngine(registry=actions.registry, state_manager=AsyncMock()) as engine:
        ids = [await engine.start_workflow(chain("a")) for _ in range(2)]
        assert len(set(ids)) == 2
        assert [(await engine.wait(each))["status"] for each in ids] == ["COMPLETED", "COMPLETED"]


async def test_that_runs_of_old_are_asked_of_the_keeper(actions: ScriptedActions) -> None:
    async with WorkflowEngine(registry=actions.registry, state_manager=Keeper()) as engine:
        assert await engine.get_workflow_status("of old") == {"status": "COMPLETED"}
        with pytest.raises(ExecutionNotFound):
            await engine.get_workflow_status("never")


async def test_that_a_keeper_that_refuses_holds_the_run_up_and_is_told_later(
    actions: ScriptedActions,
) -> None:
    keeper = Keeper()
    async with WorkflowEngine(registry=actions.registry, state_manager=keeper) as engine:
        execution_id = await engine.start_workflow(chain("a"))
        keeper.refuses = True
        state = await engine.wait(execution_id)
        assert (state["status"], state["reason"]) == ("PAUSED", "storage_error")
        with pytest.raises(StoreError, match="the database is away"):
            await engine.resume_workflow(execution_id)
        assert actions.calls == []
        keeper.refuses = False
        await engine.resume_workflow(execution_id)
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert keeper.told[1:3] == [("run-1", "RUNNING", None), ("run-1", "a", "RUNNING", None, None)]


async def test_that_what_cannot_be_a_state_manager_is_refused() -> None:
    with pytest.raises(TypeError, match="it has no create_execution, get_execution_state"):
        WorkflowEngine(state_manager=object())  # type: ignore[arg-type] # the mistake under test

    class Half(ExecutionStateManager):
        async def create_execution(self, *_: Any, **__: Any) -> str:
            return ""

    with pytest.raises(TypeError, match="abstract"):
        Half()  # type: ignore[abstract] # the mistake under test


async def test_that_a_keeper_is_not_told_of_the_parts_of_steps(actions: ScriptedActions) -> None:
    keeper = Keeper()
    async with WorkflowEngine(registry=actions.registry, state_manager=keeper) as engine:
        workflow = make_workflow([each("each", body("a"), [1, 2])])
        state = await engine.wait(await engine.start_workflow(workflow))
    assert state["outputs"] == {"each": [{"a": {}}, {"a": {}}]}
    assert {told[0] for told in keeper.told} == {"created", state["execution_id"]}
    steps = [told[1:3] for told in keeper.told if told[1] == "each"]
    assert steps == [("each", "RUNNING"), ("each", "WAITING"), ("each", "RUNNING"), ("each", "COMPLETED")]
