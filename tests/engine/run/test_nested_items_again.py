"""A For each within a part that is made anew runs only the items that had not completed, at every depth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import MemoryStateManager, SqliteStateManager, WorkflowEngine
from engine.run.earlier_parts import latest_parts
from engine.store.state_manager import ExecutionStateManager
from tests.engine.run.item_work import Work, any_engine, ended, engine_of, work
from tests.support.builders import chain, make_workflow, node
from tests.support.compositions import body, each, loop, sub
from tests.support.scripted_actions import ScriptedActions

__all__ = ["any_engine", "work"]
pytestmark = pytest.mark.asyncio

UNDO = {"service": "test", "action": "unwork", "parameters": {"item": "${self.output.got}"}}


def items(count: int = 3, **config: Any) -> dict[str, Any]:
    """Works on `outer.0` to `outer.2`, one after the other."""
    step = node("w", "work", parameters={"item": "${input.o}.${item}"}, rollback=UNDO)
    inner = body(step, outputs="${w.output}")
    return each("inner", inner, [*range(count)], inputs={"o": "${item}"}, concurrency=1, **config)


def outer(what: dict[str, Any], given: Any = ("a", "b"), **config: Any) -> dict[str, Any]:
    return each("each", what, list(given), concurrency=1, **config)


ALL = ["a.0", "a.1", "a.2", "b.0", "b.1", "b.2"]


async def test_that_only_what_had_not_completed_inside_runs_again(
    any_engine: WorkflowEngine, work: Work
) -> None:
    work.bad = {"b.1"}
    execution_id = await any_engine.start_workflow(make_workflow([outer(body(items()))]))
    assert (await ended(any_engine, execution_id))["status"] == "FAILED"
    assert work.done == ALL[:4]
    work.bad.clear()
    await any_engine.retry_from(execution_id)
    state = await ended(any_engine, execution_id)
    assert (state["status"], work.done) == ("COMPLETED", ALL)
    shown = await latest_parts(any_engine.state_manager, f"{execution_id}/each~2/1", "inner")
    ids = ["each/1/inner/0", "each~2/1/inner/1", "each~2/1/inner/2"]
    assert [one.id.partition("/")[2] for one in shown] == ids
    assert [[one["got"] for one in each["inner"]] for each in state["outputs"]["each"]] == [ALL[:3], ALL[3:]]


async def test_that_it_is_so_through_every_kind_of_step_and_for_every_further_try(
    any_engine: WorkflowEngine, work: Work
) -> None:
    """A part within a round within an item within a sub-workflow, which fails three times in other places."""
    innermost = sub("deep", body(items()), inputs={"o": "${input.o}"})
    innermost["config"]["workflow"]["nodes"][0]["config"]["parameters"]["inputs"]["o"] = "${input.o}"
    rounds = loop("rounds", body(innermost), times=1, inputs={"o": "${item}"})
    workflow = make_workflow([sub("all", body(outer(body(rounds))))])
    execution_id = ""
    for broken in ("a.2", "b.0", "b.2", None):
        work.bad = {broken}
        if execution_id:
            await any_engine.retry_from(execution_id)
        else:
            execution_id = await any_engine.start_workflow(workflow)
        state = await ended(any_engine, execution_id)
    assert (state["status"], work.done) == ("COMPLETED", ALL)
    assert work.undone == []
    await any_engine.rollback_workflow(execution_id)
    assert (await ended(any_engine, execution_id))["status"] == "ROLLED_BACK"
    assert sorted(work.undone) == ALL, "each was undone once"


async def test_that_steps_own_retries_at_two_depths_keep_what_completed(
    any_engine: WorkflowEngine, work: Work
) -> None:
    again = {"max_attempts": 2, "retry_on": ["PartFailed"], "initial_interval": 0}
    work.bad = {"b.1"}
    workflow = make_workflow([outer(body(items(retry=again)), retry=again)])
    execution_id = await any_engine.start_workflow(workflow)
    assert (await ended(any_engine, execution_id))["status"] == "FAILED"
    assert work.done == ALL[:4], "four tries of the inner step, and no item twice"
    work.bad.clear()
    await any_engine.retry_from(execution_id)
    assert ((await ended(any_engine, execution_id))["status"], work.done) == ("COMPLETED", ALL)


async def test_that_items_that_completed_before_a_later_step_failed_are_kept(
    any_engine: WorkflowEngine, work: Work
) -> None:
    last = node("last", "work", parameters={"item": "last ${item}"})
    work.bad = {"last a"}
    inside = body(items(), last, connections=["inner>last"])
    execution_id = await any_engine.start_workflow(make_workflow([outer(inside, "a")]))
    await ended(any_engine, execution_id)
    work.bad.clear()
    await any_engine.retry_from(execution_id)
    state = await ended(any_engine, execution_id)
    assert (state["status"], work.done) == ("COMPLETED", ["a.0", "a.1", "a.2", "last a"])


async def test_that_what_an_item_is_given_decides_at_every_depth(
    any_engine: WorkflowEngine, work: Work
) -> None:
    """The step before the inner one gives something else: what comes of it runs."""
    said = iter(["x", "y"])

    async def say(params: dict[str, Any], context: Any) -> str:
        return next(said)

    work.actions.registry.register("test", "say", say)
    mapped = items(2)
    mapped["config"]["parameters"]["inputs"] = {"o": "${say.output}"}
    work.bad = {"x.1"}
    inside = body(node("say", "say"), mapped, connections=["say>inner"])
    execution_id = await any_engine.start_workflow(make_workflow([outer(inside, "a")]))
    await ended(any_engine, execution_id)
    await any_engine.retry_from(execution_id)
    await ended(any_engine, execution_id)
    assert work.done == ["x.0", "y.0", "y.1"]


async def test_that_items_that_were_tolerated_inside_are_run_again(
    any_engine: WorkflowEngine, work: Work
) -> None:
    work.bad = {"a.1"}
    workflow = make_workflow([sub("all", body(outer(body(items(on_item_error="continue")))))])
    execution_id = await any_engine.start_workflow(workflow)
    state = await ended(any_engine, execution_id)
    assert state["status"] == "COMPLETED_WITH_ERRORS"
    work.bad.clear()
    await any_engine.retry_from(execution_id, "all")
    state = await ended(any_engine, execution_id)
    assert state["status"] == "COMPLETED"
    assert sorted(work.done) == ALL
    assert work.done[-1] == "a.1"
    await any_engine.retry_from(execution_id, "all")
    await ended(any_engine, execution_id)
    assert sorted(work.done) == sorted(ALL * 2), "nothing was lacking: who asks once more means all of it"


async def test_that_an_error_that_an_item_dealt_with_makes_it_no_item_that_is_lacking(
    any_engine: WorkflowEngine, work: Work
) -> None:
    step = node("w", "work", parameters={"item": "${item}"}, continue_on_error=True)
    work.bad = {"a"}
    inside = body(sub("s", body(step), inputs={}))
    inside["nodes"][0]["config"]["parameters"]["inputs"] = {}
    step["config"]["parameters"] = {"item": "a"}
    failing = node("last", "work", parameters={"item": "last ${item}"})
    work.bad = {"a", "last 1"}
    both = body(inside["nodes"][0], failing, connections=["s>last"])
    execution_id = await any_engine.start_workflow(make_workflow([outer(both, [0, 1])]))
    assert (await ended(any_engine, execution_id))["status"] == "FAILED"
    work.bad = {"a"}
    await any_engine.retry_from(execution_id)
    assert (await ended(any_engine, execution_id))["status"] == "COMPLETED_WITH_ERRORS"
    assert work.done == ["last 0", "last 1"]


async def test_that_a_death_while_it_is_tried_again_loses_nothing(
    actions: ScriptedActions, tmp_path: Path
) -> None:
    work = Work(actions)
    work.bad = {"b.1"}
    inside = body(items(), node("held", "gate"), connections=["held>inner"])
    async with engine_of(work, SqliteStateManager(tmp_path / "runs.db")) as engine:
        actions.gates["held"].set()
        execution_id = await engine.start_workflow(make_workflow([outer(inside)]))
        await ended(engine, execution_id)
        actions.gates["held"].clear()
        actions.reached["held"].clear()
        work.bad.clear()
        await engine.retry_from(execution_id)
        await actions.reached["held"].wait()
    actions.gates["held"].set()
    async with engine_of(work, SqliteStateManager(tmp_path / "runs.db")) as engine:
        await engine.recover()
        assert (await ended(engine, execution_id))["status"] == "COMPLETED"
    assert work.done == ALL


async def test_that_many_items_look_back_without_reading_the_whole_run_each_time(
    actions: ScriptedActions,
) -> None:
    class Counting(MemoryStateManager):
        def __init__(self) -> None:
            super().__init__()
            self.read: list[str] = []

        async def read_events(self, execution_id: str, after: int = 0) -> Any:
            self.read.append(execution_id)
            return await super().read_events(execution_id, after)

    store: ExecutionStateManager = (counting := Counting())
    work = Work(actions)
    given = [str(number) for number in range(20)]
    work.bad = {f"{each}.1" for each in given}
    async with engine_of(work, store) as engine:
        workflow = chain(outer(body(items(2)), given, on_item_error="continue"))
        execution_id = await engine.start_workflow(workflow)
        await engine.wait(execution_id)
        work.bad.clear()
        counting.read.clear()
        await engine.retry_from(execution_id, "each")
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert len(work.done) == 40
    assert counting.read.count(execution_id) < 6


async def test_that_a_service_is_given_the_same_key_in_every_try_around_a_step(
    actions: ScriptedActions,
) -> None:
    keys: list[str] = []

    async def pay(params: dict[str, Any], context: Any) -> None:
        keys.append(context.idempotency_key)
        if len(keys) < 4:
            raise ConnectionError("who knows whether it took effect")

    actions.registry.register("test", "pay", pay)
    again = {"max_attempts": 2, "retry_on": ["PartFailed"], "initial_interval": 0}
    workflow = make_workflow([outer(body(sub("s", body(node("p", "pay")), retry=again)), "a", retry=again)])
    async with WorkflowEngine(registry=actions.registry) as engine:
        execution_id = await engine.start_workflow(workflow)
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
        assert (len(keys), set(keys)) == (4, {f"{execution_id}/each/0/s:p"})
        await engine.retry_from(execution_id, "each")
        await engine.wait(execution_id)
    assert keys[4:] == [f"{execution_id}/each~2/0/s:p"]
