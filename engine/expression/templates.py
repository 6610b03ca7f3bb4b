"""Templates: parameters in which `${path}` stands for a value of the run.

    template := ( text | "$${" | ref )*       "$${" is a literal "${"

A text that is exactly one reference keeps the value's type; within other text, texts go in raw and
anything else as compact JSON. One pass: what was filled in is never looked at again, so a value cannot
inject a reference. The keys of objects are no templates.

A parameter whose schema has the format `expression` or `condition` is not filled in as text: it gives
`{"$expression": source, "values": {path: value}}`, for the action to compile with bound values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from engine.errors import ExpressionError, MissingInputError
from engine.expression.functions import text_of
from engine.expression.parser import parse
from engine.expression.paths import MISSING, NAME_PATTERN, Missing, Path
from engine.expression.references import OPENING, ScannedReference, scan_reference
from engine.expression.secret_text import join
from engine.model.json_value import CONTAINERS, Json, copied
from engine.model.quick_made import quick_made

Lookup: TypeAlias = "Callable[[Path], Json | Missing]"
_Part: TypeAlias = "Callable[[Lookup, list[str]], Json]"

EXPRESSION_KEY: Final = "$expression"
VALUES_KEY: Final = "values"
EXPRESSION_FORMATS: Final = frozenset({"expression", "condition"})
MAX_DEPTH: Final = 100
_ESCAPED: Final = "$" + OPENING
_REMEMBERED_LENGTH: Final = 200
_ONLY_NAMES = re.compile(rf"\$\{{({NAME_PATTERN})((?:\.{NAME_PATTERN})*)\}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One reference of a template. `pointer` is a JSON Pointer into the template's value."""

    path: Path
    default: Json | Missing
    pointer: str


_new_use: Final = quick_made(Use)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFault:
    """A text in a template that cannot be read."""

    pointer: str
    error: ExpressionError


class Template:
    """A parsed value: parse once, resolve for every attempt. Immutable; any thread may resolve it."""

    __slots__ = ("_part", "uses")

    def __init__(self, part: _Part, uses: tuple[Use, ...]) -> None:
        self._part = part
        self.uses = uses

    @staticmethod
    def parse(value: Json, schema: Mapping[str, Json] | None = None) -> Template:
        """The template of a JSON value. Raises ExpressionError at the first text that cannot be read."""
        template, faults = Template.inspect(value, schema)
        if faults:
            raise faults[0].error
        return template

    @staticmethod
    def inspect(
        value: Json, schema: Mapping[str, Json] | None = None
    ) -> tuple[Template, tuple[TemplateFault, ...]]:
        """The template and everything in it that cannot be read; such texts resolve to themselves."""
        if not value and isinstance(value, Mapping):
            return _EMPTY, ()
        compiler = _Compiler()
        part = compiler.value(value, schema, "", 1)
        return Template(part, tuple(compiler.uses)), tuple(compiler.faults)

    @property
    def references(self) -> tuple[Path, ...]:
        """The paths it refers to, each once, in order."""
        return tuple(dict.fromkeys(use.path for use in self.uses))

    def resolve(self, lookup: Lookup) -> Json:
        """The value with every reference filled in; containers are new, looked-up values are passed on.

        Raises MissingInputError naming the first path without a value, and all of them in `missing`.
        """
        missing: list[str] = []
        resolved = self._part(lookup, missing)
        if missing:
            paths = tuple(dict.fromkeys(missing))
            raise MissingInputError(paths[0], missing=paths)
        return resolved


class Inspected:
    """The templates of one workflow: those that its check has read are those that its plan resolves.

    Known by the value they were read from, so it is for one look at a workflow during which nobody else runs:
    whoever handed the workflow over may change what is in it afterwards.
    """

    def __init__(self) -> None:
        # The value is kept, so that its id cannot become another's.
        self._found: dict[int, tuple[Json, Mapping[str, Json] | None, _Inspection]] = {}

    def inspect(self, value: Json, schema: Mapping[str, Json] | None = None) -> _Inspection:
        """As Template.inspect, and the same answer for the same value and schema."""
        schema = schema or None
        known = self._found.get(id(value))
        if known is not None and known[1] is schema:
            return known[2]
        found = Template.inspect(value, schema)
        self._found[id(value)] = (value, schema, found)
        return found


_Inspection: TypeAlias = "tuple[Template, tuple[TemplateFault, ...]]"


class _Compiler:
    __slots__ = ("faults", "uses")

    def __init__(self) -> None:
        self.uses: list[Use] = []
        self.faults: list[TemplateFault] = []

    def value(self, value: Json, schema: Mapping[str, Json] | None, pointer: str, depth: int) -> _Part:
        if depth > MAX_DEPTH:
            error = ExpressionError(f"the parameters are nested deeper than {MAX_DEPTH} levels")
            self.faults.append(TemplateFault(pointer=pointer, error=error))
            return _constant(None)
        if isinstance(value, str):
            try:
                if schema is not None and schema.get("format") in EXPRESSION_FORMATS:
                    return self._expression(value, pointer)
                return self._text(value, pointer) if OPENING in value else _constant(value)
            except ExpressionError as error:
                self.faults.append(TemplateFault(pointer=pointer, error=error))
                return _constant(value)
        if type(value) is dict or isinstance(value, Mapping):
            return self._object(value, schema, pointer, depth)
        if isinstance(value, (list, tuple)):
            items = schema.get("items") if schema is not None else None
            inner = items if isinstance(items, Mapping) else None
            parts = [
                self.value(item, inner, f"{pointer}/{index}", depth + 1) for index, item in enumerate(value)
            ]
            return lambda lookup, missing: [part(lookup, missing) for part in parts]
        return _constant(value)

    def _object(
        self, value: Mapping[str, Json], schema: Mapping[str, Json] | None, pointer: str, depth: int
    ) -> _Part:
        properties = schema.get("properties") if schema is not None else None
        if not isinstance(properties, Mapping):
            properties = None
        parts: list[tuple[str, _Part]] = []
        for key, item in value.items():
            if not isinstance(key, str):
                error = ExpressionError(f"the key {key!r} must be text")
                self.faults.append(TemplateFault(pointer=pointer, error=error))
                continue
            inner = properties.get(key) if properties is not None else None
            inner = inner if isinstance(inner, Mapping) else None
            if type(item) is str and OPENING not in item and inner is None and depth < MAX_DEPTH:
                parts.append((key, _constant(item)))
            else:
                parts.append((key, self.value(item, inner, f"{pointer}/{escape_pointer(key)}", depth + 1)))

        if len(parts) == 1:
            [(name, only)] = parts
            return lambda lookup, missing: {name: only(lookup, missing)}

        def fill(lookup: Lookup, missing: list[str]) -> Json:
            filled: dict[str, Json] = {}
            for key, part in parts:  # in a step's way: a comprehension would be a call of its own
                filled[key] = part(lookup, missing)
            return filled

        return fill

    def _text(self, text: str, pointer: str) -> _Part:
        pieces = _scanned(text) if len(text) <= _REMEMBERED_LENGTH else _scan(text)
        if len(pieces) == 1:
            (only,) = pieces
            if isinstance(only, str):
                return _constant(only)
            use = _new_use(path=only.path, default=only.default, pointer=pointer)
            self.uses.append(use)
            return _reference(use)
        filled = [
            part if isinstance(part, str) else Use(path=part.path, default=part.default, pointer=pointer)
            for part in pieces
        ]
        self.uses += [part for part in filled if isinstance(part, Use)]
        if all(isinstance(part, str) for part in filled):
            return _constant("".join(map(str, filled)))
        return _joined([part if isinstance(part, str) else _reference(part) for part in filled])

    def _expression(self, source: str, pointer: str) -> _Part:
        """An empty expression stays empty: whether one is required, the schema says."""
        if not source.strip():
            return _constant(source)
        uses: dict[str, Use] = {}
        for node in parse(source).reference_nodes:
            key = str(node.path)
            use = Use(path=node.path, default=node.default, pointer=pointer)
            if key in uses and uses[key] != use:
                raise ExpressionError(
                    f"${{{key}}} is used with two different defaults", source=source, position=node.position
                )
            uses[key] = use
        self.uses += uses.values()
        parts = [(key, _reference(use)) for key, use in uses.items()]
        return lambda lookup, missing: {
            EXPRESSION_KEY: source,
            VALUES_KEY: {key: part(lookup, missing) for key, part in parts},
        }


def _scan(text: str) -> tuple[str | ScannedReference, ...]:
    """The text in pieces that are not empty: what stands as it is, and references."""
    plain = _ONLY_NAMES.fullmatch(text)
    if plain is not None:  # nearly every template: one reference, of names alone
        path = Path(plain[1], tuple(plain[2].split(".")[1:]))
        return (ScannedReference(path=path, default=MISSING, end=len(text)),)
    parts: list[str | ScannedReference] = []
    position = 0
    while (found := text.find(OPENING, position)) >= 0:
        if text.startswith(_ESCAPED, found - 1) and found > position:
            parts += (text[position : found - 1], OPENING)
            position = found + len(OPENING)
            continue
        reference = scan_reference(text, found)
        parts += (text[position:found], reference)
        position = reference.end
    parts.append(text[position:])
    return tuple(part for part in parts if part != "")


# What is checked when a workflow starts is compiled right after.
_scanned = lru_cache(maxsize=16_384)(_scan)


def escape_pointer(key: str) -> str:
    """A key as one part of a JSON Pointer."""
    if "~" not in key and "/" not in key:
        return key
    return key.replace("~", "~0").replace("/", "~1")


def _constant(value: Json) -> _Part:
    return lambda lookup, missing: value


_EMPTY: Final = Template(lambda lookup, missing: {}, ())


def _reference(use: Use) -> _Part:
    path, default = use.path, use.default

    def reference(lookup: Lookup, missing: list[str]) -> Json:
        value = lookup(path)
        if value is not MISSING:
            # An action may change what it is given; what others were given must stay as it was.
            return copied(value) if isinstance(value, CONTAINERS) else value
        if default is not MISSING:
            return default
        missing.append(str(path))
        return None

    return reference


def _joined(parts: list[str | _Part]) -> _Part:
    def joined(lookup: Lookup, missing: list[str]) -> Json:
        return join(part if isinstance(part, str) else text_of(part(lookup, missing)) for part in parts)

    return joined
