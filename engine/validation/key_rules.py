"""Keys that nothing reads and that are nearly one that is read: a promise that is misspelt is not kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Final

from engine.expression.templates import escape_pointer
from engine.model.json_form import CONNECTION_KEYS, NODE_KEYS, WORKFLOW_KEYS
from engine.problem import Problem
from engine.validation.drawing import Drawing
from engine.validation.policy_rules import rename_key

CONFIG_KEYS: Final = frozenset(
    {
        "service",
        "action",
        "parameters",
        "timeout",
        "retry",
        "continue_on_error",
        "disabled",
        "join",
        "input_schema",
        "output_schema",
        "item_schema",
        "workflow",
        "pin",
        "rollback",
        "fallback",
        "fallback_action",
        "fallback_service",
        "delivery",
        "condition",
        "priority",
        "breakpoint",
    }
)
"""What is read of a node's config, in the engine or in the designer."""
_SETTINGS: Final = frozenset({"on_failure", "on_condition_error", "durability", "vars"})
_WORKFLOW: Final = WORKFLOW_KEYS | {"outputs", "output_schema", "comments", "groups"}
_CONNECTION: Final = CONNECTION_KEYS | {"on_condition_error", "via"}
# Others may keep what is theirs beside it: only what is hardly anything else is taken for a mistake.
_ALIKE: Final = 0.8


def misspelt(drawing: Drawing) -> Iterator[Problem]:
    """Keys of the workflow, its settings, its nodes and its connections."""
    workflow = drawing.workflow
    for key, near in _meant(workflow.extra, _WORKFLOW):
        yield _problem(f"The workflow: {_words(key, near)}", f"/{escape_pointer(key)}", near)
    for key, near in _meant(workflow.settings, _SETTINGS):
        yield _problem(f"The settings: {_words(key, near)}", f"/settings/{escape_pointer(key)}", near)
    for index, node in enumerate(drawing.nodes):
        label, node_id = drawing.label(index), drawing.ids[index]
        for key, near in _meant(node.config, CONFIG_KEYS) if node.config.keys() - CONFIG_KEYS else ():
            pointer = f"/nodes/{index}/config/{escape_pointer(key)}"
            yield _problem(f"{label}: {_words(key, near)}", pointer, near, node_id)
        for key in node.extra:
            pointer = f"/nodes/{index}/{escape_pointer(key)}"
            if key in CONFIG_KEYS:
                words = f"{label}: `{key}` is read within `config` only, and stands beside it"
                yield _problem(words, pointer, f"config/{key}", node_id)
            elif near := _near(key, NODE_KEYS):
                yield _problem(f"{label}: {_words(key, near)}", pointer, near, node_id)
    for index, connection in enumerate(drawing.connections):
        for key, near in _meant(connection.extra, _CONNECTION) if connection.extra else ():
            where = f"The connection from {connection.source} to {connection.target}"
            yield Problem(
                severity="warning",
                code="key-unknown",
                message=f"{where}: {_words(key, near)}",
                connection_id=connection.id,
                pointer=f"/connections/{index}/{escape_pointer(key)}",
                suggestion=near,
            )


def _meant(keys: Iterable[str], known: frozenset[str]) -> Iterator[tuple[str, str]]:
    return ((key, near) for key in keys if key not in known and (near := _near(key, known)))


def _near(key: str, known: frozenset[str]) -> str:
    return next(iter(get_close_matches(key.casefold(), sorted(known), n=1, cutoff=_ALIKE)), "")


def _words(key: str, near: str) -> str:
    return f"nothing reads `{key}`, did you mean `{near}`?"


def _problem(words: str, pointer: str, near: str, node_id: str | None = None) -> Problem:
    is_mended = pointer.startswith("/settings/") or "/config/" in pointer
    return Problem(
        severity="warning",
        code="key-unknown",
        message=words,
        node_id=node_id,
        pointer=pointer,
        suggestion=near,
        fixes=rename_key(near) if is_mended else (),
    )
