"""Undoing what a run did: when, in which order, with which values."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from engine import SqliteStateManager, WorkflowEngine
from engine.errors import CannotRestart, ExternalServiceError, WorkflowError
from engine.history.events import EventType
from engine.plan.step import Step
from engine.run.execution import Execution
from tests.engine.run.undoable import BOOM, engine_on, failing, undo
from tests.support.builders import chain, make_workflow, node
from tests.support.compositions import body, each
from tests.support.fake_clock import FakeClock
from tests.support.flaky_disk import Plan, connect_with
from tests.support.journal_rules import check_journal
from tests.support.scripted_actions import ScriptedActions
from tests.support.secret_source import VALUE, FakeSource
from tests.support.secret_source import engine_on as secret_engine

pytestmark = pytest.mark.asyncio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


async def test_that_a_rollback_sees_what_its_step_was_given_and_gave_and_why(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    parameters = {"was": "${self.input.n}", "gave": "${self.output.n}", "why": "${error.message}"}
    workflow = failing(
        actions, node("a", parameters={"n": "${input.n}"}, rollback=undo(parameters=parameters))
    )
    state = await engine.wait(await engine.start_workflow(workflow, {"n": 7}))
    assert state["status"] == "ROLLED_BACK"
    assert actions.params["undo a"] == [{"was": 7, "gave": 7, "why": "boom"}]
    assert state["error"]["message"] == "boom"


async def test_that_the_input_is_the_one_used_although_it_was_replaced_since(
    actions: ScriptedActions, path: Path
) -> None:
    a = node("a", parameters={"n": "${input.n}"}, rollback=undo(parameters={"n": "${self.input.n}"}))
    workflow = failing(actions, a, node("needs", parameters={"more": "${input.more}"}))
    async with engine_on(actions, path) as engine:
        execution_id = await engine.start_workflow(workflow, {"n": 1})
        await engine.wait(execution_id)
    async with engine_on(actions, path) as engine:
        await engine.recover()
        await engine.resume_workflow(execution_id, {"n": 2, "more": 3})
        assert (await engine.wait(execution_id))["status"] == "ROLLED_BACK"
    assert actions.params["undo a"] == [{"n": 1}]


async def test_that_a_large_input_is_kept_beside_the_journal(actions: ScriptedActions, path: Path) -> None:
    rows = list(range(50_000))
    a = node("a", parameters={"rows": "${input.rows}"}, rollback=undo(parameters={"r": "${self.input.rows}"}))
    async with engine_on(actions, path) as engine:
        execution_id = await engine.start_workflow(failing(actions, a), {"rows": rows})
        await engine.wait(execution_id)
        events = [event async for event in engine.events(execution_id)]
    assert actions.params["undo a"] == [{"r": rows}]
    running = next(event for event in events if event.type is EventType.STEP_RUNNING)
    assert len(str(running.data)) < 2_000


async def test_that_a_value_that_is_missing_fails_that_rollback_only(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    a = node("a", rollback=undo())
    b = node("b", rollback=undo(parameters={"id": "${self.output.id}"}))
    execution_id = await engine.start_workflow(failing(actions, a, b))
    state = await engine.wait(execution_id)
    assert (state["status"], state["error"]["not_rolled_back"]) == ("ROLLBACK_FAILED", ["b"])
    assert state["error"]["message"] == "boom"
    assert "self.output.id" in state["steps"]["b"]["error"]["message"]
    assert actions.calls[-1] == "undo a"


async def test_that_a_rollback_is_tried_again_as_it_says_and_keeps_its_key(
    engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    errors: list[Exception] = [ExternalServiceError("not now"), ExternalServiceError("nor now")]
    keys: list[tuple[str, int]] = []

    async def stubborn(params: dict[str, Any], context: Any) -> str:
        keys.append((context.idempotency_key, context.attempt))
        if errors:
            raise errors.pop(0)
        return "Refunded 3 orders"

    actions.registry.register("test", "stubborn", stubborn)
    retry = {"max_attempts": 3, "initial_interval": 10, "jitter": "none"}
    workflow = failing(actions, node("a", rollback=undo("stubborn", retry=retry)))
    execution_id = await engine.start_workflow(workflow)
    await clock.until_asked()
    state = await engine.get_workflow_status(execution_id)
    assert state["steps"]["a"]["status"] == "ROLLING_BACK"
    assert state["steps"]["a"]["error"]["message"] == "not now"
    await clock.advance(10)
    await clock.advance(20)
    state = await engine.wait(execution_id)
    assert (state["status"], state["steps"]["a"]["reason"]) == ("ROLLED_BACK", "Refunded 3 orders")
    assert state["steps"]["a"]["error"] is None
    assert keys == [(f"{execution_id}:a:rollback", attempt) for attempt in (1, 2, 3)]


async def test_that_an_idempotent_rollback_is_tried_three_times_unless_told_otherwise(
    engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    calls: list[int] = []

    @actions.registry.action("test", "refuse", idempotent=True)
    async def refuse(params: dict[str, Any], context: Any) -> None:
        calls.append(context.attempt)
        raise ConnectionError("gone")

    execution_id = await engine.start_workflow(failing(actions, node("a", rollback=undo("refuse"))))
    await clock.until_asked()
    await clock.advance(60)
    assert (await engine.wait(execution_id))["status"] == "ROLLBACK_FAILED"
    assert calls == [1, 2, 3]


async def test_that_a_rollback_has_a_time_of_its_own_and_is_left_when_it_does_not_listen(
    engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
) -> None:
    begun, deaf = asyncio.Event(), asyncio.Event()

    async def never(params: dict[str, Any], context: Any) -> None:
        begun.set()
        while not deaf.is_set():
            try:
                await deaf.wait()
            except asyncio.CancelledError:
                continue

    actions.registry.register("test", "never", never)
    a, b = node("a", rollback=undo()), node("b", rollback=undo("never", timeout=30))
    execution_id = await engine.start_workflow(failing(actions, a, b))
    await begun.wait()
    await clock.advance(30)
    assert (await engine.get_workflow_status(execution_id))["status"] == "ROLLING_BACK"
    await clock.advance(5)
    state = await engine.wait(execution_id)
    assert state["steps"]["b"]["error"]["type"] == "StepTimeoutError"
    assert state["steps"]["b"]["error"]["message"] == 'The rollback of "b" took longer than 30 s'
    assert (state["status"], actions.calls[-1]) == ("ROLLBACK_FAILED", "undo a")
    assert engine.semaphore._value == engine.max_concurrent_steps
    deaf.set()


async def test_that_an_action_whose_output_is_refused_has_happened_and_is_undone(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    schema = {"type": "object", "required": ["id"]}
    a = node(
        "a", parameters={"n": 4}, output_schema=schema, rollback=undo(parameters={"n": "${self.input.n}"})
    )
    state = await engine.wait(await engine.start_workflow(make_workflow([a], settings=BOOM)))
    assert (state["status"], actions.params["undo a"]) == ("ROLLED_BACK", [{"n": 4}])


async def test_that_what_was_passed_over_is_not_undone(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    off = node("off", disabled=True, rollback=undo())
    state = await engine.wait(await engine.start_workflow(failing(actions, node("a", rollback=undo()), off)))
    assert (state["status"], actions.calls[-1]) == ("ROLLED_BACK", "undo a")
    assert state["steps"]["off"]["status"] == "COMPLETED"


async def test_that_a_step_that_ran_workflows_of_its_own_is_undone_through_them(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    class Children:
        types = frozenset({"flow.each"})
        undone: ClassVar[list[str]] = []

        async def undo(self, execution: Execution, step: Step, is_stopping: Callable[[], bool]) -> None:
            assert not is_stopping()
            self.undone.append(step.id)
            if step.id == "bad":
                raise WorkflowError("a child run could not be undone")

    engine._runtime.rollbacks.children = Children()
    composites = [node(name, type="flow.each") for name in ("good", "bad")]
    state = await engine.wait(await engine.start_workflow(failing(actions, *composites)))
    assert (state["status"], state["error"]["not_rolled_back"]) == ("ROLLBACK_FAILED", ["bad"])
    assert (state["steps"]["good"]["status"], Children.undone) == ("ROLLED_BACK", ["bad", "good"])


async def test_that_an_external_rollback_is_on_the_disk_before_it_begins(
    actions: ScriptedActions, path: Path
) -> None:
    statements: list[str] = []
    disk = Plan(lambda: None, "PRAGMA", "UPDATE meta")
    see, disk.see = disk.see, lambda statement: (statements.append(statement), see(statement))[0]
    at_call: list[bool] = []

    @actions.registry.action("test", "refund", effects="external")
    async def refund(params: dict[str, Any], context: Any) -> None:
        at_call.append(any("syncs" in statement for statement in statements))

    store = SqliteStateManager(path, connect=connect_with(disk))
    async with WorkflowEngine(registry=actions.registry, state_manager=store) as engine:
        await engine.wait(await engine.start_workflow(failing(actions, node("a", rollback=undo("refund")))))
    assert at_call == [True]


# -- by hand ---------------------------------------------------------------------------------------------


async def test_that_a_run_that_completed_can_be_undone_once(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    why = undo(parameters={"why": "${error.message}"})
    execution_id = await engine.start_workflow(chain(node("a", rollback=why), node("b", rollback=undo())))
    await engine.wait(execution_id)
    assert await engine.rollback_workflow(execution_id) is True
    state = await engine.wait(execution_id)
    assert (state["status"], state["error"], state["outputs"]) == ("ROLLED_BACK", None, {})
    assert actions.calls == ["a", "b", "undo b", "undo a"]
    assert actions.params["undo a"] == [{"why": "The run was rolled back by hand"}]
    assert await engine.rollback_workflow(execution_id) is False
    check_journal([event async for event in engine.events(execution_id)])


async def test_that_a_run_with_nothing_to_undo_stays_as_it_is(engine: WorkflowEngine) -> None:
    execution_id = await engine.start_workflow(chain("a"))
    await engine.wait(execution_id)
    assert await engine.rollback_workflow(execution_id) is False
    assert (await engine.wait(execution_id))["status"] == "COMPLETED"


async def test_that_a_run_under_way_is_stopped_first(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    why = undo(parameters={"why": "${error.message}"})
    execution_id = await engine.start_workflow(chain(node("a", rollback=why), node("b", "gate"), "c"))
    await actions.reached["b"].wait()
    assert await engine.rollback_workflow(execution_id) is True
    actions.gates["b"].set()
    assert (await engine.wait(execution_id))["status"] == "ROLLED_BACK"
    assert actions.calls == ["a", "b", "undo a"]
    assert actions.params["undo a"] == [{"why": "The run was stopped"}]


async def test_that_rollbacks_that_failed_are_tried_again_by_hand_and_only_those(
    actions: ScriptedActions, path: Path
) -> None:
    outcomes: list[Exception | None] = [RuntimeError("locked"), None]

    async def once(params: dict[str, Any], context: Any) -> None:
        actions.calls.append(f"once {context.step_id}")
        if (error := outcomes.pop(0)) is not None:
            raise error

    actions.registry.register("test", "once", once)
    workflow = failing(actions, node("a", rollback=undo()), node("b", rollback=undo("once")))
    async with engine_on(actions, path) as engine:
        execution_id = await engine.start_workflow(workflow)
        assert (await engine.wait(execution_id))["error"]["not_rolled_back"] == ["b"]
    async with engine_on(actions, path) as engine:
        assert await engine.recover() == []
        assert await engine.rollback_workflow(execution_id) is True
        state = await engine.wait(execution_id)
        check_journal([event async for event in engine.events(execution_id)])
    assert actions.calls[2:] == ["end", "once b", "undo a", "once b"]
    assert (state["status"], state["error"]["message"]) == ("ROLLED_BACK", "boom")
    assert "not_rolled_back" not in state["error"]


@pytest.mark.parametrize(
    ("did", "calls", "status"), [(True, ["undo pay"], "ROLLED_BACK"), (False, [], "CANCELLED")]
)
async def test_that_a_person_says_whether_an_uncertain_step_is_to_be_undone(
    actions: ScriptedActions, path: Path, did: bool, calls: list[str], status: str
) -> None:
    parameters = {"n": "${self.input.n}"}
    pay = node(
        "pay", "gate", parameters={"n": 5}, delivery="at_most_once", rollback=undo(parameters=parameters)
    )
    async with engine_on(actions, path) as engine:
        execution_id = await engine.start_workflow(make_workflow([pay], settings=BOOM))
        await actions.reached["pay"].wait()
    async with engine_on(actions, path) as engine:
        await engine.recover()
        state = await engine.wait(execution_id)
        # Nobody knows yet: it is not undone, and the run does not claim that it was.
        assert (state["status"], state["error"]["not_rolled_back"]) == ("ROLLBACK_FAILED", ["pay"])
        assert (state["error"]["type"], actions.calls) == ("StepUncertain", ["pay"])
        with pytest.raises(WorkflowError, match="is known"):
            await engine.rollback_workflow(execution_id, uncertain={"nobody": True})
        assert await engine.rollback_workflow(execution_id, uncertain={"pay": did}) is did
        state = await engine.wait(execution_id)
    assert actions.calls[1:] == calls
    if did:
        assert (state["steps"]["pay"]["status"], actions.params["undo pay"]) == (status, [{"n": 5}])


async def test_that_a_step_that_a_person_says_did_happen_is_undone_like_any_other(
    actions: ScriptedActions, path: Path
) -> None:
    parameters = {"n": "${self.input.n}", "id": "${self.output.id}"}
    pay = node(
        "pay",
        "gate",
        parameters={"n": 5},
        delivery="at_most_once",
        rollback=undo(parameters=parameters),
    )
    async with engine_on(actions, path) as engine:
        execution_id = await engine.start_workflow(chain(pay, "after"))
        await actions.reached["pay"].wait()
    async with engine_on(actions, path) as engine:
        await engine.recover()
        await engine.wait(execution_id)
        await engine.resolve_uncertain(execution_id, "pay", happened=True, output={"id": 9})
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
        assert await engine.rollback_workflow(execution_id) is True
        assert (await engine.wait(execution_id))["status"] == "ROLLED_BACK"
        check_journal([event async for event in engine.events(execution_id)])
    assert actions.params["undo pay"] == [{"n": 5, "id": 9}]


async def test_that_a_part_that_has_ended_is_undone_with_its_run_and_not_alone(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    """Otherwise the run would go on without what the part gave, and nobody would know."""
    inner = body(node("w", rollback=undo()), node("g", "gate", condition="item == 1"), connections=["w>g"])
    workflow = make_workflow([each("each", inner, [0, 1])])
    execution_id = await engine.start_workflow(workflow)
    await actions.reached["g"].wait()
    assert (await engine.wait(f"{execution_id}/each/0"))["status"] == "COMPLETED"
    with pytest.raises(CannotRestart, match="part of another one"):
        await engine.rollback_workflow(f"{execution_id}/each/0")
    actions.gates["g"].set()
    state = await engine.wait(execution_id)
    assert [set(item) for item in state["outputs"]["each"]] == [set(), {"g"}]
    assert await engine.rollback_workflow(execution_id)
    await engine.wait(execution_id)
    assert actions.calls.count("undo w") == 2


async def test_that_a_rollback_may_ask_for_the_secrets_of_its_step_by_name(
    actions: ScriptedActions, path: Path
) -> None:
    seen: list[dict[str, str]] = []

    async def undo_it(params: dict[str, Any], context: Any) -> None:
        seen.append({**context.secrets, "was": params["was"]})

    actions.registry.register("test", "undo_it", undo_it)
    parameters = {"k": "${secrets.token}", "was": "${self.input.was}"}
    step = node(
        "a", parameters={"was": "a ${secrets.token}"}, rollback=undo("undo_it", parameters=parameters)
    )
    async with secret_engine(actions, path, FakeSource(token=VALUE)) as engine:
        execution_id = await engine.start_workflow(chain(step))
        await engine.wait(execution_id)
        await engine.rollback_workflow(execution_id)
        await engine.wait(execution_id)
    assert seen == [{"token": VALUE, "was": f"a {VALUE}"}]
