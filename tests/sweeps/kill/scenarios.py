"""The canonical workflows that are killed at every point, and what the person does who runs them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from engine import WorkflowEngine
from engine.history.events import EventType
from engine.history.state import STORAGE_ERROR
from engine.run.options import RunOptions
from tests.support.builders import make_workflow, node, wire
from tests.support.compositions import body, each, loop, sub

Json = dict[str, Any]
Promise = Callable[..., None]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """conduct: what a person does until the run has ended; each life of the program begins it anew.

    It calls `promise` with the events of which an acknowledged request must have left one in the journal.
    """

    name: str
    workflow: Json
    input_data: Json = field(default_factory=dict)
    conduct: Callable[[WorkflowEngine, str, Promise], Awaitable[None]]
    options: RunOptions | None = None

    @property
    def at_most_once(self) -> set[str]:
        return {item["id"] for item in everything(self.workflow) if _is_careful(item)}

    @property
    def acting(self) -> set[str]:
        """The steps that leave an effect when they complete."""
        effects = ("send", "note", "large", "flaky", "late", "quick")
        return {item["id"] for item in everything(self.workflow) if item["config"].get("action") in effects}


def everything(workflow: Json) -> Iterator[Json]:
    """The nodes, and those inside them."""
    for item in workflow["nodes"]:
        yield item
        if "workflow" in item["config"]:
            yield from everything(item["config"]["workflow"])


def _is_careful(item: Json) -> bool:
    return bool(item["config"].get("delivery") == "at_most_once")


def act(node_id: str, action: str = "echo", **config: Any) -> Json:
    return node(node_id, action, service="kill", **config)


def undone(node_id: str, action: str = "send", **config: Any) -> Json:
    rollback = {"service": "kill", "action": "undo", "parameters": {"was": "${self.output}"}}
    return act(node_id, action, rollback=rollback, **config)


def drawing(nodes: list[Json], *wires: Json | str, **values: Any) -> Json:
    return make_workflow(nodes, list(wires), **values)


async def watch(engine: WorkflowEngine, execution_id: str, promise: Promise) -> None:
    """Nothing has to be done."""
    await engine.wait(execution_id)


def chain() -> Scenario:
    """One effect after the other: outside, from a thread, with a large result, at most once."""
    nodes = [
        act("read", "large"),
        act("send", "send", parameters={"lines": "${read.lines}"}),
        act("note", "note", parameters={"sent": "${send.sent}"}),
        act("careful", "send", delivery="at_most_once", parameters={"first": "${read.output.lines}"}),
        act("last", "send", parameters={"text": "${note.noted.sent.lines}"}),
    ]
    drawn = drawing(nodes, "read>send", "send>note", "note>careful", "careful>last")
    return Scenario(name="chain", workflow=drawn, conduct=watch)


def fan() -> Scenario:
    """Out to eight, and in again by every kind of join."""
    branches = [f"b{number}" for number in range(8)]
    nodes = [
        act("start", "send"),
        *(act(branch, "send" if number % 2 else "note") for number, branch in enumerate(branches)),
        act("all", "send", join="all"),
        act("any", "note", join="any"),
        act("three", "send", join={"mode": "n_of", "k": 3}),
        act("merge", "send"),
    ]
    wires = [wire("start", branch) for branch in branches]
    wires += [wire(branch, join) for branch in branches for join in ("all", "any", "three")]
    wires += [wire(join, "merge") for join in ("all", "any", "three")]
    return Scenario(name="fan-out and fan-in", workflow=drawing(nodes, *wires), conduct=watch)


def conditions() -> Scenario:
    """Ways that are taken and not taken, errors that are led on, an effect that needs three attempts."""
    nodes = [
        act("start", "echo", parameters={"count": 3}),
        act("many", "send"),
        act("few", "send"),
        act("flaky", "flaky", retry={"max_attempts": 4, "initial_interval": 2, "jitter": "none"}),
        act("broken", "broken"),
        act("mend", "send", parameters={"why": "${steps.broken.error.message}"}),
        act("tolerated", "broken", continue_on_error=True),
        act("unsure", "note"),
        act("always", "note", join="always"),
        act("end", "send", join="always"),
    ]
    wires = [
        wire("start", "many", condition="count > 2"),
        wire("start", "few", condition="count <= 2"),
        wire("start", "unsure", condition="nothing_of_the_kind > 1", on_condition_error="false"),
        "many>flaky",
        "many>broken",
        "few>tolerated",
        wire("broken", "mend", on="error"),
        wire("many", "tolerated", id="many>tolerated"),
        wire("tolerated", "always", on="always"),
        wire("unsure", "always"),
        "flaky>end",
        "mend>end",
        "always>end",
    ]
    return Scenario(name="conditions, errors, retries", workflow=drawing(nodes, *wires), conduct=watch)


async def answer(engine: WorkflowEngine, execution_id: str, promise: Promise) -> None:
    """Pause once, go on, and give what is asked for, one thing at a time."""
    if await engine.pause_workflow(execution_id):
        promise(EventType.EXECUTION_PAUSING, EventType.EXECUTION_PAUSED)  # it may have been paused already
    while True:
        state = await engine.wait(execution_id)
        if state["status"] != "PAUSED":
            return
        answers: Json = {}
        for item in state["needed"][:1]:
            answers[item["path"]] = {"ok": True} if item.get("form") else 60
        if await engine.resume_workflow(execution_id, answers):
            promise(EventType.EXECUTION_RESUMED)


def questions() -> Scenario:
    """A run that lacks an input, asks by a form, and is paused by hand."""
    nodes = [
        act("start", "send"),
        act("need", "send", parameters={"limit": "${input.threshold}"}),
        act("approve", "ask"),
        act("beside", "note"),
        act("end", "send", parameters={"ok": "${approve.ok}", "limit": "${need.sent.limit}"}),
    ]
    drawn = drawing(
        nodes,
        "start>need",
        "start>approve",
        "start>beside",
        "need>end",
        "approve>end",
        "beside>end",
        inputs={"type": "object", "properties": {"threshold": {"type": "number"}}},
    )
    return Scenario(name="questions and a pause", workflow=drawn, conduct=answer)


def timers() -> Scenario:
    """Waits, an attempt that takes too long, one that never stops failing, and a fallback."""
    stand_in = {"service": "kill", "action": "send", "parameters": {"instead": "${error.type}"}}
    again = {"max_attempts": 3, "initial_interval": 3, "backoff": 1, "jitter": "none", "retry_on": ["*"]}
    nodes = [
        act("start", "send"),
        {"id": "wait", "type": "flow.wait", "config": {"parameters": {"seconds": 20}}},
        act("stuck", "stuck", timeout=150, fallback=stand_in),
        act("flaky", "flaky", retry=again, timeout={"attempt": 900, "total": 9_000}),
        act("after", "note"),
        act("end", "send", parameters={"via": "${stuck.sent.instead}", "attempt": "${flaky.attempt}"}),
    ]
    drawn = drawing(
        nodes,
        "start>wait",
        "start>stuck",
        "start>flaky",
        "wait>after",
        "after>end",
        "stuck>end",
        "flaky>end",
        settings={"durability": "strict"},
    )
    return Scenario(name="timers, timeouts, fallback", workflow=drawn, conduct=watch)


def rollback() -> Scenario:
    """A failure takes back what was done; one of the steps is tried at most once."""
    nodes = [
        undone("book"),
        undone("pay", "send", delivery="at_most_once"),
        undone("pack", "note"),
        act("ship", "broken"),
        act("never", "send"),
    ]
    drawn = drawing(
        nodes,
        "book>pay",
        "pay>pack",
        "pack>ship",
        "ship>never",
        settings={"on_failure": {"mode": "drain", "rollback": True}},
    )
    return Scenario(name="rollback and at most once", workflow=drawn, conduct=watch)


async def call_off(engine: WorkflowEngine, execution_id: str, promise: Promise) -> None:
    """As soon as the step runs that never ends, cancel by force and have everything undone."""
    async for event in engine.events(execution_id):
        if event.type is EventType.STORAGE_REFUSED:
            await engine.resume_workflow(execution_id)  # first the disk has to be mended, if it still refuses
        if event.type is EventType.STEP_RUNNING and event.step_id == "stuck":
            break
    status = (await engine.get_workflow_status(execution_id))["status"]
    if status == "ROLLING_BACK":
        pass  # who asked once more would stop the rollback
    elif await engine.cancel_workflow(execution_id, force=True, rollback=True):
        promise(EventType.EXECUTION_CANCELLING)
    await engine.wait(execution_id)


def cancelled() -> Scenario:
    """A person calls off a run in which something is stuck, something waits and something is done."""
    nodes = [
        undone("first"),
        undone("second", "note"),
        act("stuck", "stuck"),
        {"id": "wait", "type": "flow.wait", "config": {"parameters": {"seconds": 100_000}}},
        act("never", "send"),
    ]
    drawn = drawing(nodes, "first>second", "second>stuck", "first>wait", "stuck>never", "wait>never")
    return Scenario(name="cancelled with rollback", workflow=drawn, conduct=call_off)


def inside() -> Scenario:
    """Parts for each of some items, rounds of a loop, and a part that asks, with a part of its own."""
    item = body(
        act("small", "send", parameters={"n": "${item}"}),
        act("then", "note", parameters={"n": "${small.sent.n}"}),
        connections=["small>then"],
        outputs={"n": "${then.noted.n}"},
    )
    deep = body(act("deepest", "send", delivery="at_most_once"), outputs={"ok": "${deepest.sent}"})
    asking = body(
        act("asked", "send", parameters={"limit": "${input.threshold}"}),
        sub("below", deep),
        act("flaky", "flaky", retry={"max_attempts": 3, "initial_interval": 2, "jitter": "none"}),
        connections=["asked>below", "below>flaky"],
        inputs={"type": "object", "properties": {"threshold": {"type": "number"}}},
    )
    nodes = [
        act("start", "send"),
        each("items", item, [1, 2, 3], concurrency=2),
        loop("rounds", body(act("round", "send", parameters={"n": "${index}"})), times=2),
        sub("part", asking),
        act("end", "send", parameters={"all": "${items.output}"}),
    ]
    drawn = drawing(nodes, "start>items", "start>rounds", "start>part", "items>end", "rounds>end", "part>end")
    return Scenario(name="workflows inside a workflow", workflow=drawn, conduct=answer)


async def look_and_mend(engine: WorkflowEngine, execution_id: str, promise: Promise) -> None:
    """Go one step on where the run is held, repair what is broken, and then let it run."""
    while True:
        state = await engine.wait(execution_id)
        if state["status"] != "PAUSED" or state["reason"] == STORAGE_ERROR:
            return  # ended; or the disk has to be mended first, by whoever lets this person go on
        broken = [item["connection_id"] for item in state["needed"] if item.get("incident")]
        if broken:
            await engine.repair_workflow(execution_id, {broken[0]: "start.count > 2"})
            promise(EventType.CONDITION_REPAIRED)
        elif state["steps"]["held"]["status"] == "PAUSED":
            await engine.step_workflow(execution_id)
            promise(EventType.BREAKPOINTS_CHANGED)
        elif await engine.resume_workflow(execution_id):
            promise(EventType.EXECUTION_RESUMED)


def stops() -> Scenario:
    """Conditions that nobody can evaluate, one of them a step's own, breakpoints, and single steps."""
    nodes = [
        act("start", "echo", parameters={"count": 3}),
        act("held", "send", parameters={"count": "${start.count}"}),
        act("one", "note"),
        act("two", "send"),
        act("none", "send"),
        act("own", "note", condition="start.count < 'z'"),
        act("end", "send", join="always"),
    ]
    drawn = drawing(
        nodes,
        "start>held",
        wire("start", "one", condition="count < 'x'"),
        wire("start", "two", condition="count < 'y'"),
        wire("start", "none", condition="count > 5"),
        "start>own",
        "held>end",
        "one>end",
        "two>end",
        "none>end",
        "own>end",
    )
    options = RunOptions(incidents="pause", breakpoints=frozenset({"held", "end"}))
    return Scenario(name="breakpoints and incidents", workflow=drawn, conduct=look_and_mend, options=options)


def at_once() -> Scenario:
    """Steps that are over before the loop turns, and some that only begin like those: they wait, or fail."""
    branches = [f"b{number}" for number in range(4)]
    again = {"max_attempts": 3, "initial_interval": 2, "jitter": "none", "retry_on": ["*"]}
    nodes = [
        act("start", "quick"),
        *(act(branch, "quick", parameters={"of": "${start.done}"}) for branch in branches),
        act("waits", "send"),
        act("flaky", "flaky", retry=again),
        act("large", "large"),
        act("all", "quick", join="all", parameters={"first": "${b0.done}"}),
        act("end", "quick", parameters={"sent": "${waits.sent}", "lines": "${large.lines}"}),
    ]
    wires = [wire("start", name) for name in (*branches, "waits", "flaky", "large")]
    wires += [wire(branch, "all") for branch in branches]
    wires += [wire(name, "end") for name in ("all", "waits", "flaky", "large")]
    drawn = drawing(nodes, *wires, settings={"durability": "relaxed"})
    return Scenario(name="over at once", workflow=drawn, conduct=watch)


async def take_up(engine: WorkflowEngine, execution_id: str, promise: Promise) -> None:
    """Run again from where it failed, and when all is done have it undone."""
    if (await engine.wait(execution_id))["status"] == "FAILED":
        await engine.retry_from(execution_id)
        promise(EventType.EXECUTION_RESTARTED)
    if (await engine.wait(execution_id))["status"] == "COMPLETED":
        if await engine.rollback_workflow(execution_id):
            promise(EventType.EXECUTION_ROLLING_BACK)
        await engine.wait(execution_id)


def again() -> Scenario:
    """A run that fails is taken up where it failed, comes to its end, and is undone by hand."""
    nodes = [undone("book"), act("file", "late"), undone("pack", "note"), act("end", "send")]
    drawn = drawing(nodes, "book>file", "file>pack", "pack>end")
    return Scenario(name="taken up again and undone", workflow=drawn, conduct=take_up)


SCENARIOS = tuple(
    make()
    for make in (
        chain,
        fan,
        conditions,
        questions,
        timers,
        rollback,
        cancelled,
        inside,
        stops,
        again,
        at_once,
    )
)
