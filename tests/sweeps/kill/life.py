"""One life of the program: forked from a warm process, run on a store, killed or ended, and heard out.

What a life says goes through a pipe, one JSON value a line, written at once: what was said before a kill has
been said. ["run", id]: the run is acknowledged. ["told", seq, type, step]: an event reached somebody outside.
["promised", types]: a request was acknowledged that leaves one of these events. ["end", {}]: the clean end.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import signal
import sys
import threading
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from engine import WorkflowEngine
from engine.history.events import TRANSIENT, EventType
from tests.sweeps.kill.actions import Effects
from tests.sweeps.kill.points import FastClock, MarkedStore, Reaper
from tests.sweeps.kill.scenarios import Scenario

SLOTS = 3
LONGEST_S = 60
"""A life that takes longer hangs."""


@dataclass(slots=True)
class Heard:
    """What a life said before it was over. `end` is None when it was killed."""

    was_killed: bool = False
    runs: list[str] = field(default_factory=list)
    told: list[tuple[int, str, str | None]] = field(default_factory=list)
    promised: list[list[str]] = field(default_factory=list)
    end: dict[str, Any] | None = None
    trouble: str = ""


def store_path(folder: Path) -> Path:
    return folder / "runs.db"


def effects_path(folder: Path) -> Path:
    return folder / "effects.jsonl"


def live(
    scenario: Scenario, folder: Path, number: int, reaper: Reaper, kind: type[Life] | None = None
) -> Heard:
    """Let life `number` of a run happen in a process of its own; returns when nothing is left of it."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        _be_born((kind or Life)(scenario, folder, number, reaper, writing))
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        lines = stream.read().splitlines()
    _, status = os.waitpid(process, 0)
    heard = _understand(lines)
    heard.was_killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if not heard.was_killed and status != 0:
        heard.trouble += f"The life ended with status {status}. "
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process, 0)
        heard.trouble += "A process of it was left behind. "
        os.killpg(process, signal.SIGKILL)
    return heard


def _understand(lines: list[bytes]) -> Heard:
    heard = Heard()
    for line in lines:
        kind, *said = json.loads(line)
        match kind:
            case "run":
                heard.runs.append(said[0])
            case "told":
                heard.told.append((said[0], said[1], said[2]))
            case "promised":
                heard.promised.append(said[0])
            case "end":
                heard.end = said[0]
            case _:
                heard.trouble += str(said)
    return heard


def _be_born(life: Life) -> NoReturn:
    """In the new process: live, say how it ended, and go without the parent's goodbyes."""
    status = 1
    try:
        os.setpgid(0, 0)
        signal.alarm(LONGEST_S)
        files = _open_files()
        end = asyncio.run(life.run())
        gc.collect()
        end["files"] = sorted(_open_files() - files)
        end["threads"] = _lasting_threads()
        end["passed"] = life.reaper.passed
        life.say("end", end)
        status = 0
    except BaseException:  # noqa: BLE001 - the end of a process: what went wrong is said, and it is over
        life.say("trouble", traceback.format_exc())
    finally:
        sys.stderr.flush()
        os._exit(status)


def _lasting_threads() -> list[str]:
    """Those that do not end by themselves, although nothing is left to do."""
    others = [thread for thread in threading.enumerate() if thread is not threading.current_thread()]
    for thread in others:
        thread.join(5)
    return [thread.name for thread in others if thread.is_alive()]


def _open_files() -> set[str]:
    """What this process holds open, by name; what is only being looked at is not."""
    found = set()
    for descriptor in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found.add(f"{descriptor} -> {os.readlink(f'/proc/self/fd/{descriptor}')}")
    return {name for name in found if "/proc/" not in name}


class Life:
    """What happens in the process: the program starts, recovers, and the run goes to its end."""

    def __init__(self, scenario: Scenario, folder: Path, number: int, reaper: Reaper, pipe: int) -> None:
        self.scenario = scenario
        self.reaper = reaper
        self._pipe = pipe
        self.clock = FastClock(reaper)
        self.store = MarkedStore(store_path(folder), reaper, self.clock.now)
        self._effects = Effects(effects_path(folder), number, reaper)

    def say(self, kind: str, *values: Any) -> None:
        line = memoryview(json.dumps([kind, *values]).encode() + b"\n")
        while line:
            line = line[os.write(self._pipe, line) :]

    async def run(self) -> dict[str, Any]:
        engine = WorkflowEngine(
            SLOTS, registry=self._effects.registry(), state_manager=self.store, clock=self.clock
        )
        async with engine:
            state = await self.go_on(engine)
            free = engine.semaphore._value
            self.reaper.at("before the store is closed")
        tasks = [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        return {"status": state["status"], "tasks": tasks, "slots_lost": SLOTS - free}

    async def go_on(self, engine: WorkflowEngine) -> dict[str, Any]:
        """Bring the run to its end; returns its state."""
        self.reaper.at("before recovery")
        await engine.recover()
        self.reaper.at("after recovery")
        execution_id = await self.find_or_start(engine)
        teller = asyncio.create_task(self.tell(engine, execution_id))
        await self.scenario.conduct(engine, execution_id, self.promise)
        state = await engine.wait(execution_id)
        await teller
        return state

    async def find_or_start(self, engine: WorkflowEngine) -> str:
        await self.store.commit()  # a run that was called off as it was created is known to be so
        known = [
            run for run in await self.store.list_executions() if run.status != "CANCELLED" or run.started_at
        ]
        if known:
            execution_id = known[0].id
        else:
            scenario = self.scenario
            execution_id = await engine.start_workflow(
                scenario.workflow, scenario.input_data, options=scenario.options
            )
            self.reaper.at("before a run is acknowledged")
        self.say("run", execution_id)
        return execution_id

    async def tell(self, engine: WorkflowEngine, execution_id: str) -> None:
        """Somebody outside who hears of every event."""
        async for event in engine.events(execution_id):
            if event.type not in TRANSIENT:
                self.say("told", event.seq, event.type.value, event.step_id)
                self.reaper.at("as an event is told")

    def promise(self, *event_types: EventType) -> None:
        self.say("promised", [event_type.value for event_type in event_types])
        self.reaper.at("after a request is acknowledged")
