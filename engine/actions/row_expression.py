"""Row expressions as SQL: what ``dep_delay > ${input.threshold}`` means for every row of a table.

Plain names are columns; ``${...}`` and every literal are bound values. The meaning follows the
conditions of connections, with SQL's handling of missing values: arithmetic and comparison over a
missing value give a missing value, ``and``/``or`` follow three-valued logic, ``x == null`` asks whether
the value is missing, and dividing by zero gives a missing value. Types are checked before any row is
read, so that a text compared with a number is an error with a hint and not a surprise in row 40,000.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.actions import row_functions
from engine.actions import row_types as types
from engine.actions.columns import Columns, no_such_column
from engine.actions.sql import Bindings, Fragment, identifier, text_literal
from engine.errors import ActionError, ExpressionError
from engine.expression import syntax
from engine.expression.parser import parse
from engine.expression.paths import MISSING

_ROOTS = ("input", "steps", "trigger", "vars", "secrets", "execution")


def compile_row(expression: object, columns: Columns, bindings: Bindings) -> Fragment:
    """The SQL of a resolved row expression over these columns; ActionError that says what is wrong.

    ``expression`` is ``{"$expression": source, "values": {path: value}}``, or a plain source or value
    where nothing had to be resolved.
    """
    values: Mapping[str, Any] = {}
    if isinstance(expression, Mapping) and "$expression" in expression:
        values = expression.get("values") or {}
        expression = expression["$expression"]
    if not isinstance(expression, str):
        return types.bound(expression, bindings)
    try:
        tree = parse(expression).tree
    except ExpressionError as error:
        raise ActionError(f"'{expression}' cannot be read: {error.message}", hint=error.hint) from error
    return _Compiler(columns, values, bindings).compile(tree)


def compile_condition(expression: object, columns: Columns, bindings: Bindings) -> Fragment:
    """The SQL of a row expression that must be a condition."""
    return types.condition(compile_row(expression, columns, bindings), "'Keep rows where'")


class _Compiler:
    def __init__(self, columns: Columns, values: Mapping[str, Any], bindings: Bindings) -> None:
        self._columns = columns
        self._values = values
        self._bindings = bindings

    def compile(self, node: syntax.Expr) -> Fragment:
        match node:
            case syntax.Literal(value=value):
                return types.bound(value, self._bindings)
            case syntax.Name(name=name):
                return self._column(name)
            case syntax.Reference():
                return types.bound(self._value(node), self._bindings)
            case syntax.Optional(value=inner):
                return self.compile(inner)
            case syntax.Unary():
                return self._unary(node)
            case syntax.Binary():
                return self._binary(node)
            case syntax.Compare():
                return self._compare(node)
            case syntax.BoolOp():
                return self._bool_op(node)
            case syntax.Conditional():
                return self._conditional(node)
            case syntax.Call():
                return self._call(node)
            case syntax.Attribute():
                return self._attribute(node)
            case syntax.Index():
                return self._index(node)
            case syntax.Slice():
                return self._slice(node)
            case syntax.ListExpr() | syntax.DictExpr():
                raise ActionError("A list can only stand behind 'in'", hint="Write column in ['a', 'b'].")

    def _column(self, name: str) -> Fragment:
        kind = self._columns.get(name)
        if kind is None:
            raise no_such_column(name, self._columns)
        return Fragment(identifier(name), kind)

    def _value(self, node: syntax.Reference) -> Any:
        path = str(node.path)
        if path in self._values:
            return self._values[path]
        if node.default is not MISSING:
            return node.default
        raise ActionError(f"${{{path}}} has no value", hint="Give it when the run asks, or set a default.")

    def _unary(self, node: syntax.Unary) -> Fragment:
        operand = self.compile(node.operand)
        if node.operator == "not":
            return Fragment(f"(NOT {types.condition(operand, _quoted('not')).text})", "bool")
        value = types.number(operand, _quoted(node.operator))
        return Fragment(f"({node.operator}{value.text})", value.type)

    def _binary(self, node: syntax.Binary) -> Fragment:
        left, right = self.compile(node.left), self.compile(node.right)
        if node.operator == "+" and "text" in (left.type, right.type):
            first, second = types.text(left, "'+' with text"), types.text(right, "'+' with text")
            return Fragment(f"({first.text} || {second.text})", "text")
        if node.operator == "-" and left.type in types.MOMENTS and right.type in types.MOMENTS:
            raise ActionError("Dates cannot be subtracted with '-'", hint="Use days_between(first, last).")
        left = types.number(left, _quoted(node.operator))
        right = types.number(right, _quoted(node.operator))
        return _arithmetic(node.operator, left, right)

    def _compare(self, node: syntax.Compare) -> Fragment:
        pairs = []
        left = node.first
        for operator, right in node.rest:
            pairs.append(self._pair(operator, left, right))
            left = right
        return Fragment(f"({' AND '.join(pairs)})" if len(pairs) > 1 else pairs[0], "bool")

    def _pair(self, operator: str, left: syntax.Expr, right: syntax.Expr) -> str:
        if operator in ("in", "not in"):
            found = self._membership(left, right)
            return found if operator == "in" else f"(NOT {found})"
        first, second = types.comparable(self.compile(left), self.compile(right), self._bindings)
        if "null" in (first.type, second.type):
            given = second if first.type == "null" else first
            if operator == "==":
                return f"({given.text} IS NULL)"
            if operator == "!=":
                return f"({given.text} IS NOT NULL)"
        return f"({first.text} {_SQL_COMPARISON[operator]} {second.text})"

    def _membership(self, left: syntax.Expr, right: syntax.Expr) -> str:
        wanted = self.compile(left)
        members = self._members(right)
        if members is None:
            whole = types.text(self.compile(right), "'in' with text")
            return f"contains({whole.text}, {types.text(wanted, _quoted('in')).text})"
        tests = []
        for member in members:
            first, second = types.comparable(wanted, member, self._bindings)
            is_null = "null" in (first.type, second.type)
            tests.append(f"({first.text} IS NULL)" if is_null else f"({first.text} = {second.text})")
        return f"({' OR '.join(tests)})" if tests else "false"

    def _members(self, node: syntax.Expr) -> list[Fragment] | None:
        """The members of a list that is written out or bound; None if it is no list."""
        if isinstance(node, syntax.ListExpr):
            return [self.compile(item) for item in node.items]
        if isinstance(node, syntax.Reference):
            value = self._value(node)
            if isinstance(value, list):
                return [types.bound(item, self._bindings) for item in value]
        return None

    def _bool_op(self, node: syntax.BoolOp) -> Fragment:
        what = _quoted(node.operator)
        operands = [types.condition(self.compile(operand), what).text for operand in node.operands]
        return Fragment(f"({f' {node.operator.upper()} '.join(operands)})", "bool")

    def _conditional(self, node: syntax.Conditional) -> Fragment:
        test = types.condition(self.compile(node.test), "'if'")
        then, otherwise = types.unified(
            [self.compile(node.then), self.compile(node.otherwise)], "'... if ... else ...'"
        )
        text = f"CASE WHEN {test.text} THEN {then.text} ELSE {otherwise.text} END"
        return Fragment(f"({text})", types.result_type([then, otherwise]))

    def _call(self, node: syntax.Call) -> Fragment:
        if node.function == "column":
            match node.arguments:
                case (syntax.Literal(value=str() as name),):
                    return self._column(name)
            raise ActionError("column(...) takes the name of one column", hint='Write column("Dep delay").')
        arguments = [self.compile(argument) for argument in node.arguments]
        return row_functions.call(node.function, arguments, self._bindings)

    def _attribute(self, node: syntax.Attribute) -> Fragment:
        dotted = _dotted(node)
        if isinstance(node.value, syntax.Name) and node.value.name not in self._columns:
            if dotted in self._columns:
                raise ActionError(
                    f'A column name with a point is written column("{dotted}")',
                    hint=f'Use column("{dotted}").',
                )
            if node.value.name in _ROOTS:
                raise ActionError(
                    f"'{dotted}' is not a column", hint=f"Write ${{{dotted}}} for a value of the workflow."
                )
        return _field(self.compile(node.value), text_literal(_json_key(node.name)), dotted)

    def _index(self, node: syntax.Index) -> Fragment:
        value = self.compile(node.value)
        if isinstance(node.index, syntax.Literal) and isinstance(node.index.value, str):
            return _field(value, text_literal(_json_key(node.index.value)), "[...]")
        position = types.number(self.compile(node.index), "[...]")
        if value.type == "json":
            return Fragment(f"json_extract({value.text}, CAST({position.text} AS BIGINT))", "json")
        letters = types.text(value, "[...]")
        # Python counts from 0 and backwards from -1; SQL from 1 and backwards from -1.
        at = f"CASE WHEN {position.text} >= 0 THEN {position.text} + 1 ELSE {position.text} END"
        return Fragment(f"nullif(array_extract({letters.text}, CAST({at} AS BIGINT)), '')", "text")

    def _slice(self, node: syntax.Slice) -> Fragment:
        letters = types.text(self.compile(node.value), "[...]")
        # Python's slices count from 0 and end before the upper bound; SQL's count from 1 and include it.
        lower = "1" if node.lower is None else self._slice_bound(node.lower, forwards=1, backwards=0)
        upper = "-1" if node.upper is None else self._slice_bound(node.upper, forwards=0, backwards=-1)
        return Fragment(f"array_slice({letters.text}, {lower}, {upper})", "text")

    def _slice_bound(self, node: syntax.Expr, *, forwards: int, backwards: int) -> str:
        at = types.number(self.compile(node), "[...]").text
        return f"CAST(CASE WHEN {at} >= 0 THEN {at} + {forwards} ELSE {at} + {backwards} END AS BIGINT)"


_SQL_COMPARISON = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def _arithmetic(operator: str, left: Fragment, right: Fragment) -> Fragment:
    kinds = (left.type, right.type)
    if "null" in kinds:
        return Fragment("NULL", "null")
    if operator == "/":
        return Fragment(f"(CAST({left.text} AS DOUBLE) / nullif(CAST({right.text} AS DOUBLE), 0))", "float")
    if "float" in kinds:
        left, right = types.cast(left, "float"), types.cast(right, "float")
    kind = left.type if left.type == right.type else "decimal"
    if operator in ("//", "%"):
        divisor = f"nullif({right.text}, 0)"
        # SQL's remainder has the sign of the dividend; ours, as in Python, that of the divisor.
        rest = f"((({left.text} % {divisor}) + {right.text}) % {divisor})"
        if operator == "%":
            return Fragment(rest, kind)
        whole = (
            f"(({left.text} - {rest}) / {divisor})"
            if kind != "int"
            else f"(({left.text} - {rest}) // {divisor})"
        )
        return Fragment(whole, kind if kind == "int" else "float")
    return Fragment(f"({left.text} {operator} {right.text})", kind)


def _field(value: Fragment, key: str, what: str) -> Fragment:
    if value.type != "json":
        raise ActionError(
            f"'{what}' takes a part of a JSON column, but the column is {value.type}",
            hint='A column name with a point is written column("a.b").',
        )
    return Fragment(f"json_extract({value.text}, {key})", "json")


def _json_key(name: str) -> str:
    return '$."' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _dotted(node: syntax.Expr) -> str:
    if isinstance(node, syntax.Attribute):
        return f"{_dotted(node.value)}.{node.name}"
    return node.name if isinstance(node, syntax.Name) else "…"


def _quoted(operator: str) -> str:
    return f"'{operator}'"
