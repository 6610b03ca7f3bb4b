"""The run on screen as a value: what toolbar, banner and status bar are a function of. No Qt here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from designer.execution.batch import RunBatch
from engine.history.state import INCIDENT
from engine.history.status import ExecutionStatus

_STEPPABLE = frozenset({ExecutionStatus.RUNNING, ExecutionStatus.PAUSING, ExecutionStatus.PAUSED})
_PAUSABLE = frozenset({ExecutionStatus.PENDING, ExecutionStatus.RUNNING})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run as the window shows it; `status` is None when nothing has run yet.

    `is_starting` covers the time between pressing Run and the first word from the engine; `is_stopping` is
    set by the first Stop, so that the second can mean now.
    """

    execution_id: str | None = None
    workflow_name: str = ""
    status: ExecutionStatus | None = None
    reason: str = ""
    needed: Sequence[Mapping[str, Any]] = ()
    done: int = 0
    total: int = 0
    active_s: float = 0.0
    running_since: float | None = None
    error: Mapping[str, Any] | None = None
    is_starting: bool = False
    is_stopping: bool = False

    @property
    def is_active(self) -> bool:
        """The run has not ended: it starts, runs, pauses or stands paused."""
        return self.is_starting or (self.status is not None and not self.status.is_terminal)

    @property
    def is_paused(self) -> bool:
        return self.status is ExecutionStatus.PAUSED

    @property
    def needs_person(self) -> bool:
        """Somebody has to answer before everything can go on."""
        return self.is_active and bool(self.needed)

    @property
    def questions(self) -> Sequence[Mapping[str, Any]]:
        """What steps ask: values, and answers to forms."""
        return [item for item in self.needed if not item.get(INCIDENT)]

    @property
    def incidents(self) -> Sequence[Mapping[str, Any]]:
        """Conditions that nobody could evaluate, and that wait to be repaired."""
        return [item for item in self.needed if item.get(INCIDENT)] if self.is_active else []

    @property
    def can_step(self) -> bool:
        """Whether a step can be let begin: the first of a new run, or the next one."""
        return not self.is_active or (self.execution_id is not None and self.status in _STEPPABLE)

    @property
    def can_pause(self) -> bool:
        return self.status in _PAUSABLE and not self.is_starting

    @property
    def can_run(self) -> bool:
        """Run starts a new run, or takes a paused one up again."""
        return not self.is_active or self.is_paused

    def elapsed_s(self, now: float) -> float:
        """Seconds of running without the pauses, at `now` (epoch seconds)."""
        running = max(0.0, now - self.running_since) if self.running_since is not None else 0.0
        return self.active_s + running

    @classmethod
    def of(cls, batch: RunBatch, *, nodes: int, is_stopping: bool) -> RunView:
        """The view after a batch; `nodes` is how many steps the drawing has."""
        return cls(
            execution_id=batch.execution_id,
            workflow_name=batch.workflow_name,
            status=batch.status,
            reason=batch.reason,
            needed=batch.needed,
            done=batch.done,
            total=max(batch.total, nodes) - batch.left_out,
            active_s=batch.active_s,
            running_since=batch.running_since,
            error=batch.error,
            is_stopping=is_stopping and not batch.status.is_terminal,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What one paused step waits for; `needed` lists its values: step_id, path, name, schema, title...

    typed: what was given when it was asked before and refused, to be filled in again.
    """

    execution_id: str
    step_id: str
    reason: str
    needed: Sequence[Mapping[str, Any]]
    typed: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def is_form(self) -> bool:
        """The step asks with a form of its own; its answers become the step's output."""
        return any(item.get("form") for item in self.needed)

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(str(item.get("path", "")) for item in self.needed)


def questions_of(view: RunView) -> list[Question]:
    """The open questions of a run, one for each step that waits, in the engine's order."""
    if view.execution_id is None or not view.is_active:
        return []
    by_step: dict[str, list[Mapping[str, Any]]] = {}
    for item in view.questions:
        by_step.setdefault(str(item.get("step_id", "")), []).append(item)
    return [
        Question(execution_id=view.execution_id, step_id=step_id, reason=view.reason, needed=tuple(items))
        for step_id, items in by_step.items()
    ]
