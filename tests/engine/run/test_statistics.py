"""Figures over runs: active time apart from waiting, queues, retries; the same for every store and in SQL."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from engine import MemoryStateManager, SqliteStateManager, WorkflowEngine
from engine.history.statistics import Spread, spread, statistics
from engine.history.status import ExecutionStatus
from engine.store.times import times_of_runs
from tests.support.builders import chain, make_workflow, node
from tests.support.fake_clock import FakeClock, FixedRng
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio


def engine_on(
    actions: ScriptedActions, path: Path | None, clock: FakeClock, limit: int = 5
) -> WorkflowEngine:
    store = MemoryStateManager(now=clock.now) if path is None else SqliteStateManager(path, now=clock.now)
    return WorkflowEngine(limit, registry=actions.registry, state_manager=store, clock=clock, rng=FixedRng())


async def a_life(actions: ScriptedActions, engine: WorkflowEngine, clock: FakeClock) -> None:
    """A run that works 2 s, waits 100 s for a person, is tried again after 10 s and completes."""
    retry = {"max_attempts": 2, "initial_interval": 10, "jitter": "none"}
    workflow = chain(
        node("slow", "gate"),
        node("asks", parameters={"n": "${input.n}"}),
        node("again", "fail", retry=retry),
    )
    actions.errors["again"] = [ConnectionError("not yet")]
    run = await engine.start_workflow(workflow)
    await actions.reached["slow"].wait()
    await clock.advance(2)
    actions.gates["slow"].set()
    await engine.wait(run)
    await clock.advance(100)
    await engine.resume_workflow(run, {"n": 1})
    await clock.until_asked()
    await clock.advance(10)
    assert (await engine.wait(run))["status"] == "COMPLETED"
    assert await engine.state_manager.waiting_ms([run]) == {run: 100_000}


@pytest.mark.parametrize("is_durable", [True, False], ids=["sqlite", "memory"])
async def test_that_active_and_waiting_time_are_told_apart(
    actions: ScriptedActions, clock: FakeClock, tmp_path: Path, is_durable: bool
) -> None:
    path = tmp_path / "runs.db" if is_durable else None
    async with engine_on(actions, path, clock) as engine:
        await a_life(actions, engine, clock)
        found = await engine.statistics("w")
        assert (await engine.statistics("w", version="another")).total.runs == 0
    total = found.total
    assert (total.runs, total.completed, total.success_rate, total.unfinished) == (1, 1, 1.0, 0)
    assert (total.active_ms, total.waiting_ms) == (Spread(p50=12_000, p95=12_000), Spread(p50=1e5, p95=1e5))
    steps = {step.step_id: step for step in found.steps}
    assert steps["slow"].active_ms.p50 == 2_000
    assert (steps["asks"].waiting_ms.p50, steps["asks"].active_ms.p50) == (100_000, 0)
    assert (steps["again"].retries, steps["again"].waiting_ms.p50) == (1, 10_000)
    assert [version.runs for version in found.versions] == [1]
    if path is not None:
        database = sqlite3.connect(path)
        database.row_factory = sqlite3.Row
        (run,) = database.execute("SELECT * FROM run_statistics")
        assert (run["p50_active_ms"], run["p95_active_ms"], run["mean_waiting_ms"]) == (12e3, 12e3, 1e5)
        rows = {row["step_id"]: row for row in database.execute("SELECT * FROM step_statistics")}
        assert (rows["slow"]["p50_active_ms"], rows["again"]["retries"]) == (2e3, 1)
        times = dict(database.execute("SELECT step_id, waiting_ms FROM step_times").fetchall())
        assert times == {"slow": 0.0, "asks": 1e5, "again": 1e4}
        database.close()


async def test_that_a_step_that_stands_in_line_is_told_from_one_that_works(
    actions: ScriptedActions, clock: FakeClock
) -> None:
    async with engine_on(actions, None, clock, limit=1) as engine:
        run = await engine.start_workflow(make_workflow([node("first", "gate"), node("second")]))
        await actions.reached["first"].wait()
        await clock.advance(7)
        actions.gates["first"].set()
        await engine.wait(run)
        found = await engine.statistics("w")
    steps = {step.step_id: step for step in found.steps}
    assert (steps["first"].queue_ms.p50, steps["second"].queue_ms.p50) == (0, 7_000)
    assert (steps["first"].active_ms.p50, steps["second"].active_ms.p50) == (7_000, 0)


async def test_that_runs_that_failed_or_were_stopped_count_as_what_they_are(
    actions: ScriptedActions, clock: FakeClock
) -> None:
    async with engine_on(actions, None, clock) as engine:
        actions.errors["a"] = [RuntimeError("boom")]
        await engine.wait(await engine.start_workflow(make_workflow([node("a", "fail")])))
        await engine.wait(await engine.start_workflow(make_workflow([node("a", "fail")])))
        stopped = await engine.start_workflow(make_workflow([node("b", "gate")]))
        await actions.reached["b"].wait()
        await engine.cancel_workflow(stopped, force=True)
        await engine.wait(stopped)
        await engine.start_workflow(make_workflow([node("c", "gate")]))
        await actions.reached["c"].wait()
        found = await engine.statistics("w")
        assert (await engine.statistics("w", limit=2)).total.runs == 2
    total = found.total
    assert (total.runs, total.completed, total.failed, total.cancelled, total.unfinished) == (4, 1, 1, 1, 1)
    assert total.success_rate == 0.5
    assert [version.runs for version in found.versions] == [1, 1, 2]
    assert {step.step_id: step.success_rate for step in found.steps}["a"] == 0.5
    assert statistics("nobody", []).total.last_run_at is None


async def test_that_a_store_without_the_definition_says_what_it_can(clock: FakeClock) -> None:
    async with MemoryStateManager(now=clock.now) as store:
        await store.create_execution("w", {})
        (only,) = await times_of_runs(store, "w")
    assert (only.status, only.steps, only.active_ms) == (ExecutionStatus.PENDING, (), 0)


async def test_that_percentiles_are_by_nearest_rank() -> None:
    assert spread([]) == Spread(p50=None, p95=None)
    assert spread(range(1, 101)) == Spread(p50=50, p95=95)
    assert spread([3, 1, 2]) == Spread(p50=2, p95=3)
