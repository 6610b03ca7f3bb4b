"""Rules about results that stand in the drawing: pinned ones, which are used in place of running a step."""

from __future__ import annotations

from collections.abc import Iterator

from engine.json_schema.validators import schema_faults, validate
from engine.problem import Problem, Severity
from engine.validation.drawing import Drawing

_MISFIT = "the pinned result does not fit its output any more"


def pins(drawing: Drawing) -> Iterator[Problem]:
    """A pin has an output, which fits what the step promises; that there is one is worth knowing."""
    for index, node in drawing.configured:
        pin = node.config.get("pin")
        if pin is None:
            continue
        label = drawing.label(index)
        if not isinstance(pin, dict) or "output" not in pin:
            yield _problem(
                drawing, index, "error", "pin-bad", f'{label}: a pin is {{"output": ...}}', "Unpin the step."
            )
            continue
        schema = node.config.get("output_schema")
        if isinstance(schema, dict) and not schema_faults(schema):
            for fault in validate(schema, pin["output"]):
                where = f"{fault['pointer']} " if fault["pointer"] else ""
                yield _problem(
                    drawing,
                    index,
                    "warning",
                    "pin-misfit",
                    f"{label}: {_MISFIT}: {where}{fault['message']}",
                    "Unpin the step, or pin a newer result.",
                    f"/output{fault['pointer']}",
                )
        if not node.disabled:
            yield _problem(
                drawing,
                index,
                "info",
                "pinned",
                f"{label}: the result is pinned, so the step is not run",
                "Unpin it before the workflow is used for real, or run with --ignore-pins.",
            )


def _problem(
    drawing: Drawing,
    index: int,
    severity: Severity,
    code: str,
    message: str,
    suggestion: str,
    below: str = "",
) -> Problem:
    return Problem(
        severity=severity,
        code=code,
        message=message,
        node_id=drawing.ids[index],
        pointer=f"/nodes/{index}/config/pin{below}",
        suggestion=suggestion,
    )
