"""References in the texts of a workflow, found and led elsewhere without evaluating anything.

`engine.expression` reads them for a run; what moves steps about only has to know where each begins, which
path it follows and what stands in its place when it is missing. A text that cannot be read stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from engine.model.json_value import Json

_NAME: Final = r"[^\W\d]\w*(?:-\w+)*"
_PARTS: Final = rf"""(?:\.{_NAME}|\.[0-9]+|\[\s*(?:-?[0-9]+|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*\])*"""
_REFERENCE = re.compile(
    rf"(?<!\$)\$\{{\s*(?P<root>{_NAME})(?P<parts>{_PARTS})\s*(?P<tail>\?|:-(?P<default>[^{{}}]*))?\s*\}}"
)
_OPENING = re.compile(r"(?<!\$)\$\{")
# A plain name of a condition with what follows it; texts and references in it are passed over.
_PLAIN = re.compile(
    rf"""(?P<skip>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\$\{{[^}}]*\}}|[0-9][\w.]*)"""
    rf"""|(?<![\w.])(?P<root>[^\W\d]\w*)(?P<parts>{_PARTS})(?P<call>\s*\()?"""
)
WORDS: Final = frozenset({"and", "or", "not", "in", "is", "if", "else", "true", "false", "null"} | {
    "True", "False", "None"
})  # fmt: skip
"""Names of a condition that stand for no value of the run."""


@dataclass(frozen=True, slots=True)
class Reference:
    """`${root parts tail}`; `parts` begins with a dot or bracket, `tail` is "?" or ":-" and a default."""

    root: str
    parts: str = ""
    tail: str = ""

    def __str__(self) -> str:
        return f"${{{self.root}{self.parts}{self.tail}}}"

    @property
    def step(self) -> str:
        """What it begins with, read through `steps.`."""
        return self.canonical().root

    def canonical(self) -> Reference:
        """Without `steps.` in front."""
        if self.root != "steps":
            return self
        found = re.match(rf"\.({_NAME})", self.parts)
        return Reference(found[1], self.parts[found.end() :], self.tail) if found else self

    @property
    def field(self) -> str:
        """The first name below the root; empty when there is none."""
        found = re.match(rf"\.({_NAME})", self.parts)
        return found[1] if found else ""

    def without(self, field: str) -> Reference:
        """The same without its first name, if that is `field`."""
        length = len(field) + 1
        return Reference(self.root, self.parts[length:], self.tail) if self.field == field else self


Rewrite = Callable[[Reference], str]


def references(value: Json) -> Iterator[Reference]:
    """Every reference in the texts of a value."""
    stack = [value]
    while stack:
        inner = stack.pop()
        if isinstance(inner, str):
            for found in _REFERENCE.finditer(inner):
                yield _reference(found)
        elif isinstance(inner, dict):
            stack.extend(inner.values())
        elif isinstance(inner, list):
            stack.extend(inner)


def only_reference(text: Json) -> Reference | None:
    """The reference that is the whole text."""
    found = _REFERENCE.fullmatch(text) if isinstance(text, str) else None
    return _reference(found) if found is not None else None


def rewritten(value: Json, rewrite: Rewrite) -> Json:
    """The value with every reference in it replaced by what `rewrite` says."""
    if isinstance(value, str):
        return _REFERENCE.sub(lambda found: rewrite(_reference(found)), value)
    if isinstance(value, list):
        return [rewritten(item, rewrite) for item in value]
    if isinstance(value, dict):
        return {key: rewritten(item, rewrite) for key, item in value.items()}
    return value


def plain_names(condition: str) -> list[Reference]:
    """The plain names of a condition, with the fields written behind them."""
    return [
        Reference(found["root"], found["parts"])
        for found in _PLAIN.finditer(condition)
        if not found["skip"] and not found["call"] and found["root"] not in WORDS
    ]


def with_plain_names(condition: str, rewrite: Rewrite) -> str:
    """The condition with every plain name in it replaced by what `rewrite` says."""

    def replaced(found: re.Match[str]) -> str:
        if found["skip"] or found["call"] or found["root"] in WORDS:
            return found[0]
        return rewrite(Reference(found["root"], found["parts"]))

    return _PLAIN.sub(replaced, condition)


def _reference(found: re.Match[str]) -> Reference:
    return Reference(found["root"], found["parts"], found["tail"] or "")


def is_readable(value: Json) -> bool:
    """Whether every reference in the value is one that these functions see."""
    if isinstance(value, str):
        return len(_OPENING.findall(value)) == len(_REFERENCE.findall(value))
    if isinstance(value, list):
        return all(map(is_readable, value))
    return not isinstance(value, dict) or all(map(is_readable, value.values()))
