"""How long the latest runs of a workflow took, read from their journals: the same for every store."""

from __future__ import annotations

from typing import Any, Final

from engine.errors import RunDamaged, StoreError
from engine.history.statistics import RunTimes, times_of
from engine.store.state_manager import ExecutionStateManager

# Reading stops after so many events: figures over fewer runs come at once, those over more come late.
_MOST_EVENTS: Final = 300_000


async def times_of_runs(
    store: ExecutionStateManager, workflow_id: str, *, limit: int = 200
) -> list[RunTimes]:
    """The times of the latest runs of the workflow, newest first; parts of runs are not counted."""
    await store.open()
    await store.commit()
    found: list[RunTimes] = []
    targets: dict[str, dict[str, str]] = {}
    read = 0
    for summary in await store.list_executions(limit=None):
        if summary.workflow_id != workflow_id:
            continue
        if len(found) >= limit or read >= _MOST_EVENTS:
            break
        if summary.definition_hash not in targets:
            targets[summary.definition_hash] = await _targets(store, summary.definition_hash)
        try:
            events = await store.read_events(summary.id)
        except RunDamaged:
            continue  # figures over the others are better than none
        read += len(events)
        if events:
            found.append(times_of(events, targets[summary.definition_hash]))
    return found


async def _targets(store: ExecutionStateManager, definition_hash: str) -> dict[str, str]:
    """The step each connection of a definition leads to; nothing when the store does not have it."""
    try:
        definition: dict[str, Any] = await store.load_definition(definition_hash)
    except StoreError:
        return {}
    return {str(one.get("id")): str(one.get("target")) for one in definition.get("connections", ())}
