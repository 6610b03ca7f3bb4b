"""Whether an engine that works for long stays as it is: memory, open files and threads, over 200,000 steps.

    python -m benchmarks.soak [--steps 200000] [--json]

One engine on one SQLite store runs workflows of a hundred steps, twenty at once. One step in twenty fails and
is tried again, one run in ten fails for good, one in ten is cancelled on its way. What the process holds is
looked at every twentieth of the way; after the first fifth (warm-up) it should not grow. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.engine_loads import document, node
from engine import ActionRegistry, ExternalServiceError, SqliteStateManager, WorkflowEngine
from engine.files import codec
from engine.model.workflow import Workflow

WIDTH = 98
RUNS_AT_ONCE = 20
SAMPLES = 20
WARM = SAMPLES // 5


def make_registry(rng: random.Random) -> ActionRegistry:
    registry = ActionRegistry()

    @registry.action("bench", "shaky", idempotent=True)
    async def shaky(params: dict[str, Any], context: Any) -> dict[str, Any]:
        if context.attempt == 1 and rng.random() < 0.05:
            raise ExternalServiceError("not now", retryable=True)
        await asyncio.sleep(0)
        return {"n": rng.random(), "text": "x" * 100}

    @registry.action("bench", "last")
    async def last(params: dict[str, Any], context: Any) -> dict[str, Any]:
        if rng.random() < 0.1:
            raise ValueError("broken for good")
        return {"n": 1}

    return registry


def workflow() -> Workflow:
    nodes = [node("start", action="shaky"), *(node(f"s{i}", "start", "shaky") for i in range(WIDTH))]
    for each in nodes:
        each["config"]["retry"] = {"max_attempts": 3, "initial_interval": 0.001, "jitter": "none"}
    nodes.append(node("end", "start", "last"))
    wires = [{"source": "start", "target": f"s{i}"} for i in range(WIDTH)]
    wires += [{"source": f"s{i}", "target": "end"} for i in range(WIDTH)]
    return codec.decode(document("soak", nodes, wires))


def sample(path: Path, steps: int) -> dict[str, float]:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "steps": steps,
        "rss_mb": pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
        "files": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "tasks": len(asyncio.all_tasks()),
        "database_mb": path.stat().st_size / 2**20,
    }


async def soak(wanted: int, say: bool) -> dict[str, Any]:
    rng = random.Random(1)
    drawn = workflow()
    ended: Counter[str] = Counter()
    samples: list[dict[str, float]] = []
    started = 0
    began = perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "runs.db"
        registry = make_registry(rng)
        async with WorkflowEngine(20, registry=registry, state_manager=SqliteStateManager(path)) as engine:

            async def one() -> None:
                execution_id = await engine.start_workflow(drawn, {})
                if rng.random() < 0.1:
                    await asyncio.sleep(0.002)
                    await engine.cancel_workflow(execution_id, force=rng.random() < 0.5)
                ended[(await engine.wait(execution_id))["status"]] += 1

            while started < wanted:
                await asyncio.gather(*(one() for _ in range(RUNS_AT_ONCE)))
                started += RUNS_AT_ONCE * len(drawn.nodes)
                if started * SAMPLES >= wanted * (len(samples) + 1):
                    samples.append(sample(path, started))
                    if say:
                        print(
                            "  ".join(f"{key} {value:,.0f}" for key, value in samples[-1].items()), flush=True
                        )
    warm = samples[WARM:]
    return {
        "seconds": perf_counter() - began,
        "ended": dict(ended),
        "growth_mb": warm[-1]["rss_mb"] - warm[0]["rss_mb"],
        "most_mb": max(each["rss_mb"] for each in samples),
        "files": sorted({each["files"] for each in warm}),
        "threads": sorted({each["threads"] for each in warm}),
        "samples": samples,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=200_000)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    figures = asyncio.run(soak(chosen.steps, not chosen.json))
    if chosen.json:
        print(json.dumps(figures))
        return
    print(
        f"{figures['seconds']:.0f} s; ended {figures['ended']}; after warm-up memory grew by "
        f"{figures['growth_mb']:.1f} MB (at most {figures['most_mb']:.0f} MB), "
        f"open files {figures['files']}, threads {figures['threads']}"
    )


if __name__ == "__main__":
    main()
