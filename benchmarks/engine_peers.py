"""Other engines doing the loads of `engine_loads`, as their documentation says; each imported when asked.

A peer is a class that is made once (raises PeerMissing when it is not installed) and called with a load; it
gives seconds. Durable where the peer can be: DBOS and LangGraph on SQLite. A load that a peer has no plain
form for is refused with NotImplementedError and shown as "-".
"""

from __future__ import annotations

import asyncio
import importlib.util
import operator
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any, TypedDict

from benchmarks.engine_loads import Load


class PeerMissing(Exception):
    """The peer is not installed."""


def _need(module: str, install: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise PeerMissing(f"{module} is not installed; try: python -m pip install {install}")


def _shape(load: Load) -> tuple[str, int]:
    """chain or fan, and how many steps."""
    kind = load.name.split()[0]
    if kind in ("W1", "W5"):
        return "chain", load.steps
    if kind == "W2":
        return "fan", load.steps - 2
    raise NotImplementedError(f"{load.name} is measured for chains and fans only")


class Dbos:
    """DBOS Transact, its system database in SQLite."""

    def __init__(self) -> None:
        _need("dbos", "dbos")

    def __call__(self, load: Load) -> float:
        from dbos import DBOS, DBOSConfig

        shape, count = _shape(load)
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'dbos.sqlite'}"
            config: DBOSConfig = {"name": "bench", "system_database_url": url, "run_admin_server": False}
            DBOS(config=config)

            @DBOS.step()
            async def step(number: int) -> int:
                return number

            @DBOS.workflow()
            async def chain(steps: int) -> int:
                number = 0
                for _ in range(steps):
                    number = await step(number)
                return number

            @DBOS.workflow()
            async def fan(steps: int) -> int:
                await step(0)
                await asyncio.gather(*(step(number) for number in range(steps)))
                return await step(0)

            DBOS.launch()

            async def run() -> float:
                began = perf_counter()
                await asyncio.gather(
                    *((chain if shape == "chain" else fan)(count) for _ in range(load.times))
                )
                return perf_counter() - began

            try:
                return asyncio.run(run())
            finally:
                DBOS.destroy()


class LangGraph:
    """LangGraph with its SQLite saver, which writes a checkpoint after every superstep."""

    def __init__(self) -> None:
        _need("langgraph", "langgraph langgraph-checkpoint-sqlite")
        _need("langgraph.checkpoint.sqlite", "langgraph-checkpoint-sqlite")

    def __call__(self, load: Load) -> float:
        from langgraph.checkpoint.sqlite import SqliteSaver
        from langgraph.graph import END, START, StateGraph

        shape, count = _shape(load)

        class State(TypedDict):
            done: Annotated[int, operator.add]

        def step(state: State) -> dict[str, int]:
            return {"done": 1}

        graph = StateGraph(State)
        names = [f"s{number}" for number in range(count)]
        for name in [*names, "first", "last"] if shape == "fan" else names:
            graph.add_node(name, step)
        if shape == "fan":
            graph.add_edge(START, "first")
            for name in names:
                graph.add_edge("first", name)
            graph.add_edge(names, "last")
            graph.add_edge("last", END)
        else:
            for source, target in zip([START, *names], [*names, END], strict=True):
                graph.add_edge(source, target)
        with (
            tempfile.TemporaryDirectory() as folder,
            SqliteSaver.from_conn_string(str(Path(folder) / "graph.sqlite")) as saver,
        ):
            compiled = graph.compile(checkpointer=saver)
            began = perf_counter()
            for run in range(load.times):
                config = {"recursion_limit": count + 10, "configurable": {"thread_id": str(run)}}
                compiled.invoke({"done": 0}, config)
            return perf_counter() - began


class Luigi:
    """Luigi with its local scheduler; a task is done when its target in memory is there."""

    def __init__(self) -> None:
        _need("luigi", "luigi")

    def __call__(self, load: Load) -> float:
        import luigi
        from luigi.mock import MockFileSystem, MockTarget

        shape, count = _shape(load)

        class Step(luigi.Task):  # type: ignore[misc]
            number = luigi.IntParameter()
            of_run = luigi.IntParameter()

            def requires(self) -> list[Any]:
                if shape == "chain":
                    return [Step(self.number - 1, self.of_run)] if self.number else []
                if self.number == count + 1:
                    return [Step(number, self.of_run) for number in range(1, count + 1)]
                return [Step(0, self.of_run)] if self.number else []

            def output(self) -> Any:
                return MockTarget(f"{self.of_run}-{self.number}")

            def run(self) -> None:
                with self.output().open("w") as target:
                    target.write("1")

        MockFileSystem().clear()
        last = count - 1 if shape == "chain" else count + 1
        began = perf_counter()
        tasks = [Step(last, run) for run in range(load.times)]
        assert luigi.build(tasks, local_scheduler=True, log_level="CRITICAL")
        return perf_counter() - began


class Prefect:
    """Prefect 3 with the server that it starts for itself."""

    def __init__(self) -> None:
        _need("prefect", "prefect")

    def __call__(self, load: Load) -> float:
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
        from prefect import flow, task

        shape, count = _shape(load)

        @task
        async def step(number: int) -> int:
            return number

        @flow
        async def chain() -> None:
            number = 0
            for _ in range(count):
                number = await step(number)

        @flow
        async def fan() -> None:
            await step(0)
            await asyncio.gather(*(step(number) for number in range(count)))
            await step(0)

        async def run() -> float:
            began = perf_counter()
            await asyncio.gather(*((chain if shape == "chain" else fan)() for _ in range(load.times)))
            return perf_counter() - began

        return asyncio.run(run())


PEERS: dict[str, Callable[[], Callable[[Load], float]]] = {
    "dbos": Dbos,
    "langgraph": LangGraph,
    "luigi": Luigi,
    "prefect": Prefect,
}
