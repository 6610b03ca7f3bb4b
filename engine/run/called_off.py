"""A part of a step that is cancelled for itself: a run that only waited for an answer to it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.history.events import EventType
from engine.history.state import INCIDENT
from engine.history.status import ExecutionStatus

if TYPE_CHECKING:
    from engine.run.composite import Composite
    from engine.run.execution import Execution

_ASKS = frozenset({"missing_input", "form", INCIDENT})


def go_on_without(composite: Composite) -> None:
    """One of the parts was cancelled: what can follow from that does, unless a person holds the run.

    What others ask stays asked; when nothing else can go on the run is PAUSED for it again.
    """
    levels: list[Execution] = [composite.execution]
    while (owner := levels[-1].owner) is not None:
        levels.append(owner.execution)
    paused = [level for level in levels if level.status is ExecutionStatus.PAUSED]
    if not paused or any(level.reason not in _ASKS for level in paused) or not _can_go_on(composite):
        return
    for level in reversed(paused):
        level.move(EventType.EXECUTION_RESUMED)
        held, level.held = level.held, []
        level.make_ready(held)
    composite.fill()
    for level in paused:
        level.advance()


def _can_go_on(composite: Composite) -> bool:
    parent = composite.execution
    return bool(parent.ready or parent.held) or (
        not composite.is_over and len(composite.parts) < composite.limit and composite.has_more()
    )
