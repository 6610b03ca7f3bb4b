"""Changes as JSON and back: what the autosave journal is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from engine.model import changes as model
from engine.model.json_value import Json
from engine.model.workflow import Connection, Node

_KINDS: Mapping[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        model.NodeAdded,
        model.NodeRemoved,
        model.NodeChanged,
        model.NodesMoved,
        model.ConnectionAdded,
        model.ConnectionRemoved,
        model.ConnectionChanged,
        model.WorkflowChanged,
    )
}


def encode_change(change: model.Change) -> dict[str, Json]:
    """One object with one key, the change's kind; fields that have their default value are left out."""
    if isinstance(change, model.NodesMoved):  # thousands of places at once, when a large drawing is tidied up
        places: dict[str, Json] = {
            node_id: None if at is None else [*at] for node_id, at in change.positions.items()
        }
        return {"NodesMoved": {"positions": places}}
    return {type(change).__name__: _plain(change)}


def decode_change(encoded: Mapping[str, Any]) -> model.Change:
    """The change that `encode_change` wrote; ValueError for anything else."""
    if len(encoded) != 1:
        raise ValueError("a journal entry holds one change")
    ((kind, values),) = encoded.items()
    if kind not in _KINDS or not isinstance(values, dict):
        raise ValueError(f"unknown kind of change: {kind}")
    arguments: dict[str, Any] = dict(values)
    try:
        if "node" in arguments:
            arguments["node"] = Node(**arguments["node"])
        if "connection" in arguments:
            arguments["connection"] = Connection(**arguments["connection"])
        if "position" in arguments:
            arguments["position"] = _point(arguments["position"])
        if "positions" in arguments:
            arguments["positions"] = {key: _point(place) for key, place in arguments["positions"].items()}
        change: model.Change = _KINDS[kind](**arguments)
    except (TypeError, AttributeError) as error:
        raise ValueError(f"damaged change: {error}") from error
    return change


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {
            field.name: _plain(getattr(value, field.name))
            for field in fields(value)
            if not _is_default(field, getattr(value, field.name))
        }
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _is_default(field: Any, value: Any) -> bool:
    if field.default is not MISSING:
        return bool(value == field.default)
    return field.default_factory is not MISSING and bool(value == field.default_factory())


def _point(place: Any) -> tuple[float, float] | None:
    if place is None:
        return None
    x, y = place
    return (float(x), float(y))
