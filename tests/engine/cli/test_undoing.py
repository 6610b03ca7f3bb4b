"""Stopping and undoing runs from a shell."""

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from engine.store.sqlite import SqliteStateManager
from tests.engine.cli.test_commands import Shell, node, values


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def undone_by(code: str) -> dict[str, Any]:
    return {"service": "code", "action": "python", "parameters": {"code": code}}


def workflow(undo: str, *more: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """One step that can be undone, then `more`."""
    nodes = [node("start", "flow.manual"), values("first", n=7), *more]
    nodes[1]["config"]["rollback"] = undone_by(undo)
    ids = [each["id"] for each in nodes]
    wires = [{"source": a, "target": b} for a, b in itertools.pairwise(ids)]
    return {"id": "w", "nodes": nodes, "connections": wires, "settings": settings}


def test_that_a_waiting_run_is_cancelled_and_undone(shell: Shell) -> None:
    waits = values("waits", m="${input.m}")
    file = shell.write(workflow("result = 'Took 7 back'", waits))
    run_id = json.loads(shell.run("run", file, "--json").stdout)["execution_id"]
    undone = shell.run("cancel", run_id, "--rollback")
    assert (undone.exit_code, "Took 7 back" in undone.output) == (0, True)
    assert "1 undone" in undone.output
    again = shell.run("cancel", run_id)
    assert (again.exit_code, "ended already" in again.output) == (0, True)


def test_that_what_could_not_be_undone_is_listed_and_can_be_tried_again(shell: Shell) -> None:
    flag = shell.folder / "flag"
    code = f"open({str(flag)!r}).close()"
    run_id = json.loads(shell.run("run", shell.write(workflow(code)), "--json").stdout)["execution_id"]
    failed = shell.run("rollback", run_id)
    assert failed.exit_code == 1
    assert "Not undone:\n  First: " in failed.output
    assert f"workflow-designer rollback {run_id}" in failed.output
    flag.touch()
    assert shell.run("rollback", run_id).exit_code == 0
    nothing = shell.run("rollback", run_id)
    assert (nothing.exit_code, "nothing left to undo" in nothing.output) == (0, True)
    assert shell.run("rollback", "nobody").exit_code == 1


def test_that_the_command_to_try_again_asks_about_an_uncertain_step(shell: Shell) -> None:
    pause = node("pause", "code.python", {"code": "import time; time.sleep(600)"}, delivery="at_most_once")
    pause["config"]["rollback"] = undone_by("result = 'unwaited'")
    document = workflow("result = 'back'", pause, on_failure={"rollback": True})
    run_id = asyncio.run(_left_behind(shell, document))
    # Resuming finds out that nobody knows whether the step took effect.
    shown = shell.run("resume", run_id)
    assert f"rollback {run_id} --happened pause" in shown.output
    assert "nobody knows whether it took effect" in shown.output
    done = shell.run("rollback", run_id, "--happened", "pause")
    assert (done.exit_code, "2 undone" in done.output) == (0, True)


async def _left_behind(shell: Shell, document: dict[str, Any]) -> str:
    """A run whose program ended while its step `pause` ran."""
    from engine import WorkflowEngine

    async with WorkflowEngine(state_manager=SqliteStateManager(shell.store)) as engine:
        run_id = await engine.start_workflow(document)
        async for event in engine.events(run_id):
            if event.step_id == "pause" and event.type == "STEP_RUNNING":
                break
    return run_id
