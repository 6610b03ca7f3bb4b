"""What crosses between the window and the engine, and how often."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from designer.execution.batch import MOST_EVENTS, RunBatch, RunFold
from designer.execution.bridge import EngineBridge
from designer.execution.engine_thread import EngineThread
from designer.panels.log_lines import log_line
from designer.panels.texts import status_word
from designer.program import engine_factory
from designer.settings import Settings
from engine.errors import StorageFull, StoreBusy
from engine.history.events import Event, EventType
from engine.history.status import ExecutionStatus, StepStatus
from engine.model.workflow import Workflow
from engine.store.sqlite import SqliteStateManager
from tests.designer.execution.conftest import Rig
from tests.designer.execution.fakes import ScriptedEngine, ScriptedStore
from tests.support.qt_loop import qt_loop, spin


def test_that_a_start_that_is_given_up_leaves_no_run_or_a_cancelled_one(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    start = ScriptedEngine.start_workflow

    async def slowly(self: ScriptedEngine, *given: Any, **named: Any) -> str:
        begun.set()
        await asyncio.to_thread(go_on.wait, 10)
        return await start(self, *given, **named)

    async def give_up(*, when: threading.Event) -> None:
        task = asyncio.ensure_future(rig.bridge.start(Workflow(id="w1"), {}))
        await asyncio.to_thread(when.wait, 10)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    monkeypatch.setattr(ScriptedEngine, "start_workflow", slowly)
    spin(rig.bridge.open())
    spin(give_up(when=begun))
    assert rig.scripted.calls == []  # its creation is not cut off half way
    go_on.set()
    spin(rig.bridge.close())  # which waits for its end
    assert [call[:2] for call in rig.scripted.calls] == [("start", "w1"), ("cancel", "run-1")]


def test_that_a_started_run_arrives_as_batches_in_the_window_thread(rig: Rig, qtbot: QtBot) -> None:
    batches: list[RunBatch] = []
    threads: set[str] = set()
    rig.bridge.batch_arrived.connect(batches.append)
    rig.bridge.batch_arrived.connect(lambda _: threads.add(threading.current_thread().name))
    run = spin(rig.bridge.start(Workflow(id="w1", name="Orders"), {"a": 1}, Path("/base")))
    assert rig.scripted.calls == [("start", "w1", {"a": 1}, Path("/base"))]
    rig.scripted.send(run, EventType.STEP_RUNNING, "read")
    rig.scripted.send(run, EventType.STEP_COMPLETED, "read", output={"rows": 3})
    rig.scripted.send(run, EventType.EXECUTION_COMPLETED)
    qtbot.waitUntil(lambda: bool(batches) and batches[-1].status is ExecutionStatus.COMPLETED)
    steps = {key: value for batch in batches for key, value in batch.steps.items()}
    assert steps["read"].status is StepStatus.COMPLETED
    assert batches[-1].workflow_name == "Orders"
    assert (batches[-1].done, batches[-1].total) == (1, 1)
    assert threads == {"MainThread"}


def test_that_thousands_of_events_cross_in_few_batches_and_none_is_lost(rig: Rig, qtbot: QtBot) -> None:
    batches: list[RunBatch] = []
    rig.bridge.batch_arrived.connect(batches.append)
    run = spin(rig.bridge.start(Workflow(id="w1"), {}))
    many = [(EventType.STEP_RUNNING, f"s{n}", {}) for n in range(3000)]
    rig.scripted.send_many(run, [*many, (EventType.EXECUTION_COMPLETED, None, {})])
    qtbot.waitUntil(lambda: bool(batches) and batches[-1].status is ExecutionStatus.COMPLETED)
    assert sum(len(batch.events) for batch in batches) == 3003
    assert len(batches) < 300


def test_that_a_window_that_is_busy_gets_one_larger_batch_and_no_queue_of_them(
    rig: Rig, qtbot: QtBot
) -> None:
    sent: list[RunBatch] = []
    run = spin(rig.bridge.start(Workflow(id="w1"), {}))
    qtbot.wait(0)
    host = rig.bridge._host
    assert host is not None
    watcher = host._watchers[run]
    qtbot.waitUntil(lambda: watcher.window_is_free and not watcher._fold.is_changed)
    watcher.window_is_free = False
    rig.bridge.batch_arrived.connect(sent.append)
    for n in range(20):
        rig.scripted.send(run, EventType.STEP_RUNNING, f"s{n}")
    assert sent == []
    watcher.window_is_free = True
    qtbot.waitUntil(lambda: sum(len(batch.events) for batch in sent) == 20)
    assert len(sent) == 1


def test_that_what_happens_all_at_once_reaches_the_window_a_little_at_a_time(rig: Rig, qtbot: QtBot) -> None:
    batches: list[RunBatch] = []
    rig.bridge.batch_arrived.connect(batches.append)
    run = spin(rig.bridge.start(Workflow(id="w1"), {}))
    all_at_once = [(EventType.STEP_SKIPPED, f"s{n}", {"reason": "cancelled"}) for n in range(3 * MOST_EVENTS)]
    rig.scripted.send_many(run, [*all_at_once, (EventType.EXECUTION_FAILED, None, {})])
    qtbot.waitUntil(lambda: bool(batches) and batches[-1].status is ExecutionStatus.FAILED)
    assert max(len(batch.events) for batch in batches) <= MOST_EVENTS
    assert sum(len(batch.steps) for batch in batches) == 3 * MOST_EVENTS
    told = [event.seq for batch in batches for event in batch.events]
    assert told == list(range(1, len(told) + 1))


def test_that_a_run_that_has_ended_is_told_to_its_end_whatever_is_asked_of_it_meanwhile(
    rig: Rig, qtbot: QtBot
) -> None:
    batches: list[RunBatch] = []
    rig.bridge.batch_arrived.connect(batches.append)
    run = spin(rig.bridge.start(Workflow(id="w1"), {}))
    host = rig.bridge._host
    assert host is not None
    watcher = host._watchers[run]
    qtbot.waitUntil(lambda: bool(batches) and not watcher._fold.is_changed)
    qtbot.waitUntil(lambda: watcher.window_is_free)
    watcher.window_is_free = False  # it is busy with the batch before
    rig.scripted.send(run, EventType.EXECUTION_COMPLETED)
    qtbot.waitUntil(watcher._task.done)
    spin(rig.bridge.resume(run))  # by a person to whom it still seems to be paused
    watcher.window_is_free = True
    qtbot.waitUntil(lambda: batches[-1].status is ExecutionStatus.COMPLETED)
    assert host._watchers[run] is watcher
    assert [event.seq for batch in batches for event in batch.events] == [1, 2, 3]


def test_that_watching_again_replays_the_history(rig: Rig, qtbot: QtBot) -> None:
    run = spin(rig.bridge.start(Workflow(id="w1"), {}))
    rig.scripted.send(run, EventType.EXECUTION_COMPLETED)
    host = rig.bridge._host
    assert host is not None
    qtbot.waitUntil(lambda: host._watchers[run].is_done)
    batches: list[RunBatch] = []
    rig.bridge.batch_arrived.connect(batches.append)
    spin(rig.bridge.watch(run))
    qtbot.waitUntil(lambda: bool(batches) and batches[-1].status is ExecutionStatus.COMPLETED)


def test_that_pause_resume_and_cancel_reach_the_engine(rig: Rig) -> None:
    run = spin(rig.bridge.start(Workflow(id="w1"), {}))
    rig.scripted.calls.clear()
    spin(rig.bridge.pause(run))
    spin(rig.bridge.resume(run, {"threshold": 60}))
    spin(rig.bridge.cancel(run, force=True))
    assert rig.scripted.calls == [
        ("pause", run),
        ("resume", run, {"threshold": 60}),
        ("cancel", run, True),
    ]


def test_that_closing_closes_the_engine_joins_the_thread_and_leaves_no_task(rig: Rig) -> None:
    spin(rig.bridge.start(Workflow(id="w1"), {}))
    engine = rig.scripted
    spin(rig.bridge.close())
    assert engine.is_closed
    assert not any(thread.name == "engine" for thread in threading.enumerate())
    spin(rig.bridge.close())


def test_that_a_store_that_is_in_use_is_said_and_the_thread_ends(rig: Rig) -> None:
    async def busy() -> None:
        raise StoreBusy("another window has it")

    bridge = EngineBridge(busy)  # type: ignore[arg-type] # never returns an engine
    with pytest.raises(StoreBusy):
        spin(bridge.open())
    assert not bridge.is_open
    assert not any(thread.name == "engine" for thread in threading.enumerate())


def test_that_the_end_of_a_run_is_told_with_its_last_events_and_not_before() -> None:
    fold = RunFold()
    fold.add(Event("r", "w", 1, 1.0, EventType.EXECUTION_CREATED, None, 0, {}))
    fold.add(Event("r", "w", 2, 1.0, EventType.EXECUTION_STARTED, None, 0, {}))
    for number in range(MOST_EVENTS):
        fold.add(Event("r", "w", number + 3, 2.0, EventType.STEP_CANCELLED, f"s{number}", 1, {}))
    fold.add(Event("r", "w", MOST_EVENTS + 3, 3.0, EventType.EXECUTION_FAILED, None, 0, {}))
    first = fold.take()
    assert (first.status, len(first.events)) == (ExecutionStatus.RUNNING, MOST_EVENTS)
    assert fold.is_changed
    last = fold.take()
    assert (last.status, [event.step_id for event in last.events]) == (
        ExecutionStatus.FAILED,
        [f"s{MOST_EVENTS - 2}", f"s{MOST_EVENTS - 1}", None],
    )
    assert not fold.is_changed


def test_that_a_run_of_many_steps_that_is_taken_up_again_is_told_in_parts() -> None:
    fold = RunFold()
    steps = [f"s{number}" for number in range(2 * MOST_EVENTS)]
    for seq, (type, step_id) in enumerate(
        [
            (EventType.EXECUTION_CREATED, None),
            (EventType.EXECUTION_STARTED, None),
            *((EventType.STEP_SKIPPED, step_id) for step_id in steps),
            (EventType.EXECUTION_FAILED, None),
        ]
    ):
        fold.add(Event("r", "w", seq + 1, 1.0, type, step_id, 0, {}))
    while fold.is_changed:
        fold.take()
    again = {"steps": steps, "connections": [], "epoch": 2}
    fold.add(Event("r", "w", len(steps) + 4, 2.0, EventType.EXECUTION_RESTARTED, None, 0, again))
    batches = []
    while fold.is_changed:
        batches.append(fold.take())
    assert [len(batch.steps) for batch in batches] == [MOST_EVENTS, MOST_EVENTS]
    assert {i for batch in batches for i in batch.steps} == set(steps)
    assert [batch.status for batch in batches] == [ExecutionStatus.RUNNING, ExecutionStatus.RUNNING]


def test_that_the_clock_of_a_run_leaves_its_pauses_out() -> None:
    fold = RunFold()
    for seq, (ts, type) in enumerate(
        [
            (100.0, EventType.EXECUTION_CREATED),
            (100.0, EventType.EXECUTION_STARTED),
            (103.0, EventType.EXECUTION_PAUSED),
            (900.0, EventType.EXECUTION_RESUMED),
            (902.0, EventType.EXECUTION_COMPLETED),
        ]
    ):
        fold.add(Event("r", "w", seq + 1, ts, type, None, 0, {}))
    batch = fold.take()
    assert (batch.active_s, batch.running_since) == (5.0, None)
    assert not fold.is_changed


def test_that_the_engine_thread_runs_work_on_its_own_loop_and_stops_twice() -> None:
    thread = EngineThread("a test's engine")
    thread.start()

    async def where() -> str:
        await asyncio.sleep(0)
        return threading.current_thread().name

    assert thread.submit(where()).result(5) == "a test's engine"
    thread.stop()
    thread.stop()
    assert not thread.is_alive


def test_that_runs_that_are_too_old_go_when_the_engine_starts(qapp: QApplication, tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"

    async def two_runs() -> str:
        for now in (lambda: 1e9, time.time):
            async with SqliteStateManager(path, now=now) as store:
                execution_id = await store.create_execution("w")
                await store.update_execution_status(execution_id, "RUNNING")
                await store.update_execution_status(execution_id, "COMPLETED")
        return execution_id

    recent = asyncio.run(two_runs())
    with qt_loop(qapp):
        for days, count in ((0, 2), (30, 1)):
            bridge = EngineBridge(engine_factory(path, Settings(tmp_path / "s.ini")), keep_days=days)
            spin(bridge.open())
            assert bridge._host is not None
            if days:
                assert bridge._host._pruning is not None
                spin(bridge._thread.call(asyncio.wait_for(bridge._host._pruning, 20)))
            history = spin(bridge.history())
            assert len(history) == count
            spin(bridge.close())
    assert history[0].id == recent


def test_that_a_store_that_cannot_be_pruned_is_used_all_the_same(
    qapp: QApplication, caplog: pytest.LogCaptureFixture
) -> None:
    class Refusing(ScriptedStore):
        async def prune(self, **_: float) -> None:
            raise StorageFull("no room")

    async def make() -> ScriptedEngine:
        engine = ScriptedEngine()
        engine.state_manager = Refusing()
        return engine

    with qt_loop(qapp):
        bridge = EngineBridge(make, keep_days=3)  # type: ignore[arg-type] # stands in for the engine
        spin(bridge.open())
        spin(bridge.history())
        spin(bridge.close())
    assert "Old runs were not removed: no room" in caplog.text


def test_that_a_run_whose_store_refuses_is_shown_as_paused_and_its_clock_stands() -> None:
    fold = RunFold()
    refused = {"error": {"type": "StorageFull", "message": "There is no room left"}}
    works = {"status": "RUNNING", "reason": "", "error": None}
    for seq, ts, type, data in (
        (1, 100.0, EventType.EXECUTION_CREATED, {}),
        (2, 100.0, EventType.EXECUTION_STARTED, {}),
        (2, 103.0, EventType.STORAGE_REFUSED, refused),
    ):
        fold.add(Event("r", "w", seq, ts, type, None, 0, data))
    batch = fold.take()
    assert (batch.status, batch.reason, batch.running_since) == (
        ExecutionStatus.PAUSED,
        "storage_error",
        None,
    )
    assert status_word(batch.status, batch.reason) == "Paused"
    line = log_line(batch.events[-1])
    assert line is not None
    assert line.text == "Run paused, resume it to try again: There is no room left"
    fold.add(Event("r", "w", 2, 900.0, EventType.STORAGE_WORKS, None, 0, works))
    batch = fold.take()
    assert (batch.status, batch.error, batch.running_since) == (ExecutionStatus.RUNNING, None, 900.0)
    assert batch.active_s == 3.0
