"""Rules about `${references}`, templates and conditions."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from engine.errors import ExpressionError
from engine.expression import syntax
from engine.expression.evaluator import compile_expression
from engine.expression.parser import Expression
from engine.expression.paths import MISSING, Path
from engine.expression.scope import ROOTS, STEP_FIELDS
from engine.expression.secret_text import names_in_condition
from engine.expression.suggestions import nearest
from engine.expression.templates import Template, TemplateFault, Use
from engine.model.embedded import LOOP, LOOP_CONDITIONS, SUBWORKFLOW
from engine.model.json_value import Json
from engine.model.subworkflows import COMPOSITES
from engine.model.workflow import Node
from engine.problem import Fix, Problem
from engine.validation.drawing import Drawing

OWN_FIELDS: Final = ("input", "output")
"""What a rollback knows of the step it undoes, as `${self.input}` and `${self.output}`."""
_AFTERWARDS: Final = ("self", "error")
_MAX_REMEMBERED: Final = 20_000
_Found: TypeAlias = "tuple[tuple[Use, ...], tuple[TemplateFault, ...]]"
_inspected: dict[int, tuple[Json, Mapping[str, Json] | None, _Found]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a reference stands: in a node's settings, or in the condition of a connection."""

    index: int
    pointer: str
    connection_id: str | None = None
    what: str
    is_condition: bool = False


def templates(drawing: Drawing) -> Iterator[Problem]:
    """Parameters can be read, and refer only to what is there when the step starts."""
    for index, node in enumerate(drawing.nodes):
        config = node.config
        if not config:
            continue
        node_type = drawing.types[index]
        schema = node_type.parameters if node_type is not None else None
        base = f"/nodes/{index}/config"
        yield from _template(drawing, index, _drawn(node), schema, f"{base}/parameters")
        if "rollback" not in config and "fallback" not in config:
            continue
        for role in ("rollback", "fallback"):
            described = config.get(role)
            if isinstance(described, Mapping):
                pointer = f"{base}/{role}/parameters"
                yield from _template(drawing, index, described.get("parameters"), None, pointer, role)


def _drawn(node: Node) -> Json:
    """The parameters that are filled in before the step begins: the conditions of a loop are not."""
    given = node.config.get("parameters")
    if node.type != LOOP or not isinstance(given, dict) or not any(key in given for key in LOOP_CONDITIONS):
        return given
    return {key: value for key, value in given.items() if key not in LOOP_CONDITIONS}


def _template(
    drawing: Drawing,
    index: int,
    value: Json,
    schema: Mapping[str, Json] | None,
    pointer: str,
    role: str = "",
) -> Iterator[Problem]:
    """role: rollback or fallback, whose parameters may refer to more than those of a step."""
    if not value:
        return
    uses, faults = _inspect(drawing, value, schema)
    for fault in faults:
        error = fault.error
        yield Problem(
            severity="error",
            code="template-bad",
            message=f"{drawing.label(index)}: {_last(fault.pointer)}{error.message}{_position(error)}",
            node_id=drawing.ids[index],
            pointer=pointer + fault.pointer,
            suggestion=error.hint,
        )
    for use in uses:
        if _is_plain(drawing, index, use.path.root):
            continue
        place = _Place(index=index, pointer=pointer + use.pointer, what=_last(use.pointer))
        if use.path.root in _AFTERWARDS:
            yield from _afterwards(drawing, place, use.path, role)
        elif role != "rollback" or _step_of(use.path) != drawing.ids[index]:  # it runs after its step
            yield from _reference(drawing, place, use.path, has_default=use.default is not MISSING)


def _is_plain(drawing: Drawing, index: int, root: str) -> bool:
    """Whether it is a step right before this one that may give anything: nearly every reference is."""
    target = drawing.index.get(root)
    if target is None or root in ROOTS or root in _AFTERWARDS or target == index:
        return False
    return target in drawing.predecessors[index] and not _closed_output(drawing, target)


def _afterwards(drawing: Drawing, place: _Place, path: Path, role: str) -> Iterator[Problem]:
    """`${self...}` stands in a rollback only, `${error}` in what runs because of an error."""
    if path.root == "error":
        if not role:
            message = f"${{{path}}}: there is an error only in a rollback or a fallback"
            failed = drawing.failing_before(place.index)
            meant = f"${{{failed}.{path}}}" if failed else ""
            yield _problem(drawing, place, "error", "reference-unknown", message, meant)
    elif role != "rollback":
        message = f"${{{path}}}: a step can refer to itself only in its rollback"
        yield _problem(drawing, place, "error", "reference-self", message, "")
    elif path.parts and path.parts[0] not in OWN_FIELDS:
        near = nearest(str(path.parts[0]), OWN_FIELDS)
        message = f"${{{path}}}: a rollback knows self.input and self.output"
        suggestion = f"${{{str(path).replace(str(path.parts[0]), near, 1)}}}" if near else ""
        yield _problem(drawing, place, "error", "reference-unknown", message, suggestion)
    elif path.parts[:1] == ("output",):
        yield from _field(drawing, place, path, place.index)


def _inspect(drawing: Drawing, value: Json, schema: Mapping[str, Json] | None) -> _Found:
    """What Template.inspect finds, remembered while a drawing is edited: values are replaced, not changed."""
    if drawing.inspected is not None:
        template, faults = drawing.inspected.inspect(value, schema)
        return template.uses, faults
    known = _inspected.get(id(value))
    if known is not None and known[0] is value and known[1] is schema:
        return known[2]
    if len(_inspected) >= _MAX_REMEMBERED:
        _inspected.clear()
    template, faults = Template.inspect(value, schema)
    found = (template.uses, faults)
    # The value is kept, so that its id cannot become another's.
    _inspected[id(value)] = (value, schema, found)
    return found


def _position(error: ExpressionError) -> str:
    return "" if error.position is None else f" (character {error.position + 1})"


def _last(pointer: str) -> str:
    """The parameter's name in front of a message."""
    name = pointer.split("/")[1] if pointer else ""
    return f"{name.replace('~1', '/').replace('~0', '~')}: " if name else ""


def conditions(drawing: Drawing) -> Iterator[Problem]:
    """Conditions can be read, and refer to the step they leave or to what came before it."""
    for position, connection in enumerate(drawing.connections):
        source = drawing.index.get(connection.source)
        if source is None or not connection.condition or not connection.condition.strip():
            continue
        pointer = f"/connections/{position}/condition"
        place = _Place(index=source, pointer=pointer, connection_id=connection.id, what="", is_condition=True)
        expression = yield from _condition(drawing, place, connection.condition)
        if expression is None:
            continue
        for node in expression.reference_nodes:
            if _step_of(node.path) == connection.source:
                yield from _field(drawing, place, node.path, source)
            else:
                yield from _reference(drawing, place, node.path, has_default=node.default is not MISSING)
        yield from _plain_names(drawing, place, expression)


def step_conditions(drawing: Drawing) -> Iterator[Problem]:
    """The condition of a first step of the plain form, which no connection carries, can be read."""
    for index, node in drawing.configured:
        condition = node.config.get("condition")
        if not isinstance(condition, str) or not condition.strip():
            continue
        place = _Place(
            index=index, pointer=f"/nodes/{index}/config/condition", what="condition: ", is_condition=True
        )
        expression = yield from _condition(drawing, place, condition)
        for reference in expression.reference_nodes if expression is not None else ():
            has_default = reference.default is not MISSING
            yield from _reference(drawing, place, reference.path, has_default=has_default)


def _condition(drawing: Drawing, place: _Place, source: str) -> Generator[Problem, None, Expression | None]:
    try:
        expression = compile_expression(source).expression
        yield from _secrets_in_condition(drawing, place, source)
        return expression
    except ExpressionError as error:
        yield _problem(drawing, place, "error", "condition-bad", error.message + _position(error), error.hint)
        return None


def _plain_names(drawing: Drawing, place: _Place, expression: Expression) -> Iterator[Problem]:
    """Plain names that can stand for nothing, where the source's node type says what it gives.

    Names under `exists`, `coalesce` and `?` may be absent; an expression that uses those is not judged.
    """
    properties = _closed_output(drawing, place.index)
    for name in expression.names:
        if name in properties or name == drawing.ids[place.index] or name in ROOTS:
            continue
        if name in drawing.index:
            yield from _reference(drawing, place, Path(name), has_default=False)
        elif properties and not any(_tolerates_absence(node) for node in syntax.walk(expression.tree)):
            label = drawing.label(place.index)
            message = f"{label} gives no {name}; it gives {', '.join(properties)}"
            near = nearest(name, [*properties, *drawing.ids])
            unknown = _problem(drawing, place, "warning", "name-unknown", message, near)
            fix = Fix(label=f"Use {near}", kind="text", wrong=name, right=near)
            yield replace(unknown, fixes=(fix,)) if near else unknown


def _tolerates_absence(node: syntax.Expr) -> bool:
    if isinstance(node, syntax.Call):
        return node.function in ("exists", "coalesce")
    return isinstance(node, syntax.Optional)


def _closed_output(drawing: Drawing, index: int) -> Mapping[str, Json]:
    """The fields of a step's output, where its node type says that there are no others; else nothing."""
    node, node_type = drawing.nodes[index], drawing.types[index]
    if node.type in (SUBWORKFLOW, LOOP):
        held = node.config.get("workflow")
        given = held.get("outputs") if isinstance(held, dict) else None
        return given if isinstance(given, dict) else {}
    if node_type is None or node_type.output_schema.get("additionalProperties") not in (None, False):
        return {}
    properties = node_type.output_schema.get("properties")
    return properties if isinstance(properties, dict) else {}


def _step_of(path: Path) -> str | None:
    """The step id that a path begins with; None for a root."""
    if path.root == "steps":
        return path.parts[0] if path.parts and isinstance(path.parts[0], str) else None
    return None if path.root in ROOTS else path.root


def _reference(drawing: Drawing, place: _Place, path: Path, *, has_default: bool) -> Iterator[Problem]:
    step = _step_of(path)
    if step is None:
        if path.root == "input":
            yield from _input(drawing, place, path, has_default=has_default)
        elif path.root == "secrets":
            yield from _secret(drawing, place, path)
        return
    target = drawing.index.get(step)
    if target is None:
        near = nearest(step, [*drawing.ids, *sorted(ROOTS)])
        message = f"there is no step {step}, which ${{{path}}} refers to"
        right = str(path).replace(step, near, 1) if near else ""
        yield _reference_problem(drawing, place, "error", "reference-unknown", message, path, right)
    elif target == place.index:
        message = f"${{{path}}} refers to the step itself, which has no output yet"
        yield _problem(drawing, place, "error", "reference-self", message, "")
    elif not drawing.is_upstream(target, place.index):
        here, there = drawing.label(place.index), drawing.label(target)
        message = f"${{{path}}} refers to {there}, which does not come before {here}"
        suggestion = f"Connect {there} to {here}, directly or through other steps."
        yield _problem(drawing, place, "error", "reference-not-upstream", message, suggestion)
    else:
        yield from _field(drawing, place, path, target)


_INPUTS: Final = "/config/parameters/inputs/"


def _secret(drawing: Drawing, place: _Place, path: Path) -> Iterator[Problem]:
    """`${secrets.NAME}` in parameters; in a condition all that may be asked is whether there is one."""
    if place.is_condition:
        return  # looked at as a whole, see `_secrets_in_condition`
    if drawing.nodes[place.index].type in COMPOSITES and _INPUTS not in place.pointer:
        message = f"${{{path}}}: a secret is handed to the steps inside among the inputs, and in no other way"
        yield _problem(drawing, place, "error", "secret-bad", message, "")
    elif len(path.parts) != 1 or not isinstance(path.parts[0], str):
        message = f"${{{path}}}: a secret is one text, and has a name"
        yield _problem(drawing, place, "error", "secret-bad", message, "${secrets.NAME}")


def _secrets_in_condition(drawing: Drawing, place: _Place, source: str) -> Iterator[Problem]:
    if "secrets" not in source:
        return
    for position in names_in_condition(source)[1]:
        where = "" if position is None else f" (character {position + 1})"
        message = f"a condition may only ask whether a secret is there{where}"
        yield _problem(drawing, place, "error", "secret-bad", message, "exists(secrets.NAME)")


def _field(drawing: Drawing, place: _Place, path: Path, target: int) -> Iterator[Problem]:
    """The first field of a step's output, where its node type says which there are."""
    parts = path.parts[1:] if path.root == "steps" else path.parts
    if parts and parts[0] in STEP_FIELDS and parts[0] != "output":
        return
    if parts and parts[0] == "output":
        parts = parts[1:]
    properties = _closed_output(drawing, target)
    if not parts or not properties or parts[0] in properties:
        return
    near = nearest(str(parts[0]), properties)
    message = f"${{{path}}}: {drawing.label(target)} gives no {parts[0]}; it gives {', '.join(properties)}"
    right = str(path).replace(str(parts[0]), near, 1) if near else ""
    yield _reference_problem(drawing, place, "warning", "field-unknown", message, path, right)


def _input(drawing: Drawing, place: _Place, path: Path, *, has_default: bool) -> Iterator[Problem]:
    """An input that the workflow does not declare: the run will ask for it without knowing its type."""
    declared = drawing.workflow.input_properties
    if has_default or not path.parts or not declared or path.parts[0] in declared:
        return
    name = str(path.parts[0])
    near = nearest(name, declared)
    message = f"${{{path}}}: the workflow has no input {name}"
    right = str(path).replace(name, near, 1) if near else ""
    found = _reference_problem(drawing, place, "warning", "input-unknown", message, path, right)
    suggestion = found.suggestion or f"Add {name} to the inputs of the workflow."
    add = Fix(label="Add it", kind="input", right=name)
    yield replace(found, suggestion=suggestion, fixes=(*found.fixes, add))


def _reference_problem(
    drawing: Drawing, place: _Place, severity: str, code: str, message: str, path: Path, right: str
) -> Problem:
    """A reference that leads nowhere, and the one that was probably meant, if any."""
    found = _problem(drawing, place, severity, code, message, f"${{{right}}}" if right else "")
    fix = Fix(label=f"Use {right}", kind="text", wrong=str(path), right=right)
    return replace(found, fixes=(fix,)) if right else found


def _problem(
    drawing: Drawing, place: _Place, severity: str, code: str, message: str, suggestion: str
) -> Problem:
    if place.connection_id is not None:
        where = f"Condition of the connection from {drawing.label(place.index)}: "
    else:
        where = f"{drawing.label(place.index)}: {place.what}"
    return Problem(
        severity="warning" if severity == "warning" else "error",
        code=code,
        message=where + message,
        node_id=None if place.connection_id is not None else drawing.ids[place.index],
        connection_id=place.connection_id,
        pointer=place.pointer,
        suggestion=suggestion,
    )
