"""A step inside others that may run once, and has, does not run again with what is around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import ActionError, ActionRegistry, SqliteStateManager, StepContext, WorkflowEngine
from tests.engine.run.item_work import LARGE, Work, any_engine, ended, work
from tests.engine.run.test_composition_crashes import CopyingStore
from tests.support.builders import chain, make_workflow, node
from tests.support.compositions import body, each, loop, sub
from tests.support.fake_clock import FixedRng
from tests.support.journal_rules import check_journal

__all__ = ["any_engine", "work"]
pytestmark = pytest.mark.asyncio

UNDO = {"service": "test", "action": "unwork", "parameters": {"item": "${self.output.got}"}}
AGAIN = {"max_attempts": 3, "retry_on": ["PartFailed"], "initial_interval": 0}


def paying(item: str = "${index?}", **more: Any) -> dict[str, Any]:
    """Pays once for its item, then checks it, which is what fails."""
    pay = node(
        "pay", "work", parameters={"item": f"pay {item}", **more}, delivery="at_most_once", rollback=UNDO
    )
    check = node("check", "work", parameters={"item": f"check {item}", "paid": "${pay.got}"})
    return body(pay, check, connections=["pay>check"], outputs="${pay.got}")


KINDS = {
    "each": (each("s", paying(), ["a", "b"], concurrency=1), ["pay 0", "pay 1"]),
    "loop": (loop("s", paying(), times=2), "pay 1"),
    "sub": (sub("s", paying("1")), "pay 1"),
    "deep": (sub("s", body(each("in", paying(), ["a", "b"], concurrency=1), outputs="${in.output}")),
             ["pay 0", "pay 1"]),
    "item": (each("s", body(sub("in", paying("1")), outputs="${in.output}"), ["a"]), ["pay 1"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
async def test_that_it_is_not_done_again_when_the_run_is_taken_up(
    any_engine: WorkflowEngine, work: Work, kind: str
) -> None:
    step, gives = KINDS[kind]
    work.bad = {"check 1"}
    execution_id = await any_engine.start_workflow(make_workflow([step]))
    assert (await ended(any_engine, execution_id))["status"] == "FAILED"
    await any_engine.retry_from(execution_id)
    assert (await ended(any_engine, execution_id))["status"] == "FAILED"
    work.bad.clear()
    await any_engine.retry_from(execution_id)
    state = await ended(any_engine, execution_id)
    assert (state["status"], state["outputs"]) == ("COMPLETED", {"s": gives})
    assert work.done.count("pay 1") == 1
    assert work.done.count("pay 0") <= 1


@pytest.mark.parametrize("kind", KINDS)
async def test_that_it_is_not_done_again_by_a_retry_around_it(
    any_engine: WorkflowEngine, work: Work, kind: str
) -> None:
    step, _ = KINDS[kind]
    work.bad = {"check 1"}
    again = {**step, "config": {**step["config"], "retry": AGAIN}}
    execution_id = await any_engine.start_workflow(make_workflow([again]))
    state = await ended(any_engine, execution_id)
    assert (state["status"], state["steps"]["s"]["attempts"]) == ("FAILED", 3)
    assert work.done.count("pay 1") == 1
    assert work.done.count("pay 0") <= 1


async def test_that_its_result_is_told_as_one_from_before(any_engine: WorkflowEngine, work: Work) -> None:
    work.bad = {"check 1"}
    execution_id = await any_engine.start_workflow(make_workflow([sub("s", paying("1", large=True))]))
    await ended(any_engine, execution_id)
    for _ in range(2):
        await any_engine.retry_from(execution_id)
        await ended(any_engine, execution_id)
    part = await any_engine.get_workflow_status(f"{execution_id}/s~3")
    assert part["steps"]["pay"]["via"] == "reused"
    assert part["steps"]["pay"]["reused_from"]["execution_id"] == f"{execution_id}/s"
    assert part["outputs"]["pay"]["large"] == LARGE


async def test_that_steps_that_completed_in_different_tries_are_all_kept(
    any_engine: WorkflowEngine, work: Work
) -> None:
    """The first try does one, the second another, and the third fails before the second had come so far."""
    once = {"delivery": "at_most_once"}
    inner = body(
        node("a", "work", parameters={"item": "a"}, **once),
        node("early", "work", parameters={"item": "early"}),
        node("b", "work", parameters={"item": "b"}, **once),
        node("late", "work", parameters={"item": "late"}),
        connections=["early>b", "b>late", "a>late"],
    )
    work.bad = {"early"}
    execution_id = await any_engine.start_workflow(make_workflow([sub("s", inner)]))
    await ended(any_engine, execution_id)
    assert work.done == ["a"]
    for bad in ({"late"}, {"early"}, set[str]()):
        work.bad = bad
        await any_engine.retry_from(execution_id)
        state = await ended(any_engine, execution_id)
    assert state["status"] == "COMPLETED"
    assert sorted(work.done) == ["a", "b", "early", "early", "late"]


async def test_that_who_is_given_something_else_pays_again(any_engine: WorkflowEngine, work: Work) -> None:
    values = iter([["a"], ["b"]])

    async def read(params: dict[str, Any], context: StepContext) -> list[str]:
        return next(values)

    work.actions.registry.register("test", "read", read)
    work.bad = {"check a"}
    workflow = chain(node("read", "read"), each("each", paying("${item}"), "${read.output}"))
    execution_id = await any_engine.start_workflow(workflow)
    await ended(any_engine, execution_id)
    await any_engine.retry_from(execution_id, "read")
    assert (await ended(any_engine, execution_id))["status"] == "COMPLETED"
    assert work.done == ["pay a", "pay b", "check b"]


async def test_that_who_asks_for_all_of_what_was_well_gets_all_of_it(
    any_engine: WorkflowEngine, work: Work
) -> None:
    execution_id = await any_engine.start_workflow(make_workflow([sub("s", paying("1"))]))
    await ended(any_engine, execution_id)
    await any_engine.retry_from(execution_id, "s")
    await ended(any_engine, execution_id)
    assert work.done == ["pay 1", "check 1"] * 2


async def test_that_what_was_undone_is_done_again(any_engine: WorkflowEngine, work: Work) -> None:
    """The workflow inside undoes what it did when it fails: then nothing of it holds any more."""
    inner = {**paying("1"), "settings": {"on_failure": {"rollback": True}}}
    work.bad = {"check 1"}
    execution_id = await any_engine.start_workflow(make_workflow([sub("s", inner)]))
    await ended(any_engine, execution_id)
    assert work.undone == ["pay 1"]
    work.bad.clear()
    await any_engine.retry_from(execution_id)
    assert (await ended(any_engine, execution_id))["status"] == "COMPLETED"
    assert work.done == ["pay 1", "pay 1", "check 1"]


async def test_that_it_is_undone_once(any_engine: WorkflowEngine, work: Work) -> None:
    work.bad = {"check 1"}
    execution_id = await any_engine.start_workflow(make_workflow([sub("s", paying("1"))]))
    await ended(any_engine, execution_id)
    work.bad.clear()
    await any_engine.retry_from(execution_id)
    await ended(any_engine, execution_id)
    assert await any_engine.rollback_workflow(execution_id)
    assert (await ended(any_engine, execution_id))["status"] == "ROLLED_BACK"
    assert work.undone == ["pay 1"]


async def test_that_a_run_can_be_stopped_while_it_looks_at_earlier_tries(
    any_engine: WorkflowEngine, work: Work
) -> None:
    work.bad = {"check 1"}
    execution_id = await any_engine.start_workflow(make_workflow([sub("s", paying("1"))]))
    await ended(any_engine, execution_id)
    await any_engine.retry_from(execution_id)
    await any_engine.cancel_workflow(execution_id, force=True)
    assert (await ended(any_engine, execution_id))["status"] in ("CANCELLED", "FAILED")
    assert work.done == ["pay 1"]


def registry_with(paid: list[str], bad: set[str]) -> ActionRegistry:
    registry = ActionRegistry()

    @registry.action("test", "work")
    async def work(params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        if params["item"] in bad:
            raise ActionError("bad")
        if params["item"].startswith("pay"):
            paid.append(params["item"])
        return {"got": params["item"], "large": LARGE if params.get("large") else ""}

    registry.register("test", "unwork", work)
    return registry


async def paid_for(engine: WorkflowEngine) -> list[str]:
    """What the store knows to be paid."""
    store, found = engine.state_manager, list[str]()
    await store.open()
    for summary in await store.list_executions(limit=None, parts=True):
        output = await store.get_step_output(summary.id, "pay")
        if output is not None:
            found.append(output["got"])
    return found


@pytest.mark.parametrize("how", ["taken up", "tried again"])
async def test_that_it_is_done_once_wherever_the_program_dies(tmp_path: Path, how: str) -> None:
    """Copies of the store at every commit: from each the run comes to its end, and pays what is not paid."""
    paid: list[str] = []
    bad = {"check 1"}
    (tmp_path / "first").mkdir()
    store = CopyingStore(tmp_path / "first" / "runs.db", tmp_path / "copies")
    more = {"retry": {**AGAIN, "max_attempts": 2}} if how == "tried again" else {}
    workflow = make_workflow([each("each", paying(large=True), ["a", "b"], concurrency=1, **more)])
    async with WorkflowEngine(
        registry=registry_with(paid, bad), state_manager=store, rng=FixedRng(0.0)
    ) as engine:
        execution_id = await engine.start_workflow(workflow)
        assert (await engine.wait(execution_id))["status"] == "FAILED"
        first = len(store.made)
        if how == "taken up":
            bad.clear()
            await engine.retry_from(execution_id)
            assert (await engine.wait(execution_id))["status"] == "COMPLETED"
            assert len(store.made) - first > 2
    assert paid == ["pay 0", "pay 1"]
    for path in store.made[first if how == "taken up" else 0 :]:
        again: list[str] = []
        async with WorkflowEngine(
            registry=registry_with(again, set()), state_manager=SqliteStateManager(path), rng=FixedRng(0.0)
        ) as engine:
            before = await paid_for(engine)
            await engine.recover()
            state = await engine.wait(execution_id)
            for summary in await engine.state_manager.list_executions(limit=None, parts=True):
                check_journal(await engine.state_manager.read_events(summary.id))
        assert len(again) == len(set(again))
        assert not set(again).intersection(before)
        if how == "taken up":
            assert (state["status"], again) == ("COMPLETED", [])
