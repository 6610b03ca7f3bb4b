"""Finds the values of secrets in whatever is about to be written or shown, and masks them."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from typing import Any, Final, TypeVar
from urllib.parse import quote, quote_plus

from engine.errors import ActionError, words_of
from engine.expression.secret_text import MASK

SHORTEST_MASKED: Final = 4
"""Shorter values would mask half of all texts; they are not masked where they are echoed."""
_SHORTEST_FRAGMENT: Final = 6
_DEEPEST_CAUSE: Final = 10
T = TypeVar("T")
E = TypeVar("E", bound=BaseException)


class Masker:
    """Knows the values it has been told, as they are and as encodings change them."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.is_needed = False
        """Whether there is any value to look for."""

    def learn(self, value: str) -> None:
        """Mask this value from now on."""
        if len(value) < SHORTEST_MASKED or value in self._known:
            return
        self._known.add(value)
        spellings = {spelling for known in self._known for spelling in _spellings(known)}
        longest_first = sorted(spellings, key=lambda one: (-len(one), one))
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))
        self.is_needed = True

    def mask(self, value: T) -> T:
        """The value with "•••" for every secret in its texts; itself when there is none."""
        if self._pattern is None:
            return value
        masked: T = _masked(value, self._pattern)
        return masked

    def mask_error(self, error: E) -> E | ActionError:
        """The error with its texts masked, those of its causes too; another one when that cannot be done."""
        if self._pattern is None:
            return error
        cause: BaseException | None = error
        for _ in range(_DEEPEST_CAUSE):
            if cause is None:
                break
            self._mask_texts(cause)
            cause = cause.__cause__ or cause.__context__
        if self._pattern.search(words_of(error)):
            return ActionError(self.mask(f"{type(error).__name__}: {words_of(error)}"))
        return error

    def _mask_texts(self, error: BaseException) -> None:
        error.args = self.mask(error.args)
        for name, value in vars(error).items():
            vars(error)[name] = self.mask(value)
        if isinstance(error, OSError):
            for name in ("filename", "filename2", "strerror"):
                setattr(error, name, self.mask(getattr(error, name)))


def _masked(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(MASK, value) if pattern.search(value) else value
    if isinstance(value, dict):
        pairs = {_masked(key, pattern): _masked(item, pattern) for key, item in value.items()}
        is_same = all(pairs.get(key, pattern) is item for key, item in value.items())
        return value if is_same else pairs
    if isinstance(value, list | tuple):
        items = [_masked(item, pattern) for item in value]
        if all(after is before for after, before in zip(items, value, strict=True)):
            return value
        return items if isinstance(value, list) else tuple(items)
    return value


def _spellings(value: str) -> Iterator[str]:
    """The value as programs write it: plain, in addresses, in JSON and HTML, and in base64 at any place."""
    yield value
    yield quote(value, safe="", errors="replace")
    yield quote(value, errors="replace")
    yield quote_plus(value, errors="replace")
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield html.escape(value)
    raw = value.encode("utf-8", "surrogatepass")
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(raw).decode().rstrip("=")
        for before in range(3):  # it may begin anywhere in a group of three bytes
            first, last = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
            fragment = encode(b"\0" * before + raw).decode()[first:last]
            if len(fragment) >= _SHORTEST_FRAGMENT:
                yield fragment
    yield raw.hex()
