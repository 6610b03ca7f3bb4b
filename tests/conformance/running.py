"""Runs a converted case to its end, with actions that note which step they ran for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine import ActionRegistry, MemoryStateManager, WorkflowEngine
from engine.actions.context import StepContext
from engine.model.workflow import Workflow
from tests.support.fake_clock import FixedRng

Act = Callable[[dict[str, Any]], Any]


class Stage:
    """A registry of service `case` made of plain functions; `entered` lists step ids as they began."""

    def __init__(self, acts: Mapping[str, Act]) -> None:
        self.registry = ActionRegistry()
        self.entered: list[str] = []
        for name, act in acts.items():
            self.registry.register("case", name, self._entering(act))

    def _entering(self, act: Act) -> Any:
        async def enter(params: dict[str, Any], context: StepContext) -> Any:
            self.entered.append(context.step_id)
            return act(params)

        return enter

    async def run(self, workflow: Mapping[str, Any] | Workflow, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The status of the finished (or paused) run."""
        async with WorkflowEngine(
            registry=self.registry, state_manager=MemoryStateManager(), rng=FixedRng()
        ) as engine:
            return await engine.wait(await engine.start_workflow(workflow, dict(inputs)))


def case_node(node_id: str, action: str, parameters: Any = None, **config: Any) -> dict[str, Any]:
    """A node of the service `case`."""
    return {
        "id": node_id,
        "type": "action",
        "config": {"service": "case", "action": action, "parameters": parameters or {}, **config},
    }


def statuses(state: Mapping[str, Any]) -> dict[str, str]:
    return {step_id: step["status"] for step_id, step in state["steps"].items()}
