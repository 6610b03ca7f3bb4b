"""One step of one execution from its first attempt until it has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from math import inf
from typing import Any, Literal

from engine.actions.context import StepContext
from engine.plan.step import Step
from engine.run.clock import TimerHandle

Stop = Literal["", "timeout", "cancel"]


class Activity:
    """What is known of a started step that has not ended; the execution keeps one for each such step.

    attempt: of the attempt that runs or ran last, from 1. first_started_at, started_at (of the attempt) and
    due_at are epoch seconds; longest_wait_s: how long the wait until due_at was meant to be, after a restart.
    stop: why the running attempt was told to stop, if it was. last_error: of the attempt before.
    is_abandoned: the run went on without it; whatever it still returns is discarded. is_parked: its worker
    does not count as one. form: the schema of what a person is asked, when that is why the step is paused.
    crashes: how often in a row the program died while it ran. is_undecided: paused because nobody can say
    whether its own condition holds.
    """

    # What most steps never set stands here once for all: one of these is made a step.
    params: dict[str, Any] | None = None
    due_at: float | None = None
    longest_wait_s: float = inf
    timer: TimerHandle | None = None
    task: asyncio.Task[Any] | None = None
    context: StepContext | None = None
    started_at: float = 0.0
    crashes: int = 0
    holds_slot: bool = False
    stop: Stop = ""
    last_error: BaseException | None = None
    is_abandoned: bool = False
    is_parked: bool = False
    is_undecided: bool = False
    form: Mapping[str, Any] | None = None
    needed: Sequence[dict[str, Any]] = ()

    def __init__(self, step: Step, attempt: int = 0, first_started_at: float | None = None) -> None:
        self.step = step
        self.attempt = attempt
        self.first_started_at = first_started_at

    def attach(self) -> asyncio.Task[Any]:
        """The current task runs the attempt from now on; a stop that was meant for an earlier one is over."""
        task = asyncio.current_task()
        assert task is not None
        self.task = task
        if self.stop == "timeout":
            self.stop = ""
        return task

    def cancel_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
