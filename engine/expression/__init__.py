"""Expressions, conditions and templates: read by a grammar of our own, never by `eval`."""

from engine.expression.conditions import Condition, compile_condition
from engine.expression.evaluator import CompiledExpression, compile_expression
from engine.expression.functions import FUNCTIONS
from engine.expression.parser import Expression, parse
from engine.expression.paths import MISSING, Missing, Path
from engine.expression.scope import RunScope, Scope
from engine.expression.templates import Template

__all__ = [
    "FUNCTIONS",
    "MISSING",
    "CompiledExpression",
    "Condition",
    "Expression",
    "Missing",
    "Path",
    "RunScope",
    "Scope",
    "Template",
    "compile_condition",
    "compile_expression",
    "parse",
]
