"""Runs of which it was not decided where to go, or which nobody has brought back, are taken up again."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import SqliteStateManager, WorkflowEngine
from engine.errors import CannotRestart
from engine.run.options import RunOptions
from tests.support.builders import chain, make_workflow, node, wire
from tests.support.journal_rules import ended
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio

PAUSE = RunOptions(incidents="pause")
SWITCH = make_workflow(
    [node("s", type="flow.switch", parameters={"n": 1}), node("t"), node("u")],
    [wire("s", "t", condition="n > 5"), wire("s", "u", condition="n > 9")],
)


async def test_that_a_switch_that_nobody_could_leave_is_left_anew(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    execution_id = await engine.start_workflow(SWITCH, options=PAUSE)
    assert (await ended(engine, execution_id))["reason"] == "incident"
    await engine.cancel_workflow(execution_id)
    await ended(engine, execution_id)
    with pytest.raises(CannotRestart, match='follows from "s"'):
        await engine.retry_from(execution_id, "u")
    await engine.retry_from(execution_id)
    assert (await ended(engine, execution_id))["reason"] == "incident"
    assert actions.calls == ["s", "s"]


async def test_that_a_switch_that_was_repaired_needs_no_second_look(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    execution_id = await engine.start_workflow(SWITCH, options=PAUSE)
    await ended(engine, execution_id)
    await engine.repair_workflow(execution_id, {"s>t": "n == 1"})
    await ended(engine, execution_id)
    await engine.retry_from(execution_id, "t")
    assert (await ended(engine, execution_id))["status"] == "COMPLETED"
    assert actions.calls == ["s", "t", "t"]


async def test_that_a_condition_error_that_was_to_be_overlooked_holds_nothing_up(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    broken = wire("a", "b", condition="nothing > 1", on_condition_error="false")
    execution_id = await engine.start_workflow(make_workflow("a b c", [broken, "a>c"]))
    await ended(engine, execution_id)
    await engine.retry_from(execution_id, "c")
    assert (await ended(engine, execution_id))["status"] == "COMPLETED"
    assert actions.calls == ["a", "c", "c"]


async def test_that_a_run_left_behind_has_not_ended(actions: ScriptedActions, tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    async with WorkflowEngine(registry=actions.registry, state_manager=SqliteStateManager(path)) as engine:
        execution_id = await engine.start_workflow(chain("a", node("slow", "gate")))
        await actions.reached["slow"].wait()
    async with WorkflowEngine(registry=actions.registry, state_manager=SqliteStateManager(path)) as engine:
        with pytest.raises(CannotRestart, match="has not ended"):  # nobody has recovered it
            await engine.retry_from(execution_id, "a")
