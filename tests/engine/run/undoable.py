"""Workflows that are undone, for the tests of rollbacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine import SqliteStateManager, WorkflowEngine
from tests.support.builders import chain, node
from tests.support.fake_clock import FakeClock, FixedRng
from tests.support.scripted_actions import ScriptedActions

BOOM = {"on_failure": {"rollback": True}}


def undo(action: str = "undo", **more: Any) -> dict[str, Any]:
    return {"service": "test", "action": action, **more}


def failing(actions: ScriptedActions, *nodes: dict, **values: Any) -> dict[str, Any]:
    """The nodes and then one that fails, which has everything undone."""
    actions.errors["end"] = [RuntimeError("boom")]
    return chain(*nodes, node("end", "fail"), settings=BOOM, **values)


def engine_on(actions: ScriptedActions, path: Path, clock: FakeClock | None = None) -> WorkflowEngine:
    return WorkflowEngine(
        registry=actions.registry, state_manager=SqliteStateManager(path), clock=clock, rng=FixedRng()
    )
