"""What an item of a for_each costs: a body of one no-op step, beside bare asyncio in the same run.

    python benchmarks/composition.py [--items 10000] [--json]

Processor time of the process, medians of three; *growth* is time(items) / time(items / 2), 2.0 if linear.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import tracemalloc
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine import (
    ActionRegistry,
    ExecutionStateManager,
    MemoryStateManager,
    SqliteStateManager,
    WorkflowEngine,
)

AT_ONCE = 8
REPEATS = 3


async def noop(params: dict[str, Any], context: Any) -> dict[str, Any]:
    return {"n": params.get("item")}


def workflow() -> dict[str, Any]:
    step = {"service": "bench", "action": "noop", "parameters": {"item": "${item}"}}
    body = {"nodes": [{"id": "step", "type": "action", "config": step}], "outputs": "${step.n}"}
    each = {"items": "${input.items}", "concurrency": AT_ONCE}
    config = {"parameters": each, "workflow": body}
    return {"id": "each", "nodes": [{"id": "each", "type": "flow.for_each", "config": config}]}


async def engine_run(store: ExecutionStateManager, items: int) -> float:
    registry = ActionRegistry()
    registry.register("bench", "noop", noop)
    async with WorkflowEngine(AT_ONCE, registry=registry, state_manager=store) as engine:
        await engine.wait(await engine.start_workflow(workflow(), {"items": [0]}))
        began = process_time()
        state = await engine.wait(await engine.start_workflow(workflow(), {"items": list(range(items))}))
        took = process_time() - began
        assert state["outputs"]["each"] == list(range(items)), state["error"]
        return took


async def in_memory(items: int) -> float:
    return await engine_run(MemoryStateManager(), items)


async def on_disk(items: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        return await engine_run(SqliteStateManager(Path(folder) / "runs.db"), items)


async def bare(items: int) -> float:
    """A task an item, so many at once, and nothing else."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(item: int) -> Any:
        async with slots:
            return await noop({"item": item}, None)

    began = process_time()
    await asyncio.gather(*(one(item) for item in range(items)))
    return process_time() - began


Measure = Callable[[int], Awaitable[float]]


def measure(how: Measure, items: int) -> float:
    """Microseconds an item."""
    return statistics.median(asyncio.run(how(items)) for _ in range(REPEATS)) / items * 1e6


def peak_mb(items: int) -> float:
    """The most memory that Python held during a run on disk, its list of items and results included."""
    tracemalloc.start()
    asyncio.run(on_disk(items))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    rows = []
    for name, how in {"asyncio": bare, "memory": in_memory, "sqlite": on_disk}.items():
        whole, half = measure(how, chosen.items), measure(how, chosen.items // 2)
        rows.append({"store": name, "us_an_item": whole, "growth": 2 * whole / half})
    peaks = {items: peak_mb(items) for items in (chosen.items // 2, chosen.items)}
    if chosen.json:
        print(json.dumps({"rows": rows, "peak_mb": peaks}))
        return
    print(f"{'microseconds an item':24}{'':>10}{'growth':>10}")
    for row in rows:
        print(f"{row['store']:24}{row['us_an_item']:10.1f}{row['growth']:10.2f}")
    for items, peak in peaks.items():
        print(f"peak memory, {items:,} items on disk: {peak:.1f} MB")


if __name__ == "__main__":
    main()
