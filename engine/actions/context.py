"""What an action may know and do about the run it belongs to."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn, Protocol

from engine.errors import ActionError, FormRequired
from engine.model.json_value import Json

_log = logging.getLogger(__name__)

# One lock for all contexts: it is held for an append or a swap, and a lock for every step would cost more.
_CALLBACKS = threading.Lock()


class Artifacts(Protocol):
    """Where tables and other big outputs lie; the store's artifact folder stands behind it."""

    def path(self, reference: Mapping[str, Any], /) -> Path: ...

    def checked(self, reference: Mapping[str, Any], /) -> Path: ...

    def adopt(self, path: Path, /) -> str: ...

    def temporary(self, suffix: str = "", /) -> Path: ...


class StepReports(Protocol):
    """Where a context sends what its action has to say; any thread may call `log` and `progress`."""

    def log(self, text: str, level: str) -> None: ...

    def progress(self, fraction: float, text: str) -> None: ...

    def sleep(self, seconds: float) -> Awaitable[None]: ...

    def run_in_process(
        self, target: str, payload: Json, path: Sequence[str], cwd: Path | None
    ) -> Awaitable[Any]: ...


class StepContext:
    """One attempt of one step, as its action sees it.

    The idempotency key is the same over all attempts of the step and after a crash: hand it to a service
    that can recognise a repeated request. A person who lets the step run again gives it another key.
    """

    secrets: Mapping[str, str] = MappingProxyType({})
    of_rollback = False
    _cancelled = False
    _callbacks: Sequence[Callable[[], None]] = ()

    def __init__(
        self,
        *,
        execution_id: str,
        step_id: str,
        attempt: int,
        reports: StepReports,
        artifacts: Artifacts,
        secrets: Mapping[str, str] | None = None,
        base_dir: Path | None = None,
        run_epoch: int = 1,
    ) -> None:
        self.execution_id = execution_id
        self.step_id = step_id
        self.attempt = attempt
        self.run_epoch = run_epoch
        self.artifacts = artifacts
        if secrets is not None:
            self.secrets = secrets
        self.base_dir = base_dir
        self._reports = reports

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt of the step, and of the steps around it.

        Another for its rollback, and for each epoch of the run.
        """
        epoch = f":{self.run_epoch}" if self.run_epoch > 1 else ""
        place = self.execution_id if "~" not in self.execution_id else _TRY.sub(_epoch, self.execution_id)
        return f"{place}:{self.step_id}{epoch}" + (":rollback" if self.of_rollback else "")

    def log(self, text: str, level: str = "info") -> None:
        """Show a line in the run's log; from any thread."""
        self._reports.log(text, level)

    def progress(self, fraction: float, text: str = "") -> None:
        """Say how far the step is, 0 to 1; from any thread, as often as it likes (only the last counts)."""
        self._reports.progress(min(1.0, max(0.0, fraction)), text)

    async def sleep(self, seconds: float) -> None:
        """Wait without holding a concurrency slot; after a restart only the rest is waited for.

        Only for an action that runs on the loop, and at most one wait in each attempt is remembered.
        """
        await self._reports.sleep(seconds)

    async def run_in_process(
        self, target: str, payload: Json, *, path: Sequence[str] = (), cwd: Path | None = None
    ) -> Any:
        """What `function(payload)` returns in an isolated interpreter of its own, which cancelling kills.

        target: "module:function", with `path` saying where modules are found, or "/path/to/file.py:function".
        What the code prints goes to the run's log. Raises ActionError with the code's own error.
        """
        return await self._reports.run_in_process(target, payload, path, cwd)

    def resolve_path(self, text: str) -> Path:
        """A path of the workflow: relative ones start at the workflow file's folder, else where we run."""
        path = Path(text).expanduser()
        return path if path.is_absolute() else (self.base_dir or Path.cwd()) / path

    def ask(self, schema: Mapping[str, Json], title: str = "", text: str = "") -> NoReturn:
        """Pause this step until a person has filled in a form; what they enter becomes the step's output.

        Raises ActionError for a form that is no JSON Schema: nobody could fill it in.
        """
        from engine.json_schema.validators import schema_faults  # loads what few steps need

        for fault in schema_faults(schema):
            raise ActionError(
                f'The form of "{title or self.step_id}" is no JSON Schema: '
                f"{fault['pointer'] or 'it'} {fault['message']}",
                hint="Correct the schema of the form.",
            )
        raise FormRequired(schema, title=title or self.step_id, text=text)

    def is_cancelled(self) -> bool:
        """Whether the step was cancelled or timed out: code in a thread should look and stop."""
        return self._cancelled

    def on_cancel(self, callback: Callable[[], None]) -> None:
        """Call this (once, on the engine's thread) when the step is cancelled, to interrupt blocking work."""
        with _CALLBACKS:
            if not self._cancelled:
                self._callbacks = [*self._callbacks, callback]
                return
        callback()

    def cancel(self) -> None:
        """For the engine: tell the action to stop. The first call runs the callbacks, others do nothing."""
        with _CALLBACKS:
            callbacks, self._callbacks = self._callbacks, ()
            self._cancelled = True
        for callback in callbacks:
            try:
                callback()
            except Exception:  # noqa: BLE001 - step boundary: an action's callback must not keep it from stopping
                _log.exception("A step's cancel callback failed")


# What the id of a part tells of the try of a step around it: the epoch, and any further attempt.
_TRY = re.compile(r"~([0-9]+)(?:\.[0-9]+)?(?=/|$)")


def _epoch(found: re.Match[str]) -> str:
    return "" if found[1] == "1" else f"~{found[1]}"
