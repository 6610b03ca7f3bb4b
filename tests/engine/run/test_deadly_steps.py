"""A step that ends the program as soon as it begins is given up after a few starts."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.asyncio

DEADLY = """
import asyncio, os, sys
from engine import SqliteStateManager, WorkflowEngine
from tests.support.builders import chain, node
from tests.support.scripted_actions import ScriptedActions

async def main():
    actions = ScriptedActions()

    @actions.registry.action("test", "deadly")
    async def deadly(params, context):
        if context.attempt == int(sys.argv[2]):
            os._exit(9)  # at once, before the loop has turned
        raise RuntimeError("not yet")

    engine = WorkflowEngine(registry=actions.registry, state_manager=SqliteStateManager(sys.argv[1]))
    async with engine:
        await engine.recover()
        known = await engine.state_manager.list_executions()
        retry = {"max_attempts": 2, "initial_interval": 0, "jitter": "none", "retry_on": ["*"]}
        steps = [node("bad", "deadly", retry=retry), node("b")]
        workflow = chain(*(["a"] if sys.argv[3] == "later" else []), *steps)
        execution_id = known[0].id if known else await engine.start_workflow(workflow)
        print((await engine.wait(execution_id))["status"], flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize(("attempt", "place"), [(1, "first"), (1, "later"), (2, "later")])
async def test_that_a_step_that_ends_the_program_at_once_ends_its_run_and_not_every_start(
    tmp_path: Path, attempt: int, place: str
) -> None:
    told = b""
    for _ in range(9):
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", DEADLY, str(tmp_path / "runs.db"), str(attempt), place),
            stdout=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parents[3],
        )
        told, _ = await child.communicate()
        if child.returncode == 0:
            break
    assert told.decode().strip() == "QUARANTINED"
