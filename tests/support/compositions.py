"""Workflows inside workflows in one line, for tests."""

from __future__ import annotations

from typing import Any

from tests.support.builders import make_workflow, node


def composite(node_id: str, kind: str, body: dict[str, Any], **config: Any) -> dict[str, Any]:
    """A node that runs `body`; what is no setting of a node goes into its parameters."""
    settings = {
        key: config.pop(key)
        for key in (
            "retry",
            "timeout",
            "fallback",
            "output_schema",
            "item_schema",
            "continue_on_error",
            "rollback",
        )
        if key in config
    }
    named = {"loop_while": "while"}
    parameters = {named.get(key, key): value for key, value in config.items()}
    return {
        "id": node_id,
        "type": f"flow.{kind}",
        "config": {"workflow": body, "parameters": parameters, **settings},
    }


def sub(node_id: str, body: dict[str, Any], **config: Any) -> dict[str, Any]:
    return composite(node_id, "subworkflow", body, **config)


def each(node_id: str, body: dict[str, Any], items: Any, **config: Any) -> dict[str, Any]:
    return composite(node_id, "for_each", body, items=items, **config)


def loop(node_id: str, body: dict[str, Any], **config: Any) -> dict[str, Any]:
    return composite(node_id, "loop", body, **config)


def body(*nodes: dict[str, Any] | str, connections: list[Any] | None = None, **values: Any) -> dict[str, Any]:
    """The inside of a composite node."""
    made = [node(item) if isinstance(item, str) else item for item in nodes]
    return make_workflow(made, connections, **{"id": "inner", **values})


def echo_item(**values: Any) -> dict[str, Any]:
    """A body of one step that gives back its item."""
    return body(node("echo", parameters={"item": "${item}", "index": "${index}"}),
                outputs={"got": "${echo.item}"}, **values)  # fmt: skip
