"""Groups: nodes inside a frame with a title and a colour, folded into one card or not, one inside another.

They are layout, so no run ever sees them. They live in the file under ``layout.groups``; entries that this
version cannot read stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.model.changes import WorkflowChanged
from engine.model.edits import Edit, free_id
from engine.model.json_value import Json
from engine.model.workflow import Workflow

_KEY = "groups"
_FARTHEST = 1e6
_OWN = ("id", "title", "colour", "nodes", "parent", "folded", "comments", "room")
COLOURS = ("input", "transform", "combine", "trigger", "output", "logic", "human", "code")
"""Names of the theme's category colours, in the order in which new groups take them."""


Shift = tuple[float, float, float, float]
"""Where something lay, x and y, and where it was put."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What went out of the way of a group that was unfolded: nodes and comments, by id."""

    nodes: Mapping[str, Shift] = field(default_factory=dict)
    comments: Mapping[str, Shift] = field(default_factory=dict)


NO_ROOM = Room()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A node is in one group at most, which may lie inside another, its ``parent``.

    While a group is ``folded`` its ``comments`` are those that are folded away with it; while it is not, its
    ``room`` is what goes back when it is folded. ``extra`` keeps keys that this version does not know.
    """

    id: str
    title: str
    colour: str
    nodes: tuple[str, ...]
    parent: str = ""
    folded: bool = False
    comments: tuple[str, ...] = ()
    room: Room = NO_ROOM
    extra: Mapping[str, Json] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        own: dict[str, Json] = {"id": self.id, "title": self.title, "colour": self.colour}
        own["nodes"] = list(self.nodes)
        if self.parent:
            own["parent"] = self.parent
        if self.folded:
            own["folded"] = True
        if self.comments:
            own["comments"] = list(self.comments)
        room = {"nodes": self.room.nodes, "comments": self.room.comments}
        if any(room.values()):
            own["room"] = {
                kind: {key: list(way) for key, way in found.items()} for kind, found in room.items()
            }
        return {**own, **self.extra}


def groups(workflow: Workflow) -> tuple[Group, ...]:
    """The groups that hold nodes, or groups with nodes, in the file's order; without what is gone."""
    found: dict[str, Group] = {}
    taken: set[str] = set()
    for entry in _entries(workflow):
        group = _read(entry)
        if group is not None and group.id not in found:
            own = dict.fromkeys(n for n in group.nodes if n in workflow.nodes and n not in taken)
            taken.update(own)
            found[group.id] = replace(group, nodes=tuple(own))
    found = {group.id: replace(group, parent=_parent(found, group)) for group in found.values()}
    full: set[str] = set()
    for group in found.values():
        if group.nodes:
            full.update(lineage(found, group.id))
    return tuple(
        replace(group, parent=group.parent if group.parent in full else "")
        for group in found.values()
        if group.id in full
    )


def _parent(found: Mapping[str, Group], group: Group) -> str:
    """The group around this one; none when following it would lead round in a circle."""
    seen, at = {group.id}, group.parent
    while at in found:
        if at in seen:
            return ""
        seen.add(at)
        at = found[at].parent
    return group.parent if group.parent in found else ""


def lineage(known: Mapping[str, Group], group_id: str) -> list[str]:
    """The group and those around it, the innermost first."""
    found = []
    while group_id in known and group_id not in found:
        found.append(group_id)
        group_id = known[group_id].parent
    return found


def members(known: Sequence[Group]) -> dict[str, list[str]]:
    """The nodes of each group, by its id, those of groups inside it too."""
    by_id = {group.id: group for group in known}
    found: dict[str, list[str]] = {group.id: [] for group in known}
    for group in known:
        for around in lineage(by_id, group.id):
            found[around] += group.nodes
    return found


def whole(known: Sequence[Group], node_ids: Iterable[str]) -> list[Group]:
    """The groups of which every node is among these; of one inside another only the outer one."""
    chosen = set(node_ids)
    inside = {group_id for group_id, nodes in members(known).items() if chosen.issuperset(nodes)}
    return [group for group in known if group.id in inside and group.parent not in inside]


# -- edits -----------------------------------------------------------------------------------


def make_group(workflow: Workflow, node_ids: Iterable[str]) -> Edit:
    """Put nodes into a new group. Whole groups among them move into it; other nodes leave theirs.

    The new group lies inside the innermost group that held all of them.
    """
    wanted = set(node_ids)
    known = groups(workflow)
    inner = whole(known, wanted)
    gone = {node_id for group in inner for node_id in members(known)[group.id]}
    loose = [node_id for node_id in workflow.nodes if node_id in wanted and node_id not in gone]
    if not loose and not inner:
        return Edit(label="Group", changes=())
    number = len(known) + 1
    new = Group(
        id=free_id({group.id for group in known}, f"group_{number}"),
        title=f"Group {number}",
        colour=COLOURS[len(known) % len(COLOURS)],
        nodes=tuple(loose),
        parent=_common(known, loose, inner),
    )
    within, left_by = {group.id for group in inner}, set(loose)
    left = [
        replace(
            group,
            nodes=tuple(node_id for node_id in group.nodes if node_id not in left_by),
            parent=new.id if group.id in within else group.parent,
        )
        for group in known
    ]
    return _edit(workflow, _filled([*left, new]), "Group")


def _common(known: Sequence[Group], loose: Iterable[str], inner: Iterable[Group]) -> str:
    """The innermost group around all of these; "" when nothing is around all of them."""
    by_id = {group.id: group for group in known}
    owner = {node_id: group.id for group in known for node_id in group.nodes}
    around = [lineage(by_id, owner.get(node_id, "")) for node_id in loose]
    around += [lineage(by_id, group.parent) for group in inner]
    shared = set(around[0]).intersection(*around[1:])
    return next((group_id for group_id in around[0] if group_id in shared), "")


def ungroup(workflow: Workflow, node_ids: Iterable[str]) -> Edit:
    """Take frames away; the nodes stay. The frames around all of these nodes, else the innermost ones."""
    chosen = set(node_ids)
    known = groups(workflow)
    found = whole(known, chosen) or [group for group in known if chosen & set(group.nodes)]
    return dissolve(workflow, {group.id for group in found})


def dissolve(workflow: Workflow, group_ids: Iterable[str]) -> Edit:
    """Take these frames away; what was in them lies in the group around them now."""
    gone = set(group_ids)
    known = groups(workflow)
    by_id = {group.id: group for group in known}
    if not gone & by_id.keys():
        return Edit(label="Ungroup", changes=())

    def heir(group_id: str) -> str:
        return next((around for around in lineage(by_id, group_id) if around not in gone), "")

    orphans: dict[str, tuple[str, ...]] = {}
    for group in known:
        if group.id in gone and heir(group.id):
            orphans[heir(group.id)] = (*orphans.get(heir(group.id), ()), *group.nodes)
    kept = [
        replace(group, nodes=(*group.nodes, *orphans.get(group.id, ())), parent=heir(group.parent))
        for group in known
        if group.id not in gone
    ]
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


def fold(workflow: Workflow, folded: Mapping[str, Iterable[str]]) -> Edit:
    """Fold groups into one card each; by group the comments that are folded away with it."""
    changed = [
        replace(group, folded=True, comments=tuple(folded[group.id]), room=NO_ROOM)
        if group.id in folded
        else group
        for group in groups(workflow)
    ]
    return _edit(workflow, changed, "Fold group" if len(folded) == 1 else f"Fold {len(folded)} groups")


def unfold(workflow: Workflow, group_ids: Iterable[str], room: Room = NO_ROOM) -> Edit:
    """Show again what folded groups hold; ``room`` is what goes out of their way."""
    opened = set(group_ids)
    changed = [
        replace(group, folded=False, comments=(), room=room) if group.id in opened else group
        for group in groups(workflow)
    ]
    return _edit(workflow, changed, "Unfold group" if len(opened) == 1 else f"Unfold {len(opened)} groups")


def without(workflow: Workflow, node_ids: Iterable[str]) -> Edit:
    """Take nodes that are deleted out of their groups, and groups that are left empty away."""
    gone = set(node_ids)
    known = groups(workflow)
    if not any(gone & set(group.nodes) for group in known):
        return Edit(label="", changes=())
    left = [replace(group, nodes=tuple(n for n in group.nodes if n not in gone)) for group in known]
    return _edit(workflow, _filled(left), "Delete group")


def replaced_by(workflow: Workflow, node_ids: Iterable[str], node_id: str) -> Edit:
    """Take nodes out of their groups; the one that stands for them now is in the group they had in common."""
    gone, known = set(node_ids), groups(workflow)
    inner = whole(known, gone)
    held = {each for group in inner for each in members(known)[group.id]}
    if not any(gone & set(group.nodes) for group in known):
        return Edit(label="", changes=())
    around = _common(known, gone - held, inner)
    left = [
        replace(
            group,
            nodes=(
                *(each for each in group.nodes if each not in gone),
                *((node_id,) if group.id == around else ()),
            ),
        )
        for group in known
    ]
    return _edit(workflow, _filled(left), "")


def taken_apart(workflow: Workflow, node_id: str, these: Sequence[Group], nodes: Mapping[str, str]) -> Edit:
    """The nodes inside a node come out, under new ids, with their groups, into the group that held it."""
    known = groups(workflow)
    owner = next((group.id for group in known if node_id in group.nodes), "")
    if not these and not owner:
        return Edit(label="", changes=())
    framed = {each for group in these for each in group.nodes}
    loose = [new for old, new in nodes.items() if old not in framed]
    left = [
        replace(group, nodes=(*(each for each in group.nodes if each != node_id), *loose))
        if group.id == owner
        else group
        for group in known
    ]
    return _edit(workflow, _filled([*left, *_copies(known, these, nodes, {}, owner)]), "")


def add_copies(
    workflow: Workflow, these: Sequence[Group], nodes: Mapping[str, str], comments: Mapping[str, str]
) -> Edit:
    """Add copies of groups around copied nodes: the mappings lead from old ids to new ones."""
    known = groups(workflow)
    added = _copies(known, these, nodes, comments)
    return _edit(workflow, _filled([*known, *added]), "Paste group") if added else Edit(label="", changes=())


def _copies(
    known: Iterable[Group],
    these: Sequence[Group],
    nodes: Mapping[str, str],
    comments: Mapping[str, str],
    around: str = "",
) -> list[Group]:
    taken = {group.id for group in known}
    new_ids: dict[str, str] = {}
    for group in these:
        new_ids[group.id] = free_id(taken, group.id, fallback="group")
        taken.add(new_ids[group.id])
    return [
        replace(
            group,
            id=new_ids[group.id],
            nodes=tuple(nodes[node_id] for node_id in group.nodes if node_id in nodes),
            parent=new_ids.get(group.parent, around),
            comments=tuple(comments[note] for note in group.comments if note in comments),
            room=NO_ROOM,
        )
        for group in these
    ]


def _filled(these: Iterable[Group]) -> list[Group]:
    """Those that hold nodes, or groups that do."""
    known = list(these)
    full = {group_id for group_id, nodes in members(known).items() if nodes}
    return [group for group in known if group.id in full]


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
    group_id, title, colour, nodes, parent, folded, comments, room = (entry.get(key) for key in _OWN)
    if not isinstance(group_id, str) or not isinstance(title, str) or not isinstance(nodes, list):
        return None
    return Group(
        id=group_id,
        title=title,
        colour=colour if isinstance(colour, str) and colour in COLOURS else "code",
        nodes=tuple(node_id for node_id in nodes if isinstance(node_id, str)),
        parent=parent if isinstance(parent, str) else "",
        folded=folded is True,
        comments=tuple(note for note in comments if isinstance(note, str))
        if isinstance(comments, list)
        else (),
        room=_read_room(room),
        extra={key: value for key, value in entry.items() if key not in _OWN},
    )


def _read_room(entry: Json) -> Room:
    """What made room; nothing where that cannot be read, and then nothing goes back."""
    if not isinstance(entry, dict):
        return NO_ROOM
    return Room(nodes=_read_shifts(entry.get("nodes")), comments=_read_shifts(entry.get("comments")))


def _read_shifts(entry: Json) -> dict[str, Shift]:
    found: dict[str, Shift] = {}
    for key, way in entry.items() if isinstance(entry, dict) else ():
        numbers = [
            float(value)
            for value in (way if isinstance(way, list) else ())
            if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _FARTHEST
        ]
        if len(numbers) == 4:
            x, y, to_x, to_y = numbers
            found[key] = (x, y, to_x, to_y)
    return found
