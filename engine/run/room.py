"""When there is no room for what a step gives: its result waits, or its action runs again; nothing fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.errors import AnswerNotKept, StorageRefused
from engine.run.activity import Activity
from engine.run.questions import Supplied
from engine.store.artifacts import ArtifactStore, write

if TYPE_CHECKING:
    from engine.run.dispatcher import Dispatcher
    from engine.run.execution import Execution


def find_place_for(artifacts: ArtifactStore, supplied: Supplied) -> None:
    """Keep large answers to forms before anything of them is recorded; raises AnswerNotKept if one cannot be.

    Recorded, an answer is written once more, and found to be there.
    """
    for each in (supplied, *supplied.parts.values()):
        for answer in each.forms.values():
            try:
                write(artifacts, {"output": answer, "duration_ms": 0.0, "via": "person"}, "output")
            except StorageRefused as error:
                raise AnswerNotKept(
                    f"The answer could not be kept: {error.message}",
                    hint=f"{error.hint} The question stays open.",
                ) from error


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
    if execution.secrets.masks:
        output = execution.secrets.mask(output)
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
