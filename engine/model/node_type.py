"""What a kind of node is: its face in the palette, its parameters, its ports, its action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, cast

from engine.model.json_value import Json

Category = Literal["trigger", "input", "transform", "combine", "logic", "human", "output", "code"]
CATEGORIES: tuple[Category, ...] = (
    "trigger",
    "input",
    "transform",
    "combine",
    "logic",
    "human",
    "output",
    "code",
)
Effects = Literal["none", "reads", "external"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortSpec:
    """A place where a wire ends. ``kind`` is what travels there: a table, or any value."""

    name: str
    title: str = ""
    kind: Literal["table", "any"] = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeType:
    """One entry of the palette, read from ``resources/node_types`` or given by a plug-in.

    ``parameters`` and ``output_schema`` are JSON Schemas; ``subtitle`` is a text with ``{parameter}``
    placeholders that the card shows, ``sentence`` one that the outline reads ("Keep rows where
    {condition}"); ``follows`` lists types that usually come next, best first.
    """

    id: str
    title: str
    category: Category
    icon: str
    summary: str = ""
    help: str = ""
    service: str = "default"
    action: str = ""
    is_trigger: bool = False
    parameters: Mapping[str, Json] = field(default_factory=dict)
    inputs: tuple[PortSpec, ...] = ()
    outputs: tuple[PortSpec, ...] = ()
    output_schema: Mapping[str, Json] = field(default_factory=dict)
    effects: Effects = "none"
    subtitle: str = ""
    sentence: str = ""
    keywords: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()

    @property
    def properties(self) -> Mapping[str, Mapping[str, Json]]:
        """The schema of each parameter by name."""
        properties = self.parameters.get("properties", {})
        assert isinstance(properties, dict)
        return cast("Mapping[str, Mapping[str, Json]]", properties)

    @property
    def wired_parameters(self) -> tuple[str, ...]:
        """Parameters that a wire fills in (``x-input``), in the schema's order."""
        return tuple(name for name, schema in self.properties.items() if schema.get("x-input") is True)

    def default_parameters(self) -> dict[str, Json]:
        """A new node's parameters: every default that the schema gives."""
        return {name: schema["default"] for name, schema in self.properties.items() if "default" in schema}

    @classmethod
    def from_json(cls, described: Mapping[str, Any]) -> NodeType:
        """Read a definition. Raises ``ValueError`` that names the type and what is wrong with it."""
        name = described.get("id", "?")
        for key in ("id", "title", "category", "icon"):
            if not isinstance(described.get(key), str) or not described[key]:
                raise ValueError(f"node type {name!r}: {key!r} must be a text")
        if described["category"] not in CATEGORIES:
            raise ValueError(f"node type {name!r}: unknown category {described['category']!r}")
        if not isinstance(described.get("parameters", {}), dict):
            raise ValueError(f"node type {name!r}: 'parameters' must be a JSON Schema object")
        service, _, action = str(described["id"]).partition(".")
        return cls(
            id=described["id"],
            title=described["title"],
            category=described["category"],
            icon=described["icon"],
            summary=described.get("summary", ""),
            help=described.get("help", ""),
            service=described.get("service", service),
            action=described.get("action", action),
            is_trigger=bool(described.get("trigger", False)),
            parameters=described.get("parameters", {}),
            inputs=_ports(described.get("inputs", ())),
            outputs=_ports(described.get("outputs", ())),
            output_schema=described.get("output_schema", {}),
            effects=described.get("effects", "none"),
            subtitle=described.get("subtitle", ""),
            sentence=described.get("sentence", ""),
            keywords=tuple(described.get("keywords", ())),
            follows=tuple(described.get("follows", ())),
        )


def _ports(described: Any) -> tuple[PortSpec, ...]:
    return tuple(
        PortSpec(name=port["name"], title=port.get("title", ""), kind=port.get("kind", "any"))
        for port in described
    )


class NodeTypes(Protocol):
    """Whoever knows node types by id: the catalog, or a test's dictionary."""

    def get(self, type_id: str, /) -> NodeType | None: ...
