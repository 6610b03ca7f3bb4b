"""A start that can be called off: what the window wants to run, and whether it still does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.model.workflow import Workflow
    from engine.run.options import RunOptions
    from engine.run.workflow_engine import WorkflowEngine


@dataclass(slots=True, eq=False)
class Start:
    """Made by the window, carried out and called off on the engine's loop.

    To check and plan a workflow cannot be interrupted, and an execution whose creation is cut off half way
    could come back with the next start of the program: so a start always comes to an end of its own, which is
    either before there is an execution or with one that can be cancelled.
    """

    workflow: Workflow
    inputs: Mapping[str, Any]
    base_dir: Path | None
    options: RunOptions | None
    is_called_off: bool = False
    """Set by the window."""
    _execution_id: str = ""
    _has_ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def carry_out(self, engine: WorkflowEngine) -> str:
        """The id of the new execution. Raises CancelledError where nobody wants it any more."""
        try:
            engine.prepare_workflow(self.workflow, base_dir=self.base_dir)
            if self.is_called_off:
                raise asyncio.CancelledError
            self._execution_id = await engine.start_workflow(
                self.workflow, dict(self.inputs), base_dir=self.base_dir, options=self.options
            )
            return self._execution_id
        finally:
            self._has_ended.set()

    async def undo(self, engine: WorkflowEngine) -> None:
        """Cancel the execution, if one came of it."""
        await self._has_ended.wait()
        if self._execution_id:
            await engine.cancel_workflow(self._execution_id, force=True)
