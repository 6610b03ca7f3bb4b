"""`cancel` and `rollback`: ending a run from the command line, and undoing what it did."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli import stores
from engine.cli.exit_codes import ExitCode
from engine.cli.running import Options, Session
from engine.cli.words import say
from engine.history.status import ExecutionStatus

if TYPE_CHECKING:
    from engine.run.workflow_engine import WorkflowEngine


def cancel(execution_id: str, store: Path | None, *, as_json: bool, force: bool, rollback: bool) -> ExitCode:
    """End a run that no program has under way: one that waits, was paused, or was left behind."""

    async def end(engine: WorkflowEngine) -> tuple[str, int | None]:
        before = await engine.state_manager.load_state(execution_id)
        began = await engine.cancel_workflow(execution_id, force=force, rollback=rollback)
        if not began:
            say("The run had ended already.", sys.stderr)
        return execution_id, before.seq if began else None

    session = Session(Options(as_json=as_json, store=store), stores.store_of(execution_id, store))
    return asyncio.run(session.drive(end, (ExecutionStatus.CANCELLED, ExecutionStatus.ROLLED_BACK)))


def roll_back(
    execution_id: str, store: Path | None, *, as_json: bool, uncertain: Mapping[str, bool]
) -> ExitCode:
    """Undo what a run did."""

    async def undo(engine: WorkflowEngine) -> tuple[str, int | None]:
        before = await engine.state_manager.load_state(execution_id)
        began = await engine.rollback_workflow(execution_id, uncertain=uncertain)
        if not began:
            say("There is nothing left to undo.", sys.stderr)
        return execution_id, before.seq if began else None

    session = Session(Options(as_json=as_json, store=store), stores.store_of(execution_id, store))
    return asyncio.run(session.drive(undo, (ExecutionStatus.ROLLED_BACK,)))
