"""Steps that began and completed at once, kept as one thing for as long as nobody wants to see its events.

Three events a step, one of them for its connection, cost as much as everything else that a step costs the
engine, and in a run that nobody watches they are only counted and written down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, Final, overload

from engine.history.events import NO_DATA, Event, EventDraft, EventType
from engine.history.status import ConnectionOutcome

_BEGUN = EventType.STEP_RUNNING
_COMPLETED = EventType.STEP_COMPLETED
_RESOLVED = EventType.CONNECTION_RESOLVED
_TAKEN = ConnectionOutcome.TAKEN.value
_new = tuple.__new__  # a NamedTuple's own constructor costs three times as much


def resolved_data(connection_id: str, outcome: str) -> dict[str, str]:
    """What the event says of a connection whose fate is decided."""
    return {"connection_id": connection_id, "outcome": outcome}


def resolved_text(connection_id: str, outcome: str) -> str:
    """Its JSON: two texts, so putting it together is three times as fast as an encoder."""
    return f'{{"connection_id":{quoted(connection_id)},"outcome":{quoted(outcome)}}}'


class Taken:
    """The connections by which a step is left when all of them are taken; one of these serves every run.

    ids: in the order in which they are resolved.
    """

    __slots__ = ("_text", "ids")

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self.ids = tuple(ids)
        self._text: str | None = None

    @property
    def text(self) -> str | None:
        """The ids as JSON; None when there are none."""
        if self._text is None and self.ids:
            self._text = f"[{','.join(map(quoted, self.ids))}]"
        return self._text


NONE_TAKEN: Final = Taken()


class Ran(Sequence[EventDraft]):
    """What most steps of a busy run leave: they began, completed, and all connections after them were taken.

    To whoever reads it a sequence of drafts; a store may look at the fields instead and spare making them.
    begun_at: epoch seconds. output, duration_ms: of the completion once it is known; text: both as JSON.
    """

    __slots__ = ("attempt", "begun_at", "duration_ms", "output", "step_id", "taken", "text")

    output: Any
    duration_ms: float
    text: str

    def __init__(self, step_id: str, attempt: int, begun_at: float) -> None:
        self.step_id = step_id
        self.attempt = attempt
        self.begun_at = begun_at
        self.taken = NONE_TAKEN

    @property
    def begun(self) -> EventDraft:
        """That the step began."""
        return EventDraft(_BEGUN, self.step_id, self.attempt, NO_DATA, self.begun_at)

    @property
    def data(self) -> dict[str, Any]:
        """What its completion tells."""
        return {"output": self.output, "duration_ms": self.duration_ms}

    def drafts(self) -> list[EventDraft]:
        """All of it, one after the other."""
        completed = EventDraft(_COMPLETED, self.step_id, self.attempt, self.data, None, self.text)
        resolved = (
            EventDraft(_RESOLVED, None, 0, resolved_data(each, _TAKEN), None, resolved_text(each, _TAKEN))
            for each in self.taken.ids
        )
        return [self.begun, completed, *resolved]

    def __len__(self) -> int:
        return 2 + len(self.taken.ids)

    def __iter__(self) -> Iterator[EventDraft]:
        return iter(self.drafts())

    @overload
    def __getitem__(self, index: int) -> EventDraft: ...
    @overload
    def __getitem__(self, index: slice) -> list[EventDraft]: ...
    def __getitem__(self, index: int | slice) -> EventDraft | list[EventDraft]:
        return self.drafts()[index]


class RanEvents(Sequence[Event]):
    """The events of a step that `ran`, made whenever somebody looks at them: of most nobody does twice.

    seq: of the first of them. begun_at, at: when the step began and completed, in epoch seconds.
    """

    __slots__ = ("at", "begun_at", "execution_id", "ran", "seq", "workflow_id")

    def __init__(
        self, execution_id: str, workflow_id: str, seq: int, ran: Ran, begun_at: float, at: float
    ) -> None:
        self.execution_id = execution_id
        self.workflow_id = workflow_id
        self.seq = seq
        self.ran = ran
        self.begun_at = begun_at
        self.at = at

    def events(self) -> list[Event]:
        """Them all."""
        ran, run, times = self.ran, (self.execution_id, self.workflow_id), (self.begun_at, self.at)
        return ran_events(run, self.seq, times, (ran.step_id, ran.attempt), ran.data, ran.taken.ids)

    def __len__(self) -> int:
        return 2 + len(self.ran.taken.ids)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events())

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        return self.events()[index]


def ran_events(
    run: tuple[str, str],
    seq: int,
    times: tuple[float, float],
    step: tuple[str, int],
    data: Mapping[str, Any],
    taken: Iterable[str],
) -> list[Event]:
    """The events of a step that ran.

    run: its id and its workflow's. seq: of the first. times: when the step began and completed, in epoch
    seconds. step: its id and the attempt. data: of the completion. taken: ids of the connections.
    """
    begun_at, at = times
    events: list[Event] = [
        _new(Event, (*run, seq, begun_at, _BEGUN, *step, NO_DATA)),
        _new(Event, (*run, seq + 1, at, _COMPLETED, *step, data)),
    ]
    for number, each in enumerate(taken, seq + 2):
        events.append(_new(Event, (*run, number, at, _RESOLVED, None, 0, resolved_data(each, _TAKEN))))
    return events


Pieces = Sequence[Sequence[Event]]
"""Events in their order, in the pieces in which they were recorded."""


def whole(pieces: Iterable[Iterable[Event]]) -> list[Event]:
    """The events of all pieces."""
    return list(chain.from_iterable(pieces))
