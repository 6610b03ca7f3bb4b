"""Inputs that nobody gave and that the workflow has a value for: the run begins with it and need not ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import MissingInputError
from engine.expression import RunScope, Template
from engine.model.json_value import Json
from engine.model.workflow import Workflow


def with_defaults(workflow: Workflow, given: Mapping[str, Json]) -> dict[str, Json]:
    """The inputs with the defaults of those that are not given; a default may refer to other inputs.

    One that refers to an input without a value is none: the run asks for both where they are needed.
    """
    found = dict(given)
    left = {
        name: schema
        for name, schema in workflow.input_properties.items()
        if name not in found and "default" in schema and _is_a_value(schema)
    }
    while left:  # in the order in which they need each other; circles are found by the check
        known = len(left)
        for name, schema in list(left.items()):
            try:
                value = Template.parse(schema["default"]).resolve(RunScope(input_data=found).reference)
            except MissingInputError:
                continue
            found[name] = value
            del left[name]
        if len(left) == known:
            break
    return found


def _is_a_value(schema: Mapping[str, Any]) -> bool:
    """Whether the default is one: null is written for "none" where the input cannot be null."""
    kinds = schema.get("type", "null")
    return schema["default"] is not None or "null" in ([kinds] if isinstance(kinds, str) else kinds)
