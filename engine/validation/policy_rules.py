"""Rules about how a step is tried and joined, and how the run as a whole behaves: all that is written out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from engine.expression.suggestions import nearest
from engine.expression.templates import escape_pointer
from engine.json_schema.validators import schema_faults
from engine.model.json_value import Json
from engine.model.policy import RETRY_KEYS, TIMEOUT_KEYS, RetryPolicy, Timeouts
from engine.problem import Fix, Problem
from engine.validation.drawing import Drawing

_JOINS: Final = ("merge", "all", "any", "n_of", "always")
_DURABILITIES: Final = ("auto", "strict", "relaxed", "none")
_FAILURE_MODES: Final = ("drain", "cancel", "continue")
_FAILURE_KEYS: Final = ("mode", "rollback")
# JSON writers say `false` as readily as "false".
_CONDITION_POLICIES: Final[tuple[Json, ...]] = ("fail", "false", "true", False, True)
_READERS: Final[Mapping[str, tuple[Callable[[Any], object], tuple[str, ...]]]] = {
    "retry": (RetryPolicy.from_json, RETRY_KEYS),
    "timeout": (Timeouts.from_json, TIMEOUT_KEYS),
}
_CHOICES: Final[Mapping[str, tuple[Json, ...]]] = {
    # A misspelt promise to run at most once must not become the opposite in silence.
    "delivery": ("at_least_once", "at_most_once"),
    "disabled": (True, False, "passthrough", "skip"),
}


def policies(drawing: Drawing) -> Iterator[Problem]:
    """Retry, timeout, join and the schemas of a node can be read."""
    for index, node in drawing.configured:
        config = node.config
        yield from _attempts(drawing, index, config)
        yield from _once(drawing, index, config)
        for key, choices in _CHOICES.items():
            if config.get(key) and config[key] not in choices:
                words = f"{key} must be {' or '.join(map(_shown, choices))}, not {config[key]!r}"
                yield _config_problem(drawing, index, key, f"{key}-bad", words)
        if config.get("join") and (problem := _join_fault(config["join"], drawing.predecessors[index])):
            yield _config_problem(drawing, index, "join", "join-bad", problem)
        priority = config.get("priority")
        if priority is not None and (isinstance(priority, bool) or not isinstance(priority, int)):
            words = f"priority must be a whole number, not {priority!r}"
            yield _config_problem(drawing, index, "priority", "priority-bad", words)
        for key in ("input_schema", "output_schema", "item_schema"):
            schema = config.get(key)
            if schema and (faults := schema_faults(schema)):
                words = f"{key} is no JSON Schema: {faults[0]['pointer'] or 'it'} {faults[0]['message']}"
                yield _config_problem(drawing, index, key, "schema-bad", words)


def _attempts(drawing: Drawing, index: int, config: Mapping[str, Json]) -> Iterator[Problem]:
    for key, (read, known) in _READERS.items():
        described = config.get(key)
        if described is None:
            continue
        unknown = _unknown_keys(described, known)
        for name, near in unknown:
            words = f"{key}: {_unknown(name, near, known)}"
            place = f"{key}/{escape_pointer(name)}"
            found = _config_problem(drawing, index, place, f"{key}-bad", words, near)
            yield replace(found, fixes=rename_key(near))
        if isinstance(described, dict):
            described = {name: value for name, value in described.items() if name in known}
        try:
            read(described)
        except ValueError as error:
            yield _config_problem(drawing, index, key, f"{key}-bad", f"{key}: {error}")


def _once(drawing: Drawing, index: int, config: Mapping[str, Json]) -> Iterator[Problem]:
    """A step that may run at most once is not tried several times: a try may fail after its effect."""
    try:
        most = RetryPolicy.from_json(config.get("retry")).max_attempts
    except ValueError:
        return  # which is told already
    if config.get("delivery") == "at_most_once" and most > 1:
        words = f"it may run at most once, and is tried up to {most} times: what it did is repeated"
        advice = 'Leave out the retry, or let it be "at_least_once".'
        found = _config_problem(drawing, index, "delivery", "delivery-repeated", words, advice)
        yield replace(found, severity="warning")


def rename_key(near: str) -> tuple[Fix, ...]:
    """The fix for a key that is misspelt."""
    return (Fix(label=f"Call it {near}", kind="key", right=near),) if near else ()


def _shown(choice: Json) -> str:
    return json.dumps(choice)


def _join_fault(join: Json, incoming: Sequence[int]) -> str:
    mode = join.get("mode", "merge") if isinstance(join, dict) else join
    if mode not in _JOINS:
        return f"join must be one of {', '.join(_JOINS)}, not {mode!r}"
    count = join.get("k", join.get("n", join.get("count"))) if isinstance(join, dict) else None
    if mode == "n_of" and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
        return 'join n_of needs a count: {"mode": "n_of", "k": 2}'
    if mode == "n_of" and isinstance(count, int) and count > max(1, len(incoming)):
        leads = "connection leads" if len(incoming) == 1 else "connections lead"
        return f"join n_of waits for {count} connections, but {len(incoming)} {leads} here"
    return ""


def _unknown_keys(described: Json, known: Iterable[str]) -> list[tuple[str, str]]:
    """The keys that nothing reads, each with the known one that may be meant."""
    keys = described if isinstance(described, dict) else {}
    return [(key, nearest(key, known)) for key in keys if key not in known]


def _unknown(key: str, near: str, known: Iterable[str]) -> str:
    hint = f"did you mean `{near}`?" if near else f"there are {', '.join(known)}"
    return f"unknown key `{key}`, {hint}"


def _config_problem(
    drawing: Drawing, index: int, key: str, code: str, words: str, suggestion: str = ""
) -> Problem:
    return Problem(
        severity="error",
        code=code,
        message=f"{drawing.label(index)}: {words}",
        node_id=drawing.ids[index],
        pointer=f"/nodes/{index}/config/{key}",
        suggestion=suggestion,
    )


def settings(drawing: Drawing) -> Iterator[Problem]:
    """The workflow's inputs are a JSON Schema and its settings can be read."""
    workflow = drawing.workflow
    for fault in schema_faults(dict(workflow.inputs)) if workflow.inputs else ():
        yield Problem(
            severity="error",
            code="schema-bad",
            message=f"inputs is no JSON Schema: {fault['pointer'] or 'it'} {fault['message']}",
            pointer=f"/inputs{fault['pointer']}",
        )
    yield from _on_failure(workflow.settings.get("on_failure"))
    durability = workflow.settings.get("durability")
    if durability is not None and durability not in _DURABILITIES:
        yield _setting_problem(
            "durability", f"durability must be one of {', '.join(_DURABILITIES)}, not {durability!r}"
        )


def _on_failure(on_failure: Json) -> Iterator[Problem]:
    mode = on_failure.get("mode", "drain") if isinstance(on_failure, dict) else on_failure
    if mode is not None and mode not in _FAILURE_MODES:
        words = f"on_failure must be one of {', '.join(_FAILURE_MODES)}, not {mode!r}"
        yield _setting_problem("on_failure", words, nearest(str(mode), _FAILURE_MODES))
    for name, near in _unknown_keys(on_failure, _FAILURE_KEYS):
        words = f"on_failure: {_unknown(name, near, _FAILURE_KEYS)}"
        found = _setting_problem(f"on_failure/{escape_pointer(name)}", words, near)
        yield replace(found, fixes=rename_key(near))
    rollback = on_failure.get("rollback", False) if isinstance(on_failure, dict) else False
    if not isinstance(rollback, bool):
        yield _setting_problem("on_failure/rollback", f"rollback must be true or false, not {rollback!r}")


def _setting_problem(place: str, words: str, suggestion: str = "") -> Problem:
    return Problem(
        severity="error",
        code="settings-bad",
        message=words,
        pointer=f"/settings/{place}",
        suggestion=suggestion,
    )


def condition_errors(drawing: Drawing) -> Iterator[Problem]:
    """What an undecidable condition means is said in words the engine knows."""
    policy = drawing.workflow.settings.get("on_condition_error", "fail")
    if policy not in _CONDITION_POLICIES:
        yield _setting_problem("on_condition_error", _condition_words(policy), _near_policy(policy))
    for index, connection in enumerate(drawing.connections):
        if not connection.extra:
            continue
        policy = connection.extra.get("on_condition_error", "fail")
        if policy not in _CONDITION_POLICIES:
            yield Problem(
                severity="error",
                code="condition-policy-bad",
                message=f"The connection from {connection.source} to {connection.target}: "
                + _condition_words(policy),
                node_id=connection.source,
                connection_id=connection.id,
                pointer=f"/connections/{index}/on_condition_error",
                suggestion=_near_policy(policy),
            )


def _condition_words(policy: Json) -> str:
    return f'on_condition_error must be "fail", "false" or "true", not {policy!r}'


def _near_policy(policy: Json) -> str:
    return nearest(str(policy), ("fail", "false", "true"))
