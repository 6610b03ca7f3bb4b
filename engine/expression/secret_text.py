"""Text that holds secrets without showing them.

To everything but the action it is handed to, such a text reads "•••": in messages, in JSON, in comparisons.
Its parts say which secrets it is made of, so that the values can be put in at the last moment, and names can
stand for them in the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple, Self

from engine.expression import syntax
from engine.expression.parser import parse
from engine.model.json_value import Json

MASK: Final = "•••"
SECRET_KEY: Final = "$secret"
_TEXT_KEY: Final = "$secret_text"
# What an action was given may look like one of ours, and must not become one when it is read back.
_QUOTED_KEY: Final = "$quoted"
_OURS: Final = frozenset({SECRET_KEY, _TEXT_KEY, _QUOTED_KEY})


class SecretName(NamedTuple):
    """Stands for the value of a secret."""

    name: str


class SecretText(str):
    """A text with secrets in it; as a `str` it is the text with each of them masked."""

    __slots__ = ("parts",)
    parts: tuple[str | SecretName, ...]

    def __new__(cls, parts: Iterable[str | SecretName]) -> Self:
        known = tuple(parts)
        made = super().__new__(cls, "".join(MASK if isinstance(one, SecretName) else one for one in known))
        made.parts = known
        return made


def secret(name: str) -> SecretText:
    """The secret of that name alone."""
    return SecretText((SecretName(name),))


def join(parts: Iterable[str]) -> str:
    """The texts one after the other; secret again when one of them is."""
    listed = list(parts)
    if not any(isinstance(part, SecretText) for part in listed):
        return "".join(listed)
    flat: list[str | SecretName] = []
    for part in listed:
        flat += part.parts if isinstance(part, SecretText) else (part,)
    return SecretText(flat)


def reveal(value: Any, values: Mapping[str, str]) -> Any:
    """The value as an action needs it; raises KeyError for a secret without a value."""
    return _mapped(value, lambda text: "".join(_revealed(part, values) for part in text.parts))


def _revealed(part: str | SecretName, values: Mapping[str, str]) -> str:
    return values[part.name] if isinstance(part, SecretName) else part


def names_in(value: Any) -> frozenset[str]:
    """The names of the secrets in a value."""
    if isinstance(value, SecretText):
        return frozenset(part.name for part in value.parts if isinstance(part, SecretName))
    if isinstance(value, dict):
        return frozenset().union(*map(names_in, value.values()))
    return frozenset().union(*map(names_in, value)) if isinstance(value, list) else frozenset()


def plain(value: Any) -> Any:
    """The value as it reads, with nothing behind the masks."""
    return _mapped(value, str)


def to_journal(value: Any) -> Any:
    """The value with names in place of secrets: `{"$secret": name}`."""
    return _mapped(value, _marker, quote=True)


def _marker(text: SecretText) -> Json:
    marked: list[Json] = [
        {SECRET_KEY: part.name} if isinstance(part, SecretName) else part for part in text.parts
    ]
    return marked[0] if len(marked) == 1 else {_TEXT_KEY: marked}


def from_journal(value: Any) -> Any:
    """What `to_journal` was given."""
    if isinstance(value, dict):
        if len(value) == 1:
            key, inner = next(iter(value.items()))
            if key == SECRET_KEY:
                return secret(str(inner))
            if key == _TEXT_KEY:
                return join([part if isinstance(part, str) else secret(part[SECRET_KEY]) for part in inner])
            if key == _QUOTED_KEY:
                return {name: from_journal(item) for name, item in inner.items()}
        return {name: from_journal(item) for name, item in value.items()}
    return [from_journal(item) for item in value] if isinstance(value, list) else value


def _mapped(value: Any, act: Callable[[SecretText], Any], *, quote: bool = False) -> Any:
    if isinstance(value, SecretText):
        return act(value)
    if isinstance(value, dict):
        made = {name: _mapped(item, act, quote=quote) for name, item in value.items()}
        return {_QUOTED_KEY: made} if quote and len(value) == 1 and not _OURS.isdisjoint(value) else made
    if isinstance(value, list):
        return [_mapped(item, act, quote=quote) for item in value]
    return value


def names_in_condition(source: str) -> tuple[list[str], list[int | None]]:
    """The secrets a condition asks about, and where it does more than ask whether they are there.

    `exists(secrets.x)` and `exists(${secrets.x})` are all that is allowed. Raises ExpressionError.
    """
    names: list[str] = []
    faults: list[int | None] = []
    stack: list[tuple[syntax.Expr, bool]] = [(parse(source).tree, False)]
    while stack:
        node, is_asked = stack.pop()
        found = _name_of(node)
        if found is not None:
            if found and is_asked:
                names.append(found)
            else:
                faults.append(getattr(node, "position", None))
            continue
        asks = isinstance(node, syntax.Call) and node.function == "exists"
        stack += [(child, asks) for child in syntax.children(node)]
    return names, faults


def _name_of(node: syntax.Expr) -> str | None:
    """The secret that a part of an expression stands for; "" for all of them or more than one text."""
    if isinstance(node, syntax.Reference) and node.path.root == "secrets":
        return str(node.path.parts[0]) if len(node.path.parts) == 1 else ""
    if isinstance(node, syntax.Attribute) and _name_of(node.value) is not None:
        return node.name if isinstance(node.value, syntax.Name) else ""
    if isinstance(node, syntax.Name) and node.name == "secrets":
        return ""
    return None
