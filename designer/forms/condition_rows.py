"""A condition as rows of value - operator - value, and back. Pure.

Only what rows can say without loss becomes rows; anything else stays an expression.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from designer.forms.text_editors import read_loose, write_loose
from engine.errors import ExpressionError
from engine.expression import syntax
from engine.expression.parser import parse
from engine.expression.paths import MISSING

Match = Literal["all", "any"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One way to compare: `key` is stable, `title` is what people read. `kinds` are the types it suits."""

    key: str
    title: str
    takes_value: bool = True
    kinds: tuple[str, ...] = ()


_ORDERED: Final = ("int", "integer", "float", "number", "decimal", "date", "datetime", "time", "duration")
OPERATORS: Final[tuple[Operator, ...]] = (
    Operator(key="==", title="is"),
    Operator(key="!=", title="is not"),
    Operator(key=">", title="is greater than", kinds=_ORDERED),
    Operator(key=">=", title="is at least", kinds=_ORDERED),
    Operator(key="<", title="is less than", kinds=_ORDERED),
    Operator(key="<=", title="is at most", kinds=_ORDERED),
    Operator(key="contains", title="contains", kinds=("text", "string", "list", "array", "json")),
    Operator(key="lacks", title="does not contain", kinds=("text", "string", "list", "array", "json")),
    Operator(key="null", title="is empty", takes_value=False),
    Operator(key="value", title="has a value", takes_value=False),
    Operator(key="true", title="is true", takes_value=False, kinds=("bool", "boolean")),
    Operator(key="false", title="is false", takes_value=False, kinds=("bool", "boolean")),
)
BY_KEY: Final = {operator.key: operator for operator in OPERATORS}


def operators_for(kind: str) -> tuple[Operator, ...]:
    """The operators that suit a value of this type; all of them when the type is unknown."""
    if not kind or not any(kind in operator.kinds for operator in OPERATORS):
        return OPERATORS
    return tuple(operator for operator in OPERATORS if not operator.kinds or kind in operator.kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One test. `right` is the text that a person types: 12, abc, "12" for the text, ${input.x}."""

    left: str = ""
    operator: str = ">"
    right: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.left.strip() and not self.right.strip()

    def fault(self) -> str:
        """What this row still needs, in words; empty when it is complete."""
        if not self.left.strip():
            return "Say which value is tested."
        try:
            if _path_text(parse(self.left).tree) is None:
                return "The first value must be a name, such as count.rows. Use an expression for more."
        except ExpressionError as error:
            return sentence(error.message)
        if BY_KEY[self.operator].takes_value and not self.right.strip():
            return "Give the value to compare with."
        return ""

    def source(self) -> str:
        """The test as an expression."""
        left = self.left.strip()
        match self.operator:
            case "contains":
                return f"{_right_source(self.right)} in {left}"
            case "lacks":
                return f"{_right_source(self.right)} not in {left}"
            case "null":
                return f"{left} == null"
            case "value":
                return f"{left} != null"
            case "true":
                return left
            case "false":
                return f"not {left}"
            case _:
                return f"{left} {self.operator} {_right_source(self.right)}"


def sentence(message: str) -> str:
    """A message with a capital at its start and a full stop at its end."""
    if not message:
        return ""
    text = message[0].upper() + message[1:]
    return text if text[-1] in ".!?" else text + "."


def _right_source(text: str) -> str:
    stripped = text.strip()
    if stripped.startswith("${") and stripped.endswith("}") and stripped.count("${") == 1:
        return stripped
    return json.dumps(read_loose(stripped), ensure_ascii=False)


def write_rows(rows: Sequence[Row], match: Match) -> str:
    """The rows as one expression; empty ones are left out."""
    glue = " and " if match == "all" else " or "
    return glue.join(row.source() for row in rows if not row.is_empty)


def read_rows(source: str) -> tuple[Match, tuple[Row, ...]] | None:
    """The rows that say the same as the expression, or None when rows cannot say it."""
    if not source.strip():
        return "all", ()
    try:
        tree = parse(source).tree
    except ExpressionError:
        return None
    operands: tuple[syntax.Expr, ...] = (tree,)
    match: Match = "all"
    if isinstance(tree, syntax.BoolOp):
        operands = tree.operands
        match = "all" if tree.operator == "and" else "any"
    rows = [_row(operand) for operand in operands]
    complete = tuple(row for row in rows if row is not None)
    return (match, complete) if len(complete) == len(rows) else None


def _row(tree: syntax.Expr) -> Row | None:
    if isinstance(tree, syntax.Unary) and tree.operator == "not":
        left = _path_text(tree.operand)
        return Row(left=left, operator="false") if left is not None else None
    left = _path_text(tree)
    if left is not None:
        return Row(left=left, operator="true")
    if not isinstance(tree, syntax.Compare) or len(tree.rest) != 1:
        return None
    operator, right = tree.rest[0]
    first = tree.first
    if operator in ("in", "not in"):
        first, right = right, first
        operator = "contains" if operator == "in" else "lacks"
    left, text = _path_text(first), _value_text(right)
    if left is None or text is None:
        return None
    if text == "null" and operator in ("==", "!="):
        return Row(left=left, operator="null" if operator == "==" else "value")
    return Row(left=left, operator=operator, right=text)


def _path_text(tree: syntax.Expr) -> str | None:
    """The text of a name, a path or a reference; None for anything else."""
    match tree:
        case syntax.Name():
            return tree.name
        case syntax.Reference():
            return _reference_text(tree)
        case syntax.Attribute():
            base = _path_text(tree.value)
            return f"{base}.{tree.name}" if base is not None else None
        case syntax.Index(index=syntax.Literal(value=value)):
            base = _path_text(tree.value)
            return f"{base}[{json.dumps(value, ensure_ascii=False)}]" if base is not None else None
        case _:
            return None


def _reference_text(tree: syntax.Reference) -> str | None:
    if tree.default is MISSING:
        return f"${{{tree.path}}}"
    return f"${{{tree.path}?}}" if tree.default is None else None


def _value_text(tree: syntax.Expr) -> str | None:
    match tree:
        case syntax.Literal(value=value):
            if isinstance(value, str) and ("${" in value or value != value.strip() or not value):
                return None if "${" in value else json.dumps(value, ensure_ascii=False)
            return write_loose(value)
        case syntax.Unary(operator="-", operand=syntax.Literal(value=int() | float() as value)):
            return f"-{write_loose(value)}"
        case syntax.Reference():
            return _reference_text(tree)
        case _:
            return None
