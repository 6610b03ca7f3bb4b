"""Every example validates, runs without a window, and leaves what it promises beside itself."""

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine import MemoryStateManager, WorkflowEngine
from engine.actions import HANDLERS
from engine.catalog import Catalog
from engine.files import workflow_file
from engine.validation import check

EXAMPLES = Path(str(resources.files("resources") / "examples"))
INDEX: list[dict[str, str]] = json.loads((EXAMPLES / "index.json").read_text(encoding="utf-8"))["examples"]


class Run:
    """One example in a folder of its own, with an engine that keeps nothing."""

    def __init__(self, engine: WorkflowEngine, store: MemoryStateManager, file: Path) -> None:
        self.engine = engine
        self.store = store
        self.file = file
        self.id = ""
        self.state: dict[str, Any] = {}

    async def start(self, **inputs: Any) -> str:
        self.id = await self.engine.start_workflow(self.file, inputs)
        return await self._settled()

    async def resume(self, **inputs: Any) -> str:
        assert await self.engine.resume_workflow(self.id, inputs)
        return await self._settled()

    async def _settled(self) -> str:
        self.state = await self.engine.wait(self.id)
        return str(self.state["status"])

    def status(self, step: str) -> str:
        return str(self.state["steps"][step]["status"])

    def output(self, step: str) -> Any:
        return self.state["outputs"][step]

    def rows(self, step: str) -> list[tuple[Any, ...]]:
        path = self.store.artifacts.path(self.output(step)["table"])
        with duckdb.connect() as connection:
            return connection.execute(f"SELECT * FROM read_parquet('{path}')").fetchall()

    def written(self) -> list[str]:
        folder = self.file.parent / "output"
        return sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []


@asynccontextmanager
async def example(name: str, tmp_path: Path) -> AsyncIterator[Run]:
    """A copy of the example: the installed one may be read-only, and outputs lie beside the workflow."""
    folder = tmp_path / name
    shutil.copytree(EXAMPLES / name, folder)
    store = MemoryStateManager()
    engine = WorkflowEngine(state_manager=store)
    try:
        yield Run(engine, store, folder / f"{name}.workflow.json")
    finally:
        await engine.close()


def delays_by_hand(folder: Path) -> list[tuple[Any, ...]]:
    """(carrier, mean delay, worst delay, flights) over 60 minutes, latest first, in one query of our own."""
    with duckdb.connect() as connection:
        return connection.execute(
            f"""SELECT name, avg(dep_delay) AS mean_delay, max(dep_delay), count(*)
            FROM '{folder}/flights.parquet' JOIN '{folder}/airlines.csv' USING (carrier)
            WHERE dep_delay > 60 GROUP BY name ORDER BY mean_delay DESC"""
        ).fetchall()


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: entry["folder"])
def test_that_an_example_is_listed_with_its_own_name_and_has_no_problem(entry: dict[str, str]) -> None:
    workflow = workflow_file.load(EXAMPLES / entry["folder"] / entry["file"])
    assert workflow.name == entry["title"]
    assert entry["summary"]
    assert workflow.description
    assert set(workflow.layout) == set(workflow.nodes)
    assert check(workflow, Catalog.load(), HANDLERS) == []


def test_that_every_example_is_in_the_index() -> None:
    assert {entry["folder"] for entry in INDEX} == {
        path.parent.name for path in EXAMPLES.glob("*/*.workflow.json")
    }


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: entry["folder"])
def test_that_the_data_of_an_example_has_its_licence_beside_it(entry: dict[str, str]) -> None:
    folder = EXAMPLES / entry["folder"]
    data = [path.name for path in folder.iterdir() if path.suffix in (".csv", ".parquet")]
    licence = (folder / "LICENSE.txt").read_text(encoding="utf-8") if data else ""
    assert all(name in licence for name in data)


@pytest.mark.asyncio
async def test_that_the_flight_report_asks_for_its_threshold_and_writes_excel_and_chart(
    tmp_path: Path,
) -> None:
    async with example("flight-delay-report", tmp_path) as run:
        assert await run.start() == "PAUSED"
        assert [item["path"] for item in run.state["needed"]] == ["input.threshold"]
        assert run.output("join")["rows"] == 336_776
        assert await run.resume(threshold=60) == "COMPLETED"
        assert run.output("delayed")["rows"] == 26_581
        assert run.status("nothing") == "SKIPPED"
        assert run.written() == ["delays.png", "delays.xlsx"]
        assert run.rows("ranked") == delays_by_hand(run.file.parent)
        assert sum(row[3] for row in run.rows("ranked")) == 26_581


@pytest.mark.asyncio
async def test_that_the_flight_report_takes_the_other_branch_without_delays(tmp_path: Path) -> None:
    async with example("flight-delay-report", tmp_path) as run:
        assert await run.start(threshold=5000) == "COMPLETED"
        assert run.output("nothing")["message"] == "No departure was more than 5000 minutes late."
        assert (run.status("ranked"), run.status("excel")) == ("SKIPPED", "SKIPPED")
        assert run.written() == []


@pytest.mark.asyncio
async def test_that_the_order_check_sets_spoilt_lines_aside_and_joins_again(tmp_path: Path) -> None:
    async with example("order-check", tmp_path) as run:
        assert await run.start() == "COMPLETED"
        assert (run.status("clean"), run.status("spoilt"), run.status("totals")) == (
            "SKIPPED", "COMPLETED", "COMPLETED",
        )  # fmt: skip
        assert (run.output("orders")["rows"], run.output("orders")["rejected_rows"]) == (117, 3)
        assert run.written() == ["spoilt-lines.csv", "totals.csv"]
        assert sum(row[1] for row in run.rows("totals")) == 117


@pytest.mark.asyncio
async def test_that_the_order_check_takes_the_other_branch_when_every_line_fits(tmp_path: Path) -> None:
    async with example("order-check", tmp_path) as run:
        orders = run.file.parent / "orders.csv"
        lines = orders.read_text(encoding="utf-8").splitlines()
        orders.write_text("\n".join(line for line in lines if line.count(",") == 5) + "\n", encoding="utf-8")
        assert await run.start() == "COMPLETED"
        assert (run.status("clean"), run.status("spoilt")) == ("COMPLETED", "SKIPPED")
        assert run.written() == ["totals.csv"]


@pytest.mark.asyncio
async def test_that_fetching_tries_again_while_the_server_is_busy(tmp_path: Path) -> None:
    calls: list[int] = []

    async def answer(incoming: web.Request) -> web.Response:
        calls.append(1)
        if len(calls) <= 2:
            return web.Response(status=503, text="busy")
        return web.json_response([{"id": 1, "name": "Anna"}, {"id": 2, "name": "Bo"}])

    async with example("fetch-with-retry", tmp_path) as run, serving(answer) as url:
        assert await run.start(url=url) == "COMPLETED"
        assert len(calls) == 3
        assert run.rows("fetch") == [(1, "Anna"), (2, "Bo")]
        assert run.status("away") == "SKIPPED"
        assert run.written() == ["records.csv"]


@pytest.mark.asyncio
async def test_that_fetching_says_so_when_the_server_refuses(tmp_path: Path) -> None:
    async def answer(incoming: web.Request) -> web.Response:
        return web.Response(status=404)

    async with example("fetch-with-retry", tmp_path) as run, serving(answer) as url:
        assert await run.start(url=url) == "COMPLETED_WITH_ERRORS"
        assert run.status("fetch") == "FAILED"
        assert run.output("away")["message"] == f"Nothing was fetched from {url}."
        assert run.written() == []


@pytest.mark.parametrize(("approved", "written"), [(True, ["penguins.xlsx"]), (False, [])])
@pytest.mark.asyncio
async def test_that_nothing_is_written_before_a_person_approves(
    tmp_path: Path, approved: bool, written: list[str]
) -> None:
    async with example("ask-before-writing", tmp_path) as run:
        assert await run.start() == "PAUSED"
        assert run.state["needed"][0]["title"] == "Approve the figures?"
        assert run.written() == []
        assert (
            await run.resume(**{run.state["needed"][0]["path"]: {"approved": approved, "name": "Ada"}})
            == "COMPLETED"
        )
        assert run.written() == written
        assert run.status("refused") == ("SKIPPED" if approved else "COMPLETED")


@asynccontextmanager
async def serving(answer: Any) -> AsyncIterator[str]:
    """A web server on this computer, with its address."""
    app = web.Application()
    app.router.add_get("/records", answer)
    server = TestServer(app)
    await server.start_server()
    try:
        yield str(server.make_url("/records"))
    finally:
        await server.close()


@pytest.mark.asyncio
async def test_that_a_file_is_written_for_each_species(tmp_path: Path) -> None:
    async with example("file-for-each-species", tmp_path) as run:
        assert await run.start() == "COMPLETED"
        assert run.written() == ["Adelie.csv", "Chinstrap.csv", "Gentoo.csv"]
        # In the order of the items, whichever was done first.
        assert [(item["species"], item["penguins"]) for item in run.output("each")] == [
            ("Adelie", 152),
            ("Gentoo", 124),
            ("Chinstrap", 68),
        ]
        weights = [
            int(line.split(",")[5] or 0) for line in lines_of(run.file.parent / "output" / "Gentoo.csv")
        ]
        assert weights[:-1] == sorted(weights[:-1], reverse=True)
        assert run.output("done")["first"].endswith("Adelie.csv")


def lines_of(path: Path) -> list[str]:
    """Without the header."""
    return path.read_text(encoding="utf-8-sig").splitlines()[1:]
