"""Random workflows inside workflows give what a few lines of Python say they give, also after a crash."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine import ActionRegistry, MemoryStateManager, WorkflowEngine
from tests.engine.run.test_composition_crashes import CopyingStore, check_recovery
from tests.support.builders import node
from tests.support.compositions import body, each, loop, sub

pytestmark = pytest.mark.asyncio

Model = Callable[[Any, Any], Any]
"""(the input x, the item) -> what the body gives."""
TAKES_X = {"properties": {"x": {"default": None}}}


def random_body(rng: random.Random, depth: int) -> tuple[dict[str, Any], Model]:
    """A body of one or two steps, and what it gives: the output of each by its id."""
    nodes: list[dict[str, Any]] = []
    models: dict[str, Model] = {}
    for node_id in "ab"[: rng.randint(1, 2)]:
        drawn, model = random_node(rng, node_id, depth)
        nodes.append(drawn)
        models[node_id] = model
    return body(*nodes, inputs=TAKES_X), lambda x, item: {
        name: model(x, item) for name, model in models.items()
    }


def random_node(rng: random.Random, node_id: str, depth: int) -> tuple[dict[str, Any], Model]:
    kind = rng.choice(["sub", "each", "loop", "leaf"]) if depth else "leaf"
    if kind == "leaf":
        leaf = node(node_id, "note", parameters={"x": "${input.x}", "item": "${item?}"})
        return leaf, lambda x, item: {"x": x, "item": item}
    inner, model = random_body(rng, depth - 1)
    given = rng.randint(1, 9)
    inputs = {"x": rng.choice(["${input.x}", given])}
    handed = (lambda x: x) if inputs["x"] == "${input.x}" else (lambda x: given)
    if kind == "sub":
        return sub(node_id, inner, inputs=inputs), lambda x, item: model(handed(x), None)
    if kind == "each":
        items = [rng.randint(10, 99) for _ in range(rng.randint(0, 4))]
        drawn = each(node_id, inner, items, inputs=inputs, concurrency=rng.randint(1, 3))
        return drawn, lambda x, item: [model(handed(x), one) for one in items]
    times = rng.randint(0, 3)

    def repeated(x: Any, item: Any) -> Any:
        last = None
        for _ in range(times):
            last = model(handed(x), last)
        return last

    return loop(node_id, inner, times=times, inputs=inputs), repeated


def registry() -> ActionRegistry:
    made = ActionRegistry()

    @made.action("test", "note")
    async def note(params: dict[str, Any], context: object) -> dict[str, Any]:
        return dict(params)

    return made


@pytest.mark.parametrize("seed", range(60))
async def test_that_what_comes_out_is_what_the_model_says(seed: int) -> None:
    rng = random.Random(seed)
    workflow, model = random_body(rng, 3)
    engine = WorkflowEngine(rng.randint(1, 4), registry=registry(), state_manager=MemoryStateManager())
    async with engine:
        state = await engine.wait(await engine.start_workflow(workflow, {"x": 5}))
        assert (state["status"], state["outputs"]) == ("COMPLETED", model(5, None)), state["error"]
        assert not engine._runtime._executions


@pytest.mark.parametrize("seed", [12, 23, 48])
async def test_that_it_is_the_same_after_a_crash_at_any_commit(seed: int, tmp_path: Path) -> None:
    workflow, _ = random_body(random.Random(seed), 3)
    (tmp_path / "first").mkdir()
    store = CopyingStore(tmp_path / "first" / "runs.db", tmp_path / "copies")
    async with WorkflowEngine(3, registry=registry(), state_manager=store) as engine:
        execution_id = await engine.start_workflow(workflow, {"x": 5})
        wanted = await engine.wait(execution_id)
    made = store.made
    for path in made[:: max(1, len(made) // 12)]:
        await check_recovery(path, execution_id, wanted)
