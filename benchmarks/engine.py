"""What a step costs: no-op steps in microseconds, beside bare asyncio in the same run.

    python benchmarks/engine.py [--steps 2000] [--json]

W1: a chain, each step uses the one before. W2: one step, many in parallel, one. W5: 200 runs of a chain of
ten at once. Medians of three; ratios in one run hold, absolute figures move with the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine import ActionRegistry, MemoryStateManager, SqliteStateManager, WorkflowEngine
from engine.files import codec
from engine.model.workflow import Workflow

RUNS_AT_ONCE = 200
REPEATS = 3


async def noop(params: dict[str, Any], context: Any) -> dict[str, Any]:
    return {"n": 1}


def make_registry() -> ActionRegistry:
    registry = ActionRegistry()
    registry.register("bench", "noop", noop)
    return registry


def node(node_id: str, source: str = "") -> dict[str, Any]:
    parameters = {"n": f"${{{source}.n}}"} if source else {}
    return {
        "id": node_id,
        "type": "action",
        "config": {"service": "bench", "action": "noop", "parameters": parameters},
    }


def chain(count: int) -> Workflow:
    nodes = [node(f"s{i}", f"s{i - 1}" if i else "") for i in range(count)]
    wires = [{"source": f"s{i}", "target": f"s{i + 1}"} for i in range(count - 1)]
    return codec.decode({"id": "chain", "nodes": nodes, "connections": wires})


def fan(count: int) -> Workflow:
    nodes = [node("start"), *(node(f"s{i}", "start") for i in range(count)), node("end")]
    wires = [{"source": "start", "target": f"s{i}"} for i in range(count)]
    wires += [{"source": f"s{i}", "target": "end"} for i in range(count)]
    return codec.decode({"id": "fan", "nodes": nodes, "connections": wires})


async def run_once(engine: WorkflowEngine, workflow: Workflow, times: int) -> float:
    await engine.wait(await engine.start_workflow(chain(2), {}))
    engine._prepare(workflow)
    began = perf_counter()
    ids = await asyncio.gather(*(engine.start_workflow(workflow, {}) for _ in range(times)))
    for execution_id in ids:
        await finished(engine, execution_id)
    return perf_counter() - began


async def finished(engine: WorkflowEngine, execution_id: str) -> None:
    """As `wait`, without reading the whole state back."""
    execution = await engine._runtime.find(execution_id, start=False)
    if execution is not None:
        await execution.rest()
        assert execution.state.status == "COMPLETED", execution.state.error


async def in_memory(workflow: Workflow, times: int) -> float:
    async with WorkflowEngine(registry=make_registry(), state_manager=MemoryStateManager()) as engine:
        return await run_once(engine, workflow, times)


async def on_disk(workflow: Workflow, times: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStateManager(Path(folder) / "runs.db")
        async with WorkflowEngine(registry=make_registry(), state_manager=store) as engine:
            return await run_once(engine, workflow, times)


async def bare(workflow: Workflow, times: int) -> float:
    """The same graphs, a task a step, futures for wires, nothing else."""
    before: dict[str, list[str]] = {node_id: [] for node_id in workflow.nodes}
    for connection in workflow.connections.values():
        before[connection.target].append(connection.source)

    async def one() -> None:
        tasks: dict[str, asyncio.Task[Any]] = {}

        async def step(node_id: str) -> Any:
            for source in before[node_id]:
                await tasks[source]
            return await noop({}, None)

        for node_id in workflow.nodes:
            tasks[node_id] = asyncio.create_task(step(node_id))
        for task in tasks.values():
            await task

    began = perf_counter()
    await asyncio.gather(*(one() for _ in range(times)))
    return perf_counter() - began


Measure = Callable[[Workflow, int], Awaitable[float]]


def measure(how: Measure, workflow: Workflow, times: int) -> float:
    """Microseconds a step, the median of three runs."""
    seconds = [asyncio.run(how(workflow, times)) for _ in range(REPEATS)]
    return statistics.median(seconds) / (len(workflow.nodes) * times) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2_000)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    loads = {
        "W1 chain": (chain(min(chosen.steps, 1_000)), 1),
        "W2 fan": (fan(chosen.steps), 1),
        "W5 200 chains of 10": (chain(10), RUNS_AT_ONCE),
    }
    rows = []
    for name, (workflow, times) in loads.items():
        base = measure(bare, workflow, times)
        memory = measure(in_memory, workflow, times)
        disk = measure(on_disk, workflow, times)
        rows.append({"load": name, "bare_us": base, "memory_us": memory, "sqlite_us": disk})
    if chosen.json:
        print(json.dumps(rows))
        return
    print(f"{'microseconds a step':24}{'asyncio':>10}{'memory':>10}{'sqlite':>10}{'ratio':>8}{'ratio':>8}")
    for row in rows:
        base, memory, disk = row["bare_us"], row["memory_us"], row["sqlite_us"]
        print(f"{row['load']:24}{base:10.1f}{memory:10.1f}{disk:10.1f}{memory / base:8.1f}{disk / base:8.1f}")


if __name__ == "__main__":
    main()
