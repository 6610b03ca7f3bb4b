"""Finds the values of secrets in whatever is about to be written or shown, and masks them."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeVar
from urllib.parse import quote, quote_plus

from engine.errors import ActionError, words_of
from engine.expression.secret_text import MASK

SHORTEST_MASKED: Final = 4
"""Shorter values would mask half of all texts; they are not masked where they are echoed."""
SHORTEST_IN_ROWS: Final = 12
"""Of shorter values nobody knows whether a row of a table echoes them or just says the same."""
_SHORTEST_FRAGMENT: Final = 6
_SHORTEST_LINE: Final = 8
"""Of a value of several lines each line is masked too, unless it is shorter."""
_SHORTEST_BEGINNING: Final = 8
"""So much of a value that was cut off ("abc…") gives it away."""
_SHORTEST_NUMBER: Final = 6
"""Numbers of fewer digits are too often equal by chance."""
_CUT_OFF: Final = re.compile("…|\\.\\.\\.")
_HEX_ESCAPE: Final = re.compile("%[0-9A-F]{2}")
_DEEPEST_CAUSE: Final = 10
T = TypeVar("T")
E = TypeVar("E", bound=BaseException)


class Masker:
    """Knows the values it has been told, as they are and as encodings change them."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._found: _Found | None = None
        self.is_needed = False
        """Whether there is any value to look for."""

    def learn(self, value: str) -> None:
        """Mask this value from now on."""
        if len(value) < SHORTEST_MASKED or value in self._known:
            return
        self._known.update(_texts_of(value))
        self._found = _Found(self._known)
        self.is_needed = True

    def mask(self, value: T) -> T:
        """The value with "•••" for every secret in its texts; itself when there is none."""
        if self._found is None:
            return value
        masked: T = self._found.masked(value)
        return masked

    def mask_error(self, error: E) -> E | ActionError:
        """The error with its texts masked, those of its causes too; another one when that cannot be done."""
        if self._found is None:
            return error
        cause: BaseException | None = error
        for _ in range(_DEEPEST_CAUSE):
            if cause is None:
                break
            self._mask_texts(cause)
            cause = cause.__cause__ or cause.__context__
        said = words_of(error)
        if self.mask(said) != said:
            return ActionError(self.mask(f"{type(error).__name__}: {said}"))
        return error

    def _mask_texts(self, error: BaseException) -> None:
        error.args = self.mask(error.args)
        for name, value in vars(error).items():
            vars(error)[name] = self.mask(value)
        if isinstance(error, OSError):
            for name in ("filename", "filename2", "strerror"):
                setattr(error, name, self.mask(getattr(error, name)))


class _Found:
    """What is looked for, and how it is found."""

    def __init__(self, known: set[str]) -> None:
        spellings = {spelling for text in known for spelling in _spellings(text)}
        longest_first = sorted(spellings, key=lambda one: (-len(one), one))
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))
        self._numbers = {
            text for text in known if text.isdecimal() and len(text.lstrip("0")) >= _SHORTEST_NUMBER
        }
        written = {spelling for text in known for spelling in _as_written(text)}
        self._long = [text for text in written if len(text) > _SHORTEST_BEGINNING]

    def masked(self, value: Any) -> Any:
        """The value itself where nothing in it is to be masked."""
        if isinstance(value, str):
            return self._masked_text(value)
        if isinstance(value, dict):
            pairs = {self.masked(key): self.masked(item) for key, item in value.items()}
            is_same = all(pairs.get(key, self) is item for key, item in value.items())
            return value if is_same else pairs
        if isinstance(value, list | tuple):
            items = [self.masked(item) for item in value]
            if all(after is before for after, before in zip(items, value, strict=True)):
                return value
            return items if isinstance(value, list) else tuple(items)
        if self._numbers and isinstance(value, int | float) and self._is_known(value):
            return MASK
        return value

    def _masked_text(self, text: str) -> str:
        if self._pattern.search(text):
            text = self._pattern.sub(MASK, text)
        if self._long and _CUT_OFF.search(text):
            text = self._without_beginnings(text)
        return text

    def _without_beginnings(self, text: str) -> str:
        """The text without beginnings of secrets that were cut off to make it shorter."""
        pieces: list[str] = []
        end = 0
        has_found = False
        for cut in _CUT_OFF.finditer(text):
            before = text[end : cut.start()]
            begins = min((self._begins(secret, before) for secret in self._long), default=len(before))
            has_found = has_found or begins < len(before)
            pieces += [before, cut[0]] if begins == len(before) else [before[:begins], MASK, cut[0]]
            end = cut.end()
        return "".join([*pieces, text[end:]]) if has_found else text

    def _begins(self, secret: str, text: str) -> int:
        """Where the end of a text begins that is a beginning of the secret; its length if there is none."""
        begins, place = len(text), len(text)
        first, earliest = secret[:_SHORTEST_BEGINNING], max(0, len(text) - len(secret))
        while (place := text.rfind(first, earliest, place + len(first) - 1)) >= 0:
            if secret.startswith(text[place:]):
                begins = place
        return begins

    def _is_known(self, number: float) -> bool:
        if isinstance(number, float):
            if not number.is_integer():
                return False
            number = int(number)
        return number > 0 and str(number) in self._numbers


def spellings_in_rows(secrets: Iterable[str]) -> list[str]:
    """What is to be masked in the rows of a table that a step with these secrets made, the longest first."""
    known = {text for value in secrets for text in _texts_of(value) if len(text) >= SHORTEST_IN_ROWS}
    found = {spelling for text in known for spelling in _spellings(text)}
    return sorted((each for each in found if len(each) >= SHORTEST_IN_ROWS), key=lambda one: (-len(one), one))


def _texts_of(value: str) -> Iterator[str]:
    """The value, without the space around it too, and each of its lines."""
    yield value
    if len(bare := value.strip()) >= SHORTEST_MASKED:
        yield bare
    if len(lines := bare.splitlines()) > 1:
        yield from (line for each in lines if len(line := each.strip()) >= _SHORTEST_LINE)


def _as_written(value: str) -> Iterator[str]:
    """The value as messages show it: plain, in JSON, or as Python writes it."""
    yield value
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield repr(value)[1:-1]
    yield ascii(value)[1:-1]


def _spellings(value: str) -> Iterator[str]:
    """The value as programs write it: in texts, addresses, HTML and hexadecimal, in base64 at any place."""
    yield from _as_written(value)
    for address in (quote(value, safe="", errors="replace"), quote(value, errors="replace")):
        yield address
        yield _HEX_ESCAPE.sub(lambda escape: escape[0].lower(), address)
    yield quote_plus(value, errors="replace")
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
    yield raw.hex().upper()
