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
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import compress
from operator import is_not
from typing import TypeAlias

from engine.model.json_value import Json
from engine.model.pins import is_pinned, pinned_output
from engine.model.workflow import Connection, Node, Workflow

_NO_MATTER = frozenset(
    {"retry", "timeout", "delivery", "priority", "rollback", "breakpoint", "pin", "disabled"}
)


_Way: TypeAlias = tuple[str, str, str, str, int]
"""Source, port, outcome, condition and priority of a wire."""


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


class Ways:
    """What each node leads to, kept until the connections are others."""

    def __init__(self) -> None:
        self._connections: Mapping[str, Connection] | None = None
        self._after: dict[str, list[str]] = {}

    def after(self, workflow: Workflow) -> Mapping[str, list[str]]:
        """By node the nodes that its connections end at."""
        if self._connections is not workflow.connections:
            self._connections, self._after = workflow.connections, {}
            for connection in workflow.connections.values():
                self._after.setdefault(connection.source, []).append(connection.target)
        return self._after


def stale(now: Workflow, made: Mapping[str, Made], ways: Ways | None = None) -> dict[str, str]:
    """Why each result is out of date, by node; nodes without a result and those up to date are not in it.

    Linear, and next to nothing for what is the very same object in both drawings. Whoever asks again and
    again keeps one ``Ways``.
    """
    own: dict[str, str] = {}
    drawings, runs = _origins(made)
    for then in drawings:
        if then is now or (then.nodes is now.nodes and then.connections is now.connections):
            continue
        suspects = {
            node_id
            for node_id in _suspects(then, now)
            if node_id in made and made[node_id].workflow is then and not now.nodes[node_id].disabled
        }
        before = _arriving(then, suspects) if suspects else {}
        after = before if then.connections is now.connections else _arriving(now, suspects)
        for node_id in suspects:
            why = _differs(then, now, node_id, made[node_id].output)
            why = why if why is not None else _way_differs(then, now, before[node_id], after[node_id])
            if why:
                own[node_id] = why
    if len(runs) > 1:
        own = {**_ran_since(now, made), **own}
    return {**_following(now, own, made, ways or Ways()), **own} if own else own


def decides_nothing(before: Node, after: Node) -> bool:
    """Whether no result depends on what differs between a node and the same node after an edit."""
    return (
        before.type == after.type
        and before.disabled == after.disabled
        and before.config.get("pin") == after.config.get("pin")
        and _matters(before) == _matters(after)
    )


def _origins(made: Mapping[str, Made]) -> tuple[list[Workflow], set[int]]:
    """The drawings and the runs that the results come from; nearly always all from one."""
    drawings: dict[int, Workflow] = {}
    runs: set[int] = set()
    last = None
    for one in made.values():
        if last is None or one.workflow is not last.workflow or one.run != last.run:
            drawings[id(one.workflow)] = one.workflow
            runs.add(one.run)
            last = one
    return list(drawings.values()), runs


def _suspects(then: Workflow, now: Workflow) -> set[str]:
    """The nodes that differ between two drawings, and those to which something else leads."""
    others = compress(now.nodes, map(is_not, now.nodes.values(), map(then.nodes.get, now.nodes)))
    changed = {node_id for node_id in others if then.nodes.get(node_id) != now.nodes[node_id]}
    found = set(changed)
    if then.connections is not now.connections:
        for wire_id, wire in now.connections.items():
            was = then.connections.get(wire_id)
            if was is not wire and (was is None or was.target != wire.target or _way(was) != _way(wire)):
                found.add(wire.target)
                found.update(() if was is None else (was.target,))
        found.update(
            wire.target for wire_id, wire in then.connections.items() if wire_id not in now.connections
        )
    switched = {i for i in changed if i in then.nodes and then.nodes[i].disabled != now.nodes[i].disabled}
    if switched:
        found.update(wire.target for wire in now.connections.values() if wire.source in switched)
    return found & now.nodes.keys()


def _arriving(workflow: Workflow, node_ids: set[str]) -> dict[str, set[_Way]]:
    """How each of these nodes is reached."""
    found: dict[str, set[_Way]] = {node_id: set() for node_id in node_ids}
    for wire in workflow.connections.values():
        if wire.target in found:
            found[wire.target].add(_way(wire))
    return found


def _differs(then: Workflow, now: Workflow, node_id: str, output: Json) -> str | None:
    """Why a node by itself is out of date; "" where nothing else counts, None if it is not."""
    node = now.nodes[node_id]
    if is_pinned(node):
        return "" if pinned_output(node) == output else "Another result is pinned."
    return _node_differs(then.nodes.get(node_id), node) or None


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


def _way_differs(then: Workflow, now: Workflow, old: set[_Way], new: set[_Way]) -> str:
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


def _way(wire: Connection) -> _Way:
    return wire.source, wire.source_port or "", wire.on, wire.condition or "", wire.priority


def _ran_since(now: Workflow, made: Mapping[str, Made]) -> dict[str, str]:
    """The results made from what a step gave before it gave something else."""
    found: dict[str, str] = {}
    for wire in now.connections.values():
        before, one, node = made.get(wire.source), made.get(wire.target), now.nodes.get(wire.target)
        if before is None or one is None or node is None or before.changed <= one.run:
            continue
        if wire.source in now.nodes and not node.disabled and not is_pinned(node):
            found[wire.target] = f"“{now.nodes[wire.source].label}” has given something else since."
    return found


def _following(now: Workflow, own: Mapping[str, str], made: Mapping[str, Made], ways: Ways) -> dict[str, str]:
    """Everything behind the nodes that are out of date, with the nearest of those as the reason."""
    after = ways.after(now)
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
