"""A run that was created begins by itself, once, and whoever waits hears why it could not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from engine import MemoryStateManager, WorkflowEngine
from engine.errors import StoreError
from engine.history.events import Event, EventDraft, EventType
from engine.run.begin import logged
from engine.run.given import WorkflowLike
from engine.store.sqlite import SqliteStateManager
from tests.support.builders import chain
from tests.support.fake_clock import settle
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio


class NoBegin(MemoryStateManager):
    """Takes everything but the begin of a run."""

    def append(self, execution_id: str, drafts: Sequence[EventDraft]) -> Sequence[Event]:
        if any(draft.type is EventType.EXECUTION_STARTED for draft in drafts):
            raise StoreError("The disk is gone")
        return super().append(execution_id, drafts)


async def test_that_whoever_waits_is_told_why_a_run_could_not_begin(
    actions: ScriptedActions, caplog: pytest.LogCaptureFixture
) -> None:
    async with WorkflowEngine(registry=actions.registry, state_manager=NoBegin()) as engine:
        execution_id = await engine.start_workflow(chain("a"))
        with pytest.raises(StoreError, match="The disk is gone"):
            await engine.wait(execution_id)
    assert f"Run {execution_id} stopped: The disk is gone" in caplog.text
    assert not actions.calls


async def test_that_a_run_whose_engine_is_closed_at_once_begins_with_the_next(
    actions: ScriptedActions, tmp_path: Path
) -> None:
    path = tmp_path / "runs.db"
    async with WorkflowEngine(registry=actions.registry, state_manager=SqliteStateManager(path)) as engine:
        execution_id = await engine.start_workflow(chain("a"))
    async with WorkflowEngine(registry=actions.registry, state_manager=SqliteStateManager(path)) as engine:
        await engine.recover()
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert actions.calls == ["a"]


class Telling(WorkflowEngine):
    """Has a way of its own to run an execution."""

    told: str = ""

    async def _run_execution(self, execution_id: str, workflow: WorkflowLike) -> None:
        self.told = execution_id
        await super()._run_execution(execution_id, workflow)


async def test_that_an_engine_with_a_way_of_its_own_to_run_is_asked(actions: ScriptedActions) -> None:
    async with Telling(registry=actions.registry) as engine:
        execution_id = await engine.start_workflow(chain("a"))
        assert engine.told in ("", execution_id)
        while not engine.told:
            await settle()
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
        assert engine.told == execution_id


async def test_that_a_fault_in_a_way_of_its_own_is_logged(
    actions: ScriptedActions, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(WorkflowEngine):
        async def _run_execution(self, execution_id: str, workflow: WorkflowLike) -> None:
            raise StoreError("Not today")

    async with Failing(registry=actions.registry) as engine:
        execution_id = await engine.start_workflow(chain("a"))
        while "stopped: Not today" not in caplog.text:
            await settle()
        assert f"Run {execution_id} stopped" in caplog.text


async def test_that_what_nobody_awaits_says_in_the_log_why_it_stopped(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fails() -> None:
        raise StoreError("the disk is gone")

    await logged(fails(), "roll back 7")
    assert "Roll back 7 stopped: the disk is gone" in caplog.text
