"""The events of an execution for whoever wants to follow: what was, then what comes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from engine.history.events import STATUS_OF_EXECUTION_EVENT as STATUS_OF
from engine.history.events import TRANSIENT, Event, EventType

MAX_BEHIND = 10_000
ReadEvents = Callable[[str, int], Awaitable[list[Event]]]


class Subscription:
    """One reader's queue; when it is full the reader is told that it lags, and reads the journal again."""

    __slots__ = ("_arrived", "_events", "is_lagging")

    def __init__(self) -> None:
        self._events: deque[Event] = deque()
        self._arrived = asyncio.Event()
        self.is_lagging = False

    def put(self, events: Sequence[Event]) -> None:
        if len(self._events) + len(events) > MAX_BEHIND:
            self._events.clear()
            self.is_lagging = True
        elif not self.is_lagging:
            self._events.extend(events)
        self._arrived.set()

    def wake(self) -> None:
        self._arrived.set()

    def take(self) -> list[Event]:
        taken = list(self._events)
        self._events.clear()
        self._arrived.clear()
        return taken

    async def wait(self) -> None:
        await self._arrived.wait()


class EventStreams:
    """Hands published events to every reader; never waits for one."""

    def __init__(self, read_events: ReadEvents, sign: Callable[[str], Event | None]) -> None:
        """read_events: (execution id, after seq) -> the durable events behind it.

        sign: the transient event that still holds for an execution, for those who come after it.
        """
        self._read_events = read_events
        self._sign = sign
        self._readers: dict[str, list[Subscription]] = {}
        self._is_closed = False

    def has_readers(self, execution_id: str) -> bool:
        """Whether anybody follows this execution."""
        return execution_id in self._readers

    def publish(self, execution_id: str, events: Sequence[Event]) -> None:
        for reader in self._readers.get(execution_id, ()):
            reader.put(events)

    def close(self) -> None:
        """Every reader's iteration ends once it has what was published."""
        self._is_closed = True
        for readers in self._readers.values():
            for reader in readers:
                reader.wake()

    async def follow(self, execution_id: str, after: int = 0) -> AsyncGenerator[Event, None]:
        """Events with a seq greater than `after`, dense and in order, until the execution has ended.

        Transient ones (progress, log) come only while they happen. An execution that is paused keeps its
        readers. A reader who falls behind gets one LAGGED event and then what it missed from the journal.
        """
        reader = Subscription()
        self._readers.setdefault(execution_id, []).append(reader)
        try:
            seq, last = after, Event(execution_id, "", after, 0.0, EventType.LAGGED)
            replay = True
            while True:
                if replay and self._is_closed:
                    return  # the store is closed too, and nobody is to open it again
                if replay:
                    events, replay = await self._read_events(execution_id, seq), False
                    if not events and await self._has_ended(execution_id):
                        return
                    sign = self._sign(execution_id)
                    events = events if sign is None else [*events, sign]
                else:
                    events = reader.take()
                last_move = _last_move(events)
                for event in events:
                    if event.type not in TRANSIENT:
                        if event.seq <= seq:
                            # Of a reader who starts behind what there is: nothing is to come for it either.
                            if event is last_move and _ends(event) and await self._has_ended(execution_id):
                                return
                            continue
                        seq = event.seq
                    last = event
                    yield event
                    if event is last_move and _ends(event):
                        return  # a late line of log may lie behind it
                if reader.is_lagging:
                    reader.is_lagging = False
                    replay = True
                    yield Event(execution_id, last.workflow_id, seq, last.ts, EventType.LAGGED)
                elif self._is_closed:
                    return
                else:
                    await reader.wait()
        finally:
            readers = self._readers[execution_id]
            readers.remove(reader)
            if not readers:
                del self._readers[execution_id]

    async def _has_ended(self, execution_id: str) -> bool:
        """Whether there is nothing to come, for a reader who starts behind the last event."""
        known = await self._read_events(execution_id, 0)
        return bool(known) and _ends(known[-1])


def _last_move(events: Sequence[Event]) -> Event | None:
    """The last event that moved the execution itself; one that had ended may have been taken up again."""
    return next((event for event in reversed(events) if event.type in STATUS_OF), None)


def _ends(event: Event) -> bool:
    status = STATUS_OF.get(event.type)
    return status is not None and status.is_terminal
