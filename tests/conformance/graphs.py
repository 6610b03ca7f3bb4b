"""Scientific workflows (WfFormat) as drawings of steps that do nothing."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

from engine import ActionRegistry, MemoryStateManager, WorkflowEngine
from engine.actions.context import StepContext
from engine.files import codec
from engine.validation import check
from tests.conformance.running import case_node
from tests.conformance.tally import Tally

AT_ONCE = 5
LARGE = "-10000."


class Idle:
    """An action that only notes when it began and ended, and how many ran beside it."""

    def __init__(self) -> None:
        self.began: dict[str, int] = {}
        self.ended: dict[str, int] = {}
        self.again: list[str] = []
        self.most_running = 0
        self._running = 0
        self._tick = 0

    async def act(self, params: dict[str, Any], context: StepContext) -> None:
        self._running += 1
        self.most_running = max(self.most_running, self._running)
        if context.step_id in self.began:
            self.again.append(context.step_id)
        self.began[context.step_id] = self._next()
        await asyncio.sleep(0)
        self.ended[context.step_id] = self._next()
        self._running -= 1

    def _next(self) -> int:
        self._tick += 1
        return self._tick


def read_graph(path: Path) -> dict[str, Any]:
    """The file as a workflow; each task is a node, each child a connection."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        document = json.load(file)
    tasks = document["workflow"]["specification"]["tasks"] if "workflow" in document else document["tasks"]
    wires = {(task["id"], child) for task in tasks for child in task["children"]}
    wires |= {(parent, task["id"]) for task in tasks for parent in task.get("parents", ())}
    return {
        "id": path.name,
        "nodes": [case_node(task["id"], "idle", title=task["name"]) for task in tasks],
        "connections": [
            {"id": f"{source}>{target}", "source": source, "target": target}
            for source, target in sorted(wires)
        ],
    }


async def fault_of(document: dict[str, Any]) -> str | None:
    """Load, check and run one workflow; what is wrong, or None."""
    workflow = codec.decode(codec.encode(codec.decode(document)))
    problems = [problem for problem in check(workflow, {}) if problem.is_error]
    if problems:
        return problems[0].message
    idle, registry = Idle(), ActionRegistry()
    registry.register("case", "idle", idle.act)
    async with WorkflowEngine(AT_ONCE, registry=registry, state_manager=MemoryStateManager()) as engine:
        state = await engine.wait(await engine.start_workflow(workflow, {}))
    if state["status"] != "COMPLETED":
        return str(state["status"])
    if idle.again or idle.ended.keys() != workflow.nodes.keys():
        return "not every task ran exactly once"
    early = [
        wire.id for wire in workflow.connections.values() if idle.ended[wire.source] > idle.began[wire.target]
    ]
    if early:
        return f"{len(early)} tasks began before their parents ended"
    return f"{idle.most_running} tasks ran at once" if idle.most_running > AT_ONCE else None


async def tally_graphs(folder: Path, family: str, *, large: bool = False) -> Tally:
    """Every workflow of the folder: each task once, parents first, no more at once than allowed."""
    tally = Tally(family)
    for path in _files(folder, large):
        tally.judge(path.name, await fault_of(read_graph(path)))
    return tally


def _files(folder: Path, large: bool) -> list[Path]:
    return [path for path in sorted(folder.glob("*.json.gz")) if (LARGE in path.name) is large]
