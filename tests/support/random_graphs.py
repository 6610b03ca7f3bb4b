"""Acyclic workflows by seed: every join, end, kind of connection and condition, as model and as document."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

from tests.support.builders import make_workflow, node, wire
from tests.support.reference_model import ModelGraph, ModelStep, ModelWire

JOINS = ("merge", "merge", "merge", "all", "any", "n_of", "always")
KINDS = ("success", "success", "success", "error", "always")
CONDITIONS = ("none", "none", "none", "true", "false", "raises")
FAILURE_MODES = ("drain", "cancel", "continue", "continue")
# They speak of an input, which is there however the source has ended.
SOURCES = {"true": "input.flag == 1", "false": "input.flag == 2", "raises": "input.flag < 'x'"}


def shapes(largest: int) -> Iterator[tuple[int, tuple[tuple[int, int], ...]]]:
    """Every acyclic graph of 1 to `largest` steps, up to the names of the steps."""
    for size in range(1, largest + 1):
        pairs = list(itertools.combinations(range(size), 2))
        for chosen in itertools.product((False, True), repeat=len(pairs)):
            yield size, tuple(pair for pair, is_in in zip(pairs, chosen, strict=True) if is_in)


def random_shape(rng: random.Random) -> tuple[int, tuple[tuple[int, int], ...]]:
    """A graph of 2 to 9 steps, sometimes with several connections between the same two."""
    size = rng.randint(2, 9)
    density = rng.choice((0.2, 0.35, 0.6))
    edges = [pair for pair in itertools.combinations(range(size), 2) if rng.random() < density]
    edges += [edge for edge in edges if rng.random() < 0.1]
    return size, tuple(edges)


def furnish(rng: random.Random, size: int, edges: tuple[tuple[int, int], ...]) -> ModelGraph:
    """The shape with joins, ends, kinds and conditions; steps and connections in any order of the file."""
    triggers = rng.choice((0, 0, 0, 1, 2, 3))
    roots = [number for number in range(size) if all(target != number for _, target in edges)]
    chosen = set(rng.sample(roots, min(triggers, len(roots))))
    steps = [_step(rng, number, edges, number in chosen) for number in range(size)]
    wires = [
        ModelWire(
            id=f"c{number}",
            source=f"s{source}",
            target=f"s{target}",
            on=rng.choice(KINDS),
            condition=rng.choice(CONDITIONS),
            on_error=rng.choice(("fail", "true", "false")),
        )
        for number, (source, target) in enumerate(edges)
    ]
    rng.shuffle(steps)
    rng.shuffle(wires)
    return ModelGraph(steps=tuple(steps), wires=tuple(wires))


def _step(rng: random.Random, number: int, edges: tuple[tuple[int, int], ...], is_trigger: bool) -> ModelStep:
    incoming = sum(target == number for _, target in edges)
    fails = rng.random() < 0.25
    return ModelStep(
        id=f"s{number}",
        fails=fails,
        tolerated=rng.random() < (0.4 if fails else 0.1),
        join=rng.choice(JOINS),
        count=rng.randint(1, max(1, incoming)),
        disabled=rng.choice(("passthrough", "skip")) if rng.random() < 0.12 else "",
        is_trigger=is_trigger,
        is_switch=not is_trigger and rng.random() < 0.2,
    )


def fired(graph: ModelGraph) -> str | None:
    """The trigger that a start by hand fires."""
    return next((step.id for step in graph.steps if step.is_trigger and not step.disabled), None)


def document(graph: ModelGraph, mode: str, action: str = "act") -> dict[str, Any]:
    """The workflow whose steps call `action` with whether they fail."""
    nodes = []
    for step in graph.steps:
        config: dict[str, Any] = {"parameters": {"fails": step.fails}}
        if step.join != "merge":
            config["join"] = {"mode": "n_of", "k": step.count} if step.join == "n_of" else step.join
        if step.disabled:
            config["disabled"] = step.disabled
        if step.tolerated:
            config["continue_on_error"] = True
        kind = "trigger" if step.is_trigger else "flow.switch" if step.is_switch else "action"
        nodes.append(node(step.id, action, type=kind, **config))
    wires = []
    for one in graph.wires:
        values: dict[str, Any] = {"id": one.id, "on": one.on}
        if one.condition != "none":
            values |= {"condition": SOURCES[one.condition], "on_condition_error": one.on_error}
        wires.append(wire(one.source, one.target, **values))
    return make_workflow(nodes, wires, settings={"on_failure": {"mode": mode}})
