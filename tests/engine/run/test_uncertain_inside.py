"""A step inside others that may run once, and was under way when the program died, waits for a person."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.errors import CannotRestart
from tests.support.builders import chain, make_workflow, node
from tests.support.compositions import body, each, sub
from tests.support.scripted_actions import ScriptedActions
from tests.support.secret_source import FakeSource, engine_on

pytestmark = pytest.mark.asyncio

ONCE = node("pay", "gate", delivery="at_most_once")
AGAIN = {"max_attempts": 3, "retry_on": ["*", "PartFailed"], "initial_interval": 0}


async def died(actions: ScriptedActions, folder: Path, workflow: dict[str, Any]) -> tuple[str, Path]:
    """The store as it is when the program dies in the middle of the payment."""
    async with engine_on(actions, folder / "live" / "runs.db", FakeSource()) as engine:
        execution_id = await engine.start_workflow(workflow)
        await actions.reached["pay"].wait()
        left = folder / "left"
        shutil.copytree(folder / "live", left, ignore=shutil.ignore_patterns("*.lock", "*-shm"))
    actions.gates["pay"].set()
    return execution_id, left / "runs.db"


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("more", [{"retry": AGAIN}, {"fallback": {"service": "test", "action": "echo"}}])
async def test_that_nothing_does_it_again_unasked(
    actions: ScriptedActions, tmp_path: Path, depth: int, more: dict[str, Any]
) -> None:
    """Neither the retry of a step around it nor what stands in for that."""
    inside = each("each", body(ONCE), [1], **more)
    workflow = make_workflow([inside if depth == 1 else sub("outer", body(inside), **more)])
    execution_id, left = await died(actions, tmp_path, workflow)
    outermost = "each" if depth == 1 else "outer"
    async with engine_on(actions, left, FakeSource()) as engine:
        await engine.recover()
        state = await engine.wait(execution_id)
        assert (state["status"], actions.count("pay")) == ("FAILED", 1)
        assert actions.calls == ["pay"]
        assert state["error"]["cause"]["type"] == "StepUncertain"
        with pytest.raises(CannotRestart, match="Nobody knows whether a step inside") as refused:
            await engine.retry_from(execution_id)
        assert f'"{outermost}"' in refused.value.hint
        assert (await engine.get_workflow_status(execution_id))["status"] == "FAILED"
        await engine.retry_from(execution_id, outermost)  # whoever names it has looked
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert actions.count("pay") == 2


async def test_that_taking_up_another_step_does_not_do_it_again_either(
    actions: ScriptedActions, tmp_path: Path
) -> None:
    workflow = chain("first", sub("part", body(ONCE)), "last")
    execution_id, left = await died(actions, tmp_path, workflow)
    async with engine_on(actions, left, FakeSource()) as engine:
        await engine.recover()
        await engine.wait(execution_id)
        with pytest.raises(CannotRestart, match="part/pay"):
            await engine.retry_from(execution_id, "first")
    assert actions.calls == ["first", "pay"]
