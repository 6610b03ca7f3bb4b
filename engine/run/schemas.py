"""Holds values against their schemas where a step begins and ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from engine.errors import SchemaValidationError
from engine.json_schema.validators import Validator, validator
from engine.plan.parameters import source_of_expressions

MAX_CACHED = 2_048


class SchemaGate:
    """Checks values, finding a schema's compiled validator by the schema object itself.

    A plan never changes, so its schema objects can stand for their contents; encoding a schema to find its
    validator would cost more than most checks.
    """

    def __init__(self) -> None:
        self._validators: dict[int, tuple[Mapping[str, Any], Validator]] = {}

    def check(
        self, kind: Literal["input", "output"], label: str, schema: Mapping[str, Any], value: Any
    ) -> None:
        """Raises SchemaValidationError unless the value fits."""
        known = self._validators.get(id(schema))
        if known is None or known[0] is not schema:
            if len(self._validators) >= MAX_CACHED:
                self._validators.clear()
            known = self._validators[id(schema)] = (schema, validator(schema))
        errors = known[1].errors(source_of_expressions(value) if kind == "input" else value)
        if errors:
            what = "The parameters" if kind == "input" else "The output"
            listed = "; ".join(f"{error['pointer'] or '/'} {error['message']}" for error in errors)
            raise SchemaValidationError(kind, errors, f'{what} of "{label}": {listed}')
