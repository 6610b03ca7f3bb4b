"""Rules about what undoes a step, and what stands in for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from engine.expression.suggestions import nearest
from engine.json_schema.validators import validator
from engine.model.json_value import Json
from engine.model.node_type import NodeType
from engine.model.policy import RetryPolicy, Timeouts
from engine.problem import Problem
from engine.validation.drawing import Drawing
from engine.validation.node_rules import holds_reference
from engine.validation.policy_rules import rename_key

_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "rollback": ("service", "action", "parameters", "retry", "timeout"),
    "fallback": ("service", "action", "parameters"),
}


def stand_ins(drawing: Drawing) -> Iterator[Problem]:
    """`rollback` and `fallback` name an action, with what it needs, and nothing that would be overlooked."""
    for index, node in drawing.configured:
        for role, keys in _KEYS.items():
            if (described := node.config.get(role)) is not None:
                yield from _stand_in(drawing, index, role, keys, described)


def _stand_in(
    drawing: Drawing, index: int, role: str, keys: tuple[str, ...], described: Json
) -> Iterator[Problem]:
    if not isinstance(described, Mapping):
        yield _problem(drawing, index, role, f'must be an object: {{"action": ...}}, not {described!r}')
        return
    action = described.get("action")
    if not isinstance(action, str) or not action:
        # Left out of the plan, it would promise to undo something and never do it.
        yield _problem(drawing, index, f"{role}/action", "needs the action that it runs")
    for key in described:
        if key not in keys:
            near = nearest(str(key), keys)
            words = f"has no {key!r}; it takes {', '.join(keys)}"
            found = _problem(drawing, index, f"{role}/{key}", words, severity="warning", suggestion=near)
            yield replace(found, fixes=rename_key(near))
    for key, read in (("retry", RetryPolicy.from_json), ("timeout", Timeouts.from_json)):
        if key in keys and described.get(key) is not None:
            try:
                read(described[key])
            except ValueError as error:
                yield _problem(drawing, index, f"{role}/{key}", f"{key}: {error}")
    parameters = described.get("parameters")
    if parameters is not None and not isinstance(parameters, Mapping):
        yield _problem(drawing, index, f"{role}/parameters", "parameters must be an object")
    elif isinstance(action, str):
        yield from _parameters(drawing, index, role, described, dict(parameters or {}))


def _parameters(
    drawing: Drawing, index: int, role: str, described: Mapping[str, Json], values: dict[str, Json]
) -> Iterator[Problem]:
    """What the action cannot do without, where a node type says what that is."""
    node, own = drawing.nodes[index], drawing.types[index]
    service = described.get("service") or node.service or (own.service if own is not None else "default")
    known: Iterable[NodeType] = getattr(drawing.catalog, "types", ())
    node_type = next(
        (one for one in known if (one.service, one.action) == (service, described["action"])), None
    )
    if node_type is None or not node_type.parameters:
        return
    for fault in validator(node_type.parameters).faults(values):
        if fault.keyword != "required" and holds_reference(fault.instance):
            continue
        name = fault.pointer.removeprefix("/").partition("/")[0]
        title = str(node_type.properties.get(name, {}).get("title") or name)
        words = f"{title}: {fault.message}" if title else fault.message
        yield _problem(drawing, index, f"{role}/parameters{fault.pointer}", words)


def _problem(
    drawing: Drawing, index: int, place: str, words: str, *, severity: Any = "error", suggestion: str = ""
) -> Problem:
    role = place.partition("/")[0]
    return Problem(
        severity=severity,
        code=f"{role}-bad",
        message=f"{drawing.label(index)}: {role}: {words}",
        node_id=drawing.ids[index],
        pointer=f"/nodes/{index}/config/{place}",
        suggestion=suggestion,
    )
