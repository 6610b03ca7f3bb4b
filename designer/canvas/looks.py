"""How a step's state looks and what it says; pure functions of the history."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

import numpy as np

from engine.history.state import PARTS_ASK
from engine.history.status import StepStatus
from engine.history.step_state import StepState


class Look(IntEnum):
    """What a card shows; a row's number in the scene's array."""

    IDLE = 0
    QUEUED = 1
    RUNNING = 2
    RETRYING = 3
    COMPLETED = 4
    FAILED = 5
    NEEDS_INPUT = 6
    PAUSED = 7
    SKIPPED = 8
    CANCELLED = 9
    ROLLED_BACK = 10
    STALE = 11
    REUSED = 12


class Flow(IntEnum):
    """What a wire shows."""

    PLAIN = 0
    TAKEN = 1
    DEAD = 2
    POISONED = 3
    FLOWING = 4
    BROKEN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """Theme keys and strokes of a look. ``tint`` fills the card, "" leaves it plain."""

    status: str
    tint: str = ""
    small_tint: str = ""
    outlined: bool = False
    dashed: bool = False


STYLES: dict[Look, Style] = {
    Look.IDLE: Style(status="idle"),
    Look.QUEUED: Style(status="queued"),
    Look.RUNNING: Style(status="running", small_tint="running", outlined=True),
    Look.RETRYING: Style(status="running", small_tint="running", outlined=True),
    Look.COMPLETED: Style(status="success", small_tint="success"),
    Look.FAILED: Style(status="failed", tint="failed", small_tint="failed", outlined=True),
    Look.NEEDS_INPUT: Style(status="paused", tint="paused", small_tint="paused", outlined=True),
    Look.PAUSED: Style(status="paused", tint="paused", small_tint="paused", outlined=True),
    Look.SKIPPED: Style(status="skipped", small_tint="skipped", dashed=True),
    Look.CANCELLED: Style(status="cancelled"),
    Look.ROLLED_BACK: Style(status="rolledback", small_tint="rolledback", outlined=True),
    Look.STALE: Style(status="paused"),
    Look.REUSED: Style(status="success", small_tint="success"),
}
MOVING = (Look.RUNNING, Look.RETRYING)
MOVES = np.array([look in MOVING for look in Look])
"""By number of a look: whether something moves on the card. Many times faster than ``np.isin``."""
ASKING = (Look.NEEDS_INPUT,)

_BY_STATUS: dict[StepStatus, Look] = {
    StepStatus.PENDING: Look.IDLE,
    StepStatus.RUNNING: Look.RUNNING,
    StepStatus.WAITING: Look.RUNNING,
    StepStatus.PAUSED: Look.NEEDS_INPUT,
    StepStatus.COMPLETED: Look.COMPLETED,
    StepStatus.FAILED: Look.FAILED,
    StepStatus.SKIPPED: Look.SKIPPED,
    StepStatus.CANCELLED: Look.CANCELLED,
    StepStatus.UNCERTAIN: Look.FAILED,
    StepStatus.ROLLING_BACK: Look.ROLLED_BACK,
    StepStatus.ROLLED_BACK: Look.ROLLED_BACK,
    StepStatus.ROLLBACK_FAILED: Look.FAILED,
}
_SKIPPED = {
    "condition": "Skipped by a condition",
    "upstream_failed": "Skipped after a failure",
    "cancelled": "Skipped: run was stopped",
    "disabled": "Skipped: switched off",
    "not_selected": "Not part of this run",
}


def look_of(step: StepState) -> Look:
    """What the card of a step in this state shows."""
    if step.status is StepStatus.PENDING and step.queued:
        return Look.QUEUED
    if step.status is StepStatus.WAITING and step.reason == "retry":
        return Look.RETRYING
    if step.status is StepStatus.WAITING and step.reason == PARTS_ASK:
        return Look.NEEDS_INPUT
    if step.status is StepStatus.PAUSED and step.reason in ("user", "breakpoint"):
        return Look.PAUSED
    if step.status is StepStatus.COMPLETED and step.via == "reused":
        return Look.REUSED
    if step.status is StepStatus.SKIPPED and step.reason == "not_selected":
        return Look.IDLE
    return _BY_STATUS[step.status]


def status_text(step: StepState) -> str:
    """The second line while the state has something to say; "" leaves the parameters there."""
    match step.status:
        case StepStatus.PENDING:
            return "Queued" if step.queued else ""
        case StepStatus.RUNNING:
            return _progress(step)
        case StepStatus.WAITING:
            return _waiting(step)
        case StepStatus.PAUSED:
            return _asking(step)
        case StepStatus.FAILED:
            if step.error is None or "meant" not in step.error:
                return _first_line(step.error) or "Failed"
            if "column" in step.error:
                return f"No column '{step.error['column']}' · 1 fix"
            return f"No '{step.error.get('wrong')}' · 1 fix"
        case StepStatus.ROLLBACK_FAILED:
            return f"Not undone: {_first_line(step.error) or 'it failed'}"
        case StepStatus.SKIPPED:
            return _SKIPPED.get(step.reason, "Skipped")
        case StepStatus.CANCELLED:
            done = f" at {step.progress:.0%}".replace("%", " %") if step.progress else ""
            return f"Cancelled{done}"
        case StepStatus.UNCERTAIN:
            return "May or may not have run"
        case StepStatus.ROLLING_BACK:
            return "Rolling back"
        case StepStatus.ROLLED_BACK:
            return step.reason or "Rolled back"
        case StepStatus.COMPLETED:
            return _way(step)


def _way(step: StepState) -> str:
    """How a completed step came to its result, if it did not run for it."""
    if step.via == "pinned":
        return "Pinned result used"
    if step.via != "reused":
        return ""
    made = step.reused_from or {}
    at = made.get("at") or step.ended_at
    word = "Unchanged: result" if made.get("unchanged", True) else "Result"
    return f"{word} of {_clock(at)} used" if at is not None else ""


def card_text(step: StepState) -> str:
    """`status_text` as it fits on a card."""
    made = step.reused_from or {}
    if look_of(step) is Look.REUSED and made.get("unchanged") and made.get("at") is not None:
        return f"Unchanged since {_clock(made['at'])}"
    return status_text(step)


def row_label(output: Any) -> str:
    """ "336,776 × 19" when the output holds a table, else ""."""
    if not isinstance(output, dict):
        return ""
    tables = [output] if "$table" in output else [output.get("table"), *output.values()]
    for table in tables:
        if isinstance(table, dict) and "$table" in table:
            rows, columns = table.get("rows"), table.get("columns")
            if isinstance(rows, int) and isinstance(columns, list):
                return f"{rows:,} × {len(columns)}"
    return ""


def attempt_text(step: StepState) -> str:
    """The count in the badge of a step that is tried again: "2/5"."""
    return f"{step.attempts}/{step.max_attempts}" if step.max_attempts else str(step.attempts)


def _progress(step: StepState) -> str:
    parts = [] if step.progress is None else [f"{int(step.progress * 100)} %"]
    if step.progress_text:
        parts.append(step.progress_text)
    return " · ".join(parts)


def _waiting(step: StepState) -> str:
    if step.reason == PARTS_ASK:
        return _asking(step)
    if step.reason == "child":
        return _progress(step) or "Runs its steps"
    if step.waiting_until is None:
        return "Waiting"
    left = step.waiting_until - time.time()
    if step.reason == "retry":
        return f"Tries again in {max(0, round(left))} s"
    if left > 90:
        return f"Waiting until {_clock(step.waiting_until)}"
    return f"Waiting, {max(0, round(left))} s to go"


def _asking(step: StepState) -> str:
    if step.reason == "breakpoint":
        return "Stopped before this step"
    if step.reason == "user":
        return "Paused"
    if len(step.missing) == 1:
        return f"Needs a value for {step.missing[0].removeprefix('input.')}"
    return f"Needs {len(step.missing)} values" if step.missing else "Needs your answer"


def _first_line(error: Any) -> str:
    message = error.get("message", "") if error else ""
    return str(message).strip().split("\n", 1)[0]


def _clock(moment: float) -> str:
    return datetime.fromtimestamp(moment).astimezone().strftime("%H:%M")
