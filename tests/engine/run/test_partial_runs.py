"""Running to here, from here, and only this; pinned results; what is taken over and where it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import RunOptions, SqliteStateManager, WorkflowEngine
from engine.errors import DefinitionError, ExecutionNotFound, StepsToRunFirst
from engine.history.events import EventType
from tests.support.builders import chain, decoded, make_workflow, node, wire
from tests.support.compositions import body, loop
from tests.support.fake_clock import settle
from tests.support.journal_rules import check_journal
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio


def diamond() -> dict[str, Any]:
    """a feeds b, c and d; e needs c and d; f stands beside."""
    return make_workflow(
        [
            node("a", parameters={"v": "${input.start:-1}"}),
            node("b", parameters={"v": "${a.v}"}),
            node("c", parameters={"v": "${b.v}"}),
            node("d", parameters={"v": "${a.v}"}),
            node("e", parameters={"v": "${c.v}", "w": "${d.v}"}),
            node("f"),
        ],
        ["a>b", "b>c", "a>d", "c>e", "d>e", "a>f"],
    )


def ways(state: dict[str, Any]) -> dict[str, str]:
    """How each step came to its end, in a word."""
    return {
        step_id: step.get("via") or step["reason"] or step["status"].lower()
        for step_id, step in state["steps"].items()
    }


async def ended(engine: WorkflowEngine, execution_id: str) -> dict[str, Any]:
    state = await engine.wait(execution_id)
    check_journal([event async for event in engine.events(execution_id)])
    return state


async def test_that_a_run_to_a_step_runs_what_it_needs_and_leaves_out_the_rest(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    state = await ended(engine, await engine.run_to(diamond(), "c"))
    assert state["status"] == "COMPLETED"
    assert actions.calls == ["a", "b", "c"]
    left_out = {step_id for step_id, way in ways(state).items() if way == "not_selected"}
    assert left_out == {"d", "e", "f"}


async def test_that_a_run_from_a_step_takes_what_is_before_from_the_run_it_is_based_on(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    first = await engine.start_workflow(diamond(), {"start": 7})
    await ended(engine, first)
    actions.calls.clear()
    execution_id = await engine.run_from(diamond(), "c", based_on=first)
    state = await ended(engine, execution_id)
    assert actions.calls == ["c", "e"]
    assert ways(state) == {
        "a": "reused",
        "b": "reused",
        "c": "completed",
        "d": "reused",
        "e": "completed",
        "f": "not_selected",
    }
    assert state["outputs"]["e"] == {"v": 7, "w": 7}
    made = state["steps"]["b"]["reused_from"]
    assert made["execution_id"] == first
    assert made["at"] == (await engine.get_workflow_status(first))["steps"]["b"]["ended_at"]


async def test_that_inputs_of_the_earlier_run_count_where_none_are_given(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = chain(node("a"), node("b", parameters={"x": "${input.x}", "y": "${input.y}"}))
    await ended(engine, await engine.start_workflow(workflow, {"x": 1, "y": 2}))
    state = await ended(engine, await engine.run_from(workflow, "b", {"y": 3}))
    assert state["outputs"]["b"] == {"x": 1, "y": 3}


async def test_that_a_run_from_a_step_runs_what_has_no_recorded_result(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    await ended(engine, await engine.run_to(diamond(), "c"))
    actions.calls.clear()
    state = await ended(engine, await engine.run_from(diamond(), "e"))
    assert sorted(actions.calls) == ["d", "e"]
    assert ways(state)["c"] == "reused"


async def test_that_results_are_found_in_the_run_before_the_run_before(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    first = await engine.start_workflow(diamond())
    await ended(engine, first)
    second = await engine.run_to(diamond(), "b", options=RunOptions(based_on=first))
    await ended(engine, second)
    actions.calls.clear()
    state = await ended(engine, await engine.run_only(diamond(), "e", based_on=second))
    assert actions.calls == ["e"]
    assert state["steps"]["d"]["reused_from"]["execution_id"] == first
    assert state["steps"]["b"]["reused_from"]["execution_id"] == second


async def test_that_one_step_alone_says_which_must_run_first(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    await ended(engine, await engine.run_to(diamond(), "c"))
    with pytest.raises(StepsToRunFirst, match='"e" needs the result of "d"') as refused:
        await engine.run_only(diamond(), "e")
    assert refused.value.steps == {"d": "d"}
    assert "Run to" in refused.value.hint
    assert actions.calls == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "is_needed"),
    [
        ("a.x > 1", True),
        ("${a.x} > 1", True),
        ("exists(a.x)", False),
        ("${a.x?} != null", False),
    ],
)
@pytest.mark.parametrize("kind", ["step", "loop"])
async def test_that_one_step_alone_needs_what_its_own_condition_looks_at(
    engine: WorkflowEngine, text: str, is_needed: bool, kind: str
) -> None:
    step = node("b", condition=text) if kind == "step" else loop("b", body("m"), loop_while=text)
    drawn = make_workflow([node("a"), step], ["a>b"])
    if is_needed:
        with pytest.raises(StepsToRunFirst, match='"b" needs the result of "a"'):
            await engine.run_only(drawn, "b")
    else:
        assert (await ended(engine, await engine.run_only(drawn, "b")))["status"] == "COMPLETED"


async def test_that_one_step_alone_runs_whatever_the_conditions_before_it_say(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = make_workflow(
        "a b c", [wire("a", "b", condition="input.go"), wire("b", "c", condition="input.go")]
    )
    await ended(engine, await engine.start_workflow(workflow, {"go": True}))
    actions.calls.clear()
    state = await ended(engine, await engine.run_only(workflow, "b", {"go": False}))
    assert actions.calls == ["b"]
    assert ways(state) == {"a": "reused", "b": "completed", "c": "not_selected"}


async def test_that_a_stretch_can_be_run(engine: WorkflowEngine, actions: ScriptedActions) -> None:
    await ended(engine, await engine.start_workflow(diamond()))
    actions.calls.clear()
    state = await ended(engine, await engine.run_from(diamond(), "b", options=RunOptions(to="c")))
    assert actions.calls == ["b", "c"]
    assert ways(state)["e"] == "not_selected"


async def test_that_the_start_that_leads_to_the_step_is_fired(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = make_workflow(
        [node("by_hand", type="trigger"), node("by_clock", type="trigger"), node("a"), node("b")],
        ["by_hand>a", "by_clock>b"],
    )
    state = await ended(engine, await engine.run_to(workflow, "b"))
    assert actions.calls == ["by_clock", "b"]
    assert ways(state)["by_hand"] == "not_selected"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (RunOptions(to="cc"), 'no step "cc" in this workflow'),
        (RunOptions(to="c", only="c"), "cannot be both"),
        (RunOptions(to="a", start="c"), '"a" does not come after "c"'),
    ],
)
async def test_that_wishes_that_make_no_sense_are_refused(
    engine: WorkflowEngine, options: RunOptions, words: str
) -> None:
    with pytest.raises(DefinitionError, match=words):
        await engine.start_workflow(diamond(), options=options)


async def test_that_a_run_that_is_not_there_cannot_be_built_on(engine: WorkflowEngine) -> None:
    with pytest.raises(ExecutionNotFound):
        await engine.run_from(diamond(), "c", based_on="nowhere")


async def test_that_a_pinned_result_stands_in_for_its_step(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = chain("a", node("b", pin={"output": {"v": 99}}), node("c", parameters={"v": "${b.v}"}))
    state = await ended(engine, await engine.start_workflow(workflow))
    assert actions.calls == ["a", "c"]
    assert ways(state)["b"] == "pinned"
    assert state["outputs"]["c"] == {"v": 99}
    actions.calls.clear()
    state = await ended(engine, await engine.run_to(workflow, "b", options=RunOptions(pins=False)))
    assert actions.calls == ["a", "b"]


async def test_that_a_pin_of_a_step_that_is_switched_off_does_not_count(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = chain(node("a", parameters={"v": 1}), node("b", pin={"output": {"v": 99}}, disabled=True), "c")
    state = await ended(engine, await engine.start_workflow(workflow))
    assert state["outputs"]["b"] == {"v": 1}


async def test_that_a_pinned_result_of_any_size_comes_back_as_it_was(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    large = {"text": "x" * 200_000}
    workflow = chain(node("a", pin={"output": large}), node("b", parameters={"n": "${a.text}"}))
    state = await ended(engine, await engine.start_workflow(workflow))
    assert state["outputs"]["b"] == {"n": large["text"]}


async def test_that_a_run_goes_on_after_a_crash_with_what_it_took_though_the_other_run_is_gone(
    actions: ScriptedActions, tmp_path: Path
) -> None:
    path = tmp_path / "runs.db"
    large = "x" * 200_000
    workflow = chain(
        node("a", parameters={"v": large}), node("b", "gate"), node("c", parameters={"v": "${a.v}"})
    )

    def new_engine() -> WorkflowEngine:
        return WorkflowEngine(registry=actions.registry, state_manager=SqliteStateManager(path))

    async with new_engine() as engine:
        actions.gates["b"].set()
        first = await engine.start_workflow(workflow)
        await engine.wait(first)
        actions.gates.clear()
        actions.reached.clear()
        second = await engine.run_from(workflow, "b", based_on=first)
        await actions.reached["b"].wait()
        await engine._runtime.barrier()
        assert (await engine.state_manager.prune(keep=0)).runs == 1
    actions.gates["b"].set()
    async with new_engine() as engine:
        assert await engine.recover() == [second]
        state = await ended(engine, second)
        with pytest.raises(ExecutionNotFound):
            await engine.get_workflow_status(first)
    assert state["status"] == "COMPLETED"
    assert ways(state) == {"a": "reused", "b": "completed", "c": "completed"}
    assert state["outputs"]["c"] == {"v": large}
    assert actions.count("a") == 1


async def test_that_a_crash_before_anything_began_loses_nothing_of_the_wishes(
    actions: ScriptedActions, tmp_path: Path
) -> None:
    path = tmp_path / "runs.db"
    async with SqliteStateManager(path) as store:
        engine = WorkflowEngine(registry=actions.registry, state_manager=store)
        plan = engine._compiler.compile(decoded(diamond()))
        await store.save_definition(plan.definition_hash, diamond())
        execution_id = await store.create_execution(
            "w", definition_hash=plan.definition_hash, options=RunOptions(to="b").to_json()
        )
    async with WorkflowEngine(registry=actions.registry, state_manager=SqliteStateManager(path)) as engine:
        await engine.recover()
        await ended(engine, execution_id)
        await settle()
    assert actions.calls == ["a", "b"]


async def test_that_options_come_back_as_they_were_told() -> None:
    options = RunOptions(
        breakpoints=frozenset({"a"}),
        to="b",
        start="c",
        based_on="run",
        reuse=False,
        pins=False,
        taken={"x": {"output": 1, "via": "reused"}},
        anew=frozenset({"c"}),
    )
    assert RunOptions.from_json(options.to_json()) == options
    assert RunOptions().to_json() == {}


async def test_that_a_result_whose_file_is_gone_is_not_taken(
    actions: ScriptedActions, tmp_path: Path
) -> None:
    workflow = chain(node("a", parameters={"v": "x" * 200_000}), "b")
    store = SqliteStateManager(tmp_path / "runs.db")
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        first = await engine.start_workflow(workflow)
        await engine.wait(first)
        for file in store.artifacts.root.glob("??/*"):
            file.unlink()
        actions.calls.clear()
        await ended(engine, await engine.run_from(workflow, "b", based_on=first))
    assert actions.calls == ["a", "b"]


async def test_that_skipped_steps_are_told_to_who_listens(actions: ScriptedActions) -> None:
    async with WorkflowEngine(registry=actions.registry) as engine:
        execution_id = await engine.run_to(diamond(), "a")
        told = [
            event.data["reason"]
            async for event in engine.events(execution_id)
            if event.type is EventType.STEP_SKIPPED
        ]
    assert told == ["not_selected"] * 5
