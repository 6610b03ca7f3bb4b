"""Workflows in one line, for tests."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from engine.files import codec
from engine.model.workflow import Workflow


def node(
    node_id: str, action: str = "echo", *, service: str = "test", type: str = "action", **config: Any
) -> dict:
    """A node of the `test` service; `parameters`, `retry`, `timeout`... go into its config."""
    return {"id": node_id, "type": type, "config": {"service": service, "action": action, **config}}


def wire(source: str, target: str, **values: Any) -> dict:
    """A connection; its id says where it leads."""
    return {"id": values.pop("id", f"{source}>{target}"), "source": source, "target": target, **values}


def make_workflow(
    nodes: list[dict] | str, connections: list[dict | str] | None = None, **values: Any
) -> dict[str, Any]:
    """A workflow as a dict. `"a b c"` makes echo nodes, `"a>b"` a plain connection."""
    if isinstance(nodes, str):
        nodes = [node(node_id) for node_id in nodes.split()]
    wires = [wire(*item.split(">")) if isinstance(item, str) else item for item in connections or []]
    return {"id": "w", "nodes": nodes, "connections": wires, **values}


def chain(*nodes: dict | str, **values: Any) -> dict[str, Any]:
    """Nodes one after the other."""
    made = [node(item) if isinstance(item, str) else item for item in nodes]
    ids = [item["id"] for item in made]
    return make_workflow(made, [wire(source, target) for source, target in itertools.pairwise(ids)], **values)


def decoded(document: Mapping[str, Any]) -> Workflow:
    """The Workflow value of such a dict."""
    return codec.decode(document)


def threshold_inputs(**schema: Any) -> dict[str, Any]:
    """A workflow's `inputs` that asks for a number called threshold."""
    return {
        "type": "object",
        "properties": {"threshold": {"type": "number", "title": "Delay threshold", "minimum": 0, **schema}},
        "required": ["threshold"],
    }
