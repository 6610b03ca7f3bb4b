"""A node's error handling as a form: between the file's `config` and plain fields. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.model.json_value import Json
from engine.model.workflow import Node

_JOINS: Final = (
    ("merge", "All before it are decided, one of them was taken"),
    ("all", "All of them were taken"),
    ("any", "The first of them is taken"),
    ("always", "All before it are decided, taken or not"),
)
_RETRY_KEYS: Final = {
    "attempts": "max_attempts",
    "wait": "initial_interval",
    "backoff": "backoff",
    "longest_wait": "max_interval",
}
KEYS: Final = ("timeout", "retry", "continue_on_error", "disabled", "join")


def policy_schema(*, has_join: bool, is_trigger: bool) -> dict[str, Any]:
    """The form; the join is asked only where several connections meet."""
    properties: dict[str, Any] = {}
    if not is_trigger:
        properties |= _FAILURE_FIELDS
    if has_join:
        properties["join"] = {
            "title": "Starts when",
            "description": "How the connections that meet here are joined.",
            "oneOf": [{"const": key, "title": title} for key, title in _JOINS],
            "default": "merge",
        }
    properties["disabled"] = {
        "type": "boolean",
        "title": "Switch this step off",
        "description": "The run passes over it, and over what needs its result.",
    }
    return {"type": "object", "properties": properties}


_FAILURE_FIELDS: Final[dict[str, Any]] = {
    "attempts": {
        "type": "integer",
        "title": "Attempts",
        "description": "How often it is tried until it succeeds. 1 means once, without a retry.",
        "minimum": 1,
        "maximum": 100,
        "examples": [3],
    },
    "wait": {
        "type": "number",
        "title": "Wait before the next attempt",
        "minimum": 0,
        "default": 1,
        "x-unit": "seconds",
    },
    "backoff": {
        "type": "number",
        "title": "Each wait is longer than the one before",
        "minimum": 1,
        "default": 2,
        "x-unit": "times",
    },
    "timeout": {
        "type": "number",
        "title": "Give up an attempt after",
        "description": "Empty: it may take as long as it takes.",
        "exclusiveMinimum": 0,
        "x-unit": "seconds",
    },
    "continue_on_error": {
        "type": "boolean",
        "title": "Go on when this step fails",
        "description": "The run goes on along connections that are taken on an error.",
    },
    "longest_wait": {
        "type": "number",
        "title": "Longest wait",
        "minimum": 0,
        "default": 60,
        "x-unit": "seconds",
        "x-advanced": True,
    },
    "total": {
        "type": "number",
        "title": "Give up altogether after",
        "description": "All attempts and the waits between them.",
        "exclusiveMinimum": 0,
        "x-unit": "seconds",
        "x-advanced": True,
    },
}


def read_policy(node: Node) -> dict[str, Json]:
    """The fields as the node has them; what it leaves to the default is absent."""
    values: dict[str, Json] = {}
    retry = node.config.get("retry")
    if isinstance(retry, int) and not isinstance(retry, bool):
        retry = {"max_attempts": retry}
    if isinstance(retry, Mapping):
        values |= {field: retry[key] for field, key in _RETRY_KEYS.items() if key in retry}
    timeout = node.config.get("timeout")
    if isinstance(timeout, Mapping):
        values |= {
            field: timeout[key]
            for field, key in (("timeout", "attempt"), ("total", "total"))
            if key in timeout
        }
    elif timeout is not None:
        values["timeout"] = timeout
    for key in ("continue_on_error", "disabled"):
        if key in node.config:
            values[key] = node.config[key]
    if "join" in node.config:
        values["join"] = node.join
    return values


def policy_config(node: Node, values: Mapping[str, Json]) -> dict[str, Json]:
    """The config keys to set so that the node has these fields; None removes a key."""
    config: dict[str, Json] = {"timeout": _timeout(values), "retry": _retry(node, values)}
    for key in ("continue_on_error", "disabled"):
        if bool(node.config.get(key)) != (values.get(key) is True):
            config[key] = True if values.get(key) is True else None
    join = values.get("join")
    if join is None or join == "merge":
        config["join"] = None
    elif join != node.join:
        config["join"] = join
    else:
        config["join"] = node.config.get("join")
    return {key: value for key, value in config.items() if node.config.get(key) != value}


def _timeout(values: Mapping[str, Json]) -> Json:
    attempt, total = values.get("timeout"), values.get("total")
    if total is None:
        return attempt
    return {"total": total} if attempt is None else {"attempt": attempt, "total": total}


def _retry(node: Node, values: Mapping[str, Json]) -> Json:
    before = node.config.get("retry")
    merged: dict[str, Json] = dict(before) if isinstance(before, Mapping) else {}
    for field, key in _RETRY_KEYS.items():
        if values.get(field) is None:
            merged.pop(key, None)
        else:
            merged[key] = values[field]
    if isinstance(before, int) and merged == {"max_attempts": before}:
        return before
    return merged or None
