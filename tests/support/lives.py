"""What the life of a run is lived in, and held against, when anything may happen to it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.history.events import Event, EventType
from engine.history.state import ExecutionState, StepState
from engine.history.status import StepStatus
from engine.store.codes import EXECUTION_STATUSES, STEP_STATUSES
from tests.support.reference_model import ModelGraph


class InlineLoop(asyncio.SelectorEventLoop):
    """Does at once what would go to a thread, so that the same moves always meet the same state."""

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> asyncio.Future[Any]:
        done: asyncio.Future[Any] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  # handed on to whoever awaits, as a thread would
            done.set_exception(error)
        return done


def held(events: Sequence[Event], state: ExecutionState) -> list[str]:
    """The steps that are held before they begin, in the order in which they became ready."""
    order = {
        str(event.step_id): event.seq
        for event in events
        if event.type is EventType.STEP_PAUSED and event.data["reason"] == "breakpoint"
    }
    now = [name for name, step in state.steps.items() if step.status is StepStatus.PAUSED]
    return sorted((name for name in now if state.steps[name].reason == "breakpoint"), key=order.__getitem__)


def is_uncertain(step: StepState) -> bool:
    return step.status is StepStatus.UNCERTAIN


def with_failures(graph: ModelGraph, failed: set[str]) -> ModelGraph:
    return replace(graph, steps=tuple(replace(step, fails=step.id in failed) for step in graph.steps))


def check_projections(path: Path, state: ExecutionState) -> None:
    """The tables that lists are read from say what the journal says."""
    with sqlite3.connect(path) as connection:
        query = "SELECT key, status, reason FROM executions WHERE id = ?"
        key, status, reason = connection.execute(query, (state.id,)).fetchone()
        rows = connection.execute(
            "SELECT step_id, status, reason, attempts FROM steps WHERE execution = ?", (key,)
        ).fetchall()
    connection.close()
    assert (EXECUTION_STATUSES[status], reason) == (state.status, state.reason)
    projected = {name: (STEP_STATUSES[code], why, attempts) for name, code, why, attempts in rows}
    assert projected == {
        name: (step.status, step.reason, step.attempts) for name, step in state.steps.items()
    }
