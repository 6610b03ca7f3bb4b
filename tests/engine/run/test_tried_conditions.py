"""A condition is tried against what the step gave before it takes the place of a broken one."""

from __future__ import annotations

import pytest

from engine import WorkflowEngine
from engine.errors import CannotRestart, ConditionError, DefinitionError
from tests.engine.run.test_incidents import BROKEN, PAUSE, fork

pytestmark = pytest.mark.asyncio


async def test_that_a_condition_can_be_tried_before_it_counts(engine: WorkflowEngine) -> None:
    execution_id = await engine.start_workflow(fork(), options=PAUSE)
    before = await engine.wait(execution_id)
    assert await engine.try_condition(execution_id, "a>b", "n == 1")
    assert not await engine.try_condition(execution_id, "a>b", "n == 2")
    assert await engine.try_condition(execution_id, "a>b", "")
    for text in (BROKEN, "n <", "n"):
        with pytest.raises(ConditionError):
            await engine.try_condition(execution_id, "a>b", text)
    with pytest.raises(DefinitionError):
        await engine.try_condition(execution_id, "a>c", "true")
    assert await engine.get_workflow_status(execution_id) == before
    await engine.cancel_workflow(execution_id)
    await engine.wait(execution_id)
    with pytest.raises(CannotRestart):
        await engine.try_condition(execution_id, "a>b", "true")
