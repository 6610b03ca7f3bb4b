"""A workflow in plain dictionaries: a model for tests that knows nothing of changes and inverses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.model import Workflow
from engine.model.comments import comments
from engine.model.subworkflows import get, is_composite

Place = tuple[str, ...]
TABLE = {"file.read_csv", "table.filter", "table.sort"}
"""Types that give a table, and so write a reference into what they are connected to."""
WIRED = {"table.filter": "table", "table.sort": "table", "flow.for_each": "items"}


@dataclass
class Plain:
    """A workflow as a person would write it down."""

    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    wires: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    at: dict[str, tuple[float, float]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    def inside(self, place: Place) -> Plain:
        """The one inside these nodes; empty where there is none yet."""
        here = self
        for node_id in place:
            here = here.nodes[node_id]["inner"]
        return here

    def connect(self, source: str, target: str) -> None:
        self.wires[source, target] = {"on": "success", "condition": None}
        name = WIRED.get(self.nodes[target]["type"])
        if name and self.nodes[source]["type"] in TABLE and not self.nodes[target]["parameters"].get(name):
            self.nodes[target]["parameters"][name] = f"${{{source}.table}}"

    def disconnect(self, source: str, target: str) -> None:
        del self.wires[source, target]
        name = WIRED.get(self.nodes[target]["type"])
        if name and self.nodes[target]["parameters"].get(name) == f"${{{source}.table}}":
            del self.nodes[target]["parameters"][name]

    def delete(self, node_id: str) -> None:
        for source, target in list(self.wires):
            if node_id in (source, target):
                self.disconnect(source, target)
        del self.nodes[node_id], self.at[node_id]


def written_down(workflow: Workflow) -> Plain:
    """The document, in the model's words."""
    plain = Plain(at=dict(workflow.layout), notes={note.id: note.text for note in comments(workflow)})
    for node in workflow.nodes.values():
        inner = get(node) if is_composite(node) else None
        plain.nodes[node.id] = {
            "type": node.type,
            "title": node.title,
            "parameters": dict(node.parameters),
            "off": bool(node.disabled),
            "inner": written_down(inner) if inner is not None else Plain(),
        }
    for wire in workflow.connections.values():
        plain.wires[wire.source, wire.target] = {"on": wire.on, "condition": wire.condition}
    return plain
