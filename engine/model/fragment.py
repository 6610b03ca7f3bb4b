"""A piece of a workflow that can be pasted elsewhere: what copy takes and paste gives new ids."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from engine.model.bends import VIA, bends, bent
from engine.model.changes import Change, ConnectionAdded, NodeAdded, apply
from engine.model.comments import Comment, copies, set_comments
from engine.model.edits import Edit, free_id
from engine.model.embedded import is_composite
from engine.model.groups import Group, add_copies, groups, members
from engine.model.json_value import Json
from engine.model.queries import connections_touching, connections_within
from engine.model.workflow import Connection, Node, Point, Workflow

_REFERENCE_ROOT = re.compile(r"(?<!\$)\$\{(?P<steps>steps\.)?(?P<root>[A-Za-z_][A-Za-z0-9_-]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """Nodes with the connections among them, comments, and groups whose nodes are all here.

    ``incoming`` holds wires from outside.
    """

    nodes: tuple[Node, ...]
    connections: tuple[Connection, ...] = ()
    incoming: tuple[Connection, ...] = ()
    layout: Mapping[str, Point] = field(default_factory=dict)
    comments: tuple[Comment, ...] = ()
    groups: tuple[Group, ...] = ()


def take(workflow: Workflow, node_ids: Iterable[str]) -> Fragment:
    """The nodes as they lie, in the file's order."""
    chosen = set(node_ids)
    inside = connections_within(workflow, chosen)
    incoming = [c for c in connections_touching(workflow, chosen) if c.source not in chosen]
    return Fragment(
        nodes=tuple(node for node in workflow.nodes.values() if node.id in chosen),
        connections=tuple(inside),
        incoming=tuple(incoming),
        layout={node_id: workflow.layout[node_id] for node_id in chosen if node_id in workflow.layout},
        groups=whole_groups(workflow, chosen),
    )


def whole_groups(workflow: Workflow, node_ids: Iterable[str]) -> tuple[Group, ...]:
    """The groups of which every node is among these, those inside others too."""
    known, chosen = groups(workflow), set(node_ids)
    inside = {group_id for group_id, nodes in members(known).items() if chosen.issuperset(nodes)}
    return tuple(group for group in known if group.id in inside)


def part(workflow: Workflow, node_ids: Iterable[str], comment_ids: Iterable[str] = ()) -> Workflow:
    """The workflow with only these nodes and comments: for a picture, not for a run.

    References to what is left out stay as they are; a group stays when all its nodes do.
    """
    chosen, noted = set(node_ids), set(comment_ids)
    extra: dict[str, Json] = dict(workflow.layout_extra)
    entries = extra.get("comments")
    if isinstance(entries, list):
        extra["comments"] = [note for note in entries if isinstance(note, dict) and note.get("id") in noted]
    entries = extra.get("groups")
    if isinstance(entries, list):
        extra["groups"] = [group for group in entries if _members(group) <= chosen]
    return replace(
        workflow,
        nodes={node_id: node for node_id, node in workflow.nodes.items() if node_id in chosen},
        connections={c.id: c for c in connections_within(workflow, chosen)},
        layout={node_id: place for node_id, place in workflow.layout.items() if node_id in chosen},
        layout_extra=extra,
    )


def _members(group: Json) -> set[str]:
    nodes = group.get("nodes") if isinstance(group, dict) else None
    return {node_id for node_id in nodes if isinstance(node_id, str)} if isinstance(nodes, list) else set()


def paste(
    workflow: Workflow, fragment: Fragment, offset: Point, *, keep_incoming: bool = False
) -> tuple[Edit, list[str]]:
    """Add the fragment under new ids, moved by ``offset``; also gives the new ids.

    References between the pasted nodes follow to the copies; with ``keep_incoming`` the wires
    from outside are copied too where their sources still exist.
    """
    taken = set(workflow.nodes)
    renamed: dict[str, str] = {}
    for node in fragment.nodes:
        renamed[node.id] = free_id(taken, node.id)
        taken.add(renamed[node.id])
    changes: list[Change] = []
    for node in fragment.nodes:
        x, y = fragment.layout.get(node.id, (0.0, 0.0))
        copy = replace(
            node,
            id=renamed[node.id],
            config={
                # What stands inside a node has steps, and so names, of its own.
                key: value if key == "workflow" and is_composite(node) else _follow(value, renamed)
                for key, value in node.config.items()
            },
        )
        changes.append(NodeAdded(node=copy, position=(x + offset[0], y + offset[1])))
    wires = set(workflow.connections)
    outside = [c for c in fragment.incoming if keep_incoming and c.source in workflow.nodes]
    for connection in (*fragment.connections, *outside):
        source = renamed.get(connection.source, connection.source)
        target = renamed[connection.target]
        wire_id = free_id(wires, f"{source}_to_{target}")
        wires.add(wire_id)
        condition = connection.condition and str(_follow(connection.condition, renamed))
        copied = replace(connection, id=wire_id, source=source, target=target, condition=condition)
        inner = connection.source in renamed
        led = [(x + offset[0], y + offset[1]) for x, y in bends(connection)] if inner else []
        changes.append(ConnectionAdded(connection=bent(copied, led) if VIA in copied.extra else copied))
    notes = copies(workflow, fragment.comments, offset)
    if notes:
        noted = set_comments(workflow, notes, "").changes
        changes += noted
        workflow = apply(workflow, noted)
    papers = {old.id: new.id for old, new in zip(fragment.comments, notes, strict=True)}
    if fragment.groups:
        changes += add_copies(workflow, fragment.groups, renamed, papers).changes
    return Edit(label=_label(fragment), changes=tuple(changes)), list(renamed.values())


def _label(fragment: Fragment) -> str:
    count = len(fragment.nodes)
    if not count:
        return "Paste comment" if len(fragment.comments) == 1 else f"Paste {len(fragment.comments)} comments"
    return f"Paste {fragment.nodes[0].label}" if count == 1 else f"Paste {count} nodes"


def duplicate(
    workflow: Workflow, node_ids: Iterable[str], offset: Point, notes: Iterable[Comment] = ()
) -> tuple[Edit, list[str]]:
    """Paste a copy beside the nodes, fed by the same wires, and of these comments."""
    piece = replace(take(workflow, node_ids), comments=tuple(notes))
    edit, added = paste(workflow, piece, offset, keep_incoming=True)
    return replace(edit, label=edit.label.replace("Paste", "Duplicate", 1)), added


def _follow(value: Json, renamed: Mapping[str, str]) -> Json:
    """The value with references to renamed nodes led to their new ids."""
    if isinstance(value, str):
        return _REFERENCE_ROOT.sub(
            lambda found: "${" + (found["steps"] or "") + renamed.get(found["root"], found["root"]), value
        )
    if isinstance(value, list):
        return [_follow(item, renamed) for item in value]
    if isinstance(value, dict):
        return {key: _follow(item, renamed) for key, item in value.items()}
    return value
