"""How often a workflow ran, how it ended and how long it took: figures over the journals of its runs. Pure.

The views of the database (store/schema/010_undone.sql) give the same figures to whoever asks in SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import ceil
from typing import Any, Final

from engine.history.events import STATUS_OF_EXECUTION_EVENT, STATUS_OF_STEP_EVENT, Event, EventType
from engine.history.status import ExecutionStatus, StepStatus

_SUCCEEDED: Final = frozenset({ExecutionStatus.COMPLETED, ExecutionStatus.COMPLETED_WITH_ERRORS})
_FAILED: Final = frozenset({ExecutionStatus.FAILED, ExecutionStatus.QUARANTINED})
_UNDONE: Final = frozenset({ExecutionStatus.ROLLED_BACK, ExecutionStatus.ROLLBACK_FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTimes:
    """One step of one run; milliseconds.

    retries: attempts beyond the first, each time it was run. queue_ms: from when it could run until it did;
    None when it did not run, or its result was taken instead.
    """

    step_id: str
    status: StepStatus
    retries: int
    active_ms: float
    waiting_ms: float
    queue_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTimes:
    """One run; milliseconds. Waiting is the time it was paused.

    status: of a run that was undone, how it had ended before. duration_ms: from its begin to its end, if it
    has ended. queue_ms: from its creation until its first step ran, if one did.
    """

    definition_hash: str
    status: ExecutionStatus
    created_at: float
    active_ms: float
    waiting_ms: float
    duration_ms: float | None = None
    queue_ms: float | None = None
    steps: tuple[StepTimes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The median, and what 95 of 100 stay below (nearest rank); None where there is nothing."""

    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatistics:
    """Runs of one version of a workflow, or of all (`definition_hash` empty); the spreads are in ms.

    success_rate: of those that came to an end by themselves. The spreads are those of runs that ended, that
    of the queue of runs that began. retries: of all their steps.
    """

    definition_hash: str
    runs: int
    completed: int
    completed_with_errors: int
    failed: int
    cancelled: int
    unfinished: int
    success_rate: float | None
    retries: int
    duration_ms: Spread
    active_ms: Spread
    waiting_ms: Spread
    queue_ms: Spread
    last_run_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStatistics:
    """One step over those runs; the spreads are in ms, and of the runs in which it ran."""

    step_id: str
    runs: int
    completed: int
    failed: int
    skipped: int
    success_rate: float | None
    retries: int
    active_ms: Spread
    waiting_ms: Spread
    queue_ms: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowStatistics:
    """All about the latest runs of a workflow: together, by version (newest first), and by step."""

    workflow_id: str
    total: RunStatistics
    versions: tuple[RunStatistics, ...]
    steps: tuple[StepStatistics, ...]

    def to_json(self) -> dict[str, Any]:
        """The same as plain JSON."""
        return asdict(self)


def statistics(workflow_id: str, runs: Sequence[RunTimes], version: str = "") -> WorkflowStatistics:
    """The figures of these runs, newest first; with a version (its definition's hash) of those only."""
    chosen = [run for run in runs if run.definition_hash == version] if version else list(runs)
    hashes = list(dict.fromkeys(run.definition_hash for run in chosen))
    by_step: dict[str, list[StepTimes]] = {}
    for run in chosen:
        for step in run.steps:
            by_step.setdefault(step.step_id, []).append(step)
    return WorkflowStatistics(
        workflow_id=workflow_id,
        total=_of_runs(version, chosen),
        versions=tuple(
            _of_runs(one, [run for run in chosen if run.definition_hash == one]) for one in hashes
        ),
        steps=tuple(_of_step(step_id, times) for step_id, times in by_step.items()),
    )


def spread(values: Iterable[float]) -> Spread:
    """Median and 95th percentile by nearest rank."""
    ranked = sorted(values)
    if not ranked:
        return Spread(p50=None, p95=None)
    return Spread(p50=ranked[ceil(len(ranked) * 0.5) - 1], p95=ranked[ceil(len(ranked) * 0.95) - 1])


def _of_runs(definition_hash: str, runs: Sequence[RunTimes]) -> RunStatistics:
    ended = [run for run in runs if run.status.is_terminal]
    good = sum(run.status in _SUCCEEDED for run in runs)
    bad = sum(run.status in _FAILED for run in runs)
    return RunStatistics(
        definition_hash=definition_hash,
        runs=len(runs),
        completed=sum(run.status is ExecutionStatus.COMPLETED for run in runs),
        completed_with_errors=sum(run.status is ExecutionStatus.COMPLETED_WITH_ERRORS for run in runs),
        failed=bad,
        cancelled=sum(run.status is ExecutionStatus.CANCELLED for run in runs),
        unfinished=len(runs) - len(ended),
        success_rate=good / (good + bad) if good + bad else None,
        retries=sum(step.retries for run in runs for step in run.steps),
        duration_ms=spread(run.duration_ms for run in runs if run.duration_ms is not None),
        active_ms=spread(run.active_ms for run in ended),
        waiting_ms=spread(run.waiting_ms for run in ended),
        queue_ms=spread(run.queue_ms for run in runs if run.queue_ms is not None),
        last_run_at=max((run.created_at for run in runs), default=None),
    )


def _of_step(step_id: str, times: Sequence[StepTimes]) -> StepStatistics:
    completed = sum(one.status is StepStatus.COMPLETED for one in times)
    failed = sum(one.status is StepStatus.FAILED for one in times)
    ran = [one for one in times if one.queue_ms is not None]
    return StepStatistics(
        step_id=step_id,
        runs=len(times),
        completed=completed,
        failed=failed,
        skipped=sum(one.status is StepStatus.SKIPPED for one in times),
        success_rate=completed / (completed + failed) if completed + failed else None,
        retries=sum(one.retries for one in times),
        active_ms=spread(one.active_ms for one in ran),
        waiting_ms=spread(one.waiting_ms for one in ran),
        queue_ms=spread(one.queue_ms or 0.0 for one in ran),
    )


_ACTIVE: Final = frozenset(
    {
        EventType.EXECUTION_STARTED,
        EventType.EXECUTION_PAUSING,
        EventType.EXECUTION_RESUMED,
        EventType.EXECUTION_CANCELLING,
        EventType.EXECUTION_ROLLING_BACK,
        EventType.EXECUTION_RESTARTED,
    }
)
_NOT_RUN: Final = frozenset({"reused", "pinned", "passthrough"})
"""Where a result comes from that a step has without having run."""
_WAITS: Final = frozenset({EventType.STEP_WAITING, EventType.STEP_PAUSED})


def times_of(events: Sequence[Event], targets: Mapping[str, str]) -> RunTimes:
    """The times of one run by its journal; `targets`: the step each connection leads to, by its id.

    A step could run when the last decision about a connection to it had fallen, or the run had begun.
    """
    moves = [event for event in events if event.type in STATUS_OF_EXECUTION_EVENT]
    by_step: dict[str, list[Event]] = {}
    ready: dict[str, float] = {}
    queued: dict[str, float] = {}
    begun = 0.0
    first_ran: float | None = None
    for event in events:
        if event.type is EventType.EXECUTION_STARTED:
            begun = event.ts
        elif event.type is EventType.CONNECTION_RESOLVED:
            target = targets.get(event.data["connection_id"], "")
            if target not in queued:
                ready[target] = event.ts
        elif event.step_id is not None and event.type in STATUS_OF_STEP_EVENT:
            by_step.setdefault(event.step_id, []).append(event)
            if event.type is EventType.STEP_RUNNING and event.step_id not in queued:
                queued[event.step_id] = event.ts - max(begun, ready.get(event.step_id, 0.0))
                first_ran = event.ts if first_ran is None else first_ran
    for step_id, moved in by_step.items():
        if moved[-1].data.get("via") in _NOT_RUN:
            queued.pop(step_id, None)
    created = events[0]
    status = STATUS_OF_EXECUTION_EVENT[moves[-1].type] if moves else ExecutionStatus.PENDING
    return RunTimes(
        definition_hash=created.data.get("definition_hash", ""),
        status=_before_undone(moves) if status in _UNDONE else status,
        created_at=created.ts,
        active_ms=_between(moves, lambda event, _: event.type in _ACTIVE),
        waiting_ms=_between(moves, lambda event, _: event.type is EventType.EXECUTION_PAUSED),
        duration_ms=_ms(moves[-1].ts - begun) if begun and status.is_terminal else None,
        queue_ms=_ms(first_ran - created.ts) if first_ran is not None else None,
        steps=tuple(
            StepTimes(
                step_id=step_id,
                status=STATUS_OF_STEP_EVENT[moved[-1].type],
                retries=_retries(moved),
                active_ms=_between(moved, _is_at_work),
                waiting_ms=_between(moved, lambda event, _: event.type in _WAITS),
                queue_ms=_ms(queued[step_id]) if step_id in queued else None,
            )
            for step_id, moved in by_step.items()
        ),
    )


def _before_undone(moves: Sequence[Event]) -> ExecutionStatus:
    """How a run ended that has been undone since."""
    statuses = (STATUS_OF_EXECUTION_EVENT[event.type] for event in reversed(moves))
    before = next(status for status in statuses if status not in _UNDONE | {ExecutionStatus.ROLLING_BACK})
    if before in (ExecutionStatus.CANCELLING, ExecutionStatus.CANCELLED):
        return ExecutionStatus.CANCELLED
    return before if before in _SUCCEEDED else ExecutionStatus.FAILED


def _retries(moved: Iterable[Event]) -> int:
    """Attempts with a higher number than the one before; a run that is taken up again counts from 1 anew."""
    begun = [event.attempt for event in moved if event.type is EventType.STEP_RUNNING]
    return sum(after > before for before, after in pairwise(begun))


def _is_at_work(event: Event, following: Event) -> bool:
    # A try that a crash cut off took nobody knows how long.
    return event.type is EventType.STEP_RUNNING and following.type is not EventType.STEP_RUNNING


def _between(events: Sequence[Event], counts: Callable[[Event, Event], bool]) -> float:
    pairs = pairwise(events)
    return _ms(sum(after.ts - before.ts for before, after in pairs if counts(before, after)))


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
