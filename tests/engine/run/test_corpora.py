"""Real and generated scientific workflows with steps that do nothing: each once, parents first."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from engine import ActionRegistry, WorkflowEngine
from engine.files import codec
from engine.model.workflow import Workflow
from tests.support.corpora import corpus

SLOTS = 7


def read(path: Path) -> dict[str, list[str]]:
    """Task -> the tasks that follow it; WfFormat or its short form."""
    document = json.loads(gzip.decompress(path.read_bytes()))
    tasks = document.get("tasks") or document["workflow"]["specification"]["tasks"]
    known = {task["id"] for task in tasks}
    return {task["id"]: [child for child in task["children"] if child in known] for task in tasks}


def as_workflow(children: dict[str, list[str]]) -> Workflow:
    names = {task: f"t{number}" for number, task in enumerate(children)}
    return codec.decode(
        {
            "id": "dag",
            "nodes": [
                {"id": name, "type": "action", "config": {"service": "test", "action": "noop"}}
                for name in names.values()
            ],
            "connections": [
                {"source": names[task], "target": names[child]}
                for task in children
                for child in children[task]
            ],
        }
    )


async def run_dag(workflow: Workflow) -> None:
    finished: dict[str, int] = {}
    before: dict[str, list[str]] = {name: [] for name in workflow.nodes}
    for connection in workflow.connections.values():
        before[connection.target].append(connection.source)
    running, most = 0, 0

    async def noop(params: dict[str, Any], context: Any) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        assert context.step_id not in finished, "a task ran twice"
        assert all(parent in finished for parent in before[context.step_id]), "a task ran before its parent"
        await asyncio.sleep(0)
        finished[context.step_id] = len(finished)
        running -= 1

    registry = ActionRegistry()
    registry.register("test", "noop", noop)
    async with WorkflowEngine(SLOTS, registry=registry) as engine:
        state = await engine.wait(await engine.start_workflow(workflow))
    assert state["status"] == "COMPLETED", state["error"]
    assert finished.keys() == workflow.nodes.keys()
    assert most <= SLOTS


def run_family(name: str, pattern: str, expected: int) -> None:
    paths = sorted(corpus(name).glob(pattern))
    assert len(paths) == expected
    for path in paths:
        workflow = as_workflow(read(path))
        asyncio.run(run_dag(workflow))


@pytest.mark.no_cover  # load, not lines
def test_that_real_workflows_run_every_task_once_and_in_order() -> None:
    run_family("wfinstances", "*.json.gz", 34)


@pytest.mark.no_cover  # load, not lines
def test_that_generated_workflows_of_a_thousand_tasks_run() -> None:
    run_family("wfgen", "*-1000.json.gz", 5)


@pytest.mark.slow
def test_that_generated_workflows_of_ten_thousand_tasks_run() -> None:
    run_family("wfgen", "*-10000.json.gz", 5)
