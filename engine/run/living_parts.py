"""The parts of a step that live, as one: what they ask for, and how they are told to pause and go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from engine.errors import PartFailed
from engine.history.state import INCIDENT
from engine.history.status import ExecutionStatus
from engine.run.incidents import within

if TYPE_CHECKING:
    from engine.plan.step import Plan
    from engine.run.execution import Execution
    from engine.run.questions import Supplied


class LivingParts:
    """`is_quiet`: while several of them are moved in one go, nothing follows from what each does."""

    def __init__(self, execution: Execution) -> None:
        self.execution = execution
        self.parts: dict[int | None, Execution] = {}
        self.is_quiet = False

    @property
    def is_loading(self) -> bool:
        """Whether the next part is being fetched."""
        return False

    @property
    def is_moving(self) -> bool:
        """Whether something of it is under way, or will be by itself."""
        if self.is_quiet or self.is_loading:
            return True
        return any(part.status is not ExecutionStatus.PAUSED for part in self.parts.values())

    @property
    def is_blocked(self) -> bool:
        """Whether it cannot go on without a person."""
        return bool(self.parts) and not self.is_moving

    def needed(self) -> list[dict[str, Any]]:
        """What its parts ask for, with the way to the part in front of each step and path."""
        found = []
        for part in list(self.parts.values()):
            way = part.id[len(self.execution.id) + 1 :]
            for item in part.steps.needed():
                inner = {**item, "step_id": f"{way}/{item['step_id']}", "path": f"{way}/{item['path']}"}
                found.append(within(way, inner) if item.get(INCIDENT) else inner)
        return found

    def reasons(self) -> set[str]:
        """Why its parts are paused."""
        return {part.reason for part in self.parts.values()}

    def pause(self) -> None:
        """Nothing new starts, in no part."""
        for part in list(self.parts.values()):
            if part.status is ExecutionStatus.RUNNING:
                part.pause()

    def resume(self, supplied: Supplied) -> None:
        """The run goes on, each part with the answers that are its own."""
        for part in list(self.parts.values()):
            if part.status in (ExecutionStatus.PAUSED, ExecutionStatus.PAUSING, ExecutionStatus.RUNNING):
                part.resume(supplied.of(part.id))

    def each_quietly(
        self, do: Callable[[Execution], object], parts: Iterable[Execution] | None = None
    ) -> None:
        """Move some of them, or all, as far as they can be moved; what follows is seen to afterwards."""
        was, self.is_quiet = self.is_quiet, True
        try:
            for part in list(self.parts.values()) if parts is None else parts:
                if not part.status.is_terminal and part.status is not ExecutionStatus.ROLLING_BACK:
                    do(part)
        finally:
            self.is_quiet = was


def are_moving(composites: Mapping[int, LivingParts]) -> bool:
    """Whether a part of any of these steps is under way."""
    return any(composite.is_moving for composite in composites.values())


def part_error(
    execution: Execution,
    plan: Plan,
    part_id: str,
    called: str,
    error: Mapping[str, Any] | None,
    status: ExecutionStatus,
) -> PartFailed:
    """Why a part did not complete, and where; `called` is what a person calls one of many parts."""
    way = part_id[len(execution.id) + 1 :]
    told = error or {"type": "Cancelled", "message": f"it was {status.value.lower().replace('_', ' ')}"}
    where = [called] if called else []
    inner = told.get("where")
    step_id = str(told.get("step_id", ""))
    label = f'"{plan.step(step_id).label if step_id in plan.numbers else step_id}"'
    if isinstance(inner, list) and isinstance(told.get("cause"), Mapping):
        cause, path = told["cause"], f"{way}/{told.get('path', '')}"
        where += [label, *map(str, inner)] if step_id else map(str, inner)
    else:
        cause = {key: value for key, value in told.items() if key != "step_id"}
        path = f"{way}/{step_id}" if step_id else way
        where += [label] if step_id else []
    return PartFailed(cause, path=path, where=where or [plan.workflow.name], execution_id=part_id)
