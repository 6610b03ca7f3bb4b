"""Many items: in order, with nothing kept of those that have ended, in memory nor for each in the journal."""

from __future__ import annotations

import gc
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from engine import ActionRegistry, SqliteStateManager, WorkflowEngine
from engine.run.execution import Execution
from tests.support.builders import make_workflow, node
from tests.support.compositions import body, each

# Load, not lines: what it runs is covered elsewhere, and a tracer would double the time.
pytestmark = [pytest.mark.asyncio, pytest.mark.no_cover]

ITEMS = 10_000
AT_ONCE = 8


async def test_that_ten_thousand_items_come_in_order_and_leave_nothing_behind(tmp_path: Path) -> None:
    living: list[int] = []
    execution_id = ""

    async def work(params: dict[str, Any], context: object) -> dict[str, Any]:
        if params["item"] % 1_000 == 999:
            gc.unfreeze()  # what the engine has put aside counts too
            runs = [thing for thing in gc.get_objects() if type(thing) is Execution]
            living.append(sum(run.id.startswith(f"{execution_id}/") for run in runs))
        return params

    registry = ActionRegistry()
    registry.register("test", "work", work)
    inner = body(node("work", "work", parameters={"item": "${item}"}), outputs="${work.item}")
    workflow = make_workflow([each("each", inner, "${input.items}", concurrency=AT_ONCE)])
    store = SqliteStateManager(tmp_path / "runs.db")
    gc.disable()  # they go by themselves, not because somebody looks for them
    try:
        async with WorkflowEngine(AT_ONCE, registry=registry, state_manager=store) as engine:
            execution_id = await engine.start_workflow(workflow, {"items": [*range(ITEMS)]})
            state = await engine.wait(execution_id)
            assert state["status"] == "COMPLETED", state["error"]
            assert state["outputs"]["each"] == [*range(ITEMS)]
            assert not engine._runtime._executions
            assert [summary.id for summary in await store.list_executions()] == [execution_id]
    finally:
        gc.enable()
    assert len(living) == ITEMS // 1_000
    # Those under way, and those whose end is not durable yet.
    assert max(living) <= 4 * AT_ONCE
    assert journal_rows_an_item(store.path) == 5


def journal_rows_an_item(path: Path) -> float:
    """Created, started, a step that runs and completes, completed; and of the whole run very few."""
    connection = sqlite3.connect(path)
    try:
        (rows,) = connection.execute("SELECT count(*) FROM journal").fetchone()
        (whole,) = connection.execute(
            "SELECT count(*) FROM journal WHERE execution = (SELECT min(key) FROM executions)"
        ).fetchone()
    finally:
        connection.close()
    assert whole < 10
    return float((rows - whole) / ITEMS)
