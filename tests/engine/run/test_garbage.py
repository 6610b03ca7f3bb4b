"""What a busy engine holds is put aside for the collector, and always put back."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from engine import ExecutionNotFound, SqliteStateManager, WorkflowEngine
from engine.run import garbage
from tests.support.builders import chain, node
from tests.support.fake_clock import FakeClock, settle
from tests.support.scripted_actions import ScriptedActions


@pytest.fixture(autouse=True)
def untouched_collector() -> Iterator[None]:
    assert gc.isenabled()
    assert not gc.get_freeze_count()
    yield
    was_on = gc.isenabled()
    gc.enable()  # whatever became of the test
    assert was_on
    assert not gc.get_freeze_count()


def test_that_a_busy_engine_puts_aside_what_has_been_looked_through_until_it_is_idle() -> None:
    garbage.begins(100.0)
    garbage.turn(100.0)
    gc.collect(1)
    assert not gc.get_freeze_count()
    gc.collect(0)
    assert gc.get_freeze_count()
    garbage.begins(101.0)
    garbage.ends()
    assert gc.get_freeze_count()
    garbage.ends()


@pytest.mark.no_cover  # load, not lines
def test_that_it_is_put_back_now_and_then_and_less_and_less_often() -> None:
    gc.collect()  # what other tests left is not to be found here
    garbage.begins(0.0)
    put_back = []
    now = 0.0
    while len(put_back) < 4:
        before = garbage._aside.is_ours  # the interpreter would count what it put aside, object by object
        now += 0.03
        gc.collect(0)
        garbage.turn(now)
        if before and not garbage._aside.is_ours:
            assert not gc.get_freeze_count()
            put_back.append(now)
    garbage.ends()
    waits = [later - earlier for earlier, later in pairwise(put_back)]
    assert waits == pytest.approx([garbage.BACK_S * 2, garbage.BACK_S * 4, garbage.BACK_S * 8], rel=0.1)


def test_that_what_somebody_else_put_aside_stays_there() -> None:
    gc.freeze()
    theirs = gc.get_freeze_count()
    garbage.begins(0.0)
    gc.collect(0)
    garbage.ends()
    assert gc.get_freeze_count() == theirs
    gc.unfreeze()
    garbage.begins(0.0)
    gc.collect(0)
    assert gc.get_freeze_count()
    garbage.ends()


def test_that_it_is_put_back_as_often_where_there_is_much_to_collect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "MANY", 1_000)
    garbage.begins(0.0)
    for minute in range(1, 5):
        for _ in range(1_000):
            lost: list[object] = []
            lost.append(lost)
        gc.collect(0)  # takes them all: those that stay while it looks are what is put aside
        kept = [[None] for _ in range(1_000)]
        for each in kept:
            each[0] = each  # type: ignore[call-overload]
        gc.collect(0)
        del kept, each
        garbage.turn(garbage.BACK_S * minute)
        assert garbage._aside.back_at == garbage.BACK_S * (minute + 1)
    garbage.turn(garbage.BACK_S * 5)
    assert garbage._aside.back_at == garbage.BACK_S * 7
    garbage.ends()


def test_that_a_collector_that_is_off_stays_off() -> None:
    gc.disable()
    garbage.begins(0.0)
    garbage.turn(1.0)
    with garbage.uncollected():
        pass
    assert not gc.isenabled()
    assert not gc.get_freeze_count()
    garbage.ends()
    gc.enable()


def test_that_preparing_collects_nothing_and_leaves_the_collector_on() -> None:
    was_on = []

    def prepare() -> None:
        with garbage.uncollected():
            was_on.append(gc.isenabled())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        prepare()
    assert was_on == [False]


@pytest.mark.asyncio
@pytest.mark.parametrize("status", ["COMPLETED", "FAILED", "CANCELLED"])
async def test_that_a_run_that_has_ended_is_gone_without_the_collector(
    actions: ScriptedActions, clock: FakeClock, status: str
) -> None:
    workflow = chain("a", "b", "c", "d")
    for number, name in enumerate(["fail", "gate"]):
        workflow["nodes"][number + 1]["config"]["action"] = name
    workflow["nodes"][1]["config"]["retry"] = {"max_attempts": 2, "jitter": "none"}
    actions.errors["b"] = [ConnectionError("gone")] * (2 if status == "FAILED" else 1)
    gc.collect()
    gc.disable()
    async with WorkflowEngine(registry=actions.registry, clock=clock) as engine:
        execution_id = await engine.start_workflow(workflow)
        execution = await engine._runtime.find(execution_id)
        assert execution is not None
        held = [weakref.ref(execution), weakref.ref(execution.steps)]
        del execution
        await settle()
        await clock.advance(1.0)
        if status == "CANCELLED":
            await engine.cancel_workflow(execution_id)
        actions.gates["c"].set()
        state = await engine.wait(execution_id)
        await settle()
        assert state["status"] == status
        actions.contexts.clear()  # which the test keeps
        assert [ref() for ref in held] == [None, None]
    gc.enable()


@pytest.mark.asyncio
async def test_that_a_run_that_fails_leaves_nothing_aside(actions: ScriptedActions) -> None:
    async def freeze(params: dict[str, Any], context: Any) -> None:
        garbage.turn(float("inf"))
        garbage.turn(1e300)
        raise ValueError("broken")

    actions.registry.register("test", "freeze", freeze)
    workflow = chain("a")
    workflow["nodes"][0]["config"]["action"] = "freeze"
    async with WorkflowEngine(registry=actions.registry) as engine:
        state = await engine.wait(await engine.start_workflow(workflow))
    assert state["status"] == "FAILED"


@pytest.mark.asyncio
async def test_that_bringing_a_run_back_collects_nothing_and_leaves_the_collector_on(
    actions: ScriptedActions, tmp_path: Path
) -> None:
    was_on = []

    class Watched(SqliteStateManager):
        async def load_definition(self, definition_hash: str) -> dict[str, Any]:
            was_on.append(gc.isenabled())
            return await super().load_definition(definition_hash)

    workflow = chain(node("a", parameters={"value": "${input.x}"}))
    store = SqliteStateManager(tmp_path / "runs.db")
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        execution_id = await engine.start_workflow(workflow)
        assert (await engine.wait(execution_id))["status"] == "PAUSED"
    store = Watched(tmp_path / "runs.db")
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        with pytest.raises(ExecutionNotFound):
            await engine.resume_workflow("nobody")
        assert gc.isenabled()
        assert await engine.resume_workflow(execution_id, {"x": 1})
        assert gc.isenabled()
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert was_on == [False]
