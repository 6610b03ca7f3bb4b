"""Events of a run as lines an analyst can read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from designer.panels import texts
from engine.history.events import Event, EventType

LEVELS = ("debug", "info", "warning", "error")

_SKIP_REASONS = {
    "condition": "Skipped: its condition was not met",
    "upstream_failed": "Skipped: a step before it failed",
    "cancelled": "Skipped: the run was stopped",
    "disabled": "Skipped: the node is disabled",
    "not_selected": "Left out: no part of this run",
}
_WAIT_REASONS = {"timer": "Waiting", "child": "Waiting for a sub-workflow"}


class LogLine(NamedTuple):
    """One line of the log; `node_id` is empty for what concerns the whole run."""

    ts: float
    level: str
    node_id: str
    text: str


def log_line(event: Event) -> LogLine | None:
    """The line for an event, or None when it says nothing that another line does not say."""
    made = _LINES.get(event.type)
    if made is None:
        return None
    level, write = made
    text = write(event)
    if event.type is EventType.STEP_LOG:
        level = str(event.data.get("level", "info")).lower()
        level = level if level in LEVELS else "info"
    return LogLine(event.ts, level, event.step_id or "", text)


def _constant(text: str) -> Callable[[Event], str]:
    return lambda _event: text


def _with_error(prefix: str) -> Callable[[Event], str]:
    def write(event: Event) -> str:
        message = error_message(event.data.get("error"))
        return f"{prefix}: {message}" if message else prefix

    return write


def _no_way_on(event: Event) -> str:
    prefix = "A condition could not be evaluated" if "connection_id" in event.data else "No connection taken"
    return _with_error(prefix)(event)


def error_message(error: object) -> str:
    """The first line of an error as the journal holds it."""
    if isinstance(error, Mapping):
        error = error.get("message") or error.get("type") or ""
    lines = str(error or "").strip().splitlines()
    return lines[0] if lines else ""


def _started(event: Event) -> str:
    return "Started" if event.attempt <= 1 else f"Started, attempt {event.attempt}"


def _completed(event: Event) -> str:
    text = _taken(event) or "Completed"
    if text == "Completed" and isinstance(event.data.get("duration_ms"), int | float):
        text += f" in {texts.duration(event.data['duration_ms'] / 1000)}"
    output = event.data.get("output")
    if isinstance(output, Mapping) and isinstance(output.get("rows"), int):
        text += f", {texts.count(output['rows'], 'row')}"
    return text


def _taken(event: Event) -> str:
    """How a step came to a result without running for it; "" when it ran."""
    if event.data.get("via") == "pinned":
        return "Pinned result used"
    made = event.data.get("reused_from")
    if event.data.get("via") != "reused" or not isinstance(made, Mapping):
        return ""
    at = made.get("at")
    when = (
        f" of {datetime.fromtimestamp(at).astimezone():%d %B, %H:%M}" if isinstance(at, int | float) else ""
    )
    return f"{'Unchanged: result' if made.get('unchanged') else 'Result'}{when} used"


def _restarted(event: Event) -> str:
    count = len(event.data.get("steps", ()))
    return f"Run taken up again: {texts.count(count, 'step')} to run"


def _waiting(event: Event) -> str:
    data = event.data
    if data.get("reason") != "retry":
        return _WAIT_REASONS.get(str(data.get("reason", "")), "Waiting")
    text = f"Attempt {event.attempt} failed"
    if data.get("max_attempts"):
        text = f"Attempt {event.attempt} of {data['max_attempts']} failed"
    message = error_message(data.get("error"))
    text += f": {message}" if message else ""
    if isinstance(data.get("until"), int | float):
        text += f" · trying again in {texts.duration(max(0.0, data['until'] - event.ts))}"
    return text


def _paused(event: Event) -> str:
    missing = event.data.get("missing_var")
    if missing:
        return f"Needs input: {missing} has no value"
    if event.data.get("reason") == "incident":
        return "Its condition cannot be checked"
    return "Needs input"


def _supplied(event: Event) -> str:
    inputs = event.data.get("inputs")
    if not isinstance(inputs, Mapping) or not inputs:
        return "Input given"
    return "Input given: " + ", ".join(f"{name} = {_short(value)}" for name, value in inputs.items())


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:60] + "…"


def _run_paused(event: Event) -> str:
    return "Run paused" if event.data.get("reason") == "user" else "Run paused: it needs an answer"


_E = EventType
_LINES: Mapping[EventType, tuple[str, Callable[[Event], str]]] = {
    _E.EXECUTION_STARTED: ("info", _constant("Run started")),
    _E.EXECUTION_PAUSED: ("warning", _run_paused),
    _E.EXECUTION_RESUMED: ("info", _constant("Run resumed")),
    _E.EXECUTION_RESTARTED: ("info", _restarted),
    _E.STORAGE_REFUSED: ("error", _with_error("Run paused, resume it to try again")),
    _E.STORAGE_WORKS: ("info", _constant("Run goes on: it can be recorded again")),
    _E.EXECUTION_CANCELLING: ("info", _constant("Stopping the run")),
    _E.EXECUTION_COMPLETED: ("info", _constant("Run completed")),
    _E.EXECUTION_COMPLETED_WITH_ERRORS: ("warning", _with_error("Run completed with errors")),
    _E.EXECUTION_FAILED: ("error", _with_error("Run failed")),
    _E.EXECUTION_CANCELLED: ("info", _constant("Run stopped")),
    _E.EXECUTION_QUARANTINED: ("error", _with_error("Run given up")),
    _E.STEP_RUNNING: ("info", _started),
    _E.STEP_WAITING: ("warning", _waiting),
    _E.STEP_PAUSED: ("warning", _paused),
    _E.STEP_COMPLETED: ("info", _completed),
    _E.STEP_FAILED: ("error", _with_error("Failed")),
    _E.STEP_SKIPPED: (
        "info",
        lambda event: _SKIP_REASONS.get(str(event.data.get("reason", "")), "Skipped"),
    ),
    _E.STEP_CANCELLED: ("info", _constant("Cancelled")),
    _E.STEP_UNCERTAIN: ("warning", _constant("Interrupted: it may have run in part")),
    _E.STEP_ROLLED_BACK: ("info", _constant("Rolled back")),
    _E.STEP_ROLLBACK_FAILED: ("error", _with_error("Rollback failed")),
    _E.CONDITION_ERROR: ("error", _no_way_on),
    _E.INPUTS_SUPPLIED: ("info", _supplied),
    _E.STEP_LOG: ("info", lambda event: str(event.data.get("text", ""))),
    _E.LAGGED: ("warning", _constant("Some lines were left out: the run was faster than the window")),
}
