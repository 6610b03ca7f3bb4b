"""The fixed table of functions that expressions can call. Adding one is a change of the language."""

from __future__ import annotations

import json
import math
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, TypeAlias

from engine.errors import ExpressionError
from engine.expression.operations import SIMPLE, Meter, bounded, check_length, contains, number, type_name
from engine.model.json_value import Json

Implementation: TypeAlias = Callable[[Sequence[Json], Meter], Json]

_MAX_INT_TEXT: Final = 4_000
_MAX_PATTERN: Final = 1_000
_MAX_DIGITS: Final = 300
# Writing a value down takes as long as touching so many.
_WRITING: Final = 3
_WHOLE = re.compile(r"[+-]?[0-9]+\Z")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?\Z")
_TRUE, _FALSE = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0", ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function of the table. `most` is None without an upper limit of arguments."""

    name: str
    signature: str
    summary: str
    least: int
    most: int | None
    call: Implementation


def text_of(value: Json) -> str:
    """A value inside a text: texts as they are, anything else as compact JSON."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        raise ExpressionError("the value is too large to be written as text") from None


def _text(value: Json, what: str) -> str:
    if not isinstance(value, str):
        raise ExpressionError(f"{what} needs a text, not {type_name(value)}")
    return value


def _len(arguments: Sequence[Json], meter: Meter) -> Json:
    value = arguments[0]
    if not isinstance(value, str | list | Mapping):
        raise ExpressionError(f"len() needs a text, a list or an object, not {type_name(value)}")
    return len(value)


def _lower(arguments: Sequence[Json], meter: Meter) -> Json:
    return meter.text(meter.text(_text(arguments[0], "lower()")).lower())


def _upper(arguments: Sequence[Json], meter: Meter) -> Json:
    return meter.text(meter.text(_text(arguments[0], "upper()")).upper())


def _trim(arguments: Sequence[Json], meter: Meter) -> Json:
    return meter.text(_text(arguments[0], "trim()")).strip()


def _contains(arguments: Sequence[Json], meter: Meter) -> Json:
    return contains(arguments[0], arguments[1], meter)


def _starts_with(arguments: Sequence[Json], meter: Meter) -> Json:
    return _text(arguments[0], "starts_with()").startswith(meter.text(_text(arguments[1], "starts_with()")))


def _ends_with(arguments: Sequence[Json], meter: Meter) -> Json:
    return _text(arguments[0], "ends_with()").endswith(meter.text(_text(arguments[1], "ends_with()")))


class _LinearRegex(threading.local):
    """Regular expressions in linear time (RE2 inside DuckDB), the same that table nodes use.

    Python's own `re` can take exponential time on a pattern of ten characters and cannot be interrupted.
    """

    def __init__(self) -> None:
        self._connection: Any = None

    def search(self, text: str, pattern: str) -> bool:
        import duckdb

        if self._connection is None:
            self._connection = duckdb.connect(":memory:", config={"threads": 1})
        try:
            row = self._connection.execute(
                "SELECT regexp_matches(?::VARCHAR, ?::VARCHAR)", [text, pattern]
            ).fetchone()
        except (duckdb.Error, UnicodeError) as error:
            raise ExpressionError(f"matches() cannot use the pattern {pattern!r}: {error}") from None
        return bool(row[0])


_REGEX = _LinearRegex()


def _matches(arguments: Sequence[Json], meter: Meter) -> Json:
    text, pattern = _text(arguments[0], "matches()"), _text(arguments[1], "matches()")
    if len(pattern) > _MAX_PATTERN:
        raise ExpressionError(f"a pattern may not be longer than {_MAX_PATTERN:,} characters")
    meter.spend(len(text) // 8)
    return _REGEX.search(meter.text(text), pattern)


def _int(arguments: Sequence[Json], meter: Meter) -> Json:
    value = arguments[0]
    if isinstance(value, str):
        plain = value.strip() if len(value) <= _MAX_INT_TEXT else value
        if len(value) > _MAX_INT_TEXT or not _WHOLE.match(plain):
            raise ExpressionError(f"int() cannot read {_short(value)} as a whole number")
        return bounded(int(plain))
    if isinstance(value, bool):
        return int(value)
    plain_number = number(value, "int()")
    if isinstance(plain_number, float) and not math.isfinite(plain_number):
        raise ExpressionError("int() needs a finite number")
    return int(plain_number)


def _float(arguments: Sequence[Json], meter: Meter) -> Json:
    value = arguments[0]
    if isinstance(value, str):
        plain = value.strip() if len(value) <= _MAX_INT_TEXT else value
        if len(value) > _MAX_INT_TEXT or not _DECIMAL.match(plain):
            raise ExpressionError(f"float() cannot read {_short(value)} as a number")
        return bounded(float(plain))
    if isinstance(value, bool):
        return float(value)
    try:
        return bounded(float(number(value, "float()")))
    except OverflowError:
        raise ExpressionError("the result is not a finite number") from None


def _str(arguments: Sequence[Json], meter: Meter) -> Json:
    value = arguments[0]
    if isinstance(value, list | Mapping):
        meter.spend(_WRITING * _size(value, meter))
    return meter.text(text_of(value))


def _bool(arguments: Sequence[Json], meter: Meter) -> Json:
    value = arguments[0]
    if isinstance(value, bool | int | float):
        return bool(value)
    if isinstance(value, str):
        word = value.strip().lower() if len(value) < 100 else value
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        raise ExpressionError(f"bool() cannot read {_short(value)} as true or false")
    raise ExpressionError(f"bool() needs true/false, a number or a text, not {type_name(value)}")


def _round(arguments: Sequence[Json], meter: Meter) -> Json:
    value = number(arguments[0], "round()")
    if isinstance(value, float) and not math.isfinite(value):
        raise ExpressionError("round() needs a finite number")
    if len(arguments) == 1:
        return round(value)
    digits = arguments[1]
    if isinstance(digits, bool) or not isinstance(digits, int) or abs(digits) > _MAX_DIGITS:
        raise ExpressionError(
            f"round() needs a whole number of digits between -{_MAX_DIGITS} and {_MAX_DIGITS}"
        )
    return round(value, digits)


def _abs(arguments: Sequence[Json], meter: Meter) -> Json:
    return abs(number(arguments[0], "abs()"))


def _sum(arguments: Sequence[Json], meter: Meter) -> Json:
    items: Sequence[Any] = _items(arguments, "sum()", meter)
    for item in _one_of_each_type(items):
        number(item, "sum()")
    try:
        return bounded(sum(items))
    except OverflowError:
        raise ExpressionError("the result is not a finite number") from None


def _min(arguments: Sequence[Json], meter: Meter) -> Json:
    return min(_comparable(arguments, "min()", meter))  # type: ignore[type-var]  # all numbers or all texts


def _max(arguments: Sequence[Json], meter: Meter) -> Json:
    return max(_comparable(arguments, "max()", meter))  # type: ignore[type-var]  # all numbers or all texts


def _date(arguments: Sequence[Json], meter: Meter) -> Json:
    try:
        if len(arguments) == 1:
            text = _text(arguments[0], "date()").strip()
            return (
                date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text).date()
            ).isoformat()
        if len(arguments) == 3 and all(type(part) is int for part in arguments):
            return date(*arguments).isoformat()  # type: ignore[arg-type]  # three whole numbers
    except (ValueError, OverflowError):
        shown = arguments[0] if len(arguments) == 1 else "-".join(map(str, arguments))
        raise ExpressionError(f"date() cannot read {_short(str(shown))} as a date") from None
    raise ExpressionError("date() needs a text such as 2026-03-31, or year, month and day")


def _keys(arguments: Sequence[Json], meter: Meter) -> Json:
    return list(_object(arguments[0], "keys()", meter))


def _values(arguments: Sequence[Json], meter: Meter) -> Json:
    return list(_object(arguments[0], "values()", meter).values())


def now_text(seconds: float) -> str:
    """What now() gives: an ISO 8601 text in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _object(value: Json, what: str, meter: Meter) -> Mapping[str, Json]:
    if not isinstance(value, Mapping):
        raise ExpressionError(f"{what} needs an object, not {type_name(value)}")
    meter.spend(len(value))
    return value


def _items(arguments: Sequence[Json], what: str, meter: Meter) -> Sequence[Json]:
    first = arguments[0]
    items = first if len(arguments) == 1 and isinstance(first, list) else arguments
    if items is arguments and len(arguments) == 1:
        raise ExpressionError(f"{what} needs a list or several values, not {type_name(first)}")
    meter.spend(len(items))
    return items


def _comparable(arguments: Sequence[Json], what: str, meter: Meter) -> Sequence[Json]:
    items = _items(arguments, what, meter)
    kinds = {type_name(item) for item in _one_of_each_type(items)}
    if not kinds:
        raise ExpressionError(f"{what} of an empty list has no value")
    if len(kinds) > 1 or not kinds <= {"number", "text"}:
        raise ExpressionError(f"{what} needs all numbers or all texts, not {' and '.join(sorted(kinds))}")
    return items


def _one_of_each_type(items: Sequence[Json]) -> Iterable[Json]:
    return {item.__class__: item for item in items}.values()


def _size(value: list[Json] | Mapping[str, Json], meter: Meter) -> int:
    """How many values are written down for this one; refused where the text would be too long for sure."""
    count = least = 0
    stack: list[Any] = [value]
    while stack:
        inner = stack.pop()
        meter.spend(len(inner))
        count += len(inner) + 1
        least += 2 * len(inner)
        parts = inner
        if isinstance(inner, Mapping):
            parts = inner.values()
            least += sum(map(len, inner))
        for part in parts:
            kind = part.__class__
            if kind is str:
                least += len(part)
            elif kind not in SIMPLE and isinstance(part, list | Mapping):
                stack.append(part)
        check_length(least)
    return count + least // 16


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")


def _row(
    name: str, signature: str, summary: str, least: int, most: int | None, call: Implementation
) -> Function:
    return Function(name=name, signature=signature, summary=summary, least=least, most=most, call=call)


def _special(arguments: Sequence[Json], meter: Meter) -> Json:
    raise AssertionError("exists, coalesce and now are compiled by the evaluator")


FUNCTIONS: Final[Mapping[str, Function]] = {
    function.name: function
    for function in (
        _row("len", "len(x)", "Number of characters, items or fields.", 1, 1, _len),
        _row("lower", "lower(text)", "The text in small letters.", 1, 1, _lower),
        _row("upper", "upper(text)", "The text in capitals.", 1, 1, _upper),
        _row("trim", "trim(text)", "The text without blanks at both ends.", 1, 1, _trim),
        _row("contains", "contains(x, part)", "Whether part occurs in x.", 2, 2, _contains),
        _row("starts_with", "starts_with(text, start)", "Whether the text begins so.", 2, 2, _starts_with),
        _row("ends_with", "ends_with(text, end)", "Whether the text ends so.", 2, 2, _ends_with),
        _row("matches", "matches(text, pattern)", "Whether a regular expression is found.", 2, 2, _matches),
        _row("int", "int(x)", "A number or text as a whole number, cut off at the point.", 1, 1, _int),
        _row("float", "float(x)", "A number or text as a number.", 1, 1, _float),
        _row("str", "str(x)", "Anything as text.", 1, 1, _str),
        _row("bool", "bool(x)", "true/false, yes/no, 1/0 as true or false.", 1, 1, _bool),
        _row("round", "round(x, digits)", "Rounded; halves go to the even neighbour.", 1, 2, _round),
        _row("min", "min(list) or min(a, b, ...)", "The smallest.", 1, None, _min),
        _row("max", "max(list) or max(a, b, ...)", "The largest.", 1, None, _max),
        _row("sum", "sum(list) or sum(a, b, ...)", "The total.", 1, None, _sum),
        _row("abs", "abs(x)", "Without its sign.", 1, 1, _abs),
        _row("now", "now()", "The moment of evaluation, as ISO 8601 text in UTC.", 0, 0, _special),
        _row("date", "date(text) or date(y, m, d)", "The day, as text such as 2026-03-31.", 1, 3, _date),
        _row("coalesce", "coalesce(a, b, ...)", "The first that exists and is not null.", 1, None, _special),
        _row("exists", "exists(path)", "Whether there is a value, null included.", 1, 1, _special),
        _row("keys", "keys(object)", "The names of the fields, as a list.", 1, 1, _keys),
        _row("values", "values(object)", "The values of the fields, as a list.", 1, 1, _values),
    )
}  # fmt: skip
