"""Results that are used again: by the built-in actions, by pins, and in the statistics."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine import SqliteStateManager, WorkflowEngine
from engine.model.pins import stored_names
from tests.engine.run.test_reuse import Actions, pure, run
from tests.support.builders import chain, decoded, node

pytestmark = pytest.mark.asyncio


async def test_that_built_in_actions_keep_their_promises(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("n\n1\n2\n", "utf-8")
    workflow = {
        "id": "w",
        "nodes": [
            {"id": "read", "type": "file.read_csv", "config": {"parameters": {"path": "in.csv"}}},
            {
                "id": "keep",
                "type": "table.filter",
                "config": {"parameters": {"table": "${read.table}", "condition": "n > 1"}},
            },
            {
                "id": "save",
                "type": "file.write_csv",
                "config": {"parameters": {"table": "${keep.table}", "path": "out.csv"}},
            },
        ],
        "connections": [
            {"id": "1", "source": "read", "target": "keep"},
            {"id": "2", "source": "keep", "target": "save"},
        ],
    }
    async with WorkflowEngine(state_manager=SqliteStateManager(tmp_path / "runs.db")) as engine:
        first = await run(engine, workflow, base_dir=tmp_path)
        second = await run(engine, workflow, base_dir=tmp_path)
    assert first["status"] == second["status"] == "COMPLETED"
    assert {i: step.get("via") for i, step in second["steps"].items()} == {
        "read": "reused",
        "keep": "reused",
        "save": None,
    }
    assert (tmp_path / "out.csv").read_text("utf-8").split() == ["n", "2"]


async def test_that_pinned_tables_survive_pruning(tmp_path: Path) -> None:
    done = Actions()
    store = SqliteStateManager(tmp_path / "runs.db")
    async with WorkflowEngine(registry=done.registry, state_manager=store) as engine:
        made = await run(engine, chain(node("a", "impure", parameters={"text": "z" * 200_000})))
        packed = (await store.load_state(made["execution_id"])).steps["a"].output
        pinned = chain(node("a", "impure", pin={"output": packed}), "b")
        pinned["nodes"][1]["config"] = {"service": "test", "action": "impure", "parameters": {"x": "${a}"}}
        names = stored_names(decoded(pinned))
        assert len(names) == 1
        await store.hold("w", names)
        assert (await store.prune(keep=0)).results == 0
        state = await run(engine, pinned)
        assert state["outputs"]["b"] == {"x": made["outputs"]["a"]}
    again = SqliteStateManager(tmp_path / "runs.db")
    async with WorkflowEngine(registry=done.registry, state_manager=again) as engine:
        await again.prune(keep=0)
        assert again.artifacts.holds_all(packed)
        await again.hold("w", [])
        await again.prune(keep=0)
        assert not again.artifacts.holds_all(packed)
        lost = await run(engine, pinned)
        assert lost["status"] == "FAILED"
        assert "not in the store any more" in lost["error"]["message"]
        assert "Unpin" in lost["error"]["hint"]


async def test_that_results_used_again_say_nothing_about_how_long_a_step_takes(tmp_path: Path) -> None:
    done = Actions()
    path = tmp_path / "runs.db"
    async with WorkflowEngine(registry=done.registry, state_manager=SqliteStateManager(path)) as engine:
        state = await run(engine, pure(n=1))
        await run(engine, pure(n=1))
        took = state["steps"]["a"]["duration_ms"]
    with closing(sqlite3.connect(path)) as connection:
        row = connection.execute(
            "SELECT runs, completed, not_run, mean_duration_ms, min_duration_ms, p50_active_ms IS NOT NULL "
            "FROM step_statistics WHERE step_id = 'a'"
        ).fetchone()
    assert row == (2, 2, 1, took, took, 1)
