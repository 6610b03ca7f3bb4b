"""Short words for the events that tests of stores and histories are made of."""

from engine.history.events import EventDraft, EventType
from engine.history.ran import Ran, Taken
from engine.store.json_text import encode


def started() -> EventDraft:
    return EventDraft(EventType.EXECUTION_STARTED)


def ended(status: str = "COMPLETED", **data) -> EventDraft:
    return EventDraft(EventType(f"EXECUTION_{status}"), data=data)


def running(step_id: str, attempt: int = 1) -> EventDraft:
    return EventDraft(EventType.STEP_RUNNING, step_id, attempt)


def completed(step_id: str, output=None, attempt: int = 1, **data) -> EventDraft:
    return EventDraft(EventType.STEP_COMPLETED, step_id, attempt, {"output": output, **data})


def failed(step_id: str, message: str = "broken", attempt: int = 1, **data) -> EventDraft:
    error = {"type": "ActionError", "message": message}
    return EventDraft(EventType.STEP_FAILED, step_id, attempt, {"error": error, **data})


def waiting(step_id: str, until: float, attempt: int = 1, reason: str = "retry", **data) -> EventDraft:
    return EventDraft(EventType.STEP_WAITING, step_id, attempt, {"reason": reason, "until": until, **data})


def skipped(step_id: str, reason: str = "condition") -> EventDraft:
    return EventDraft(EventType.STEP_SKIPPED, step_id, data={"reason": reason})


def asked(step_id: str, *names: str) -> EventDraft:
    needed = [{"step_id": step_id, "path": f"input.{n}", "name": n, "schema": {}, "title": n} for n in names]
    missing = [f"input.{name}" for name in names]
    data = {"reason": "missing_input", "missing_var": missing[0], "missing": missing, "needed": needed}
    return EventDraft(EventType.STEP_PAUSED, step_id, data=data)


def resolved(connection_id: str, outcome: str = "TAKEN") -> EventDraft:
    data = {"connection_id": connection_id, "outcome": outcome}
    return EventDraft(EventType.CONNECTION_RESOLVED, data=data)


def supplied(**inputs) -> EventDraft:
    return EventDraft(EventType.INPUTS_SUPPLIED, data={"inputs": inputs})


def progressed(step_id: str, fraction: float, text: str = "") -> EventDraft:
    return EventDraft(EventType.STEP_PROGRESS, step_id, data={"fraction": fraction, "text": text})


def ran(step_id: str, output=None, *taken: str, attempt: int = 1, begun_at: float = 0.0) -> Ran:
    """A step that began, completed and was left by these connections at once."""
    made = Ran(step_id, attempt, begun_at)
    made.output, made.duration_ms, made.taken = output, 0.5, Taken(taken)
    made.text = encode(made.data)
    return made
