"""Groups: nodes inside a frame with a title and a colour. They are layout, so no run ever sees them.

They live in the file under ``layout.groups``; entries that this version cannot read stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from engine.model.changes import WorkflowChanged
from engine.model.edits import Edit, free_id
from engine.model.json_value import Json
from engine.model.workflow import Workflow

_KEY = "groups"
_OWN = ("id", "title", "colour", "nodes")
COLOURS = ("input", "transform", "combine", "trigger", "output", "logic", "human", "code")
"""Names of the theme's category colours, in the order in which new groups take them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A node is in one group at most. ``extra`` keeps keys that this version does not know."""

    id: str
    title: str
    colour: str
    nodes: tuple[str, ...]
    extra: Mapping[str, Json] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        own: dict[str, Json] = {"id": self.id, "title": self.title, "colour": self.colour}
        return {**own, "nodes": list(self.nodes), **self.extra}


def groups(workflow: Workflow) -> tuple[Group, ...]:
    """The groups that have nodes, without nodes that are gone."""
    found: dict[str, Group] = {}
    for entry in _entries(workflow):
        group = _read(entry)
        if group is not None and group.id not in found:
            there = tuple(node_id for node_id in group.nodes if node_id in workflow.nodes)
            if there:
                found[group.id] = replace(group, nodes=there)
    return tuple(found.values())


def make_group(workflow: Workflow, node_ids: Iterable[str]) -> Edit:
    """Put nodes into a new group; they leave the groups in which they were."""
    chosen = [node_id for node_id in workflow.nodes if node_id in set(node_ids)]
    if not chosen:
        return Edit(label="Group", changes=())
    known = groups(workflow)
    left = [
        replace(group, nodes=tuple(node_id for node_id in group.nodes if node_id not in chosen))
        for group in known
    ]
    number = len(known) + 1
    new = Group(
        id=free_id({group.id for group in known}, f"group_{number}"),
        title=f"Group {number}",
        colour=COLOURS[len(known) % len(COLOURS)],
        nodes=tuple(chosen),
    )
    return _edit(workflow, [*(group for group in left if group.nodes), new], "Group")


def ungroup(workflow: Workflow, node_ids: Iterable[str]) -> Edit:
    """Take away the frames around any of these nodes; the nodes stay."""
    chosen = set(node_ids)
    known = groups(workflow)
    kept = [group for group in known if not chosen & set(group.nodes)]
    if len(kept) == len(known):
        return Edit(label="Ungroup", changes=())
    return _edit(workflow, kept, "Ungroup")


def change_group(workflow: Workflow, group_id: str, *, title: str = "", colour: str = "") -> Edit:
    """Give a group another title or colour."""
    changed = [
        replace(group, title=title or group.title, colour=colour or group.colour)
        if group.id == group_id
        else group
        for group in groups(workflow)
    ]
    return _edit(workflow, changed, f"Rename to {title}" if title else "Change colour")


def _edit(workflow: Workflow, these: Iterable[Group], label: str) -> Edit:
    strange = [entry for entry in _entries(workflow) if _read(entry) is None]
    entries: list[Json] = [*strange, *(group.to_json() for group in these)]
    extra = {key: value for key, value in workflow.layout_extra.items() if key != _KEY}
    if entries:
        extra[_KEY] = entries
    return Edit(label=label, changes=(WorkflowChanged(values={"layout_extra": extra}),))


def _entries(workflow: Workflow) -> list[Json]:
    entries = workflow.layout_extra.get(_KEY)
    return entries if isinstance(entries, list) else []


def _read(entry: Json) -> Group | None:
    if not isinstance(entry, dict):
        return None
    group_id, title, colour, nodes = (entry.get(key) for key in _OWN)
    if not isinstance(group_id, str) or not isinstance(title, str) or not isinstance(nodes, list):
        return None
    return Group(
        id=group_id,
        title=title,
        colour=colour if isinstance(colour, str) and colour in COLOURS else "code",
        nodes=tuple(node_id for node_id in nodes if isinstance(node_id, str)),
        extra={key: value for key, value in entry.items() if key not in _OWN},
    )
