"""The parts of the tries that a step has had before: after a retry, or when the run was taken up again.

An item that completed is not run again: the new try has a part for it that takes over what the earlier one
gave. It is the same item only if everything that it was given is the same: the steps inside, the inputs, the
value of the item and its number. That holds at every depth: an item that failed begins anew, but what had
completed of a For each within it has a forerunner too, in the part that the new one is in place of.

A part that does begin anew, of any kind, runs no step again that may run at most once and had completed in a
forerunner that was given the same: it is created with the result of that step, and so has it after a crash.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.errors import ExecutionNotFound
from engine.history.events import Event, EventType
from engine.history.status import ExecutionStatus, StepStatus
from engine.model.json_value import Json
from engine.run.composite import AGAIN, SUCCEEDED, prefix_of
from engine.run.recorded import as_taken
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


class Once(NamedTuple):
    """Of a part that begins anew: what it was given, and the results of steps that may not run twice."""

    given: str
    results: Mapping[str, Mapping[str, Any]]


class Before(NamedTuple):
    """What earlier tries of a step left, by the numbers of parts; in `once` the latest try first."""

    whole: Mapping[int, EarlierPart]
    once: Mapping[int | None, Sequence[Once]]

    def kept(self, number: int | None, given: str) -> dict[str, Mapping[str, Any]]:
        """The results that a part which is given this takes, by the steps' ids."""
        found: dict[str, Mapping[str, Any]] = {}
        for each in reversed(self.once.get(number, ())):
            if each.given == given:
                found.update(each.results)
        return found


NOTHING_BEFORE = Before({}, {})


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


def may_have_left(composite: Composite) -> bool:
    """Whether there may be anything of earlier tries that this one takes."""
    if AGAIN not in composite.prefix:
        return False
    return composite.body.kind == "for_each" or bool(_once_steps(composite))


async def left_before(store: ExecutionStateManager, composite: Composite) -> Before:
    """What completed before this try and is not to run again: items, and steps that may run at most once.

    Nothing when the try before had nothing to complain of: who asks for another means all of it.
    """
    whole: dict[int, EarlierPart] = {}
    once: dict[int | None, list[Once]] = {}
    has_items, steps = composite.body.kind == "for_each", _once_steps(composite)
    for prefix in await prefixes_before(store, composite):
        for part in await store.parts_of(prefix, created=True):
            number, origin, given = part.number, part.taken_from or part.id, part.created or {}
            if number in whole:
                continue
            if has_items and number is not None and await _is_whole(store, part):
                whole[number] = EarlierPart(origin, given_to(given), part.status, part.output)
            elif steps and (results := await _results(store, origin, steps)):
                once.setdefault(number, []).append(Once(given_to(given), results))
    return Before(whole, once)


def _once_steps(composite: Composite) -> list[str]:
    return [step.id for step in composite.body.plan.steps if step.at_most_once]


async def _results(
    store: ExecutionStateManager, part_id: str, steps: Iterable[str]
) -> dict[str, Mapping[str, Any]]:
    """What those of the steps gave that completed in the part and still hold."""
    state = await store.load_state(part_id)
    known = {step_id: state.steps.get(step_id) for step_id in steps}
    return {
        step_id: as_taken(part_id, step)
        for step_id, step in known.items()
        if step is not None and step.status is StepStatus.COMPLETED
    }


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
