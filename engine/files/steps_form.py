"""The original's plain form of a workflow: a list of `steps`, in order or with `depends_on`.

Read into nodes and connections; written back as nodes, never as steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from engine.expression.operations import is_number, type_name
from engine.model.json_value import Json

# Where a step keeps what a node keeps in its config.
_CONFIG_KEYS: Final = (
    "service",
    "action",
    "parameters",
    "timeout",
    "retry",
    "continue_on_error",
    "input_schema",
    "output_schema",
    "rollback",
    "fallback",
    "fallback_service",
    "fallback_action",
    "join",
    "disabled",
    "delivery",
    "priority",
    "pin",
    "breakpoint",
    "workflow",
    "item_schema",
)
_ORDER_KEYS: Final = ("sequence_order", "depends_on", "condition", "on_condition_error")
_ID_KEYS: Final = ("id", "step_id")


def nodes_form(document: Mapping[str, Json]) -> dict[str, Json]:
    """The same workflow with `nodes` and `connections`.

    Steps that name dependencies wait for exactly those; without any `depends_on` each step waits for
    the ones with the next smaller `sequence_order` (equal numbers run side by side), or for the step
    before it in the list. A step's condition moves to the connections that lead into it, with what is said
    of its errors.
    """
    steps = document["steps"]
    assert isinstance(steps, list)
    described = [step for step in steps if isinstance(step, dict)]
    ids = [_id_of(step, position) for position, step in enumerate(described)]
    rest = {key: value for key, value in document.items() if key not in ("steps", "nodes", "connections")}
    connections: list[Json] = []
    for source, target in _edges(described, ids):
        connection: dict[str, Json] = {"id": f"c{len(connections) + 1}", "source": source, "target": target}
        into = described[ids.index(target)] if target in ids else {}
        for key in ("condition", "on_condition_error"):
            if into.get(key) is not None:
                connection[key] = into[key]
        connections.append(connection)
    has_predecessor = {connection["target"] for connection in connections if isinstance(connection, dict)}
    nodes: list[Json] = [
        _node(step, step_id, keeps_condition=step_id not in has_predecessor)
        for step, step_id in zip(described, ids, strict=True)
    ]
    return {**rest, "nodes": nodes, "connections": connections}


def step_faults(steps: Iterable[Json]) -> Iterator[tuple[str, str]]:
    """What of the steps could only be left out, or be read as something else: JSON Pointers and words."""
    for position, step in enumerate(steps):
        if not isinstance(step, dict):
            yield f"/steps/{position}", f"must be an object, not {type_name(step)}"
            continue
        order = step.get("sequence_order")
        if order is not None and not is_number(order):
            words = f"must be a number, not {type_name(order)}"
            yield f"/steps/{position}/sequence_order", words
        wanted = step.get("depends_on")
        names = wanted if isinstance(wanted, list) else [] if wanted is None else [wanted]
        for name in names:
            if not isinstance(name, str | int) or isinstance(name, bool):
                words = f"must name steps by their ids, not by {type_name(name)}"
                yield f"/steps/{position}/depends_on", words


def _id_of(step: Mapping[str, Json], position: int) -> str:
    for key in (*_ID_KEYS, "name"):
        value = step.get(key)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return f"step_{value}"
    return f"step_{position + 1}"


def _edges(steps: list[dict[str, Json]], ids: list[str]) -> list[tuple[str, str]]:
    if any(step.get("depends_on") for step in steps):
        edges: list[tuple[str, str]] = []
        for step, step_id in zip(steps, ids, strict=True):
            wanted = step.get("depends_on") or []
            names = wanted if isinstance(wanted, list) else [wanted]
            edges += [(f"step_{name}" if isinstance(name, int) else str(name), step_id) for name in names]
        return list(dict.fromkeys(edges))
    if any(isinstance(step.get("sequence_order"), int | float) for step in steps):
        groups: dict[Any, list[str]] = {}
        for step, step_id in sorted(zip(steps, ids, strict=True), key=lambda pair: _order_of(pair[0])):
            groups.setdefault(_order_of(step), []).append(step_id)
        return [(a, b) for before, after in pairwise(groups.values()) for a in before for b in after]
    return list(pairwise(ids))


def _order_of(step: Mapping[str, Json]) -> float:
    """A step without a number comes last."""
    order = step.get("sequence_order")
    return order if isinstance(order, int | float) else float("inf")


def _node(step: dict[str, Json], step_id: str, *, keeps_condition: bool) -> dict[str, Json]:
    """`condition` stays in the config of a first step, which has no connection to carry it."""
    given = step.get("config")
    config: dict[str, Json] = dict(given) if isinstance(given, dict) else {}
    config |= {key: step[key] for key in _CONFIG_KEYS if key in step}
    if keeps_condition and step.get("condition") is not None:
        config["condition"] = step["condition"]
    node: dict[str, Json] = {"id": step_id, "type": step.get("type") or "action"}
    title = step.get("title") or step.get("name")
    if isinstance(title, str) and title != step_id:
        node["title"] = title
    node["config"] = config
    used = {"config", "type", "title", "name", *_CONFIG_KEYS, *_ORDER_KEYS, *_ID_KEYS}
    return {**node, **{key: value for key, value in step.items() if key not in used}}
