"""What the life of a run is lived in, and held against, when anything may happen to it."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.history.events import Event, EventType
from engine.history.state import ExecutionState
from engine.history.status import ExecutionStatus, StepStatus
from engine.history.step_state import StepState
from engine.run.options import RunOptions
from engine.store.codes import EXECUTION_STATUSES, STEP_STATUSES
from tests.support.random_graphs import document, fired, furnish, random_shape
from tests.support.reference_model import ModelGraph, route

CUT = {("SKIPPED", "cancelled"), ("CANCELLED", "")}
RETRY = {"max_attempts": 2, "initial_interval": 10, "jitter": "none"}


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


def draw(rng: random.Random, mode: str, *, breaks: bool) -> tuple[ModelGraph, set[str], dict[str, Any]]:
    """A random workflow: as model, the steps that lack an input each, as document.

    breaks: many of its conditions cannot be evaluated.
    """
    graph = furnish(rng, *random_shape(rng))
    if breaks:
        wires = tuple(
            replace(wire, condition="raises", on_error="fail") if rng.random() < 0.4 else wire
            for wire in graph.wires
        )
        graph = replace(graph, wires=wires)
    asking = {step.id for step in graph.steps if rng.random() < 0.3}
    drawn = document(graph, mode, "work")
    names = {f"x_{step_id}": {"type": "integer"} for step_id in asking}
    drawn["inputs"] = {"type": "object", "properties": {"flag": {"type": "integer"}, **names}}
    for item in drawn["nodes"]:
        item["config"]["parameters"] = {}
        if item["id"] in asking:
            item["config"]["parameters"] = {"x": f"${{input.x_{item['id']}}}"}
        if rng.random() < 0.3:
            item["config"]["retry"] = RETRY
        if rng.random() < 0.15:
            item["config"]["delivery"] = "at_most_once"
    return graph, asking, drawn


def to_repair(graph: ModelGraph, broken: Sequence[dict[str, Any]], pick: int) -> str:
    """One of the connections whose condition a person can repair."""
    item = broken[pick % len(broken)]
    conditions = {wire.id: wire.condition for wire in graph.wires}
    names = [name for name in item["connections"] if conditions[name] != "none"]
    return str(item["connection_id"] or names[pick % len(names)])


def with_condition(graph: ModelGraph, name: str, condition: str) -> ModelGraph:
    return replace(
        graph,
        wires=tuple(replace(wire, condition=condition) if wire.id == name else wire for wire in graph.wires),
    )


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


class Rules:
    """Where a run must stand, by what was done to it; what it holds the run against is the machine's."""

    events: Sequence[Event]
    state: ExecutionState
    host: Any
    graph: ModelGraph
    wish: str
    mode: str
    stops: set[str]
    by_step: bool
    holds: bool
    asking: set[str]

    def check_stops(self) -> None:
        """What is to be held begins only once it was let go; the options outlive every crash."""
        released: set[str | None] = set()
        held: set[str | None] = set()
        for event in self.events:
            if event.type is EventType.STEP_PAUSED and event.data["reason"] == "breakpoint":
                assert event.step_id not in released, f"{event.step_id} was held twice"
                held.add(event.step_id)
            elif event.type is EventType.STEP_RELEASED:
                assert event.step_id in held
                released.add(event.step_id)
            elif event.type is EventType.STEP_RUNNING:
                assert event.step_id in released or event.step_id not in held
        if not self.state.status.is_terminal and self.wish != "cancel":
            kept = RunOptions.from_json(self.state.options)
            assert (kept.breakpoints, kept.step_by_step) == (self.stops, self.by_step)

    def check_released(self, held: Sequence[str]) -> None:
        """These were let go, in the journal already."""
        last = {event.step_id: event.type for event in self.read() if event.step_id is not None}
        assert not any(last[name] is EventType.STEP_PAUSED for name in held if name not in self.asking)

    def check_status(self, state: ExecutionState) -> None:
        """The run stands where its steps and the last wish say."""
        statuses = {step.status for step in state.steps.values()}
        waits, asks = StepStatus.WAITING in statuses, StepStatus.PAUSED in statuses
        runs = bool(self.host.live)
        status = state.status
        if status.is_terminal:
            assert not runs
            assert (status is ExecutionStatus.CANCELLED) == (self.wish == "cancel")
            assert all(step.status.is_terminal or is_uncertain(step) for step in state.steps.values())
            assert state.steps.keys() == {step.id for step in self.graph.steps}
        elif self.wish == "cancel":
            assert (status, runs) == (ExecutionStatus.CANCELLING, True)
        elif self.wish == "pause":
            assert status is (ExecutionStatus.PAUSING if runs else ExecutionStatus.PAUSED)
        elif runs or waits:
            assert status is ExecutionStatus.RUNNING
            assert runs or self.host.clock.delays
        else:
            broken = self.broken()
            assert asks or broken
            reason = "incident" if broken else "missing_input" if state.needed else "breakpoint"
            assert (status, state.reason) == (ExecutionStatus.PAUSED, reason)
            assert state.needed or held(self.events, self.state)

    def check_route(self) -> None:
        """What was decided is as the model says, given which steps failed."""
        ended = {name: (step.status.value, step.reason) for name, step in self.state.steps.items()}
        uncertain = {name for name, step in self.state.steps.items() if is_uncertain(step)}
        graph = with_failures(self.graph, {name for name, end in ended.items() if end[0] == "FAILED"})
        expected = route(graph, fired(graph), holds=self.holds)
        waited = {name for name, end in ended.items() if end == ("FAILED", "incident")}
        ended |= {name: expected.steps[name] for name in waited if expected.steps[name][0] == "FAILED"}
        decided = {name: outcome.value for name, outcome in self.state.connections.items()}
        unhandled = expected.unhandled | uncertain
        is_whole = self.wish != "cancel" and not uncertain and (self.mode == "continue" or not unhandled)
        if is_whole:
            assert (ended, decided) == (expected.steps, expected.wires)
        settled = {name for name, end in ended.items() if end not in CUT} - uncertain
        assert all(ended[name] == expected.steps[name] for name in settled)
        assert decided.items() <= expected.wires.items()
        leaving = {wire.id for wire in graph.wires if wire.source in settled}
        assert decided.keys() == leaving & expected.wires.keys()
        if self.wish != "cancel":
            assert self.state.status == ("FAILED" if unhandled else expected.status)

    def broken(self) -> list[dict[str, Any]]:
        """What a person has to repair."""
        return [item for item in self.state.needed if item.get("incident")]
