"""`${path}`, `${path?}` and `${path:-default}`: one scanner for templates and expressions."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from math import isfinite
from typing import Final, NoReturn

from engine.errors import ExpressionError
from engine.expression.paths import MISSING, Missing, Path, scan_path
from engine.model.json_value import Json

OPENING: Final = "${"
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedReference:
    """A reference found in a text, and the offset behind its closing brace."""

    path: Path
    default: Json | Missing
    end: int


def scan_reference(text: str, start: int) -> ScannedReference:
    """The reference whose `${` stands at `start`. Raises ExpressionError with the position in `text`."""
    path, position = scan_path(text, _skip(text, start + len(OPENING)))
    position = _skip(text, position)
    default: Json | Missing = MISSING
    if text.startswith("?", position):
        default, position = None, _skip(text, position + 1)
    elif text.startswith(":-", position):
        default, position = _scan_default(text, position + 2, start)
    if not text.startswith("}", position):
        if position >= len(text):
            raise ExpressionError("the reference is not closed: } is missing", source=text, position=start)
        raise ExpressionError(
            f"{text[position]!r} does not belong in a reference", source=text, position=position
        )
    return ScannedReference(path=path, default=default, end=position + 1)


def _scan_default(text: str, start: int, opening: int) -> tuple[Json, int]:
    """JSON when a complete JSON value stands before the brace, else the raw text up to it."""
    try:
        value, end = _DECODER.raw_decode(text, _skip(text, start))
    except RecursionError:
        raise ExpressionError("the default is nested too deeply", source=text, position=start) from None
    except ValueError:
        pass
    else:
        end = _skip(text, end)
        if text.startswith("}", end):
            return value, end
    end = text.find("}", start)
    if end < 0:
        raise ExpressionError("the reference is not closed: } is missing", source=text, position=opening)
    raw = text[start:end]
    if OPENING in raw:
        raise ExpressionError("a default cannot hold another reference", source=text, position=start)
    return raw, end


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise ValueError(f"{digits} is more than a number can be")
    return number


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)
