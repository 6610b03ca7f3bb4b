"""The outline's tree without Qt: groups, steps in the order of reading, and ways on."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, repeat
from typing import Literal, NamedTuple, cast

import numpy as np

from designer.panels.outline_ways import touched
from designer.theme.tokens import CARD_H, CARD_W
from engine.model import Change
from engine.model.comments import Comment, comments
from engine.model.groups import Group, groups, lineage, members
from engine.model.kept_order import KeptOrder
from engine.model.switches import in_order
from engine.model.workflow import Connection, Workflow

Kind = Literal["root", "group", "node", "wire", "note"]
Name = tuple[Kind, str]
MOST_RUNS = 200
"""Rows scattered over more runs than this are cheaper to show anew than to insert one by one."""


class Row(NamedTuple):
    """One line: what it stands for."""

    kind: Kind
    id: str

    @property
    def name(self) -> Name:
        return self.kind, self.id


TOP = Row("root", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What the outline of one workflow holds. ``inside`` lists the rows below each group, "" the top's.

    A group comes after those that it lies in. ``sizes`` counts the steps in a group and in those inside it.
    A comment, kind note, stands before the step that is nearest to it. ``around`` says which group a row lies
    in; those at the top are left out.
    """

    inside: dict[str, list[Name]]
    around: dict[Name, str]
    numbers: dict[str, int]
    groups: dict[str, Group]
    sizes: dict[str, int]
    notes: dict[str, Comment]

    @classmethod
    def of(cls, workflow: Workflow, order: Sequence[str]) -> Contents:
        """What a workflow holds whose nodes are read in this order; O(nodes)."""
        known = {group.id: group for group in groups(workflow)}
        ways = {group_id: lineage(known, group_id)[::-1] for group_id in known}
        home = {node_id: group.id for group in known.values() for node_id in group.nodes}
        notes = {note.id: note for note in comments(workflow)}
        beside = _beside(workflow, order, notes)
        numbers = dict(zip(order, count(1)))
        steps = cast("list[Name]", list(zip(repeat("node"), order)))
        top: list[Name] = [("note", note_id) for note_id in beside.get("", ())]
        inside, around, done = {"": top}, dict[Name, str](), 0
        # Most steps stand alone at the top: only the others are looked at one by one.
        for place in sorted(numbers[node_id] - 1 for node_id in home.keys() | beside.keys() if node_id):
            top += steps[done:place]
            node_id, holder, done = order[place], "", place + 1
            for group_id in ways.get(home.get(node_id, ""), ()):
                if group_id not in inside:
                    inside[group_id] = []
                    inside[holder].append(("group", group_id))
                    around["group", group_id] = holder
                holder = group_id
            rows = [*(("note", note_id) for note_id in beside.get(node_id, ())), steps[place]]
            inside[holder] += rows
            around.update(dict.fromkeys(rows, holder))
        top += steps[done:]
        sizes = {group_id: len(nodes) for group_id, nodes in members(tuple(known.values())).items()}
        return cls(inside=inside, around=around, numbers=numbers, groups=known, sizes=sizes, notes=notes)


class Tree:
    """The rows that there are. ``lines`` holds those below each group, "" the top's; whoever shows them cuts
    and puts them one run after the other while the tree goes over to other contents.
    """

    def __init__(self, workflow: Workflow) -> None:
        self._workflow = workflow
        self._order = KeptOrder(workflow)
        self.contents = Contents.of(workflow, self._order.names)
        self.lines: dict[str, list[Name]] = {"": []}
        self._around = self.contents.around
        self._places: dict[str, dict[Name, int]] = {}
        self._ways: dict[str, Sequence[Connection]] = {}

    def go_over(self, after: Workflow, changes: Sequence[Change]) -> dict[str, Sequence[Connection]]:
        """Read the workflow after these changes; its rows are still to come.

        Gives the ways on from steps as they are now, where they may be others than before.
        """
        before, self._workflow = self._workflow, after
        left = touched(before, changes, self._order.sources_of)
        for node_id in left & before.nodes.keys():
            self._ways[node_id] = self._ways_in(before, node_id)
        former = self._order.names
        self._order.follow(before, after, changes)
        if (
            self._order.names is not former
            or before.layout_extra is not after.layout_extra
            or (self.contents.notes and before.layout is not after.layout)
        ):
            self.contents = Contents.of(after, self._order.names)
        return {node_id: self._ways_in(after, node_id) for node_id in left & after.nodes.keys()}

    def _ways_in(self, workflow: Workflow, node_id: str) -> Sequence[Connection]:
        wires = self._order.leaving.get(node_id, ())
        return in_order(workflow, (wire for wire in wires if wire.target in workflow.nodes))

    # -- rows --------------------------------------------------------------------------------

    def ways(self, node_id: str) -> Sequence[Connection]:
        """What leaves a step, in the order of the rows below it: that in which a switch tries them."""
        found = self._ways.get(node_id)
        if found is None:
            found = self._ways[node_id] = self._ways_in(self._workflow, node_id)
        return found

    def set_ways(self, node_id: str, ways: Sequence[Connection]) -> None:
        """These are the rows below a step from now on."""
        self._ways[node_id] = ways

    def size(self, name: Name) -> int:
        """How many rows come below a new one that is no group."""
        if name[0] != "node":
            return 0
        nodes = self._workflow.nodes
        return sum(wire.target in nodes for wire in self._order.leaving.get(name[1], ()))

    def row(self, holder: Row, place: int) -> Row:
        """The row at a place below another one; the top when there is none."""
        if holder.kind == "node":
            ways = self.ways(holder.id)
            return Row("wire", ways[place].id) if place < len(ways) else TOP
        names = self.lines.get(holder.id, ()) if holder.kind in ("root", "group") else ()
        return Row(*names[place]) if place < len(names) else TOP

    def settle(self) -> None:
        """All that goes has been cut: what is left stands where the contents say."""
        self._around = self.contents.around

    def holder(self, name: Name) -> str:
        """The group in which a step, a group or a comment stands; "" for the top."""
        return self._around.get(name, "")

    def place(self, name: Name) -> int | None:
        """Where in its group it stands."""
        holder = self._around.get(name, "")
        places = self._places.get(holder)
        if places is None:
            places = self._places[holder] = dict(zip(self.lines.get(holder, ()), count()))
        return places.get(name)

    def cut(self, holder: str, first: int, last: int) -> None:
        """Take rows out, with all below them."""
        self._places.pop(holder, None)
        gone = self.lines[holder][first : last + 1]
        del self.lines[holder][first : last + 1]
        for kind, row_id in gone:
            if kind == "node":
                self._ways.pop(row_id, None)
            elif kind == "group":
                self.cut(row_id, 0, len(self.lines[row_id]) - 1)
                del self.lines[row_id]

    def put(self, holder: str, names: Sequence[Name], place: int) -> None:
        """Put rows in, groups with all that the contents say is in them."""
        self._places.pop(holder, None)
        self.lines[holder][place:place] = names
        for kind, row_id in names:
            if kind == "group":
                self.lines[row_id] = []
                self.put(row_id, self.contents.inside[row_id], 0)


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


def turning(old: Sequence[Name], new: Sequence[Name]) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Which runs of the old rows go, and which of the new ones come then: as few rows as it takes.

    A row that stands elsewhere goes and comes.
    """
    start = _alike(old, new)
    end = _alike(old[: start - 1 if start else None : -1], new[: start - 1 if start else None : -1])
    middle, place_of = old[start : len(old) - end], dict(zip(new[start : len(new) - end], count(start)))
    staying = [(place, place_of[name]) for place, name in enumerate(middle, start) if name in place_of]
    kept = _longest_rise([target for _place, target in staying])
    stay = {staying[index][0] for index in kept}
    stand = {staying[index][1] for index in kept}
    return (
        runs([place for place in range(start, len(old) - end) if place not in stay]),
        runs([place for place in range(start, len(new) - end) if place not in stand]),
    )


def _alike(one: Sequence[Name], other: Sequence[Name]) -> int:
    """How many at the beginning of both are the same; by halves, as comparing slices is cheap."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _longest_rise(numbers: Sequence[int]) -> list[int]:
    """The places of a longest rising part of different numbers."""
    ends: list[int] = []  # the smallest number that a rise of each length ends with
    at: list[int] = []
    before: list[int] = []
    for place, number in enumerate(numbers):
        length = len(ends) if not ends or number > ends[-1] else bisect_left(ends, number)
        before.append(at[length - 1] if length else -1)
        if length == len(ends):
            ends.append(number)
            at.append(place)
        else:
            ends[length], at[length] = number, place
    found, place = [], at[-1] if at else -1
    while place >= 0:
        found.append(place)
        place = before[place]
    return found[::-1]


def names_of(node_ids: Iterable[str], wire_ids: Iterable[str], note_ids: Iterable[str] = ()) -> list[Name]:
    """Nodes, connections and comments by the names of their rows."""
    found: list[Name] = [("node", each) for each in node_ids]
    found += [("wire", each) for each in wire_ids]
    return found + [("note", each) for each in note_ids]
