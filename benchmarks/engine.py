"""What a step costs: the engine beside bare asyncio and other engines, doing the same work in the same run.

    python -m benchmarks.engine [--steps 10000] [--only W1,W5] [--peer dbos] [--cpu] [--json]

W1 to W7 of the design, steps that do nothing (or wait, or hand a table on), in memory and on disk, then what
a workflow of 10,000 steps takes to start and to recover. Each figure comes from a process of its own, so that
the peak of its memory is its own too. Medians of three, or of up to fifteen short ones. Ratios
in one run hold, absolute figures move with the machine. A peer has to be installed; nothing of it is imported
before it is asked for. With --cpu the time is that of the process (threads included, waiting not), which says
more while others use the machine too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.engine_loads import (
    MEASURES,
    Load,
    chain,
    finished,
    layered,
    loads,
    make_registry,
    noop,
    timing,
)
from benchmarks.engine_peers import PEERS, PeerMissing
from engine import SqliteStateManager, WorkflowEngine

REPEATS = 3
MOST_REPEATS = 15
ENOUGH_S = 1.5
"""So much is measured of what is over sooner: a disturbance lasts longer than one run of it."""
LARGE = 10_000
# Of the design, for a calm machine: microseconds a step by the beginning of a load's name, and seconds.
TARGETS = {
    "memory": {"W1": 15, "W2": 15, "W3": 15, "W4": 15, "W5": 15},
    "sqlite": {"W1": 50, "W2": 25, "W3": 25, "W5": 25},
}
TARGETS_S = {"start_s": 0.3, "recovery_s": 1.0, "peak_mb": 150.0}


def measure(load: Load, how: str) -> dict[str, float]:
    """In the child: the median of some runs after a small one, in seconds, and the peak of the memory."""
    run = MEASURES.get(how)
    if run is not None:
        asyncio.run(run(replace(load, make=lambda: chain(20), times=1, ideal_s=0.0, from_table=False)))
        seconds = repeated(lambda: asyncio.run(run(load)), 1 if load.name.startswith("W7") else REPEATS)
    else:
        peer = PEERS[how]()
        seconds = repeated(lambda: peer(load), REPEATS)
    return {"seconds": statistics.median(seconds), "peak_mb": peak_mb()}


def repeated(once: Callable[[], float], least: int) -> list[float]:
    seconds = [once() for _ in range(least)]
    while least > 1 and len(seconds) < MOST_REPEATS and sum(seconds) < ENOUGH_S:
        seconds.append(once())
    return seconds


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def large() -> dict[str, float]:
    """A layered workflow of 10,000 steps: to its start, to its end, and recovered when half of it is done."""
    document = layered(LARGE, LARGE * 3 // 2)
    before = peak_mb()
    figures: dict[str, float] = {}
    half = asyncio.Event()
    count = 0

    async def counted(params: dict[str, Any], context: Any) -> dict[str, Any]:
        nonlocal count
        count += 1
        if count == LARGE // 2:
            half.set()
            await asyncio.Event().wait()
        return await noop(params, context)

    registry = make_registry()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "runs.db"
        async with WorkflowEngine(1, registry=registry, state_manager=SqliteStateManager(path)) as engine:
            await engine.state_manager.open()
            began = timing.clock()
            execution_id = await engine.start_workflow(document, {})
            figures["start_s"] = timing.clock() - began
            await finished(engine, execution_id)
            figures["run_s"] = timing.clock() - began
            figures["peak_mb"] = peak_mb()
            figures["peak_above_start_mb"] = peak_mb() - before
            registry.register("bench", "noop", counted)
            execution_id = await engine.start_workflow(document, {})
            await half.wait()
        async with WorkflowEngine(registry=make_registry(), state_manager=SqliteStateManager(path)) as engine:
            await engine.state_manager.open()
            began = timing.clock()
            recovered = await engine.recover()
            figures["recovery_s"] = timing.clock() - began
            assert recovered == [execution_id]
            await finished(engine, execution_id)
    return figures


# -- the parent -----------------------------------------------------------------------------------


def in_child(*arguments: str) -> dict[str, Any]:
    """What a process of its own says about one figure."""
    command = [sys.executable, "-m", "benchmarks.engine", *arguments]
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    last = done.stdout.strip().splitlines()[-1:] or [""]
    if done.returncode or not last[0].startswith("{"):
        sys.exit(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"{command} said nothing")
    answer: dict[str, Any] = json.loads(last[0])
    return answer


def compare(chosen: argparse.Namespace, hows: list[str]) -> list[dict[str, Any]]:
    rows = []
    for number, load in enumerate(loads(chosen.steps)):
        if chosen.only and not any(load.name.startswith(name) for name in chosen.only.split(",")):
            continue
        row: dict[str, Any] = {"load": load.name}
        for how in hows:
            more = ["--cpu"] if chosen.cpu else []
            figures = in_child("--child", str(number), how, "--steps", str(chosen.steps), *more)
            if "refused" not in figures:
                count = load.steps * load.times
                figures["us"] = figures["seconds"] / count * 1e6
                figures["steps_a_second"] = count / figures["seconds"]
            row[how] = figures
        rows.append(row)
        if not chosen.json:
            _print_row(row, hows)
    return rows


def _print_head(hows: list[str]) -> None:
    print(f"{'microseconds a step (peak MB)':42}" + "".join(f"{how:>18}" for how in hows) + "   : asyncio")


def _print_row(row: dict[str, Any], hows: list[str]) -> None:
    cells, ratios = [], []
    for how in hows:
        figures = row[how]
        if "refused" in figures:
            cells.append(f"{'-':>18}")
            continue
        cells.append(f"{figures['us']:11.1f} ({figures['peak_mb']:4.0f})")
        if how != "asyncio":
            ratios.append(f"{figures['seconds'] / row['asyncio']['seconds']:.1f}")
    said = []
    for how, targets in TARGETS.items():
        most = targets.get(row["load"][:2])
        if most is not None and "us" in row.get(how, {}):
            said.append(f"{how} {'ok' if row[how]['us'] <= most else 'missed'} ({most})")
    print(f"{row['load']:42}" + "".join(cells) + "   " + " ".join([*ratios, *said]), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=LARGE, help="of W2, W3 and W6")
    parser.add_argument("--only", default="", help="the beginnings of names of loads, with commas")
    parser.add_argument("--peer", action="append", default=[], choices=sorted(PEERS), help="beside ours")
    parser.add_argument("--cpu", action="store_true", help="the process's time, not the wall's")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", nargs="*", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.cpu:
        timing.use_cpu()
    if chosen.child:
        if chosen.child == ["large"]:
            print(json.dumps(asyncio.run(large())))
            return
        number, how = chosen.child
        try:
            print(json.dumps(measure(loads(chosen.steps)[int(number)], how)))
        except NotImplementedError as error:
            print(json.dumps({"refused": str(error)}))
        return
    for name in chosen.peer:
        try:
            PEERS[name]()
        except PeerMissing as error:
            sys.exit(str(error))
    hows = [*MEASURES, *chosen.peer]
    if not chosen.json:
        _print_head(hows)
    rows = compare(chosen, hows)
    figures = in_child("--child", "large", *(["--cpu"] if chosen.cpu else [])) if not chosen.only else {}
    if chosen.json:
        print(json.dumps({"loads": rows, "large": figures}))
    elif figures:
        print(
            f"\n{LARGE:,} steps on disk: started in {figures['start_s']:.2f} s, "
            f"over after {figures['run_s']:.2f} s, "
            f"recovered half done in {figures['recovery_s']:.2f} s; "
            f"peak {figures['peak_mb']:.0f} MB, {figures['peak_above_start_mb']:.0f} MB above the start; "
            + ", ".join(
                f"{name} {'ok' if figures[name] <= most else 'missed'} ({most:g})"
                for name, most in TARGETS_S.items()
            )
        )


if __name__ == "__main__":
    main()
