"""Tests on columns -- column, operator, value -- as one SQL condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.actions import row_types as types
from engine.actions.columns import Columns, Pick
from engine.actions.sql import WORDS, Bindings, ColumnType, Fragment, identifier
from engine.errors import ActionError

_COMPARISON = {"=": "=", "!=": "<>", ">": ">", ">=": ">=", "<": "<", "<=": "<="}
_TEXT_TESTS = {
    "contains": "contains({0}, {1})",
    "not_contains": "NOT contains({0}, {1})",
    "starts_with": "starts_with({0}, {1})",
    "ends_with": "ends_with({0}, {1})",
}
_TRUE, _FALSE = {"true", "yes", "1"}, {"false", "no", "0"}


def compile_rules(
    rules: Sequence[Mapping[str, Any]], columns: Columns, bindings: Bindings, *, any_of: bool = False
) -> str:
    """The SQL of all tests together; ActionError that names the column of a test that makes no sense."""
    pick = Pick(columns)
    tests = [_test(rule, pick(rule.get("column", "")), bindings) for rule in rules]
    return f"({(' OR ' if any_of else ' AND ').join(tests)})"


def _test(rule: Mapping[str, Any], kind: ColumnType, bindings: Bindings) -> str:
    name, operator, value = rule["column"], rule.get("operator", "="), rule.get("value")
    column = Fragment(identifier(name), kind)
    if operator in ("is_empty", "is_not_empty"):
        empty = f"coalesce(trim({column.text}) = '', true)" if kind == "text" else f"({column.text} IS NULL)"
        return empty if operator == "is_empty" else f"(NOT {empty})"
    if operator in _TEXT_TESTS:
        written = types.cast(column, "text").text
        return f"({_TEXT_TESTS[operator].format(written, types.bound(_plain(value), bindings).text)})"
    if operator in ("in", "not_in"):
        members = [_equal(column, _typed(name, kind, item), "=", bindings) for item in _several(value)]
        found = f"({' OR '.join(members) or 'false'})"
        return found if operator == "in" else f"(NOT {found})"
    if operator == "between":
        limits = _several(value)
        if len(limits) != 2:
            raise ActionError(
                f"'{name} is between' needs two values, but has {len(limits)}",
                hint="Write 10; 20.",
                column=name,
            )
        low, high = (_typed(name, kind, limit) for limit in limits)
        return f"({_equal(column, low, '>=', bindings)} AND {_equal(column, high, '<=', bindings)})"
    if operator not in _COMPARISON:
        raise ActionError(f"There is no test '{operator}'", hint="Choose one from the list.", column=name)
    return _equal(column, _typed(name, kind, value), _COMPARISON[operator], bindings)


def _equal(column: Fragment, value: object, operator: str, bindings: Bindings) -> str:
    left, right = types.comparable(column, types.bound(value, bindings), bindings)
    return f"({left.text} {operator} {right.text})"


def _several(value: object) -> list[object]:
    """A list as it is, a text taken apart at semicolons."""
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        return [part.strip() for part in value.split(";") if part.strip()]
    return [value]


def _typed(name: str, kind: ColumnType, value: object) -> object:
    """The value as the column's type has it: a form gives texts."""
    if value is None or value == "":
        raise ActionError(
            f"The test on '{name}' has no value",
            hint="Write a value, or test whether it is empty.",
            column=name,
        )
    if kind == "text":
        return _plain(value)
    if not isinstance(value, str):
        return value
    text = value.strip()
    if kind in types.NUMBERS:
        try:
            return int(text) if text.lstrip("+-").isdigit() else float(text)
        except ValueError:
            raise _mismatch(name, kind, value) from None
    if kind == "bool":
        if text.lower() not in _TRUE | _FALSE:
            raise _mismatch(name, kind, value)
        return text.lower() in _TRUE
    return text


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _mismatch(name: str, kind: ColumnType, value: object) -> ActionError:
    return ActionError(
        f"'{value}' is not {WORDS[kind]}, but the column '{name}' holds {_PLURALS[kind]}",
        hint="Change the value, or convert the column in Choose columns.",
        column=name,
    )


_PLURALS: dict[ColumnType, str] = {
    "int": "whole numbers",
    "float": "numbers",
    "decimal": "numbers",
    "bool": "yes or no",
}
