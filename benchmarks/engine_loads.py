"""The workloads of `benchmarks/engine.py`, for the engine and for bare asyncio doing the same work.

Every measure gives seconds; what is timed is the run alone: the workflow has been read and checked before,
and Python's collector has looked through what that left.
"""

from __future__ import annotations

import asyncio
import gc
import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import duckdb

from engine import ActionRegistry, MemoryStateManager, SqliteStateManager, WorkflowEngine
from engine.files import codec
from engine.model.workflow import Workflow
from engine.run.execution import Execution

ROWS = 1_000_000
TABLE_STEPS = 20
CHAIN_STEPS = 10
RUNS_AT_ONCE = 200
WAIT_S = 0.01
WAITS_AT_ONCE = 100
DEPTH = 13
COLUMNS = [{"name": f"c{number}", "type": "number"} for number in range(10)]


class Timing:
    """What time is measured by: the wall's, or the process's own, which says more on a busy machine."""

    def __init__(self) -> None:
        self.clock: Callable[[], float] = perf_counter

    def use_cpu(self) -> None:
        self.clock = process_time


timing = Timing()
_made_at: list[float] = []
"""When tables were complete."""


@dataclass(frozen=True, slots=True)
class Load:
    """A workflow, how often it runs at once, and with how many steps at a time.

    steps: how many steps that is, skipped ones included. ideal_s: what it would take if steps cost nothing.
    from_table: the clock starts when the first step has made its table.
    """

    name: str
    make: Callable[[], dict[str, Any]]
    steps: int
    times: int = 1
    at_once: int = 5
    ideal_s: float = 0.0
    from_table: bool = False


def node(node_id: str, source: str = "", action: str = "noop") -> dict[str, Any]:
    """A node that uses the output of another."""
    parameters = {"n": f"${{{source}.n}}"} if source else {}
    return {
        "id": node_id,
        "type": "action",
        "config": {"service": "bench", "action": action, "parameters": parameters},
    }


def document(name: str, nodes: list[dict[str, Any]], wires: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": name, "name": name, "nodes": nodes, "connections": wires}


def chain(count: int, action: str = "noop", first: str = "") -> dict[str, Any]:
    """Each step uses the one before."""
    nodes = [node(f"s{i}", f"s{i - 1}" if i else "", action) for i in range(count)]
    if first:
        nodes[0]["config"]["action"] = first
    wires = [{"source": f"s{i}", "target": f"s{i + 1}"} for i in range(count - 1)]
    return document("chain", nodes, wires)


def fan(count: int, action: str = "noop") -> dict[str, Any]:
    """One step, many in parallel, one."""
    nodes = [node("start"), *(node(f"s{i}", "start", action) for i in range(count)), node("end")]
    wires = [{"source": "start", "target": f"s{i}"} for i in range(count)]
    wires += [{"source": f"s{i}", "target": "end"} for i in range(count)]
    return document("fan", nodes, wires)


def layered(count: int, connections: int, seed: int = 1) -> dict[str, Any]:
    """A random graph without circles, whose connections reach about 50 steps ahead."""
    rng = random.Random(seed)
    before: dict[int, list[int]] = {number: [] for number in range(count)}
    drawn: set[tuple[int, int]] = set()
    while len(drawn) < connections:
        source = rng.randrange(count - 1)
        target = min(count - 1, source + 1 + int(rng.expovariate(1 / 50)))
        if (source, target) not in drawn:
            drawn.add((source, target))
            before[target].append(source)
    nodes = [node(f"s{i}", f"s{before[i][0]}" if before[i] else "") for i in range(count)]
    wires = [{"source": f"s{source}", "target": f"s{target}"} for source, target in sorted(drawn)]
    return document("layered", nodes, wires)


def decisions(depth: int) -> dict[str, Any]:
    """A binary tree of conditions: one way down is taken, everything else is skipped."""
    count = 2**depth - 1
    wires = []
    for number in range(count // 2):
        wires.append({"source": f"s{number}", "target": f"s{2 * number + 1}", "condition": "n > 0"})
        wires.append({"source": f"s{number}", "target": f"s{2 * number + 2}", "condition": "n <= 0"})
    return document("decisions", [node(f"s{i}") for i in range(count)], wires)


def loads(steps: int) -> list[Load]:
    """W1 to W7; `steps` for those that may be smaller."""
    return [
        Load("W1 chain, each uses the one before", lambda: chain(1_000), 1_000),
        Load("W2 one, many in parallel, one", lambda: fan(steps), steps + 2),
        Load("W3 layered graph, 1.5 connections a step", lambda: layered(steps, steps * 3 // 2), steps),
        Load("W4 tree of conditions, depth 13", lambda: decisions(DEPTH), 2**DEPTH - 1),
        Load("W5 200 runs at once of 10", lambda: chain(CHAIN_STEPS), CHAIN_STEPS, times=RUNS_AT_ONCE),
        Load(
            "W6 steps of 10 ms, 100 at a time",
            lambda: fan(steps, "wait"),
            steps + 2,
            at_once=WAITS_AT_ONCE,
            ideal_s=steps * WAIT_S / WAITS_AT_ONCE,
        ),
        Load(
            "W7a 80 MB table handed on 20 times",
            lambda: chain(TABLE_STEPS, action="hand_on", first="table"),
            TABLE_STEPS,
            from_table=True,
        ),
        Load(
            "W7b 80 MB table rewritten 20 times",
            lambda: chain(TABLE_STEPS, action="rewrite", first="table"),
            TABLE_STEPS,
        ),
    ]


# -- actions --------------------------------------------------------------------------------------


async def noop(params: dict[str, Any], context: Any) -> dict[str, Any]:
    return {"n": 1}


async def hand_on(params: dict[str, Any], context: Any) -> dict[str, Any]:
    return {"n": params["n"]}


async def wait(params: dict[str, Any], context: Any) -> dict[str, Any]:
    await asyncio.sleep(WAIT_S)
    return {"n": 1}


def write_table(target: Path, source: Path | None) -> None:
    """Ten columns of a million random numbers, or those of another file with one of them changed."""
    columns = ", ".join(f"random() AS c{number}" for number in range(10))
    query = f"SELECT {columns} FROM range({ROWS})"
    if source is not None:
        query = f"SELECT * REPLACE (c0 + 1 AS c0) FROM read_parquet('{source}')"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet, COMPRESSION uncompressed)")


def table(params: dict[str, Any], context: Any) -> dict[str, Any]:
    """In a thread, as a plain function: writes a table and returns the reference that stands for it."""
    source = context.artifacts.path(params["n"]) if params else None
    target = context.artifacts.temporary(".parquet")
    write_table(target, source)
    size = target.stat().st_size
    sha = context.artifacts.adopt(target)
    _made_at.append(timing.clock())
    return {"n": {"$table": sha, "rows": ROWS, "columns": COLUMNS, "bytes": size}}


def make_registry() -> ActionRegistry:
    registry = ActionRegistry()
    for action in (noop, hand_on, wait, table):
        registry.register("bench", action.__name__, action)
    registry.register("bench", "rewrite", table)
    return registry


# -- the engine -----------------------------------------------------------------------------------


async def run_in(engine: WorkflowEngine, load: Load) -> float:
    """Seconds for so many runs at once, each a workflow of its own."""
    workflow = codec.decode(load.make())
    engine._prepare(workflow)
    gc.collect()
    began = timing.clock()
    await asyncio.gather(*(_one_run(engine, workflow) for _ in range(load.times)))
    return timing.clock() - (_made_at[-1] if load.from_table else began)


async def _one_run(engine: WorkflowEngine, workflow: Workflow) -> None:
    await finished(engine, await engine.start_workflow(workflow, {}))


async def finished(engine: WorkflowEngine, execution_id: str) -> None:
    """As `wait`, without reading the whole state back."""
    await over(await engine._runtime.find(execution_id, start=False))


async def over(execution: Execution | None) -> None:
    """The run has ended, and well. Whoever looks for it only then has its journal read from the disk."""
    if execution is not None:
        await execution.rest()
        assert execution.state.status == "COMPLETED", execution.state.error


async def in_memory(load: Load) -> float:
    store = MemoryStateManager()
    async with WorkflowEngine(load.at_once, registry=make_registry(), state_manager=store) as engine:
        return await run_in(engine, load)


async def on_disk(load: Load) -> float:
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStateManager(Path(folder) / "runs.db")
        async with WorkflowEngine(load.at_once, registry=make_registry(), state_manager=store) as engine:
            await store.open()
            return await run_in(engine, load)


# -- bare asyncio ---------------------------------------------------------------------------------


async def bare(load: Load) -> float:
    """The same graph and the same actions: a task a step, and nothing else."""
    drawn = load.make()
    actions = {each["id"]: each["config"]["action"] for each in drawn["nodes"]}
    before: dict[str, list[str]] = {node_id: [] for node_id in actions}
    dead = set()
    for wire in drawn["connections"]:
        before[wire["target"]].append(wire["source"])
        if wire.get("condition") == "n <= 0":
            dead.add(wire["target"])
    slots = asyncio.Semaphore(load.at_once) if load.ideal_s else None
    with tempfile.TemporaryDirectory() as folder:
        gc.collect()
        began = timing.clock()
        one = partial(_bare_run, actions, before, dead, slots, Path(folder))
        await asyncio.gather(*(one() for _ in range(load.times)))
        return timing.clock() - (_made_at[-1] if load.from_table else began)


_SKIPPED = object()


async def _bare_run(
    actions: dict[str, str],
    before: dict[str, list[str]],
    dead: set[str],
    slots: asyncio.Semaphore | None,
    folder: Path,
) -> None:
    tasks: dict[str, asyncio.Task[Any]] = {}

    async def step(node_id: str) -> Any:
        source: Any = None
        for earlier in before[node_id]:
            source = await tasks[earlier]
        if node_id in dead or source is _SKIPPED:
            return _SKIPPED
        match actions[node_id]:
            case "table" | "rewrite":
                target = folder / f"{node_id}.parquet"
                await asyncio.to_thread(write_table, target, source)
                _made_at.append(timing.clock())
                return target
            case "wait" if slots is not None:
                async with slots:
                    await wait({}, None)
            case _:
                await noop({}, None)
        return source

    for node_id in actions:
        tasks[node_id] = asyncio.create_task(step(node_id))
    for task in tasks.values():
        await task


MEASURES = {"asyncio": bare, "memory": in_memory, "sqlite": on_disk}
