"""Actions that do as a test says and remember what happened."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

from engine.actions.context import StepContext
from engine.actions.registry import ActionRegistry


class ScriptedActions:
    """A registry with the service `test`:

    echo: its parameters · add: a + b · fail: raises the next exception scripted for its step, then echoes ·
    gate: waits until the test opens it · ask: asks a person · meet: waits until `parties` of them are there
    """

    def __init__(self) -> None:
        self.registry = ActionRegistry()
        self.calls: list[str] = []
        self.params: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.contexts: dict[str, list[StepContext]] = defaultdict(list)
        self.errors: dict[str, list[BaseException]] = defaultdict(list)
        self.gates: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.reached: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.running = 0
        self.most_running = 0
        self.parties = 0
        for name in ("echo", "add", "fail", "gate", "ask", "meet"):
            self.registry.register("test", name, getattr(self, name))
        for name in ("undo", "undo_badly"):
            self.registry.register("test", name, getattr(self, name))

    def count(self, step_id: str) -> int:
        return self.calls.count(step_id)

    async def echo(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        self._note(params, context)
        return dict(params)

    async def add(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        self._note(params, context)
        return {"sum": params["a"] + params["b"]}

    async def fail(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        self._note(params, context)
        if self.errors[context.step_id]:
            raise self.errors[context.step_id].pop(0)
        return {"ok": True}

    async def gate(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        self._note(params, context)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        self.reached[context.step_id].set()
        try:
            await self.gates[context.step_id].wait()
        finally:
            self.running -= 1
        return {"passed": True}

    async def meet(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        """Proof of parallelism: nobody leaves before all parties are in."""
        self._note(params, context)
        self.running += 1
        if self.running == self.parties:
            self.gates["all here"].set()
        await self.gates["all here"].wait()
        return {}

    async def ask(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        self._note(params, context)
        context.ask(params["form"], params.get("title", "Approve?"))

    async def undo(self, params: dict[str, Any], context: StepContext) -> None:
        self._note(params, context, name=f"undo {context.step_id}")

    async def undo_badly(self, params: dict[str, Any], context: StepContext) -> None:
        self._note(params, context, name=f"undo {context.step_id}")
        raise RuntimeError("cannot be undone")

    def _note(self, params: dict[str, Any], context: StepContext, name: str = "") -> None:
        step_id = name or context.step_id
        self.calls.append(step_id)
        self.params[step_id].append(params)
        self.contexts[step_id].append(context)


class RecordingNotifier:
    """Remembers every notification as (status, data)."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.users: set[str | None] = set()

    async def notify_workflow_status(
        self, user_id: str | None, execution_id: str, status: str, data: dict[str, Any] | None = None
    ) -> None:
        self.users.add(user_id)
        self.told.append((status, dict(data or {})))

    @property
    def statuses(self) -> list[str]:
        return [status for status, _ in self.told]


class RecordingAnalytics:
    """Remembers what was tracked."""

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []
        self.workflows: list[dict[str, Any]] = []

    async def track_step_execution(self, **values: Any) -> None:
        self.steps.append(values)

    async def track_workflow_execution(self, **values: Any) -> None:
        self.workflows.append(values)
