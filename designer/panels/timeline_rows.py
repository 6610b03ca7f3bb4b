"""When each step of a run ran, attempt by attempt: the events of the run, folded for drawing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from designer.panels.log_lines import error_message
from engine.history.events import STATUS_OF_STEP_EVENT, Event, EventType
from engine.history.status import StepStatus

_ENDS = frozenset(
    {
        StepStatus.COMPLETED,
        StepStatus.FAILED,
        StepStatus.SKIPPED,
        StepStatus.CANCELLED,
        StepStatus.UNCERTAIN,
        StepStatus.ROLLED_BACK,
        StepStatus.ROLLBACK_FAILED,
    }
)


@dataclass(slots=True, kw_only=True)
class Segment:
    """A stretch of time in one status; `end` is None while it lasts."""

    status: StepStatus
    attempt: int
    start: float
    end: float | None = None


@dataclass(slots=True, kw_only=True)
class TimelineRow:
    """One step, in the order in which the steps of the run first did something."""

    step_id: str
    status: StepStatus
    segments: list[Segment] = field(default_factory=list)
    attempts: int = 0
    error: str = ""

    @property
    def started_at(self) -> float | None:
        return self.segments[0].start if self.segments else None

    def running_s(self, now: float) -> float:
        """How long the step was at work, waiting and pauses apart."""
        return sum(
            (segment.end if segment.end is not None else now) - segment.start
            for segment in self.segments
            if segment.status not in (StepStatus.WAITING, StepStatus.PAUSED)
        )


class TimelineRows:
    """The rows of one run. Feeding all its events gives the same rows as feeding them live."""

    def __init__(self) -> None:
        self.rows: list[TimelineRow] = []
        self._row_of: dict[str, int] = {}
        self.started_at: float | None = None
        self._growing = 0  # rows whose last segment has no end yet
        self._latest = 0.0  # the latest time that any segment starts or ends at

    @property
    def is_live(self) -> bool:
        """True while a bar grows."""
        return self._growing > 0

    def end(self, now: float) -> float:
        """The right edge: the end of the last segment, or now while one lasts; O(1), as paints ask for it."""
        if self._growing:
            return max(now, self._latest)
        return self._latest if self.rows else (self.started_at or now)

    def unknown_steps(self, events: Iterable[Event]) -> int:
        """How many rows `apply` would add for these events."""
        return len(
            {
                event.step_id
                for event in events
                if event.type in STATUS_OF_STEP_EVENT
                and event.step_id is not None
                and event.step_id not in self._row_of
                and not _is_left_out(event)
            }
        )

    def apply(self, events: Iterable[Event]) -> set[int]:
        """Take in some events; the numbers of the rows that changed."""
        changed: set[int] = set()
        for event in events:
            if event.type is EventType.EXECUTION_STARTED:
                self.started_at = event.ts
            elif event.type is EventType.EXECUTION_RESTARTED:
                changed |= self._take_back(event.data["steps"])
            status = STATUS_OF_STEP_EVENT.get(event.type)
            if status is not None and event.step_id is not None and not _is_left_out(event):
                changed.add(self._move(event.step_id, status, event))
        return changed

    def _take_back(self, step_ids: Iterable[str]) -> set[int]:
        """A run is taken up again: what these steps came to stays as bars, and says no more than that."""
        numbers = {self._row_of[step_id] for step_id in step_ids if step_id in self._row_of}
        for number in numbers:
            self.rows[number].status, self.rows[number].error = StepStatus.PENDING, ""
        return numbers

    def _move(self, step_id: str, status: StepStatus, event: Event) -> int:
        number = self._row_of.get(step_id)
        if number is None:
            number = self._row_of[step_id] = len(self.rows)
            self.rows.append(TimelineRow(step_id=step_id, status=status))
        row = self.rows[number]
        if status is StepStatus.WAITING and event.data.get("reason") == "child":
            status = StepStatus.RUNNING  # its own steps are at work
        row.status = status
        row.attempts = max(row.attempts, event.attempt)
        row.error = error_message(event.data.get("error")) or row.error
        self.started_at = event.ts if self.started_at is None else self.started_at
        self._latest = max(self._latest, event.ts)
        if row.segments and row.segments[-1].end is None:
            self._growing -= 1
            last = row.segments[-1]
            last.end = max(event.ts, last.start)
            # What an attempt came to is known only now; waiting and pausing stay what they were.
            if last.status is StepStatus.RUNNING:
                failed = status is StepStatus.WAITING and event.data.get("error")
                last.status = StepStatus.FAILED if failed else status if status in _ENDS else last.status
        elif status in _ENDS:
            row.segments.append(Segment(status=status, attempt=event.attempt, start=event.ts, end=event.ts))
        if status not in _ENDS:
            row.segments.append(Segment(status=status, attempt=event.attempt, start=event.ts))
            self._growing += 1
        return number


def _is_left_out(event: Event) -> bool:
    """Who runs one step of a hundred does not want a row for each of the others."""
    return event.data.get("reason") == "not_selected"
