"""Stopping before a step to look at it, and going one step at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import ActionError, SqliteStateManager, WorkflowEngine, WorkflowError
from engine.history.events import EventType
from engine.run.options import RunOptions
from engine.run.preview import abbreviated
from tests.support.builders import chain, make_workflow, node
from tests.support.fake_clock import FakeClock, FixedRng, settle
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio


def before(*step_ids: str, by_step: bool = False) -> RunOptions:
    return RunOptions(breakpoints=frozenset(step_ids), step_by_step=by_step)


def held(state: dict[str, Any]) -> list[str]:
    return [
        name
        for name, step in state["steps"].items()
        if (step["status"], step["reason"]) == ("PAUSED", "breakpoint")
    ]


def where(state: dict[str, Any]) -> tuple[str, str]:
    return state["status"], state["reason"]


async def test_that_a_run_stops_before_a_step_with_what_the_step_would_get(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = chain(node("a", parameters={"n": 1}), node("b", parameters={"x": "${a.n}"}), "c")
    execution_id = await engine.start_workflow(workflow, options=before("b"))
    state = await engine.wait(execution_id)
    assert (where(state), actions.calls, held(state)) == (("PAUSED", "breakpoint"), ["a"], ["b"])
    assert state["steps"]["b"]["parameters"] == {"x": 1}
    assert (state["steps"]["b"]["attempts"], state["needed"]) == (0, [])
    assert await engine.resume_workflow(execution_id)
    state = await engine.wait(execution_id)
    assert (state["status"], actions.calls) == ("COMPLETED", ["a", "b", "c"])
    assert "parameters" not in state["steps"]["b"]
    types = [event.type async for event in engine.events(execution_id)]
    assert types.count(EventType.STEP_RELEASED) == types.count(EventType.STEP_PAUSED) == 1


async def test_that_other_branches_go_on_while_one_is_held(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = make_workflow([node("a"), node("slow", "gate"), node("after")], ["slow>after"])
    execution_id = await engine.start_workflow(workflow, options=before("a"))
    await actions.reached["slow"].wait()
    state = await engine.get_workflow_status(execution_id)
    assert (state["status"], held(state)) == ("RUNNING", ["a"])
    actions.gates["slow"].set()
    state = await engine.wait(execution_id)
    assert (where(state), actions.calls) == (("PAUSED", "breakpoint"), ["slow", "after"])


async def test_that_a_step_held_can_go_on_while_others_run(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = make_workflow([node("a"), node("slow", "gate")])
    execution_id = await engine.start_workflow(workflow, options=before("a"))
    await actions.reached["slow"].wait()
    assert await engine.resume_workflow(execution_id)
    await settle()
    assert actions.calls == ["slow", "a"]


async def test_that_what_a_step_lacks_is_asked_before_it_is_held(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = make_workflow([node("a", parameters={"x": "${input.x}"})])
    execution_id = await engine.start_workflow(workflow, options=before("a"))
    state = await engine.wait(execution_id)
    assert (where(state), "parameters" in state["steps"]["a"]) == (("PAUSED", "missing_input"), False)
    await engine.resume_workflow(execution_id, {"x": 5})
    state = await engine.wait(execution_id)
    assert (where(state), state["steps"]["a"]["parameters"]) == (("PAUSED", "breakpoint"), {"x": 5})
    assert state["needed"] == []
    await engine.resume_workflow(execution_id, {"x": 6})
    state = await engine.wait(execution_id)
    assert (state["status"], state["outputs"]["a"]) == ("COMPLETED", {"x": 6})


@pytest.mark.parametrize("asks", ["a value", "by a form"])
async def test_that_an_answer_leaves_a_step_held_that_asked_nothing(
    engine: WorkflowEngine, actions: ScriptedActions, asks: str
) -> None:
    form = {"form": {"type": "object", "properties": {"ok": {"type": "boolean"}}}}
    first = (
        node("q", parameters={"x": "${input.x}"}) if asks == "a value" else node("q", "ask", parameters=form)
    )
    execution_id = await engine.start_workflow(make_workflow([first, node("a")]), options=before("a"))
    state = await engine.wait(execution_id)
    assert where(state) == ("PAUSED", "missing_input" if asks == "a value" else "form")
    await engine.resume_workflow(execution_id, {"x": 1} if asks == "a value" else {"q.output.ok": True})
    state = await engine.wait(execution_id)
    assert (where(state), held(state), actions.calls) == (("PAUSED", "breakpoint"), ["a"], ["q"])


async def test_that_a_step_that_is_tried_again_is_held_once(
    engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    actions.errors["a"] = [ConnectionError("away"), ConnectionError("away")]
    workflow = make_workflow([node("a", "fail", retry={"max_attempts": 3})])
    execution_id = await engine.start_workflow(workflow, options=before("a"))
    await engine.wait(execution_id)
    await engine.resume_workflow(execution_id)
    await clock.until_asked()
    await clock.advance(100)
    state = await engine.wait(execution_id)
    assert (state["status"], state["steps"]["a"]["attempts"], actions.calls) == ("COMPLETED", 3, ["a"] * 3)


async def test_that_a_step_that_asks_while_it_runs_is_not_held_again(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    form = {"form": {"type": "object"}}
    workflow = make_workflow([node("a", "ask", parameters=form)])
    execution_id = await engine.start_workflow(workflow, options=before("a"))
    await engine.wait(execution_id)
    await engine.resume_workflow(execution_id)
    assert where(await engine.wait(execution_id)) == ("PAUSED", "form")
    await engine.resume_workflow(execution_id, {"a.output": {"x": 1}})
    assert (await engine.wait(execution_id))["status"] == "COMPLETED"


async def test_that_no_step_is_held_that_will_not_run(engine: WorkflowEngine) -> None:
    nodes = [node("no", condition="1 > 2"), node("off", disabled="skip"), node("gone", disabled=True)]
    execution_id = await engine.start_workflow(make_workflow(nodes), options=before("no", "off"))
    assert (await engine.wait(execution_id))["status"] == "COMPLETED"


async def test_that_a_trigger_and_a_step_that_is_passed_through_can_be_stopped_at(
    engine: WorkflowEngine,
) -> None:
    nodes = [{"id": "t", "type": "trigger", "config": {}}, node("off", disabled="passthrough")]
    workflow = make_workflow(nodes, ["t>off"])
    execution_id = await engine.start_workflow(workflow, options=before("t", "off"))
    for name in ("t", "off"):
        state = await engine.wait(execution_id)
        assert held(state) == [name]
        await engine.resume_workflow(execution_id)
    assert (await engine.wait(execution_id))["status"] == "COMPLETED"


async def test_that_a_step_whose_parameters_cannot_be_filled_in_fails_at_its_breakpoint(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    class Stubborn(WorkflowEngine):
        def _resolve_parameters(self, parameters: Any, state: Any) -> Any:
            raise ActionError("cannot be filled in")

    async with Stubborn(registry=actions.registry) as stubborn:
        execution_id = await stubborn.start_workflow(chain("a"), options=before("a"))
        state = await stubborn.wait(execution_id)
    assert (state["status"], state["error"]["message"]) == ("FAILED", "cannot be filled in")


@pytest.mark.parametrize("force", [False, True])
async def test_that_a_run_that_is_held_can_be_cancelled(engine: WorkflowEngine, force: bool) -> None:
    execution_id = await engine.start_workflow(chain("a", "b"), options=before("a"))
    await engine.wait(execution_id)
    await engine.cancel_workflow(execution_id, force=force)
    state = await engine.wait(execution_id)
    assert state["status"] == "CANCELLED"
    assert [step["status"] for step in state["steps"].values()] == ["CANCELLED", "SKIPPED"]


async def test_that_a_failure_elsewhere_ends_a_run_that_is_held(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    actions.errors["bad"] = [ActionError("as told")]
    workflow = make_workflow([node("a"), node("bad", "fail")])
    execution_id = await engine.start_workflow(workflow, options=before("a"))
    state = await engine.wait(execution_id)
    assert (state["status"], state["steps"]["a"]["status"]) == ("FAILED", "CANCELLED")


async def test_that_a_pause_by_the_user_and_a_breakpoint_end_together(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = make_workflow([node("a"), node("slow", "gate"), node("after")], ["slow>after"])
    execution_id = await engine.start_workflow(workflow, options=before("a", "after"))
    await actions.reached["slow"].wait()
    await engine.pause_workflow(execution_id)
    actions.gates["slow"].set()
    assert where(await engine.wait(execution_id)) == ("PAUSED", "user")
    await engine.resume_workflow(execution_id)
    state = await engine.wait(execution_id)
    assert (where(state), held(state)) == (("PAUSED", "breakpoint"), ["after"])
    assert actions.calls == ["slow", "a"]


async def test_that_breakpoints_change_while_the_run_is_alive(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    execution_id = await engine.start_workflow(chain("a", "b", "c"), options=before("a", "b"))
    await engine.wait(execution_id)
    assert await engine.set_breakpoints(execution_id, ["c"])
    state = await engine.get_workflow_status(execution_id)
    assert held(state) == ["a"]
    await engine.resume_workflow(execution_id)
    state = await engine.wait(execution_id)
    assert (held(state), actions.calls) == (["c"], ["a", "b"])
    await engine.set_breakpoints(execution_id, [])
    await engine.resume_workflow(execution_id)
    assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert not await engine.set_breakpoints(execution_id, ["a"])
    assert not await engine.step_workflow(execution_id)


async def test_that_a_breakpoint_before_no_step_is_refused(engine: WorkflowEngine) -> None:
    with pytest.raises(WorkflowError, match="no step 'fliter'") as refused:
        await engine.start_workflow(chain("filter"), options=before("fliter"))
    assert refused.value.hint == "Did you mean filter?"
    execution_id = await engine.start_workflow(chain("filter"), options=before("filter"))
    await engine.wait(execution_id)
    with pytest.raises(WorkflowError, match="no step 'x'"):
        await engine.set_breakpoints(execution_id, ["x"])


async def test_that_a_run_goes_one_step_at_a_time_by_priority_and_then_in_order(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    nodes = [node("a"), node("late", priority=5), node("b"), node("first", priority=-1)]
    workflow = make_workflow(nodes, ["a>b"])
    execution_id = await engine.start_workflow(workflow, options=before(by_step=True))
    seen: list[list[str]] = []
    for _ in range(4):
        state = await engine.wait(execution_id)
        assert where(state) == ("PAUSED", "breakpoint")
        seen.append(list(actions.calls))
        assert await engine.step_workflow(execution_id)
    state = await engine.wait(execution_id)
    # What the file calls priority is the engine's business; the rest goes in the order of becoming ready.
    assert seen == [actions.calls[:count] for count in range(4)]
    assert actions.calls == ["first", "a", "b", "late"]
    assert state["status"] == "COMPLETED"


async def test_that_resuming_ends_going_step_by_step(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    execution_id = await engine.start_workflow(chain("a", "b", "c"), options=before("c", by_step=True))
    await engine.wait(execution_id)
    await engine.step_workflow(execution_id)
    assert held(await engine.wait(execution_id)) == ["b"]
    await engine.resume_workflow(execution_id)
    state = await engine.wait(execution_id)
    assert (held(state), actions.calls) == (["c"], ["a", "b"])


async def test_that_a_run_that_the_user_paused_can_be_stepped(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = make_workflow([node("a"), node("b"), node("c")], ["b>c"])
    execution_id = await engine.start_workflow(workflow)
    await engine.pause_workflow(execution_id)
    await engine.wait(execution_id)
    await engine.step_workflow(execution_id)
    state = await engine.wait(execution_id)
    assert (where(state), actions.calls, held(state)) == (("PAUSED", "breakpoint"), ["a"], ["b"])


async def test_that_a_step_asked_for_while_others_run_is_the_next_that_is_ready(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = chain(node("slow", "gate"), "a", "b")
    execution_id = await engine.start_workflow(workflow)
    await actions.reached["slow"].wait()
    assert await engine.step_workflow(execution_id)
    actions.gates["slow"].set()
    state = await engine.wait(execution_id)
    assert (where(state), actions.calls, held(state)) == (("PAUSED", "breakpoint"), ["slow", "a"], ["b"])


async def test_that_an_answer_keeps_a_run_going_step_by_step(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = chain(node("a", parameters={"x": "${input.x}"}), "b")
    execution_id = await engine.start_workflow(workflow, options=before(by_step=True))
    assert where(await engine.wait(execution_id)) == ("PAUSED", "missing_input")
    await engine.resume_workflow(execution_id, {"x": 1})
    assert held(await engine.wait(execution_id)) == ["a"]
    await engine.step_workflow(execution_id)
    state = await engine.wait(execution_id)
    assert (held(state), actions.calls) == (["b"], ["a"])


async def test_that_a_step_asked_for_too_early_is_the_one_that_lacked_a_value(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = make_workflow([node("a", parameters={"x": "${input.x}"})])
    execution_id = await engine.start_workflow(workflow, options=before(by_step=True))
    await engine.wait(execution_id)
    await engine.step_workflow(execution_id)
    assert where(await engine.wait(execution_id)) == ("PAUSED", "missing_input")
    await engine.resume_workflow(execution_id, {"x": 1})
    assert (await engine.wait(execution_id))["status"] == "COMPLETED"


async def test_that_what_is_shown_is_bounded_and_says_what_was_left_out() -> None:
    class Odd:
        pass

    deep: Any = 1
    for _ in range(30):
        deep = [deep]
    shown = abbreviated(
        {
            "text": "x" * 1_000,
            "rows": list(range(1_000)),
            "fields": {str(n): n for n in range(100)},
            "deep": deep,
            "bad": float("nan"),
            "odd": Odd(),
            "small": {"a": [1, None, True, 2.5, "x"], "empty": []},
        }
    )
    assert shown["text"] == "x" * 400 + "… (1,000 characters)"
    assert shown["rows"] == [*range(20), "… 980 more"]
    assert shown["fields"]["…"] == "80 more"
    assert str(shown["deep"]) == "[[[[[['(1 items)']]]]]]"
    assert (shown["bad"], shown["odd"]) == ("(float)", "(Odd)")
    assert shown["small"] == {"a": [1, None, True, 2.5, "x"], "empty": []}
    wide = abbreviated({"all": [[list(range(20)) for _ in range(20)] for _ in range(20)]})
    assert len(str(wide)) < 20_000


# -- another process goes on -----------------------------------------------------------------------------


def make_engine(actions: ScriptedActions, path: Path) -> WorkflowEngine:
    return WorkflowEngine(registry=actions.registry, state_manager=SqliteStateManager(path), rng=FixedRng())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


async def test_that_a_restart_keeps_breakpoints_and_what_is_held(
    actions: ScriptedActions, path: Path
) -> None:
    async with make_engine(actions, path) as engine:
        execution_id = await engine.start_workflow(chain("a", "b", "c", "d"), options=before("a"))
        await engine.wait(execution_id)
        await engine.set_breakpoints(execution_id, ["c"])
    async with make_engine(actions, path) as engine:
        await engine.recover()
        state = await engine.wait(execution_id)
        assert (where(state), held(state)) == (("PAUSED", "breakpoint"), ["a"])
        assert state["steps"]["a"]["parameters"] == {}
        await engine.resume_workflow(execution_id)
        state = await engine.wait(execution_id)
        assert (held(state), actions.calls) == (["c"], ["a", "b"])


async def test_that_a_restart_keeps_going_step_by_step_in_order(actions: ScriptedActions, path: Path) -> None:
    nodes = [node("z"), node("a"), node("y"), node("last")]
    workflow = make_workflow(nodes, ["a>last"])
    async with make_engine(actions, path) as engine:
        execution_id = await engine.start_workflow(workflow, options=before(by_step=True))
        await engine.wait(execution_id)
        await engine.step_workflow(execution_id)
        await engine.wait(execution_id)
    for count in range(2, 4):
        async with make_engine(actions, path) as engine:
            await engine.recover()
            await engine.step_workflow(execution_id)
            state = await engine.wait(execution_id)
            assert where(state) == ("PAUSED", "breakpoint")
            assert actions.calls == ["z", "a", "y"][:count]
    assert held(state) == ["last"]
