"""Whether twice the steps take twice the time: runs of n and 2n steps, each in a process of its own.

    python -m benchmarks.scale [--most 100000] [--bound 2.3] [--only fan] [--json]

Ends with 1 when time(2n) / time(n) is over the bound anywhere. The first row of a shape has no ratio.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.engine import peak_mb
from benchmarks.engine_loads import MEASURES, Load, chain, fan, timing


def skips(count: int) -> dict[str, Any]:
    """A chain behind a condition that does not hold: everything but the first is skipped."""
    drawn = chain(count)
    drawn["connections"][0]["condition"] = "n > 1"
    return drawn


SHAPES = {"chain": chain, "fan": fan, "skips": skips}
STORES = ("memory", "sqlite")
LEAST = 12_500
REPEATS = 3


def measure(shape: str, store: str, count: int) -> dict[str, float]:
    """In the child: the best of three, as what disturbs a run only ever makes it longer; processor time."""
    timing.use_cpu()
    load = Load(shape, lambda: SHAPES[shape](count), count)
    seconds = min(asyncio.run(MEASURES[store](load)) for _ in range(REPEATS))
    return {"seconds": seconds, "peak_mb": peak_mb()}


def in_child(shape: str, store: str, count: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.scale", "--child", shape, store, str(count)]
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--most", type=int, default=100_000)
    parser.add_argument("--bound", type=float, default=2.3)
    parser.add_argument("--only", choices=sorted(SHAPES), help="this shape")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        shape, store, count = chosen.child
        print(json.dumps(measure(shape, store, int(count))))
        return
    rows: list[dict[str, Any]] = []
    if not chosen.json:
        print(f"{'':16}{'steps':>9}{'seconds':>10}{'us a step':>11}{'peak MB':>9}{'2n : n':>8}")
    for shape in [chosen.only] if chosen.only else SHAPES:
        for store in STORES:
            before = None
            count = LEAST
            while count <= chosen.most:
                figures = in_child(shape, store, count)
                ratio = figures["seconds"] / before if before is not None else None
                before = figures["seconds"]
                rows.append({"shape": shape, "store": store, "steps": count, "ratio": ratio, **figures})
                if not chosen.json:
                    _print_row(rows[-1])
                count *= 2
    if chosen.json:
        print(json.dumps(rows))
    sys.exit(any(row["ratio"] is not None and row["ratio"] > chosen.bound for row in rows))


def _print_row(row: dict[str, Any]) -> None:
    us = row["seconds"] / row["steps"] * 1e6
    ratio = f"{row['ratio']:8.2f}" if row["ratio"] is not None else ""
    name = f"{row['shape']}, {row['store']}"
    print(
        f"{name:16}{row['steps']:9,}{row['seconds']:10.2f}{us:11.1f}{row['peak_mb']:9.0f}{ratio}", flush=True
    )


if __name__ == "__main__":
    main()
