"""Steps that need a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.actions.registry import handler
from engine.errors import ActionError

if TYPE_CHECKING:
    from engine.actions.context import StepContext


@handler(idempotent=True)
async def ask(params: Mapping[str, Any], context: StepContext) -> dict[str, Any]:
    """Pause the run until the form is filled in; the answers become the step's output."""
    form = params.get("form")
    if (
        not isinstance(form, Mapping)
        or not isinstance(form.get("properties"), Mapping)
        or not form["properties"]
    ):
        raise ActionError("The form has no fields", hint="Describe at least one field to fill in.")
    context.ask(form, str(params.get("title") or ""), str(params.get("text") or ""))
