"""What a paused run asks for, and where the answers go: pure functions over the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.errors import ExpressionError, FormRequired, SchemaValidationError
from engine.expression import Path, Template
from engine.expression.paths import output_path
from engine.expression.secret_text import names_in
from engine.expression.templates import escape_pointer
from engine.json_schema.validators import validate
from engine.model.json_value import Json
from engine.plan.step import Plan, Step
from engine.run.activity import Activity

Needed = dict[str, Any]
_ASKED_LATER = frozenset({"required", "minProperties", "dependentRequired"})
_COMBINED = ("anyOf", "oneOf", "allOf")


@dataclass(slots=True)
class Supplied:
    """Answers, sorted: values for the run's inputs (step paths under their full path), and whole forms.

    parts: those for the parts of composite steps, however deep, by the part's id. conditions: those that
    count in place of the ones of connections. is_answer: what asks goes on, and what is only held does not.
    turn: one step that is held in the execution of this id goes on, and every other step is held.
    """

    inputs: dict[str, Json] = field(default_factory=dict)
    forms: dict[int, Json] = field(default_factory=dict)
    parts: dict[str, Supplied] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)
    is_answer: bool = False
    turn: str = ""

    def __bool__(self) -> bool:
        """Whether anything was answered at all."""
        return bool(self.inputs or self.forms or self.conditions or self.parts)

    def masked(self, mask: Callable[[Json], Json]) -> Supplied:
        """The same, with no secret in the answers to forms: they become outputs."""
        for each in (self, *self.parts.values()):
            each.forms = {number: mask(answer) for number, answer in each.forms.items()}
        return self

    def of(self, part_id: str) -> Supplied:
        """What concerns a part, and the parts within it."""
        own = self.parts.get(part_id, Supplied())
        return replace(own, parts=self.parts, is_answer=self.is_answer, turn=self.turn)


def ask_for_values(plan: Plan, step: Step, missing: Sequence[str]) -> list[Needed]:
    """One entry for each missing path, with the schema that the workflow gives for it, if any."""
    return [_needed_value(plan, step, path) for path in missing]


def ask_by_form(step: Step, form: FormRequired) -> list[Needed]:
    """The entry for a form: its answers become the step's output."""
    return [
        {
            "step_id": step.id,
            "path": f"{step.id}.output",
            "name": step.id,
            "schema": form.schema,
            "title": form.title,
            "text": form.text,
            "form": True,
        }
    ]


def sort_answers(
    plan: Plan, input_data: Mapping[str, Json], paused: Sequence[Activity], answers: Mapping[str, Json]
) -> Supplied:
    """Where each answer belongs; raises SchemaValidationError, with all that is wrong, when one does not fit.

    A key is an input's name, a full path such as `input.user.name` or `check.output.total`, or the path of a
    form (`approve.output`, or one field of it: `approve.output.reason`).
    """
    supplied = Supplied()
    forms = {activity.step.id: activity for activity in paused if activity.form is not None}
    asked = {item["path"]: item for activity in paused for item in activity.needed}
    fields: dict[str, dict[str, Json]] = {}
    errors: list[dict[str, str]] = []
    for key, value in answers.items():
        path = _path(key)
        if path is not None and path.root == "steps":
            path = output_path(path)
        root = root_of(key)
        if root in forms:
            _sort_form_answer(root, path, value, fields, supplied, forms)
        elif path is not None and root == "input" and path.parts:
            put(supplied.inputs, input_data, path, value)
        elif key not in plan.workflow.input_properties and (key in asked or (path and root in plan.numbers)):
            schema = asked.get(key, {}).get("schema") or _schema_of_output(plan, path)
            errors += _faults(schema, value, "/" + escape_pointer(key))
            for spelling in _spellings(key, path):
                supplied.inputs[spelling] = value
        else:
            supplied.inputs[key] = value
    for step_id, answer in fields.items():
        supplied.forms[plan.numbers[step_id]] = dict(answer)
    errors += _input_faults(plan, input_data, supplied.inputs)
    for number, form_answer in supplied.forms.items():
        activity = forms[plan.steps[number].id]
        pointer = "/" + escape_pointer(activity.step.id)
        errors += _faults(activity.form or {}, form_answer, pointer)
        # It becomes the step's output, and has to be what the step promises.
        errors += _faults(activity.step.output_schema, form_answer, pointer)
    if errors:
        raise SchemaValidationError("input", errors, hint="The run stays paused; correct the values.")
    return supplied


def check_input(plan: Plan, input_data: Mapping[str, Json]) -> None:
    """Refuse values that are there and wrong; one that is absent is asked for when a step needs it."""
    errors = _input_faults(plan, {}, input_data)
    if errors:
        raise SchemaValidationError("input", errors)


def _needed_value(plan: Plan, step: Step, text: str) -> Needed:
    path = _path(text)
    schema: Mapping[str, Any] = {}
    name = text
    if path is not None and path.root == "secrets" and path.parts:
        secret = str(path.parts[0])
        schema = {"type": "string", "format": "password", "x-secret": True, "minLength": 1, "title": secret}
        needed = {"step_id": step.id, "path": text, "name": name, "schema": schema, "title": secret}
        return {**needed, "secret": secret}
    if path is not None and path.root == "input" and path.parts:
        name = str(path).removeprefix("input.")
        schema = _below(plan.workflow.inputs, path.parts)
    elif path is not None and path.root in plan.numbers:
        schema = _schema_of_output(plan, path)
    title = schema.get("title")
    needed = {
        "step_id": step.id,
        "path": text,
        "name": name,
        "schema": dict(schema),
        "title": title if isinstance(title, str) else name,
    }
    if "default" in schema and not Template.inspect(schema["default"])[0].uses:
        needed["last_value"] = schema["default"]
    return needed


def _schema_of_output(plan: Plan, path: Path | None) -> Mapping[str, Any]:
    """What the workflow says of a value that a step gives, however its path is spelt."""
    if path is None or path.root not in plan.numbers:
        return {}
    return _below(plan.step(path.root).output_schema, output_path(path).parts[1:])


def _sort_form_answer(
    step_id: str,
    path: Path | None,
    value: Json,
    fields: dict[str, dict[str, Json]],
    supplied: Supplied,
    forms: Mapping[str, Activity],
) -> None:
    parts = path.parts if path else ()
    if parts[:1] == ("output",):
        parts = parts[1:]
    if parts:
        fields.setdefault(step_id, {})[".".join(map(str, parts))] = value
    elif isinstance(value, dict):
        fields.setdefault(step_id, {}).update(value)
    else:
        supplied.forms[forms[step_id].step.index] = value


def _input_faults(plan: Plan, before: Mapping[str, Json], given: Mapping[str, Json]) -> list[dict[str, str]]:
    """What is wrong with the inputs that are there. Values for step paths have schemas of their own."""
    if not plan.workflow.inputs or not (schema := _of_what_is_there(plan.workflow.inputs)):
        return []
    properties = plan.workflow.input_properties
    declared = {
        key: value
        for key, value in {**before, **given}.items()
        if (key in properties or not _names_a_step(plan, key)) and not names_in(value)
    }
    return [dict(fault) for fault in validate(schema, declared)]


def _of_what_is_there(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of inputs without what it says of those that are absent: the run asks for them in time."""
    kept = {key: value for key, value in schema.items() if key not in _ASKED_LATER}
    for key in _COMBINED:
        if any("required" in each for each in kept.get(key, ()) if isinstance(each, Mapping)):
            del kept[key]
    return kept


def _names_a_step(plan: Plan, key: str) -> bool:
    """Whether it is the path of a step's output, or of an input of the parts of a step."""
    path = _path(key)
    return bool(path and path.parts and path.root in plan.numbers) or key.partition("/")[0] in plan.numbers


def _faults(schema: Mapping[str, Any], value: Json, pointer: str) -> list[dict[str, str]]:
    if not schema:
        return []
    return [
        {"pointer": pointer + fault["pointer"], "message": fault["message"]}
        for fault in validate(schema, value)
    ]


def put(inputs: dict[str, Json], before: Mapping[str, Json], path: Path, value: Json) -> None:
    """Set one value deep in an input, leaving what else the input holds."""
    top, *rest = path.parts
    if not rest:
        inputs[str(top)] = value
        return
    here = inputs.get(str(top), before.get(str(top)))
    root: dict[str, Json] = dict(here) if isinstance(here, dict) else {}
    inputs[str(top)] = root
    for part in rest[:-1]:
        below = root.get(str(part))
        copied: dict[str, Json] = dict(below) if isinstance(below, dict) else {}
        root[str(part)] = copied
        root = copied
    root[str(rest[-1])] = value


def _spellings(key: str, path: Path | None) -> set[str]:
    """The path as it was given, and as it is looked for."""
    return {key} if path is None else {str(path), str(output_path(path))}


def _below(schema: Mapping[str, Any], parts: Sequence[str | int]) -> Mapping[str, Any]:
    """The schema of a value inside; empty where the schema does not say."""
    for part in parts:
        inner = schema.get("items") if isinstance(part, int) else (schema.get("properties") or {}).get(part)
        if not isinstance(inner, Mapping):
            return {}
        schema = inner
    return schema


def root_of(key: str) -> str:
    """What an answer begins with: `input`, or a step's id; a key that is no path is a name as it stands."""
    path = _path(key)
    if path is None:
        return key
    return output_path(path).root


def _path(text: str) -> Path | None:
    try:
        return Path.parse(text)
    except ExpressionError:
        return None
