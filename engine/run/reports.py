"""What a running action may know, and what it says, from whatever thread: lines of log, and progress."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.actions.context import Artifacts, StepContext, StepReports
from engine.backends.process import run_in_process
from engine.history.events import EventType
from engine.model.json_value import Json
from engine.run.activity import Activity

if TYPE_CHECKING:
    from engine.run.execution import Execution

Sleep = Callable[["Execution", Activity, float], Awaitable[None]]
MAX_UNSENT_LINES = 1_000

# Held for an append or a swap; a lock for every attempt would cost more than it saves.
_REPORTED = threading.Lock()


class Reports:
    """One attempt's way out; only the last progress counts, and a flood of lines loses its oldest.

    Lossy by design: a tight loop in a thread may report a million times, the engine hears of it once a
    turn of its loop.
    """

    _lines: list[Mapping[str, Any]] | None = None
    _progress: Mapping[str, Any] | None = None

    def __init__(self, execution: Execution, activity: Activity, sleep: Sleep) -> None:
        self._execution = execution
        self._activity = activity
        self._sleep = sleep

    def log(self, text: str, level: str) -> None:
        self._say({"text": text, "level": level}, None)

    def progress(self, fraction: float, text: str) -> None:
        self._say(None, {"fraction": fraction, "text": text})

    async def sleep(self, seconds: float) -> None:
        await self._sleep(self._execution, self._activity, seconds)

    async def run_in_process(self, target: str, payload: Json, path: Sequence[str], cwd: Path | None) -> Any:
        return await run_in_process(
            target, payload, path=path, cwd=cwd, on_line=lambda line: self.log(line, "info")
        )

    def _say(self, line: Mapping[str, Any] | None, progress: Mapping[str, Any] | None) -> None:
        task = self._activity.task
        with _REPORTED:
            is_first = self._lines is None
            lines = self._lines = self._lines if self._lines is not None else []
            if line is not None:
                lines.append(line)
                del lines[:-MAX_UNSENT_LINES]
            self._progress = progress or self._progress
        if is_first and task is not None:
            task.get_loop().call_soon_threadsafe(self._send)

    def _send(self) -> None:
        with _REPORTED:
            lines, self._lines = self._lines or [], None
            progress, self._progress = self._progress, None
        for line in lines:
            self._execution.tell(self._activity, EventType.STEP_LOG, line)
        if progress is not None:
            self._execution.tell(self._activity, EventType.STEP_PROGRESS, progress)


class AttemptContext(StepContext):
    """What the action of one attempt may know and do.

    What it says it by is made when it first says something: most say nothing, and each step has one of these.
    """

    def __init__(self, execution: Execution, activity: Activity, sleep: Sleep, artifacts: Artifacts) -> None:
        step = activity.step
        self.execution_id = execution.id
        self.step_id = step.id
        self.attempt = activity.attempt
        self.run_epoch = execution.epoch
        self.artifacts = artifacts
        if step.secrets:
            self.secrets = execution.secrets.values_of(step.secrets)
        self.base_dir = execution.base_dir
        self._execution = execution
        self._activity = activity
        self._sleep = sleep

    @cached_property
    def _reports(self) -> StepReports:  # type: ignore[override]  # settable, as the attribute is
        return Reports(self._execution, self._activity, self._sleep)
