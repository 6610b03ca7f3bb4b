"""Compiles a syntax tree to closures and evaluates it against a Scope.

One closure a node, called with the Frame of this evaluation. A path (`a.b[0]`) is one closure and one
lookup. "Lenient" closures answer MISSING where a path does not exist; "strict" ones explain and raise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NoReturn, TypeAlias, assert_never

from engine.errors import ExpressionError
from engine.expression import operations, syntax
from engine.expression.functions import FUNCTIONS, now_text
from engine.expression.operations import Meter, type_name
from engine.expression.parser import Expression, parse
from engine.expression.paths import MISSING, Missing, Part, Path, item_of
from engine.expression.scope import Scope
from engine.expression.suggestions import did_you_mean
from engine.expression.syntax import Expr
from engine.model.json_value import Json


class Frame(Meter):
    """One evaluation: where values come from, and how much work is left."""

    __slots__ = ("scope",)

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope


Strict: TypeAlias = Callable[[Frame], Json]
Lenient: TypeAlias = "Callable[[Frame], Json | Missing]"

_NUMBERS: Final = frozenset({int, float})


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledExpression:
    """An expression ready to be evaluated any number of times, by any thread."""

    expression: Expression
    run: Strict

    @property
    def source(self) -> str:
        """The text it was compiled from."""
        return self.expression.source

    def evaluate(self, scope: Scope) -> Json:
        """The value. Raises ExpressionError with the position of what could not be evaluated."""
        return self.run(Frame(scope))


@lru_cache(maxsize=4096)
def compile_expression(source: str) -> CompiledExpression:
    """The expression ready to evaluate. Raises ExpressionError where it cannot be read."""
    expression = parse(source)
    return CompiledExpression(expression=expression, run=_Compiler(source).strict(expression.tree))


class _Compiler:
    def __init__(self, source: str) -> None:
        self._source = source

    # -- values ---------------------------------------------------------------------------------

    def strict(self, node: Expr) -> Strict:
        match node:
            case syntax.Literal(value=value):
                return lambda frame: value
            case syntax.Name() | syntax.Reference() | syntax.Attribute() | syntax.Index():
                return self._required(node)
            case syntax.Optional():
                return self._or_null(self.lenient(node.value))
            case syntax.Slice():
                return self._slice(node)
            case syntax.Unary():
                return self._unary(node)
            case syntax.Binary():
                return self._binary(node)
            case syntax.Compare():
                return self._compare(node)
            case syntax.BoolOp():
                return self._bool_op(node)
            case syntax.Conditional():
                test, then, otherwise = map(self.strict, (node.test, node.then, node.otherwise))
                return lambda frame: then(frame) if test(frame) else otherwise(frame)
            case syntax.Call():
                return self._call(node)
            case syntax.ListExpr():
                return self._list(node)
            case syntax.DictExpr():
                return self._dict(node)
            case _:
                assert_never(node)

    def lenient(self, node: Expr) -> Lenient:
        """As strict, but a path that does not exist is MISSING instead of an error."""
        path = static_path(node)
        if path is not None:
            return lambda frame: frame.scope.name(path)
        match node:
            case syntax.Reference():
                return self._reference(node)
            case syntax.Attribute(value=value, name=name):
                return self._item(self.lenient(value), lambda frame: name, node.position)
            case syntax.Index(value=value, index=index):
                return self._item(self.lenient(value), self.strict(index), node.position)
            case _:
                return self.strict(node)

    def _reference(self, node: syntax.Reference) -> Lenient:
        path, default = node.path, node.default
        if default is MISSING:
            return lambda frame: frame.scope.reference(path)

        def with_default(frame: Frame) -> Json | Missing:
            value = frame.scope.reference(path)
            return default if value is MISSING else value

        return with_default

    def _item(self, base: Lenient, index: Strict, position: int) -> Lenient:
        def item(frame: Frame) -> Json | Missing:
            value = base(frame)
            if value is MISSING:
                return MISSING
            key = index(frame)
            if isinstance(key, bool) or not isinstance(key, str | int):
                self._fail(f"an index must be a whole number or a text, not {type_name(key)}", position)
            return item_of(value, key)

        return item

    def _required(self, node: Expr) -> Strict:
        find = self.lenient(node)

        def required(frame: Frame) -> Json:
            value = find(frame)
            if value is MISSING:
                self._explain(node, frame)
            return value

        return required

    def _or_null(self, find: Lenient) -> Strict:
        def or_null(frame: Frame) -> Json:
            value = find(frame)
            return None if value is MISSING else value

        return or_null

    # -- operators ------------------------------------------------------------------------------

    def _slice(self, node: syntax.Slice) -> Strict:
        value = self.strict(node.value)
        lower = self.strict(node.lower) if node.lower is not None else _null
        upper = self.strict(node.upper) if node.upper is not None else _null
        return self._located(
            lambda frame: operations.slice_of(value(frame), lower(frame), upper(frame), frame), node.position
        )

    def _unary(self, node: syntax.Unary) -> Strict:
        operand = self.strict(node.operand)
        if node.operator == "not":
            return lambda frame: not operand(frame)
        apply = operations.negate if node.operator == "-" else operations.positive
        return self._located(lambda frame: apply(operand(frame)), node.position)

    def _binary(self, node: syntax.Binary) -> Strict:
        left, right, apply = self.strict(node.left), self.strict(node.right), operations.BINARY[node.operator]
        return self._located(lambda frame: apply(left(frame), right(frame), frame), node.position)

    def _bool_op(self, node: syntax.BoolOp) -> Strict:
        *first, last = map(self.strict, node.operands)
        stops_at_true = node.operator == "or"

        def bool_op(frame: Frame) -> Json:
            for operand in first:
                value = operand(frame)
                if bool(value) is stops_at_true:
                    return value
            return last(frame)

        return bool_op

    def _compare(self, node: syntax.Compare) -> Strict:
        first = self.strict(node.first)
        pairs = [
            (self._comparison(operator, node.position), self.strict(right)) for operator, right in node.rest
        ]
        if len(pairs) == 1:
            compare, second = pairs[0]
            return lambda frame: compare(first(frame), second(frame), frame)

        def chain(frame: Frame) -> Json:
            left = first(frame)
            for compare, operand in pairs:
                right = operand(frame)
                if not compare(left, right, frame):
                    return False
                left = right
            return True

        return chain

    def _comparison(self, symbol: str, position: int) -> Callable[[Json, Json, Frame], bool]:
        def located(compare: Callable[[Json, Json, Frame], bool]) -> Callable[[Json, Json, Frame], bool]:
            def checked(left: Json, right: Json, frame: Frame) -> bool:
                try:
                    return compare(left, right, frame)
                except ExpressionError as error:
                    raise self._at(error, position) from None

            return checked

        match symbol:
            case "==":
                return located(operations.equal)
            case "!=":
                return located(lambda left, right, frame: not operations.equal(left, right, frame))
            case "in":
                return located(lambda left, right, frame: operations.contains(right, left, frame))
            case "not in":
                return located(lambda left, right, frame: not operations.contains(right, left, frame))
        ordering = operations.ORDERINGS[symbol]

        def ordered(left: Json, right: Json, frame: Frame) -> bool:
            if type(left) in _NUMBERS and type(right) in _NUMBERS:
                return ordering(left, right)
            try:
                return operations.order(symbol, ordering, left, right)
            except ExpressionError as error:
                raise self._at(error, position) from None

        return ordered

    # -- calls and containers -------------------------------------------------------------------

    def _call(self, node: syntax.Call) -> Strict:
        function = FUNCTIONS.get(node.function)
        if function is None:
            raise ExpressionError(
                f"there is no function {node.function}",
                source=self._source,
                position=node.position,
                hint=did_you_mean(node.function, FUNCTIONS, most=len(FUNCTIONS)),
            )
        count = len(node.arguments)
        if count < function.least or (function.most is not None and count > function.most):
            self._fail(f"{function.signature} does not take {count} values", node.position)
        match node.function:
            case "exists":
                return self._exists(node)
            case "coalesce":
                return self._coalesce(node)
            case "now":
                return lambda frame: now_text(frame.scope.now())
        call, arguments = function.call, [self.strict(argument) for argument in node.arguments]
        return self._located(
            lambda frame: call([argument(frame) for argument in arguments], frame), node.position
        )

    def _exists(self, node: syntax.Call) -> Strict:
        argument = node.arguments[0]
        if not isinstance(argument, syntax.Name | syntax.Reference | syntax.Attribute | syntax.Index):
            self._fail("exists() needs a name, a field or a reference", argument.position)
        find = self.lenient(argument)
        return lambda frame: find(frame) is not MISSING

    def _coalesce(self, node: syntax.Call) -> Strict:
        finds = [self.lenient(argument) for argument in node.arguments]

        def coalesce(frame: Frame) -> Json:
            for find in finds:
                value = find(frame)
                if value is not MISSING and value is not None:
                    return value
            return None

        return coalesce

    def _list(self, node: syntax.ListExpr) -> Strict:
        if all(isinstance(item, syntax.Literal) for item in node.items):
            constant: list[Json] = [item.value for item in node.items if isinstance(item, syntax.Literal)]
            return lambda frame: constant
        items = [self.strict(item) for item in node.items]
        return lambda frame: [item(frame) for item in items]

    def _dict(self, node: syntax.DictExpr) -> Strict:
        items = [(self.strict(key), self.strict(value), key.position) for key, value in node.items]

        def build(frame: Frame) -> Json:
            result: dict[str, Json] = {}
            for key, value, position in items:
                name = key(frame)
                if not isinstance(name, str):
                    self._fail(f"the key of a field must be text, not {type_name(name)}", position)
                result[name] = value(frame)
            return result

        return build

    # -- faults ---------------------------------------------------------------------------------

    def _located(self, run: Strict, position: int) -> Strict:
        def located(frame: Frame) -> Json:
            try:
                return run(frame)
            except ExpressionError as error:
                raise self._at(error, position) from None

        return located

    def _at(self, error: ExpressionError, position: int) -> ExpressionError:
        """The same error with the place of the innermost operator that raised it."""
        if error.position is None:
            error.position, error.source = position, self._source
        return error

    def _fail(self, message: str, position: int) -> NoReturn:
        raise ExpressionError(message, source=self._source, position=position)

    def _explain(self, node: Expr, frame: Frame) -> NoReturn:
        """Says which part of a missing path is missing, and what there is instead."""
        base, key = node, None
        chain: list[tuple[Expr, Expr]] = []
        while isinstance(base, syntax.Attribute | syntax.Index):
            chain.append((base, base.value))
            base = base.value
        for outer, inner in reversed(chain):
            value = self.lenient(inner)(frame)
            if value is MISSING:
                break
            if self.lenient(outer)(frame) is MISSING:
                key = outer.name if isinstance(outer, syntax.Attribute) else self.strict(outer.index)(frame)  # type: ignore[union-attr]
                self._fail_item(value, key, outer.position)
        if isinstance(base, syntax.Reference):
            self._fail(f"${{{base.path}}} has no value", base.position)
        name = base.name if isinstance(base, syntax.Name) else "the value"
        known = list(frame.scope.names())
        message, hint = f"there is no {name}", did_you_mean(name, known)
        if name in known:
            message, hint = f"{name} has given nothing", f"Ask first whether it has: exists({name})."
        raise ExpressionError(message, source=self._source, position=base.position, hint=hint)

    def _fail_item(self, value: Json, key: object, position: int) -> NoReturn:
        shown = repr(key) if isinstance(key, str) else key
        if isinstance(value, Mapping):
            raise ExpressionError(
                f"the object has no field {shown}",
                source=self._source,
                position=position,
                hint=did_you_mean(str(key), value),
            )
        if isinstance(value, list | str) and isinstance(key, int):
            self._fail(f"there is no item {key}: the {type_name(value)} has {len(value)}", position)
        self._fail(f"{type_name(value)} has no field {shown}", position)


def _null(frame: Frame) -> Json:
    return None


def static_path(node: Expr) -> Path | None:
    """The path that a name with fields and constant items spells, or None."""
    parts: list[Part] = []
    while True:
        match node:
            case syntax.Name(name=name):
                return Path(name, tuple(reversed(parts)))
            case syntax.Attribute(value=value, name=name):
                parts.append(name)
                node = value
            case syntax.Index(value=value, index=syntax.Literal(value=str() | int() as part)) if (
                not isinstance(part, bool)
            ):
                parts.append(part)
                node = value
            case _:
                return None
