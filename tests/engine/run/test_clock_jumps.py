"""Clocks are set, and computers sleep: no wait is prolonged, nothing takes less than no time."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import ActionRegistry, SqliteStateManager, WorkflowEngine
from engine.history.events import EventType
from engine.run.alarm import LOOK_EVERY_S, Alarm
from tests.support.builders import chain, make_workflow, node
from tests.support.compositions import body, sub
from tests.support.fake_clock import FakeClock, FixedRng, settle
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio
HOUR = 3_600.0


class Wall(FakeClock):
    """A clock that can be set: timers go on counting, and only the time it shows has changed."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        super().__init__(now)
        self.set_by = 0.0

    def now(self) -> float:
        return super().now() + self.set_by


def wait_of(seconds: float) -> dict[str, object]:
    return {"id": "wait", "type": "flow.wait", "config": {"parameters": {"seconds": seconds}}}


class TestAlarm:
    @pytest.mark.parametrize(
        ("set_by", "rings_at"), [(0.0, 1_000.0), (-HOUR, 1_000.0), (HOUR, LOOK_EVERY_S), (500.0, 500.0)]
    )
    async def test_that_it_rings_when_the_time_is_counted_or_the_moment_has_come(
        self, set_by: float, rings_at: float
    ) -> None:
        clock, rung = Wall(), list[float]()
        start = clock.now()
        alarm = Alarm(clock, start + 1_000, lambda: rung.append(clock.now() - set_by - start), most_s=1_000)
        clock.set_by = set_by
        await clock.advance(5_000)
        assert rung == [rings_at]
        alarm.cancel()

    async def test_that_a_moment_is_waited_for_as_long_as_it_takes(self) -> None:
        clock, rung = Wall(), list[float]()
        Alarm(clock, clock.now() + 100, lambda: rung.append(clock.now()))
        clock.set_by = -HOUR
        await clock.advance(100)
        assert rung == []
        await clock.advance(HOUR)
        assert rung == [1_000_100.0]

    async def test_that_it_can_be_called_off_between_two_looks(self) -> None:
        clock, rung = Wall(), list[float]()
        alarm = Alarm(clock, clock.now() + 1_000, lambda: rung.append(0.0), most_s=1_000)
        await clock.advance(LOOK_EVERY_S + 1)
        alarm.cancel()
        await clock.advance(5_000)
        assert rung == []
        assert clock.delays == []


@pytest.mark.parametrize("set_by", [-HOUR, HOUR])
async def test_that_a_wait_lasts_no_longer_and_nothing_takes_less_than_no_time(
    actions: ScriptedActions, tmp_path: Path, set_by: float
) -> None:
    clock = Wall()
    async with _engine(actions, tmp_path, clock) as engine:
        execution_id = await engine.start_workflow(chain("before", wait_of(30), node("after", "gate")))
        await clock.until_asked()
        clock.set_by = set_by
        await clock.advance(30)
        await actions.reached["after"].wait()
        clock.set_by = 0.0
        actions.gates["after"].set()
        state = await engine.wait(execution_id)
        events = await engine.state_manager.read_events(execution_id)
    assert state["status"] == "COMPLETED"
    times = [event.ts for event in events]
    assert times == sorted(times)
    assert all(step["duration_ms"] >= 0 for step in state["steps"].values())
    assert state["timings"]["duration_ms"] >= 0


@pytest.mark.parametrize(("set_by", "waits"), [(-HOUR, 30.0), (HOUR, 0.0), (10.0, 20.0)])
async def test_that_a_clock_set_while_the_program_was_off_prolongs_no_wait(
    actions: ScriptedActions, tmp_path: Path, set_by: float, waits: float
) -> None:
    retry = {"max_attempts": 2, "initial_interval": 30, "jitter": "none"}
    actions.errors["again"] = [ConnectionError("once")]
    drawn = make_workflow([wait_of(30), node("again", "fail", retry=retry)])
    clock = Wall()
    async with _engine(actions, tmp_path, clock) as engine:
        execution_id = await engine.start_workflow(drawn)
        await clock.until_asked(2)
        await engine._runtime.barrier()
    clock = Wall(1_000_000.0 + set_by)
    async with _engine(actions, tmp_path, clock) as engine:
        await engine.recover()
        await settle()
        assert clock.delays == ([waits, waits] if waits else [0.0])  # a retry that is due already
        await clock.advance(waits)
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
        events = await engine.state_manager.read_events(execution_id)
    times = [event.ts for event in events if event.type is not EventType.STEP_RUNNING]
    assert times == sorted(times)


async def test_that_a_clock_set_back_gives_no_more_time_for_all_attempts(
    actions: ScriptedActions,
) -> None:
    clock = Wall()
    async with WorkflowEngine(registry=actions.registry, clock=clock, rng=FixedRng()) as engine:
        actions.errors["a"] = [ConnectionError("once")]
        retry = {"max_attempts": 2, "initial_interval": 1, "jitter": "none"}

        async def stuck(params: dict[str, object], context: object) -> None:
            if actions.errors["a"]:
                raise actions.errors["a"].pop()
            await actions.gates["never"].wait()

        actions.registry.register("test", "stuck", stuck)
        workflow = make_workflow([node("a", "stuck", retry=retry, timeout={"total": 10})])
        execution_id = await engine.start_workflow(workflow)
        await clock.until_asked()
        clock.set_by = -HOUR
        await clock.advance(1)
        assert clock.delays == [10.0]
        await clock.advance(10)
        assert (await engine.wait(execution_id))["error"]["type"] == "StepTimeoutError"


@pytest.mark.parametrize("restarts", [False, True])
async def test_that_a_clock_set_back_prolongs_no_wait_of_a_rollback(
    actions: ScriptedActions, tmp_path: Path, restarts: bool
) -> None:
    tries: list[float] = []

    async def busy(params: dict[str, object], context: object) -> None:
        tries.append(clock.now())
        if len(tries) == 1:
            raise ConnectionError("busy")
        await actions.gates["never"].wait()

    actions.registry.register("test", "busy", busy)
    retry = {"max_attempts": 2, "initial_interval": 30, "jitter": "none"}
    rollback = {"service": "test", "action": "busy", "retry": retry, "timeout": {"total": 50}}
    workflow = chain(node("a", rollback=rollback))
    clock = Wall()
    engine = _engine(actions, tmp_path, clock)
    execution_id = await engine.start_workflow(workflow)
    await engine.wait(execution_id)
    await engine.rollback_workflow(execution_id)
    await clock.until_asked()
    if restarts:
        await engine.close()
        clock = Wall(clock.now() - HOUR)
        engine = _engine(actions, tmp_path, clock)
        await engine.recover()
        await clock.until_asked()
    else:
        clock.set_by = -HOUR
    await clock.advance(30)
    assert len(tries) == 2
    assert clock.delays == [50.0]  # and not an hour more
    await clock.advance(50)
    assert (await engine.wait(execution_id))["status"] == "ROLLBACK_FAILED"
    await engine.close()


async def test_that_a_clock_set_back_gives_a_step_with_parts_no_more_time(
    actions: ScriptedActions, tmp_path: Path
) -> None:
    clock = Wall()
    workflow = make_workflow([sub("part", body(node("works", "gate")), timeout=10)])
    async with _engine(actions, tmp_path, clock) as engine:
        execution_id = await engine.start_workflow(workflow)
        await clock.until_asked()
        clock.set_by = -HOUR
        await clock.advance(4)
        await engine._runtime.barrier()
    actions.reached["works"].clear()
    async with _engine(actions, tmp_path, clock) as engine:
        await engine.recover()
        await clock.until_asked()
        await clock.advance(10)
        assert (await engine.wait(execution_id))["error"]["type"] == "StepTimeoutError"


def _engine(actions: ScriptedActions, folder: Path, clock: Wall) -> WorkflowEngine:
    registry = ActionRegistry.default()
    for key in actions.registry:
        action = actions.registry.get(*key)
        registry.register(*key, action.handler, action.options)
    store = SqliteStateManager(folder / "runs.db", now=clock.now)
    return WorkflowEngine(registry=registry, state_manager=store, clock=clock, rng=FixedRng())
