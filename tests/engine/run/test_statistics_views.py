"""The figures as SQL: what anybody reads with another tool, against what the engine and the test count."""

from __future__ import annotations

import random
import sqlite3
from math import ceil
from pathlib import Path
from typing import Any

import pytest

from engine import ActionError, SqliteStateManager, StepContext, WorkflowEngine
from engine.run.options import RunOptions
from tests.support.builders import make_workflow, node, wire
from tests.support.fake_clock import FakeClock, FixedRng
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio

RUNS = 25


def rows(path: Path, view: str) -> list[dict[str, Any]]:
    database = sqlite3.connect(path)
    database.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in database.execute(f"SELECT * FROM {view}")]
    finally:
        database.close()


def rank(values: list[float], share: float) -> float | None:
    ranked = sorted(values)
    return ranked[ceil(len(ranked) * share) - 1] if ranked else None


async def lives(actions: ScriptedActions, path: Path, clock: FakeClock, seed: int) -> WorkflowEngine:
    """Runs of two versions on one slot: steps take a random time, stand in line, fail, are tried again."""
    chance = random.Random(seed)

    async def work(params: dict[str, Any], context: StepContext) -> str:
        await clock.advance(chance.choice([0, 1, 2, 5, 13]))
        if chance.random() < 0.3:
            raise ConnectionError("away")
        if chance.random() < 0.1:
            raise ActionError("broken")
        return "done"

    actions.registry.register("test", "work", work)
    store = SqliteStateManager(path, now=clock.now)
    engine = WorkflowEngine(1, registry=actions.registry, state_manager=store, clock=clock, rng=FixedRng())
    retry = {"max_attempts": 3, "initial_interval": 4, "jitter": "none"}
    for number in range(RUNS):
        nodes = [node(name, "work", retry=retry) for name in "abcd"[: 3 + (number > 15)]]
        workflow = make_workflow(nodes, [wire("a", "b"), wire("a", "c", condition="true")])
        run = await engine.start_workflow(workflow)
        while (await engine.get_workflow_status(run))["timings"]["ended_at"] is None:
            await clock.advance(1)
    return engine


@pytest.mark.parametrize("seed", range(3))
async def test_that_the_views_give_what_the_journal_says(
    actions: ScriptedActions, clock: FakeClock, tmp_path: Path, seed: int
) -> None:
    path = tmp_path / "runs.db"
    engine = await lives(actions, path, clock, seed)
    async with engine:
        found = await engine.statistics("w")
        versions = {one.definition_hash: one for one in found.versions}
        listed = await engine.state_manager.list_executions(limit=None)
        by_version = {name: (await engine.statistics("w", version=name)).steps for name in versions}
    runs = {row["definition_hash"]: row for row in rows(path, "run_statistics")}
    assert runs.keys() == versions.keys()
    assert len(runs) == 2
    for name, row in runs.items():
        told = versions[name]
        assert (row["runs"], row["completed"], row["failed"], row["retries"]) == (
            told.runs,
            told.completed,
            told.failed,
            told.retries,
        )
        assert row["success_rate"] == pytest.approx(told.success_rate)
        lasted = [1e3 * (one.ended_at - one.started_at) for one in listed if one.definition_hash == name]
        assert row["p50_duration_ms"] == pytest.approx(rank(lasted, 0.5))
        assert row["p95_duration_ms"] == pytest.approx(rank(lasted, 0.95))
        for measure in ("duration_ms", "active_ms", "queue_ms"):
            assert row[f"p50_{measure}"] == pytest.approx(getattr(told, measure).p50)
            assert row[f"p95_{measure}"] == pytest.approx(getattr(told, measure).p95)
    steps = {(row["definition_hash"], row["step_id"]): row for row in rows(path, "step_statistics")}
    assert len(steps) == 3 + 4
    assert any(row["retries"] for row in steps.values())
    assert any(row["p95_queue_ms"] > 0 for row in steps.values())
    for name, told_steps in by_version.items():
        for step in told_steps:
            row = steps[name, step.step_id]
            assert (row["runs"], row["completed"], row["failed"], row["skipped"], row["retries"]) == (
                step.runs,
                step.completed,
                step.failed,
                step.skipped,
                step.retries,
            )
            for measure in ("active_ms", "queue_ms"):
                assert row[f"p50_{measure}"] == pytest.approx(getattr(step, measure).p50)
                assert row[f"p95_{measure}"] == pytest.approx(getattr(step, measure).p95)
    assert sum(row["runs"] for row in runs.values()) == RUNS


async def test_that_a_step_stands_in_line_from_the_last_decision_about_it_until_it_runs(
    actions: ScriptedActions, clock: FakeClock, tmp_path: Path
) -> None:
    """a takes 3 s; then b and c are ready at once, and with one slot c waits for the 5 s of b."""
    path = tmp_path / "runs.db"
    store = SqliteStateManager(path, now=clock.now)
    async with WorkflowEngine(1, registry=actions.registry, state_manager=store, clock=clock) as engine:
        nodes = [node("a", "gate"), node("b", "gate"), node("c")]
        run = await engine.start_workflow(make_workflow(nodes, ["a>b", "a>c"]))
        for name, seconds in (("a", 3), ("b", 5)):
            await actions.reached[name].wait()
            await clock.advance(seconds)
            actions.gates[name].set()
        await engine.wait(run)
    queues = {row["step_id"]: row["queue_ms"] for row in rows(path, "step_queues")}
    assert queues == {"a": 0, "b": 0, "c": 5_000}
    (total,) = rows(path, "run_statistics")
    assert (total["p50_duration_ms"], total["p95_duration_ms"]) == (8_000, 8_000)
    assert (total["p50_queue_ms"], total["retries"], total["success_rate"]) == (0, 0, 1)
    targets = {row["connection_id"]: row["step_id"] for row in rows(path, "connection_targets")}
    assert targets == {"a>b": "b", "a>c": "c"}


async def test_that_a_result_that_was_taken_says_nothing_about_how_long_its_step_takes(
    actions: ScriptedActions, clock: FakeClock, tmp_path: Path
) -> None:
    path = tmp_path / "runs.db"
    store = SqliteStateManager(path, now=clock.now)
    async with WorkflowEngine(registry=actions.registry, state_manager=store, clock=clock) as engine:
        pinned = node("a", "gate", pin={"output": 1})
        workflow = make_workflow([pinned, node("off", disabled=True)])
        await engine.wait(await engine.start_workflow(workflow))
        unpinned = await engine.start_workflow(workflow, options=RunOptions(pins=False))
        await actions.reached["a"].wait()
        await clock.advance(9)
        actions.gates["a"].set()
        await engine.wait(unpinned)
        told = {step.step_id: step for step in (await engine.statistics("w")).steps}
    found = {row["step_id"]: row for row in rows(path, "step_statistics")}
    assert (found["a"]["runs"], found["a"]["completed"], found["a"]["not_run"]) == (2, 2, 1)
    assert (found["a"]["p50_active_ms"], found["a"]["p50_duration_ms"]) == (9_000, 9_000)
    assert (told["a"].active_ms.p50, told["a"].active_ms.p95) == (9_000, 9_000)
    assert (found["off"]["not_run"], found["off"]["p50_queue_ms"], told["off"].queue_ms.p50) == (
        2,
        None,
        None,
    )


async def test_that_runs_that_were_undone_or_taken_up_again_count_alike_in_both(
    actions: ScriptedActions, clock: FakeClock, tmp_path: Path
) -> None:
    """Runs that completed, failed and were stopped, each undone since; and one tried twice in two epochs."""
    path = tmp_path / "runs.db"
    undone = {"service": "test", "action": "undo"}
    retry = {"max_attempts": 2, "initial_interval": 1, "jitter": "none"}
    step = node("a", "fail", retry=retry, rollback=undone)
    asks = make_workflow([step, node("ask", parameters={"x": "${input.x}"})], ["a>ask"])
    store = SqliteStateManager(path, now=clock.now)
    engine = WorkflowEngine(registry=actions.registry, state_manager=store, clock=clock, rng=FixedRng())

    async def ran(faults: int, x: int | None = 1) -> str:
        actions.errors["a"] = [ConnectionError("away")] * faults
        run = await engine.start_workflow(asks, {} if x is None else {"x": x})
        if faults:
            await clock.until_asked()
            await clock.advance(1)
        await engine.wait(run)
        return run

    async with engine:
        for run in (await ran(0), await ran(1), await ran(0, None)):  # the last one waits, and is stopped
            await engine.rollback_workflow(run)
            assert (await engine.wait(run))["status"] == "ROLLED_BACK"
        again = await ran(2)
        actions.errors["a"] = [ConnectionError("away")]
        await engine.retry_from(again)
        await clock.until_asked()
        await clock.advance(1)
        assert (await engine.wait(again))["status"] == "COMPLETED"
        failed = make_workflow([node("a", rollback=undone), node("b", "fail")], ["a>b"])
        actions.errors["b"] = [ActionError("broken")]
        run = await engine.start_workflow({**failed, "settings": {"on_failure": {"rollback": True}}})
        assert (await engine.wait(run))["status"] == "ROLLED_BACK"
        told = {one.definition_hash: one for one in (await engine.statistics("w")).versions}
        steps = {name: (await engine.statistics("w", version=name)).steps for name in told}
    counted = [
        (one.runs, one.completed, one.failed, one.cancelled, one.retries, one.success_rate)
        for one in told.values()
    ]
    assert counted == [(1, 0, 1, 0, 0, 0.0), (4, 3, 0, 1, 3, 1.0)]
    for row in rows(path, "run_statistics"):
        one = told[row["definition_hash"]]
        for figure in ("runs", "completed", "failed", "cancelled", "retries", "success_rate"):
            assert row[figure] == getattr(one, figure), figure
    for row in rows(path, "step_statistics"):
        (one,) = (each for each in steps[row["definition_hash"]] if each.step_id == row["step_id"])
        assert row["retries"] == one.retries
