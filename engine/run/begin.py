"""How a run that was created begins: in the loop's next turn, unless somebody who looks for it is earlier."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from engine.errors import WorkflowError
from engine.history.status import ExecutionStatus
from engine.run.partial import trigger_of

if TYPE_CHECKING:
    from engine.run.execution import Execution

Find = Callable[[str], Awaitable["Execution | None"]]

_log = logging.getLogger(__name__)


def begin(execution: Execution) -> None:
    """Start the run if nobody has yet."""
    if execution.status is ExecutionStatus.PENDING:
        execution.start(trigger_of(execution.plan, execution.part))


def begin_soon(living: Mapping[str, Execution], execution_id: str) -> None:
    """Start one of the living runs when the loop next turns: a task for it costs as much as a step."""
    asyncio.get_running_loop().call_soon(_begin, living, execution_id)


async def logged(coroutine: Coroutine[Any, Any, None], name: str) -> None:
    """Await what nobody else awaits."""
    try:
        await coroutine
    except WorkflowError as error:
        _log.error("%s stopped: %s", name.capitalize(), error)


async def heard(find: Find, execution_id: str, running: Awaitable[None]) -> None:
    """Await what runs an execution; what it raises is raised to whoever waits for the run, too."""
    try:
        await running
    except Exception as error:  # noqa: BLE001 - step boundary: a subclass runs executions as it likes
        is_ours = not isinstance(error, WorkflowError)
        _log.error("Run %s stopped: %s", execution_id, error, exc_info=is_ours)
        execution = await find(execution_id)
        if execution is not None:
            execution.broken(error)


def _begin(living: Mapping[str, Execution], execution_id: str) -> None:
    execution = living.get(execution_id)  # the engine may have been closed meanwhile
    if execution is None:
        return
    try:
        begin(execution)
    except WorkflowError as error:
        _log.error("Run %s stopped: %s", execution_id, error)
        execution.broken(error)
