"""Rules about what each node is and how it is set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from engine.expression.references import OPENING
from engine.expression.suggestions import nearest
from engine.json_schema.validators import Fault, Validator, validator
from engine.model.embedded import is_composite
from engine.model.json_value import Json
from engine.model.node_type import NodeType
from engine.model.policy import fallback_of
from engine.problem import Fix, Problem
from engine.validation.drawing import GENERIC_TRIGGER, Drawing

# Types of workflows that name their service and action themselves.
_GENERIC_TYPES: Final = frozenset({GENERIC_TRIGGER, "action", "step", "service", ""})
_STAND_INS: Final = frozenset({"rollback", "fallback", "fallback_service", "fallback_action"})
# These faults stand whatever the references inside the value give.
_CERTAIN: Final = frozenset(
    {"required", "additionalProperties", "minItems", "maxItems", "minProperties", "maxProperties"}
)


def types_and_actions(drawing: Drawing) -> Iterator[Problem]:
    """Every node's type is in the catalog, or its service and action are registered."""
    fine: set[tuple[str, Json, Json]] = set()
    for index, node in enumerate(drawing.nodes):
        config = node.config
        what = (node.type, node.service, node.action)
        if what in fine and _STAND_INS.isdisjoint(config):
            continue
        node_type = drawing.types[index]
        if node_type is None and node.type not in _GENERIC_TYPES and node.action is None:
            known: Iterable[NodeType] = getattr(drawing.catalog, "types", ())
            near = nearest(node.type, (each.id for each in known))
            yield Problem(
                severity="error",
                code="unknown-type",
                message=f"{drawing.label(index)} is of an unknown type, {node.type}",
                node_id=node.id,
                pointer=f"/nodes/{index}/type",
                suggestion=near,
                fixes=(Fix(label=f"Use {near}", kind="text", wrong=node.type, right=near),) if near else (),
            )
            continue
        if node.type == GENERIC_TRIGGER or is_composite(node) or drawing.known_actions is None:
            continue
        service = node.service or (node_type.service if node_type else "default")
        action = node.action or (node_type.action if node_type else "default")
        yield from _action(drawing, index, (service, action), f"/nodes/{index}/config/action")
        if (service, action) in drawing.known_actions:
            fine.add(what)
        for role in ("rollback", "fallback"):
            described = node.config.get(role)
            if isinstance(described, Mapping) and "action" in described:
                key = (str(described.get("service") or service), str(described["action"]))
                yield from _action(drawing, index, key, f"/nodes/{index}/config/{role}/action")
        other, named = fallback_of(config)
        if other or named:
            place = "fallback_service" if other else "fallback_action"
            key = (other or str(service), named or str(action))
            yield from _action(drawing, index, key, f"/nodes/{index}/config/{place}")


def _action(drawing: Drawing, index: int, key: tuple[str, str], pointer: str) -> Iterator[Problem]:
    known = drawing.known_actions
    if known is None or key in known:
        return
    names = [f"{service}.{action}" for service, action in known] if hasattr(known, "__iter__") else []
    near = nearest(".".join(key), names)
    service, _, action = near.rpartition(".")
    fix = Fix(label=f"Use {action}", kind="text", wrong=key[1], right=action)
    yield Problem(
        severity="error",
        code="unknown-action",
        message=f'{drawing.label(index)}: there is no action "{key[1]}" in the service "{key[0]}"',
        node_id=drawing.ids[index],
        pointer=pointer,
        suggestion=near,
        fixes=(fix,) if near and service == key[0] else (),
    )


def parameters(drawing: Drawing) -> Iterator[Problem]:
    """Required parameters are there, and those written out fit the node type's schema.

    A parameter that holds a reference is not known before the run and not checked here.
    """
    validators: dict[str, Validator | None] = {}
    for index, node in enumerate(drawing.nodes):
        node_type = drawing.types[index]
        if node_type is None or node.disabled or (node.action or node_type.action) != node_type.action:
            continue
        if node_type.id not in validators:
            validators[node_type.id] = validator(node_type.parameters) if node_type.parameters else None
        found = validators[node_type.id]
        values = dict(node.parameters)
        if found is None:
            continue
        missing = _empty_required(node_type, values)
        for name in missing:
            yield _required_problem(drawing, index, node_type, name)
        for fault in found.faults(values):
            top = fault.pointer.split("/")[1] if fault.pointer else ""
            if top in missing or _is_open(fault, values):
                continue
            yield _parameter_problem(drawing, index, node_type, fault)


def _empty_required(node_type: NodeType, values: Mapping[str, Json]) -> list[str]:
    """Required parameters that are absent, or were left empty in the form."""
    required = node_type.parameters.get("required")
    names = required if isinstance(required, list) else []
    return [
        name
        for name in names
        if isinstance(name, str)
        and values.get(name) in (None, "")
        and _takes_no_empty(node_type, name, values)
    ]


def _takes_no_empty(node_type: NodeType, name: str, values: Mapping[str, Json]) -> bool:
    schema = node_type.properties.get(name, {})
    return name not in values or "default" not in schema or schema["default"] != values[name]


def _required_problem(drawing: Drawing, index: int, node_type: NodeType, name: str) -> Problem:
    schema = node_type.properties.get(name, {})
    title = str(schema.get("title") or name)
    if schema.get("x-input") is True:
        message = f"{drawing.label(index)} needs a table: {title} is not connected"
        suggestion = "Draw a connection from the step that gives the table."
    else:
        message = f"{drawing.label(index)}: {title} is required"
        suggestion = f"Fill in {title}."
    return Problem(
        severity="error",
        code="parameter-missing",
        message=message,
        node_id=drawing.ids[index],
        pointer=f"/nodes/{index}/config/parameters/{name}",
        suggestion=suggestion,
    )


def _parameter_problem(drawing: Drawing, index: int, node_type: NodeType, fault: Fault) -> Problem:
    name, _, inner = fault.pointer.removeprefix("/").partition("/")
    title = str(node_type.properties.get(name, {}).get("title") or name)
    place = f"{title} ({inner.replace('/', ' › ')})" if inner else title
    return Problem(
        severity="error",
        code="parameter-bad",
        message=f"{drawing.label(index)}: {place} {fault.message}",
        node_id=drawing.ids[index],
        pointer=f"/nodes/{index}/config/parameters{fault.pointer}",
    )


def _is_open(fault: Fault, values: Json) -> bool:
    """Whether a reference inside the refused value leaves open what it will be."""
    return fault.keyword not in _CERTAIN and holds_reference(fault.instance)


def holds_reference(value: Any) -> bool:
    """Whether a text anywhere inside the value refers to something."""
    stack = [value]
    while stack:
        inner = stack.pop()
        if isinstance(inner, str):
            if OPENING in inner:
                return True
        elif isinstance(inner, Mapping):
            stack.extend(inner.values())
        elif isinstance(inner, list):
            stack.extend(inner)
    return False
