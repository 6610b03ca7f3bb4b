"""JSON as the store writes it: compact, strict, and with a short preview of what is large."""

from __future__ import annotations

import json
from collections.abc import Callable
from json.encoder import encode_basestring_ascii
from typing import Any

# In characters; what is longer stands in a file of its own.
INLINE_LIMIT = 64 * 1024

_PREVIEW_ITEMS = 5
_PREVIEW_TEXT = 200
_PREVIEW_DEPTH = 2

# NaN and Infinity are no JSON: a journal that holds them cannot be read by anything else. ASCII, because a
# lone surrogate (a file name that is no UTF-8) would not go into the database otherwise.
_strict = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def _compiled_encoder() -> Callable[[Any], str]:
    """The strict encoder, without being made anew at every call as ``JSONEncoder.encode`` does.

    Making it costs as much as encoding a small output. Without its table of visited objects, a value
    that contains itself ends in RecursionError, which is put right.
    """
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # an interpreter without the compiled part
        return _strict.encode
    chunks = make(None, _strict.default, encode_basestring_ascii, None, ":", ",", False, False, False)

    def encode(value: Any) -> str:
        try:
            return "".join(chunks(value, 0))
        except RecursionError:
            raise ValueError("The value contains itself, or is nested too deeply for JSON") from None

    return encode


# Compact JSON; raises TypeError or ValueError for a value that is none.
encode = _compiled_encoder()
decode = json.JSONDecoder().decode

# As `decode`, at half its speed, for a thread beside others: the compiled reader lets none of them go on
# before its end, which for a workflow of 100,000 steps comes after a quarter of a second.
decode_beside = json.JSONDecoder(object_hook=lambda read: read).decode


def is_json(value: Any) -> bool:
    """Whether the journal could keep the value."""
    try:
        encode(value)
    except (TypeError, ValueError):
        return False
    return True


def preview(value: Any, depth: int = _PREVIEW_DEPTH) -> Any:
    """The first items of ``value``, cut short with "…" where something was left out."""
    if isinstance(value, str):
        return value if len(value) <= _PREVIEW_TEXT else value[:_PREVIEW_TEXT] + "…"
    if isinstance(value, (dict, list)) and depth == 0:
        return "…"
    if isinstance(value, dict):
        shown = {
            str(key)[:_PREVIEW_TEXT]: preview(item, depth - 1)
            for key, item in list(value.items())[:_PREVIEW_ITEMS]
        }
        return shown if len(value) <= _PREVIEW_ITEMS else {**shown, "…": len(value) - _PREVIEW_ITEMS}
    if isinstance(value, list):
        start = [preview(item, depth - 1) for item in value[:_PREVIEW_ITEMS]]
        return start if len(value) <= _PREVIEW_ITEMS else [*start, "…"]
    return value
