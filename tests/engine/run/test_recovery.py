"""A run that a process left behind goes on in the next one."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from engine import SqliteStateManager, WorkflowEngine
from engine.errors import StoreBusy
from engine.history.events import EventDraft, EventType
from tests.support.builders import chain, make_workflow, node, wire
from tests.support.fake_clock import FakeClock, settle
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio


def make_engine(actions: ScriptedActions, path: Path, clock: FakeClock | None = None) -> WorkflowEngine:
    return WorkflowEngine(registry=actions.registry, state_manager=SqliteStateManager(path), clock=clock)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


async def left_behind(
    actions: ScriptedActions, path: Path, workflow: Any, reached: str, **inputs: Any
) -> str:
    """The id of a run whose engine ended while the step `reached` was under way."""
    async with make_engine(actions, path) as engine:
        execution_id = await engine.start_workflow(workflow, inputs)
        await actions.reached[reached].wait()
        await engine._runtime.barrier()
    return execution_id


async def test_that_a_running_step_runs_again_as_the_same_attempt_and_nothing_else_does(
    actions: ScriptedActions, path: Path
) -> None:
    workflow = chain("before", node("slow", "gate"), node("after", parameters={"b": "${before}"}))
    execution_id = await left_behind(actions, path, workflow, "slow")
    actions.gates["slow"].set()
    async with make_engine(actions, path) as engine:
        assert await engine.recover() == [execution_id]
        state = await engine.wait(execution_id)
        events = [event async for event in engine.events(execution_id)]
    assert state["status"] == "COMPLETED"
    assert actions.calls == ["before", "slow", "slow", "after"]
    first, again = actions.contexts["slow"]
    assert (first.idempotency_key, first.attempt) == (again.idempotency_key, again.attempt)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))


async def test_that_a_restart_does_not_use_up_a_retry(actions: ScriptedActions, path: Path) -> None:
    actions.errors["slow"] = []
    workflow = make_workflow([node("slow", "gate", retry=2)])
    execution_id = await left_behind(actions, path, workflow, "slow")
    actions.gates["slow"].set()
    async with make_engine(actions, path) as engine:
        await engine.recover()
        assert (await engine.wait(execution_id))["steps"]["slow"]["attempts"] == 1


async def test_that_a_join_remembers_what_was_decided(actions: ScriptedActions, path: Path) -> None:
    nodes = [node("a", parameters={"n": 1}), node("no"), node("slow", "gate"), node("end")]
    workflow = make_workflow(nodes, [wire("a", "no", condition="n > 5"), "no>end", "slow>end"])
    execution_id = await left_behind(actions, path, workflow, "slow")
    actions.gates["slow"].set()
    async with make_engine(actions, path) as engine:
        await engine.recover()
        state = await engine.wait(execution_id)
    assert actions.calls == ["a", "slow", "slow", "end"] or actions.calls == ["slow", "a", "slow", "end"]
    assert (state["status"], state["steps"]["no"]["reason"]) == ("COMPLETED", "condition")


async def test_that_at_most_once_is_not_tried_twice(actions: ScriptedActions, path: Path) -> None:
    workflow = chain(node("pay", "gate", delivery="at_most_once"), "after")
    execution_id = await left_behind(actions, path, workflow, "pay")
    async with make_engine(actions, path) as engine:
        await engine.recover()
        state = await engine.wait(execution_id)
    assert actions.calls == ["pay"]
    assert (state["status"], state["steps"]["pay"]["status"]) == ("FAILED", "UNCERTAIN")
    assert "nobody knows" in state["error"]["message"]


async def test_that_a_step_of_uncertain_end_stays_so_through_another_crash(
    actions: ScriptedActions, path: Path
) -> None:
    nodes = [node("pay", "gate", delivery="at_most_once"), node("slow", "gate"), node("after")]
    execution_id = await left_behind(actions, path, make_workflow(nodes, ["pay>after"]), "pay")
    actions.reached["slow"].clear()
    async with make_engine(actions, path) as engine:
        await engine.recover()
        await actions.reached["slow"].wait()
        await engine._runtime.barrier()
    actions.gates["slow"].set()
    async with make_engine(actions, path) as engine:
        await engine.recover()
        state = await engine.wait(execution_id)
    assert state["status"] == "FAILED"
    assert [state["steps"][name]["status"] for name in ("pay", "slow", "after")] == [
        "UNCERTAIN",
        "COMPLETED",
        "SKIPPED",
    ]


async def test_that_values_that_were_supplied_are_not_asked_for_again(
    actions: ScriptedActions, path: Path
) -> None:
    nodes = [node("a", parameters={"x": "${input.x}"}), node("b", parameters={"y": "${input.y}"})]
    async with make_engine(actions, path) as engine:
        execution_id = await engine.start_workflow(make_workflow([*nodes, node("c", "gate")]))
        await actions.reached["c"].wait()
        await engine._runtime.barrier()
        # The program dies before anything came of the answer.
        supplied = EventDraft(EventType.INPUTS_SUPPLIED, data={"inputs": {"x": 1}})
        engine.state_manager.append(execution_id, [supplied])
        await engine.state_manager.commit()
    actions.gates["c"].set()
    async with make_engine(actions, path) as engine:
        await engine.recover()
        state = await engine.wait(execution_id)
        assert [item["path"] for item in state["needed"]] == ["input.y"]
        assert state["outputs"]["a"] == {"x": 1}


async def test_that_a_retry_keeps_its_due_time(actions: ScriptedActions, path: Path) -> None:
    actions.errors["a"] = [ConnectionError("down")]
    retry = {"max_attempts": 2, "initial_interval": 50, "jitter": "none"}
    clock = FakeClock()
    async with make_engine(actions, path, clock) as engine:
        execution_id = await engine.start_workflow(make_workflow([node("a", "fail", retry=retry)]))
        await clock.until_asked()
        await engine._runtime.barrier()
    await clock.advance(20)
    async with make_engine(actions, path, clock) as engine:
        await engine.recover()
        assert clock.delays == [30]
        await clock.advance(30)
        state = await engine.wait(execution_id)
    assert (state["status"], state["steps"]["a"]["attempts"]) == ("COMPLETED", 2)


async def test_that_a_pause_by_the_user_survives(actions: ScriptedActions, path: Path) -> None:
    async with make_engine(actions, path) as engine:
        execution_id = await engine.start_workflow(chain(node("a", "gate"), "b"))
        await actions.reached["a"].wait()
        await engine.pause_workflow(execution_id)
        actions.gates["a"].set()
        await engine.wait(execution_id)
    async with make_engine(actions, path) as engine:
        await engine.recover()
        await settle()
        assert (await engine.get_workflow_status(execution_id))["status"] == "PAUSED"
        assert actions.calls == ["a"]
        assert await engine.resume_workflow(execution_id)
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"


async def test_that_a_form_survives(actions: ScriptedActions, path: Path) -> None:
    form = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    async with make_engine(actions, path) as engine:
        execution_id = await engine.start_workflow(chain(node("ask", "ask", parameters={"form": form}), "b"))
        await engine.wait(execution_id)
    async with make_engine(actions, path) as engine:
        assert await engine.resume_workflow(execution_id, {"ask.output": {"n": 3}})
        state = await engine.wait(execution_id)
    assert (state["status"], state["outputs"]["ask"]) == ("COMPLETED", {"n": 3})
    assert actions.calls == ["ask", "b"]


async def test_that_a_cancellation_under_way_ends(actions: ScriptedActions, path: Path) -> None:
    async with make_engine(actions, path) as engine:
        execution_id = await engine.start_workflow(chain(node("a", "gate"), "b"))
        await actions.reached["a"].wait()
        await engine.cancel_workflow(execution_id)
    async with make_engine(actions, path) as engine:
        await engine.recover()
        state = await engine.wait(execution_id)
    assert (state["status"], state["steps"]["a"]["status"]) == ("CANCELLED", "CANCELLED")


@pytest.mark.parametrize("asked", [[True], [False, True]])
async def test_that_a_cancellation_remembers_that_it_rolls_back(
    actions: ScriptedActions, path: Path, asked: list[bool]
) -> None:
    undo = {"service": "test", "action": "undo"}
    async with make_engine(actions, path) as engine:
        execution_id = await engine.start_workflow(chain(node("a", rollback=undo), node("b", "gate")))
        await actions.reached["b"].wait()
        for rollback in asked:
            await engine.cancel_workflow(execution_id, rollback=rollback)
    async with make_engine(actions, path) as engine:
        await engine.recover()
        state = await engine.wait(execution_id)
    assert (state["status"], actions.calls) == ("ROLLED_BACK", ["a", "b", "undo a"])


async def test_that_a_failure_before_the_end_still_counts(actions: ScriptedActions, path: Path) -> None:
    actions.errors["bad"] = [RuntimeError("boom")]
    workflow = make_workflow([node("slow", "gate"), node("bad", "fail"), node("after")], ["slow>after"])
    execution_id = await left_behind(actions, path, workflow, "slow")
    actions.gates["slow"].set()
    async with make_engine(actions, path) as engine:
        await engine.recover()
        state = await engine.wait(execution_id)
    assert (state["status"], state["error"]["message"]) == ("FAILED", "boom")
    assert state["steps"]["after"]["status"] == "SKIPPED"


async def test_that_a_rollback_goes_on_where_it_was(actions: ScriptedActions, path: Path) -> None:
    started, forever = asyncio.Event(), asyncio.Event()

    async def hang(params: dict[str, Any], context: Any) -> None:
        started.set()
        await forever.wait()

    actions.registry.register("test", "hang", hang)
    actions.errors["c"] = [RuntimeError("boom")]
    a = node("a", rollback={"service": "test", "action": "undo"})
    b = node("b", rollback={"service": "test", "action": "hang"})
    workflow = chain(a, b, node("c", "fail"), settings={"on_failure": {"rollback": True}})
    async with make_engine(actions, path) as engine:
        execution_id = await engine.start_workflow(workflow)
        await started.wait()
    forever.set()
    async with make_engine(actions, path) as engine:
        await engine.recover()
        state = await engine.wait(execution_id)
    assert state["status"] == "ROLLED_BACK"
    assert actions.calls == ["a", "b", "c", "undo a"]


async def test_that_a_large_output_is_there_for_the_next_step(actions: ScriptedActions, path: Path) -> None:
    big = node("big", parameters={"rows": "${input.rows}"})
    workflow = chain(big, node("slow", "gate"), node("uses", parameters={"last": "${big.rows[-1]}"}))
    execution_id = await left_behind(actions, path, workflow, "slow", rows=list(range(50_000)))
    actions.gates["slow"].set()
    async with make_engine(actions, path) as engine:
        await engine.recover()
        assert (await engine.wait(execution_id))["outputs"]["uses"] == {"last": 49_999}


async def test_that_a_run_that_never_began_begins(actions: ScriptedActions, path: Path) -> None:
    class Forgetful:
        def add_task(self, function: Any, *args: Any) -> None:
            pass

    async with make_engine(actions, path) as engine:
        execution_id = await engine.start_workflow(chain("a"), {}, Forgetful())
    async with make_engine(actions, path) as engine:
        await engine.recover()
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"


async def test_that_what_cannot_be_recovered_is_reported_and_the_rest_goes_on(
    actions: ScriptedActions, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    execution_id = await left_behind(actions, path, make_workflow([node("slow", "gate")]), "slow")
    async with SqliteStateManager(path) as store:
        lost = await store.create_execution("w", {}, definition_hash="nobody has it", workflow_name="Lost")
        store.append(lost, [EventDraft(EventType.EXECUTION_STARTED)])
    actions.gates["slow"].set()
    async with make_engine(actions, path) as engine:
        assert await engine.recover() == [execution_id]
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert "'Lost' could not be recovered" in caplog.text


async def test_that_two_engines_cannot_have_the_same_store(actions: ScriptedActions, path: Path) -> None:
    async with make_engine(actions, path) as first, make_engine(actions, path) as second:
        await first.start_workflow(make_workflow("a"))
        with pytest.raises(StoreBusy):
            await second.start_workflow(make_workflow("a"))


CHILD = """
import asyncio, sys
from engine import SqliteStateManager, WorkflowEngine
from tests.support.builders import chain, node
from tests.support.scripted_actions import ScriptedActions

async def main():
    actions = ScriptedActions()
    engine = WorkflowEngine(registry=actions.registry, state_manager=SqliteStateManager(sys.argv[1]))
    execution_id = await engine.start_workflow(chain("a", node("slow", "gate"), "b"))
    await actions.reached["slow"].wait()
    await engine._runtime.barrier()
    print(execution_id, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.skipif(os.name != "posix", reason="kills with SIGKILL")
async def test_that_a_killed_process_loses_nothing_it_had_completed(
    actions: ScriptedActions, path: Path
) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, str(path), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    assert child.stdout is not None
    execution_id = (await child.stdout.readline()).decode().strip()
    child.send_signal(signal.SIGKILL)
    await child.wait()
    actions.gates["slow"].set()
    async with make_engine(actions, path) as engine:
        assert await engine.recover() == [execution_id]
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert actions.calls == ["slow", "b"]


async def died(path: Path) -> None:
    """Make the store look as after a crash."""
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value = 0 WHERE name = 'closed_cleanly'")
    connection.close()


async def test_that_a_step_that_ran_in_five_crashes_in_a_row_ends_its_run(
    actions: ScriptedActions, path: Path
) -> None:
    nodes = [node("first"), node("bad", "gate"), node("good", "gate"), node("z")]
    workflow = make_workflow(nodes, ["first>bad", "first>good", "good>z"])
    execution_id = await left_behind(actions, path, workflow, "bad")
    for crash in range(1, 5):
        await died(path)
        actions.reached["bad"].clear()
        async with make_engine(actions, path) as engine:
            await engine.recover()
            await actions.reached["bad"].wait()
            await engine._runtime.barrier()
            events = await engine.state_manager.read_events(execution_id)
            begun = [event for event in events if event.type is EventType.STEP_RUNNING]
            assert [event.data for event in begun if event.step_id == "bad"][-1] == {"crashes": crash}
    await died(path)
    async with make_engine(actions, path) as engine:
        await engine.recover()
        state = await engine.wait(execution_id)
        assert not await engine.resume_workflow(execution_id)
        events = await engine.state_manager.read_events(execution_id)
    assert actions.count("bad") == 5
    assert state["status"] == "QUARANTINED"
    assert "died 5 times in a row" in state["error"]["message"]
    assert {name: step["status"] for name, step in state["steps"].items()} == {
        "first": "COMPLETED",
        "bad": "FAILED",
        "good": "CANCELLED",
        "z": "SKIPPED",
    }
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    async with make_engine(actions, path) as engine:
        assert await engine.recover() == []


async def test_that_closing_the_program_is_no_crash(actions: ScriptedActions, path: Path) -> None:
    execution_id = await left_behind(actions, path, chain(node("slow", "gate")), "slow")
    for number in range(8):
        if number in (1, 4):
            await died(path)
        actions.reached["slow"].clear()
        async with make_engine(actions, path) as engine:
            await engine.recover()
            await actions.reached["slow"].wait()
            await engine._runtime.barrier()
    actions.gates["slow"].set()
    async with make_engine(actions, path) as engine:
        await engine.recover()
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"


async def test_that_crashes_of_different_steps_do_not_add_up(actions: ScriptedActions, path: Path) -> None:
    steps = [f"s{number}" for number in range(7)]
    execution_id = await left_behind(actions, path, chain(*[node(name, "gate") for name in steps]), "s0")
    for name, following in itertools.pairwise(steps):
        await died(path)
        actions.gates[name].set()
        async with make_engine(actions, path) as engine:
            await engine.recover()
            await actions.reached[following].wait()
            await engine._runtime.barrier()
    actions.gates["s6"].set()
    async with make_engine(actions, path) as engine:
        await engine.recover()
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
