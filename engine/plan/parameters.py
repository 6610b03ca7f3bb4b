"""The parameters of a step with their references found once, when the plan is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from engine.expression import Template
from engine.expression.templates import EXPRESSION_KEY, Inspected
from engine.model.json_value import Json


class Parameters(dict[str, Json]):
    """Parameters as they were drawn, which also know how to be resolved.

    A plain dict to whoever overrides one of the engine's seams; `template` spares parsing it again.
    """

    __slots__ = ("is_empty", "template")

    def __init__(
        self,
        drawn: Mapping[str, Json],
        schema: Mapping[str, Json] | None = None,
        inspected: Inspected | None = None,
    ) -> None:
        """Raises ExpressionError when a template or row expression cannot be read.

        inspected: templates that have been read already.
        """
        super().__init__(drawn)
        self.template, faults = (inspected or Template).inspect(cast("Json", drawn), schema)
        if faults:
            raise faults[0].error
        self.is_empty = not self


def source_of_expressions(value: Json) -> Json:
    """The value with every bound row expression shown as its source again, as its schema describes it."""
    if isinstance(value, dict):
        if EXPRESSION_KEY in value:
            return value[EXPRESSION_KEY]
        return {key: source_of_expressions(item) for key, item in value.items()}
    if isinstance(value, list):
        return [source_of_expressions(item) for item in value]
    return value
