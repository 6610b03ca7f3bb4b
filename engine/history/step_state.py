"""Where one step is: what an event makes of it. A fold takes one event of a step after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from engine.history.events import Event
from engine.history.ran import RanEvents
from engine.history.status import StepStatus

UNDOING: Final = frozenset({StepStatus.ROLLING_BACK, StepStatus.ROLLED_BACK, StepStatus.ROLLBACK_FAILED})
"""The statuses of a step that had ended, and is or was to be undone."""


# Not frozen: a run makes two or three of these a step, and freezing triples the cost.
@dataclass(slots=True, kw_only=True)
class StepState:
    """Where one step is; times in epoch seconds (UTC). By convention never changed, only replaced."""

    status: StepStatus = StepStatus.PENDING
    reason: str = ""
    output: Any = None
    error: Mapping[str, Any] | None = None
    attempts: int = 0
    max_attempts: int | None = None
    started_at: float | None = None
    ended_at: float | None = None
    duration_ms: float | None = None
    progress: float | None = None
    progress_text: str = ""
    waiting_until: float | None = None
    missing: tuple[str, ...] = ()
    parameters: Mapping[str, Any] | None = None  # of a step held at a breakpoint, abbreviated
    via: str = ""
    reused_from: Mapping[str, Any] | None = None
    queued: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The step as ``get_workflow_status`` shows it."""
        shown: dict[str, Any] = {
            "status": self.status.value,
            "reason": self.reason,
            "output": self.output,
            "error": dict(self.error) if self.error is not None else None,
            "attempts": self.attempts,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "duration_ms": self.duration_ms,
        }
        if self.status is StepStatus.WAITING:
            shown["waiting_until"] = self.waiting_until
            shown["max_attempts"] = self.max_attempts
        if self.missing:
            shown["missing"] = list(self.missing)
        if self.parameters is not None:
            shown["parameters"] = dict(self.parameters)
        if self.via:
            shown["via"] = self.via
        if self.reused_from is not None:
            shown["reused_from"] = dict(self.reused_from)
        return shown


NOT_RUN = StepState()


def milliseconds(started_at: float | None, ended_at: float | None) -> float | None:
    """The time between two moments in epoch seconds, when both are known."""
    if started_at is None or ended_at is None:
        return None
    return round((ended_at - started_at) * 1000, 3)


def after_run(begun: Event, done: Event) -> StepState:
    """A step that nothing had happened to, after it began and completed."""
    data = done.data
    duration_ms: float | None = data.get("duration_ms")
    return StepState(
        status=StepStatus.COMPLETED,
        output=data.get("output"),
        attempts=max(begun.attempt, done.attempt) or 1,
        started_at=begun.ts,
        ended_at=done.ts,
        duration_ms=duration_ms if duration_ms is not None else milliseconds(begun.ts, done.ts),
        via=data.get("via", ""),
        reused_from=data.get("reused_from"),
    )


def moved(before: StepState, status: StepStatus, event: Event) -> StepState:
    """The step after an event that moved it; what only belongs to the status it left is dropped."""
    data = event.data
    attempts = event.attempt if event.attempt > before.attempts else before.attempts
    if status is StepStatus.RUNNING:
        first = before.started_at is None
        return StepState(
            status=status,
            attempts=attempts or 1,
            max_attempts=before.max_attempts,
            started_at=event.ts if first else before.started_at,
        )
    if status is StepStatus.COMPLETED:
        return StepState(
            status=status,
            output=data.get("output"),
            attempts=attempts,
            max_attempts=before.max_attempts,
            started_at=before.started_at,
            ended_at=event.ts,
            duration_ms=_duration(before, event),
            via=data.get("via", ""),
            error=data.get("error"),
            reused_from=data.get("reused_from"),
        )
    return _moved_aside(before, status, event, attempts)


def _moved_aside(before: StepState, status: StepStatus, event: Event, attempts: int) -> StepState:
    """The step after it failed, was skipped, stopped, paused, set waiting or rolled back."""
    data = event.data
    if status in UNDOING:
        # Its times and its result stay those of the step itself.
        error = data.get("error", before.error)
        return replace(before, status=status, reason=data.get("reason", ""), error=error, queued=False)
    ended = status.is_terminal or status is StepStatus.UNCERTAIN
    return StepState(
        status=status,
        reason=data.get("handling", "") if status is StepStatus.FAILED else data.get("reason", ""),
        output=before.output,
        error=data.get("error", before.error),
        attempts=attempts,
        max_attempts=data.get("max_attempts", before.max_attempts),
        started_at=before.started_at,
        ended_at=event.ts if ended else None,
        duration_ms=_duration(before, event) if ended and before.started_at is not None else None,
        # How far it was says something about a step that was stopped.
        progress=before.progress,
        progress_text=before.progress_text,
        waiting_until=data.get("until") if status is StepStatus.WAITING else None,
        missing=_missing(data) if status is StepStatus.PAUSED else (),
        parameters=data.get("parameters") if status is StepStatus.PAUSED else None,
        via=before.via,
    )


def _duration(before: StepState, event: Event) -> float | None:
    given: float | None = event.data.get("duration_ms")
    return given if given is not None else milliseconds(before.started_at, event.ts)


def _missing(data: Mapping[str, Any]) -> tuple[str, ...]:
    listed = data.get("missing")
    if listed:
        return tuple(listed)
    single = data.get("missing_var")
    return (single,) if single else ()


def ran_at_once(piece: RanEvents) -> StepState:
    """A step that nothing had happened to, after it ran."""
    ran = piece.ran
    return StepState(
        status=StepStatus.COMPLETED,
        output=ran.output,
        attempts=ran.attempt,
        started_at=piece.begun_at,
        ended_at=piece.at,
        duration_ms=ran.duration_ms,
    )
