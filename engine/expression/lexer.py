"""Splits the source of an expression into tokens, in one pass and linear time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, NoReturn

from engine.errors import ExpressionError
from engine.expression.paths import MISSING, Missing, Path
from engine.expression.quoting import QUOTED, unescape
from engine.expression.references import scan_reference
from engine.model.json_value import Json

MAX_INT_BITS: Final = 10_000
# 10,000 bits are at most 3,011 decimal digits; int() itself refuses more than 4,300.
_MAX_INT_DIGITS: Final = 3_011
_MAX_INDEX_LENGTH: Final = 19


class Kind(Enum):
    """What a token is."""

    VALUE = auto()
    NAME = auto()
    ITEM = auto()
    REFERENCE = auto()
    OPERATOR = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One token. `value` is the number or text of a VALUE, the index of an ITEM, a REFERENCE's default."""

    kind: Kind
    text: str
    position: int
    value: Json | Missing = MISSING
    path: Path | None = None


_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<name>[^\W\d]\w*)
    | (?P<item>(?<=[\w)\]}?"'])\.[0-9]+(?!\w))
    | (?P<number>0[xX][0-9a-fA-F]+ | (?:[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)? | \.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<quote>["'])
    | (?P<reference>\$\{)
    | (?P<foreign>\*\*|<<|>>|&&|\|\||:=|->|<>|=(?!=)|!(?!=)|[&|^~@;\#`\\$])
    | (?P<operator>==|!=|<=|>=|//|[-+*/%<>()\[\]{},:.?])
    """,
    re.X,
)
_FOREIGN: Final = {
    "**": "powers are not available; multiply instead",
    "=": "= does not compare; write ==",
    "<>": "write != for not equal",
    "&&": "write and instead of &&",
    "||": "write or instead of ||",
    "!": "write not instead of !",
    "#": "comments are not allowed in an expression",
    "$": "a reference is written ${name}",
}


def tokens(source: str) -> list[Token]:
    """The tokens of `source`, closed by one END. Raises ExpressionError with the position."""
    found: list[Token] = []
    position = 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            _fail(f"{source[position]!r} does not belong in an expression", source, position)
        if match.lastgroup != "space":
            token, position = _token(match, source)
            found.append(token)
        else:
            position = match.end()
    found.append(Token(Kind.END, "", len(source)))
    return found


def _token(match: re.Match[str], source: str) -> tuple[Token, int]:
    text, start, end = match.group(), match.start(), match.end()
    match match.lastgroup:
        case "name":
            return Token(Kind.NAME, text, start), end
        case "operator":
            return Token(Kind.OPERATOR, text, start), end
        case "item":
            return _item(text, start, source), end
        case "number":
            return Token(Kind.VALUE, text, start, _number(text, start, end, source)), end
        case "quote":
            return _quoted(text, start, source)
        case "reference":
            reference = scan_reference(source, start)
            token = Token(
                Kind.REFERENCE, source[start : reference.end], start, reference.default, reference.path
            )
            return token, reference.end
        case _:
            _fail(_FOREIGN.get(text, f"{text} is not available in expressions"), source, start)


def _item(text: str, start: int, source: str) -> Token:
    if len(text) > _MAX_INDEX_LENGTH:
        _fail("the index is too large", source, start)
    return Token(Kind.ITEM, text, start, int(text[1:]))


def _number(text: str, start: int, end: int, source: str) -> int | float:
    if end < len(source) and (source[end].isalnum() or source[end] == "_"):
        _fail("a name cannot start with a digit", source, start)
    plain = text.replace("_", "")
    if plain[:2] in ("0x", "0X"):
        value: int | float = int(plain, 16)
    elif plain.isdecimal():
        if len(plain) > 1 and plain[0] == "0" and plain.strip("0"):
            _fail("a whole number cannot start with 0", source, start)
        if len(plain) > _MAX_INT_DIGITS:
            _fail("the number is too large", source, start)
        value = int(plain)
    else:
        value = float(plain)
        if value in (float("inf"), float("-inf")):
            _fail("the number is too large", source, start)
    if isinstance(value, int) and value.bit_length() > MAX_INT_BITS:
        _fail("the number is too large", source, start)
    return value


def _quoted(quote: str, start: int, source: str) -> tuple[Token, int]:
    match = QUOTED[quote].match(source, start)
    if match is None:
        _fail("the text is not closed: a quotation mark is missing", source, start)
    try:
        value = unescape(match[1])
    except ValueError:
        _fail("an escape in the text names no character", source, start)
    return Token(Kind.VALUE, match.group(), start, value), match.end()


def _fail(message: str, source: str, position: int) -> NoReturn:
    raise ExpressionError(message, source=source, position=position)
