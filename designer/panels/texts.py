"""How the panels write durations, times, counts and statuses."""

from __future__ import annotations

from datetime import datetime

_STATUS_WORDS = {
    "PENDING": "Not run yet",
    "QUEUED": "Queued",
    "RUNNING": "Running",
    "WAITING": "Waiting",
    "PAUSING": "Pausing",
    "PAUSED": "Needs input",
    "CANCELLING": "Stopping",
    "COMPLETED": "Completed",
    "COMPLETED_WITH_ERRORS": "Completed with errors",
    "FAILED": "Failed",
    "SKIPPED": "Skipped",
    "CANCELLED": "Cancelled",
    "UNCERTAIN": "Interrupted",
    "ROLLING_BACK": "Rolling back",
    "ROLLED_BACK": "Rolled back",
    "ROLLBACK_FAILED": "Rollback failed",
    "QUARANTINED": "Given up",
}

# A status as the theme names its colour.
_STATUS_LOOKS = {
    "QUEUED": "queued",
    "RUNNING": "running",
    "WAITING": "running",
    "PAUSING": "paused",
    "PAUSED": "paused",
    "CANCELLING": "cancelled",
    "COMPLETED": "success",
    "COMPLETED_WITH_ERRORS": "failed",
    "FAILED": "failed",
    "SKIPPED": "skipped",
    "CANCELLED": "cancelled",
    "UNCERTAIN": "paused",
    "ROLLING_BACK": "rolledback",
    "ROLLED_BACK": "rolledback",
    "ROLLBACK_FAILED": "failed",
    "QUARANTINED": "failed",
}


def status_word(status: str, reason: str = "") -> str:
    """A status in the analyst's words."""
    if status == "PAUSED" and reason in ("user", "storage_error"):
        return "Paused"
    if status == "PAUSED" and reason == "breakpoint":
        return "Stopped before it"
    if status == "PAUSED" and reason == "incident":
        return "Condition needs a fix"
    if status == "WAITING" and reason == "retry":
        return "Will try again"
    return _STATUS_WORDS.get(status, status.replace("_", " ").capitalize())


def status_look(status: str) -> str:
    """The key of a status's colour in the theme."""
    return _STATUS_LOOKS.get(status, "idle")


def duration(seconds: float) -> str:
    """4 ms · 2.4 s · 3 min 05 s · 2 h 07 min."""
    if seconds < 0.9995:
        return f"{max(0.0, seconds) * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def clock(timestamp: float) -> str:
    """The local time of day with milliseconds."""
    moment = datetime.fromtimestamp(timestamp)
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"


def when(timestamp: float, now: float) -> str:
    """The local day and time: `Today 14:02`, `Yesterday 09:14`, `12 Nov 2026 09:14`."""
    moment, today = datetime.fromtimestamp(timestamp), datetime.fromtimestamp(now)
    days = (today.date() - moment.date()).days
    if days == 0:
        return f"Today {moment:%H:%M}"
    if days == 1:
        return f"Yesterday {moment:%H:%M}"
    return f"{moment.day} {moment:%b %Y %H:%M}"


def count(number: int, noun: str) -> str:
    """`1 row`, `336,776 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
