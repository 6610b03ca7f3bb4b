"""The outline's tree as plain objects: groups, steps in the order of reading, and ways on. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Literal

import numpy as np

from designer.panels.outline_ways import ways_of
from designer.theme.tokens import CARD_H, CARD_W
from engine.model.comments import Comment, comments
from engine.model.groups import Group, groups, lineage, members
from engine.model.reading_order import reading_order
from engine.model.workflow import Workflow

Kind = Literal["root", "group", "node", "wire", "note"]
Name = tuple[Kind, str]
MOST_RUNS = 24
"""Rows scattered over more runs than this are cheaper to show anew than to insert one by one."""


@dataclass(slots=True, eq=False)
class Row:
    """One line. ``key`` names it in a model index; the ways on from a step are made when asked for."""

    key: int
    kind: Kind
    id: str
    parent: Row | None
    row: int
    children: list[Row] = field(default_factory=list)
    name: Name = field(init=False)

    def __post_init__(self) -> None:
        self.name = self.kind, self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What the outline of one workflow holds. ``inside`` lists the rows below each group, "" the top's.

    A group comes after those that it lies in. ``sizes`` counts the steps in a group and in those inside it.
    A comment, kind note, stands before the step that is nearest to it.
    """

    inside: dict[str, list[Name]]
    numbers: dict[str, int]
    groups: dict[str, Group]
    sizes: dict[str, int]
    notes: dict[str, Comment]

    @classmethod
    def of(cls, workflow: Workflow) -> Contents:
        """Read a whole workflow; O(nodes + connections)."""
        order = reading_order(workflow)
        known = {group.id: group for group in groups(workflow)}
        ways = {group_id: lineage(known, group_id)[::-1] for group_id in known}
        home = {node_id: group.id for group in known.values() for node_id in group.nodes}
        notes = {note.id: note for note in comments(workflow)}
        beside = _beside(workflow, order, notes)
        inside: dict[str, list[Name]] = {"": [("note", note_id) for note_id in beside.get("", ())]}
        for node_id in order:
            holder = ""
            for group_id in ways.get(home.get(node_id, ""), ()):
                if group_id not in inside:
                    inside[group_id] = []
                    inside[holder].append(("group", group_id))
                holder = group_id
            inside[holder] += [("note", note_id) for note_id in beside.get(node_id, ())]
            inside[holder].append(("node", node_id))
        numbers = {node_id: number for number, node_id in enumerate(order, 1)}
        sizes = {group_id: len(nodes) for group_id, nodes in members(tuple(known.values())).items()}
        return cls(inside=inside, numbers=numbers, groups=known, sizes=sizes, notes=notes)

    def is_far_from(self, other: Contents) -> bool:
        """Whether so much came and went in so many places that all of it is better shown anew."""
        changed = 0
        for group_id in self.inside.keys() | other.inside.keys():
            old, new = self.inside.get(group_id, []), other.inside.get(group_id, [])
            if old != new:
                here, there = set(old), set(new)
                changed += len(runs([place for place, name in enumerate(old) if name not in there]))
                changed += len(runs([place for place, name in enumerate(new) if name not in here]))
        return changed > MOST_RUNS


class Tree:
    """The rows by key and by name; ``ways`` holds what leaves each step, in the order of its rows."""

    def __init__(self, workflow: Workflow) -> None:
        self._keys = count(1)
        self.root = Row(0, "root", "", None, 0)
        self.contents = Contents.of(workflow)
        self.ways = ways_of(workflow)
        self._by_key: dict[int, Row] = {}
        self._by_name: dict[Name, Row] = {}
        self.fill(self.root, self.contents.inside[""], 0)

    def fill(self, parent: Row, names: Sequence[Name], place: int) -> None:
        """Make rows of these names from that place on, groups with what is in them."""
        made = []
        for row, name in enumerate(names, place):
            new = Row(next(self._keys), *name, parent, row)
            self._by_key[new.key] = self._by_name[name] = new
            made.append(new)
        parent.children[place:place] = made
        self.renumber(parent, place)
        for new in made:
            if new.kind == "group":
                self.fill(new, self.contents.inside[new.id], 0)

    def at(self, key: int) -> Row:
        """The row of a key; the root when there is none any more."""
        return self._by_key.get(key, self.root)

    def find(self, name: Name) -> Row | None:
        return self._by_name.get(name)

    def holder(self, group_id: str) -> Row:
        """The row of a group, the root for ""."""
        return self._by_name["group", group_id] if group_id else self.root

    def children(self, row: Row) -> list[Row]:
        """The rows below; those of a step are made now if they are not there yet."""
        if row.kind == "node" and not row.children:
            self.fill(row, [("wire", each.id) for each in self.ways.get(row.id, ())], 0)
        return row.children

    def size(self, row: Row) -> int:
        """How many rows stand below, made or not."""
        return len(self.ways.get(row.id, ())) if row.kind == "node" else len(row.children)

    def cut(self, parent: Row, first: int, last: int) -> None:
        """Take rows out, with all below them."""
        self._forget(parent.children[first : last + 1])
        del parent.children[first : last + 1]
        self.renumber(parent, first)

    def renumber(self, parent: Row, first: int = 0) -> None:
        for place in range(first, len(parent.children)):
            parent.children[place].row = place

    def _forget(self, rows: Iterable[Row]) -> None:
        for row in rows:
            del self._by_key[row.key]
            del self._by_name[row.name]
            self._forget(row.children)


def _beside(workflow: Workflow, order: Sequence[str], notes: Mapping[str, Comment]) -> dict[str, list[str]]:
    """The comments that belong to each step, the nearest one; under "" those of a drawing without steps."""
    placed = [node_id for node_id in order if node_id in workflow.layout]
    if not notes:
        return {}
    found: dict[str, list[str]] = {}
    low = np.array([workflow.layout[node_id] for node_id in placed], np.float64).reshape(-1, 2)
    high = np.add(low, (CARD_W, CARD_H))
    for note in sorted(notes.values(), key=lambda each: (each.y, each.x)):
        nearest = ""
        if placed:
            corner = np.array((note.x, note.y))
            apart = np.maximum(low - corner - (note.width, note.height), corner - high).clip(0.0)
            nearest = placed[int((apart**2).sum(axis=1).argmin())]
        found.setdefault(nearest, []).append(note.id)
    return found


def runs(places: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending places as first and last of each unbroken run: 1 2 5 6 7 -> (1, 2) (5, 7)."""
    found: list[tuple[int, int]] = []
    for place in places:
        if found and place == found[-1][1] + 1:
            found[-1] = (found[-1][0], place)
        else:
            found.append((place, place))
    return found


def spans(rows: Iterable[Row]) -> list[tuple[Row, int, int]]:
    """For each parent of these rows, from the first to the last of them."""
    reach: dict[int, tuple[Row, int, int]] = {}
    for row in rows:
        if row.parent is not None:
            parent, first, last = reach.get(row.parent.key, (row.parent, row.row, row.row))
            reach[row.parent.key] = (parent, min(first, row.row), max(last, row.row))
    return list(reach.values())


def names_of(node_ids: Iterable[str], wire_ids: Iterable[str], note_ids: Iterable[str] = ()) -> list[Name]:
    """Nodes, connections and comments by the names of their rows."""
    found: list[Name] = [("node", each) for each in node_ids]
    found += [("wire", each) for each in wire_ids]
    return found + [("note", each) for each in note_ids]
