"""Following a run's events."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from engine import StepContext, WorkflowEngine
from engine.history.events import Event, EventType
from engine.run import stream
from engine.run.stream import EventStreams
from engine.store import sqlite
from engine.store.sqlite import SqliteStateManager
from tests.support.builders import chain, make_workflow, node
from tests.support.fake_clock import settle
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio


def event(seq: int, event_type: EventType = EventType.STEP_RUNNING) -> Event:
    return Event("run", "w", seq, 0.0, event_type, "a")


class Journal:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.streams = EventStreams(self.read, lambda _: None)

    async def read(self, execution_id: str, after: int) -> list[Event]:
        return [each for each in self.events if each.seq > after]

    def happen(self, *events: Event) -> None:
        self.events += events
        self.streams.publish("run", events)


async def collect(streams: EventStreams, into: list[Any], after: int = 0) -> None:
    async for each in streams.follow("run", after):
        into.append((each.type, each.seq))


async def test_that_a_reader_gets_what_was_and_what_comes_once_each() -> None:
    journal, seen = Journal(), []
    journal.happen(event(1), event(2))
    reading = asyncio.create_task(collect(journal.streams, seen, 1))
    await settle()
    journal.happen(event(3))
    await settle()
    journal.happen(event(3), event(4, EventType.EXECUTION_COMPLETED))
    await reading
    assert [seq for _, seq in seen] == [2, 3, 4]
    assert journal.streams._readers == {}


async def test_that_a_slow_reader_is_told_and_reads_the_journal_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream, "MAX_BEHIND", 3)
    journal, seen = Journal(), []
    reading = asyncio.create_task(collect(journal.streams, seen))
    await settle()
    for seq in range(1, 8):
        journal.happen(event(seq))
    await settle()
    journal.happen(event(8, EventType.EXECUTION_FAILED))
    await reading
    assert seen[0] == (EventType.LAGGED, 0)
    assert [seq for kind, seq in seen[1:]] == list(range(1, 9))


async def test_that_a_reader_who_is_many_pages_behind_hears_of_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, actions: ScriptedActions
) -> None:
    monkeypatch.setattr(stream, "MAX_BEHIND", 20)
    monkeypatch.setattr(sqlite, "_PAGE_EVENTS", 10)
    steps = [f"s{number}" for number in range(1, 60)]
    seen: list[Event] = []
    is_following = asyncio.Event()
    async with WorkflowEngine(
        state_manager=SqliteStateManager(tmp_path / "runs.sqlite"), registry=actions.registry
    ) as engine:
        execution_id = await engine.start_workflow(chain(node("s0", "gate"), *steps))

        async def follow() -> None:
            async for each in engine.events(execution_id):
                seen.append(each)
                if each.step_id == "s0":
                    is_following.set()

        reading = asyncio.create_task(follow())
        await is_following.wait()
        await engine.cancel_workflow(execution_id, force=True)  # all the others are accounted for at once
        await reading
        facts = [each for each in seen if each.type is not EventType.LAGGED]
        assert len(facts) < len(seen)
        assert {each.workflow_id for each in seen} == {"w"}
        assert all(before.ts <= after.ts for before, after in pairwise(seen))
        assert facts == await engine.state_manager.read_events(execution_id)


@pytest.mark.parametrize("starts", ["before", "after"])
async def test_that_a_reader_who_starts_behind_the_end_is_not_kept_waiting(
    engine: WorkflowEngine, actions: ScriptedActions, starts: str
) -> None:
    execution_id = await engine.start_workflow(make_workflow([node("a", "gate")]))
    await actions.reached["a"].wait()
    if starts == "after":
        actions.gates["a"].set()
        await engine.wait(execution_id)
    reading = asyncio.create_task(anext(engine.events(execution_id, after=1_000), None))
    await settle()
    actions.gates["a"].set()
    assert await reading is None


async def test_that_an_end_read_twice_does_not_end_a_run_that_was_taken_up_again() -> None:
    journal, seen = Journal(), []
    reading = asyncio.create_task(collect(journal.streams, seen, 1))
    await settle()
    # The end is told late, when its being taken up again is in the journal already, and was read there.
    journal.events += [
        event(1),
        event(2, EventType.EXECUTION_FAILED),
        event(3, EventType.EXECUTION_RESTARTED),
    ]
    journal.streams.publish("run", [event(1, EventType.EXECUTION_FAILED)])
    await settle()
    assert not reading.done()
    journal.happen(event(4, EventType.EXECUTION_COMPLETED))
    await reading
    assert [seq for _, seq in seen] == [4]


async def test_that_a_slow_reader_opens_no_store_that_was_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_BEHIND", 3)
    journal, seen = Journal(), []
    reading = asyncio.create_task(collect(journal.streams, seen))
    await settle()
    journal.happen(*map(event, range(1, 8)))
    journal.streams.close()
    await reading
    assert seen == [(EventType.LAGGED, 0)]


async def test_that_a_reader_who_goes_leaves_nothing_behind(
    engine: WorkflowEngine, actions: ScriptedActions
) -> None:
    execution_id = await engine.start_workflow(make_workflow([node("a", "gate")]))
    await actions.reached["a"].wait()
    reading = engine.events(execution_id)
    assert (await anext(reading)).seq == 1
    assert engine._runtime.streams.has_readers(execution_id)
    await reading.aclose()
    assert not engine._runtime.streams.has_readers(execution_id)


async def test_that_closing_ends_every_reader() -> None:
    journal, seen = Journal(), []
    reading = asyncio.create_task(collect(journal.streams, seen))
    await settle()
    journal.happen(event(1))
    journal.streams.close()
    await reading
    assert seen == [(EventType.STEP_RUNNING, 1)]


async def test_that_a_paused_run_keeps_its_readers(engine: WorkflowEngine) -> None:
    execution_id = await engine.start_workflow(make_workflow([node("a", parameters={"p": "${input.x}"})]))
    seen: list[str] = []

    async def follow() -> None:
        async for each in engine.events(execution_id):
            seen.append(each.type)

    reading = asyncio.create_task(follow())
    await engine.wait(execution_id)
    await settle()
    assert seen[-1] == "EXECUTION_PAUSED"
    assert not reading.done()
    await engine.resume_workflow(execution_id, {"x": 1})
    await reading
    assert seen[-1] == "EXECUTION_COMPLETED"


async def test_that_a_fact_is_durable_before_it_is_shown(engine: WorkflowEngine) -> None:
    execution_id = await engine.start_workflow(chain("a", "b", "c"))
    async for each in engine.events(execution_id):
        stored = await engine.state_manager.read_events(execution_id)
        assert stored[each.seq - 1] == each


async def test_that_two_readers_see_the_same(engine: WorkflowEngine, actions: ScriptedActions) -> None:
    execution_id = await engine.start_workflow(chain("a", "b"))

    async def read() -> list[Event]:
        return [each async for each in engine.events(execution_id)]

    first, second = await asyncio.gather(read(), read())
    assert first == second


async def test_that_a_last_line_of_log_may_come_after_the_end(
    engine: WorkflowEngine, actions: ScriptedActions, caplog: pytest.LogCaptureFixture
) -> None:
    """A line is told when the loop next turns; by then a short run is over and half taken down."""

    async def says_goodbye(params: dict[str, Any], context: StepContext) -> None:
        context.log("goodbye")
        context.progress(1.0)

    actions.registry.register("test", "goodbye", says_goodbye)
    execution_id = await engine.start_workflow(chain("a", node("b", "goodbye")))
    state = await engine.wait(execution_id)
    await settle()
    assert state["status"] == "COMPLETED"
    assert await engine.get_workflow_status(execution_id) == state
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []
