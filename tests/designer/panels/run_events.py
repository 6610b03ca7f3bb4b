"""The events of one run that fails, as the engine sends them."""

from __future__ import annotations

from datetime import datetime

from engine.history.events import Event
from engine.history.events import EventType as E

T0 = datetime(2026, 11, 23, 9, 14).timestamp()


def event(type: E, step_id: str | None = None, *, at: float = 0.0, attempt: int = 1, **data) -> Event:
    return Event("run", "flow", 1, T0 + at, type, step_id, attempt, data)


RUN = [
    event(E.EXECUTION_STARTED),
    event(E.STEP_RUNNING, "read"),
    event(E.STEP_COMPLETED, "read", at=1.2, duration_ms=1200, output={"rows": 336776}),
    event(E.STEP_RUNNING, "fetch", at=1.3),
    event(
        E.STEP_WAITING,
        "fetch",
        at=2.0,
        reason="retry",
        until=T0 + 4.0,
        max_attempts=3,
        error={"message": "503"},
    ),
    event(E.STEP_RUNNING, "fetch", at=4.0, attempt=2),
    event(E.STEP_LOG, "fetch", at=4.5, attempt=2, text="GET /rates", level="debug"),
    event(E.STEP_FAILED, "fetch", at=5.0, attempt=2, error={"message": "404 Not Found"}),
    event(E.STEP_SKIPPED, "mail", at=5.0, reason="upstream_failed"),
    event(E.EXECUTION_FAILED, at=5.0, error={"message": "Fetch failed"}),
]
TITLES = {"read": "Read flights", "fetch": "Fetch rates", "mail": "Send mail"}


def title_of(node_id: str) -> str:
    return TITLES.get(node_id, node_id)


def column_of(model, column: int) -> list[str]:
    return [model.index(row, column).data() for row in range(model.rowCount())]
