"""A program that dies at any commit while parts run: another one brings the run to the same end.

The store's files are copied after every transaction. Each copy is what a kill -9 leaves behind at that
moment.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from engine import ActionError, ActionRegistry, SqliteStateManager, WorkflowEngine
from engine.actions.context import StepContext
from engine.history.events import Event, EventType
from engine.history.status import ExecutionStatus
from tests.support.builders import make_workflow, node
from tests.support.compositions import body, each, loop, sub
from tests.support.journal_rules import check_journal
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio


class CopyingStore(SqliteStateManager):
    """Copies itself after every commit that wrote something."""

    def __init__(self, path: Path, copies: Path) -> None:
        super().__init__(path)
        self.copies = copies
        self.made: list[Path] = []
        self._written = 0

    def append(self, execution_id: str, drafts: Any) -> list[Event]:
        self._written += 1
        return super().append(execution_id, drafts)

    def create_part(self, *given: Any) -> Event:
        self._written += 1
        return super().create_part(*given)

    async def commit(self, *, full_sync: bool = False) -> None:
        await super().commit(full_sync=full_sync)
        if self._written:
            self._written = 0
            copy = self.copies / str(len(self.made))
            shutil.copytree(self.path.parent, copy, ignore=shutil.ignore_patterns("*.lock", "*-shm"))
            self.made.append(copy / self.path.name)


def actions() -> tuple[ActionRegistry, Counter[str]]:
    registry, effects = ActionRegistry(), Counter[str]()

    @registry.action("test", "note")
    async def note(params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        effects[context.idempotency_key] += 1
        return dict(params)

    @registry.action("test", "fail")
    async def fail(params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        if params.get("item") in params.get("bad", ()):
            raise ActionError("bad item")
        return dict(params)

    return registry, effects


COUNTED = body(node("n", "note", parameters={"n": "${item}", "i": "${index}"}), outputs={"n": "${n.i}"})
BAD = body(node("f", "fail", parameters={"item": "${item}", "bad": [2]}), outputs="${f.item}")
WORKFLOWS = {
    "nested": (
        make_workflow(
            [
                loop("rounds", body(each("each", COUNTED, [7, 8, 9], concurrency=2)), times=2),
                sub("part", body(node("x", "note"), node("y", "note"), connections=["x>y"])),
                node("end", "note", parameters={"all": "${rounds.each}", "part": "${part.y?}"}),
            ],
            ["rounds>end", "part>end"],
        ),
        ExecutionStatus.COMPLETED,
    ),
    "tolerant": (
        make_workflow([each("each", BAD, [1, 2, 3, 4], concurrency=2, on_item_error="continue")]),
        ExecutionStatus.COMPLETED_WITH_ERRORS,
    ),
    "failing": (
        make_workflow([each("each", BAD, [1, 2, 3, 4], concurrency=3)]),
        ExecutionStatus.FAILED,
    ),
}


def result(state: dict[str, Any]) -> Any:
    error = state["error"]
    return state["outputs"], error and error["message"], {k: s["status"] for k, s in state["steps"].items()}


@pytest.mark.parametrize("name", WORKFLOWS)
async def test_that_a_run_comes_to_the_same_end_from_every_commit(name: str, tmp_path: Path) -> None:
    workflow, status = WORKFLOWS[name]
    (tmp_path / "first").mkdir()
    store = CopyingStore(tmp_path / "first" / "runs.db", tmp_path / "copies")
    registry, _ = actions()
    async with WorkflowEngine(2, registry=registry, state_manager=store) as engine:
        execution_id = await engine.start_workflow(workflow)
        wanted = await engine.wait(execution_id)
    assert wanted["status"] == status
    assert len(store.made) > 4
    for path in store.made:
        await check_recovery(path, execution_id, wanted)


async def check_recovery(path: Path, execution_id: str, wanted: dict[str, Any]) -> None:
    registry, effects = actions()
    store = SqliteStateManager(path)
    async with WorkflowEngine(2, registry=registry, state_manager=store) as engine:
        known = {summary.id for summary in await store.list_executions(limit=None, parts=True)}
        if execution_id not in known:
            return
        done = await completed(store, known)
        await engine.recover()
        state = await engine.wait(execution_id)
        assert result(state) == result(wanted)
        everything = await store.list_executions(limit=None, parts=True)
        for summary in everything:
            check_journal(await store.read_events(summary.id))
            assert summary.status.is_terminal, summary.id
        assert not {key for key in effects if key in done}, "what had completed ran again"
        assert not engine._runtime._executions


async def completed(store: SqliteStateManager, ids: set[str]) -> set[str]:
    return {
        f"{each_id}:{event.step_id}"
        for each_id in ids
        for event in await store.read_events(each_id)
        if event.type is EventType.STEP_COMPLETED
    }


async def test_that_paused_parts_come_back_paused_and_can_be_answered(tmp_path: Path) -> None:
    asks = body(node("a", "note", parameters={"x": "${input.x}"}), outputs={"x": "${a.x}"})
    workflow = make_workflow([each("each", body(sub("in", asks)), [1, 2, 3], concurrency=2)])
    registry, _ = actions()
    async with WorkflowEngine(
        registry=registry, state_manager=SqliteStateManager(tmp_path / "r.db")
    ) as engine:
        execution_id = await engine.start_workflow(workflow)
        before = await engine.wait(execution_id)
    assert [item["path"] for item in before["needed"]] == ["each/0/in/input.x", "each/1/in/input.x"]
    async with WorkflowEngine(
        registry=registry, state_manager=SqliteStateManager(tmp_path / "r.db")
    ) as engine:
        assert await engine.recover() == [execution_id]
        state = await engine.wait(execution_id)
        assert (state["status"], state["needed"]) == ("PAUSED", before["needed"])
        await engine.resume_workflow(execution_id, {"each/0/in/input.x": 1, "each/1/in/input.x": 2})
        state = await engine.wait(execution_id)
        assert [item["path"] for item in state["needed"]] == ["each/2/in/input.x"]
    async with WorkflowEngine(
        registry=registry, state_manager=SqliteStateManager(tmp_path / "r.db")
    ) as engine:
        # Without a recovery: the part is asked for first, and brings the run with it.
        assert await engine.resume_workflow(f"{execution_id}/each/2/in", {"x": 3})
        state = await engine.wait(execution_id)
        assert [given["in"]["x"] for given in state["outputs"]["each"]] == [1, 2, 3]


async def test_that_a_cancelled_run_ends_its_parts_after_a_restart(tmp_path: Path) -> None:
    registry, _ = actions()

    @registry.action("test", "hang")
    async def hang(params: dict[str, Any], context: StepContext) -> None:
        await context.sleep(3600)

    workflow = make_workflow([each("each", body(node("h", "hang")), [1, 2, 3], concurrency=2)])
    (tmp_path / "first").mkdir()
    store = CopyingStore(tmp_path / "first" / "r.db", tmp_path / "copies")
    async with WorkflowEngine(registry=registry, state_manager=store) as engine:
        execution_id = await engine.start_workflow(workflow)
        async for event in engine.events(f"{execution_id}"):
            if event.type is EventType.STEP_WAITING:
                break
        await engine.cancel_workflow(execution_id)
        assert (await engine.wait(execution_id))["status"] == "CANCELLED"
    for path in store.made[2:]:
        registry, _ = actions()
        registry.register("test", "hang", hang)
        copied = SqliteStateManager(path)
        async with WorkflowEngine(registry=registry, state_manager=copied) as engine:
            await engine.recover()
            await engine.cancel_workflow(execution_id, force=True)
            assert (await engine.wait(execution_id))["status"] == "CANCELLED"
            everything = await copied.list_executions(limit=None, parts=True)
            assert {summary.status for summary in everything} == {ExecutionStatus.CANCELLED}


async def test_that_a_run_which_is_given_up_leaves_no_part_under_way(tmp_path: Path) -> None:
    reached = asyncio.Event()

    async def hang(params: dict[str, Any], context: StepContext) -> None:
        reached.set()
        await asyncio.Event().wait()

    asks = body(node("ask", "note", parameters={"x": "${input.x}"}))
    workflow = make_workflow([each("each", body(sub("in", asks)), [1, 2]), node("hang", "hang")])
    execution_id, path = "", tmp_path / "0" / "r.db"
    path.parent.mkdir()
    for life in range(8):
        registry, _ = actions()
        registry.register("test", "hang", hang)
        store = CopyingStore(path, tmp_path / f"copies{life}")
        async with WorkflowEngine(registry=registry, state_manager=store) as engine:
            execution_id = execution_id or await engine.start_workflow(workflow)
            await engine.recover()
            status = (await engine.get_workflow_status(execution_id))["status"]
            if status == "QUARANTINED":
                await asyncio.sleep(0)
                everything = await store.list_executions(limit=None, parts=True)
                assert {summary.status.is_terminal for summary in everything} == {True}
                assert len(everything) == 5
                return
            await reached.wait()
            reached.clear()
            await engine._runtime.barrier()
            path = store.made[-1]
    raise AssertionError("the run was not given up")


async def test_that_items_that_had_completed_do_not_run_again_wherever_the_second_try_dies(
    tmp_path: Path,
) -> None:
    def registry_with(ran: list[int], bad: set[int]) -> ActionRegistry:
        registry = ActionRegistry()

        @registry.action("test", "work")
        async def work(params: dict[str, Any], context: StepContext) -> int:
            if params["item"] in bad:
                raise ActionError("bad item")
            ran.append(params["item"])
            return int(params["item"])

        return registry

    inner = body(node("w", "work", parameters={"item": "${item}"}), outputs="${w.output}")
    workflow = make_workflow([each("each", inner, [1, 2, 3, 4, 5], concurrency=2)])
    before: list[int] = []
    bad = {3}
    (tmp_path / "first").mkdir()
    store = CopyingStore(tmp_path / "first" / "runs.db", tmp_path / "copies")
    async with WorkflowEngine(registry=registry_with(before, bad), state_manager=store) as engine:
        execution_id = await engine.start_workflow(workflow)
        assert (await engine.wait(execution_id))["status"] == "FAILED"
        done, first = set(before), len(store.made)
        bad.clear()
        await engine.retry_from(execution_id)
        wanted = await engine.wait(execution_id)
    assert wanted["outputs"]["each"] == [1, 2, 3, 4, 5]
    assert len(store.made) - first > 2
    for path in store.made[first:]:
        ran: list[int] = []
        async with WorkflowEngine(
            registry=registry_with(ran, set()), state_manager=SqliteStateManager(path)
        ) as engine:
            await engine.recover()
            state = await engine.wait(execution_id)
            assert (state["status"], state["outputs"]) == ("COMPLETED", wanted["outputs"])
            assert not done.intersection(ran)


GATE = body(node("g", "gate"))


@pytest.mark.parametrize(
    "step",
    [
        sub("e", GATE),
        each("e", GATE, [1, 2, 3], concurrency=2),
        loop("e", GATE, times=3),
        sub("e", body(sub("inner", GATE))),
        each("e", body(each("inner", GATE, [1, 2])), [1, 2]),
    ],
    ids=["sub", "each", "loop", "sub in sub", "each in each"],
)
@pytest.mark.parametrize("rollback", [False, True])
async def test_that_a_run_that_was_being_stopped_comes_to_its_end_in_the_next_program(
    tmp_path: Path, step: dict[str, Any], rollback: bool
) -> None:
    """What ran inside when the program ended is cancelled as the parts come back, all of them at once."""
    actions = ScriptedActions()

    def engine() -> WorkflowEngine:
        return WorkflowEngine(
            registry=actions.registry, state_manager=SqliteStateManager(tmp_path / "runs.db")
        )

    async with engine() as first:
        execution_id = await first.start_workflow(make_workflow([step]))
        await actions.reached["g"].wait()
        await first.cancel_workflow(execution_id, rollback=rollback)
    async with engine() as second:
        await second.recover()
        state = await asyncio.wait_for(second.wait(execution_id), 30)
        parts = await second.state_manager.list_executions(parts=True, limit=None)
    assert state["status"] == ("ROLLED_BACK" if rollback else "CANCELLED")
    assert state["steps"]["e"]["status"] == "CANCELLED"
    assert len(parts) > 1
    assert {part.status.value for part in parts} == {state["status"]}
