"""A step's own condition that nobody can evaluate waits for a person, and nothing of the step has run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import SqliteStateManager, WorkflowEngine
from engine.errors import ConditionError, DefinitionError
from engine.run.options import RunOptions
from tests.engine.run.test_composition_crashes import CopyingStore
from tests.support.builders import chain, make_workflow, node, wire
from tests.support.compositions import body, each, sub
from tests.support.journal_rules import ended
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio

PAUSE = RunOptions(incidents="pause")
BROKEN = "a.n < 'x'"


def guarded(condition: str = BROKEN, **more: Any) -> dict[str, Any]:
    """a, then b under a condition of its own and c in any case; d follows b."""
    nodes = [node("a", parameters={"n": 1}), node("b", condition=condition, **more), node("c"), node("d")]
    return make_workflow(nodes, ["a>b", "a>c", "b>d"])


async def test_that_it_waits_and_says_what_is_wrong(engine: WorkflowEngine, actions: ScriptedActions) -> None:
    execution_id = await engine.start_workflow(guarded(), options=PAUSE)
    state = await ended(engine, execution_id)
    assert (state["status"], state["reason"]) == ("PAUSED", "incident")
    assert sorted(actions.calls) == ["a", "c"]
    assert (state["steps"]["b"]["status"], state["steps"]["b"]["reason"]) == ("PAUSED", "incident")
    assert state["steps"]["b"]["attempts"] == 0
    (needed,) = state["needed"]
    told = {key: needed[key] for key in ("step_id", "connection_id", "condition", "incident", "of_step")}
    assert told == {
        "step_id": "b",
        "connection_id": "b.condition",
        "condition": BROKEN,
        "incident": True,
        "of_step": True,
    }
    assert "cannot order number and text" in needed["text"]


@pytest.mark.parametrize(
    ("text", "status", "calls"),
    [("a.n == 1", "COMPLETED", "abcd"), ("  ", "COMPLETED", "abcd"), ("a.n > 5", "COMPLETED", "ac")],
)
async def test_that_a_repaired_condition_decides(
    engine: WorkflowEngine, actions: ScriptedActions, text: str, status: str, calls: str
) -> None:
    execution_id = await engine.start_workflow(guarded(), options=PAUSE)
    await ended(engine, execution_id)
    assert await engine.try_condition(execution_id, "b.condition", text) is (calls == "abcd")
    assert await engine.repair_workflow(execution_id, {"b.condition": text})
    state = await ended(engine, execution_id)
    assert (state["status"], sorted(actions.calls), state["needed"]) == (status, list(calls), [])
    if calls == "ac":
        assert [state["steps"][name]["reason"] for name in "bd"] == ["condition", "condition"]


async def test_that_text_that_is_no_better_is_refused_and_nothing_changes(engine: WorkflowEngine) -> None:
    execution_id = await engine.start_workflow(guarded(), options=PAUSE)
    before = await ended(engine, execution_id)
    for text in ("a.n <", BROKEN, "nothing.there"):
        with pytest.raises(ConditionError):
            await engine.repair_workflow(execution_id, {"b.condition": text})
    with pytest.raises(DefinitionError) as refused:
        await engine.repair_workflow(execution_id, {"b.conditoin": "true"})
    assert refused.value.hint == "Did you mean b.condition?"
    assert await engine.get_workflow_status(execution_id) == before


async def test_that_a_headless_run_fails(engine: WorkflowEngine, actions: ScriptedActions) -> None:
    state = await ended(engine, await engine.start_workflow(guarded()))
    assert (state["status"], state["error"]["step_id"]) == ("FAILED", "b")
    assert "b" not in actions.calls


async def test_that_going_on_without_a_repair_asks_again(engine: WorkflowEngine) -> None:
    execution_id = await engine.start_workflow(guarded(), options=PAUSE)
    before = await ended(engine, execution_id)
    await engine.resume_workflow(execution_id)
    assert (await ended(engine, execution_id))["needed"] == before["needed"]


async def test_that_a_value_that_it_lacks_may_be_supplied(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    execution_id = await engine.start_workflow(guarded("a.output.limit > 3"), options=PAUSE)
    assert (await ended(engine, execution_id))["reason"] == "incident"
    await engine.resume_workflow(execution_id, {"a.output.limit": 4})
    state = await ended(engine, execution_id)
    assert (state["status"], sorted(actions.calls)) == ("COMPLETED", ["a", "b", "c", "d"])


async def test_that_a_step_that_then_lacks_an_input_asks_for_that(engine: WorkflowEngine) -> None:
    workflow = guarded(parameters={"p": "${input.p}"})
    execution_id = await engine.start_workflow(workflow, options=PAUSE)
    await ended(engine, execution_id)
    await engine.repair_workflow(execution_id, {"b.condition": "true"})
    state = await ended(engine, execution_id)
    assert (state["status"], state["reason"]) == ("PAUSED", "missing_input")
    await engine.resume_workflow(execution_id, {"p": 1})
    assert (await ended(engine, execution_id))["status"] == "COMPLETED"


async def test_that_it_can_be_stopped_and_taken_up_again(engine: WorkflowEngine) -> None:
    execution_id = await engine.start_workflow(guarded(), options=PAUSE)
    await ended(engine, execution_id)
    await engine.cancel_workflow(execution_id)
    state = await ended(engine, execution_id)
    assert (state["status"], state["steps"]["b"]["status"]) == ("CANCELLED", "CANCELLED")
    await engine.retry_from(execution_id)
    assert (await ended(engine, execution_id))["reason"] == "incident"


async def test_that_it_is_repaired_inside_other_steps(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    inner = body(node("in", condition="item < 'x'", parameters={"i": "${item}"}), node("all"))
    workflow = chain(each("each", inner, [1, 2]), sub("part", body(node("deep", condition="1 < 'x'"))))
    execution_id = await engine.start_workflow(workflow, options=PAUSE)
    state = await ended(engine, execution_id)
    assert state["reason"] == "incident"
    names = [item["connection_id"] for item in state["needed"]]
    assert names == ["each/0/in.condition", "each/1/in.condition"]
    assert await engine.try_condition(execution_id, names[0], "item == 1")
    await engine.repair_workflow(execution_id, {names[0]: "item == 1", names[1]: "item == 1"})
    state = await ended(engine, execution_id)
    assert [item["connection_id"] for item in state["needed"]] == ["part/deep.condition"]
    await engine.repair_workflow(execution_id, {"part/deep.condition": "false"})
    assert (await ended(engine, execution_id))["status"] == "COMPLETED"
    assert actions.params["in"] == [{"i": 1}]


async def test_that_a_step_of_its_own_and_a_connection_are_repaired_at_once(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = make_workflow(
        [node("a", parameters={"n": 1}), node("b", condition=BROKEN), node("c")],
        ["a>b", wire("a", "c", condition="n < 'x'")],
    )
    execution_id = await engine.start_workflow(workflow, options=PAUSE)
    state = await ended(engine, execution_id)
    names = {item["connection_id"] for item in state["needed"]}
    assert names == {"a>c", "b.condition"}
    await engine.repair_workflow(execution_id, dict.fromkeys(names, "true"))
    assert (await ended(engine, execution_id))["status"] == "COMPLETED"
    assert sorted(actions.calls) == ["a", "b", "c"]


@pytest.mark.parametrize("text", ["a.n == 1", "a.n == 2"])
async def test_that_it_comes_to_the_same_end_wherever_the_program_dies(
    actions: ScriptedActions, tmp_path: Path, text: str
) -> None:
    (tmp_path / "first").mkdir()
    store = CopyingStore(tmp_path / "first" / "runs.db", tmp_path / "copies")
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        execution_id = await engine.start_workflow(guarded(), options=PAUSE)
        await ended(engine, execution_id)
        paused = len(store.made)
        await engine.repair_workflow(execution_id, {"b.condition": text})
        wanted = await ended(engine, execution_id)
    assert wanted["status"] == "COMPLETED"
    for number, path in enumerate(store.made):
        copy = SqliteStateManager(path)
        async with WorkflowEngine(registry=actions.registry, state_manager=copy) as engine:
            if not await copy.list_executions():
                continue
            await engine.recover()
            state = await ended(engine, execution_id)
            if state["status"] == "PAUSED":
                assert (state["reason"], number < paused) == ("incident", True)
                assert [item["connection_id"] for item in state["needed"]] == ["b.condition"]
                await engine.repair_workflow(execution_id, {"b.condition": text})
                state = await ended(engine, execution_id)
        assert state["outputs"] == wanted["outputs"]
        assert state["connections"] == wanted["connections"]
