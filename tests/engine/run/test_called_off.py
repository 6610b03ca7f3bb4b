"""A part that is cancelled for itself while the run waits for an answer: what does not need it goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from engine import RunOptions, SqliteStateManager, WorkflowEngine
from tests.support.builders import make_workflow, node, wire
from tests.support.compositions import body, each, sub
from tests.support.journal_rules import check_journal
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio

ASKS = body(node("ask", parameters={"x": "${input.x}", "item": "${item?}"}), outputs="${ask.item}")


@pytest_asyncio.fixture(params=["memory", "sqlite"])
async def any_engine(
    actions: ScriptedActions, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[WorkflowEngine]:
    store = SqliteStateManager(tmp_path / "runs.db") if request.param == "sqlite" else None
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as made:
        yield made


async def asking(engine: WorkflowEngine, *nodes: Any, **more: Any) -> str:
    execution_id = await engine.start_workflow(make_workflow(list(nodes), **more))
    assert (await engine.wait(execution_id))["status"] == "PAUSED"
    return execution_id


async def ended(engine: WorkflowEngine, execution_id: str) -> dict[str, Any]:
    state = await engine.wait(execution_id)
    for summary in await engine.state_manager.list_executions(limit=None, parts=True):
        check_journal(await engine.state_manager.read_events(summary.id))
    return state


def asked(state: dict[str, Any]) -> list[str]:
    return [item["path"] for item in state["needed"]]


async def test_that_the_run_goes_on_when_the_last_that_asked_is_cancelled(any_engine: WorkflowEngine) -> None:
    mapped = each("each", ASKS, [1, 2], on_item_error="continue")
    execution_id = await asking(any_engine, mapped, node("after"), connections=["each>after"])
    await any_engine.cancel_workflow(f"{execution_id}/each/0")
    state = await ended(any_engine, execution_id)
    assert (state["status"], asked(state)) == ("PAUSED", ["each/1/input.x"])
    await any_engine.cancel_workflow(f"{execution_id}/each/1")
    state = await ended(any_engine, execution_id)
    assert (state["status"], state["outputs"]["each"]) == ("COMPLETED_WITH_ERRORS", [None, None])
    assert state["steps"]["after"]["status"] == "COMPLETED"


async def test_that_the_next_item_begins_in_the_place_of_one_that_is_cancelled(
    any_engine: WorkflowEngine,
) -> None:
    mapped = each("each", ASKS, [1, 2, 3], on_item_error="continue", concurrency=2)
    execution_id = await asking(any_engine, mapped)
    await any_engine.cancel_workflow(f"{execution_id}/each/0")
    state = await ended(any_engine, execution_id)
    assert (state["status"], asked(state)) == ("PAUSED", ["each/1/input.x", "each/2/input.x"])
    await any_engine.resume_workflow(execution_id, {"x": 1})
    assert (await ended(any_engine, execution_id))["outputs"]["each"] == [None, 2, 3]


async def test_that_it_is_so_at_every_depth(any_engine: WorkflowEngine) -> None:
    inner = body(each("each", ASKS, [1], on_item_error="continue"))
    execution_id = await asking(any_engine, sub("out", inner), node("after"), connections=["out>after"])
    await any_engine.cancel_workflow(f"{execution_id}/out/each/0")
    state = await ended(any_engine, execution_id)
    assert (state["status"], state["steps"]["after"]["status"]) == ("COMPLETED_WITH_ERRORS", "COMPLETED")


async def test_that_what_follows_from_its_failure_follows(any_engine: WorkflowEngine) -> None:
    wires = [wire("s", "then", on="error")]
    execution_id = await asking(any_engine, sub("s", ASKS), node("then"), connections=wires)
    await any_engine.cancel_workflow(f"{execution_id}/s")
    state = await ended(any_engine, execution_id)
    assert (state["status"], state["steps"]["then"]["status"]) == ("COMPLETED_WITH_ERRORS", "COMPLETED")


async def test_that_a_run_that_a_person_has_paused_stays_so(
    any_engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    mapped = each("each", ASKS, [1], on_item_error="continue")
    execution_id = await any_engine.start_workflow(make_workflow([mapped, node("g", "gate")]))
    await actions.reached["g"].wait()
    await any_engine.pause_workflow(execution_id)
    actions.gates["g"].set()
    assert (await any_engine.wait(execution_id))["reason"] == "user"
    await any_engine.cancel_workflow(f"{execution_id}/each/0")
    assert (await ended(any_engine, execution_id))["status"] == "PAUSED"
    await any_engine.resume_workflow(execution_id)
    assert (await ended(any_engine, execution_id))["status"] == "COMPLETED_WITH_ERRORS"


async def test_that_what_is_held_to_be_looked_at_stays_held(any_engine: WorkflowEngine) -> None:
    workflow = make_workflow([each("each", ASKS, [1], on_item_error="continue"), node("held")])
    options = RunOptions(breakpoints=frozenset({"held"}))
    execution_id = await any_engine.start_workflow(workflow, options=options)
    assert (await any_engine.wait(execution_id))["reason"] == "missing_input"
    await any_engine.cancel_workflow(f"{execution_id}/each/0")
    state = await ended(any_engine, execution_id)
    assert (state["status"], state["reason"]) == ("PAUSED", "breakpoint")
    assert state["steps"]["each"]["status"] == "COMPLETED"


async def test_that_it_goes_on_after_a_restart(actions: ScriptedActions, tmp_path: Path) -> None:
    def make() -> WorkflowEngine:
        store = SqliteStateManager(tmp_path / "runs.db")
        return WorkflowEngine(registry=actions.registry, state_manager=store)

    async with make() as engine:
        execution_id = await asking(engine, each("each", ASKS, [1], on_item_error="continue"))
    async with make() as engine:
        await engine.cancel_workflow(f"{execution_id}/each/0")
    async with make() as engine:
        await engine.recover()
        assert (await ended(engine, execution_id))["status"] == "COMPLETED_WITH_ERRORS"
