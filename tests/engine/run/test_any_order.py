"""Random workflows under pause, resume, cancel, restart and time in any order: each ends, and soundly."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from engine import MemoryStateManager, MissingInputError, WorkflowEngine
from engine.actions.context import StepContext
from engine.history.events import STATUS_OF_EXECUTION_EVENT, STATUS_OF_STEP_EVENT, Event
from engine.history.status import EXECUTION_MOVES, STEP_MOVES, ExecutionStatus, StepStatus
from tests.support.builders import make_workflow, node, wire
from tests.support.fake_clock import FakeClock, FixedRng, settle
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio

SEEDS = range(150)
MOST_OPERATIONS = 25
MOST_ROUNDS = 60


class Ordeal:
    """One workflow, one engine after the other on one store, and whatever chance does to them."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.clock = FakeClock()
        self.store = MemoryStateManager()
        self.actions = ScriptedActions()
        self.actions.registry.register("test", "work", self.work)
        self.engine = self.new_engine()
        self.execution_id = ""

    def new_engine(self) -> WorkflowEngine:
        return WorkflowEngine(
            self.chance.randint(1, 3),
            registry=self.actions.registry,
            clock=self.clock,
            rng=FixedRng(),
            state_manager=self.store,
        )

    async def work(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        """Sleeps, dawdles, fails for a while or for good, asks, lacks something, or simply does it."""
        match self.chance.choices(range(7), weights=[25, 15, 10, 5, 5, 3, 37])[0]:
            case 0:
                await context.sleep(self.chance.choice([0, 1, 5]))
            case 1:
                await settle(self.chance.randint(1, 30))
            case 2:
                raise ConnectionError("away")
            case 3:
                raise RuntimeError("broken")
            case 4:
                context.ask({"type": "object"})
            case 5:
                raise MissingInputError("input.z")
        return {"v": self.chance.random()}

    def config(self) -> dict[str, Any]:
        choices: list[tuple[float, str, list[Any]]] = [
            (0.3, "retry", [{"max_attempts": 2}, {"max_attempts": 4}]),
            (0.2, "timeout", [2, {"total": 4}]),
            (0.2, "continue_on_error", [True]),
            (0.2, "rollback", [{"service": "test", "action": name} for name in ("undo", "undo_badly")]),
            (0.1, "disabled", [True, "skip"]),
            (0.2, "parameters", [{"x": f"${{input.{name}}}"} for name in "xyz"]),
            (0.1, "fallback", [{"service": "test", "action": "echo"}]),
            (0.4, "join", ["any", "all", "always", "merge"]),
        ]
        return {
            key: self.chance.choice(values) for odds, key, values in choices if self.chance.random() < odds
        }

    def workflow(self) -> dict[str, Any]:
        count = self.chance.randint(1, 8)
        wires = []
        for target in range(count):
            for source in range(target):
                if self.chance.random() < 0.35:
                    values = {"on": self.chance.choice(["success", "success", "error", "always"])}
                    if self.chance.random() < 0.3:
                        values["condition"] = self.chance.choice(["v > 0.3", "v < 0.5", "nope == 1"])
                    wires.append(wire(f"s{source}", f"s{target}", **values))
        modes, policies = ["drain", "cancel", "continue"], ["fail", "true", "false"]
        settings = {
            "on_failure": {"mode": self.chance.choice(modes), "rollback": self.chance.random() < 0.3},
            "on_condition_error": self.chance.choice(policies),
        }
        nodes = [node(f"s{number}", "work", **self.config()) for number in range(count)]
        return make_workflow(nodes, wires, settings=settings)

    async def disturb(self) -> None:
        run, chance = self.execution_id, self.chance
        match chance.choices(range(6), weights=[30, 20, 15, 25, 3, 3])[0]:
            case 0:
                await asyncio.sleep(0)
            case 1:
                await self.clock.advance(chance.choice([0.5, 1, 3]))
            case 2:
                await self.engine.pause_workflow(run)
            case 3:
                await self.engine.resume_workflow(run, {"y": 1, "z": 1} if chance.random() < 0.6 else None)
            case 4:
                await self.engine.cancel_workflow(
                    run, force=chance.random() < 0.5, rollback=chance.random() < 0.5
                )
            case 5:
                await self.engine.close()
                self.engine = self.new_engine()
                await self.engine.recover()

    async def to_the_end(self) -> dict[str, Any]:
        """Answer whatever is asked and let time pass until the run has ended."""
        for _ in range(MOST_ROUNDS):
            state = await self.engine.get_workflow_status(self.execution_id)
            if ExecutionStatus(state["status"]).is_terminal:
                return state
            if state["status"] == "PAUSED":
                forms = {item["path"]: {} for item in state["needed"] if item.get("form")}
                await self.engine.resume_workflow(self.execution_id, {"y": 1, "z": 1, **forms})
            await self.clock.advance(10)
        raise AssertionError(f"stands still: {state}")


def check_journal(events: list[Event]) -> None:
    """Dense, legal, and no step completed twice."""
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    run = ExecutionStatus.PENDING
    steps: dict[str, StepStatus] = {}
    completed: list[str] = []
    for event in events[1:]:
        if event.type in STATUS_OF_EXECUTION_EVENT:
            after = STATUS_OF_EXECUTION_EVENT[event.type]
            assert after in EXECUTION_MOVES[run]
            run = after
        elif event.type in STATUS_OF_STEP_EVENT:
            step_id, status = str(event.step_id), STATUS_OF_STEP_EVENT[event.type]
            assert status in STEP_MOVES[steps.get(step_id, StepStatus.PENDING)]
            steps[step_id] = status
            completed += [step_id] if status is StepStatus.COMPLETED else []
    assert len(completed) == len(set(completed))
    assert run.is_terminal


@pytest.mark.parametrize("first", range(0, len(SEEDS), 30))
async def test_that_every_run_comes_to_a_sound_end_whatever_is_done_to_it(first: int) -> None:
    for seed in SEEDS[first : first + 30]:
        ordeal = Ordeal(seed)
        async with asyncio.timeout(20):
            ordeal.execution_id = await ordeal.engine.start_workflow(ordeal.workflow(), {"x": 1})
            for _ in range(ordeal.chance.randint(0, MOST_OPERATIONS)):
                await ordeal.disturb()
            state = await ordeal.to_the_end()
            await settle()
            engine = ordeal.engine
            assert engine.semaphore._value == engine.max_concurrent_steps, seed
            check_journal(await ordeal.store.read_events(ordeal.execution_id))
            assert all(StepStatus(step["status"]).is_terminal for step in state["steps"].values()), seed
            await engine.close()
