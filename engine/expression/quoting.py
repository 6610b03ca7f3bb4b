"""Quoted text as expressions and paths write it: 'single' or "double", with backslash escapes."""

from __future__ import annotations

import re
from typing import Final

QUOTED: Final = {
    '"': re.compile(r'"((?:[^"\\\n]|\\.)*)"'),
    "'": re.compile(r"'((?:[^'\\\n]|\\.)*)'"),
}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|(.))", re.S)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "/": "/", "\\": "\\", '"': '"', "'": "'"}


def unescape(body: str) -> str:
    """The text that `body`, taken from between the quotes, stands for.

    An unknown escape stays as it is, so that regular expressions need no doubled backslashes.
    Raises ValueError where an escape names no character.
    """
    if "\\" not in body:
        return body
    text = _ESCAPE.sub(_replacement, body)
    # Two escaped surrogates are one character, as in JSON; half of one is none at all.
    return text.encode("utf-16", "surrogatepass").decode("utf-16")


def _replacement(match: re.Match[str]) -> str:
    digits = match[1] or match[2] or match[3]
    if digits is None:
        return _SIMPLE.get(match[4], match[0])
    return chr(int(digits, 16))
