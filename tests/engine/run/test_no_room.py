"""Where large results are kept nothing can be written: runs stand still, and lose and repeat nothing."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import pytest_asyncio

from engine import SqliteStateManager, WorkflowEngine
from engine.actions import duck
from engine.errors import AnswerNotKept, SchemaValidationError, StorageFull, StorageRefused
from engine.history.events import EventType
from engine.store.artifacts import ArtifactStore
from engine.store.ledger import Ledger
from tests.support.builders import chain, make_workflow, node
from tests.support.compositions import body, sub
from tests.support.fake_clock import settle
from tests.support.journal_rules import check_journal
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio
LARGE = {"text": "more than may stand in the journal " * 4_000}


class FullFolder(ArtifactStore):
    """Takes nothing in while it has a fault."""

    fault: int | None = None
    refused = 0

    def _move_in(self, path: Path, sha: str) -> None:
        if self.fault is not None:
            self.refused += 1
            raise OSError(self.fault, "as the test says", str(path))
        super()._move_in(path, sha)


class Store(SqliteStateManager):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.artifacts: FullFolder = FullFolder(self.artifacts.root)
        self._ledger = Ledger(self.artifacts, self._now)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs.db")


@pytest_asyncio.fixture
async def engine(actions: ScriptedActions, store: Store) -> AsyncIterator[WorkflowEngine]:
    async with WorkflowEngine(2, registry=actions.registry, state_manager=store) as made:
        yield made


def large(*more: Any, **config: Any) -> dict[str, Any]:
    return chain(node("a", parameters=LARGE, **config), *more)


async def events_of(store: Store, execution_id: str) -> list[EventType]:
    events = await store.read_events(execution_id)
    check_journal(events)
    return [event.type for event in events]


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (errno.ENOSPC, "StorageFull", "There is no room left for results in"),
        (errno.EDQUOT, "StorageFull", "There is no room left for results in"),
        (errno.EACCES, "StorageRefused", "as the test says"),
        (errno.EIO, "StorageRefused", "as the test says"),
    ],
)
async def test_that_a_result_without_a_place_pauses_and_is_not_made_again(
    engine: WorkflowEngine, actions: ScriptedActions, store: Store, fault: int, kind: str, words: str
) -> None:
    store.artifacts.fault = fault
    execution_id = await engine.start_workflow(large(node("b", parameters={"n": "${a.text}"})))
    shown = await engine.wait(execution_id)
    assert (shown["status"], shown["reason"]) == ("PAUSED", "storage_error")
    assert (shown["error"]["type"], shown["steps"]["a"]["status"]) == (kind, "RUNNING")
    assert words in shown["error"]["message"]
    assert shown["error"]["hint"]
    assert list((store.artifacts.root / "unfinished").iterdir()) == []

    assert await engine.resume_workflow(execution_id)  # in vain
    assert (await engine.wait(execution_id))["reason"] == "storage_error"
    assert store.artifacts.refused == 2

    store.artifacts.fault = None
    assert await engine.resume_workflow(execution_id)
    state = await engine.wait(execution_id)
    assert (state["status"], state["error"], actions.calls) == ("COMPLETED", None, ["a", "b"])
    assert state["outputs"]["b"] == {"n": LARGE["text"]}
    assert EventType.STEP_FAILED not in await events_of(store, execution_id)
    assert engine.semaphore._value == 2


FORM = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EACCES, errno.EROFS])
async def test_that_a_large_answer_without_a_place_is_refused_and_the_question_stays_open(
    actions: ScriptedActions, store: Store, fault: int
) -> None:
    async with WorkflowEngine(2, registry=actions.registry, state_manager=store) as engine:
        workflow = chain(
            node("ask", "ask", parameters={"form": FORM}), node("b", parameters={"n": "${ask.text}"})
        )
        execution_id = await engine.start_workflow(workflow)
        asked = await engine.wait(execution_id)
        assert asked["reason"] == "form"
        before = await events_of(store, execution_id)
        store.artifacts.fault = fault
        for _ in range(2):
            with pytest.raises(AnswerNotKept, match="The answer could not be kept: ") as caught:
                await engine.resume_workflow(execution_id, {"ask.output": LARGE})
            assert caught.value.hint.endswith("The question stays open.")
            assert await engine.wait(execution_id) == asked
            assert await events_of(store, execution_id) == before  # as if nobody had answered
        assert list((store.artifacts.root / "unfinished").iterdir()) == []
        # A short answer needs no place there.
        with pytest.raises(SchemaValidationError):
            await engine.resume_workflow(execution_id, {"ask.output": {"text": 5}})
    again = Store(store.path)
    async with WorkflowEngine(2, registry=actions.registry, state_manager=again) as engine:
        await engine.recover()
        assert (await engine.wait(execution_id))["needed"] == asked["needed"]
        assert await engine.resume_workflow(execution_id, {"ask.output": LARGE})
        state = await engine.wait(execution_id)
        assert (state["status"], state["outputs"]["b"]) == ("COMPLETED", {"n": LARGE["text"]})
        assert actions.calls == ["ask", "b"]


async def test_that_an_answer_for_a_part_is_refused_in_the_same_way(
    engine: WorkflowEngine, actions: ScriptedActions, store: Store
) -> None:
    inner = body(node("ask", "ask", parameters={"form": FORM}))
    execution_id = await engine.start_workflow(make_workflow([sub("part", inner)]))
    asked = await engine.wait(execution_id)
    path = asked["needed"][0]["path"]
    store.artifacts.fault = errno.ENOSPC
    with pytest.raises(AnswerNotKept):
        await engine.resume_workflow(execution_id, {path: LARGE})
    assert await engine.wait(execution_id) == asked
    store.artifacts.fault = None
    assert await engine.resume_workflow(execution_id, {path: LARGE})
    assert (await engine.wait(execution_id))["status"] == "COMPLETED"


async def test_that_what_can_be_written_does_not_end_the_trouble(
    engine: WorkflowEngine, actions: ScriptedActions, store: Store
) -> None:
    store.artifacts.fault = errno.ENOSPC
    other = await engine.start_workflow(chain(node("long", "gate"), "after"))
    await actions.reached["long"].wait()
    execution_id = await engine.start_workflow(large())
    assert (await engine.wait(execution_id))["reason"] == "storage_error"
    actions.gates["long"].set()
    await settle()
    for each in (execution_id, other):
        assert (await engine.get_workflow_status(each))["reason"] == "storage_error"
    assert actions.calls == ["long", "a"]  # nothing new begins
    store.artifacts.fault = None
    assert await engine.resume_workflow(other)
    for each in (execution_id, other):
        assert (await engine.wait(each))["status"] == "COMPLETED"


async def test_that_the_program_may_end_while_a_result_waits(
    actions: ScriptedActions, tmp_path: Path
) -> None:
    first = Store(tmp_path / "runs.db")
    first.artifacts.fault = errno.ENOSPC
    async with WorkflowEngine(registry=actions.registry, state_manager=first) as engine:
        execution_id = await engine.start_workflow(large())
        assert (await engine.wait(execution_id))["reason"] == "storage_error"
    async with WorkflowEngine(registry=actions.registry, state_manager=Store(tmp_path / "runs.db")) as engine:
        await engine.recover()
        state = await engine.wait(execution_id)
    assert (state["status"], actions.calls) == ("COMPLETED", ["a", "a"])
    assert state["steps"]["a"]["attempts"] == 1


async def test_that_a_run_can_be_cancelled_while_its_result_waits(
    engine: WorkflowEngine, actions: ScriptedActions, store: Store
) -> None:
    store.artifacts.fault = errno.ENOSPC
    execution_id = await engine.start_workflow(large("b"))
    await engine.wait(execution_id)
    assert await engine.cancel_workflow(execution_id)
    store.artifacts.fault = None
    await engine.resume_workflow(execution_id)
    state = await engine.wait(execution_id)
    assert (state["status"], state["steps"]["a"]["status"]) == ("CANCELLED", "COMPLETED")
    assert actions.calls == ["a"]


def keeping(store: Store, calls: list[int]) -> Any:
    """An action that keeps a table itself, as those on tables do."""

    async def keep(params: dict[str, Any], context: Any) -> dict[str, Any]:
        calls.append(context.attempt)
        target = context.artifacts.temporary(".parquet")
        target.write_bytes(b"rows")
        return {"$table": context.artifacts.adopt(target)}

    return keep


async def test_that_an_action_without_room_for_its_table_runs_again_as_the_same_attempt(
    engine: WorkflowEngine, actions: ScriptedActions, store: Store
) -> None:
    calls: list[int] = []
    actions.registry.register("test", "keep", keeping(store, calls))
    store.artifacts.fault = errno.ENOSPC
    execution_id = await engine.start_workflow(make_workflow([node("a", "keep", retry=3)]))
    shown = await engine.wait(execution_id)
    assert (shown["reason"], shown["steps"]["a"]["status"]) == ("storage_error", "RUNNING")
    store.artifacts.fault = None
    await engine.resume_workflow(execution_id)
    state = await engine.wait(execution_id)
    assert (state["status"], calls) == ("COMPLETED", [1, 1])
    assert state["steps"]["a"]["attempts"] == 1
    assert EventType.STEP_WAITING not in await events_of(store, execution_id)


async def test_that_what_may_be_tried_once_only_is_not_run_again_for_want_of_room(
    engine: WorkflowEngine, actions: ScriptedActions, store: Store
) -> None:
    calls: list[int] = []
    actions.registry.register("test", "keep", keeping(store, calls))
    store.artifacts.fault = errno.ENOSPC
    workflow = make_workflow([node("a", "keep", delivery="at_most_once")])
    state = await engine.wait(await engine.start_workflow(workflow))
    assert (state["status"], state["error"]["type"], calls) == ("FAILED", "StorageFull", [1])


@pytest.mark.parametrize("config", [{"disabled": True}, {"type": "trigger"}])
async def test_that_steps_without_an_action_of_their_own_wait_too(
    engine: WorkflowEngine, store: Store, config: dict[str, Any]
) -> None:
    kind = config.pop("type", "action")
    item = {"id": "t", "type": kind, "config": config}
    if kind == "action":
        item["config"] = {**config, "service": "test", "action": "echo"}
    drawn = make_workflow([node("a", parameters=LARGE), item], ["a>t"] if kind == "action" else [])
    execution_id = await engine.start_workflow(drawn, {"big": LARGE})
    store.artifacts.fault = errno.ENOSPC
    await engine.wait(execution_id)
    store.artifacts.fault = None
    await engine.resume_workflow(execution_id)
    assert (await engine.wait(execution_id))["status"] == "COMPLETED"


async def test_that_a_folder_that_cannot_be_made_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    artifacts = ArtifactStore(tmp_path / "file" / "artifacts")
    with pytest.raises(StorageRefused, match="cannot be kept in"):
        artifacts.temporary()
    with pytest.raises(StorageRefused, match="cannot be kept in"):
        await asyncio.to_thread(artifacts.put_json, '"x"', "x")


async def test_that_a_table_that_finds_no_room_is_no_fault_of_its_step(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from tests.support.step_context import Bench

    bench = Bench(tmp_path)

    def full(self: Any, sql: str, values: Any = None) -> Any:
        if sql.startswith("COPY"):
            raise duck.plain_error(duckdb.IOException("IO Error: Could not write: No space left on device"))
        return real(self, sql, values)

    real = duck.Duck.rows
    monkeypatch.setattr(duck.Duck, "rows", full)
    with duck.connect(bench.context) as connection, pytest.raises(StorageFull, match="no room left"):
        connection.write("SELECT 1 AS n")
