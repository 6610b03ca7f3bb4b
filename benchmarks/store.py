"""What a step costs in the store, beside what the bare database costs in the same run.

    python -m benchmarks.store [--steps 10000]

A step is two appends (STEP_RUNNING; STEP_COMPLETED with its connection), three events and six rows.
Prints a table, then the same as JSON. Absolute figures move with the machine; ratios hold.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.history.events import EventDraft, EventType
from engine.store.memory import MemoryStateManager
from engine.store.sqlite import SqliteStateManager
from engine.store.state_manager import ExecutionStateManager


def append_step(store: ExecutionStateManager, execution_id: str, number: int) -> None:
    """What the engine appends for one step that does nothing."""
    step_id = f"step_{number}"
    store.append(execution_id, [EventDraft(EventType.STEP_RUNNING, step_id, 1)])
    output = {"output": {"result": number}, "duration_ms": 0.125}
    resolved = {"connection_id": f"c_{number}", "outcome": "TAKEN"}
    store.append(
        execution_id,
        [
            EventDraft(EventType.STEP_COMPLETED, step_id, 1, output),
            EventDraft(EventType.CONNECTION_RESOLVED, data=resolved),
        ],
    )


async def _run(store: ExecutionStateManager, steps: int, steps_a_commit: int) -> float:
    """Seconds for ``steps`` steps, committing after every ``steps_a_commit``."""
    async with store:
        execution_id = await store.create_execution("benchmark", {})
        started = time.perf_counter()
        for number in range(steps):
            append_step(store, execution_id, number)
            if number % steps_a_commit == steps_a_commit - 1:
                await store.commit()
        await store.commit()
        return time.perf_counter() - started


async def _recover(path: Path, steps: int) -> float:
    """Seconds to open a store and load an execution of ``steps`` steps."""
    async with SqliteStateManager(path) as store:
        execution_id = await store.create_execution("benchmark", {})
        for number in range(steps):
            append_step(store, execution_id, number)
    started = time.perf_counter()
    async with SqliteStateManager(path) as store:
        state = await store.load_state(execution_id)
        elapsed = time.perf_counter() - started
    assert len(state.steps) == steps
    return elapsed


def _bare(path: Path, steps: int, steps_a_commit: int) -> float:
    """Seconds for three journal rows a step by ``executemany``, and nothing else."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE journal (seq INTEGER PRIMARY KEY, ts INTEGER, type INTEGER, data TEXT)")
    text = '{"output":{"result":1},"duration_ms":0.125}'
    started = time.perf_counter()
    for first in range(0, steps, steps_a_commit):
        count = 3 * min(steps_a_commit, steps - first)
        rows = [(first * 3 + number, 1_763_860_000_000_000, 17, text) for number in range(count)]
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO journal VALUES (?, ?, ?, ?)", rows)
        connection.execute("COMMIT")
    elapsed = time.perf_counter() - started
    connection.close()
    return elapsed


@contextmanager
def _busy_thread() -> Iterator[None]:
    """A thread that never waits, as a window that paints all the time would be."""
    stop = threading.Event()

    def spin() -> None:
        while not stop.is_set():
            pass

    thread = threading.Thread(target=spin)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def measure(steps: int) -> dict[str, float]:
    """Microseconds a step of each way, and seconds of a recovery."""
    sys.setswitchinterval(0.0005)
    figures: dict[str, float] = {}
    few = steps // 10
    with tempfile.TemporaryDirectory() as folder:
        paths = (Path(folder) / f"{number}.db" for number in range(1_000))

        def note(name: str, count: int, run: Callable[[], float]) -> None:
            figures[name] = round(min(run() for _ in range(3)) / count * 1e6, 2)

        def sqlite_steps(count: int, steps_a_commit: int) -> float:
            return asyncio.run(_run(SqliteStateManager(next(paths)), count, steps_a_commit))

        note("bare, 100 steps a commit", steps, lambda: _bare(next(paths), steps, 100))
        note("bare, each step committed", few, lambda: _bare(next(paths), few, 1))
        note("memory", steps, lambda: asyncio.run(_run(MemoryStateManager(), steps, 100)))
        note("sqlite, 100 steps a commit", steps, lambda: sqlite_steps(steps, 100))
        note("sqlite, each step committed", few, lambda: sqlite_steps(few, 1))
        with _busy_thread():
            note("bare beside a busy thread, 100 steps a commit", few, lambda: _bare(next(paths), few, 100))
            note("sqlite beside a busy thread, 100 steps a commit", few, lambda: sqlite_steps(few, 100))
        figures["recovery of one execution, s"] = round(asyncio.run(_recover(next(paths), steps)), 3)
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the store beside the bare database.")
    parser.add_argument("--steps", type=int, default=10_000)
    steps = parser.parse_args().steps
    figures = measure(steps)
    for way in ("100 steps a commit", "each step committed"):
        ratio = figures[f"sqlite, {way}"] / figures[f"bare, {way}"]
        figures[f"ratio to bare, {way}"] = round(ratio, 2)
    for name, value in figures.items():
        print(f"{name:<52}{value:>10}")
    print(json.dumps({"steps": steps, "figures": figures}))


if __name__ == "__main__":
    main()
