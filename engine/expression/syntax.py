"""The syntax tree of expressions: what `parse` returns and every reader of expressions walks.

Each node carries `position`, the offset of its first character in the source (from 0). The tree
says nothing about meaning: the condition evaluator and the table actions (which turn the same tree
into SQL) decide what a name stands for and which functions exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from engine.expression.paths import MISSING, Missing, Path
from engine.model.json_value import Json

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "in", "not in")
ARITHMETIC = ("+", "-", "*", "/", "//", "%")


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A number, text, true, false or null."""

    value: bool | int | float | str | None
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A plain name: a field, step or root in a condition, a column in a row expression."""

    name: str
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """`${path}`. `default` is MISSING without one, and null for `${path?}`."""

    path: Path
    default: Json | Missing = MISSING
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """`value.name`: the field of a JSON object, never an attribute of a Python object."""

    value: Expr
    name: str
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """`value[index]` on a list, text or object. `items.0` reads the same as `items[0]`."""

    value: Expr
    index: Expr
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """`value[lower:upper]` of a list or text."""

    value: Expr
    lower: Expr | None
    upper: Expr | None
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Optional:
    """`value?`: null where the path does not exist."""

    value: Expr
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary:
    """`-x`, `+x` or `not x`."""

    operator: str
    operand: Expr
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """`left operator right`, the operator one of ARITHMETIC."""

    operator: str
    left: Expr
    right: Expr
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """`first op a op b ...`: true when every neighbouring pair compares. `x is null` reads as `==`."""

    first: Expr
    rest: tuple[tuple[str, Expr], ...]
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BoolOp:
    """`a and b and ...` or `a or b or ...`; at least two operands, evaluated from the left."""

    operator: str
    operands: tuple[Expr, ...]
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional:
    """`then if test else otherwise`."""

    test: Expr
    then: Expr
    otherwise: Expr
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`function(arguments)`; whether the function exists is for the reader of the tree to say."""

    function: str
    arguments: tuple[Expr, ...]
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListExpr:
    """`[a, b]`, also written `(a, b)`."""

    items: tuple[Expr, ...]
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DictExpr:
    """`{"key": value}`."""

    items: tuple[tuple[Expr, Expr], ...]
    position: int = 0


Expr: TypeAlias = (
    Literal
    | Name
    | Reference
    | Attribute
    | Index
    | Slice
    | Optional
    | Unary
    | Binary
    | Compare
    | BoolOp
    | Conditional
    | Call
    | ListExpr
    | DictExpr
)


def children(node: Expr) -> tuple[Expr, ...]:
    """The node's direct parts, in the order of the source."""
    match node:
        case Literal() | Name() | Reference():
            return ()
        case Attribute() | Optional():
            return (node.value,)
        case Index():
            return (node.value, node.index)
        case Slice():
            return (node.value, *(part for part in (node.lower, node.upper) if part is not None))
        case Unary():
            return (node.operand,)
        case Binary():
            return (node.left, node.right)
        case Compare():
            return (node.first, *(right for _, right in node.rest))
        case BoolOp():
            return node.operands
        case Conditional():
            return (node.then, node.test, node.otherwise)
        case Call():
            return node.arguments
        case ListExpr():
            return node.items
        case DictExpr():
            return tuple(part for item in node.items for part in item)
        case _:
            assert_never(node)


def survey(root: Expr) -> tuple[int, list[Expr]]:
    """The number of levels of the tree, and all its nodes, parents first, in the order of the source."""
    deepest = 0
    nodes: list[Expr] = []
    stack = [(root, 1)]
    while stack:
        node, level = stack.pop()
        nodes.append(node)
        deepest = max(deepest, level)
        stack += [(child, level + 1) for child in reversed(children(node))]
    return deepest, nodes


def walk(root: Expr) -> Iterator[Expr]:
    """Every node of the tree, parents first, in the order of the source; never recursive."""
    return iter(survey(root)[1])
