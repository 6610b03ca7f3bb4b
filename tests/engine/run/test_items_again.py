"""A For each that is tried again runs only the items that had not completed."""

from __future__ import annotations

from typing import Any

import pytest

from engine import MemoryStateManager, StepContext, WorkflowEngine
from engine.errors import ActionError
from engine.run.earlier_parts import all_parts, latest_parts
from tests.engine.run.item_work import LARGE, Work, any_engine, ended, engine_of, work
from tests.support.builders import chain, make_workflow, node
from tests.support.compositions import body, each, sub
from tests.support.scripted_actions import ScriptedActions

__all__ = ["any_engine", "work"]
pytestmark = pytest.mark.asyncio


def work_on(**more: Any) -> dict[str, Any]:
    undo = {"service": "test", "action": "unwork", "parameters": {"item": "${self.output.got}"}}
    return body(
        node("w", "work", parameters={"item": "${item}", **more}, rollback=undo), outputs="${w.output}"
    )


def gave(state: dict[str, Any]) -> list[Any]:
    return [one and one["got"] for one in state["outputs"]["each"]]


async def test_that_only_what_failed_or_never_began_runs_again(
    any_engine: WorkflowEngine, work: Work
) -> None:
    work.bad = {"c"}
    workflow = make_workflow([each("each", work_on(), list("abcdefgh"), concurrency=2)])
    execution_id = await any_engine.start_workflow(workflow)
    assert (await ended(any_engine, execution_id))["status"] == "FAILED"
    before = list(work.done)
    assert "c" not in before
    assert "h" not in before
    work.bad.clear()
    await any_engine.retry_from(execution_id)
    state = await ended(any_engine, execution_id)
    assert (state["status"], gave(state)) == ("COMPLETED", list("abcdefgh"))
    assert sorted(work.done) == list("abcdefgh"), "nothing ran twice"
    assert work.done[: len(before)] == before


async def test_that_the_part_that_did_not_run_says_whose_result_it_has(
    any_engine: WorkflowEngine, work: Work
) -> None:
    work.bad = {"b"}
    execution_id = await any_engine.start_workflow(make_workflow([each("each", work_on(), ["a", "b"])]))
    await ended(any_engine, execution_id)
    work.bad.clear()
    await any_engine.retry_from(execution_id, "each")
    await ended(any_engine, execution_id)
    part = await any_engine.get_workflow_status(f"{execution_id}/each~2/0")
    assert (part["status"], part["reason"], part["steps"]) == ("COMPLETED", "taken_over", {})
    shown = await latest_parts(any_engine.state_manager, execution_id, "each")
    assert [one.id for one in shown] == [f"{execution_id}/each/0", f"{execution_id}/each~2/1"]
    assert await latest_parts(any_engine.state_manager, execution_id, "nothing") == []


async def test_that_what_was_taken_over_is_so_a_second_time(any_engine: WorkflowEngine, work: Work) -> None:
    work.bad = {"b", "c"}
    workflow = make_workflow([each("each", work_on(large=True), ["a", "b", "c"], concurrency=1)])
    execution_id = await any_engine.start_workflow(workflow)
    for mended in (set("c"), set[str]()):
        await ended(any_engine, execution_id)
        work.bad = mended
        await any_engine.retry_from(execution_id)
    state = await ended(any_engine, execution_id)
    assert (state["status"], gave(state), work.done) == ("COMPLETED", ["a", "b", "c"], ["a", "b", "c"])
    assert {one["large"] for one in state["outputs"]["each"]} == {LARGE}
    shown = await latest_parts(any_engine.state_manager, execution_id, "each")
    assert [one.id.partition("/")[2] for one in shown] == ["each/0", "each~2/1", "each~3/2"]


async def test_that_an_item_with_another_value_runs(any_engine: WorkflowEngine, work: Work) -> None:
    values = iter([["a", "b", "c"], ["a", "B", "c", "d"]])

    async def read(params: dict[str, Any], context: StepContext) -> list[str]:
        return next(values)

    work.actions.registry.register("test", "read", read)
    work.bad = {"c"}
    workflow = chain(node("read", "read"), each("each", work_on(), "${read.output}", concurrency=1))
    execution_id = await any_engine.start_workflow(workflow)
    await ended(any_engine, execution_id)
    work.bad.clear()
    await any_engine.retry_from(execution_id, "read")
    state = await ended(any_engine, execution_id)
    assert gave(state) == ["a", "B", "c", "d"]
    assert work.done == ["a", "b", "B", "c", "d"]


async def test_that_other_inputs_make_it_another_item(any_engine: WorkflowEngine, work: Work) -> None:
    limits = iter([1, 2])

    async def read(params: dict[str, Any], context: StepContext) -> int:
        return next(limits)

    work.actions.registry.register("test", "read", read)
    work.bad = {"b"}
    mapped = each("each", work_on(), ["a", "b"], inputs={"limit": "${read.output}"}, concurrency=1)
    execution_id = await any_engine.start_workflow(chain(node("read", "read"), mapped))
    await ended(any_engine, execution_id)
    work.bad.clear()
    await any_engine.retry_from(execution_id, "read")
    await ended(any_engine, execution_id)
    assert work.done == ["a", "a", "b"]


async def test_that_who_runs_a_step_again_that_was_whole_sees_all_of_it_run(
    any_engine: WorkflowEngine, work: Work
) -> None:
    execution_id = await any_engine.start_workflow(make_workflow([each("each", work_on(), ["a", "b"])]))
    await ended(any_engine, execution_id)
    work.bad = {"b"}
    await any_engine.retry_from(execution_id, "each")
    await ended(any_engine, execution_id)
    work.bad.clear()
    await any_engine.retry_from(execution_id)
    state = await ended(any_engine, execution_id)
    # The second time `a` has completed, and only what failed then is run once more.
    assert (gave(state), work.done) == (["a", "b"], ["a", "b", "a", "b"])


async def test_that_items_that_were_tolerated_are_run_again(any_engine: WorkflowEngine, work: Work) -> None:
    work.bad = {"b"}
    workflow = make_workflow([each("each", work_on(), ["a", "b", "c"], on_item_error="continue")])
    execution_id = await any_engine.start_workflow(workflow)
    state = await ended(any_engine, execution_id)
    assert (state["status"], gave(state)) == ("COMPLETED_WITH_ERRORS", ["a", None, "c"])
    work.bad.clear()
    await any_engine.retry_from(execution_id, "each")
    state = await ended(any_engine, execution_id)
    assert (state["status"], gave(state), work.done) == ("COMPLETED", ["a", "b", "c"], ["a", "c", "b"])


async def test_that_a_retry_of_the_step_keeps_what_completed(any_engine: WorkflowEngine, work: Work) -> None:
    work.bad = {"b"}
    retry = {"max_attempts": 2, "retry_on": ["PartFailed"], "initial_interval": 0}
    again = each("each", work_on(), ["a", "b", "c"], retry=retry, concurrency=1)
    failing = node("mend", parameters={})
    execution_id = await any_engine.start_workflow(make_workflow([again, failing]))
    state = await ended(any_engine, execution_id)
    assert (state["status"], state["steps"]["each"]["attempts"], work.done) == ("FAILED", 2, ["a"])
    work.bad.clear()
    await any_engine.retry_from(execution_id)
    state = await ended(any_engine, execution_id)
    assert (gave(state), work.done) == (["a", "b", "c"], ["a", "b", "c"])


async def test_that_a_run_cancelled_while_it_looks_back_ends(any_engine: WorkflowEngine, work: Work) -> None:
    work.bad = {"b"}
    execution_id = await any_engine.start_workflow(make_workflow([each("each", work_on(), ["a", "b"])]))
    await ended(any_engine, execution_id)
    await any_engine.retry_from(execution_id)
    await any_engine.cancel_workflow(execution_id)
    assert (await ended(any_engine, execution_id))["status"] in ("CANCELLED", "FAILED")
    work.bad.clear()
    await any_engine.retry_from(execution_id)
    assert (await ended(any_engine, execution_id))["status"] == "COMPLETED"
    assert work.done == ["a", "b"]


async def test_that_a_store_that_cannot_be_read_fails_the_step(actions: ScriptedActions) -> None:
    class Unreadable(MemoryStateManager):
        is_unreadable = False

        async def parts_of(self, prefix: str, *, created: bool = False) -> Any:
            if created and self.is_unreadable:
                raise ActionError("cannot be read")
            return await super().parts_of(prefix, created=created)

    work, store = Work(actions), Unreadable()
    work.bad = {"b"}
    async with engine_of(work, store) as engine:
        execution_id = await engine.start_workflow(make_workflow([each("each", work_on(), ["a", "b"])]))
        await ended(engine, execution_id)
        store.is_unreadable = True
        await engine.retry_from(execution_id)
        state = await ended(engine, execution_id)
    assert (state["status"], state["error"]["message"]) == ("FAILED", "cannot be read")
    assert work.done == ["a"]


async def test_that_a_rollback_undoes_each_item_once_whichever_try_ran_it(
    any_engine: WorkflowEngine, work: Work
) -> None:
    work.bad = {"b"}
    retry = {"max_attempts": 2, "retry_on": ["PartFailed"], "initial_interval": 0}
    inner = sub("once", body(each("each", work_on(), ["a", "b"], concurrency=1)))
    again = each("each", work_on(), ["a", "b", "c"], retry=retry, concurrency=1)
    execution_id = await any_engine.start_workflow(chain(again, inner))
    await ended(any_engine, execution_id)
    work.bad = {"c"}
    await any_engine.retry_from(execution_id)  # whose second try is the third in all
    await ended(any_engine, execution_id)
    work.bad.clear()
    await any_engine.retry_from(execution_id)
    assert (await ended(any_engine, execution_id))["status"] == "COMPLETED"
    assert len(await all_parts(any_engine.state_manager, execution_id, "each")) == 13
    assert work.done == ["a", "b", "c", "a", "b"]
    await any_engine.rollback_workflow(execution_id)
    assert (await ended(any_engine, execution_id))["status"] == "ROLLED_BACK"
    assert work.undone == ["b", "a", "c", "b", "a"]
