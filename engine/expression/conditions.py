"""The conditions of connections: an expression that must give true or false."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from engine.errors import ConditionError, ExpressionError
from engine.expression.evaluator import CompiledExpression, compile_expression
from engine.expression.operations import type_name
from engine.expression.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A compiled condition of a connection."""

    compiled: CompiledExpression

    @property
    def source(self) -> str:
        """The text it was compiled from."""
        return self.compiled.source

    def evaluate(self, scope: Scope) -> bool:
        """True or false, nothing else: everything that goes wrong is a ConditionError that says where."""
        try:
            value = self.compiled.evaluate(scope)
        except ExpressionError as error:
            raise _condition_error(error, self.source) from error
        if value is True or value is False:
            return value
        raise ConditionError(
            f"the condition {self.source!r} must give true or false, but gives {type_name(value)}",
            source=self.source,
            position=0,
            hint="Compare it: for example x != null, x != '' or x > 0.",
        )


@lru_cache(maxsize=4096)
def compile_condition(source: str) -> Condition:
    """The condition ready to evaluate. Raises ConditionError where it cannot be read."""
    try:
        return Condition(compiled=compile_expression(source))
    except ExpressionError as error:
        raise _condition_error(error, source) from error


def _condition_error(error: ExpressionError, source: str) -> ConditionError:
    place = "" if error.position is None else f" at character {error.position + 1}"
    shown = source if len(source) <= 200 else source[:199] + "…"
    return ConditionError(
        f"condition {shown!r}{place}: {error.message}",
        source=source,
        position=error.position,
        hint=error.hint,
    )
