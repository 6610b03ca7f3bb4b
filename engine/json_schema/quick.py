"""A fast yes for values that fit their schema.

A run validates every step's parameters and output, and a file of 10,000 nodes is validated when it is
opened; nearly always everything fits. For schemas that use only the keywords below a predicate of
closures says so in microseconds. Where it says no, or where a schema uses anything else, the complete
validator decides and finds the words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from engine.json_schema.formats import FORMATS

Predicate: TypeAlias = Callable[[Any], bool]

# Keywords that say nothing about validity.
_ANNOTATIONS: Final = frozenset(
    {"$schema", "$id", "$comment", "$defs", "title", "description", "default", "examples", "deprecated",
     "readOnly", "writeOnly"}
)  # fmt: skip
# Tuples, as a union of types is made anew at every call; dict first, as asking an abstract class is slow.
_OBJECT: Final = (dict, Mapping)
_PLAIN: Final = (str, int, float, type(None))
_REF_PREFIX: Final = "#/$defs/"


class _Unsupported(Exception):
    """The schema uses a keyword that only the complete validator knows."""


def quick_predicate(schema: object) -> Predicate | None:
    """A predicate that is true only for values that fit `schema`; None where it cannot be made."""
    try:
        return _Builder(schema).build(schema)
    except (_Unsupported, RecursionError, re.error, TypeError):
        return None


class _Builder:
    def __init__(self, root: object) -> None:
        definitions = root.get("$defs") if isinstance(root, Mapping) else None
        self._definitions: Mapping[str, Any] = definitions if isinstance(definitions, Mapping) else {}
        self._built: dict[str, Predicate | None] = {}

    def build(self, schema: object) -> Predicate:
        if schema is True:
            return lambda value: True
        if schema is False:
            return lambda value: False
        if not isinstance(schema, Mapping):
            raise _Unsupported
        checks = [
            check for key, rule in schema.items() if (check := self._keyword(key, rule, schema)) is not None
        ]
        if not checks:
            return lambda value: True
        if len(checks) == 1:
            return checks[0]
        if len(checks) == 2:
            first, second = checks
            return lambda value: first(value) and second(value)
        if len(checks) == 3:
            one, two, three = checks
            return lambda value: one(value) and two(value) and three(value)
        return lambda value: all(check(value) for check in checks)

    def _keyword(self, key: str, rule: Any, schema: Mapping[str, Any]) -> Predicate | None:
        if key in _ANNOTATIONS or key.startswith("x-"):
            return None
        match key:
            case "type":
                return _type(rule)
            case "properties":
                return self._properties(rule)
            case "required":
                return _required(rule)
            case "additionalProperties":
                return self._additional(rule, schema)
            case "items":
                return self._items(rule, schema)
            case "enum" | "const":
                return _one_of(rule if key == "enum" else [rule])
            case "allOf" | "anyOf" | "oneOf":
                return self._combined(key, rule)
            case "$ref":
                return self._reference(rule)
            case "format":
                return _format(rule)
            case "pattern":
                pattern = re.compile(rule)
                return lambda value: not isinstance(value, str) or pattern.search(value) is not None
        return _limit(key, rule)

    def _properties(self, rule: Any) -> Predicate:
        checks = {name: (_sure_types(schema), self.build(schema)) for name, schema in _object(rule).items()}
        find = checks.get

        def properties(value: Any) -> bool:
            if type(value) is not dict and not isinstance(value, Mapping):
                return True
            for name, item in value.items():
                known = find(name)
                if known is not None and type(item) not in known[0] and not known[1](item):
                    return False
            return True

        return properties

    def _additional(self, rule: Any, schema: Mapping[str, Any]) -> Predicate:
        if "patternProperties" in schema:
            raise _Unsupported
        known = frozenset(_object(schema.get("properties", {})))
        if rule is False:
            return lambda value: not isinstance(value, _OBJECT) or known.issuperset(value)
        check = self.build(rule)
        return lambda value: (
            not isinstance(value, _OBJECT)
            or all(check(item) for name, item in value.items() if name not in known)
        )

    def _items(self, rule: Any, schema: Mapping[str, Any]) -> Predicate:
        if "prefixItems" in schema:
            raise _Unsupported
        check = self.build(rule)
        return lambda value: not isinstance(value, list) or all(map(check, value))

    def _combined(self, key: str, rule: Any) -> Predicate:
        if not isinstance(rule, list):
            raise _Unsupported
        if key == "oneOf" and all(
            isinstance(each, Mapping) and isinstance(each.get("const"), str) for each in rule
        ):
            # The usual choice: equal texts, each with a title.
            choices = frozenset(each["const"] for each in rule)
            if len(choices) == len(rule) and all(set(each) <= {"const", *_ANNOTATIONS} for each in rule):
                return lambda value: isinstance(value, str) and value in choices
        checks = [self.build(each) for each in rule]
        if key == "allOf":
            return lambda value: all(check(value) for check in checks)
        if key == "anyOf":
            return lambda value: any(check(value) for check in checks)
        return lambda value: sum(check(value) for check in checks) == 1

    def _reference(self, rule: Any) -> Predicate:
        name = (
            rule.removeprefix(_REF_PREFIX) if isinstance(rule, str) and rule.startswith(_REF_PREFIX) else ""
        )
        if name not in self._definitions or "/" in name:
            raise _Unsupported
        if name not in self._built:
            self._built[name] = None
            self._built[name] = self.build(self._definitions[name])
        built = self._built[name]
        if built is None:
            # Recursive: looked up when it is called, when building is over.
            def recursive(value: Any) -> bool:
                check = self._built[name]
                return check is not None and check(value)

            return recursive
        return built


def _type(rule: Any) -> Predicate:
    names = rule if isinstance(rule, list) else [rule]
    if len(names) == 1:
        try:
            return _TYPES[names[0]]
        except KeyError:
            raise _Unsupported from None
    checks = [_type(name) for name in names]
    exact = _exact(names)
    return lambda value: type(value) in exact or any(check(value) for check in checks)


def _sure_types(schema: Any) -> frozenset[type]:
    """The Python types whose values fit whatever they are, so that most need no call."""
    if not isinstance(schema, Mapping) or "type" not in schema:
        return frozenset()
    if not all(key == "type" or key in _ANNOTATIONS or key.startswith("x-") for key in schema):
        return frozenset()
    return _exact(schema["type"] if isinstance(schema["type"], list) else [schema["type"]])


def _exact(names: list[Any]) -> frozenset[type]:
    return frozenset().union(*(_EXACT_TYPES.get(name, ()) for name in names))


def _required(rule: Any) -> Predicate:
    if not isinstance(rule, list):
        raise _Unsupported
    names = tuple(rule)
    if len(names) == 1:
        only = names[0]
        return lambda value: only in value if type(value) is dict else _has_all(value, names)
    return lambda value: _has_all(value, names)


def _has_all(value: Any, names: tuple[Any, ...]) -> bool:
    return not isinstance(value, _OBJECT) or all(name in value for name in names)


def _one_of(choices: Any) -> Predicate:
    if not isinstance(choices, list) or not all(isinstance(each, _PLAIN) for each in choices):
        raise _Unsupported
    # 1 and true are equal in Python and different in JSON.
    allowed = frozenset((isinstance(each, bool), each) for each in choices)
    return lambda value: isinstance(value, _PLAIN) and (isinstance(value, bool), value) in allowed


def _format(rule: Any) -> Predicate | None:
    checked = FORMATS.get(rule)
    if checked is None:
        return None
    fits = checked[0]
    return lambda value: not isinstance(value, str) or fits(value)


def _limit(key: str, limit: Any) -> Predicate:
    if isinstance(limit, bool) or not isinstance(limit, (int, float)):
        raise _Unsupported
    try:
        return _LIMITS[key](limit)
    except KeyError:
        raise _Unsupported from None


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _Unsupported
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_TYPES: Final[Mapping[str, Predicate]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: _is_number(value) and (isinstance(value, int) or value.is_integer()),
    "number": _is_number,
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}
_EXACT_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "null": (type(None),),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "array": (list,),
    "object": (dict,),
}
_LIMITS: Final[Mapping[str, Callable[[Any], Predicate]]] = {
    "minimum": lambda limit: lambda value: not _is_number(value) or value >= limit,
    "maximum": lambda limit: lambda value: not _is_number(value) or value <= limit,
    "exclusiveMinimum": lambda limit: lambda value: not _is_number(value) or value > limit,
    "exclusiveMaximum": lambda limit: lambda value: not _is_number(value) or value < limit,
    "minLength": lambda limit: lambda value: not isinstance(value, str) or len(value) >= limit,
    "maxLength": lambda limit: lambda value: not isinstance(value, str) or len(value) <= limit,
    "minItems": lambda limit: lambda value: not isinstance(value, list) or len(value) >= limit,
    "maxItems": lambda limit: lambda value: not isinstance(value, list) or len(value) <= limit,
    "minProperties": lambda limit: lambda value: not isinstance(value, dict) or len(value) >= limit,
    "maxProperties": lambda limit: lambda value: not isinstance(value, dict) or len(value) <= limit,
}
