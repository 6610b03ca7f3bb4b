"""Making many frozen values quickly: a workflow of 10,000 steps has 50,000 of them, made when it starts."""

from __future__ import annotations

from dataclasses import field, fields, make_dataclass
from typing import Any, TypeVar, cast

T = TypeVar("T")


def quick_made(frozen: type[T]) -> type[T]:
    """What makes values of a frozen dataclass with slots in half the time; called just as the class is.

    Such a class fills each field past its own lock, which costs more than the rest of it together. Here the
    value is filled while it is of a class that is open, with the same fields, and locked when it is done.
    """
    own_end = getattr(frozen, "__post_init__", None)

    def lock(self: Any) -> None:
        self.__class__ = frozen
        if own_end is not None:
            own_end(self)

    described = [
        (
            each.name,
            each.type,
            field(default=each.default, default_factory=each.default_factory, init=each.init),
        )
        for each in fields(frozen)  # type: ignore[arg-type]
    ]
    made = make_dataclass(
        frozen.__name__, described, namespace={"__post_init__": lock}, slots=True, kw_only=True, eq=False
    )
    return cast("type[T]", made)
