"""Parts of random workflows, and runs that are taken up again, end as the reference model says."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from engine import ActionRegistry, MemoryStateManager, WorkflowEngine
from engine.actions.context import StepContext
from engine.catalog import Catalog
from engine.errors import ActionError
from engine.files import codec
from engine.history.events import EventType
from engine.history.state import ExecutionState
from engine.model.queries import upstream
from tests.support.journal_rules import check_journal
from tests.support.random_graphs import document, fired, furnish, random_shape
from tests.support.reference_model import ModelGraph, route

pytestmark = pytest.mark.asyncio
DEADLOCK_S = 20
INPUT = {"flag": 1}


class Bench:
    """An engine whose steps fail as the graph says; a step that was let off does not fail any more."""

    def __init__(self) -> None:
        self.rng = random.Random(0)
        self.let_off: set[str] = set()
        self.calls: list[str] = []
        registry = ActionRegistry()
        registry.register("test", "act", self.act)
        self.engine = WorkflowEngine(
            3, registry=registry, catalog=Catalog.load(), state_manager=MemoryStateManager()
        )

    async def act(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        self.calls.append(context.step_id)
        for _ in range(self.rng.choice((0, 0, 1, 3))):
            await asyncio.sleep(0)
        if params["fails"] and context.step_id not in self.let_off:
            raise ActionError("as told")
        return {"done": True}

    async def ended(self, execution_id: str) -> dict[str, Any]:
        async with asyncio.timeout(DEADLOCK_S):
            state = await self.engine.wait(execution_id)
        events = await self.engine.state_manager.read_events(execution_id)
        check_journal(events)
        assert ExecutionState.fold(events).to_dict()["connections"] == state["connections"]
        return state


@pytest_asyncio.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    async with made.engine:
        yield made


def ends(state: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {
        step_id: (step["status"], step["reason"] if step["status"] == "SKIPPED" else "")
        for step_id, step in state["steps"].items()
    }


def expected(graph: ModelGraph, trigger: str | None) -> dict[str, tuple[str, str]]:
    found = route(graph, trigger).steps
    return {i: (status, reason if status == "SKIPPED" else "") for i, (status, reason) in found.items()}


@pytest.mark.parametrize("seed", range(60))
async def test_that_a_part_ends_as_it_would_within_the_whole(bench: Bench, seed: int) -> None:
    rng = random.Random(seed)
    graph = furnish(rng, *random_shape(rng))
    workflow = codec.decode(document(graph, "continue"))
    target = rng.choice(graph.steps).id
    inside = upstream(workflow, [target]) | {target}
    leading = ModelGraph(steps=tuple(s for s in graph.steps if s.id in inside), wires=graph.wires)
    trigger = fired(leading) or fired(graph)
    state = await bench.ended(await bench.engine.run_to(workflow, target, INPUT))
    model = expected(graph, trigger)
    for step_id, end in ends(state).items():
        assert end == (model[step_id] if step_id in inside else ("SKIPPED", "not_selected")), step_id
    assert set(bench.calls) <= inside


@pytest.mark.parametrize("seed", range(60))
async def test_that_a_run_taken_up_until_it_works_ends_as_if_nothing_had_failed(
    bench: Bench, seed: int
) -> None:
    rng = random.Random(1000 + seed)
    drawn = furnish(rng, *random_shape(rng))
    graph = replace(
        drawn,
        wires=tuple(
            replace(w, condition="none" if w.condition == "raises" else w.condition) for w in drawn.wires
        ),
        steps=tuple(replace(step, is_switch=False) for step in drawn.steps),
    )
    workflow = codec.decode(document(graph, rng.choice(("drain", "continue", "cancel"))))
    execution_id = await bench.engine.start_workflow(workflow, INPUT)
    state = await bench.ended(execution_id)
    for _ in range(len(graph.steps) + 1):
        if state["status"] != "FAILED":
            break
        failed = {i for i, step in state["steps"].items() if step["reason"] == "unhandled"}
        bench.let_off |= failed
        await bench.engine.retry_from(execution_id)
        state = await bench.ended(execution_id)
    assert state["status"] in ("COMPLETED", "COMPLETED_WITH_ERRORS")
    mended = replace(
        graph,
        steps=tuple(replace(step, fails=step.fails and step.id not in bench.let_off) for step in graph.steps),
    )
    assert ends(state) == expected(mended, fired(graph))
    events = await bench.engine.state_manager.read_events(execution_id)
    completed = [event.step_id for event in events if event.type is EventType.STEP_COMPLETED]
    assert len(completed) == len(set(completed)), "what had completed is not run again"
