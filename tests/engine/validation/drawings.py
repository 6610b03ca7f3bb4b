"""Small workflows for the tests of the checks."""

from typing import Any

from engine.catalog import Catalog
from engine.files import codec
from engine.model.node_type import NodeType
from engine.validation import Problem, check

CATALOG = Catalog.load()
PLAIN = {
    "plain": NodeType(id="plain", title="Plain", category="logic", icon="x"),
    "start": NodeType(id="start", title="Start", category="trigger", icon="x", is_trigger=True),
    "open": NodeType(
        id="open", title="Open", category="logic", icon="x",
        output_schema={"properties": {"a": {}}, "additionalProperties": True},
    ),
    "given": NodeType(
        id="given", title="Given", category="logic", icon="x",
        parameters={
            "properties": {
                "n": {"type": "integer", "title": "Number"},
                "items": {"type": "array", "items": {"type": "integer"}, "minItems": 1},
                "text": {"type": "string", "default": ""},
                "choice": {"oneOf": [{"type": "integer"}, {"type": "array", "items": {"enum": ["a"]}}]},
            },
            "required": ["n", "text"],
        },
        output_schema={"properties": {"total": {}, "rows": {}}},
    ),
}  # fmt: skip


def problems(document: dict[str, Any], types: Any = PLAIN, actions: Any = None) -> list[Problem]:
    return check(codec.decode(document), types, actions)


def found(document: dict[str, Any], types: Any = PLAIN, actions: Any = None) -> list[tuple[str, str]]:
    return [(problem.code, problem.pointer) for problem in problems(document, types, actions)]


def plain(*ids: str) -> list[dict[str, Any]]:
    return [{"id": node_id, "type": "plain"} for node_id in ids]


def wires(*pairs: str) -> list[dict[str, str]]:
    return [{"source": pair[0], "target": pair[1]} for pair in pairs]


def with_parameters(node_id: str, parameters: Any, **config: Any) -> dict[str, Any]:
    return {"id": node_id, "type": "plain", "config": {"parameters": parameters, **config}}
