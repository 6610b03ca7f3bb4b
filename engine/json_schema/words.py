"""Says in plain words why a value does not fit its schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from engine.expression.suggestions import nearest
from engine.json_schema.formats import FORMATS

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_MAX_SHOWN: Final = 60
_MAX_FORMS: Final = 5
_TYPE_WORDS: Final = {
    "null": "empty",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "array": "a list",
    "object": "an object",
}


def message_of(error: ValidationError, *, unknown: str = "", known: Iterable[str] = ()) -> str:
    """The message for one error; `unknown` is the field that is not among `known`."""
    keyword, rule, value = str(error.validator), error.validator_value, error.instance
    if unknown:
        near = nearest(unknown, known)
        return "is not known here" + (f"; did you mean {near}?" if near else "")
    if keyword == "oneOf" and not error.context:
        return "fits more than one of the forms, of which it may have one"
    words = _WORDS.get(keyword)
    return words(rule, value) if words is not None else error.message


def shown(value: object) -> str:
    """A value as messages show it: JSON, cut to a readable length."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = str(type(value).__name__)
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"


def type_words(value: object) -> str:
    """The JSON type of a value that is not null, in words."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "an object" if isinstance(value, Mapping) else "a list"


def _type(rule: Any, value: object) -> str:
    names = rule if isinstance(rule, list) else [rule]
    wanted = " or ".join(_TYPE_WORDS.get(name, str(name)) for name in names)
    if value is None:
        return f"must be {wanted}, but is empty"
    if isinstance(value, float) and names == ["integer"]:
        return f"must be a whole number, not {shown(value)}"
    return f"must be {wanted}, not {type_words(value)}"


def _enum(rule: Any, value: object) -> str:
    choices = ", ".join(shown(choice) for choice in rule[:12])
    more = ", ..." if len(rule) > 12 else ""
    return f"must be one of {choices}{more}, not {shown(value)}"


def _one_of(rule: Any, value: object) -> str:
    choices = [each.get("const") for each in rule if isinstance(each, Mapping) and "const" in each]
    if choices and len(choices) == len(rule):
        return _enum(choices, value)
    forms = [_form(each) for each in rule]
    if all(forms) and len(forms) <= _MAX_FORMS:
        listed = " or ".join([", ".join(forms[:-1]), forms[-1]] if len(forms) > 1 else forms)
        return f"must be {listed}, not {shown(value)}"
    return (
        f"does not fit any of the {len(rule)} allowed forms"
        if len(rule) > 1
        else "does not fit the allowed form"
    )


def _form(branch: Any) -> str:
    """One of several forms in a few words; "" when it takes more than that."""
    if not isinstance(branch, Mapping):
        return ""
    if "const" in branch:
        return shown(branch["const"])
    kind = branch.get("type")
    if kind == "object":
        fields = branch.get("required") or list(branch.get("properties") or ())
        return f"an object with {' and '.join(map(str, fields))}" if fields else "an object"
    return _TYPE_WORDS.get(kind, "") if isinstance(kind, str) else ""


def _min_length(rule: Any, value: object) -> str:
    return "must not be empty" if rule == 1 else f"must have at least {rule} characters"


def _min_items(rule: Any, value: object) -> str:
    return "must have at least one entry" if rule == 1 else f"must have at least {rule} entries"


def _format(rule: Any, value: object) -> str:
    checked = FORMATS.get(rule)
    return f"{checked[1]}, not {shown(value)}" if checked else f"must be a valid {rule}"


def _dependent(rule: Any, value: Any) -> str:
    pairs = ((name, other) for name, others in rule.items() if name in value for other in others)
    name, other = next((pair for pair in pairs if pair[1] not in value), ("", ""))
    return f"needs {other} as well when {name} is given"


_WORDS: Final[Mapping[str, Callable[[Any, Any], str]]] = {
    "type": _type,
    "enum": _enum,
    "const": lambda rule, value: f"must be {shown(rule)}, not {shown(value)}",
    "oneOf": _one_of,
    "anyOf": _one_of,
    "not": lambda rule, value: f"must not be {shown(value)}",
    "minimum": lambda rule, value: f"must be at least {rule}, not {shown(value)}",
    "maximum": lambda rule, value: f"must be at most {rule}, not {shown(value)}",
    "exclusiveMinimum": lambda rule, value: f"must be more than {rule}, not {shown(value)}",
    "exclusiveMaximum": lambda rule, value: f"must be less than {rule}, not {shown(value)}",
    "multipleOf": lambda rule, value: f"must be a multiple of {rule}, not {shown(value)}",
    "minLength": _min_length,
    "maxLength": lambda rule, value: f"must have at most {rule} characters, not {len(value)}",
    "pattern": lambda rule, value: f"must match the pattern {rule}, as {shown(value)} does not",
    "format": _format,
    "minItems": _min_items,
    "maxItems": lambda rule, value: f"must have at most {rule} entries, not {len(value)}",
    "uniqueItems": lambda rule, value: "must not have the same entry twice",
    "contains": lambda rule, value: "does not have the entry that is needed",
    "minProperties": lambda rule, value: f"must have at least {rule} fields",
    "maxProperties": lambda rule, value: f"must have at most {rule} fields",
    "propertyNames": lambda rule, value: "has a field with a name that is not allowed",
    "dependentRequired": _dependent,
    "additionalProperties": lambda rule, value: "has a field that is not known here",
    "unevaluatedProperties": lambda rule, value: "has a field that is not known here",
    "None": lambda rule, value: "is not allowed here",
}
