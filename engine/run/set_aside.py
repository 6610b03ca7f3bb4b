"""A run whose record is not what was written any more: it is ended, in plain words, and the others go on."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.errors import ExecutionNotFound, IllegalTransition, RunDamaged
from engine.history.events import EventDraft, EventType
from engine.history.state import NOT_ROLLED_BACK
from engine.history.status import ExecutionStatus
from engine.store.state_manager import ExecutionStateManager, ExecutionSummary

if TYPE_CHECKING:
    from engine.run.execution import Execution

_log = logging.getLogger(__name__)


async def set_aside(store: ExecutionStateManager, summary: ExecutionSummary, error: RunDamaged) -> None:
    """Quarantine an unfinished run that cannot be read: in lists it says why it does not go on.

    One of which not even that can be recorded is left as it is. Raises StoreError when the store refuses.
    """
    _log.error("Run %s of %r cannot go on: %s", summary.id, summary.workflow_name, error)
    try:
        store.append(summary.id, _drafts(summary.status, error))
    except (ExecutionNotFound, IllegalTransition):
        return
    await store.commit()


def runs_of(executions: Mapping[str, Execution], execution_id: str) -> list[Execution]:
    """The living ones of a run and its parts."""
    return [each for each in executions.values() if f"{each.id}/".startswith(f"{execution_id}/")]


def _drafts(status: ExecutionStatus, error: RunDamaged) -> list[EventDraft]:
    """The shortest legal way to an end that tells the error."""
    data = {"error": error.to_json()}
    end = EventDraft(EventType.EXECUTION_QUARANTINED, data=data)
    match status:
        case ExecutionStatus.PENDING:
            return [EventDraft(EventType.EXECUTION_STARTED), end]
        case ExecutionStatus.PAUSING | ExecutionStatus.PAUSED:
            return [EventDraft(EventType.EXECUTION_RESUMED), end]
        case ExecutionStatus.CANCELLING:
            return [EventDraft(EventType.EXECUTION_CANCELLED, data=data)]
        case ExecutionStatus.ROLLING_BACK:
            undone: list[str] = []
            told = {"error": {**error.to_json(), NOT_ROLLED_BACK: undone}}
            return [EventDraft(EventType.EXECUTION_ROLLBACK_FAILED, data=told)]
        case _:
            return [end]
