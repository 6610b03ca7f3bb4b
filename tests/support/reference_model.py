"""How a workflow is routed, a second time: small, slow, and written from the rules alone.

The engine decides step by step as events arrive. This model has no order at all: it asks for the end of
each step from the ends of those before it. Where the two differ, one of them is wrong. It imports nothing
of the engine and must stay so.

What the rules leave open is decided here and only here:
- joins that need every connection (`merge`, `all`, and those that run out of chances) wait for all of them,
  so that the reason for a skip does not depend on who was first;
- a skip is for `upstream_failed` if a connection is poisoned, else for `condition`;
- a disabled step that is passed through completes, one that is left out is skipped where it would have run;
- a condition that cannot be evaluated poisons its connection, and nobody handles that failure;
- a switch tries its connections as the file has them, those without a condition last; one that fails poisons
  those after it, and when none holds all are poisoned unless the switch itself has failed;
- a failure is handled by a connection on error, or on always, that was taken;
- a run that pauses for incidents leaves open what a condition that cannot be evaluated would poison, in a
  switch all that it chooses from, and everything that depends on it; the rest goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OPEN = ("OPEN", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStep:
    id: str
    fails: bool = False
    tolerated: bool = False
    join: str = "merge"
    count: int = 1
    disabled: str = ""
    is_trigger: bool = False
    is_switch: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelWire:
    """`condition`: none | true | false | raises; `on_error`: what is done about one that raises."""

    id: str
    source: str
    target: str
    on: str = "success"
    condition: str = "none"
    on_error: str = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelGraph:
    """Steps in the file's order, which need not be the order they run in."""

    steps: tuple[ModelStep, ...]
    wires: tuple[ModelWire, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelResult:
    """The run's status, each step's (status, reason), each connection's outcome.

    to_repair: the steps that cannot be left before a person has repaired a condition.
    """

    status: str
    steps: Mapping[str, tuple[str, str]]
    wires: Mapping[str, str]
    unhandled: frozenset[str]
    to_repair: frozenset[str] = frozenset()


def route(graph: ModelGraph, fired: str | None = None, *, holds: bool = False) -> ModelResult:
    """Where everything ends when nothing is cut short by a failure; `fired`: the trigger that did.

    holds: the run pauses for incidents; what waits for their repair is in neither `steps` nor `wires`.
    """
    ends: dict[str, tuple[str, str]] = {}
    wires: dict[str, str] = {}
    broken: set[str] = set()
    remaining = list(graph.steps)
    while remaining:
        step = next(one for one in remaining if _sources(graph, one.id) <= ends.keys())
        remaining.remove(step)
        ends[step.id] = _end(step, [wires[w.id] for w in graph.wires if w.target == step.id], fired)
        leaving = [w for w in graph.wires if w.source == step.id]
        left = _leave(step, ends[step.id], leaving)
        if any(_is_asked(ends[step.id], w) and left[w.id] == "POISONED" for w in leaving):
            broken.add(step.id)
            if holds:
                chosen = [w.id for w in leaving if _is_asked(ends[step.id], w)]
                left |= {name: "OPEN" for name in chosen if step.is_switch or left[name] == "POISONED"}
        wires |= left
        status, reason = ends[step.id]
        if status == "FAILED" and reason != "tolerated":
            ways = [wires[w.id] for w in leaving if w.on != "success"]
            reason = "incident" if "OPEN" in ways else "unhandled"
            ends[step.id] = (status, "error_connection" if "TAKEN" in ways else reason)
    steps = {name: end for name, end in ends.items() if end != OPEN}
    unhandled = {name for name, end in steps.items() if end == ("FAILED", "unhandled")}
    unhandled |= set() if holds else broken
    failed = any(status == "FAILED" for status, _ in steps.values())
    status = "FAILED" if unhandled else "COMPLETED_WITH_ERRORS" if failed else "COMPLETED"
    return ModelResult(
        status="PAUSED" if holds and broken else status,
        steps=steps,
        wires={name: outcome for name, outcome in wires.items() if outcome != "OPEN"},
        unhandled=frozenset(unhandled),
        to_repair=frozenset(broken if holds else ()),
    )


def _sources(graph: ModelGraph, target: str) -> set[str]:
    return {wire.source for wire in graph.wires if wire.target == target}


def _end(step: ModelStep, incoming: list[str], fired: str | None) -> tuple[str, str]:
    """How a step ends when these are the outcomes of its connections."""
    if step.is_trigger and step.id != fired:
        return "SKIPPED", "disabled"
    taken = incoming.count("TAKEN")
    if "OPEN" in incoming and taken < {"any": 1, "n_of": step.count}.get(step.join, len(incoming)):
        return OPEN
    runs = (
        not incoming
        or {
            "merge": taken >= 1 and "POISONED" not in incoming,
            "all": taken == len(incoming),
            "any": taken >= 1,
            "n_of": taken >= step.count,
            "always": True,
        }[step.join]
    )
    if not runs:
        return "SKIPPED", "upstream_failed" if "POISONED" in incoming else "condition"
    if step.disabled == "skip":
        return "SKIPPED", "disabled"
    if not step.fails or step.disabled == "passthrough":
        return "COMPLETED", ""
    return "FAILED", "tolerated" if step.tolerated else "unhandled"


def _is_asked(end: tuple[str, str], wire: ModelWire) -> bool:
    """Whether the connection's condition is what decides."""
    match end:
        case ("COMPLETED", _):
            return wire.on != "error"
        case ("FAILED", "tolerated"):
            return True
        case ("FAILED", _):
            return wire.on != "success"
    return False


def _leave(step: ModelStep, end: tuple[str, str], leaving: list[ModelWire]) -> dict[str, str]:
    """The outcomes of all connections of a step that has ended so."""
    if end == OPEN:
        return {wire.id: "OPEN" for wire in leaving}
    outcomes = {wire.id: _outcome(end, wire) for wire in leaving}
    if not step.is_switch:
        return outcomes
    asked = [wire.id for wire in leaving if _is_asked(end, wire) and wire.condition != "none"]
    asked += [wire.id for wire in leaving if _is_asked(end, wire) and wire.condition == "none"]
    first = next((place for place, wire in enumerate(asked) if outcomes[wire] != "DEAD"), None)
    if first is not None:
        left = "POISONED" if outcomes[asked[first]] == "POISONED" else "DEAD"
        outcomes |= dict.fromkeys(asked[first + 1 :], left)
    elif end[0] == "COMPLETED" or end == ("FAILED", "tolerated"):
        outcomes |= dict.fromkeys(asked, "POISONED")
    return outcomes


def _outcome(end: tuple[str, str], wire: ModelWire) -> str:
    if _is_asked(end, wire):
        answers = {"none": "TAKEN", "true": "TAKEN", "false": "DEAD"}
        raised = {"fail": "POISONED", "true": "TAKEN", "false": "DEAD"}
        return raised[wire.on_error] if wire.condition == "raises" else answers[wire.condition]
    if end[0] == "FAILED" or end == ("SKIPPED", "upstream_failed"):
        return "POISONED"
    return "DEAD"
