"""Unchanged steps are not run again: the key under which a result is kept, and the way back to it.

A result is used again when nothing that it was made from has changed: the action and its version, the
parameters with every reference filled in (so the content of its inputs; a table counts by its sha256), and
the files that the action reads (by path, size and time of change, and by content while a file is so young
that a second change could carry the same time). Only actions that declare a version take part, and only those
that are pure or do nothing but read the files they name.

Never reused: the result of a step with an effect on the outside, of one that failed or was rolled back, of a
fallback or a person; one whose stored table is gone; and one that depends on the time of day.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.actions.registry import ActionOptions, ActionRegistry
from engine.errors import StoreError, WorkflowError
from engine.plan.step import Step
from engine.run.clock import Clock
from engine.store.results import StoredResult
from engine.store.state_manager import ExecutionStateManager

if TYPE_CHECKING:
    from engine.run.activity import Activity
    from engine.run.execution import Execution
    from engine.run.seams import Seams

# Two changes of a file within this time may carry the same time stamp (FAT counts in steps of two seconds).
YOUNG_S: Final = 3.0
_TELLS_TIME = re.compile(r"\b(now|today)\s*\(")
_WILDCARDS = frozenset("*?[")

FileStamp = tuple[str, int, int]
"""Path, size in bytes, time of change in nanoseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What a result was made from. `young`: the content of files that may change within one time stamp."""

    text: str
    files: tuple[FileStamp, ...] = ()
    young: Mapping[str, str] | None = None

    def to_json(self) -> dict[str, Any]:
        """What the completion of the step tells about it."""
        told: dict[str, Any] = {"key": self.text}
        if self.young:
            told["young_files"] = dict(self.young)
        return told


def promises_reuse(options: ActionOptions) -> bool:
    """Whether the results of an action may be used again."""
    if not options.version or options.effects == "external":
        return False
    return options.pure or (options.effects == "reads" and bool(options.files))


class Reuse:
    """Finds results of unchanged steps. `of` is asked for every step and answers None for nearly all."""

    def __init__(self, store: ExecutionStateManager, registry: ActionRegistry, clock: Clock) -> None:
        self._store = store
        self._registry = registry
        self._clock = clock

    def of(self, step: Step) -> ActionOptions | None:
        """What the action of a step promises, if its results may be used again."""
        if (step.service, step.action) not in self._registry:
            return None
        options = self._registry.get(step.service, step.action).options
        return options if promises_reuse(options) else None

    async def key_of(self, execution: Execution, activity: Activity, options: ActionOptions) -> Key | None:
        """The key of what a step of a run would give now; None when that cannot be told."""
        workflow_id, params = execution.plan.workflow.id, activity.params or {}
        return await self.key(workflow_id, activity.step, options, params, execution.base_dir)

    async def key(
        self,
        workflow_id: str,
        step: Step,
        options: ActionOptions,
        params: Mapping[str, Any],
        base_dir: Path | None,
    ) -> Key | None:
        """The key of what a step would give now; None when that cannot be told."""
        try:
            told = json.dumps(params, sort_keys=True, separators=(",", ":"), allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            return None
        if _TELLS_TIME.search(told) or '"$secret"' in told:
            return None
        files: tuple[FileStamp, ...] = ()
        young: dict[str, str] = {}
        if options.files:
            named = [params.get(name) for name in options.files]
            found = await asyncio.to_thread(_stamps, named, base_dir, self._clock.now())
            if found is None:
                return None
            files, young = found
        does = [step.service, step.action, options.version, told, files]
        # Another step that does the same has a result of its own: "unchanged" is said of one step.
        whole = json.dumps([workflow_id, step.id, *does])
        return Key(text=hashlib.sha256(whole.encode()).hexdigest()[:40], files=files, young=young)

    async def still(self, key: Key) -> bool:
        """Whether the files are as they were when the key was made: one may change while it is read."""
        if not key.files:
            return True
        return await asyncio.to_thread(lambda: all(_stamp(Path(stamp[0])) == stamp for stamp in key.files))

    async def completes(self, execution: Execution, activity: Activity, key: Key, seams: Seams) -> bool:
        """Whether the step has completed with a result from before, since nothing has changed."""
        step, options = activity.step, execution.options
        if not options.reuse or activity.attempt > 1 or step.id in options.anew:
            return False
        found = await self.find(key)
        if found is None or activity.stop:
            return False
        try:
            seams._validate_output_schema(step, found["output"])
        except WorkflowError:
            return False  # another output is asked for since: the action says what it thinks of that
        more = {**key.to_json(), "reused_from": found["reused_from"]}
        execution.steps.complete(activity, found["output"], duration_ms=0.0, via="reused", more=more)
        return True

    async def find(self, key: Key) -> dict[str, Any] | None:
        """The newest result with this key that is whole: its output, and where and when it was made."""
        try:
            found = await self._store.find_result(key.text)
        except StoreError:
            return None  # it is made again; what the store has against it shows when that is recorded
        if found is None or not self._store.artifacts.holds_all(found.data.get("output")):
            return None
        young = found.data.get("young_files")
        if young and not await asyncio.to_thread(_same_content, young):
            return None
        try:
            output = await self._store.artifacts.expand_async(found.data.get("output"))
        except WorkflowError:
            return None  # damaged: it is made again
        return {"output": output, "reused_from": made(found)}


def ready_made(execution: Execution, step: Step) -> Mapping[str, Any] | None:
    """The result that stands ready for a step: a pinned one, or one that the run was created with."""
    if step.pin is not None and execution.options.pins:
        return {"output": step.pin.output, "via": "pinned"}
    return execution.options.taken.get(step.id)


def made(found: StoredResult) -> dict[str, Any]:
    """Where and when a result was really made, though it may have been used again since."""
    before = found.data.get("reused_from") or {"execution_id": found.execution_id, "at": found.at}
    return {**before, "unchanged": True}


def _stamps(
    named: Sequence[object], base_dir: Path | None, now: float
) -> tuple[tuple[FileStamp, ...], dict[str, str]] | None:
    """The stamps of the files that parameters name, and the content of those that are young; in a thread."""
    stamps: list[FileStamp] = []
    young: dict[str, str] = {}
    for name in named:
        if name in (None, ""):
            continue
        if not isinstance(name, str):
            return None
        for path in _matches(name, base_dir):
            stamp = _stamp(path)
            if stamp is None:
                return None
            stamps.append(stamp)
            if now - stamp[2] / 1e9 < YOUNG_S:
                young[stamp[0]] = _content(path)
    return tuple(stamps), young


def _matches(name: str, base_dir: Path | None) -> list[Path]:
    path = Path(name).expanduser()
    path = path if path.is_absolute() else (base_dir or Path.cwd()) / path
    if not _WILDCARDS & set(name) or path.is_file():
        return [path]
    anchor = Path(path.anchor)
    return sorted(found for found in anchor.glob(str(path.relative_to(anchor))) if found.is_file())


def _stamp(path: Path) -> FileStamp | None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return str(path), status.st_size, status.st_mtime_ns


def _content(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()[:40]
    except OSError:
        return ""


def _same_content(young: Mapping[str, str]) -> bool:
    return all(content and _content(Path(path)) == content for path, content in young.items())
