"""Which secrets a step may need: found when the plan is made, so that other steps pay nothing for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engine.errors import ExpressionError
from engine.expression.secret_text import names_in_condition
from engine.plan.parameters import Parameters

_NONE: Final[frozenset[str]] = frozenset()


def secrets_of(templates: Iterable[Parameters], conditions: Iterable[str | None]) -> frozenset[str]:
    """The names in a step's parameters, in those of what stands in for it or undoes it, and in conditions."""
    names: set[str] = set()
    for parameters in templates:
        for use in parameters.template.uses:
            if use.path.root == "secrets" and use.path.parts:
                names.add(str(use.path.parts[0]))
    for condition in conditions:
        if condition and "secrets" in condition:
            try:
                names.update(names_in_condition(condition)[0])
            except ExpressionError:
                continue  # reported where the condition is evaluated
    return frozenset(names) if names else _NONE
