"""What hostile expressions cost: the most time and memory that one takes before it is refused or done.

    python -m benchmarks.expressions [FOLDER]

FOLDER: where `expressions.json` of the outside material lies. Besides those, expressions of our own that work
on as much data as the limits let through. Time is that of the processor, for reading and evaluating, the
worst of several tries, each with nothing remembered; memory is the peak of what Python allocates beyond the
data. Ends with 1 when one of them reaches 50 ms or 32 MB.
"""

from __future__ import annotations

import gc
import json
import sys
import time
import tracemalloc
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from engine.errors import ExpressionError
from engine.expression import RunScope, compile_expression, parse

MOST_SECONDS = 0.05
MOST_BYTES = 32_000_000
TRIES = 5
MATERIAL = Path(__file__).resolve().parents[2] / "shared" / "corpora" / "hostile_expressions" / "dev"

NUMBERS = list(range(200_000))
DATA: Mapping[str, Any] = {
    "numbers": NUMBERS,
    "texts": [f"text number {number}" for number in range(100_000)],
    "nested": [[number] * 10 for number in range(20_000)],
    "object": {f"key {number}": number for number in range(100_000)},
    "long": "a long text " * 80_000,
    "deep": json.loads("[" * 400 + "]" * 400),
}
OURS = (
    "sum(numbers) + max(numbers) + min(numbers)",
    "numbers == numbers and numbers == numbers",
    "nested == nested and nested != [] and nested == nested",
    "999999999 in numbers or -1 in numbers or -2 in numbers",
    "texts + texts + texts + texts",
    "'no such text' in texts and 'none' in texts",
    "keys(object) + values(object)",
    "upper(long) + lower(long)",
    "long + long",
    "matches(long, '(a+)+b')",
    "matches(long, '(.*)(.*)(.*)(.*)x')",
    "contains(long, 'no such thing') or starts_with(long, 'x') or ends_with(long, 'x')",
    "str(numbers)",
    "str(nested) + str(texts)",
    "len(str(object))",
    "deep == deep",
    "[numbers, numbers, numbers, numbers, numbers, numbers] == [numbers, numbers, numbers]",
    "[" + ", ".join(["numbers + numbers"] * 200) + "]",
    "{" + ", ".join(f"'k{n}': texts + texts" for n in range(100)) + "}",
    " or ".join(["-1 in numbers"] * 250),
    "9" * 3_000 + " * " + "9" * 1_000,
    "(" * 49 + "1" + ")" * 49,
    "not " * 1_300 + "true",
    "1" + " + 1" * 1_000,
    "[" + ",".join(["0"] * 2_000) + "]",
)


class Cost(NamedTuple):
    source: str
    seconds: float
    size: int
    outcome: str


def cost_of(source: str, scope: RunScope) -> Cost:
    """The worst of several tries, and how the expression ended."""
    seconds = 0.0
    for _ in range(TRIES):
        gc.collect()
        started = time.thread_time()
        outcome = _outcome(source, scope)
        seconds = max(seconds, time.thread_time() - started)
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        _outcome(source, scope)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return Cost(source, seconds, most - before, outcome)


def _outcome(source: str, scope: RunScope) -> str:
    parse.cache_clear()
    compile_expression.cache_clear()
    try:
        value = compile_expression(source).evaluate(scope)
    except ExpressionError as error:
        return error.message
    return type(value).__name__


def measure(name: str, sources: list[str], scope: RunScope) -> dict[str, Any]:
    """The figures of a family, also printed."""
    costs = [cost_of(source, scope) for source in sources]
    slowest = max(costs, key=lambda cost: cost.seconds)
    largest = max(costs, key=lambda cost: cost.size)
    over = [cost for cost in costs if cost.seconds >= MOST_SECONDS or cost.size >= MOST_BYTES]
    print(f"{name}: {len(costs)} expressions")
    print(f"  slowest  {slowest.seconds * 1000:6.1f} ms  {slowest.source[:70]}  ({slowest.outcome[:60]})")
    print(f"  largest  {largest.size / 1e6:6.3f} MB  {largest.source[:70]}  ({largest.outcome[:60]})")
    for cost in over:
        print(f"  OVER     {cost.seconds * 1000:6.1f} ms {cost.size / 1e6:6.1f} MB  {cost.source[:70]}")
    return {
        "family": name,
        "expressions": len(costs),
        "worst_ms": round(slowest.seconds * 1000, 1),
        "worst_mb": round(largest.size / 1e6, 3),
        "over": len(over),
    }


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else MATERIAL
    _outcome(
        "matches('warm', 'up')", RunScope()
    )  # the engine of regular expressions is imported on first use
    results = []
    if (folder / "expressions.json").is_file():
        cases = json.loads((folder / "expressions.json").read_text("utf-8"))
        results.append(measure("hostile_expressions", [case["expr"] for case in cases], RunScope()))
    results.append(measure("ours, on much data", list(OURS), RunScope(fields=dict(DATA))))
    print(json.dumps(results))
    return 1 if any(result["over"] for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
