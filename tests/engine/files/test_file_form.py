"""The text of a file, letter by letter: what is written fast is what the plain rules of the form say."""

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from random import Random
from types import MappingProxyType
from typing import Any

import pytest

from engine.files import codec
from engine.model import json_form
from engine.model.workflow import Connection, Node, Workflow
from tests.support.corpora import corpus

TEXTS = ["", "a", "s 1", "${s0.n}", "naïve", "日本", 'q"uo\\te', "line\nbreak", "\ud800", "x" * 90, "/~"]
CONFIG = ["service", "action", "parameters", "timeout", "retry", "continue_on_error", "zz", "aa", "naïve"]


def written(value: Any) -> str:
    """One line of JSON; half a character is escaped."""
    text = json.dumps(value, ensure_ascii=False, default=dict)
    return re.sub("[\ud800-\udfff]", lambda match: f"\\u{ord(match[0]):04x}", text)


def lines(entries: list[str], brackets: str, level: int) -> str:
    if not entries:
        return brackets
    inner = ",\n".join("  " * (level + 1) + entry for entry in entries)
    return f"{brackets[0]}\n{inner}\n{'  ' * level}{brackets[1]}"


def block(value: Any, level: int, in_list: bool = False) -> str:
    """Lists of plain values, and such objects inside a list, are one line while they fit in 100 letters."""
    if not isinstance(value, (list, Mapping)):
        return written(value)
    items = list(value.values()) if isinstance(value, Mapping) else value
    is_flat = not any(isinstance(item, (list, Mapping)) for item in items)
    if is_flat and (in_list or isinstance(value, list)) and len(written(value)) + 2 * level <= 100:
        return written(value)
    if isinstance(value, Mapping):
        return lines(
            [f"{written(key)}: {block(item, level + 1)}" for key, item in value.items()], "{}", level
        )
    return lines([block(item, level + 1, True) for item in value], "[]", level)


def node_members(node: Node) -> dict[str, Any]:
    ordered = [*(key for key in CONFIG[:6] if key in node.config), *node.config]
    config = {key: node.config[key] for key in ordered}
    members = {"id": node.id, "type": node.type, "title": node.title, "config": config, "notes": node.notes}
    own = {key: value for key, value in members.items() if value not in ("", {})}
    return own | {key: value for key, value in node.extra.items() if key not in members}


def connection_members(connection: Connection) -> dict[str, Any]:
    members = {"id": connection.id, "source": connection.source, "target": connection.target}
    rest = {
        "on": connection.on if connection.on != "success" else None,
        "condition": connection.condition,
        "source_port": connection.source_port,
        "target_port": connection.target_port,
        "priority": connection.priority or None,
    }
    given = {key: value for key, value in rest.items() if value is not None}
    more = {key: value for key, value in connection.extra.items() if key not in {**members, **rest}}
    return {**members, **given, **more}


def plainly(workflow: Workflow) -> str:
    """The file's text, as its form is described; for workflows without a layout."""
    extra = dict(workflow.extra)
    head = {"$schema": extra.pop("$schema", codec.SCHEMA_ID), "format": 1, "id": workflow.id}
    head |= {"name": workflow.name, "description": workflow.description}
    head |= {"inputs": workflow.inputs, "settings": workflow.settings}
    members = [f"{written(key)}: {block(value, 1)}" for key, value in head.items() if value not in ("", {})]
    nodes = [block(node_members(node), 2) for node in workflow.nodes.values()]
    wires = [written(connection_members(each)) for each in workflow.connections.values()]
    members += [f'"nodes": {lines(nodes, "[]", 1)}', f'"connections": {lines(wires, "[]", 1)}']
    members += [
        f"{written(key)}: {block(value, 1)}"
        for key, value in extra.items()
        if key not in json_form.WORKFLOW_KEYS
    ]
    return lines(members, "{}", 0) + "\n"


def value(random: Random, depth: int = 0) -> Any:
    kinds = [None, True, False, 0, -7, 1.5, 1e300, 10**20, *TEXTS]
    if depth > 3 or random.random() < 0.6:
        return random.choice(kinds)
    if random.random() < 0.5:
        return [value(random, depth + 1) for _ in range(random.choice((0, 1, 3, 6)))]
    items = {random.choice(TEXTS): value(random, depth + 1) for _ in range(random.choice((0, 1, 3, 7)))}
    return items if random.random() < 0.8 else MappingProxyType(items)


def members(random: Random, names: list[str]) -> dict[str, Any]:
    return {random.choice(names): value(random) for _ in range(random.randrange(5))}


def any_workflow(seed: int) -> Workflow:
    random = Random(seed)
    extra = {"extra": ["zz", "$schema", "id"], "empty": []}
    nodes = {
        f"s{number}": Node(
            id=random.choice((f"s{number}", f"ß{number}")),
            type=random.choice(("action", "", "table.filter")),
            title=random.choice(TEXTS),
            config=members(random, CONFIG),
            notes=random.choice(TEXTS),
            extra=members(random, extra["extra"]) if random.random() < 0.3 else {},
        )
        for number in range(random.randrange(6))
    }
    connections = {
        f"c{number}": Connection(
            id=random.choice((f"c{number}", "ö", "\udfff")),
            source=random.choice(TEXTS),
            target=random.choice(TEXTS),
            on=random.choice(("success", "success", "success", "error", "always")),
            condition=random.choice((None, None, "", "n > 0", "n = 'ä'")),
            source_port=random.choice((None, None, None, "out")),
            target_port=random.choice((None, None, None, "in")),
            priority=random.choice((0, 0, 0, 3)),
            extra=random.choice(({}, {}, {"via": [[1, 2]]}, {"id": 3})),
        )
        for number in range(random.randrange(9))
    }
    return Workflow(
        id=random.choice(("w", "ü", "")),
        name=random.choice(TEXTS),
        inputs=members(random, ["properties", "required"]),
        settings=members(random, ["vars", "durability"]),
        nodes=nodes,
        connections=connections,
        extra=members(random, extra["extra"]),
    )


@pytest.mark.parametrize("start", range(0, 400, 100))
def test_that_any_workflow_is_written_as_the_form_says(start: int) -> None:
    for seed in range(start, start + 100):
        drawn = any_workflow(seed)
        assert codec.encode(drawn) == plainly(drawn), seed


def outside() -> Iterator[Workflow]:
    paths = sorted(corpus("schemastore_forms").glob("*.json.gz"))
    for path in paths[:: len(paths) // 60 or 1]:
        described = json.loads(gzip.decompress(path.read_bytes()))
        config = described if isinstance(described, dict) else {"instance": described}
        yield Workflow(id="outside", nodes={"n": Node(id="n", type="action", config=config)}, extra=config)


def test_that_what_others_wrote_is_written_as_the_form_says() -> None:
    seen = 0
    for drawn in outside():
        seen += 1
        assert codec.encode(drawn) == plainly(drawn)
    assert seen > 0
