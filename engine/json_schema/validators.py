"""JSON Schema (2020-12) with cached validators and messages in plain words.

The one place where a value meets a schema: node parameters and outputs, a run's inputs, what a person
answers, the workflow file itself, and the forms that are made of schemas.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from engine.expression.templates import escape_pointer
from engine.json_schema.formats import FORMATS
from engine.json_schema.quick import Predicate, quick_predicate
from engine.json_schema.schema_references import lost_references
from engine.json_schema.words import message_of

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, FormatChecker
    from jsonschema.exceptions import ValidationError

_NESTED: Final = frozenset({"anyOf", "oneOf"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong at one place of a value. `keyword` is the schema's keyword that refused it."""

    pointer: str
    message: str
    keyword: str
    instance: Any

    def to_json(self) -> dict[str, str]:
        """The form that SchemaValidationError and forms carry."""
        return {"pointer": self.pointer, "message": self.message}


@dataclass(frozen=True, slots=True, kw_only=True)
class Validator:
    """A schema ready for use; the complete validator is made when a value does not fit at first sight."""

    text: str
    quick: Predicate | None

    @property
    def complete(self) -> Draft202012Validator:
        """The one that finds what is wrong, and knows every keyword."""
        return _complete(self.text)

    def faults(self, value: object) -> list[Fault]:
        """Everything that is wrong with `value`, in the order of the schema; empty when it fits."""
        if self.quick is not None and self.quick(value):
            return []
        from referencing.exceptions import Unresolvable

        try:
            errors = list(self.complete.iter_errors(value))
        except Unresolvable as error:
            return [_schema_fault(f"the schema refers to {error.ref!r}, which is not in it", value)]
        except RecursionError:
            return [_schema_fault("the value or its schema is nested too deeply", value)]
        faults = [fault for error in errors for fault in _faults(error)]
        return list({(fault.pointer, fault.message): fault for fault in faults}.values())

    def errors(self, value: object) -> list[dict[str, str]]:
        """The faults as `{"pointer", "message"}`."""
        return [fault.to_json() for fault in self.faults(value)]


def validator(schema: Mapping[str, Any] | bool) -> Validator:
    """The validator of `schema`, made once for equal texts. Raises ValueError for a broken schema."""
    return _validator(json.dumps(schema, default=_plain))


def trusted_validator(schema: Mapping[str, Any]) -> Validator:
    """The validator of a schema that comes with the program: nobody looks whether it is one."""
    return Validator(text=json.dumps(schema), quick=quick_predicate(schema))


def validate(schema: Mapping[str, Any] | bool | None, value: object) -> list[dict[str, str]]:
    """`{"pointer", "message"}` for everything in `value` that does not fit; an empty schema takes all."""
    return validator(schema).errors(value) if schema else []


def schema_faults(schema: object) -> list[dict[str, str]]:
    """What makes `schema` itself no valid JSON Schema, or one that no value can be held against.

    The pointers lead into the schema.
    """
    return _broken(schema) or lost_references(schema)


def _broken(schema: object) -> list[dict[str, str]]:
    from jsonschema import Draft202012Validator

    meta = Draft202012Validator(Draft202012Validator.META_SCHEMA, format_checker=_format_checker())
    try:
        errors = list(meta.iter_errors(schema))
    except RecursionError:
        return [{"pointer": "", "message": "the schema is nested too deeply"}]
    return _distinct(fault for error in errors for fault in _faults(error))


@lru_cache(maxsize=1024)
def _validator(text: str) -> Validator:
    schema = json.loads(text)
    if broken := _broken(schema):
        first = broken[0]
        raise ValueError(f"not a JSON Schema: {first['pointer'] or 'it'} {first['message']}")
    return Validator(text=text, quick=quick_predicate(schema))


@lru_cache(maxsize=1024)
def _complete(text: str) -> Draft202012Validator:
    from jsonschema import Draft202012Validator
    from referencing import Registry

    # The registry is given explicitly, because the default one fetches unknown references over the network.
    return Draft202012Validator(json.loads(text), format_checker=_format_checker(), registry=Registry())


def _distinct(faults: Iterable[Fault]) -> list[dict[str, str]]:
    """Each fault once: the parts of the meta schema find the same one again and again."""
    return list({(fault.pointer, fault.message): fault.to_json() for fault in faults}.values())


@lru_cache(maxsize=1)
def _format_checker() -> FormatChecker:
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    for name, (fits, _) in FORMATS.items():
        checker.checks(name)(lambda value, fits=fits: not isinstance(value, str) or fits(value))
    return checker


def _faults(error: ValidationError) -> Iterator[Fault]:
    """One fault for each thing to mend: every missing and every unknown field is one of its own."""
    pointer = "".join(f"/{escape_pointer(str(part))}" for part in error.absolute_path)
    keyword = str(error.validator)
    if keyword == "required":
        # jsonschema reports each missing name as an error of its own, named in the message only.
        missing = [
            name for name in error.validator_value if f"{name!r} is a required property" == error.message
        ]
        for name in missing:
            yield Fault(
                pointer=f"{pointer}/{escape_pointer(name)}",
                message="is required",
                keyword=keyword,
                instance=None,
            )
        return
    if keyword in ("additionalProperties", "unevaluatedProperties") and isinstance(error.instance, Mapping):
        known = error.schema.get("properties", {})
        patterns = error.schema.get("patternProperties", {})
        unknown = [name for name in error.instance if name not in known]
        if error.validator_value is False and not patterns and unknown:
            for name in unknown:
                yield Fault(
                    pointer=f"{pointer}/{escape_pointer(name)}",
                    message=message_of(error, unknown=name, known=known),
                    keyword=keyword,
                    instance=name,
                )
            return
    if keyword in _NESTED and (inner := _deepest(error)) is not None:
        yield from _faults(inner)
        return
    yield Fault(pointer=pointer, message=message_of(error), keyword=keyword, instance=error.instance)


def _deepest(error: ValidationError) -> ValidationError | None:
    """The one fault inside that says it better: where a single branch gets past the type of the value."""
    branches: dict[object, list[ValidationError]] = {}
    for inner in error.context or ():
        if inner.validator is not None:  # else a branch that is `false`: nothing fits it, nor is nearer to it
            branches.setdefault(inner.schema_path[0], []).append(inner)
    near = [
        errors
        for errors in branches.values()
        if not any(e.validator in ("type", "const") and not e.path for e in errors)
    ]
    return near[0][0] if len(near) == 1 and len(near[0]) == 1 else None


def _schema_fault(message: str, value: object) -> Fault:
    return Fault(pointer="", message=message, keyword="$ref", instance=value)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise ValueError(f"not a JSON Schema: it holds a {type(value).__name__}")
