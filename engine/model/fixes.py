"""Mending what validation or a run has found: a fix becomes an edit, which can be undone like any other."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.model.changes import Change, ConnectionChanged, NodeChanged, WorkflowChanged
from engine.model.edits import Edit, free_id
from engine.model.embedded import rewritten_config
from engine.model.json_value import Json
from engine.model.references import Reference
from engine.model.workflow import Workflow
from engine.problem import Fix, Problem

_OUTPUT = re.compile(r"^([^.\[]+)\.output(?=[.\[])")


def fix_edit(workflow: Workflow, problem: Problem, fix: Fix) -> Edit | None:
    """The edit of the whole workflow that mends the problem; None when it is no longer as it was found."""
    parts = _parts(problem.pointer)
    if fix.kind == "input":
        # An input of the workflow that the problem lies in, which may be one inside a node.
        inner = max((at for at, part in enumerate(parts) if part == "workflow"), default=-1)
        parts = [*parts[: inner + 1], "inputs", "properties", fix.right]
    change = _change(workflow, parts, fix)
    label = f"Add the input {fix.right}" if fix.kind == "input" else fix.label
    return Edit(label=label, changes=(change,)) if change is not None else None


def fix_word(workflow: Workflow, node_id: str, wrong: str, right: str) -> Edit | None:
    """The edit that names another column, file or function where a node's parameters name this one."""
    node = workflow.nodes.get(node_id)
    if node is None:
        return None
    word = re.compile(rf"(?<![\w.]){re.escape(wrong)}(?!\w)")
    parameters = _renamed(_plain(node.config.get("parameters", {})), wrong, right, word)
    if parameters == node.parameters:
        return None
    changed = NodeChanged(node=node.with_config(parameters=parameters))
    return Edit(label=f"Use {right} in {node.label}", changes=(changed,))


def declare_input(workflow: Workflow, name: str, value: Json) -> Edit:
    """Make something that was only referred to an input of the workflow, of the type of this value."""
    inputs = _plain(workflow.inputs)
    kinds: tuple[tuple[type, str], ...] = (
        (bool, "boolean"),
        (int, "integer"),
        (float, "number"),
        (str, "string"),
        (list, "array"),
        (dict, "object"),
    )
    kind = next((word for kind, word in kinds if isinstance(value, kind)), "")
    schema = {"title": name.replace("_", " ").capitalize(), **({"type": kind} if kind else {})}
    inputs.setdefault("type", "object")
    inputs.setdefault("properties", {}).setdefault(name, schema)
    changes = (WorkflowChanged(values={"inputs": inputs}),) if inputs != workflow.inputs else ()
    return Edit(label=f"Add the input {name}", changes=changes)


def lead_to_input(workflow: Workflow, path: str, value: Json) -> Edit | None:
    """Take a value that a step never gives ("rates.euro") from an input of the workflow, wherever it is used.

    None when no step uses it. value: what the input is like. However it is spelt: `rates.output.euro` and
    `steps.rates.euro` are the same.
    """
    path = _OUTPUT.sub(r"\1", path.removeprefix("steps."))
    last = re.findall(r"[^\W\d]\w*", path)
    name = free_id(set(workflow.input_properties), last[-1] if last else "value")

    def led(reference: Reference) -> str:
        plain = reference.canonical()
        if _OUTPUT.sub(r"\1", f"{plain.root}{plain.parts}") != path:
            return str(reference)
        return str(replace(plain, root="input", parts=f".{name}"))

    changes: list[Change] = []
    for node in workflow.nodes.values():
        config = rewritten_config(node, led, lambda plain: f"{plain.root}{plain.parts}")
        if config != node.config:
            changes.append(NodeChanged(node=replace(node, config=config)))
    if not changes:
        return None
    declared = declare_input(workflow, name, value)
    return Edit(label=declared.label, changes=(*declared.changes, *changes))


def _renamed(value: Any, wrong: str, right: str, word: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return right if value == wrong else word.sub(lambda _: right, value)
    if isinstance(value, dict):
        return {
            right if key == wrong else key: _renamed(item, wrong, right, word) for key, item in value.items()
        }
    return [_renamed(item, wrong, right, word) for item in value] if isinstance(value, list) else value


def _change(workflow: Workflow, parts: list[str], fix: Fix) -> Change | None:
    match parts:
        case ["nodes", number, "type"]:
            node = _at(list(workflow.nodes.values()), number)
            is_same = node is not None and node.type == fix.wrong
            return NodeChanged(node=replace(node, type=fix.right)) if node is not None and is_same else None
        case ["nodes", number, "config", *inside] if inside:
            node = _at(list(workflow.nodes.values()), number)
            config = _plain(node.config) if node is not None else {}
            if node is None or not _mend(config, inside, fix):
                return None
            return NodeChanged(node=replace(node, config=config))
        case ["connections", number, field] if field in ("source", "target", "condition"):
            connection = _at(list(workflow.connections.values()), number)
            text = {field: getattr(connection, field)} if connection is not None else {}
            if connection is None or not _mend(text, [field], fix):
                return None
            return ConnectionChanged(connection=replace(connection, **text))
        case ["inputs", *_]:
            whole = {"inputs": _plain(workflow.inputs)}
            return WorkflowChanged(values=whole) if _mend(whole, parts, fix) else None
        case ["settings", *_]:
            whole = {"settings": _plain(workflow.settings)}
            return WorkflowChanged(values=whole) if _mend(whole, parts, fix) else None
    return None


def _mend(value: Any, parts: list[str], fix: Fix) -> bool:
    """Do it in place; False when nothing there is as it was found."""
    for part in parts[:-1]:
        if isinstance(value, list):
            value = _at(value, part)
        elif fix.kind == "input" and isinstance(value, dict):
            value = value.setdefault(part, {})
        else:
            value = value.get(part) if isinstance(value, dict) else None
    last: Any = parts[-1]
    if isinstance(value, list):
        last = int(last) if last.isdigit() and int(last) < len(value) else None
    elif not isinstance(value, dict):
        return False
    match fix.kind:
        case "input":
            if last in value:
                return False
            value[last] = {"title": last.replace("_", " ").capitalize()}
            return True
        case "key":
            if not isinstance(value, dict) or last not in value or fix.right in value:
                return False
            renamed = {fix.right if key == last else key: item for key, item in value.items()}
            value.clear()
            value.update(renamed)
            return True
    text = value[last] if last is not None and (isinstance(value, list) or last in value) else None
    word = re.compile(rf"(?<![\w.]){re.escape(fix.wrong)}(?!\w)")
    if not isinstance(text, str) or not word.search(text):
        return False
    value[last] = word.sub(lambda _: fix.right, text)
    return True


def _at(items: list[Any], number: str) -> Any:
    return items[int(number)] if number.isdigit() and int(number) < len(items) else None


def _plain(value: Json | Mapping[str, Json]) -> Any:
    """A copy that may be changed."""
    return json.loads(json.dumps(dict(value) if isinstance(value, Mapping) else value))


def _parts(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
