"""The parts of the tries that a step has had before: after a retry, or when the run was taken up again.

An item that completed is not run again: the new try has a part for it that takes over what the earlier one
gave. It is the same item only if everything that it was given is the same: the steps inside, the inputs, the
value of the item and its number. That holds at every depth: an item that failed begins anew, but what had
completed of a For each within it has a forerunner too, in the part that the new one is in place of.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.errors import ExecutionNotFound
from engine.history.events import Event, EventType
from engine.history.status import ExecutionStatus
from engine.model.json_value import Json
from engine.run.composite import AGAIN, SUCCEEDED, prefix_of
from engine.store.json_text import encode
from engine.store.state_manager import TAKEN_FROM, ExecutionStateManager, PartSummary

if TYPE_CHECKING:
    from engine.run.composite import Composite
    from engine.run.execution import Execution

TAKEN_OVER = "taken_over"
"""The reason of a part that did not run: it has the result of an earlier one."""
_ENDS = {
    ExecutionStatus.COMPLETED: EventType.EXECUTION_COMPLETED,
    ExecutionStatus.COMPLETED_WITH_ERRORS: EventType.EXECUTION_COMPLETED_WITH_ERRORS,
}


class Try(NamedTuple):
    """One go of a step that has parts; is_done: nothing of it failed, whatever came of the run.

    with_errors: something inside failed, and was dealt with there.
    """

    epoch: int
    attempt: int
    is_done: bool = False
    with_errors: bool = False


class EarlierPart(NamedTuple):
    """A part that completed: what it was given, as a hash, how it ended and what it gave, as journaled."""

    id: str
    given: str
    status: ExecutionStatus
    output: Json


def tries_of(events: Iterable[Event], step_id: str) -> list[Try]:
    """The tries of a step by the journal of its run, oldest first."""
    epoch, tries = 1, list[Try]()
    for event in events:
        if event.type is EventType.EXECUTION_RESTARTED:
            epoch = event.data["epoch"]
        elif event.step_id != step_id:
            continue
        elif event.type is EventType.STEP_WAITING and event.data.get("reason") == "child":
            tries.append(Try(epoch, event.attempt))
        elif event.type is EventType.STEP_COMPLETED and tries and "error" not in event.data:
            tries[-1] = tries[-1]._replace(is_done=True, with_errors="with_errors" in event.data)
    return tries


async def all_parts(store: ExecutionStateManager, execution_id: str, step_id: str) -> list[PartSummary]:
    """The parts of every try of the step, oldest first."""
    found: list[PartSummary] = []
    for each in tries_of(await store.read_events(execution_id), step_id):
        found += await store.parts_of(prefix_of(execution_id, each.epoch, step_id, each.attempt))
    return found


async def latest_parts(store: ExecutionStateManager, execution_id: str, step_id: str) -> list[PartSummary]:
    """The parts of the last try of the step, for whoever looks at them.

    One that took over a result has the id of the part that really ran.
    """
    tries = tries_of(await store.read_events(execution_id), step_id)
    if not tries:
        return []
    found = await store.parts_of(prefix_of(execution_id, tries[-1].epoch, step_id, tries[-1].attempt))
    return [part._replace(id=part.taken_from or part.id) for part in found]


async def completed_before(store: ExecutionStateManager, composite: Composite) -> dict[int, EarlierPart]:
    """The items that completed before this try, by their numbers.

    None when the try before had nothing to complain of: who asks for another means all of it.
    """
    found: dict[int, EarlierPart] = {}
    for prefix in await prefixes_before(store, composite):
        for part in await store.parts_of(prefix, created=True):
            if part.number is not None and part.number not in found and await _is_whole(store, part):
                origin = part.taken_from or part.id
                found[part.number] = EarlierPart(
                    origin, given_to(part.created or {}), part.status, part.output
                )
    return found


async def prefixes_before(store: ExecutionStateManager, composite: Composite) -> list[str]:
    """How the ids of the parts of earlier tries begin, the latest try first.

    Those of the step itself; and where it stands in a part that is made once more, those of the same step in
    the parts before that one.
    """
    if composite.before is None:
        composite.before = [prefix async for prefix in _prefixes(store, composite)]
    return composite.before


async def _prefixes(store: ExecutionStateManager, composite: Composite) -> AsyncIterator[str]:
    if AGAIN not in composite.prefix:
        return
    execution, step_id = composite.execution, composite.activity.step.id
    this = (execution.epoch, composite.activity.attempt)
    for each in reversed(tries_of(await store.read_events(execution.id), step_id)):
        if each[:2] < this:
            prefix = prefix_of(execution.id, each.epoch, step_id, each.attempt)
            if each.is_done and not (each.with_errors and await _lacks_items(store, prefix)):
                return
            yield prefix
    for prefix in await prefixes_before(store, execution.owner) if execution.owner is not None else ():
        before = prefix if execution.number is None else f"{prefix}/{execution.number}"
        try:
            events = await store.read_events(before)
        except ExecutionNotFound:
            continue  # that try did not come as far as this item
        for each in reversed(tries_of(events, step_id)):
            yield prefix_of(before, each.epoch, step_id, each.attempt)


async def _is_whole(store: ExecutionStateManager, part: PartSummary) -> bool:
    """Whether the part completed, and every item within it; what else failed in it was dealt with."""
    if part.status is not ExecutionStatus.COMPLETED_WITH_ERRORS:
        return part.status in SUCCEEDED
    origin = part.taken_from or part.id
    events = await store.read_events(origin)
    for event in events:
        if event.type is EventType.STEP_COMPLETED and "with_errors" in event.data:
            step_id = event.step_id or ""
            last = tries_of(events, step_id)[-1]
            if not last.is_done or await _lacks_items(
                store, prefix_of(origin, last.epoch, step_id, last.attempt)
            ):
                return False
    return True


async def _lacks_items(store: ExecutionStateManager, prefix: str) -> bool:
    return not all([await _is_whole(store, part) for part in await store.parts_of(prefix)])


def given_to(created: Mapping[str, Any]) -> str:
    """A hash of all that what a part does can depend on; by what its creation holds."""
    named = [created.get(name) for name in ("definition_hash", "input_data", "secret_inputs", "scope")]
    return hashlib.sha256(encode(named).encode()).hexdigest()


def take_over(part: Execution, earlier: EarlierPart) -> None:
    """The part ends at once, with what the earlier one gave."""
    part.move(EventType.EXECUTION_STARTED)
    part.output = earlier.output
    data = {"output": earlier.output, "reason": TAKEN_OVER, TAKEN_FROM: earlier.id}
    # Its text is given: the output is as it stands in the journal, and is not to be packed once more.
    part.move(_ENDS[earlier.status], data, encode(data))
