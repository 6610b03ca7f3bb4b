"""What the operators do to JSON values, within bounds.

Every fault is an ExpressionError without a position; the evaluator adds where it happened. Work that
grows with the data is announced to the Meter first, so that one evaluation cannot take the loop.
"""

from __future__ import annotations

import math
import operator
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from engine.errors import ExpressionError
from engine.expression.lexer import MAX_INT_BITS
from engine.model.json_value import Json

MAX_TEXT: Final = 1_000_000
MAX_WORK: Final = 500_000
MAX_SECONDS: Final = 0.05
# The clock is looked at before a piece of work, which then is done whole.
_LAST_START: Final = 0.7 * MAX_SECONDS
# Comparing or copying characters is a memory operation; a unit of work is about one list item.
_CHARACTERS_PER_UNIT: Final = 64
# Comparing two items takes as long as touching so many.
_COMPARING: Final = 2
SIMPLE: Final = frozenset({int, float, str, bool, type(None)})
"""The types of values that hold no others."""


class Meter:
    """Counts the work of one evaluation and stops it at a limit of work or of time."""

    __slots__ = ("_deadline", "_spent")

    def __init__(self) -> None:
        self._spent = 0
        self._deadline = 0.0

    def spend(self, units: int) -> None:
        """Announces work on `units` items before it is done."""
        self._spent += units
        if self._spent > MAX_WORK:
            raise ExpressionError(
                f"the expression would touch more than {MAX_WORK:,} items",
                hint="Use a table node for large data.",
            )
        now = time.perf_counter()
        if not self._deadline:
            self._deadline = now + _LAST_START
        elif now > self._deadline:
            raise ExpressionError(f"the expression took longer than {MAX_SECONDS * 1000:.0f} ms")

    def text(self, value: str) -> str:
        """`value`, if it is not too long to be passed on."""
        check_length(len(value))
        if len(value) > _CHARACTERS_PER_UNIT:
            self.spend(len(value) // _CHARACTERS_PER_UNIT)
        return value


def check_length(characters: int) -> None:
    """Refuses a text of so many characters, before it is made, when it would be too long."""
    if characters > MAX_TEXT:
        raise ExpressionError(f"a text may not be longer than {MAX_TEXT:,} characters")


def type_name(value: Json) -> str:
    """The type of a value in the words of messages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true/false"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "text"
    return "object" if isinstance(value, Mapping) else "list"


def is_number(value: Json) -> bool:
    """Whether arithmetic and ordering treat the value as a number: true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def number(value: Json, what: str) -> int | float:
    """The value as a number, or an error that names `what` wanted it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ExpressionError(f"{what} needs a number, not {type_name(value)}")
    return value


def bounded(value: int | float) -> int | float:
    """The value, if it is finite and not longer than MAX_INT_BITS."""
    if isinstance(value, int):
        if value.bit_length() > MAX_INT_BITS:
            raise ExpressionError(f"a whole number may not have more than {MAX_INT_BITS:,} bits")
    elif not math.isfinite(value):
        raise ExpressionError("the result is not a finite number")
    return value


def add(left: Json, right: Json, meter: Meter) -> Json:
    """Numbers are added, texts and lists joined; nothing is converted."""
    if isinstance(left, str) and isinstance(right, str):
        check_length(len(left) + len(right))
        return meter.text(left + right)
    if isinstance(left, list) and isinstance(right, list):
        meter.spend(len(left) + len(right))
        return left + right
    return _arithmetic("+", operator.add, left, right)


def subtract(left: Json, right: Json, meter: Meter) -> Json:
    """Numbers only."""
    return _arithmetic("-", operator.sub, left, right)


def multiply(left: Json, right: Json, meter: Meter) -> Json:
    """Numbers only: a text times a number is refused."""
    if (
        isinstance(left, int)
        and isinstance(right, int)
        and left.bit_length() + right.bit_length() > MAX_INT_BITS + 1
    ):
        raise ExpressionError(f"a whole number may not have more than {MAX_INT_BITS:,} bits")
    return _arithmetic("*", operator.mul, left, right)


def divide(left: Json, right: Json, meter: Meter) -> Json:
    """The exact quotient, as a decimal number."""
    return _arithmetic("/", operator.truediv, left, right)


def floor_divide(left: Json, right: Json, meter: Meter) -> Json:
    """The quotient rounded down."""
    return _arithmetic("//", operator.floordiv, left, right)


def modulo(left: Json, right: Json, meter: Meter) -> Json:
    """The remainder of `//`, with the sign of the right side; never text formatting."""
    return _arithmetic("%", operator.mod, left, right)


def negate(value: Json) -> Json:
    """`-value`."""
    return -number(value, "-")


def positive(value: Json) -> Json:
    """`+value`: the value itself, if it is a number."""
    return number(value, "+")


def equal(left: Json, right: Json, meter: Meter) -> bool:
    """Deep equality. Values of different types are unequal, except that 1 == 1.0 == true as in Python."""
    if not isinstance(left, list | Mapping) or not isinstance(right, list | Mapping):
        return left == right
    pairs: list[tuple[Json, Json]] = [(left, right)]
    while pairs:
        a, b = pairs.pop()
        both: Iterable[tuple[Json, Json]]
        if isinstance(a, list) and isinstance(b, list):
            if len(a) != len(b):
                return False
            both = zip(a, b, strict=True)
        elif isinstance(a, Mapping) and isinstance(b, Mapping):
            if a.keys() != b.keys():
                return False
            both = ((a[key], b[key]) for key in a)
        elif a != b:
            return False
        else:
            continue
        meter.spend(_COMPARING * len(a) + 1)
        for each in both:
            if each[0].__class__ not in SIMPLE:
                pairs.append(each)
            elif each[0] != each[1]:
                return False
    return True


def contains(container: Json, item: Json, meter: Meter) -> bool:
    """`item in container`: a part of a text, an item of a list, a key of an object."""
    if isinstance(container, str):
        if not isinstance(item, str):
            raise ExpressionError(f"a text can contain a text, not {type_name(item)}")
        # Searching one text in another is linear in CPython >= 3.10.
        meter.spend((len(container) + len(item)) // _CHARACTERS_PER_UNIT)
        return item in container
    if isinstance(container, Mapping):
        return isinstance(item, str) and item in container
    if isinstance(container, list):
        meter.spend(len(container))
        if isinstance(item, list | Mapping):
            return any(equal(each, item, meter) for each in container)
        return item in container
    raise ExpressionError(f"in needs a text, a list or an object on its right, not {type_name(container)}")


def order(symbol: str, compare: Callable[[Any, Any], bool], left: Json, right: Json) -> bool:
    """Orders numbers with numbers and texts with texts; anything else is an error."""
    if (is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str)):
        return compare(left, right)
    hint = ""
    if left is None or right is None:
        hint = "Test it with exists(...), or give a default: coalesce(..., 0)."
    elif {type_name(left), type_name(right)} == {"text", "number"}:
        hint = "Convert one side with float(...) or str(...)."
    raise ExpressionError(f"{symbol} cannot order {type_name(left)} and {type_name(right)}", hint=hint)


def slice_of(value: Json, lower: Json, upper: Json, meter: Meter) -> Json:
    """`value[lower:upper]` of a list or text, null for an open end."""
    if not isinstance(value, list | str):
        raise ExpressionError(f"{type_name(value)} cannot be sliced")
    start, stop = _bound(lower), _bound(upper)
    result = value[start:stop]
    if isinstance(result, str):
        return meter.text(result)
    meter.spend(len(result))
    return result


def _bound(value: Json) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | None):
        raise ExpressionError(f"an index must be a whole number, not {type_name(value)}")
    return value


def _arithmetic(
    symbol: str, compute: Callable[[int | float, int | float], int | float], left: Json, right: Json
) -> int | float:
    if not (is_number(left) and is_number(right)):
        hint = (
            "Convert with str(...) or float(...)."
            if symbol == "+" and isinstance(left, str) ^ isinstance(right, str)
            else ""
        )
        raise ExpressionError(f"{symbol} cannot combine {type_name(left)} and {type_name(right)}", hint=hint)
    try:
        return bounded(compute(left, right))  # type: ignore[arg-type]  # both are numbers
    except ZeroDivisionError:
        raise ExpressionError("division by zero") from None
    except OverflowError:
        raise ExpressionError("the result is not a finite number") from None


BINARY: Final[Mapping[str, Callable[[Json, Json, Meter], Json]]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "//": floor_divide,
    "%": modulo,
}
ORDERINGS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
