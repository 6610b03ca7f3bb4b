"""A condition that cannot be evaluated waits for a person, who repairs it, and no action runs again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import ActionError, SqliteStateManager, WorkflowEngine
from engine.errors import ConditionError, DefinitionError, NoRouteMatched
from engine.history.events import EventType
from engine.run.options import RunOptions
from tests.support.builders import make_workflow, node, wire
from tests.support.fake_clock import settle
from tests.support.journal_rules import check_journal
from tests.support.scripted_actions import RecordingNotifier, ScriptedActions

pytestmark = pytest.mark.asyncio

PAUSE = RunOptions(incidents="pause")
BROKEN = "n < 'x'"


def fork(condition: str = BROKEN, **config: Any) -> dict[str, Any]:
    """a leads to b under a condition, and to c in any case; d follows b."""
    nodes = [node("a", parameters={"n": 1}, **config), node("b"), node("c"), node("d")]
    return make_workflow(nodes, [wire("a", "b", condition=condition), "a>c", "b>d"])


def switch(*conditions: str) -> dict[str, Any]:
    nodes = [
        node("s", type="flow.switch", parameters={"n": 1}),
        *(node(f"t{n}") for n in range(len(conditions))),
    ]
    wires = [wire("s", f"t{n}", condition=text) for n, text in enumerate(conditions)]
    return make_workflow(nodes, wires)


def where(state: dict[str, Any]) -> tuple[str, str]:
    return state["status"], state["reason"]


async def test_that_a_broken_condition_waits_and_says_what_is_wrong(
    engine: WorkflowEngine, actions: ScriptedActions, notifier: RecordingNotifier
) -> None:
    execution_id = await engine.start_workflow(fork(), options=PAUSE)
    state = await engine.wait(execution_id)
    assert where(state) == ("PAUSED", "incident")
    assert state["connections"] == {"a>c": "TAKEN"}
    assert sorted(actions.calls) == ["a", "c"]
    (needed,) = state["needed"]
    assert {key: needed[key] for key in ("step_id", "connection_id", "condition", "position")} == {
        "step_id": "a",
        "connection_id": "a>b",
        "condition": BROKEN,
        "position": 0,
    }
    assert needed["incident"]
    assert needed["connections"] == ["a>b"]
    assert "number" in needed["text"]
    assert "text" in needed["text"]
    assert "missing_var" not in notifier.told[-1][1]
    assert await engine.repair_workflow(execution_id, {"a>b": "n < 5"})
    state = await engine.wait(execution_id)
    assert (state["status"], actions.calls.count("a"), state["needed"]) == ("COMPLETED", 1, [])
    assert sorted(actions.calls) == ["a", "b", "c", "d"]
    events = [event async for event in engine.events(execution_id)]
    check_journal(events)
    types = [event.type for event in events]
    assert types.count(EventType.CONDITION_ERROR) == types.count(EventType.CONDITION_REPAIRED) == 1
    assert types.count(EventType.INPUT_REQUIRED) == 1


async def test_that_headless_runs_fail_as_before(engine: WorkflowEngine) -> None:
    state = await engine.wait(await engine.start_workflow(fork()))
    assert (state["status"], state["error"]["type"]) == ("FAILED", "ConditionError")


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("n <", ConditionError),
        ("n + 1", ConditionError),
        ("nothing.there == 1", ConditionError),
        (BROKEN, ConditionError),
    ],
)
async def test_that_bad_text_is_refused_and_the_run_stays_paused(
    engine: WorkflowEngine, text: str, refused: type[Exception]
) -> None:
    execution_id = await engine.start_workflow(fork(), options=PAUSE)
    before = await engine.wait(execution_id)
    with pytest.raises(refused):
        await engine.repair_workflow(execution_id, {"a>b": text})
    assert await engine.get_workflow_status(execution_id) == before


async def test_that_a_connection_that_waits_for_nothing_is_not_repaired(engine: WorkflowEngine) -> None:
    execution_id = await engine.start_workflow(fork(), options=PAUSE)
    await engine.wait(execution_id)
    with pytest.raises(DefinitionError, match="a>bb") as refused:
        await engine.repair_workflow(execution_id, {"a>bb": "true"})
    assert refused.value.hint == "Did you mean a>b?"
    with pytest.raises(DefinitionError):
        await engine.repair_workflow(execution_id, {"a>c": "true"})
    await engine.repair_workflow(execution_id, {"a>b": "  "})
    assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert not await engine.repair_workflow(execution_id, {"a>b": "true"})


async def test_that_a_condition_repaired_to_false_skips_what_follows(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    execution_id = await engine.start_workflow(fork(), options=PAUSE)
    await engine.wait(execution_id)
    await engine.repair_workflow(execution_id, {"a>b": "n > 5"})
    state = await engine.wait(execution_id)
    assert (state["status"], sorted(actions.calls)) == ("COMPLETED", ["a", "c"])
    assert [state["steps"][name]["reason"] for name in "bd"] == ["condition", "condition"]


async def test_that_several_incidents_are_repaired_one_by_one_or_together(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    nodes = [node("a", parameters={"n": 1}), node("b", parameters={"n": 2}), *map(node, "xyz")]
    wires = [
        wire("a", "x", condition=BROKEN),
        wire("a", "y", condition=BROKEN),
        wire("b", "z", condition=BROKEN),
    ]
    execution_id = await engine.start_workflow(make_workflow(nodes, wires), options=PAUSE)
    state = await engine.wait(execution_id)
    assert [item["connection_id"] for item in state["needed"]] == ["a>x", "a>y", "b>z"]
    await engine.repair_workflow(execution_id, {"a>x": "n == 1"})
    state = await engine.wait(execution_id)
    assert where(state) == ("PAUSED", "incident")
    assert [item["connection_id"] for item in state["needed"]] == ["a>y", "b>z"]
    assert sorted(actions.calls) == ["a", "b", "x"]
    await engine.repair_workflow(execution_id, {"a>y": "n == 1", "b>z": "n == 2"})
    state = await engine.wait(execution_id)
    assert (state["status"], sorted(actions.calls)) == ("COMPLETED", ["a", "b", "x", "y", "z"])
    check_journal([event async for event in engine.events(execution_id)])


async def test_that_one_bad_text_among_several_repairs_nothing(engine: WorkflowEngine) -> None:
    nodes = [node("a", parameters={"n": 1}), *map(node, "xy")]
    wires = [wire("a", "x", condition=BROKEN), wire("a", "y", condition=BROKEN)]
    execution_id = await engine.start_workflow(make_workflow(nodes, wires), options=PAUSE)
    before = await engine.wait(execution_id)
    with pytest.raises(ConditionError):
        await engine.repair_workflow(execution_id, {"a>x": "n == 1", "a>y": BROKEN})
    assert await engine.get_workflow_status(execution_id) == before


async def test_that_a_switch_without_a_way_on_is_led_on(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    execution_id = await engine.start_workflow(switch("n == 2", "n == 3"), options=PAUSE)
    state = await engine.wait(execution_id)
    assert (where(state), state["connections"]) == (("PAUSED", "incident"), {})
    (needed,) = state["needed"]
    assert (needed["connection_id"], needed["connections"]) == (None, ["s>t0", "s>t1"])
    with pytest.raises(NoRouteMatched):
        await engine.repair_workflow(execution_id, {"s>t0": "n == 4"})
    await engine.repair_workflow(execution_id, {"s>t1": "n == 1"})
    state = await engine.wait(execution_id)
    assert (state["status"], state["connections"]) == ("COMPLETED", {"s>t0": "DEAD", "s>t1": "TAKEN"})
    assert actions.calls == ["s", "t1"]


async def test_that_a_switch_with_a_broken_condition_asks_again_from_the_first(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    execution_id = await engine.start_workflow(switch("n == 2", BROKEN, "n == 1"), options=PAUSE)
    state = await engine.wait(execution_id)
    assert state["connections"] == {}
    assert [item["connection_id"] for item in state["needed"]] == ["s>t1"]
    await engine.repair_workflow(execution_id, {"s>t1": "n == 3"})
    await engine.wait(execution_id)
    assert actions.calls == ["s", "t2"]


async def test_that_a_switch_may_find_the_next_condition_broken_too(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    execution_id = await engine.start_workflow(switch(BROKEN, BROKEN, "n == 5"), options=PAUSE)
    await engine.wait(execution_id)
    await engine.repair_workflow(execution_id, {"s>t0": "n == 3"})
    state = await engine.wait(execution_id)
    assert [item["connection_id"] for item in state["needed"]] == ["s>t1"]
    with pytest.raises(NoRouteMatched):
        await engine.repair_workflow(execution_id, {"s>t1": "n == 4"})
    await engine.repair_workflow(execution_id, {"s>t2": "n == 1", "s>t1": "n == 4"})
    assert (await engine.wait(execution_id))["connections"]["s>t2"] == "TAKEN"


@pytest.mark.parametrize("policy", ["true", "false"])
async def test_that_a_policy_that_decides_needs_nobody(engine: WorkflowEngine, policy: str) -> None:
    workflow = fork()
    workflow["connections"][0]["on_condition_error"] = policy
    state = await engine.wait(await engine.start_workflow(workflow, options=PAUSE))
    assert (state["status"], "b" in state["outputs"]) == ("COMPLETED", policy == "true")


@pytest.mark.parametrize(("repaired", "status"), [("true", "COMPLETED_WITH_ERRORS"), ("false", "FAILED")])
async def test_that_what_becomes_of_a_failure_is_said_by_the_repaired_condition(
    engine: WorkflowEngine, actions: ScriptedActions, repaired: str, status: str
) -> None:
    actions.errors["a"] = [ActionError("as told")]
    workflow = make_workflow(
        [node("a", "fail"), node("b")], [wire("a", "b", on="error", condition="error < 1")]
    )
    execution_id = await engine.start_workflow(workflow, options=PAUSE)
    state = await engine.wait(execution_id)
    assert where(state) == ("PAUSED", "incident")
    assert (state["steps"]["a"]["status"], state["steps"]["a"]["reason"]) == ("FAILED", "incident")
    await engine.repair_workflow(execution_id, {"a>b": repaired})
    state = await engine.wait(execution_id)
    assert state["status"] == status
    assert (state["error"] or {}).get("message") == ("as told" if status == "FAILED" else None)


async def test_that_a_failure_that_is_led_on_otherwise_is_handled(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    actions.errors["a"] = [ActionError("as told")]
    wires = [wire("a", "b", on="error", condition="error < 1"), wire("a", "c", on="error")]
    workflow = make_workflow([node("a", "fail"), node("b"), node("c")], wires)
    execution_id = await engine.start_workflow(workflow, options=PAUSE)
    state = await engine.wait(execution_id)
    assert (where(state), state["steps"]["a"]["reason"]) == (("PAUSED", "incident"), "error_connection")
    await engine.repair_workflow(execution_id, {"a>b": "false"})
    assert (await engine.wait(execution_id))["status"] == "COMPLETED_WITH_ERRORS"


@pytest.mark.parametrize("force", [False, True])
async def test_that_a_run_with_an_incident_can_be_cancelled(engine: WorkflowEngine, force: bool) -> None:
    execution_id = await engine.start_workflow(fork(), options=PAUSE)
    await engine.wait(execution_id)
    await engine.cancel_workflow(execution_id, force=force)
    state = await engine.wait(execution_id)
    assert (state["status"], state["needed"], state["steps"]["b"]["reason"]) == ("CANCELLED", [], "cancelled")


async def test_that_a_run_cancelled_in_an_incident_can_be_taken_up_again(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    execution_id = await engine.start_workflow(fork(), options=PAUSE)
    await engine.wait(execution_id)
    await engine.cancel_workflow(execution_id)
    await engine.wait(execution_id)
    await engine.retry_from(execution_id, "a")
    state = await engine.wait(execution_id)
    assert where(state) == ("PAUSED", "incident")
    await engine.repair_workflow(execution_id, {"a>b": "n == 1"})
    assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    await engine.retry_from(execution_id, "a")
    assert (await engine.wait(execution_id))["status"] == "COMPLETED"


async def test_that_a_failure_elsewhere_ends_a_run_with_an_incident(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = fork()
    workflow["nodes"].append(node("slow", "gate"))
    workflow["nodes"].append(node("bad", "fail"))
    workflow["connections"].append(wire("slow", "bad"))
    actions.errors["bad"] = [ActionError("as told")]
    execution_id = await engine.start_workflow(workflow, options=PAUSE)
    await actions.reached["slow"].wait()
    actions.gates["slow"].set()
    state = await engine.wait(execution_id)
    assert (state["status"], state["error"]["message"], state["needed"]) == ("FAILED", "as told", [])


async def test_that_other_branches_go_on_and_their_questions_are_asked_beside_it(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = fork()
    workflow["nodes"].append(node("q", parameters={"x": "${input.x}"}))
    execution_id = await engine.start_workflow(workflow, options=PAUSE)
    state = await engine.wait(execution_id)
    assert where(state) == ("PAUSED", "incident")
    assert [item["path"] for item in state["needed"]] == ["connections.a>b.condition", "input.x"]
    await engine.resume_workflow(execution_id, {"x": 1})
    state = await engine.wait(execution_id)
    assert (where(state), "q" in actions.calls) == (("PAUSED", "incident"), True)
    await engine.repair_workflow(execution_id, {"a>b": "true"})
    assert (await engine.wait(execution_id))["status"] == "COMPLETED"


async def test_that_a_repair_leaves_questions_and_held_steps_alone(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = fork()
    workflow["nodes"] += [node("q", parameters={"x": "${input.x}"}), node("held")]
    options = RunOptions(incidents="pause", breakpoints=frozenset({"held"}))
    execution_id = await engine.start_workflow(workflow, options=options)
    await engine.wait(execution_id)
    await engine.repair_workflow(execution_id, {"a>b": "true"})
    state = await engine.wait(execution_id)
    assert (where(state), state["steps"]["held"]["reason"]) == (("PAUSED", "missing_input"), "breakpoint")


async def test_that_a_value_that_a_condition_lacked_can_be_supplied(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    execution_id = await engine.start_workflow(fork("a.output.total > 5"), options=PAUSE)
    state = await engine.wait(execution_id)
    assert where(state) == ("PAUSED", "incident")
    assert await engine.resume_workflow(execution_id)
    assert where(await engine.wait(execution_id)) == ("PAUSED", "incident")
    await engine.resume_workflow(execution_id, {"a.output.total": 9})
    state = await engine.wait(execution_id)
    assert (state["status"], "d" in actions.calls) == ("COMPLETED", True)


async def test_that_a_run_paused_by_the_user_goes_on_when_it_is_repaired(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = fork()
    workflow["nodes"].append(node("slow", "gate"))
    execution_id = await engine.start_workflow(workflow, options=PAUSE)
    await actions.reached["slow"].wait()
    await settle()
    await engine.pause_workflow(execution_id)
    actions.gates["slow"].set()
    assert where(await engine.wait(execution_id)) == ("PAUSED", "user")
    await engine.repair_workflow(execution_id, {"a>b": "true"})
    assert (await engine.wait(execution_id))["status"] == "COMPLETED"


# -- another process goes on -----------------------------------------------------------------------------


def make_engine(actions: ScriptedActions, path: Path) -> WorkflowEngine:
    return WorkflowEngine(registry=actions.registry, state_manager=SqliteStateManager(path))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


async def test_that_an_incident_outlives_the_program_and_so_do_its_repairs(
    actions: ScriptedActions, path: Path
) -> None:
    nodes = [node("a", parameters={"n": 1}), *map(node, "xy")]
    wires = [wire("a", "x", condition=BROKEN), wire("a", "y", condition=BROKEN)]
    async with make_engine(actions, path) as engine:
        execution_id = await engine.start_workflow(make_workflow(nodes, wires), options=PAUSE)
        before = await engine.wait(execution_id)
    async with make_engine(actions, path) as engine:
        await engine.recover()
        state = await engine.wait(execution_id)
        assert state == before
        await engine.repair_workflow(execution_id, {"a>x": "n == 1"})
        await engine.wait(execution_id)
    async with make_engine(actions, path) as engine:
        await engine.recover()
        state = await engine.wait(execution_id)
        assert [item["connection_id"] for item in state["needed"]] == ["a>y"]
        await engine.repair_workflow(execution_id, {"a>y": "n == 2"})
        state = await engine.wait(execution_id)
    assert (state["status"], actions.calls) == ("COMPLETED", ["a", "x"])


@pytest.mark.parametrize("repaired", ["true", "false"])
async def test_that_a_failure_is_remembered_until_its_condition_is_repaired(
    actions: ScriptedActions, path: Path, repaired: str
) -> None:
    actions.errors["a"] = [ActionError("as told")]
    nodes = [node("a", "fail"), node("b", "gate"), node("slow", "gate")]
    workflow = make_workflow(
        nodes,
        [wire("a", "b", on="error", condition="error < 1")],
        settings={"on_failure": {"mode": "continue"}},
    )
    async with make_engine(actions, path) as engine:
        execution_id = await engine.start_workflow(workflow, options=PAUSE)
        await actions.reached["slow"].wait()
        await settle()
        await engine._runtime.barrier()
    async with make_engine(actions, path) as engine:
        await engine.recover()
        await engine.repair_workflow(execution_id, {"a>b": repaired})
    for gate in ("b", "slow"):
        actions.gates[gate].set()
    async with make_engine(actions, path) as engine:
        await engine.recover()
        state = await engine.wait(execution_id)
    assert state["status"] == ("COMPLETED_WITH_ERRORS" if repaired == "true" else "FAILED")
    assert (state["error"] or {}).get("message") == (None if repaired == "true" else "as told")
