"""References from one place of a schema to another, looked at before any value is.

A schema that refers to what is not in it refuses every value: a step would be told so only after it has run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from engine.expression.templates import escape_pointer

_VALUES: Final = frozenset({"const", "default", "enum", "examples"})
"""Keywords that hold values and no schemas."""
_NAMES: Final = frozenset({"$anchor", "$dynamicAnchor"})


def lost_references(schema: object) -> list[dict[str, str]]:
    """`{"pointer", "message"}` for each `$ref` that leads nowhere; the schema is one otherwise.

    A schema that gives itself or its parts addresses (`$id`) is not judged: those may stand for anything.
    """
    found = list(_walk(schema, ""))
    if any("$id" in part for _, part in found):
        return []
    names = {f"#{part[key]}" for _, part in found for key in _NAMES if key in part}
    faults: list[dict[str, str]] = []
    for pointer, part in found:
        reference = part.get("$ref")
        if isinstance(reference, str) and reference not in names and not _leads_on(schema, reference):
            words = f"refers to {reference!r}, which is not in the schema"
            faults.append({"pointer": f"{pointer}/$ref", "message": words})
    return faults


def _walk(part: object, pointer: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object in the schema that may be one, with the way to it."""
    places = [(part, pointer)]
    while places:
        here, way = places.pop()
        if isinstance(here, Mapping):
            yield way, here
            places += [
                (inner, f"{way}/{escape_pointer(str(key))}")
                for key, inner in here.items()
                if key not in _VALUES
            ]
        elif isinstance(here, list):
            places += [(inner, f"{way}/{index}") for index, inner in enumerate(here)]


def _leads_on(schema: object, reference: str) -> bool:
    """Whether it is the way to a place in the schema; one with escaped characters is taken at its word."""
    if reference in ("", "#") or "%" in reference:
        return True
    if reference.startswith("https://json-schema.org/"):
        return True  # which every validator knows
    if not reference.startswith("#/"):
        return False
    here: Any = schema
    for step in reference[2:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(here, Mapping) and name in here:
            here = here[name]
        elif isinstance(here, list) and name.isdecimal() and int(name) < len(here):
            here = here[int(name)]
        else:
            return False
    return True
