"""Real scientific workflows whose tasks fail, that are paused, and whose engine goes away half-way."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import ActionRegistry, MemoryStateManager, SqliteStateManager, WorkflowEngine
from engine.actions.context import StepContext
from tests.conformance.graphs import AT_ONCE, read_graph
from tests.support.corpora import corpus

pytestmark = pytest.mark.asyncio
MOST_TASKS = 45


class Tasks:
    """An action that counts its runs, fails for some tasks, and tells when half of them have begun."""

    def __init__(self, graph: dict[str, Any], failing: frozenset[str] = frozenset()) -> None:
        self.ran: Counter[str] = Counter()
        self.half = asyncio.Event()
        self._failing = failing
        self._half_of_all = len(graph["nodes"]) // 2
        self.registry = ActionRegistry()
        self.registry.register("case", "idle", self._run)

    async def _run(self, params: dict[str, Any], context: StepContext) -> None:
        self.ran[context.step_id] += 1
        await asyncio.sleep(0)
        if len(self.ran) >= self._half_of_all:
            self.half.set()
        if context.step_id in self._failing:
            raise ConnectionError("no such luck")


def graphs() -> Iterator[dict[str, Any]]:
    for path in sorted(corpus("wfinstances").glob("*.json.gz")):
        graph = read_graph(path)
        if len(graph["nodes"]) <= MOST_TASKS:
            yield graph


def behind(graph: dict[str, Any], tasks: frozenset[str]) -> set[str]:
    """All that depends on the tasks."""
    children: dict[str, list[str]] = defaultdict(list)
    for wire in graph["connections"]:
        children[wire["source"]].append(wire["target"])
    found: set[str] = set()
    waiting = list(tasks)
    while waiting:
        new = set(children[waiting.pop()]) - found
        found |= new
        waiting.extend(new)
    return found


async def test_that_a_failure_stops_what_is_behind_it_and_nothing_else() -> None:
    chance = random.Random(5)
    for graph in graphs():
        names = [node["id"] for node in graph["nodes"]]
        failing = frozenset(chance.sample(names, max(1, len(names) // 12)))
        tasks = Tasks(graph, failing)
        workflow = {**graph, "settings": {"on_failure": {"mode": "continue"}}}
        async with WorkflowEngine(registry=tasks.registry, state_manager=MemoryStateManager()) as engine:
            state = await engine.wait(await engine.start_workflow(workflow, {}))
        skipped = behind(graph, failing)
        expected = {
            name: "SKIPPED" if name in skipped else "FAILED" if name in failing else "COMPLETED"
            for name in names
        }
        assert {name: step["status"] for name, step in state["steps"].items()} == expected, graph["id"]
        assert state["status"] == "FAILED"
        assert tasks.ran == Counter(set(names) - skipped)


async def _begun(graph: dict[str, Any], tasks: Tasks, path: Path, then: Callable[..., Any]) -> str:
    """Run half of the graph, do `then`, and let the engine go."""
    async with WorkflowEngine(registry=tasks.registry, state_manager=SqliteStateManager(path)) as engine:
        execution_id = await engine.start_workflow(graph, {})
        await tasks.half.wait()
        await then(engine, execution_id)
    return execution_id


async def _pause(engine: WorkflowEngine, execution_id: str) -> None:
    await engine.pause_workflow(execution_id)
    await engine.wait(execution_id)


async def _leave(engine: WorkflowEngine, execution_id: str) -> None:
    """Nothing: the engine is closed while steps run."""


async def test_that_a_paused_workflow_goes_on_in_another_engine_and_does_nothing_twice(
    tmp_path: Path,
) -> None:
    for number, graph in enumerate(graphs()):
        tasks, path = Tasks(graph), tmp_path / f"{number}.db"
        execution_id = await _begun(graph, tasks, path, _pause)
        async with WorkflowEngine(registry=tasks.registry, state_manager=SqliteStateManager(path)) as engine:
            await engine.resume_workflow(execution_id)
            state = await engine.wait(execution_id)
        assert state["status"] == "COMPLETED", graph["id"]
        assert tasks.ran == Counter(node["id"] for node in graph["nodes"])


async def test_that_an_engine_that_goes_away_repeats_only_what_was_running(tmp_path: Path) -> None:
    for number, graph in enumerate(graphs()):
        tasks, path = Tasks(graph), tmp_path / f"{number}.db"
        execution_id = await _begun(graph, tasks, path, _leave)
        async with WorkflowEngine(registry=tasks.registry, state_manager=SqliteStateManager(path)) as engine:
            await engine.recover()
            state = await engine.wait(execution_id)
        assert state["status"] == "COMPLETED", graph["id"]
        assert tasks.ran.keys() == {node["id"] for node in graph["nodes"]}
        assert tasks.ran.total() - len(tasks.ran) <= AT_ONCE
