"""Errors that cannot say what they are, or say more than anyone reads: the step fails like any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import ActionError, StepContext
from engine.errors import LONGEST_MESSAGE
from tests.support.builders import make_workflow, node
from tests.support.scripted_actions import ScriptedActions
from tests.support.secret_source import VALUE, FakeSource, engine_on, everything_in

pytestmark = pytest.mark.asyncio


class Speechless(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class Beyond(BaseException):
    def __str__(self) -> str:
        raise ValueError("no words either")


@pytest.mark.parametrize("error", [Speechless(), Beyond()], ids=repr)
@pytest.mark.parametrize("place", ["loop", "thread"])
@pytest.mark.parametrize("with_secret", [False, True])
async def test_that_an_error_that_cannot_be_read_fails_its_step(
    actions: ScriptedActions, tmp_path: Path, error: BaseException, place: str, with_secret: bool
) -> None:
    async def on_the_loop(params: dict[str, Any], context: StepContext) -> None:
        raise error

    def in_a_thread(params: dict[str, Any], context: StepContext) -> None:
        raise error

    actions.registry.register("test", "odd", on_the_loop if place == "loop" else in_a_thread)
    step = node("a", "odd", parameters={"t": "${secrets.token}"} if with_secret else {})
    async with engine_on(actions, tmp_path / "runs.db", FakeSource(token=VALUE)) as engine:
        state = await engine.wait(await engine.start_workflow(make_workflow([step])))
    assert state["status"] == "FAILED"
    assert f"{type(error).__name__} (its message cannot be read: " in state["error"]["message"]


@pytest.mark.parametrize("kind", [ValueError, ActionError])
async def test_that_a_message_is_kept_as_far_as_anyone_reads(
    actions: ScriptedActions, tmp_path: Path, kind: type[Exception]
) -> None:
    actions.errors["a"] = [kind("x" * 10_000_000)]
    async with engine_on(actions, tmp_path / "runs.db", FakeSource()) as engine:
        state = await engine.wait(await engine.start_workflow(make_workflow([node("a", "fail")])))
    message = state["error"]["message"]
    assert message == "x" * LONGEST_MESSAGE + "… (10,000,000 characters in all)"
    assert len(everything_in(tmp_path)) < 1_000_000
