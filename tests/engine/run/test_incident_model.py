"""Runs that pause for broken conditions stand, and go on once repaired, as the reference model says."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from engine import WorkflowEngine
from engine.errors import NoRouteMatched
from engine.files import codec
from engine.run.options import RunOptions
from tests.engine.run.test_routing_model import INPUT, LIMITS, Bench
from tests.support.journal_rules import check_journal, starts
from tests.support.random_graphs import SOURCES, document, fired, furnish, random_shape
from tests.support.reference_model import ModelGraph, route

MOST_REPAIRS = 40
DEADLOCK_S = 20


async def repair_one(
    engine: WorkflowEngine, execution_id: str, rng: random.Random, item: dict[str, Any], graph: ModelGraph
) -> dict[str, str]:
    """Repair one of the conditions that the run waits for; returns it as the model names conditions."""
    by_id = {wire.id: wire for wire in graph.wires}
    names = [item["connection_id"]] if item["connection_id"] else item["connections"]
    name = rng.choice([name for name in names if by_id[name].condition != "none"])
    for how in (rng.choice(("true", "false")), "true"):
        try:
            await engine.repair_workflow(execution_id, {name: SOURCES[how]})
        except NoRouteMatched:
            continue
        return {name: how}
    raise AssertionError("a switch was not led on by a condition that holds")


def stands(state: dict[str, Any]) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    steps = {
        name: (step["status"], step["reason"])
        for name, step in state["steps"].items()
        if step["status"] != "PENDING"
    }
    return steps, state["connections"]


@pytest.mark.asyncio
async def test_that_repaired_runs_end_as_if_they_had_been_drawn_so() -> None:
    bench, seen = Bench(), Counter[str]()
    try:
        for seed in range(300):
            rng = random.Random(seed)
            drawn = furnish(rng, *random_shape(rng))
            workflow = codec.decode(document(drawn, "continue"))
            for engine in bench.engines[:: len(LIMITS) - 1]:
                graph = drawn
                bench.calls.clear()
                execution_id = await engine.start_workflow(
                    workflow, INPUT, options=RunOptions(incidents="pause")
                )
                # A failure that waited for a repair keeps saying so; what came of it is checked too.
                waited: set[str] = set()
                for _ in range(MOST_REPAIRS):
                    async with asyncio.timeout(DEADLOCK_S):
                        state = await engine.wait(execution_id)
                    expected = route(graph, fired(graph), holds=True)
                    waited |= {name for name, end in expected.steps.items() if end == ("FAILED", "incident")}
                    steps, wires = stands(state)
                    like_model = {
                        name: ("FAILED", "incident") if name in waited else end
                        for name, end in expected.steps.items()
                    }
                    assert (steps, wires) == (like_model, expected.wires), (seed, graph)
                    assert state["status"] == expected.status, (seed, graph)
                    assert {item["step_id"] for item in state["needed"]} == expected.to_repair
                    seen[state["status"]] += 1
                    if state["status"] != "PAUSED":
                        break
                    assert state["reason"] == "incident"
                    item = rng.choice(state["needed"])
                    change = await repair_one(engine, execution_id, rng, item, graph)
                    graph = replace(
                        graph,
                        wires=tuple(
                            replace(wire, condition=change.get(wire.id, wire.condition))
                            for wire in graph.wires
                        ),
                    )
                assert state["status"] != "PAUSED", (seed, graph)
                events = await engine.state_manager.read_events(execution_id)
                check_journal(events)
                assert all(count == 1 for count in starts(events).values())
                assert all(count == 1 for count in bench.calls.values())
    finally:
        await bench.close()
    assert seen["PAUSED"] > 50
    assert seen["COMPLETED"] > 20
    assert seen["FAILED"] > 20
