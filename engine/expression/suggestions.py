"""What a person may have meant by a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice
from typing import Final

# Comparing a name with every field of a large object would take longer than the message is worth.
_MAX_COMPARED: Final = 500


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that is most like `name`, or "" where none is."""
    candidates = list(islice(known, _MAX_COMPARED))
    folded = {each.lower(): each for each in reversed(candidates)}
    if name.lower() in folded:
        return folded[name.lower()]
    near = get_close_matches(name[:100], candidates, n=1)
    return near[0] if near else ""


def did_you_mean(name: str, known: Iterable[str], *, most: int = 8) -> str:
    """A hint: the nearest known name, or up to `most` of those there are."""
    candidates = list(islice(known, _MAX_COMPARED))
    if near := nearest(name, candidates):
        return f"Did you mean {near}?"
    if not candidates:
        return ""
    return f"There are: {', '.join(candidates[:most])}{', ...' if len(candidates) > most else ''}."
