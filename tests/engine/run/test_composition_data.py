"""What goes into parts and comes out of them: rows of tables, large values, and what is kept of them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from engine import ActionError, MemoryStateManager, SqliteStateManager, WorkflowEngine
from engine.actions.duck import rows_of
from engine.history.events import EventType
from tests.support.builders import make_workflow, node
from tests.support.compositions import body, each, loop, sub
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio

LARGE = "x" * 100_000


def table_in(
    store: MemoryStateManager | SqliteStateManager, select: str, rows: int, **kinds: str
) -> dict[str, Any]:
    path = store.artifacts.temporary(".parquet")
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
    columns = [{"name": name, "type": kind} for name, kind in kinds.items()]
    return {"$table": store.artifacts.adopt(path), "rows": rows, "columns": columns, "bytes": 1}


class TestTables:
    async def test_that_every_row_is_an_item_however_many_pages_there_are(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        store: Any = engine.state_manager
        table = table_in(
            store, "SELECT range AS n, range::VARCHAR AS t FROM range(1203)", 1203, n="int", t="text"
        )
        inner = body(node("a", parameters={"n": "${item.n}", "t": "${item.t}"}), outputs="${a.output}")
        workflow = make_workflow([each("each", inner, "${input.table}", concurrency=7)])
        state = await engine.wait(await engine.start_workflow(workflow, {"table": table}))
        assert state["outputs"]["each"] == [{"n": n, "t": str(n)} for n in range(1203)]

    async def test_that_a_table_without_rows_gives_an_empty_list(self, engine: WorkflowEngine) -> None:
        table = table_in(engine.state_manager, "SELECT 1 AS n WHERE false", 0, n="int")  # type: ignore[arg-type]
        workflow = make_workflow([each("each", body("a"), "${input.table}")])
        state = await engine.wait(await engine.start_workflow(workflow, {"table": table}))
        assert state["outputs"] == {"each": []}

    async def test_that_a_table_which_is_gone_or_shorter_than_it_says_fails_the_step(
        self, engine: WorkflowEngine
    ) -> None:
        store: Any = engine.state_manager
        workflow = make_workflow([each("each", body("a"), "${input.table}")])
        short = {**table_in(store, "SELECT 1 AS n", 1, n="int"), "rows": 3}
        state = await engine.wait(await engine.start_workflow(workflow, {"table": short}))
        assert (state["status"], "fewer rows" in state["error"]["message"]) == ("FAILED", True)
        gone = {**short, "$table": "0" * 64}
        state = await engine.wait(await engine.start_workflow(workflow, {"table": gone}))
        assert (state["status"], state["error"]["type"]) == ("FAILED", "StoreCorrupt")

    async def test_that_cells_become_json(self, tmp_path: Path) -> None:
        store = MemoryStateManager()
        select = (
            "SELECT 1 AS i, 'NaN'::DOUBLE AS f, 1.50::DECIMAL(5,2) AS d, DATE '2026-01-02' AS day, "
            "TIMESTAMP '2026-01-02 03:04:05' AS at, TIME '03:04:05' AS t, '[1, 2]' AS j, true AS b, "
            "INTERVAL 90 SECOND AS span, [DATE '2026-01-02'] AS many, {'x': 2.00::DECIMAL(5,2)} AS one, "
            "uuid() AS u, NULL::INTEGER AS nothing"
        )
        kinds = dict.fromkeys(
            ("i", "f", "d", "day", "at", "t", "j", "b", "span", "many", "one", "u", "nothing"), ""
        )
        table = table_in(store, select, 1, **{**kinds, "j": "json"})
        (row,) = rows_of(store.artifacts, table, 0, 10)
        assert isinstance(row.pop("u"), str)
        assert row == {
            "i": 1, "f": None, "d": float(Decimal("1.5")), "day": str(date(2026, 1, 2)),
            "at": datetime(2026, 1, 2, 3, 4, 5).isoformat(), "t": str(time(3, 4, 5)), "j": [1, 2], "b": True,
            "span": timedelta(seconds=90).total_seconds(), "many": ["2026-01-02"], "one": {"x": 2},
            "nothing": None,
        }  # fmt: skip
        await store.close()


class TestLargeValues:
    async def test_that_large_items_inputs_and_outputs_stand_in_files_and_survive_a_restart(
        self, tmp_path: Path
    ) -> None:
        inner = body(
            node("ask", parameters={"go": "${input.go}"}),
            node("a", parameters={"item": "${item}", "all": "${input.all}"}),
            connections=["ask>a"],
            outputs={"item": "${a.item}", "same": "${a.all}"},
        )
        items = [LARGE + str(n) for n in range(3)]
        workflow = make_workflow([each("each", inner, "${input.items}", inputs={"all": LARGE})])
        registry = ScriptedActions().registry
        async with WorkflowEngine(
            registry=registry, state_manager=SqliteStateManager(tmp_path / "r.db")
        ) as engine:
            execution_id = await engine.start_workflow(workflow, {"items": items})
            assert (await engine.wait(execution_id))["status"] == "PAUSED"
            part = await engine.state_manager.read_events(f"{execution_id}/each/1")
            assert len(str(part)) < 10_000
            waiting = [
                event
                for event in await engine.state_manager.read_events(execution_id)
                if event.type is EventType.STEP_WAITING
            ]
            assert len(str(waiting)) < 10_000
        async with WorkflowEngine(
            registry=registry, state_manager=SqliteStateManager(tmp_path / "r.db")
        ) as engine:
            await engine.resume_workflow(execution_id, {"go": 1})
            state = await engine.wait(execution_id)
            assert state["outputs"]["each"] == [{"item": item, "same": LARGE} for item in items]

    async def test_that_a_loop_hands_large_values_on(self, engine: WorkflowEngine) -> None:
        inner = body(node("a", parameters={"text": "${item}!"}), outputs="${a.text}")
        workflow = make_workflow([loop("again", inner, times=3, initial=LARGE)])
        state = await engine.wait(await engine.start_workflow(workflow))
        assert state["outputs"]["again"] == LARGE + "!!!"


class TestTakenUpAgain:
    async def test_that_a_further_attempt_has_parts_of_its_own(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        actions.errors["a"] = [ActionError("boom")]
        workflow = make_workflow([sub("part", body(node("a", "fail"))), node("after")], ["part>after"])
        execution_id = await engine.start_workflow(workflow)
        assert (await engine.wait(execution_id))["status"] == "FAILED"
        await engine.retry_from(execution_id)
        state = await engine.wait(execution_id)
        assert (state["status"], state["outputs"]["part"]) == ("COMPLETED", {"a": {"ok": True}})
        first, again = [
            (await engine.get_workflow_status(f"{execution_id}/part{n}"))["status"] for n in ("", "~2")
        ]
        assert (first, again) == ("FAILED", "COMPLETED")
        with pytest.raises(Exception, match="part of another"):
            await engine.retry_from(f"{execution_id}/part", "a")
