"""A run that has ended is taken up again: from a step, from where it failed, after a doubtful step."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from engine import MemoryStateManager, SqliteStateManager, WorkflowEngine
from engine.errors import ActionError, CannotRestart, DefinitionError, IllegalTransition
from engine.history.events import EventDraft, EventType
from engine.history.state import ExecutionState
from engine.history.status import ExecutionStatus
from engine.plan.compiler import Compiler
from engine.plan.step import Plan
from tests.support.builders import chain, make_workflow, node, wire
from tests.support.journal_rules import check_journal
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


def make_engine(actions: ScriptedActions, path: Path) -> WorkflowEngine:
    return WorkflowEngine(registry=actions.registry, state_manager=SqliteStateManager(path))


@pytest_asyncio.fixture(params=["memory", "sqlite"])
async def any_engine(
    actions: ScriptedActions, path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[WorkflowEngine]:
    """An engine on each kind of store."""
    store = MemoryStateManager() if request.param == "memory" else SqliteStateManager(path)
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as made:
        yield made


async def ended(engine: WorkflowEngine, execution_id: str) -> dict[str, Any]:
    """The state at the end; the journal is sound, and so is the projection of it."""
    state = await engine.wait(execution_id)
    events = await engine.state_manager.read_events(execution_id)
    check_journal(events)
    folded = ExecutionState.fold(events).to_dict()
    assert {key: folded[key] for key in ("status", "reason", "connections", "error", "run_epoch")} == {
        key: state[key] for key in ("status", "reason", "connections", "error", "run_epoch")
    }
    return state


def statuses(state: dict[str, Any]) -> dict[str, str]:
    return {step_id: step["status"] for step_id, step in state["steps"].items()}


async def test_that_a_failed_run_goes_on_from_where_it_failed(
    any_engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    actions.errors["b"] = [ActionError("no")]
    workflow = chain("a", node("b", "fail"), node("c", parameters={"x": "${b.ok}", "y": "${a}"}))
    execution_id = await any_engine.start_workflow(workflow)
    failed = await ended(any_engine, execution_id)
    assert (failed["status"], failed["run_epoch"]) == ("FAILED", 1)
    await any_engine.retry_from(execution_id)
    state = await ended(any_engine, execution_id)
    assert (state["status"], state["run_epoch"], state["error"]) == ("COMPLETED", 2, None)
    assert actions.calls == ["a", "b", "b", "c"]
    assert state["outputs"]["c"] == {"x": True, "y": {}}
    first, second = actions.contexts["b"]
    assert first.idempotency_key == f"{execution_id}:b"
    assert second.idempotency_key == f"{execution_id}:b:2"
    assert second.attempt == 1


async def test_that_it_stays_one_run_in_the_list_and_in_the_events(
    any_engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    actions.errors["a"] = [ActionError("no"), ActionError("again")]
    execution_id = await any_engine.start_workflow(chain(node("a", "fail"), "b"))
    await ended(any_engine, execution_id)
    await any_engine.retry_from(execution_id)
    await ended(any_engine, execution_id)
    await any_engine.retry_from(execution_id, "a")
    state = await ended(any_engine, execution_id)
    assert (state["status"], state["run_epoch"]) == ("COMPLETED", 3)
    assert [run.id for run in await any_engine.state_manager.list_executions()] == [execution_id]
    told = [event async for event in any_engine.events(execution_id)]
    assert told[-1].type is EventType.EXECUTION_COMPLETED
    assert [e.data["epoch"] for e in told if e.type is EventType.EXECUTION_RESTARTED] == [2, 3]


async def test_that_the_workflow_is_compiled_once_for_it(
    any_engine: WorkflowEngine, actions: ScriptedActions, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions.errors["a"] = [ActionError("no")]
    execution_id = await any_engine.start_workflow(chain(node("a", "fail"), "b"))
    await ended(any_engine, execution_id)
    compiled: list[str] = []
    compile_ = Compiler.compile

    def noted(compiler: Compiler, *given: Any) -> Plan:
        compiled.append("once")
        return compile_(compiler, *given)

    monkeypatch.setattr(Compiler, "compile", noted)
    await any_engine.retry_from(execution_id)
    assert (await ended(any_engine, execution_id))["status"] == "COMPLETED"
    assert compiled == ["once"]


async def test_that_what_completed_before_the_step_is_kept_and_what_follows_runs_again(
    any_engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = make_workflow("a b c d side", ["a>b", "b>c", "c>d", "a>side"])
    execution_id = await any_engine.start_workflow(workflow)
    await ended(any_engine, execution_id)
    actions.calls.clear()
    await any_engine.retry_from(execution_id, "c")
    state = await ended(any_engine, execution_id)
    assert actions.calls == ["c", "d"]
    assert set(statuses(state).values()) == {"COMPLETED"}


async def test_that_other_branches_that_were_stopped_go_on_too(
    any_engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    actions.errors["bad"] = [ActionError("no")]
    workflow = make_workflow(
        [node("a"), node("bad", "fail"), node("x"), node("y"), node("end")],
        ["a>bad", "a>x", "x>y", "y>end", "bad>end"],
    )
    one_at_a_time = WorkflowEngine(1, registry=actions.registry)
    async with one_at_a_time as engine:
        execution_id = await engine.start_workflow(workflow)
        stopped = await ended(engine, execution_id)
        assert statuses(stopped)["y"] == "SKIPPED"
        await engine.retry_from(execution_id, "bad")
        state = await ended(engine, execution_id)
    assert state["status"] == "COMPLETED"
    assert set(statuses(state).values()) == {"COMPLETED"}
    assert sorted(actions.calls) == sorted(["a", "bad", "bad", "x", "y", "end"])


async def test_that_a_step_that_completed_by_another_way_is_not_run_again(
    any_engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    actions.errors["bad"] = [ActionError("no")]
    workflow = make_workflow(
        [node("a"), node("bad", "fail"), node("good"), node("first", join="any")],
        ["a>bad", "a>good", "bad>first", "good>first"],
        settings={"on_failure": "continue"},
    )
    execution_id = await any_engine.start_workflow(workflow)
    await ended(any_engine, execution_id)
    await any_engine.retry_from(execution_id)
    state = await ended(any_engine, execution_id)
    assert (state["status"], actions.count("first"), actions.count("bad")) == ("COMPLETED", 1, 2)
    assert state["connections"]["bad>first"] == "TAKEN"


async def test_that_a_cancelled_run_goes_on_with_what_was_stopped(
    any_engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    execution_id = await any_engine.start_workflow(chain("a", node("slow", "gate"), "c"))
    await actions.reached["slow"].wait()
    await any_engine.cancel_workflow(execution_id, force=True)
    assert (await ended(any_engine, execution_id))["status"] == "CANCELLED"
    actions.gates["slow"].set()
    await any_engine.retry_from(execution_id)
    state = await ended(any_engine, execution_id)
    assert state["status"] == "COMPLETED"
    assert actions.calls == ["a", "slow", "slow", "c"]
    assert execution_id not in any_engine.cancellation_requests


async def test_that_a_condition_that_could_not_be_decided_is_asked_again(
    any_engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = make_workflow("a b c", [wire("a", "b", condition="nothing > 1"), wire("b", "c")])
    execution_id = await any_engine.start_workflow(workflow)
    assert (await ended(any_engine, execution_id))["status"] == "FAILED"
    with pytest.raises(CannotRestart, match='follows from "a"'):
        await any_engine.retry_from(execution_id, "c")
    await any_engine.retry_from(execution_id)
    assert (await ended(any_engine, execution_id))["status"] == "FAILED"
    assert actions.calls == ["a", "a"]


async def test_that_a_handled_failure_stays_as_it_is(
    any_engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    actions.errors["risky"] = [ActionError("no")]
    workflow = make_workflow(
        [node("risky", "fail"), node("mend"), node("last")], [wire("risky", "mend", on="error"), "mend>last"]
    )
    execution_id = await any_engine.start_workflow(workflow)
    await ended(any_engine, execution_id)
    await any_engine.retry_from(execution_id, "last")
    state = await ended(any_engine, execution_id)
    assert state["status"] == "COMPLETED_WITH_ERRORS"
    assert actions.calls == ["risky", "mend", "last", "last"]


async def test_that_a_run_can_be_taken_up_again_only_when_there_is_something_to_take_up(
    any_engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    execution_id = await any_engine.start_workflow(chain("a", node("slow", "gate")))
    await actions.reached["slow"].wait()
    with pytest.raises(CannotRestart, match="has not ended"):
        await any_engine.retry_from(execution_id, "a")
    actions.gates["slow"].set()
    await ended(any_engine, execution_id)
    with pytest.raises(CannotRestart, match="Nothing failed"):
        await any_engine.retry_from(execution_id)
    with pytest.raises(DefinitionError, match='did you mean "slow"'):
        await any_engine.retry_from(execution_id, "slw")
    part = await any_engine.run_to(chain("a", "b"), "a")
    await ended(any_engine, part)
    with pytest.raises(CannotRestart, match="no part of this run"):
        await any_engine.retry_from(part, "b")


async def test_that_a_run_that_was_rolled_back_stays_undone(
    any_engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    actions.errors["b"] = [ActionError("no")]
    workflow = chain(
        node("a", rollback={"service": "test", "action": "undo"}),
        node("b", "fail"),
        settings={"on_failure": {"mode": "drain", "rollback": True}},
    )
    execution_id = await any_engine.start_workflow(workflow)
    assert (await ended(any_engine, execution_id))["status"] == "ROLLED_BACK"
    with pytest.raises(CannotRestart, match="rolled back"):
        await any_engine.retry_from(execution_id)


async def test_that_only_a_restart_takes_a_run_up_again(any_engine: WorkflowEngine) -> None:
    execution_id = await any_engine.start_workflow(chain("a"))
    await ended(any_engine, execution_id)
    store = any_engine.state_manager
    with pytest.raises(IllegalTransition):
        await store.update_execution_status(execution_id, ExecutionStatus.RUNNING)
    running = await store.create_execution("w")
    again = EventDraft(EventType.EXECUTION_RESTARTED, data={"epoch": 2, "steps": [], "connections": []})
    with pytest.raises(IllegalTransition, match="cannot be taken up again"):
        store.append(running, [again])


@pytest.mark.parametrize("moment", ["before it went on", "in the middle", "twice"])
async def test_that_a_restart_survives_a_crash(actions: ScriptedActions, path: Path, moment: str) -> None:
    actions.errors["b"] = [ActionError("no")]
    workflow = chain("a", node("b", "fail"), node("slow", "gate"), "d")
    async with make_engine(actions, path) as engine:
        execution_id = await engine.start_workflow(workflow)
        await ended(engine, execution_id)
        if moment == "before it went on":
            state = await engine.state_manager.load_state(execution_id)
            from engine.run.restart import restart

            plan = await engine._runtime._plan_of(state)
            events = await engine.state_manager.read_events(execution_id)
            engine.state_manager.append(execution_id, [restart(plan, state, events)])
            await engine.state_manager.commit()
        else:
            await engine.retry_from(execution_id)
            await actions.reached["slow"].wait()
            await engine._runtime.barrier()
    if moment == "twice":
        async with make_engine(actions, path) as engine:
            actions.reached.clear()
            await engine.recover()
            await actions.reached["slow"].wait()
    actions.gates["slow"].set()
    async with make_engine(actions, path) as engine:
        assert await engine.recover() == [execution_id]
        state = await ended(engine, execution_id)
    assert (state["status"], state["run_epoch"]) == ("COMPLETED", 2)
    assert (actions.count("a"), actions.count("b"), actions.count("d")) == (1, 2, 1)
    assert {context.idempotency_key for context in actions.contexts["slow"]} == {f"{execution_id}:slow:2"}


async def uncertain(actions: ScriptedActions, path: Path) -> str:
    """A run that failed because nobody knows whether its step `send` took effect."""
    workflow = chain(
        "a", node("send", "gate", delivery="at_most_once"), node("c", parameters={"x": "${send.n?}"})
    )
    async with make_engine(actions, path) as engine:
        execution_id = await engine.start_workflow(workflow)
        await actions.reached["send"].wait()
    async with make_engine(actions, path) as engine:
        await engine.recover()
        state = await ended(engine, execution_id)
        assert statuses(state)["send"] == "UNCERTAIN"
        assert state["status"] == "FAILED"
    return execution_id


async def test_that_a_person_says_that_a_doubtful_step_did_happen(
    actions: ScriptedActions, path: Path
) -> None:
    execution_id = await uncertain(actions, path)
    async with make_engine(actions, path) as engine:
        with pytest.raises(CannotRestart, match='"send" took effect'):
            await engine.retry_from(execution_id)
        await engine.resolve_uncertain(execution_id, "send", happened=True, output={"n": 3})
        state = await ended(engine, execution_id)
        with pytest.raises(CannotRestart, match="known how"):
            await engine.resolve_uncertain(execution_id, "send", happened=True)
    assert state["status"] == "COMPLETED"
    assert state["steps"]["send"]["via"] == "person"
    assert state["outputs"]["c"] == {"x": 3}
    assert actions.calls == ["a", "send", "c"]


async def test_that_a_person_lets_a_doubtful_step_run_again(actions: ScriptedActions, path: Path) -> None:
    execution_id = await uncertain(actions, path)
    actions.gates["send"].set()
    async with make_engine(actions, path) as engine:
        await engine.resolve_uncertain(execution_id, "send", happened=False)
        state = await ended(engine, execution_id)
    assert state["status"] == "COMPLETED"
    assert actions.calls == ["a", "send", "send", "c"]
    first, second = actions.contexts["send"]
    assert first.idempotency_key != second.idempotency_key


async def test_that_a_run_based_on_another_runs_a_step_that_it_had_taken(
    any_engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    workflow = chain("a", "b", "c")
    first = await any_engine.start_workflow(workflow)
    await ended(any_engine, first)
    second = await any_engine.run_from(workflow, "c", based_on=first)
    await ended(any_engine, second)
    actions.calls.clear()
    await any_engine.retry_from(second, "b")
    state = await ended(any_engine, second)
    assert actions.calls == ["b", "c"]
    assert state["steps"]["a"]["via"] == "reused"


async def test_that_a_keeper_of_statuses_hears_of_a_restart(actions: ScriptedActions) -> None:
    told: list[tuple[str, ...]] = []

    class Keeper:
        async def create_execution(self, workflow_id: str, input_data: Any) -> str:
            return "one"

        async def get_execution_state(self, execution_id: str) -> None: ...

        async def update_execution_status(self, execution_id: str, status: str, *, error: Any = None) -> None:
            told.append((status,))

        async def update_step_status(
            self, execution_id: str, step_id: str, status: str, *, output: Any = None, error: Any = None
        ) -> None:
            told.append((step_id, status))

        async def update_execution_inputs(self, execution_id: str, new_inputs: Any) -> None: ...

        async def get_step_output(self, execution_id: str, step_id: str) -> None: ...

    actions.errors["a"] = [ActionError("no")]
    async with WorkflowEngine(registry=actions.registry, state_manager=Keeper()) as engine:
        execution_id = await engine.start_workflow(chain(node("a", "fail"), "b"))
        await engine.wait(execution_id)
        told.clear()
        await engine.retry_from(execution_id)
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert told[:4] == [("a", "PENDING"), ("b", "PENDING"), ("RUNNING",), ("a", "RUNNING")]
    assert told[-1] == ("COMPLETED",)
