"""What a person may have meant by a name that does not exist: the one place where that is decided.

Upper and lower case, spaces and underscores do not count: `Dep delay` is `dep_delay`.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice
from typing import Final

# Comparing a name with every field of a large object would take longer than the message is worth.
_MAX_COMPARED: Final = 500
_LONGEST: Final = 100


def alike(name: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """The known names that are most like `name`, the best first; none where none is."""
    candidates = list(islice(known, _MAX_COMPARED))
    plain = {_plain(candidate): candidate for candidate in reversed(candidates)}
    return [plain[match] for match in get_close_matches(_plain(name[:_LONGEST]), plain, n=most)]


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that is most like `name`, or "" where none is."""
    return next(iter(alike(name, known, most=1)), "")


def did_you_mean(name: str, known: Iterable[str], *, most: int = 8) -> str:
    """A hint: the nearest known name, or up to `most` of those there are."""
    candidates = list(islice(known, _MAX_COMPARED))
    if near := nearest(name, candidates):
        return f"Did you mean {near}?"
    if not candidates:
        return ""
    return f"There are: {', '.join(candidates[:most])}{', ...' if len(candidates) > most else ''}."


def _plain(name: str) -> str:
    return "".join(name.casefold().replace("_", " ").split())
