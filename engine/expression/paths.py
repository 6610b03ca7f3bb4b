"""Paths such as `check.output.rows[0]`, and the lookup of a value by one.

    path := NAME ( "." (NAME|INT) | "[" INT "]" | "[" STRING "]" )*

A name may hold hyphens between word characters (`read-flights`): step ids do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Final, TypeAlias

from engine.errors import ExpressionError
from engine.expression.quoting import QUOTED, unescape
from engine.model.json_value import Json


class Missing(Enum):
    """The type of MISSING: no value at all, which is not the same as null."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing.MISSING
Part: TypeAlias = str | int

NAME_PATTERN: Final = r"[^\W\d]\w*(?:-\w+)*"
_NAME = re.compile(NAME_PATTERN)
_PLAIN_NAME = re.compile(rf"(?:{NAME_PATTERN})\Z")
_STEP = re.compile(
    rf"""\.(?P<name>{NAME_PATTERN})|\.(?P<item>[0-9]+)|\[\s*(?P<index>-?[0-9]+)\s*\]|\[\s*(?P<quote>(?=["']))""",
    re.X,
)
_CLOSE = re.compile(r"\s*\]")
# A longer index cannot point at anything, and int() refuses more than 4,300 digits.
_MAX_INDEX_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class Path:
    """A root name and the keys and indexes below it. `str(path)` is its canonical text.

    key: what stands below the root, if that is a single name; nearly every reference is `${step.name}`.
    """

    root: str
    parts: tuple[Part, ...] = ()
    key: str | None = field(init=False, repr=False, compare=False)
    _text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        only = self.parts[0] if len(self.parts) == 1 else None
        object.__setattr__(self, "key", only if isinstance(only, str) else None)
        object.__setattr__(self, "_text", self.root + "".join(map(_part_text, self.parts)))

    def __str__(self) -> str:
        return self._text

    @staticmethod
    def parse(text: str) -> Path:
        """The path that is the whole of `text`; ExpressionError with a position otherwise."""
        return _parse_whole(text)


def scan_path(text: str, start: int) -> tuple[Path, int]:
    """The longest path that begins at `start`, and the offset behind it."""
    match = _NAME.match(text, start)
    if match is None:
        raise ExpressionError(
            "a reference must start with a name such as input or a step's id", source=text, position=start
        )
    root, position = match.group(), match.end()
    parts: list[Part] = []
    while (step := _STEP.match(text, position)) is not None:
        if (name := step["name"]) is not None:
            parts.append(name)
        elif (digits := step["item"] or step["index"]) is not None:
            parts.append(_index(digits, text, position))
        else:
            key, position = _quoted_key(text, step.end())
            parts.append(key)
            continue
        position = step.end()
    return Path(root, tuple(parts)), position


def descend(value: Json, parts: tuple[Part, ...]) -> Json | Missing:
    """What lies below `value` at `parts`, or MISSING. Negative indexes count from the end."""
    for part in parts:
        found = item_of(value, part)
        if found is MISSING:
            return MISSING
        value = found
    return value


def output_path(path: Path) -> Path:
    """`check.total`, `steps.check.total` and `check.output.total` are one value: the last is its name."""
    root, parts = path.root, path.parts
    if root == "steps" and parts and isinstance(parts[0], str):
        root, parts = parts[0], parts[1:]
    return Path(root, parts if parts[:1] == ("output",) else ("output", *parts))


def item_of(value: Json, part: Part) -> Json | Missing:
    """One step down: a key of an object, an index of a list; MISSING where there is none."""
    # Asking an abstract class costs more than the lookup, and nearly every object is a plain dict.
    if type(value) is dict or isinstance(value, Mapping):
        return value.get(part if isinstance(part, str) else str(part), MISSING)
    if isinstance(value, list | str) and isinstance(part, int):
        return value[part] if -len(value) <= part < len(value) else MISSING
    return MISSING


@lru_cache(maxsize=4096)
def _parse_whole(text: str) -> Path:
    path, end = scan_path(text, 0)
    if end != len(text):
        raise ExpressionError(f"{text[end:]!r} does not continue a path", source=text, position=end)
    return path


def _index(digits: str, text: str, position: int) -> int:
    if len(digits) > _MAX_INDEX_DIGITS:
        raise ExpressionError("the index is too large", source=text, position=position)
    return int(digits)


def _quoted_key(text: str, position: int) -> tuple[str, int]:
    quoted = QUOTED[text[position]].match(text, position)
    close = _CLOSE.match(text, quoted.end()) if quoted else None
    if quoted is None or close is None:
        raise ExpressionError("the quoted key is not closed", source=text, position=position)
    try:
        return unescape(quoted[1]), close.end()
    except ValueError:
        raise ExpressionError(
            "an escape in the key names no character", source=text, position=position
        ) from None


def _part_text(part: Part) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if _PLAIN_NAME.match(part) else f"[{json.dumps(part, ensure_ascii=False)}]"
