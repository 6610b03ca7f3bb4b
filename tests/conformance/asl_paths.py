"""Paths and payloads of the Amazon States Language as references of ours."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.conformance.tally import LeftOut

_PART = re.compile(r"\.(?P<name>[A-Za-z_]\w*)|\[(?P<index>\d+)\]|\[(?P<quoted>'[^']*'|\"[^\"]*\")\]")
_NAME = re.compile(r"[A-Za-z_]\w*\Z")


def parts_of(path: str) -> list[str | int]:
    """The keys and indexes behind `$`; raises LeftOut for what a reference cannot say."""
    if path.startswith("$$"):
        raise LeftOut("reads the context object")
    if "States." in path:
        raise LeftOut("intrinsic functions")
    if not path.startswith("$"):
        raise LeftOut("JSONPath beyond fields and items")
    if path != "$" and path[1] not in ".[":
        raise LeftOut("variables (Assign)")
    parts: list[str | int] = []
    position = 1
    while position < len(path):
        match = _PART.match(path, position)
        if match is None:
            raise LeftOut("JSONPath beyond fields and items")
        parts.append(int(match["index"]) if match["index"] else match["name"] or match["quoted"][1:-1])
        position = match.end()
    return parts


def below(base: str, path: str) -> str:
    """The path of ours that leads to `path` below `base`."""
    return base + "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" if _NAME.match(part) else f"[{json.dumps(part)}]"
        for part in parts_of(path)
    )


def reference(base: str, path: str | None) -> Any:
    """InputPath and its like: null stands for an empty object."""
    return {} if path is None else f"${{{below(base, path)}}}"


def payload(value: Any, base: str) -> Any:
    """Parameters and its like: a key that ends in `.$` holds a path, anything else is meant literally."""
    if isinstance(value, dict):
        made = {}
        for key, item in value.items():
            if key.endswith(".$"):
                made[key[:-2]] = reference(base, item)
            else:
                made[key] = payload(item, base)
        return made
    if isinstance(value, list):
        return [payload(item, base) for item in value]
    return value.replace("${", "$${") if isinstance(value, str) else value


def condition(rule: dict[str, Any], base: str) -> str:
    """A rule of a Choice state as a condition of ours."""
    for word, joint in (("And", " and "), ("Or", " or ")):
        if word in rule:
            return joint.join(f"({condition(one, base)})" for one in rule[word])
    if "Not" in rule:
        return f"not ({condition(rule['Not'], base)})"
    operand = reference(base, rule["Variable"])
    ((operator, value),) = ((key, rule[key]) for key in rule if key not in ("Variable", "Next", "Comment"))
    if operator == "IsPresent":
        return f"exists({operand})" if value else f"not exists({operand})"
    if operator == "IsNull":
        return f"{operand} {'==' if value else '!='} null"
    if operator.removesuffix("Path") not in ("StringEquals", "NumericEquals", "BooleanEquals"):
        raise LeftOut("rules of Choice other than equality and presence")
    other = reference(base, value) if operator.endswith("Path") else json.dumps(value)
    return f"{operand} == {other}"
