"""Whatever is done to a run, in whatever order, and however often the process dies: the rules hold.

A hypothesis state machine drives the real engine on SQLite with a clock of its own. After every move the
journal is legal, the store's projections are its fold, no slot is lost, and the run stands where what goes on
in it says it must. In the end it has ended, routed as the reference model says.
"""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
import threading
from collections import Counter
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from engine.errors import ConditionError, DefinitionError, NoRouteMatched, SchemaValidationError
from engine.files import codec
from engine.history.events import Event, EventType
from engine.history.state import ExecutionState
from engine.history.status import ExecutionStatus
from engine.run.dispatcher import GRACE_S
from engine.run.options import RunOptions
from engine.run.recovery import MAX_CRASHES
from tests.support.fake_clock import settle
from tests.support.journal_rules import check_journal
from tests.support.lives import (
    InlineLoop,
    Rules,
    check_projections,
    draw,
    held,
    to_repair,
    with_condition,
)
from tests.support.mortal_engine import MortalEngine
from tests.support.random_graphs import SOURCES

T = TypeVar("T")
LEAKED_S = 5
picks = st.integers(0, 8)


class LifeOfARun(Rules, RuleBasedStateMachine):
    """`wish`: what was last asked for: run, pause or cancel. `moves` counts what was done, over all lives.

    `stops`: the steps that are to be held before they begin; `by_step`: whether all are.
    """

    moves: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.loop = InlineLoop()
        # In memory where that can be had: no plug is pulled here, and a disk's syncs take most of the time.
        self.folder = tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        self.host: MortalEngine | None = None
        self.threads = set(threading.enumerate())
        self.wish = "run"
        self.crashes = 0

    # -- what can happen --------------------------------------------------------------------------

    @initialize(
        seed=st.integers(0, 1_000_000),
        limit=st.sampled_from((1, 2, 5)),
        mode=st.sampled_from(("drain", "cancel", "continue")),
        stop_often=st.sampled_from((0.0, 0.0, 0.3)),
        by_step=st.sampled_from((False, False, True)),
        incidents=st.sampled_from(("fail", "pause")),
    )
    def start(
        self, seed: int, limit: int, mode: str, stop_often: float, by_step: bool, incidents: Any
    ) -> None:
        rng = random.Random(seed)
        self.mode = mode
        self.holds = incidents == "pause"
        self.graph, self.asking, self.drawn = draw(rng, mode, breaks=self.holds)
        self.stops = {step.id for step in self.graph.steps if rng.random() < stop_often}
        self.by_step = by_step
        stops = frozenset(self.stops)
        options = RunOptions(breakpoints=stops, step_by_step=by_step, incidents=incidents)
        self.host = MortalEngine(Path(self.folder.name), limit)
        self.id = self.run(
            self.host.engine.start_workflow(codec.decode(self.drawn), {"flag": 1}, options=options)
        )
        self.check("start")

    @precondition(lambda self: self.host and self.host.live)
    @rule(pick=picks, how=st.sampled_from(("finish", "finish", "finish", "fail")))
    def finish(self, pick: int, how: str) -> None:
        self.tell(pick, how)
        self.check("finish")

    @precondition(lambda self: self.host and self.host.live)
    @rule()
    def finish_all(self) -> None:
        for name in sorted(self.host.live):
            self.host.live[name].set_result("finish")
        self.check("finish_all")

    @precondition(lambda self: self.is_open())
    @rule()
    def pause(self) -> None:
        could = self.state.status is ExecutionStatus.RUNNING
        assert self.run(self.engine.pause_workflow(self.id)) == (self.wish != "cancel")
        if could:
            self.wish = "pause"
        self.check("pause")

    @precondition(lambda self: self.is_open())
    @rule(picked=st.sets(picks, max_size=3))
    def resume(self, picked: set[int]) -> None:
        names = sorted(self.asking)
        answers = {f"x_{names[pick % len(names)]}": 1 for pick in picked if names}
        were_held = held(self.events, self.state)
        is_answer = bool(answers) and bool(self.state.needed)
        assert self.run(self.engine.resume_workflow(self.id, answers)) == (self.wish != "cancel")
        if self.wish != "cancel":
            self.wish = "run"
            self.by_step = self.by_step and is_answer
            if not is_answer:
                self.check_released(were_held)
        self.check("resume")

    @precondition(lambda self: self.is_open())
    @rule()
    def step(self) -> None:
        """One step goes on: of those held, as all that are ready are once nothing is on its way to be."""
        were_held, is_still = held(self.events, self.state), self.wish == "run" and not self.host.live
        assert self.run(self.engine.step_workflow(self.id)) == (self.wish != "cancel")
        if self.wish != "cancel":
            self.wish, self.by_step = "run", True
            if were_held and is_still:
                self.check_released(were_held[:1])
        self.check("step")

    @precondition(lambda self: self.is_open() and self.wish != "cancel" and self.broken())
    @rule(pick=picks, holds=st.booleans())
    def repair(self, pick: int, holds: bool) -> None:
        """A condition that could not be evaluated is repaired; one that cannot be either changes nothing."""
        name = to_repair(self.graph, self.broken(), pick)
        before = len(self.events)
        with pytest.raises(ConditionError):
            self.run(self.engine.repair_workflow(self.id, {name: SOURCES["raises"]}))
        assert len(self.read()) == before
        for how in ("true" if holds else "false", "true"):
            try:
                assert self.run(self.engine.repair_workflow(self.id, {name: SOURCES[how]}))
            except NoRouteMatched:
                continue  # a switch is left by none then
            self.graph = with_condition(self.graph, name, how)
            self.wish = "run"
            break
        self.check("repair")

    @precondition(lambda self: self.is_open())
    @rule(picked=st.sets(picks, max_size=3))
    def set_breakpoints(self, picked: set[int]) -> None:
        names = [step.id for step in self.graph.steps]
        wanted = {names[pick % len(names)] for pick in picked}
        assert self.run(self.engine.set_breakpoints(self.id, wanted)) == (self.wish != "cancel")
        if self.wish != "cancel":
            self.stops = wanted
        self.check("set_breakpoints")

    @precondition(lambda self: self.is_open() and self.asking and self.wish != "cancel")
    @rule(pick=picks)
    def supply_nonsense(self, pick: int) -> None:
        before = len(self.events)
        name = f"x_{sorted(self.asking)[pick % len(self.asking)]}"
        with pytest.raises(SchemaValidationError):
            self.run(self.engine.resume_workflow(self.id, {name: "no number"}))
        assert len(self.read()) == before
        self.check("supply_nonsense")

    @precondition(lambda self: self.is_open() and self.wish != "cancel")
    @rule()
    def edit(self) -> None:
        """The drawing has changed since: the run goes on with its own and takes no other."""
        before = len(self.events)
        with pytest.raises(DefinitionError):
            self.run(self.engine.resume_workflow(self.id, workflow={**self.drawn, "name": "Edited"}))
        assert len(self.read()) == before
        self.check("edit")

    @precondition(lambda self: self.is_open())
    @rule(force=st.booleans(), often=st.integers(0, 9))
    def cancel(self, force: bool, often: int) -> None:
        if often > 1:
            return  # most runs should get further than this
        assert self.run(self.engine.cancel_workflow(self.id, force=force))
        self.wish = "cancel"
        self.check("cancel")
        assert not (force and self.is_open())

    @precondition(lambda self: self.host is not None)
    @rule(seconds=st.sampled_from((1, 5, 10, 100)))
    def let_time_pass(self, seconds: int) -> None:
        self.run(self.host.clock.advance(seconds))
        self.check("let_time_pass")

    # A run whose step was at work in MAX_CRASHES crashes in a row is given up, which has tests of its own.
    @precondition(lambda self: self.host is not None and self.crashes < MAX_CRASHES - 1)
    @rule(
        pick=picks,
        how=st.sampled_from(("", "finish", "finish", "fail")),
        turns=st.integers(0, 4),
        again_after=st.none() | st.integers(0, 6),
    )
    def crash(self, pick: int, how: str, turns: int, again_after: int | None) -> None:
        """The process dies, perhaps a few turns after an action came to its end; the next one perhaps too."""
        known = [event[2:] for event in self.events]
        if how and self.host.live:
            self.tell(pick, how, turns)
        if again_after is not None and self.crashes < MAX_CRASHES - 2:
            self.crashes += 1
            self.run(self.host.die(again_after))
        self.crashes += 1
        self.run(self.host.die())
        assert [event[2:] for event in self.read()][: len(known)] == known
        self.check("crash")

    # -- what must hold ----------------------------------------------------------------------------

    def check(self, move: str = "end") -> None:
        self.moves[move] += 1
        self.run(self.calm())
        self.events = self.read()
        self.state = state = ExecutionState.fold(self.events)
        check_journal(self.events)
        shown = self.run(self.engine.get_workflow_status(self.id))
        folded = state.to_dict()
        assert {name: step for name, step in shown["steps"].items() if name in folded["steps"]} == folded[
            "steps"
        ]
        assert {**shown, "steps": {}} == {**folded, "steps": {}}
        check_projections(self.host.path, state)
        assert self.engine.semaphore._value == self.host.limit - len(self.host.live)
        assert all(len(keys) == 1 for keys in self.host.keys.values()), self.host.keys
        retries = Counter(event.step_id for event in self.events if event.type is EventType.STEP_WAITING)
        # A restart uses up no retry, and neither does a question.
        assert {name: self.host.attempts[name] for name in self.host.live} == {
            name: retries[name] + 1 for name in self.host.live
        }
        self.check_status(state)
        self.check_stops()

    def teardown(self) -> None:
        try:
            if self.host is not None:
                self.bring_to_an_end()
                self.run(self.host.close())
                self.run(settle())
                assert not asyncio.all_tasks(self.loop)
                for thread in set(threading.enumerate()) - self.threads:
                    thread.join(LEAKED_S)
                    assert not thread.is_alive(), f"{thread.name} was left behind"
        finally:
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()
            self.folder.cleanup()

    def repair_first(self) -> None:
        name = to_repair(self.graph, self.broken(), 0)
        self.run(self.engine.repair_workflow(self.id, {name: SOURCES["true"]}))
        self.graph = with_condition(self.graph, name, "true")
        self.state = self.run(self.engine.state_manager.load_state(self.id))

    def bring_to_an_end(self) -> None:
        for _ in range(100):
            if not self.is_open():
                break
            if self.wish != "cancel":
                everything = {f"x_{name}": 1 for name in self.asking}
                self.run(self.engine.set_breakpoints(self.id, []))
                self.run(self.engine.resume_workflow(self.id, everything))
                self.run(self.engine.resume_workflow(self.id))
                self.state = self.run(self.engine.state_manager.load_state(self.id))
                while not self.state.status.is_terminal and self.broken():
                    self.repair_first()
                self.wish, self.stops, self.by_step = "run", set(), False
            for name in list(self.host.live):
                self.host.live[name].set_result("finish")
            self.run(self.host.clock.advance(10))
            self.check()
        assert not self.is_open(), "the run never ends"
        self.run(self.host.clock.advance(GRACE_S))
        assert not self.host.clock.delays
        self.check_route()

    # -- helpers -------------------------------------------------------------------------------------

    @property
    def engine(self) -> Any:
        return self.host.engine

    async def calm(self) -> None:
        """Nothing moves any more by itself; a step that is tried at most once waits for the disk first."""
        for _ in range(3):
            await settle()
            await self.engine._runtime.barrier()

    def is_open(self) -> bool:
        return self.host is not None and not self.state.status.is_terminal

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(coroutine)

    def read(self) -> Sequence[Event]:
        return self.run(self.engine.state_manager.read_events(self.id))

    def tell(self, pick: int, how: str, turns: int = 0) -> None:
        live = sorted(self.host.live)
        self.host.live[live[pick % len(live)]].set_result(how)
        self.run(settle(turns))


def live_through(lives: int, moves: int, *, always_the_same: bool) -> None:
    run_state_machine_as_test(
        LifeOfARun,
        settings=settings(
            max_examples=lives,
            stateful_step_count=moves,
            deadline=None,
            derandomize=always_the_same,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_that_a_run_keeps_the_rules_whatever_is_done_to_it() -> None:
    live_through(lives=40, moves=25, always_the_same=True)


@pytest.mark.slow
def test_that_many_runs_keep_the_rules_whatever_is_done_to_them() -> None:
    live_through(lives=600, moves=50, always_the_same=False)
    print(f"\n{dict(LifeOfARun.moves)}")
