"""The parts of a run's steps, as `show` prints them: indented below the step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from engine.cli.words import error_words, glyph, seconds, shorten, step_words
from engine.files import codec
from engine.history.state import ExecutionState
from engine.history.status import ExecutionStatus, StepStatus
from engine.history.step_state import milliseconds
from engine.model.embedded import is_composite

if TYPE_CHECKING:
    from engine.store.state_manager import ExecutionStateManager

MAX_DETAILED: Final = 10
"""So many parts of one step are shown with their steps; of the others those that need a look."""
_AS_STEP: Final[Mapping[ExecutionStatus, StepStatus]] = {
    ExecutionStatus.PENDING: StepStatus.PENDING,
    ExecutionStatus.PAUSED: StepStatus.PAUSED,
    ExecutionStatus.COMPLETED: StepStatus.COMPLETED,
    ExecutionStatus.COMPLETED_WITH_ERRORS: StepStatus.COMPLETED,
    ExecutionStatus.FAILED: StepStatus.FAILED,
    ExecutionStatus.QUARANTINED: StepStatus.FAILED,
    ExecutionStatus.CANCELLED: StepStatus.CANCELLED,
    ExecutionStatus.ROLLING_BACK: StepStatus.ROLLING_BACK,
    ExecutionStatus.ROLLED_BACK: StepStatus.ROLLED_BACK,
    ExecutionStatus.ROLLBACK_FAILED: StepStatus.ROLLBACK_FAILED,
}


async def step_lines(
    manager: ExecutionStateManager, state: ExecutionState, *, unicode: bool, depth: int = 0
) -> list[str]:
    """A line for each step of the run, and below it those of its parts."""
    composites = await _composites(manager, state)
    lines: list[str] = []
    for step_id, step in state.steps.items():
        words = shorten(step_words(step))
        lines.append(_line(depth, glyph(step.status, unicode=unicode), step_id, words, step.duration_ms))
        if step_id in composites:
            lines += await _part_lines(manager, state.id, step_id, unicode=unicode, depth=depth + 1)
    return lines


async def parts_json(manager: ExecutionStateManager, state: ExecutionState) -> dict[str, Any]:
    """The parts of each step that has some: their ids, where they stand, and why they failed."""
    from engine.run.earlier_parts import latest_parts

    told: dict[str, Any] = {}
    for step_id in await _composites(manager, state):
        parts = await latest_parts(manager, state.id, step_id)
        told[step_id] = [
            {"execution_id": part.id, "status": part.status.value, "error": part.error} for part in parts
        ]
    return told


async def _part_lines(
    manager: ExecutionStateManager, execution_id: str, step_id: str, *, unicode: bool, depth: int
) -> list[str]:
    from engine.run.earlier_parts import latest_parts

    parts = await latest_parts(manager, execution_id, step_id)
    detailed = [part for part in parts if len(parts) <= MAX_DETAILED or part.status not in _WELL]
    lines: list[str] = []
    for part in detailed[:MAX_DETAILED]:
        inner = await manager.load_state(part.id)
        below = depth
        if part.number is not None:
            words = error_words(part.error) if part.error else part.status.value.lower().replace("_", " ")
            mark = glyph(_AS_STEP.get(part.status, StepStatus.RUNNING), unicode=unicode)
            took = milliseconds(inner.started_at, inner.ended_at)
            lines.append(_line(depth, mark, str(part.number), shorten(words), took))
            below = depth + 1
        lines += await step_lines(manager, inner, unicode=unicode, depth=below)
    left = len(parts) - min(len(detailed), MAX_DETAILED)
    if left:
        lines.append(f"{'  ' * depth}{'…' if unicode else '...'} and {left:,} more")
    return lines


async def _composites(manager: ExecutionStateManager, state: ExecutionState) -> list[str]:
    """The steps of the run that have parts, in the order of the file."""
    workflow = codec.decode(await manager.load_definition(state.definition_hash))
    return [node.id for node in workflow.nodes.values() if is_composite(node)]


def _line(depth: int, mark: str, name: str, words: str, took_ms: float | None) -> str:
    took = f"  {seconds(took_ms / 1000)}" if took_ms is not None else ""
    return f"{'  ' * depth}{mark} {name:<{max(1, 24 - 2 * depth)}}  {words}{took}"


_WELL = (ExecutionStatus.COMPLETED, ExecutionStatus.COMPLETED_WITH_ERRORS, ExecutionStatus.CANCELLED)
