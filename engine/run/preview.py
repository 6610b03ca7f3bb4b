"""Values shortened for a person to look at: what stands in the journal beside a step that is held."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from math import isfinite
from typing import Any, Final

from engine.model.json_value import Json

MAX_TEXT: Final = 400
MAX_ITEMS: Final = 20
MAX_DEPTH: Final = 6
MAX_VALUES: Final = 400


def abbreviated(params: Mapping[str, Any]) -> dict[str, Json]:
    """The parameters, long texts and lists cut with a word about the rest; bounded whatever they hold."""
    left = [MAX_VALUES]
    return {str(name): _short(value, MAX_DEPTH, left) for name, value in params.items()}


def _short(value: Any, depth: int, left: list[int]) -> Json:
    left[0] -= 1
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and isfinite(value)):
        return value
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else f"{value[:MAX_TEXT]}… ({len(value):,} characters)"
    if isinstance(value, list | tuple):
        return _short_list(value, depth, left)
    if isinstance(value, Mapping):
        return _short_object(value, depth, left)
    return f"({type(value).__name__})"


def _short_list(value: list[Any] | tuple[Any, ...], depth: int, left: list[int]) -> Json:
    if value and (depth == 0 or left[0] <= 0):
        return f"({len(value):,} items)"
    shown = [_short(item, depth - 1, left) for item in value[: max(0, min(MAX_ITEMS, left[0]))]]
    return shown if len(shown) == len(value) else [*shown, f"… {len(value) - len(shown):,} more"]


def _short_object(value: Mapping[str, Any], depth: int, left: list[int]) -> Json:
    if value and (depth == 0 or left[0] <= 0):
        return f"({len(value):,} fields)"
    shown: dict[str, Json] = {
        str(name): _short(item, depth - 1, left)
        for name, item in islice(value.items(), max(0, min(MAX_ITEMS, left[0])))
    }
    if len(shown) < len(value):
        shown["…"] = f"{len(value) - len(shown):,} more"
    return shown
