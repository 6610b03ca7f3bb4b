"""Expressions of the Common Expression Language, with `&& || !` and `size` written our way."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from engine.errors import ExpressionError
from engine.expression import RunScope, compile_expression
from tests.conformance.tally import LeftOut, Tally

TYPES = "protobuf messages, unsigned numbers, bytes, types, timestamps and durations"
SYNTAX = "macros, methods, optionals, conversions and other functions of CEL"
# Files of the material that are about nothing else.
ABOUT_TYPES = {"dynamic", "enums", "proto2_ext", "type_deduction", "optionals"}
ABOUT_FUNCTIONS = {
    "string_ext",
    "network_ext",
    "macros",
    "macros2",
    "block_ext",
    "bindings_ext",
    "encoders_ext",
}

_TEXT = re.compile(r"""[rRbB]*(?:'''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")""", re.S)
_TYPED = re.compile(
    r"\b\d[\w.]*[uU]\b|\bTestAll|\bgoogle\b|\b(?:type|timestamp|duration|bytes|uint)\b|\{\s*\w+:"
)
_FOREIGN = re.compile(r"\b(?!in\b|len\b)\w+\s*\(|\?|`|\.\?|(?<![\w)\]])\.[a-z]")
_PLAIN_VALUES = {
    "bool_value",
    "int64_value",
    "double_value",
    "string_value",
    "null_value",
    "list_value",
    "map_value",
}

# Where the two languages differ: what the fault says, and why it is meant.
_MEANT = (
    (
        r"there is no x|has no field",
        "`x || true` holds in CEL whatever is wrong with x; here a fault is a fault",
    ),
    (r"cannot order true/false", "true and false have no order; CEL puts false first"),
    (r"division by zero|not a finite number", "NaN and infinity are faults, for JSON cannot say them"),
    (r"must be text, not number", "the keys of an object are texts, as in JSON"),
    (r"9223372036854775", "whole and decimal numbers are compared exactly, not rounded to 64-bit decimals"),
    (r"47\.5 % 5\.5", "`%` takes decimals too"),
    (r"\\a", "an unknown escape stays as it is, so that patterns and paths need no doubled backslashes"),
)


def translate(case: dict[str, Any]) -> str:
    """The expression in our words; raises LeftOut."""
    if case["expect"] == "typed_result":
        raise LeftOut("what the type checker of CEL concludes")
    if case["file"] in ABOUT_TYPES:
        raise LeftOut(TYPES)
    if case["file"] in ABOUT_FUNCTIONS:
        raise LeftOut(SYNTAX)
    if not _PLAIN_VALUES.issuperset(case.get("value") or {}):
        raise LeftOut(TYPES)
    texts: list[str] = []

    def keep(match: re.Match[str]) -> str:
        if match[0][0] not in "'\"" or match[0][:3] in ("'''", '"""'):
            raise LeftOut("raw, byte and three-quoted texts")
        texts.append(match[0])
        return f"\0{len(texts) - 1}\0"

    source = _TEXT.sub(keep, case["expr"])
    source = re.sub(r"\bsize\(", "len(", source.replace("dyn(", "("))
    if _TYPED.search(source):
        raise LeftOut(TYPES)
    if _FOREIGN.search(source):
        raise LeftOut(SYNTAX)
    source = re.sub(r"!(?!=)", " not ", source.replace("&&", " and ").replace("||", " or "))
    return re.sub("\0(\\d+)\0", lambda match: texts[int(match[1])], source).strip()


def value_of(given: dict[str, Any]) -> Any:
    """A value of the material (protobuf as JSON) as JSON."""
    ((kind, value),) = given.items()
    match kind:
        case "bool_value":
            return value in (True, "true")
        case "int64_value":
            return int(value)
        case "double_value":
            return float(value)
        case "null_value":
            return None
        case "list_value":
            return [value_of(item) for item in _listed(value.get("values", []))]
        case "map_value":
            entries = _listed(value.get("entries", []))
            return {value_of(entry["key"]): value_of(entry["value"]) for entry in entries}
        case "string_value":
            return value
        case _:
            raise LeftOut(TYPES)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def bindings(case: dict[str, Any]) -> dict[str, Any]:
    """The names that have a value; raises LeftOut."""
    made = {}
    for one in _listed(case.get("bindings") or []):
        if "." in one["key"] or "value" not in one["value"]:
            raise LeftOut("names in namespaces")
        made[one["key"]] = value_of(one["value"]["value"])
    return made


def _same(found: Any, expected: Any) -> bool:
    if isinstance(found, bool) is not isinstance(expected, bool):
        return False
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all(_same(found[key], expected[key]) for key in found)
    if isinstance(found, list) and isinstance(expected, list):
        return len(found) == len(expected) and all(map(_same, found, expected))
    return bool(found == expected)


def fault_of(case: dict[str, Any], source: str, names: dict[str, Any]) -> str | None:
    """How our result differs, or None."""
    try:
        found = compile_expression(source).evaluate(RunScope(roots=names))
    except ExpressionError as error:
        return None if case["expect"] == "eval_error" else f"{source}: {error.message}"
    if case["expect"] == "eval_error":
        return f"{source}: {found!r} instead of a fault"
    expected = value_of(case["value"]) if case.get("value") else True
    return None if _same(found, expected) else f"{source}: {found!r} instead of {expected!r}"


def why(fault: str) -> str | None:
    """The deliberate difference that explains the fault, if there is one."""
    return next((reason for pattern, reason in _MEANT if re.search(pattern, fault)), None)


async def tally_cel(folder: Path) -> Tally:
    """Every expression that both languages can say."""
    tally = Tally("cel_conformance")
    for case in json.loads((folder / "tests.json").read_text("utf-8")):
        try:
            source, names = translate(case), bindings(case)
        except LeftOut as reason:
            tally.leave_out(str(reason))
            continue
        fault = fault_of(case, source, names)
        on_purpose = why(fault) if fault else None
        tally.judge(f"{case['section']}/{case['name']}", fault, on_purpose=on_purpose)
    return tally
