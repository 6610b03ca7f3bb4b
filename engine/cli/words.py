"""Runs, steps and values as the commands print them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TextIO

from engine.history.state import INCIDENT, PARTS_ASK
from engine.history.status import StepStatus
from engine.history.step_state import StepState

MAX_VALUE: Final = 160

_GLYPHS: Final[Mapping[StepStatus, tuple[str, str]]] = {
    StepStatus.PENDING: ("·", "."),
    StepStatus.RUNNING: ("▸", ">"),
    StepStatus.WAITING: ("↻", "~"),
    StepStatus.PAUSED: ("?", "?"),
    StepStatus.COMPLETED: ("✓", "+"),
    StepStatus.FAILED: ("✗", "x"),
    StepStatus.SKIPPED: ("○", "o"),
    StepStatus.CANCELLED: ("■", "#"),
    StepStatus.UNCERTAIN: ("!", "!"),
    StepStatus.ROLLING_BACK: ("↺", "<"),
    StepStatus.ROLLED_BACK: ("↺", "<"),
    StepStatus.ROLLBACK_FAILED: ("✗", "x"),
}
_SKIPPED: Final = {
    "condition": "its condition was not met",
    "upstream_failed": "a step before it failed",
    "cancelled": "the run was stopped",
    "disabled": "it is switched off",
    "not_selected": "it is no part of this run",
}


def writes_unicode(stream: TextIO) -> bool:
    """Whether the stream takes the glyphs; a Windows console or a C locale may not."""
    try:
        "✓✗▸↻…→".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def glyph(status: StepStatus, *, unicode: bool) -> str:
    """One character for a step's status, readable without colour."""
    return _GLYPHS[status][0 if unicode else 1]


def step_words(step: StepState) -> str:
    """What a step did or does, in a few words."""
    match step.status:
        case StepStatus.COMPLETED:
            tolerated = f"{step.error.get('message')}: " if step.error else ""
            return f"{tolerated}{output_words(step.output)}{_way(step)}".strip()
        case StepStatus.RUNNING:
            return step.progress_text or (f"{step.progress:.0%}" if step.progress is not None else "running")
        case StepStatus.WAITING:
            if step.reason == PARTS_ASK:
                return f"waits inside for {', '.join(step.missing) or 'an answer'}"
            if step.reason == "child":
                return step.progress_text or "its parts run"
            again = f" again, attempt {step.attempts + 1}" if step.reason == "retry" else ""
            return f"waits{again}: {error_words(step.error)}" if again and step.error else f"waits{again}"
        case StepStatus.PAUSED:
            if step.missing:
                return f"needs {', '.join(step.missing)}"
            words = {
                "form": "waits for an answer",
                "breakpoint": "stopped before it began",
                INCIDENT: "waits for its condition to be repaired",
            }
            return words.get(step.reason, f"paused: {step.reason}")
        case StepStatus.ROLLED_BACK:
            return step.reason or "rolled back"
        case StepStatus.FAILED | StepStatus.ROLLBACK_FAILED:
            return error_words(step.error)
        case StepStatus.SKIPPED:
            return f"skipped: {_SKIPPED.get(step.reason, step.reason)}"
    return step.status.value.lower().replace("_", " ")


def _way(step: StepState) -> str:
    """How a step came to its output, when its action did not give it just now."""
    if step.via == "pinned":
        return " (pinned)"
    if step.via == "reused":
        made = (step.reused_from or {}).get("at")
        return f" (unchanged: result of {moment(made)})" if made is not None else " (unchanged)"
    return f" (by its {step.via})" if step.via else ""


def error_words(error: Mapping[str, Any] | None) -> str:
    """An error's message and what to do about it."""
    if not error:
        return "failed"
    message = str(error.get("message") or error.get("type") or "failed").strip()
    hint = str(error.get("hint") or "").strip()
    return f"{message} {hint}".strip()


def output_words(output: Any) -> str:
    """A step's output in one line: a table by its size, a file by its path, anything else as short JSON."""
    if isinstance(output, Mapping):
        if "$table" in output:
            return table_words(output)
        for table in (output.get("table"), output.get("value")):
            if isinstance(table, Mapping) and "$table" in table:
                return table_words(table)
        if isinstance(output.get("path"), str):
            rows = output.get("rows")
            return near_path(output["path"]) + (f" ({rows:,} rows)" if isinstance(rows, int) else "")
    # What a trigger gives says nothing that the line itself does not say.
    if output is None or output == {} or (isinstance(output, Mapping) and set(output) == {"started_at"}):
        return ""
    return shorten(json.dumps(output, ensure_ascii=False, default=str))


def near_path(path: str) -> str:
    """The path as one would type it here: relative where it lies below the current folder."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return path


def table_words(table: Mapping[str, Any]) -> str:
    """The size of a table."""
    rows, columns = table.get("rows"), table.get("columns") or ()
    return f"{rows:,} rows × {len(columns)} columns" if isinstance(rows, int) else "a table"


def shorten(text: str, limit: int = MAX_VALUE) -> str:
    """The text on one line, cut to the limit."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def seconds(value: float) -> str:
    """A duration that is easy to read at any size."""
    if value < 100:
        return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def moment(value: float | None) -> str:
    """A time of this computer's clock, from epoch seconds."""
    return datetime.fromtimestamp(value).strftime("%Y-%m-%d %H:%M:%S") if value is not None else ""


def say(text: str, stream: TextIO | None = None) -> None:
    """Print one line on a stream that may not know every character."""
    stream = stream or sys.stdout
    encoding = stream.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), file=stream, flush=True)
