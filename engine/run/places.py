"""Where an action's code runs: on the engine's loop, in a thread, or in a process of its own."""

from __future__ import annotations

import inspect
import sys
from typing import Any, assert_never

from engine.actions.context import StepContext
from engine.actions.registry import Action
from engine.backends.process import run_in_process
from engine.backends.threads import ThreadPool


class Places:
    """The threads and processes of one engine; `close` gives them back."""

    def __init__(self) -> None:
        self._threads = ThreadPool()

    async def call(self, action: Action, params: dict[str, Any], context: StepContext) -> Any:
        """What the action returns for these parameters; cancelling this call tells the action to stop."""
        match action.runs:
            case "loop":
                result = action.handler(params, context)
                return await result if inspect.isawaitable(result) else result
            case "thread":
                result = await self._threads.run(action.handler, params, context)
                return await result if inspect.isawaitable(result) else result
            case "process":
                handler = action.handler
                return await run_in_process(
                    f"{handler.__module__}:{handler.__qualname__}",
                    params,
                    step_id=context.step_id,
                    on_line=context.log,
                    path=_import_path(),
                )
            case _:
                assert_never(action.runs)

    def close(self) -> None:
        self._threads.close()


def _import_path() -> list[str]:
    """Our own module search path: an isolated interpreter would not find the action's module."""
    return [entry for entry in sys.path if entry]
