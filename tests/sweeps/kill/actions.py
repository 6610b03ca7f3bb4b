"""Actions that leave a trace outside the store, so that it can be counted how often each took effect."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from engine.actions.context import StepContext
from engine.actions.registry import ActionOptions
from engine.errors import ActionError, ExternalServiceError
from tests.sweeps.kill.points import MarkedRegistry, Reaper

LARGE = "a line of a large result, "


class Effects:
    """The world outside: a file to which every effect is added, safe on the disk before anything follows."""

    def __init__(self, path: Path, life: int, reaper: Reaper) -> None:
        self._path = path
        self._life = life
        self._reaper = reaper

    def registry(self) -> MarkedRegistry:
        """The built-in actions, and the service `kill`:

        send: an effect outside · note: an effect, from a thread, that is not called external · echo ·
        large: an effect and a result that is kept in a file · flaky: fails until its third attempt ·
        late: fails until its run is taken up again · quick: an effect, over before the loop has turned ·
        broken: always fails · stuck: never ends · ask: asks a person · undo: an effect of its own
        """
        registry = MarkedRegistry.default()
        registry.reaper = self._reaper
        external = ActionOptions(effects="external")
        registry.mark("kill", "send", self.send, external)
        registry.mark("kill", "note", self.note)
        registry.mark("kill", "large", self.large)
        registry.mark("kill", "echo", self.echo)
        registry.mark("kill", "flaky", self.flaky, external)
        registry.mark("kill", "late", self.late)
        registry.mark("kill", "quick", self.quick)
        registry.mark("kill", "broken", self.broken)
        registry.mark("kill", "stuck", self.stuck)
        registry.mark("kill", "ask", self.ask)
        registry.mark("kill", "undo", self.undo, external)
        return registry

    async def send(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        self._begin(context)
        await asyncio.sleep(0)
        self._take_effect(context)
        await asyncio.sleep(0)
        return {"sent": params}

    def note(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        self._begin(context)
        self._take_effect(context)
        return {"noted": params}

    async def large(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        self._begin(context)
        self._take_effect(context)
        return {"text": LARGE * 4_000, "lines": 4_000}

    async def echo(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        self._begin(context)
        return params

    async def flaky(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        self._begin(context)
        if context.attempt < 3:
            raise ExternalServiceError("The service is busy", status=503)
        self._take_effect(context)
        return {"attempt": context.attempt}

    async def quick(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        self._begin(context)
        self._take_effect(context)
        return {"done": params}

    async def late(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        self._begin(context)
        if not context.idempotency_key.endswith(":2"):  # the run's second epoch
            raise ActionError("The file has not come yet")
        self._take_effect(context)
        return {"came": True}

    async def broken(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        self._begin(context)
        raise ActionError("This never works")

    async def stuck(self, params: dict[str, Any], context: StepContext) -> None:
        self._begin(context)
        await asyncio.Event().wait()

    async def ask(self, params: dict[str, Any], context: StepContext) -> None:
        self._begin(context)
        context.ask({"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]})

    async def undo(self, params: dict[str, Any], context: StepContext) -> None:
        self._begin(context)
        self._take_effect(context)

    def _begin(self, context: StepContext) -> None:
        self._write("begin", context)
        self._reaper.at("in the action, before its effect")

    def _take_effect(self, context: StepContext) -> None:
        self._write("effect", context)
        self._reaper.at("in the action, after its effect")

    def _write(self, what: str, context: StepContext) -> None:
        line = {
            "what": what,
            "run": context.execution_id,
            "step": context.step_id,
            "key": context.idempotency_key,
            "attempt": context.attempt,
            "life": self._life,
        }
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(descriptor, json.dumps(line).encode() + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
