"""A table that a step with a secret makes does not keep it: no row shows what is long enough to be known."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import pytest

from engine import ActionRegistry, SqliteStateManager, WorkflowEngine
from engine.actions.duck import connect
from engine.secrets.masking import SHORTEST_IN_ROWS
from tests.support.builders import make_workflow, node
from tests.support.secret_source import FakeSource
from tests.support.step_context import Bench

TOKEN = 'tok-8f3b/"ä" 41c9d2'


def rows_of(bench: Bench, table: dict[str, Any]) -> list[tuple[Any, ...]]:
    return read(bench.artifacts.path(table))


def read(path: Path) -> list[tuple[Any, ...]]:
    return duckdb.sql(f"SELECT * FROM read_parquet('{path}')").fetchall()


def holding(folder: Path, text: bytes) -> tuple[list[Path], int]:
    """The files in which it stands, and how many were looked at."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if text in path.read_bytes()], len(files)


@pytest.mark.parametrize(
    "echoed",
    [
        TOKEN,
        f"Bearer {TOKEN}.",
        quote(TOKEN, safe=""),
        base64.b64encode(TOKEN.encode()).decode().rstrip("="),
        TOKEN.encode().hex(),
    ],
    ids=["plain", "within", "address", "base64", "hex"],
)
def test_that_a_row_shows_no_secret_however_it_is_spelt(bench: Bench, echoed: str) -> None:
    bench.context.secrets = {"token": TOKEN}
    with connect(bench.context) as duck:
        table = duck.write(
            "SELECT i, $v0 AS said, $v1 AS plain FROM range(2) t(i)", {"v0": echoed, "v1": "x"}
        )
    [first, second] = rows_of(bench, table)
    assert first == (0, echoed.replace(TOKEN, "•••") if TOKEN in echoed else "•••", "x")
    assert second[0] == 1
    assert [each["type"] for each in table["columns"]] == ["int", "text", "text"]


def test_that_it_is_found_in_columns_of_json_lists_and_structs(bench: Bench) -> None:
    bench.context.secrets = {"token": TOKEN}
    said = {"headers": {"auth": TOKEN}, "n": 1}
    with connect(bench.context) as duck:
        table = duck.write(
            "SELECT $v0::JSON AS j, [$v1, 'b'] AS l, {'a': $v1, 'n': 2} AS s, NULL::VARCHAR AS nothing",
            {"v0": json.dumps(said), "v1": TOKEN},
        )
    [(found, listed, struct, nothing)] = rows_of(bench, table)
    assert json.loads(found) == {"headers": {"auth": "•••"}, "n": 1}
    assert json.loads(listed) == ["•••", "b"]
    assert json.loads(struct) == {"a": "•••", "n": 2}
    assert nothing is None
    assert [each["type"] for each in table["columns"]] == ["json", "json", "json", "text"]


def test_that_a_short_value_may_be_what_a_row_really_says(bench: Bench) -> None:
    short = "a" * (SHORTEST_IN_ROWS - 1)
    bench.context.secrets = {"pin": short, "none": ""}
    with connect(bench.context) as duck:
        table = duck.write("SELECT $v0 AS said", {"v0": short})
    assert rows_of(bench, table) == [(short,)]


def test_that_a_table_without_it_is_the_same_table(bench: Bench) -> None:
    query = "SELECT i, 'row ' || i AS name, [i] AS l FROM range(1000) t(i)"
    with connect(bench.context) as duck:
        without = duck.write(query)
        bench.context.secrets = {"token": TOKEN}
        assert duck.write(query) == without


@pytest.mark.asyncio
async def test_that_no_file_of_a_run_holds_the_token_that_a_service_put_into_its_rows(tmp_path: Path) -> None:
    registry = ActionRegistry()

    @registry.action("test", "fetch", runs="thread")
    def fetch(params: dict[str, Any], context: Any) -> dict[str, Any]:
        assert params["token"] == TOKEN
        with connect(context) as duck:
            return {"rows": duck.write("SELECT $v0 AS echo FROM range(3)", {"v0": params["token"]})}

    @registry.action("test", "look")
    async def look(params: dict[str, Any], context: Any) -> list[Any]:
        return [row[0] for row in read(context.artifacts.path(params["rows"]))]

    workflow = make_workflow(
        [
            node("fetch", action="fetch", parameters={"token": "${secrets.token}"}),
            node("look", action="look", parameters={"rows": "${fetch.rows}"}),
        ],
        ["fetch>look"],
    )
    store = SqliteStateManager(tmp_path / "runs.db")
    async with WorkflowEngine(
        registry=registry, state_manager=store, secrets=FakeSource(token=TOKEN)
    ) as engine:
        state = await engine.wait(await engine.start_workflow(workflow))
        assert state["status"] == "COMPLETED", state["error"]
        assert state["outputs"]["look"] == ["•••"] * 3
    found, looked_at = holding(tmp_path, TOKEN.encode())
    assert looked_at >= 2
    assert not found
