"""Random workflows inside each other, asked, repaired, paused, stopped and brought back at random moments.

Whatever happens on the way: nothing breaks the engine, no run stands still that has been answered, every
journal is legal, and when the run has ended so have all of its parts.
"""

from __future__ import annotations

import asyncio
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine import StepContext, WorkflowEngine
from engine.errors import CannotRestart
from engine.run.options import RunOptions
from tests.support.builders import node, wire
from tests.support.compositions import body, each, loop, sub
from tests.support.journal_rules import check_journal
from tests.support.scripted_actions import ScriptedActions
from tests.support.secret_source import VALUE, FakeSource, engine_on

pytestmark = pytest.mark.asyncio

FORM = {"type": "object", "properties": {"ok": {"type": "boolean"}}}
CONDITIONS = ["index < 'a'", "true", "false", "exists(input.sec)", f"${{input.sec?}} == '{VALUE}'"]
TURNS = 60
STANDS_STILL_S = 30.0
SEEDS = 25
MANY = 300


def leaf(rng: random.Random, name: str) -> dict[str, Any]:
    undo = {"rollback": {"service": "test", "action": "undo", "parameters": {}}} if rng.random() < 0.3 else {}
    kinds = [
        node(name, "ask", parameters={"form": rng.choice([{}, FORM])}, **undo),
        node(name, parameters={"x": f"${{input.v{rng.randrange(2)}}}"}, **undo),
        node(name, "flaky", retry=rng.choice([1, {"max_attempts": 2, "initial_interval": 0}]), **undo),
        node(name, "flaky", continue_on_error=True),
        node(name, parameters={"t": rng.choice(["${secrets.token}", "${input.sec?}"])}, **undo),
        node(name, "slow", delivery="at_most_once", **undo),
        node(name, "slow", timeout=0.001, fallback={"service": "test", "action": "echo"}),
        node(name, disabled=rng.choice([True, "skip"])),
        node(name, **undo),
        node(name, parameters={"i": "${index?}"}, **undo),
    ]
    return rng.choice(kinds)


def drawn(rng: random.Random, depth: int) -> dict[str, Any]:
    """A few steps, those of `depth` more workflows inside each other among them."""
    nodes = []
    for number in range(rng.randrange(1, 4)):
        if not depth or rng.random() < 0.5:
            nodes.append(leaf(rng, f"n{number}"))
            continue
        inside, name = drawn(rng, depth - 1), f"c{number}"
        more: dict[str, Any] = {"inputs": {"v0": 1} if rng.random() < 0.5 else {}}
        if rng.random() < 0.4:
            more["inputs"]["sec"] = "${secrets.token}"
        if rng.random() < 0.5:
            more["retry"] = {"max_attempts": 2, "initial_interval": 0, "retry_on": ["PartFailed"]}
        kind = rng.randrange(3)
        if kind == 0:
            nodes.append(sub(name, inside, **more))
        elif kind == 1:
            policy = rng.choice(["fail", "continue", {"tolerate": 1}])
            nodes.append(each(name, inside, [*range(rng.randrange(4))], on_item_error=policy, **more))
        else:
            nodes.append(loop(name, inside, until="index >= 1", **more))
    wires = []
    for place, target in enumerate(nodes):
        for source in nodes[:place]:
            if rng.random() < 0.6:
                how = rng.choice([{}, {}, {"condition": rng.choice(CONDITIONS)}, {"on": "always"}])
                wires.append(wire(source["id"], target["id"], **how))
    return body(*nodes, connections=wires)


class Life:
    """One run, in as many programs as it takes."""

    def __init__(self, rng: random.Random, folder: Path) -> None:
        self.rng = rng
        self.actions = ScriptedActions()
        self.folder = folder / "0"
        self.deaths = 0
        self.is_mended = False
        self.engine = self.program()

        async def flaky(params: dict[str, Any], context: StepContext) -> dict[str, Any]:
            if not self.is_mended and rng.random() < 0.6:
                raise ConnectionError("flaky")
            return {"i": 1}

        async def slow(params: dict[str, Any], context: StepContext) -> dict[str, Any]:
            for _ in range(rng.randrange(8)):
                await asyncio.sleep(0)
            return {"i": 2}

        self.actions.registry.register("test", "flaky", flaky)
        self.actions.registry.action("test", "slow", effects="external")(slow)

    def program(self) -> WorkflowEngine:
        """One of them, at a computer that may have the secret or not."""
        source = FakeSource(token=VALUE) if self.rng.random() < 0.7 else FakeSource()
        return engine_on(self.actions, self.folder / "runs.db", source)

    async def another(self) -> None:
        """The program ends, or dies: then the files are as they were in the middle of it."""
        if self.rng.random() < 0.5:
            self.deaths += 1
            left = self.folder.with_name(str(self.deaths))
            shutil.copytree(self.folder, left, ignore=shutil.ignore_patterns("*.lock", "*-shm"))
            await self.engine.close()
            self.folder = left
        else:
            await self.engine.close()
        self.engine = self.program()
        await self.engine.recover()

    async def stop(self, execution_id: str) -> None:
        """Now and then a person stops the run, once or twice, and wants it undone or not."""
        rng = self.rng
        for _ in range(rng.choice([0, 0, 0, 1, 2])):
            await self.engine.cancel_workflow(
                execution_id, force=rng.random() < 0.4, rollback=rng.random() < 0.4
            )
            for _ in range(rng.randrange(6)):
                await asyncio.sleep(0)

    async def answer(self, execution_id: str, state: dict[str, Any], turn: int) -> None:
        """Some of what the run asks for, or just on with it."""
        engine, rng = self.engine, self.rng
        broken = [item["connection_id"] for item in state["needed"] if item.get("incident")]
        if broken and all(broken) and rng.random() < 0.8:
            await engine.repair_workflow(execution_id, dict.fromkeys(broken, "true"))
            return
        answers: dict[str, Any] = {}
        for item in state["needed"]:
            if not item.get("incident") and (rng.random() < 0.7 or turn > TURNS // 2):
                answers[item["path"]] = {} if item.get("form") else VALUE if item.get("secret") else 1
        if state["reason"] == "breakpoint" and rng.random() < 0.5:
            await engine.step_workflow(execution_id)
        else:
            await engine.resume_workflow(execution_id, answers)

    async def lead(self) -> str:
        """The status in which it ended."""
        rng = self.rng
        workflow = {**drawn(rng, 2), "settings": {"on_failure": rng.choice(["drain", "cancel", "continue"])}}
        options = RunOptions(incidents=rng.choice(["pause", "fail"]), step_by_step=rng.random() < 0.1)
        execution_id = await self.engine.start_workflow(workflow, options=options)
        if rng.random() < 0.3:
            await self.engine.pause_workflow(execution_id)
        for turn in range(TURNS):
            if rng.random() < 0.3:
                await self.stop(execution_id)
                for _ in range(rng.randrange(20)):
                    await asyncio.sleep(0)
                await self.another()
            state = await asyncio.wait_for(self.engine.wait(execution_id), STANDS_STILL_S)
            if state["status"] == "PAUSED":
                await self.answer(execution_id, state, turn)
                continue
            await self.check()
            if rng.random() < 0.5:
                return str(state["status"])
            self.is_mended = rng.random() < 0.5
            try:
                await self.engine.retry_from(execution_id)
            except CannotRestart:
                if not await self.engine.rollback_workflow(execution_id):
                    return str(state["status"])
        raise AssertionError(f"still {state['status']} after {TURNS} turns: {state['needed']}")

    async def check(self) -> None:
        store = self.engine.state_manager
        for each_run in await store.list_executions(limit=None, parts=True):
            check_journal(await store.read_events(each_run.id))
            assert each_run.status.is_terminal, each_run


async def lives(seeds: range, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    for seed in seeds:
        life = Life(random.Random(seed), folder / str(seed))
        try:
            assert await life.lead(), seed
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
        finally:
            await life.engine.close()
        assert "broke the engine" not in caplog.text, seed
        shutil.rmtree(folder / str(seed))


async def test_that_a_life_in_many_programs_ends_well(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await lives(range(SEEDS), tmp_path, caplog)


@pytest.mark.slow
async def test_that_many_such_lives_do(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    await lives(range(SEEDS, SEEDS + MANY), tmp_path, caplog)
