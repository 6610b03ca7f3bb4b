"""A step that began and completed at once reads like the events that it stands for."""

from __future__ import annotations

from engine.history.events import EventDraft, EventType
from engine.history.ran import Ran, RanEvents, Taken
from engine.store.json_text import decode

TAKEN = {"connection_id": 'c"ä', "outcome": "TAKEN"}


def ran(*taken: str) -> Ran:
    made = Ran("a", 2, 10.0)
    made.output, made.duration_ms, made.text, made.taken = 1, 0.5, '{"output":1}', Taken(taken)
    return made


def test_that_it_is_a_sequence_of_drafts() -> None:
    made = ran(TAKEN["connection_id"])
    assert len(made) == 3
    assert made[0] == made.begun == EventDraft(EventType.STEP_RUNNING, "a", 2, {}, 10.0)
    assert made[-1][:-1] == EventDraft(EventType.CONNECTION_RESOLVED, None, 0, TAKEN, None)[:-1]
    assert decode(made[-1].text or "") == TAKEN
    assert made[:2] == list(made)[:2]
    assert len(ran()) == len(ran()[:]) == 2


def test_that_the_connections_taken_are_written_down_as_json() -> None:
    assert decode(Taken(["c", 'd"ä']).text or "") == ["c", 'd"ä']
    assert Taken().text is None


def test_that_its_events_are_numbered_from_the_first() -> None:
    events = RanEvents("run", "w", 7, ran("c", "d"), 10.0, 12.0)
    assert len(events) == 4
    assert [(event.seq, event.type, event.ts) for event in events] == [
        (7, EventType.STEP_RUNNING, 10.0),
        (8, EventType.STEP_COMPLETED, 12.0),
        (9, EventType.CONNECTION_RESOLVED, 12.0),
        (10, EventType.CONNECTION_RESOLVED, 12.0),
    ]
    assert events[1].data == {"output": 1, "duration_ms": 0.5}
    assert [event.seq for event in events[2:]] == [9, 10]
    assert events.events() == events.events()
    assert {(event.execution_id, event.workflow_id) for event in events} == {("run", "w")}
