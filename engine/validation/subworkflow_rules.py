"""Rules about nodes that hold a workflow, and about what a workflow gives when it stands inside another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from engine.errors import DefinitionError, ExpressionError, WorkflowFileError
from engine.expression import compile_condition
from engine.expression.paths import MISSING
from engine.expression.scope import ROOTS
from engine.expression.suggestions import nearest
from engine.expression.templates import Template, escape_pointer
from engine.files import codec
from engine.json_schema.validators import schema_faults, validator
from engine.model.embedded import LOOP, LOOP_CONDITIONS, MAX_DEPTH, OUTPUTS, file_of, is_composite
from engine.model.json_value import Json
from engine.model.references import references
from engine.model.workflow import Node, Workflow
from engine.problem import Problem
from engine.validation.drawing import Drawing
from engine.validation.node_rules import holds_reference

_ITEMS: Final = ("item", "index")


def outputs(drawing: Drawing) -> Iterator[Problem]:
    """What the workflow gives comes from its own steps, and is all that its schema asks for."""
    described = drawing.workflow.extra.get(OUTPUTS)
    if described is not None:
        template, faults = Template.inspect(described)
        for fault in faults:
            words = f"The outputs cannot be read: {fault.error.message}"
            yield _problem("template-bad", words, f"/{OUTPUTS}{fault.pointer}", fault.error.hint)
        for use in template.uses:
            step = use.path.parts[0] if use.path.root == "steps" and use.path.parts else use.path.root
            if step not in ROOTS and step not in drawing.index:
                near = nearest(str(step), drawing.ids)
                words = f"The outputs refer to a step {step} that does not exist"
                suggestion = f"${{{str(use.path).replace(str(step), near, 1)}}}" if near else ""
                yield _problem("reference-unknown", words, f"/{OUTPUTS}{use.pointer}", suggestion)
            elif step in _ITEMS and use.default is MISSING and not drawing.has_items:
                yield _problem("item-outside", _outside(str(use.path)), f"/{OUTPUTS}{use.pointer}")
    schema = drawing.workflow.extra.get("output_schema")
    if not schema:
        return
    if faulty := schema_faults(schema):
        words = f"output_schema is no JSON Schema: {faulty[0]['pointer'] or 'it'} {faulty[0]['message']}"
        yield _problem("schema-bad", words, "/output_schema")
        return
    required = schema.get("required") if isinstance(schema, dict) else None
    if isinstance(described, dict) and isinstance(required, list):
        for name in required:
            if name not in described:
                words = f"The output {name} is required, but nothing gives it"
                add = f"Add {name} to the outputs."
                yield _problem("output-missing", words, f"/{OUTPUTS}/{escape_pointer(str(name))}", add)


def items_outside(drawing: Drawing) -> Iterator[Problem]:
    """`${item}` and `${index}` are known where a step repeats the workflow, and nowhere else."""
    if drawing.has_items:
        return
    for index, node in enumerate(drawing.nodes):
        if not _may_name_items(node.config):
            continue
        own = {key: value for key, value in node.config.items() if key != "workflow"}
        if node.type == LOOP:
            own["parameters"] = {k: v for k, v in node.parameters.items() if k not in LOOP_CONDITIONS}
        for reference in references(own):
            if reference.root in _ITEMS and not reference.tail:
                words = f"{drawing.label(index)}: {_outside(reference.root + reference.parts)}"
                problem = _problem("item-outside", words, f"/nodes/{index}/config")
                yield replace(problem, node_id=node.id)
                break


def _may_name_items(value: Json | Mapping[str, Json]) -> bool:
    """Whether any text in the value can hold such a reference: said without reading it."""
    stack: list[Any] = [value]
    while stack:
        inner = stack.pop()
        for item in inner.values() if isinstance(inner, Mapping) else inner:
            if type(item) is str:
                if "${" in item and ("item" in item or "index" in item):
                    return True
            elif isinstance(item, (dict, list)):
                stack.append(item)
    return False


def loops(drawing: Drawing) -> Iterator[Problem]:
    """A loop says in one way how often it repeats, and its condition can be read."""
    for index, node in enumerate(drawing.nodes):
        if node.type != LOOP or node.disabled:
            continue
        base = f"/nodes/{index}/config/parameters"
        conditions = {key: str(node.parameters[key]) for key in LOOP_CONDITIONS if node.parameters.get(key)}
        times = node.parameters.get("times")
        given = [*conditions, *(["times"] if times is not None else [])]
        if len(given) != 1:
            words = (
                "it is not said how often it repeats"
                if not given
                else f"{' and '.join(given)} are both given"
            )
            yield _at(drawing, index, "loop-end", words, base, "Give one of times, while and until.")
        for key, text in conditions.items():
            try:
                names = compile_condition(text).compiled.expression.reference_nodes
            except ExpressionError as error:
                yield _at(
                    drawing, index, "condition-bad", f"{key}: {error.message}", f"{base}/{key}", error.hint
                )
                continue
            for reference in names:
                step = reference.path.root
                if step not in ROOTS and step not in drawing.index:
                    near = nearest(step, drawing.ids)
                    words = f"{key}: there is no step {step}, which ${{{reference.path}}} refers to"
                    yield _at(drawing, index, "reference-unknown", words, f"{base}/{key}", near)
        most = node.parameters.get("max_iterations", 100)
        if isinstance(times, int) and isinstance(most, int) and times > most:
            words = f"it is to repeat {times} times, and at most {most} are allowed"
            yield _at(drawing, index, "loop-limit", words, f"{base}/max_iterations", str(times))


def inner(drawing: Drawing) -> Iterator[tuple[int, Workflow | Problem]]:
    """The workflow inside each composite node, or what is wrong with it; those in files are left out."""
    for index, node in enumerate(drawing.nodes):
        if not is_composite(node) or node.disabled or file_of(node) is not None:
            continue
        pointer = f"/nodes/{index}/config/workflow"
        held = node.config.get("workflow")
        if not isinstance(held, dict):
            hint = "Open it and draw what it is to do."
            yield index, _at(drawing, index, "subworkflow-missing", "it holds no steps", pointer, hint)
            continue
        try:
            yield index, codec.decode({"id": node.id, "name": node.label, **held})
        except (WorkflowFileError, DefinitionError) as error:
            words = f"the workflow inside cannot be read: {error.message}"
            yield index, _at(drawing, index, "subworkflow-bad", words, pointer, error.hint)


def too_deep(drawing: Drawing, index: int) -> Problem:
    """The problem of a node whose workflow stands inside too many others."""
    words = f"more than {MAX_DEPTH} workflows stand inside each other"
    return _at(drawing, index, "subworkflow-depth", words, f"/nodes/{index}", "Take some of them apart.")


def inside_out(drawing: Drawing, index: int, problem: Problem) -> Problem:
    """A problem of an inner workflow, told of the node around it, with the way to where it is."""
    node = drawing.nodes[index]
    place = problem.path or problem.node_id or ""
    return replace(
        problem,
        message=f"Inside {drawing.label(index)}: {problem.message}",
        node_id=node.id,
        connection_id=None,
        pointer=f"/nodes/{index}/config/workflow{problem.pointer}",
        path=f"{node.id}/{place}" if place else node.id,
    )


def given_inputs(drawing: Drawing, index: int, within: Workflow) -> Iterator[Problem]:
    """What a composite node hands in is what the workflow inside takes, and all that it needs."""
    node = drawing.nodes[index]
    given = node.parameters.get("inputs")
    given = given if isinstance(given, dict) else {}
    declared = within.input_properties
    base = f"/nodes/{index}/config/parameters/inputs"
    for name, value in given.items():
        pointer = f"{base}/{escape_pointer(name)}"
        if declared and name not in declared:
            words = f"the workflow inside has no input {name}"
            near = nearest(name, declared)
            yield _at(drawing, index, "input-unknown", words, pointer, near, severity="warning")
        elif name in declared and not holds_reference(value):
            for fault in validator(dict(declared[name])).errors(value):
                words = f"the input {name} {fault['message']}"
                yield _at(drawing, index, "input-bad", words, pointer + fault["pointer"])
    for name in _wanted(within):
        schema = declared.get(name, {})
        if name not in given and "default" not in schema:
            words = f"the steps inside use ${{input.{name}}}, which they are not given"
            hint = f"Add {name} to the inputs of {drawing.label(index)}, or give it a default."
            yield _at(drawing, index, "input-missing", words, base, hint, severity="warning")


def _wanted(within: Workflow) -> list[str]:
    """The inputs that steps inside refer to, and those that are required, each once."""
    required = within.inputs.get("required")
    names = [str(name) for name in required] if isinstance(required, list) else []
    for node in within.nodes.values():
        for reference in references(_own(node)):
            if reference.root == "input" and reference.field and not reference.tail:
                names.append(reference.field)
    return list(dict.fromkeys(names))


def _own(node: Node) -> Json:
    return {
        key: value for key, value in node.config.items() if not (key == "workflow" and is_composite(node))
    }


def _outside(path: str) -> str:
    return f"${{{path}}} is known only inside a For each or Repeat"


def _problem(code: str, message: str, pointer: str, suggestion: str = "") -> Problem:
    return Problem(severity="error", code=code, message=message, pointer=pointer, suggestion=suggestion)


def _at(
    drawing: Drawing,
    index: int,
    code: str,
    words: str,
    pointer: str,
    suggestion: str = "",
    severity: Any = "error",
) -> Problem:
    return Problem(
        severity=severity,
        code=code,
        message=f"{drawing.label(index)}: {words}",
        node_id=drawing.ids[index],
        pointer=pointer,
        suggestion=suggestion,
    )
