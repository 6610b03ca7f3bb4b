"""Runs that are parts of others, as a store keeps them: `run/step`, `run/step/3`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.history.events import Event, EventType
from engine.history.status import ExecutionStatus

GIVING = frozenset({EventType.EXECUTION_COMPLETED, EventType.EXECUTION_COMPLETED_WITH_ERRORS})
"""The ends of a part that bring an output."""


class PartSummary(NamedTuple):
    """A part of a run: its id, its number (None for an only one), and what came of it.

    ``output`` as journaled (large parts are references) when it has completed. ``taken_from``: the part that
    really ran, when its result was taken over from an earlier try of the step. ``created``: what its
    EXECUTION_CREATED holds, if that was asked for.
    """

    id: str
    number: int | None
    status: ExecutionStatus
    output: Any = None
    error: Mapping[str, Any] | None = None
    taken_from: str = ""
    created: Mapping[str, Any] | None = None


TAKEN_FROM = "taken_from"
"""Where the end of a part that did not run names the one whose result it took over."""


def part_summary(
    execution_id: str,
    number: int | None,
    status: ExecutionStatus,
    error: Mapping[str, Any] | None,
    end: Event | None,
    created: Event | None,
) -> PartSummary:
    """The part by its rows; ``end``: what brought its output, if anything did; ``created``: if asked for."""
    gave = end.data if end is not None else {}
    given = created.data if created is not None else None
    return PartSummary(
        execution_id, number, status, gave.get("output"), error, gave.get(TAKEN_FROM, ""), given
    )


def part_number(execution_id: str, prefix: str) -> int | None:
    """The number of a part with this prefix; None for an only one, -1 for what is none of these."""
    rest = execution_id[len(prefix) :]
    if not rest:
        return None
    return int(rest[1:]) if rest[0] == "/" and rest[1:].isdecimal() else -1


class KeepsParts(ABC):
    """What a store can do with parts besides what it does with every run."""

    @abstractmethod
    def create_part(self, execution_id: str, workflow_id: str, created: Mapping[str, Any]) -> Event:
        """A new PENDING execution that is a part of another; durable with the next commit.

        ``created`` is what EXECUTION_CREATED holds; ``StoreError`` when the id is taken.
        """

    @abstractmethod
    async def parts_of(self, prefix: str, *, created: bool = False) -> list[PartSummary]:
        """The parts whose ids are ``prefix``, or ``prefix/`` and a number, in the order of their numbers.

        ``created``: also tell what each was created with.
        """
