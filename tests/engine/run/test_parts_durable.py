"""What became of parts counts, whatever happens to the run while they end or once they have."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from engine import ActionError, SqliteStateManager, StepContext, WorkflowEngine
from tests.support.builders import make_workflow, node
from tests.support.compositions import body, each, loop, sub
from tests.support.fake_clock import settle
from tests.support.journal_rules import check_journal
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("meanwhile", ["completes", "fails", "is stopped", "pauses"])
async def test_that_the_step_neither_gets_lost_nor_comes_back(
    actions: ScriptedActions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    go_on = asyncio.Event()

    async def other(params: dict[str, Any], context: StepContext) -> str:
        await go_on.wait()
        if meanwhile == "fails":
            raise ActionError("no")
        return "other"

    actions.registry.register("test", "other", other)
    is_held, is_free = asyncio.Event(), asyncio.Event()
    store = SqliteStateManager(tmp_path / "runs.db")
    workflow = make_workflow(
        [sub("part", body("x")), node("other", "other")], settings={"on_failure": "cancel"}
    )
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        runner = engine._runtime._runner
        make_durable = runner._make_durable

        async def slowly(*, full_sync: bool) -> None:
            is_held.set()
            await is_free.wait()
            await make_durable(full_sync=full_sync)

        monkeypatch.setattr(runner, "_make_durable", slowly)
        execution_id = await engine.start_workflow(workflow)
        await is_held.wait()
        call = None
        if meanwhile in ("is stopped", "pauses"):
            asked = engine.cancel_workflow if meanwhile == "is stopped" else engine.pause_workflow
            call = asyncio.create_task(asked(execution_id))
            await settle()
        go_on.set()
        await settle()
        is_free.set()
        if call is not None:
            assert await call
        state = await asyncio.wait_for(engine.wait(execution_id), 10)
        if meanwhile == "pauses":
            assert state["status"] == "PAUSED"
            await engine.resume_workflow(execution_id)
            state = await asyncio.wait_for(engine.wait(execution_id), 10)
        check_journal(await store.read_events(execution_id))
    ends = {"completes": "COMPLETED", "fails": "FAILED", "is stopped": "CANCELLED", "pauses": "COMPLETED"}
    assert state["status"] == ends[meanwhile]
    part = "CANCELLED" if meanwhile in ("fails", "is stopped") else "COMPLETED"
    assert state["steps"]["part"]["status"] == part
    assert actions.calls == ["x"]


@pytest.mark.parametrize("kind", ["each", "loop"])
@pytest.mark.parametrize("rolls_back", ["at once", "later"])
async def test_that_parts_that_had_completed_are_undone_when_the_rest_is_stopped(
    actions: ScriptedActions, kind: str, rolls_back: str
) -> None:
    calls: list[str] = []
    is_second, go_on = asyncio.Event(), asyncio.Event()

    async def work(params: dict[str, Any], context: StepContext) -> None:
        calls.append(f"do {params['i']}")
        if params["i"] == 1:
            is_second.set()
            await go_on.wait()

    async def unwork(params: dict[str, Any], context: StepContext) -> None:
        calls.append(f"undo {params['i']}")

    actions.registry.register("test", "work", work)
    actions.registry.register("test", "unwork", unwork)
    undo = {"service": "test", "action": "unwork", "parameters": {"i": "${index}"}}
    inner = body(node("w", "work", parameters={"i": "${index}"}, rollback=undo))
    many = each("many", inner, [*"abc"], concurrency=1) if kind == "each" else loop("many", inner, times=3)
    never = each("never", inner, [1])
    workflow = make_workflow([many, never], ["many>never"])
    async with WorkflowEngine(registry=actions.registry) as engine:
        execution_id = await engine.start_workflow(workflow)
        await is_second.wait()
        await engine.cancel_workflow(execution_id, rollback=rolls_back == "at once")
        go_on.set()
        state = await engine.wait(execution_id)
        if rolls_back == "later":
            assert state["status"] == "CANCELLED"
            assert await engine.rollback_workflow(execution_id)
            state = await engine.wait(execution_id)
        check_journal(await engine.state_manager.read_events(execution_id))
    assert state["status"] == "ROLLED_BACK"
    assert calls == ["do 0", "do 1", "undo 1", "undo 0"]
    steps = {name: step["status"] for name, step in state["steps"].items()}
    assert steps == {"many": "ROLLED_BACK", "never": "SKIPPED"}
