"""What a composite step runs: the workflow inside it, compiled with the one around it.

The definition of the outer workflow holds those of the inner ones, so its hash covers them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from engine.errors import DefinitionError, ExpressionError, WorkflowFileError
from engine.expression import Template, compile_condition
from engine.files import codec
from engine.model.embedded import (
    FOR_EACH,
    LOOP,
    LOOP_CONDITIONS,
    MAX_DEPTH,
    SUBWORKFLOW,
    file_of,
    last_steps,
    outputs_of,
)
from engine.model.json_value import Json
from engine.model.workflow import Node, Workflow

if TYPE_CHECKING:
    from engine.plan.step import Plan

Kind = Literal["subworkflow", "for_each", "loop"]
_KINDS: Mapping[str, Kind] = {SUBWORKFLOW: "subworkflow", FOR_EACH: "for_each", LOOP: "loop"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Body:
    """The workflow inside a step, and what it gives when it has been run.

    outputs: resolved where a run of it has ended. lasts: the steps whose outputs it gives if there are none.
    condition: of a loop: (whether it goes on while the condition holds, its text).
    """

    kind: Kind
    plan: Plan
    outputs: Template | None
    lasts: tuple[str, ...]
    output_schema: Mapping[str, Json]
    item_schema: Mapping[str, Json]
    condition: tuple[bool, str] | None


def body_of(node: Node, compile_inner: Callable[[Workflow], Plan], depth: int) -> Body:
    """The body of a composite node. Raises DefinitionError that names the node.

    depth: how many workflows stand around the node, its own included.
    """
    if depth > MAX_DEPTH - 1:
        raise DefinitionError(
            f'Node "{node.label}": more than {MAX_DEPTH} workflows stand inside each other',
            hint="Take some of them apart.",
        )
    inner = _inner(node)
    try:
        plan = compile_inner(inner)
        described = outputs_of(inner)
        outputs = Template.parse(described) if described is not None else None
        condition = _condition(node)
    except ExpressionError as error:
        raise DefinitionError(f'Node "{node.label}": {error.message}', hint=error.hint) from error
    except DefinitionError as error:
        raise DefinitionError(
            f'Inside "{node.label}": {error.message}', error.problems, hint=error.hint
        ) from error
    return Body(
        kind=_KINDS[node.type],
        plan=plan,
        outputs=outputs,
        lasts=tuple(last_steps(inner)),
        output_schema=_object(inner.extra.get("output_schema")),
        item_schema=_object(node.config.get("item_schema")),
        condition=condition,
    )


def drawn_parameters(node: Node) -> Mapping[str, Json]:
    """The parameters that are filled in when the step begins: a loop looks at its condition each time."""
    if node.type != LOOP:
        return node.parameters
    return {key: value for key, value in node.parameters.items() if key not in LOOP_CONDITIONS}


def inner_plans(plan: Plan) -> Iterator[Plan]:
    """The plans of all workflows inside, however deep."""
    stack = [plan]
    while stack:
        for step in stack.pop().steps:
            if step.body is not None:
                yield step.body.plan
                stack.append(step.body.plan)


def _inner(node: Node) -> Workflow:
    held = node.config.get("workflow")
    name = file_of(node)
    if name is not None:
        raise DefinitionError(
            f'Node "{node.label}": the workflow in {name} has not been read',
            hint="Start the run from the file in which the node stands.",
        )
    if not isinstance(held, dict):
        raise DefinitionError(
            f'Node "{node.label}" holds no steps', hint="Open it and draw what it is to do."
        )
    try:
        return codec.decode({"id": node.id, "name": node.label, **held})
    except WorkflowFileError as error:
        raise DefinitionError(f'Node "{node.label}": {error.message}', hint=error.hint) from error


def _condition(node: Node) -> tuple[bool, str] | None:
    if node.type != LOOP:
        return None
    given = {
        key: text.strip()
        for key in LOOP_CONDITIONS
        if isinstance(text := node.parameters.get(key), str) and text.strip()
    }
    has_times = node.parameters.get("times") is not None
    if len(given) + has_times != 1:
        raise DefinitionError(
            f'Node "{node.label}": say how often it repeats in one way, not {"none" if not given else "two"}',
            hint="Give a number of times, or a condition under while, or one under until.",
        )
    for key, text in given.items():
        compile_condition(text)
        return key == "while", text
    return None


def _object(value: Any) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}
