"""Steps that steer: the start, named values, a switch, waiting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from engine.actions.registry import handler
from engine.errors import ActionError

if TYPE_CHECKING:
    from engine.actions.context import StepContext

_LONGEST_WAIT_S = 366 * 24 * 3600


@handler(idempotent=True)
async def manual(params: Mapping[str, Any], context: StepContext) -> dict[str, Any]:
    """The start of a run."""
    return {"started_at": _iso(_now())}


@handler(idempotent=True, pure=True, version="1")
async def set_values(params: Mapping[str, Any], context: StepContext) -> dict[str, Any]:
    """The values, by name, for later steps."""
    values = params.get("values") or {}
    if not isinstance(values, Mapping):
        raise ActionError(
            "The values have no names", hint='Write names and values, for example {"limit": 60}.'
        )
    return dict(values)


# Without a version: to look for an earlier result costs more than to hand the value on.
@handler(idempotent=True, pure=True)
async def switch(params: Mapping[str, Any], context: StepContext) -> dict[str, Any]:
    """The value as it came; the connections that leave the step decide where it goes."""
    value = params.get("value")
    if isinstance(value, Mapping) and "$table" in value:
        return {"value": value, "rows": value.get("rows")}
    return {"value": value}


@handler(idempotent=True)
async def wait(params: Mapping[str, Any], context: StepContext) -> dict[str, Any]:
    """Wait for a time or until a moment; the engine frees the step's slot meanwhile."""
    seconds = _seconds(params)
    if seconds > _LONGEST_WAIT_S:
        raise ActionError("The wait is longer than a year", hint="Check the date, or the number of seconds.")
    left = seconds
    while left > 0:
        await context.sleep(left)
        # A clock that was set back meanwhile still has to come to the moment.
        left = _seconds(params) if params.get("until") not in (None, "") else 0.0
    return {"waited_s": seconds, "ended_at": _iso(_now())}


def _seconds(params: Mapping[str, Any]) -> float:
    until = params.get("until")
    if until not in (None, ""):
        return max(0.0, (_moment(str(until)) - _now()).total_seconds())
    given = params.get("seconds")
    if given in (None, ""):
        raise ActionError(
            "It is not said how long to wait", hint="Give a number of seconds, or a date and time."
        )
    try:
        seconds = float(str(given))
    except ValueError:
        raise ActionError(
            f"'{given}' is not a number of seconds", hint="Write a number, such as 60."
        ) from None
    if not seconds >= 0:
        raise ActionError(f"A wait of {given} seconds is not possible", hint="Write 0 or more.")
    return seconds


def _moment(text: str) -> datetime:
    try:
        # A time without a zone is meant as the clock on the wall of this computer. One in the hour that is
        # left out as summer begins is not earlier than it says, as `astimezone` would have it.
        return datetime.fromtimestamp(datetime.fromisoformat(text.strip()).timestamp(), UTC)
    except (ValueError, OverflowError):
        raise ActionError(
            f"'{text}' is not a date and time", hint="Write it like 2026-12-31T18:00."
        ) from None


def _now() -> datetime:
    return datetime.now(UTC)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
