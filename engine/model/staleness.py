"""Which results no longer follow from the drawing, and why. Pure.

Every result on show was made by a run of some drawing. It is out of date when what it was made from differs
from what is drawn now: the node's own settings, a pin put down or taken away, or what leads to it (a node
inserted or deleted before it, one switched off, a wire that is new, gone or leads on under another
condition), when a step before it has given something else since, or when anything before it is out of date.
Undoing the edit takes the mark away again. How often a step is tried, how long it may take, what rolls it
back and where it lies on the canvas decide no result.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.model.json_value import Json
from engine.model.pins import is_pinned, pinned_output
from engine.model.workflow import Connection, Node, Workflow

_NO_MATTER = frozenset(
    {"retry", "timeout", "delivery", "priority", "rollback", "breakpoint", "pin", "disabled"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A result: the drawing it was made from, and what it is.

    run: the number of the run that last made it. changed: of the run that last gave something else than the
    one before.
    """

    workflow: Workflow
    output: Json = None
    run: int = 0
    changed: int = 0


def stale(now: Workflow, made: Mapping[str, Made]) -> dict[str, str]:
    """Why each result is out of date, by node; nodes without a result and those up to date are not in it."""
    own: dict[str, str] = {}
    arriving: dict[int, dict[str, list[Connection]]] = {}
    runs = {one.run for one in made.values()}
    for node_id, one in made.items():
        node = now.nodes.get(node_id)
        if node is None or node.disabled:
            continue
        if is_pinned(node):
            if pinned_output(node) != one.output:
                own[node_id] = "Another result is pinned."
            continue
        then = one.workflow
        same = then is now or (then.nodes is now.nodes and then.connections is now.connections)
        if same and len(runs) < 2:
            continue
        why = "" if same else _node_differs(then.nodes.get(node_id), node)
        if not why:
            before, after = (_arriving(arriving, workflow, node_id) for workflow in (then, now))
            why = "" if same else _way_differs(then, now, before, after)
            why = why or _ran_since(now, made, one, after)
        if why:
            own[node_id] = why
    return {**_following(now, own, made), **own} if own else own


def _node_differs(then: Node | None, now: Node) -> str:
    if then is now:
        return ""
    if then is None:
        return "It is new."
    if is_pinned(then):
        return "Its result is not pinned any more."
    if then.disabled:
        return "It was switched on."
    if then.type != now.type or _matters(then) != _matters(now):
        return "Its settings were changed."
    return ""


def _matters(node: Node) -> dict[str, Json]:
    return {key: value for key, value in node.config.items() if key not in _NO_MATTER}


def _arriving(
    known: dict[int, dict[str, list[Connection]]], workflow: Workflow, node_id: str
) -> list[Connection]:
    """The wires that lead to a node; looked up for the whole workflow at once."""
    found = known.get(id(workflow))
    if found is None:
        found = known[id(workflow)] = {}
        for connection in workflow.connections.values():
            found.setdefault(connection.target, []).append(connection)
    return found.get(node_id, [])


def _way_differs(then: Workflow, now: Workflow, before: list[Connection], after: list[Connection]) -> str:
    old, new = {_way(wire) for wire in before}, {_way(wire) for wire in after}
    if {way[:2] for way in new} - {way[:2] for way in old}:
        return "Something new leads to it."
    if old - new and {way[:2] for way in old} - {way[:2] for way in new}:
        return "Something that led to it was taken away."
    if old != new:
        return "It is reached under another condition."
    for source in sorted(way[0] for way in new):
        was, is_now = then.nodes.get(source), now.nodes.get(source)
        if was is not None and is_now is not None and was.disabled != is_now.disabled:
            return f"“{is_now.label}” was switched {'off' if is_now.disabled else 'on'}."
    return ""


def _way(wire: Connection) -> tuple[str, str, str, str, int]:
    return wire.source, wire.source_port or "", wire.on, wire.condition or "", wire.priority


def _ran_since(now: Workflow, made: Mapping[str, Made], one: Made, arriving: Iterable[Connection]) -> str:
    for wire in arriving:
        before = made.get(wire.source)
        if before is not None and before.changed > one.run:
            return f"“{now.nodes[wire.source].label}” has given something else since."
    return ""


def _following(now: Workflow, own: Mapping[str, str], made: Mapping[str, Made]) -> dict[str, str]:
    """Everything behind the nodes that are out of date, with the nearest of those as the reason."""
    after: dict[str, list[str]] = {}
    for connection in now.connections.values():
        after.setdefault(connection.source, []).append(connection.target)
    found: dict[str, str] = {}
    seen = set(own)
    line = deque((node_id, node_id) for node_id in own)
    while line:
        node_id, origin = line.popleft()
        for target in after.get(node_id, ()):
            # What is pinned does not depend on what comes before it.
            if target not in seen and target in now.nodes and not is_pinned(now.nodes[target]):
                seen.add(target)
                line.append((target, origin))
                if target in made:
                    found[target] = f"“{now.nodes[origin].label}” before it is out of date."
    return found
