"""When there is no room for what a step gives: its result waits, or its action runs again; nothing fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.errors import StorageRefused
from engine.run.activity import Activity

if TYPE_CHECKING:
    from engine.run.dispatcher import Dispatcher
    from engine.run.execution import Execution


async def record_end(
    dispatcher: Dispatcher,
    execution: Execution,
    activity: Activity,
    output: Any,
    *,
    duration_ms: float = 0.0,
    via: str = "",
    more: Mapping[str, Any] | None = None,
) -> None:
    """The step has its result. A large one for which there is no place waits, in memory, until there is."""
    while True:
        try:
            execution.steps.complete(activity, output, duration_ms=duration_ms, via=via, more=more)
        except StorageRefused as error:
            await dispatcher.held_up(error)
        else:
            return


async def run_again_with_room(
    dispatcher: Dispatcher, execution: Execution, activity: Activity, error: StorageRefused
) -> None:
    """The action had nowhere to keep its result: as after a crash, it runs again as the same attempt."""
    await dispatcher.held_up(error)
    activity.attempt -= 1
    activity.first_started_at = None  # the time without room is not the step's
    execution.steps.running.discard(activity.step.index)
    execution.make_ready([activity.step.index])
