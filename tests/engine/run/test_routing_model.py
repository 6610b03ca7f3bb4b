"""The engine routes as the reference model does, whatever finishes first.

Random workflows run with four interleavings each: the actions take a random number of turns of the loop, and
one to five of them run at once. `python -m pytest -m slow tests/engine/run/test_routing_model.py -s` tries
20,000 workflows and prints what it did.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from engine import ActionRegistry, MemoryStateManager, WorkflowEngine
from engine.actions.context import StepContext
from engine.catalog import Catalog
from engine.errors import ActionError
from engine.files import codec
from engine.history.events import Event, EventType
from tests.support.builders import make_workflow, node, wire
from tests.support.fake_clock import settle
from tests.support.journal_rules import check_journal, starts
from tests.support.random_graphs import (
    FAILURE_MODES,
    document,
    fired,
    furnish,
    random_shape,
    shapes,
)
from tests.support.reference_model import ModelGraph, ModelResult, ModelStep, route
from tests.support.scripted_actions import ScriptedActions

LIMITS = (1, 2, 3, 5)
DEADLOCK_S = 20
ENGINES_LIVE_FOR = 200
INPUT = {"flag": 1}


class Bench:
    """Engines that differ in how many steps run at once; what they did is in `calls`."""

    def __init__(self) -> None:
        self.rng = random.Random(0)
        self.calls: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        registry = ActionRegistry()
        registry.register("test", "act", self.act)
        catalog = Catalog.load()
        self.engines = [
            WorkflowEngine(limit, registry=registry, catalog=catalog, state_manager=MemoryStateManager())
            for limit in LIMITS
        ]

    async def act(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        self.calls[context.step_id] += 1
        for _ in range(self.rng.choice((0, 0, 1, 2, 4, 9))):
            await asyncio.sleep(0)
        if params["fails"]:
            raise ActionError("as told")
        return {"done": True}

    async def compare(self, graph: ModelGraph, mode: str, seed: int) -> None:
        """Run the graph with every engine and hold each end against the model's."""
        workflow = codec.decode(document(graph, mode))
        expected = route(graph, fired(graph))
        for number, engine in enumerate(self.engines):
            self.rng.seed(seed * len(self.engines) + number)
            self.calls.clear()
            async with asyncio.timeout(DEADLOCK_S):
                execution_id = await engine.start_workflow(workflow, INPUT)
                state = await engine.wait(execution_id)
            events = await engine.state_manager.read_events(execution_id)
            check_journal(events)
            self.check_starts(graph, events)
            if mode == "continue" or not expected.unhandled:
                check_whole(state, expected)
            else:
                check_cut_short(graph, mode, state, expected, events)
            self.seen.update(step["status"] for step in state["steps"].values())
            self.seen.update([*state["connections"].values(), f"run {state['status']}"])

    def check_starts(self, graph: ModelGraph, events: Sequence[Event]) -> None:
        """No step starts twice, none before its join lets it, and none whose action was not called."""
        began = starts(events)
        passed = {step.id for step in graph.steps if step.disabled}
        assert all(count == 1 for count in began.values()), began
        assert {name for name in began if name not in passed} == set(self.calls)
        assert all(count == 1 for count in self.calls.values()), self.calls
        steps = {step.id: step for step in graph.steps}
        decided: dict[str, str] = {}
        for event in events:
            if event.type is EventType.CONNECTION_RESOLVED:
                decided[event.data["connection_id"]] = event.data["outcome"]
            elif event.type is EventType.STEP_RUNNING:
                assert event.step_id is not None
                check_join(graph, steps[event.step_id], decided)

    async def close(self) -> None:
        for engine in self.engines:
            await engine.close()


def check_join(graph: ModelGraph, step: ModelStep, decided: dict[str, str]) -> None:
    incoming = [decided.get(wire.id) for wire in graph.wires if wire.target == step.id]
    if incoming and step.join in ("any", "n_of"):
        assert incoming.count("TAKEN") >= (step.count if step.join == "n_of" else 1), step.id
    else:
        assert None not in incoming, f"{step.id} began before its connections were decided"


def check_whole(state: dict[str, Any], expected: ModelResult) -> None:
    """The run went to the end: everything is as the model says."""
    ended = {name: (step["status"], step["reason"]) for name, step in state["steps"].items()}
    assert ended == expected.steps
    assert state["connections"] == expected.wires
    assert state["status"] == expected.status


def check_cut_short(
    graph: ModelGraph, mode: str, state: dict[str, Any], expected: ModelResult, events: Sequence[Event]
) -> None:
    """A failure stopped the run: what was decided is as the model says, the rest was never begun."""
    assert state["status"] == "FAILED" == expected.status
    cut = {("SKIPPED", "cancelled")} | ({("CANCELLED", "")} if mode == "cancel" else set())
    settled = set()
    for name, step in state["steps"].items():
        ended = (step["status"], step["reason"])
        assert ended == expected.steps[name] or ended in cut, (name, ended)
        if ended not in cut:
            settled.add(name)
    assert settled & expected.unhandled
    assert state["connections"].items() <= expected.wires.items()
    assert state["connections"].keys() == {wire.id for wire in graph.wires if wire.source in settled}
    stopped = False
    for event in events:
        assert not (stopped and event.type is EventType.STEP_RUNNING), "a step began after the failure"
        stopped = stopped or event.data.get("handling") == "unhandled"


def cases(count: int, first: int = 0) -> Iterator[tuple[ModelGraph, str, int]]:
    for seed in range(first, first + count):
        rng = random.Random(seed)
        yield furnish(rng, *random_shape(rng)), rng.choice(FAILURE_MODES), seed


def small_cases(each: int) -> Iterator[tuple[ModelGraph, str, int]]:
    for place, (size, edges) in enumerate(shapes(4)):
        for number in range(each):
            seed = 1_000_000 + place * 1_000 + number
            rng = random.Random(seed)
            yield furnish(rng, size, edges), rng.choice(FAILURE_MODES), seed


async def compare_all(chosen: Iterator[tuple[ModelGraph, str, int]]) -> tuple[int, Counter[str]]:
    bench, tried = Bench(), 0
    seen: Counter[str] = Counter()
    try:
        for graph, mode, seed in chosen:
            try:
                await bench.compare(graph, mode, seed)
            except (AssertionError, TimeoutError) as error:
                raise AssertionError(f"seed {seed}, on failure {mode}: {error}\n{graph}") from error
            tried += 1
            if tried % ENGINES_LIVE_FOR == 0:
                seen += bench.seen
                await bench.close()
                bench = Bench()
    finally:
        await bench.close()
    return tried, seen + bench.seen


@pytest.mark.no_cover  # load, not lines
@pytest.mark.asyncio
async def test_that_every_shape_of_up_to_four_steps_is_routed_as_the_model_says() -> None:
    tried, _ = await compare_all(small_cases(each=2))
    assert tried == 150


@pytest.mark.no_cover  # load, not lines
@pytest.mark.asyncio
async def test_that_random_workflows_are_routed_as_the_model_says() -> None:
    tried, seen = await compare_all(cases(250))
    assert tried == 250
    # The sample is worth something: everything that can happen did.
    assert {"COMPLETED", "FAILED", "SKIPPED", "TAKEN", "DEAD", "POISONED"} <= seen.keys()
    assert {"run COMPLETED", "run COMPLETED_WITH_ERRORS", "run FAILED"} <= seen.keys()


@pytest.mark.asyncio
async def test_that_two_connections_from_one_step_count_as_two(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    nodes = [node("a"), node("slow", "gate"), node("two", join={"mode": "n_of", "k": 2})]
    workflow = make_workflow(nodes, [wire("a", "two", id="1"), wire("a", "two", id="2"), "slow>two"])
    execution_id = await engine.start_workflow(workflow)
    await actions.reached["slow"].wait()
    await settle()
    assert actions.count("two") == 1
    actions.gates["slow"].set()
    assert (await engine.wait(execution_id))["steps"]["two"]["status"] == "COMPLETED"


@pytest.mark.slow
@pytest.mark.asyncio
async def test_that_twenty_thousand_workflows_are_routed_as_the_model_says() -> None:
    began = time.perf_counter()
    small, seen = await compare_all(small_cases(each=40))
    tried, more = await compare_all(cases(20_000))
    seen += more
    took = time.perf_counter() - began
    print(
        f"\n{tried} + {small} workflows, {(tried + small) * len(LIMITS)} runs in {took:.0f} s: {dict(seen)}"
    )
