"""The functions of row expressions, each as the SQL it becomes. A missing argument gives a missing result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from engine.actions import row_types as types
from engine.actions.sql import Bindings, ColumnType, Fragment
from engine.errors import ActionError
from engine.expression.suggestions import nearest

Build: TypeAlias = Callable[[Sequence[Fragment], Bindings], Fragment]


@dataclass(frozen=True, slots=True)
class RowFunction:
    """A function's bounds on its number of arguments (None: any number) and how it becomes SQL."""

    build: Build
    at_least: int = 1
    at_most: int | None = 1


def call(name: str, arguments: Sequence[Fragment], bindings: Bindings) -> Fragment:
    """The SQL of a call; ActionError for an unknown function or a wrong number of arguments."""
    function = FUNCTIONS.get(name)
    if function is None:
        near = nearest(name, FUNCTIONS)
        hint = f"Use {near}(...)." if near else f"There are: {', '.join(sorted(FUNCTIONS))}."
        raise ActionError(f"There is no function '{name}' for rows", hint=hint, wrong=name, meant=near)
    count = len(arguments)
    if count < function.at_least or (function.at_most is not None and count > function.at_most):
        raise ActionError(f"{name}(...) takes {_count_words(function)}, but has {count}")
    return function.build(arguments, bindings)


def _count_words(function: RowFunction) -> str:
    if function.at_most is None:
        return f"at least {function.at_least} values"
    if function.at_least == function.at_most:
        return f"{function.at_least} value{'s' if function.at_least != 1 else ''}"
    return f"{function.at_least} to {function.at_most} values"


def _texts(name: str, template: str, result: ColumnType, count: int = 1) -> RowFunction:
    """A function over texts: ``{0}``, ``{1}`` are its arguments."""

    def build(arguments: Sequence[Fragment], bindings: Bindings) -> Fragment:
        parts = [types.text(argument, f"{name}(...)").text for argument in arguments]
        return Fragment(template.format(*parts), result)

    return RowFunction(build, count, count)


def _numbers(name: str, template: str) -> RowFunction:
    """A function of one number that gives a float."""

    def build(arguments: Sequence[Fragment], bindings: Bindings) -> Fragment:
        value = types.number(arguments[0], f"{name}(...)")
        return Fragment(template.format(f"CAST({value.text} AS DOUBLE)"), "float")

    return RowFunction(build)


def _date_part(name: str, part: str) -> RowFunction:
    def build(arguments: Sequence[Fragment], bindings: Bindings) -> Fragment:
        value = arguments[0]
        if value.type != "time" or part not in ("hour", "minute", "second"):
            value = types.moment(value, f"{name}(...)", bindings)
        if value.type == "date" and part in ("hour", "minute", "second"):
            value = types.cast(value, "datetime")
        return Fragment(f"CAST({part}({value.text}) AS BIGINT)", "int")

    return RowFunction(build)


def _conversion(target: ColumnType) -> RowFunction:
    return RowFunction(lambda arguments, bindings: types.cast(arguments[0], target))


def _abs(arguments: Sequence[Fragment], bindings: Bindings) -> Fragment:
    value = types.number(arguments[0], "abs(...)")
    return Fragment(f"abs({value.text})", value.type)


def _whole(function: str) -> RowFunction:
    def build(arguments: Sequence[Fragment], bindings: Bindings) -> Fragment:
        value = types.number(arguments[0], f"{function}(...)")
        return Fragment(f"CAST({function}({value.text}) AS BIGINT)", "int")

    return RowFunction(build)


def _round(arguments: Sequence[Fragment], bindings: Bindings) -> Fragment:
    value = types.number(arguments[0], "round(...)")
    if len(arguments) == 1:
        return Fragment(f"CAST(round({value.text}) AS BIGINT)", "int")
    digits = types.number(arguments[1], "The digits of round(...)")
    if value.type == "decimal":
        value = types.cast(value, "float")
    return Fragment(f"round({value.text}, CAST({digits.text} AS INTEGER))", value.type)


def _extreme(name: str, function: str) -> RowFunction:
    def build(arguments: Sequence[Fragment], bindings: Bindings) -> Fragment:
        alternatives = types.unified(list(arguments), f"{name}(...)")
        listed = ", ".join(part.text for part in alternatives)
        return Fragment(f"{function}({listed})", types.result_type(alternatives))

    return RowFunction(build, 2, None)


def _coalesce(arguments: Sequence[Fragment], bindings: Bindings) -> Fragment:
    alternatives = types.unified(list(arguments), "coalesce(...)")
    listed = ", ".join(part.text for part in alternatives)
    return Fragment(f"coalesce({listed})", types.result_type(alternatives))


def _sum(arguments: Sequence[Fragment], bindings: Bindings) -> Fragment:
    parts = types.unified([types.number(argument, "sum(...)") for argument in arguments], "sum(...)")
    return Fragment(f"({' + '.join(part.text for part in parts)})", types.result_type(parts))


def _is_empty(arguments: Sequence[Fragment], bindings: Bindings) -> Fragment:
    value = arguments[0]
    if value.type == "text":
        return Fragment(f"coalesce(trim({value.text}) = '', true)", "bool")
    return Fragment(f"({value.text} IS NULL)", "bool")


def _exists(arguments: Sequence[Fragment], bindings: Bindings) -> Fragment:
    return Fragment(f"({arguments[0].text} IS NOT NULL)", "bool")


def _date(arguments: Sequence[Fragment], bindings: Bindings) -> Fragment:
    if len(arguments) == 1:
        return types.cast(types.moment(arguments[0], "date(...)", bindings), "date")
    if len(arguments) == 2:
        written = types.text(arguments[0], "date(...)").text
        return Fragment(f"CAST(strptime({written}, {_pattern(arguments[1], bindings)}) AS DATE)", "date")
    year, month, day = (f"CAST({types.number(part, 'date(...)').text} AS BIGINT)" for part in arguments)
    return Fragment(f"make_date({year}, {month}, {day})", "date")


def _date_time(arguments: Sequence[Fragment], bindings: Bindings) -> Fragment:
    if len(arguments) == 2:
        written = types.text(arguments[0], "datetime(...)").text
        return Fragment(f"strptime({written}, {_pattern(arguments[1], bindings)})", "datetime")
    return types.cast(types.moment(arguments[0], "datetime(...)", bindings), "datetime")


def _now(arguments: Sequence[Fragment], bindings: Bindings) -> Fragment:
    return types.bound(datetime.now(UTC).replace(tzinfo=None), bindings)


def _today(arguments: Sequence[Fragment], bindings: Bindings) -> Fragment:
    return types.bound(datetime.now().date(), bindings)


def _add_days(arguments: Sequence[Fragment], bindings: Bindings) -> Fragment:
    start = types.moment(arguments[0], "add_days(...)", bindings)
    days = types.number(arguments[1], "add_days(...)")
    moved = Fragment(f"({start.text} + to_days(CAST({days.text} AS INTEGER)))", "datetime")
    return types.cast(moved, "date") if start.type == "date" else moved


def _between(unit: str) -> RowFunction:
    def build(arguments: Sequence[Fragment], bindings: Bindings) -> Fragment:
        start, end = (
            types.cast(types.moment(argument, f"{unit}s_between(...)", bindings), "datetime")
            for argument in arguments
        )
        return Fragment(f"date_diff('{unit}', {start.text}, {end.text})", "int")

    return RowFunction(build, 2, 2)


def _pattern(argument: Fragment, bindings: Bindings) -> str:
    """The pattern of a date: the same for all rows."""
    if not isinstance(types.constant(argument, bindings), str):
        raise ActionError("The pattern of a date is not written out", hint="Write it like '%d.%m.%Y'.")
    return argument.text


def _format(arguments: Sequence[Fragment], bindings: Bindings) -> Fragment:
    value = types.moment(arguments[0], "format_date(...)", bindings)
    return Fragment(f"strftime({value.text}, {_pattern(arguments[1], bindings)})", "text")


def _part(function: str) -> RowFunction:
    def build(arguments: Sequence[Fragment], bindings: Bindings) -> Fragment:
        value = types.text(arguments[0], f"{function}(...)")
        count = types.number(arguments[1], f"{function}(...)")
        return Fragment(f"{function}({value.text}, CAST({count.text} AS BIGINT))", "text")

    return RowFunction(build, 2, 2)


FUNCTIONS: dict[str, RowFunction] = {
    "abs": RowFunction(_abs),
    "add_days": RowFunction(_add_days, 2, 2),
    "bool": _conversion("bool"),
    "ceil": _whole("ceil"),
    "coalesce": RowFunction(_coalesce, 1, None),
    "contains": _texts("contains", "contains({0}, {1})", "bool", 2),
    "date": RowFunction(_date, 1, 3),
    "datetime": RowFunction(_date_time, 1, 2),
    "day": _date_part("day", "day"),
    "days_between": _between("day"),
    "ends_with": _texts("ends_with", "ends_with({0}, {1})", "bool", 2),
    "exists": RowFunction(_exists),
    "exp": _numbers("exp", "exp({0})"),
    "float": _conversion("float"),
    "floor": _whole("floor"),
    "format_date": RowFunction(_format, 2, 2),
    "hour": _date_part("hour", "hour"),
    "hours_between": _between("hour"),
    "int": _conversion("int"),
    "is_empty": RowFunction(_is_empty),
    "left": _part("left"),
    "len": _texts("len", "CAST(length({0}) AS BIGINT)", "int"),
    "log": _numbers("log", "CASE WHEN {0} > 0 THEN ln({0}) END"),
    "lower": _texts("lower", "lower({0})", "text"),
    "matches": _texts("matches", "regexp_full_match({0}, {1})", "bool", 2),
    "max": _extreme("max", "greatest"),
    "min": _extreme("min", "least"),
    "minute": _date_part("minute", "minute"),
    "minutes_between": _between("minute"),
    "month": _date_part("month", "month"),
    "now": RowFunction(_now, 0, 0),
    "replace": _texts("replace", "replace({0}, {1}, {2})", "text", 3),
    "right": _part("right"),
    "round": RowFunction(_round, 1, 2),
    "second": _date_part("second", "second"),
    "sqrt": _numbers("sqrt", "CASE WHEN {0} >= 0 THEN sqrt({0}) END"),
    "starts_with": _texts("starts_with", "starts_with({0}, {1})", "bool", 2),
    "str": _conversion("text"),
    "sum": RowFunction(_sum, 1, None),
    "today": RowFunction(_today, 0, 0),
    "trim": _texts("trim", "trim({0})", "text"),
    "upper": _texts("upper", "upper({0})", "text"),
    "weekday": _date_part("weekday", "isodow"),
    "year": _date_part("year", "year"),
}
"""By name. ``column("Dep delay")`` is no function but a name, and is read by the compiler."""
