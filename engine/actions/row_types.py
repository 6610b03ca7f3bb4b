"""Which types of values go together in a row expression, and how one is turned into another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time

from engine.actions.sql import SQL_TYPES, WORDS, Bindings, ColumnType, Fragment, ValueType
from engine.errors import ActionError

NUMBERS: frozenset[ValueType] = frozenset({"int", "float", "decimal"})
MOMENTS: frozenset[ValueType] = frozenset({"date", "datetime"})


def bound(value: object, bindings: Bindings) -> Fragment:
    """A Python value as a parameter of the statement, with its type."""
    match value:
        case None:
            return Fragment("NULL", "null")
        case bool():
            return Fragment(f"CAST({bindings.add(value)} AS BOOLEAN)", "bool")
        case int():
            if not -(2**63) <= value < 2**63:
                raise ActionError(f"{value} is too large a whole number", hint="Write it with a point: 1e20.")
            return Fragment(f"CAST({bindings.add(value)} AS BIGINT)", "int")
        case float():
            return Fragment(f"CAST({bindings.add(value)} AS DOUBLE)", "float")
        case str():
            return Fragment(f"CAST({bindings.add(value)} AS VARCHAR)", "text")
        case datetime():
            return Fragment(f"CAST({bindings.add(value)} AS TIMESTAMP)", "datetime")
        case date():
            return Fragment(f"CAST({bindings.add(value)} AS DATE)", "date")
    raise ActionError(
        f"A {'list' if isinstance(value, list) else 'JSON object'} cannot be used as a single value here",
        hint="Use one value, or test membership with 'in'.",
    )


def comparable(left: Fragment, right: Fragment, bindings: Bindings) -> tuple[Fragment, Fragment]:
    """Both sides brought to types that compare as an analyst expects, or an ActionError that says why not."""
    left, right = _from_json(left, right.type), _from_json(right, left.type)
    kinds = {left.type, right.type}
    if len(kinds) == 1 or "null" in kinds or kinds <= NUMBERS:
        return left, right
    if kinds == MOMENTS:
        return cast(left, "datetime"), cast(right, "datetime")
    moments: tuple[ColumnType, ...] = ("date", "datetime", "time")
    for wanted in moments:
        if kinds == {wanted, "text"}:
            return _as_moment(left, wanted, bindings), _as_moment(right, wanted, bindings)
    raise ActionError(
        f"{_name(left.type)} and {_name(right.type)} cannot be compared",
        hint=_conversion_hint(left.type, right.type),
    )


def unified(fragments: list[Fragment], what: str) -> list[Fragment]:
    """The alternatives of one result brought to one type; ActionError if they have none in common."""
    kinds = {fragment.type for fragment in fragments} - {"null"}
    if len(kinds) <= 1:
        return fragments
    if kinds <= NUMBERS:
        return [cast(fragment, "float") for fragment in fragments]
    if kinds == MOMENTS:
        return [cast(fragment, "datetime") for fragment in fragments]
    named = " and ".join(sorted(_name(kind) for kind in kinds))
    raise ActionError(
        f"{what} must give one type, but gives {named}", hint="Convert with text(...) or float(...)."
    )


def result_type(fragments: list[Fragment]) -> ValueType:
    """The type of fragments that were unified."""
    return next((fragment.type for fragment in fragments if fragment.type != "null"), "null")


def number(fragment: Fragment, what: str) -> Fragment:
    """The fragment as a number; ActionError if it is something else."""
    fragment = _from_json(fragment, "float")
    if fragment.type in NUMBERS or fragment.type == "null":
        return fragment
    raise ActionError(
        f"{what} needs a number, but gets {WORDS[fragment.type]}", hint=_number_hint(fragment.type)
    )


def text(fragment: Fragment, what: str) -> Fragment:
    """The fragment as text; ActionError if it is something else."""
    fragment = _from_json(fragment, "text")
    if fragment.type == "null":
        return Fragment("CAST(NULL AS VARCHAR)", "text")
    if fragment.type == "text":
        return fragment
    raise ActionError(f"{what} needs text, but gets {WORDS[fragment.type]}", hint="Convert it with str(...).")


def condition(fragment: Fragment, what: str) -> Fragment:
    """The fragment as a condition; ActionError if it is something else."""
    fragment = _from_json(fragment, "bool")
    if fragment.type in ("bool", "null"):
        return fragment
    raise ActionError(
        f"{what} needs a condition, but gets {WORDS[fragment.type]}",
        hint="Write a comparison, for example amount > 100.",
    )


def moment(fragment: Fragment, what: str, bindings: Bindings) -> Fragment:
    """The fragment as a date, or date and time; a text that is written as one is read as one."""
    fragment = _from_json(fragment, "text")
    if fragment.type == "null":
        return Fragment("CAST(NULL AS TIMESTAMP)", "datetime")
    if fragment.type in MOMENTS:
        return fragment
    if fragment.type == "text":
        return _as_moment(fragment, "datetime", bindings)
    raise ActionError(
        f"{what} needs a date, but gets {WORDS[fragment.type]}", hint="Convert it with date(...)."
    )


def cast(fragment: Fragment, target: ColumnType, *, forgiving: bool = False) -> Fragment:
    """The fragment converted; a value that cannot be is an error of the run, or missing if forgiving."""
    if fragment.type == target:
        return fragment
    function = "TRY_CAST" if forgiving else "CAST"
    inner = fragment.text
    if fragment.type == "json":
        if target == "json":
            return fragment
        inner = f"json_extract_string({inner}, '$')"
    elif target == "json":
        return Fragment(f"CAST(to_json({inner}) AS JSON)", "json")
    if fragment.type == "text":
        inner = f"trim({inner})" if target != "text" else inner
    if target == "int" and fragment.type in ("float", "decimal", "text", "json"):
        # Text such as "3.0" is a whole number too; halves are cut off as the evaluator of conditions does.
        inner = (
            f"trunc({function}({inner} AS DECIMAL(38, 10)))"
            if fragment.type != "float"
            else f"trunc({inner})"
        )
    return Fragment(f"{function}({inner} AS {SQL_TYPES[target]})", target)


def _as_moment(fragment: Fragment, target: ColumnType, bindings: Bindings) -> Fragment:
    if fragment.type != "text":
        return fragment
    given = constant(fragment, bindings)
    if isinstance(given, str):
        try:
            _READERS[target](given.strip())
        except ValueError:
            if target == "date" and _is_moment(given):
                return cast(fragment, "datetime")
            raise ActionError(
                f"'{given}' is not {WORDS[target]}", hint=f"Write it like {_MOMENT_EXAMPLES[target]}."
            ) from None
    return cast(fragment, target)


_READERS: dict[str, Callable[[str], object]] = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
}
_MOMENT_EXAMPLES = {"date": "2026-12-31", "datetime": "2026-12-31T18:00", "time": "18:00"}


def _is_moment(given: str) -> bool:
    try:
        datetime.fromisoformat(given.strip())
    except ValueError:
        return False
    return True


def constant(fragment: Fragment, bindings: Bindings) -> object:
    """The value of a fragment that is nothing but a bound value, else None."""
    name, _, rest = fragment.text.removeprefix("CAST($").partition(" ")
    return bindings.values.get(name) if rest == "AS VARCHAR)" else None


def _from_json(fragment: Fragment, wanted: ValueType) -> Fragment:
    """A JSON value taken out as the plain type that the other side has."""
    if fragment.type != "json" or wanted == "json" or wanted == "null":
        return fragment
    return cast(fragment, "float" if wanted in NUMBERS else wanted)


def _name(kind: ValueType) -> str:
    return {"float": "a number", "int": "a number"}.get(kind, WORDS[kind])


def _conversion_hint(left: ValueType, right: ValueType) -> str:
    if "text" in (left, right) and {left, right} & NUMBERS:
        return "Convert the text with float(...), or put the number in quotes."
    return "Convert one side, for example with str(...)."


def _number_hint(kind: ValueType) -> str:
    return "Convert it with float(...)." if kind == "text" else "Use a column of numbers."
