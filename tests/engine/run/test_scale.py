"""Large runs come out right, and what a step leaves behind does not grow with the run; nothing is timed."""

from __future__ import annotations

import asyncio
import sqlite3
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from engine import MemoryStateManager, SqliteStateManager, WorkflowEngine
from tests.support.builders import chain, make_workflow, node, wire
from tests.support.scripted_actions import ScriptedActions

# Load, not lines: what it runs is covered elsewhere, and a tracer would double the time.
pytestmark = [pytest.mark.asyncio, pytest.mark.no_cover]
LARGE = 10_000


async def outcome(actions: ScriptedActions, workflow: dict[str, Any]) -> dict[str, Any]:
    async with WorkflowEngine(registry=actions.registry) as engine:
        return await engine.wait(await engine.start_workflow(workflow, {}))


def counting(count: int) -> dict[str, Any]:
    """A chain in which each step adds one to what the step before came to."""
    first = node("s0", "add", parameters={"a": 0, "b": 1})
    others = [node(f"s{i}", "add", parameters={"a": f"${{s{i - 1}.sum}}", "b": 1}) for i in range(1, count)]
    return chain(first, *others)


async def test_that_a_chain_of_ten_thousand_steps_hands_every_result_on(actions: ScriptedActions) -> None:
    state = await outcome(actions, counting(LARGE))
    assert state["status"] == "COMPLETED"
    assert state["outputs"][f"s{LARGE - 1}"] == {"sum": LARGE}


async def test_that_ten_thousand_steps_in_parallel_all_run_once_before_the_last(
    actions: ScriptedActions,
) -> None:
    names = [f"s{i}" for i in range(LARGE)]
    wires = [*(wire("first", name) for name in names), *(wire(name, "last") for name in names)]
    state = await outcome(actions, make_workflow([node(name) for name in ["first", *names, "last"]], wires))
    assert state["status"] == "COMPLETED"
    assert (actions.calls[0], actions.calls[-1]) == ("first", "last")
    assert sorted(actions.calls) == sorted(["first", *names, "last"])


async def test_that_ten_thousand_steps_behind_a_false_condition_are_all_skipped(
    actions: ScriptedActions,
) -> None:
    workflow = counting(LARGE)
    workflow["connections"][0]["condition"] = "sum > 1"
    state = await outcome(actions, workflow)
    assert state["status"] == "COMPLETED"
    statuses = [step["status"] for step in state["steps"].values()]
    assert (statuses.count("COMPLETED"), statuses.count("SKIPPED")) == (1, LARGE - 1)


async def test_that_two_hundred_runs_at_once_keep_apart(actions: ScriptedActions, tmp_path: Path) -> None:
    workflow = counting(10)
    workflow["nodes"][0]["config"]["parameters"]["a"] = "${input.start}"
    store = SqliteStateManager(tmp_path / "runs.db")
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        ids = await asyncio.gather(
            *(engine.start_workflow(workflow, {"start": number}) for number in range(200))
        )
        states = await asyncio.gather(*(engine.wait(execution_id) for execution_id in ids))
    assert [state["outputs"]["s9"]["sum"] for state in states] == [number + 10 for number in range(200)]


async def test_that_the_journal_of_a_step_is_as_long_in_a_long_run_as_in_a_short_one(
    actions: ScriptedActions, tmp_path: Path
) -> None:
    async def bytes_a_step(count: int) -> float:
        path = tmp_path / f"{count}.db"
        store = SqliteStateManager(path)
        async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
            await engine.wait(await engine.start_workflow(counting(count), {}))
        connection = sqlite3.connect(path)
        [(rows, size)] = connection.execute("SELECT count(*), sum(length(data)) FROM journal WHERE seq > 1")
        connection.close()
        assert rows == 3 * count + 1  # its start and end, and one connection less than steps
        return float(size) / count

    # The numbers in it get a digit longer.
    assert await bytes_a_step(1_000) == pytest.approx(await bytes_a_step(500), rel=0.05)


async def test_that_a_step_keeps_as_much_memory_in_a_long_run_as_in_a_short_one(
    actions: ScriptedActions,
) -> None:
    async def memory_a_step(count: int) -> float:
        workflow = counting(count)
        async with WorkflowEngine(registry=actions.registry, state_manager=MemoryStateManager()) as engine:
            await engine.wait(await engine.start_workflow(workflow, {}))  # compiled, and caches are full
            tracemalloc.start()
            execution_id = await engine.start_workflow(workflow, {})
            execution = await engine._runtime.find(execution_id)
            assert execution is not None
            await execution.rest()
            kept, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert peak < kept * 2
        return kept / count

    assert await memory_a_step(1_000) == pytest.approx(await memory_a_step(500), rel=0.15)
