"""What a node's config says about its step: read once, and shared by the steps of nodes that say nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from engine.errors import DefinitionError, ExpressionError
from engine.expression.templates import Inspected
from engine.model.json_value import Json
from engine.model.policy import RetryPolicy, Timeouts, fallback_of
from engine.model.workflow import Node
from engine.plan.parameters import Parameters
from engine.plan.step import Call, Disabled, Join, JoinMode, Pin, Rollback

T = TypeVar("T")
# A node whose config holds nothing else says nothing about how its step is tried, joined and undone.
USUAL_KEYS = frozenset({"service", "action", "parameters", "input_schema"})


def attempts_of(node: Node, incoming: int) -> tuple[RetryPolicy, bool, Timeouts, Join]:
    """What the config says about when and how often the step is tried."""
    config = node.config
    return (
        _read(node, "retry", lambda: RetryPolicy.from_json(config.get("retry"))),
        _gives_attempts(config.get("retry")),
        _read(node, "timeout", lambda: Timeouts.from_json(config.get("timeout"))),
        _read(node, "join", lambda: _join(config.get("join"), incoming)),
    )


class Settings(NamedTuple):
    """What else it says besides what the step does."""

    rollback: Rollback | None
    fallback: Call | None
    output_schema: dict[str, Json]
    condition: str | None
    continue_on_error: bool
    disabled: Disabled
    at_most_once: bool
    priority: int
    pin: Pin | None


def settings_of(node: Node, service: str, action: str, inspected: Inspected | None = None) -> Settings:
    """What the node says, for an action of this service where it names none."""
    config = node.config
    return Settings(
        rollback=_rollback(node, service, inspected),
        fallback=_fallback(node, service, action, inspected),
        output_schema=object_of(config.get("output_schema")),
        condition=_text(config.get("condition")),
        continue_on_error=node.continue_on_error,
        disabled=_disabled(config.get("disabled")),
        at_most_once=config.get("delivery") == "at_most_once",
        priority=_whole(config.get("priority")),
        pin=_pin(config.get("pin")),
    )


def _pin(described: Json) -> Pin | None:
    return Pin(output=described["output"]) if isinstance(described, dict) and "output" in described else None


def parameters_of(
    node: Node, drawn: Mapping[str, Json], schema: Mapping[str, Json], inspected: Inspected | None
) -> Parameters:
    """The parameters ready to be filled in; raises DefinitionError that names the node."""
    try:
        return Parameters(drawn, schema, inspected)
    except ExpressionError as error:
        raise DefinitionError(f'Node "{node.label}": {error.message}', hint=error.hint) from error


def _join(described: Json, incoming: int) -> Join:
    given = described if isinstance(described, dict) else {"mode": described or JoinMode.MERGE}
    mode = JoinMode(str(given.get("mode", JoinMode.MERGE)))
    if mode is not JoinMode.N_OF:
        return Join(mode=mode)
    count = given.get("k", given.get("n", given.get("count")))
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= max(1, incoming):
        raise ValueError(f"an n_of join needs k from 1 to {max(1, incoming)}, not {count!r}")
    return Join(mode=mode, count=count)


def _call(node: Node, key: str, service: str, inspected: Inspected | None) -> Call | None:
    """The action that config names; without a service of its own it is one of the node's."""
    described = object_of(node.config.get(key))
    action = described.get("action")
    if not isinstance(action, str) or not action:
        return None
    return Call(
        service=str(described.get("service") or service),
        action=action,
        parameters=parameters_of(node, object_of(described.get("parameters")), {}, inspected),
    )


def _rollback(node: Node, service: str, inspected: Inspected | None) -> Rollback | None:
    call = _call(node, "rollback", service, inspected)
    if call is None:
        return None
    described = object_of(node.config.get("rollback"))
    retry = described.get("retry")
    own = (path for path in call.parameters.template.references if path.root == "self")
    return Rollback(
        service=call.service,
        action=call.action,
        parameters=call.parameters,
        retry=_read(node, "rollback: retry", lambda: RetryPolicy.from_json(retry)),
        retry_is_given=_gives_attempts(retry),
        timeouts=_read(node, "rollback: timeout", lambda: Timeouts.from_json(described.get("timeout"))),
        needs_input=any(path.parts[:1] in ((), ("input",)) for path in own),
    )


def _fallback(node: Node, service: str, action: str, inspected: Inspected | None) -> Call | None:
    """`fallback`, or the older form: the same parameters for another service, or another action of one."""
    other, named = fallback_of(node.config)
    if not other and not named:
        return _call(node, "fallback", service, inspected)
    service, action = other or service, named or action
    return Call(
        service=service, action=action, parameters=parameters_of(node, node.parameters, {}, inspected)
    )


def _disabled(value: Json) -> Disabled:
    if not value:
        return ""
    return "skip" if value == "skip" else "passthrough"


def _read(node: Node, key: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except ValueError as error:
        raise DefinitionError(f'Node "{node.label}": {key}: {error}') from error


def _gives_attempts(described: Json) -> bool:
    if isinstance(described, dict):
        return "max_attempts" in described
    return described is not None


def object_of(value: Json) -> dict[str, Json]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _whole(value: Json) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


# What nodes with no more than the usual keys have in common; made once, and shared by their steps.
USUAL_ATTEMPTS = attempts_of(Node(id="", type=""), 0)
USUAL_SETTINGS = settings_of(Node(id="", type=""), "default", "default")
