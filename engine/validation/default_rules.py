"""Rules about the defaults of inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.expression.templates import Template, escape_pointer
from engine.json_schema.validators import schema_faults, validate
from engine.problem import Problem
from engine.validation.drawing import Drawing


def input_defaults(drawing: Drawing) -> Iterator[Problem]:
    """Defaults of inputs fit what is asked of them, and may refer to other inputs, but not in a circle."""
    needs: dict[str, list[str]] = {}
    for name, schema in drawing.workflow.input_properties.items():
        if "default" not in schema:
            continue
        template, faults = Template.inspect(schema["default"])
        pointer = f"/inputs/properties/{escape_pointer(name)}/default"
        for fault in faults:
            yield Problem(
                severity="error",
                code="template-bad",
                message=f"The default of the input {name}: {fault.error.message}",
                pointer=pointer + fault.pointer,
                suggestion=fault.error.hint,
            )
        if not template.uses and schema["default"] is not None and not schema_faults(schema):
            for wrong in validate(schema, schema["default"]):
                yield Problem(
                    severity="error",
                    code="default-bad",
                    message=f"The default of the input {name}: {wrong['pointer'] or 'it'} {wrong['message']}",
                    pointer=pointer + wrong["pointer"],
                    suggestion="Give a default that fits, or none: then the run asks.",
                )
        paths = [path for path in template.references if path.root == "input" and path.parts]
        needs[name] = [str(path.parts[0]) for path in paths]
    for circle in _circles(needs):
        yield Problem(
            severity="error",
            code="default-circular",
            message=f"The defaults of these inputs wait for each other: {' → '.join([*circle, circle[0]])}",
            pointer=f"/inputs/properties/{escape_pointer(circle[0])}/default",
            suggestion="Give one of them a value of its own.",
        )


def _circles(needs: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """Every circle among the names, each name in at most one of them."""
    left = {name: [each for each in wanted if each in needs] for name, wanted in needs.items()}
    while left:
        settled = [name for name, wanted in left.items() if not any(each in left for each in wanted)]
        if not settled:
            # Everything left needs something left: following the needs must come back.
            path = [next(iter(left))]
            while (name := next(each for each in left[path[-1]] if each in left)) not in path:
                path.append(name)
            settled = path[path.index(name) :]
            yield settled
        for name in settled:
            del left[name]
