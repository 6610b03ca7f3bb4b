"""Unfold groups so that their neighbours make room, and fold them so that these come back. Pure edits.

What made room goes back when the group is folded again, unless any of it was moved meanwhile, or another card
lies in its place by now: then everything stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QRectF

from designer.canvas.frames import Frame, Frames
from designer.canvas.geometry import CARD_SIZE, Box, Floats, as_box
from designer.canvas.making_room import pushed
from designer.canvas.notes import box_of
from engine.model import Change, Edit, Workflow, apply, queries
from engine.model.bends import bend_changes, carried
from engine.model.changes import NodesMoved
from engine.model.comments import comments, set_comments
from engine.model.groups import Group, Room, fold, groups, lineage, unfold
from engine.model.workflow import Point


@dataclass(slots=True)
class _Body:
    """What is pushed as one: a card, a comment, or a group with everything in it."""

    box: QRectF
    nodes: Sequence[str] = ()
    notes: Sequence[str] = ()


@dataclass(slots=True)
class _Moves:
    """How far nodes and comments go."""

    nodes: dict[str, Point] = field(default_factory=dict)
    notes: dict[str, Point] = field(default_factory=dict)


class _Plan:
    """Where everything of a workflow is seen."""

    def __init__(self, workflow: Workflow) -> None:
        self.workflow = workflow
        self.ids = list(workflow.nodes)
        places = [workflow.layout.get(node_id, (0.0, 0.0)) for node_id in self.ids]
        self.places: Floats = np.array(places, np.float64).reshape(-1, 2)
        self.frames = Frames()
        self.frames.follow(workflow, {node_id: row for row, node_id in enumerate(self.ids)})
        self.xy = self.frames.shown(self.places)

    def frame(self, group_id: str) -> Frame:
        found = self.frames.of(group_id)
        assert found is not None, group_id
        return found

    def box(self, group_id: str) -> QRectF:
        return self.frames.box(self.frame(group_id), self.xy)

    def beside(self, group: Group) -> list[_Body]:
        """Everything that lies beside a group in the group around it, or beside it on the canvas."""
        frames = [each for each in self.frames.all if each.group.parent == group.parent]
        folded = {note for each in self.frames.all for note in each.group.comments}
        free = [note for note in comments(self.workflow) if note.id not in folded]
        found: list[_Body] = []
        for each in frames:
            box = self.frames.box(each, self.xy)
            inside = [note for note in free if not each.is_card and box.contains(box_of(note))]
            free = [note for note in free if note not in inside]
            notes = {note.id for note in inside}
            notes.update(note for within in self.frames.within(each) for note in within.group.comments)
            if each.group.id != group.id:
                found.append(_Body(box, [self.ids[row] for row in each.rows], sorted(notes)))
        parent = self.frames.of(group.parent)
        grouped = {row for each in self.frames.all for row in each.own}
        rows = parent.own if parent is not None else [n for n in range(len(self.ids)) if n not in grouped]
        found += [_Body(_card(self.xy, row), [self.ids[row]]) for row in rows]
        outer = self.frames.box(parent, self.xy) if parent is not None else None
        found += [
            _Body(box_of(note), notes=[note.id])
            for note in free
            if outer is None or outer.contains(box_of(note))
        ]
        return found


def unfolding(workflow: Workflow, group_ids: Iterable[str]) -> Edit:
    """Show what these groups hold; what lies beside them makes room."""
    wanted = list(group_ids)
    known = {group.id: group for group in groups(workflow)}
    order = sorted(wanted, key=lambda group_id: len(lineage(known, group_id)))
    draft, changes = workflow, list[Change]()
    for group_id in order:
        room, made = _make_room(draft, group_id)
        step = (*unfold(draft, [group_id], room).changes, *made)
        draft = apply(draft, step)
        changes += step
    return Edit(label=unfold(workflow, wanted).label, changes=tuple(changes))


def folding(workflow: Workflow, folded: Mapping[str, Iterable[str]]) -> Edit:
    """Fold these groups, with the comments that go along; what made room for them goes back."""
    draft, changes = workflow, list[Change]()
    known = {group.id: group for group in groups(workflow)}
    for group in sorted(known.values(), key=lambda each: -len(lineage(known, each.id))):
        if group.id in folded:
            back = _back(draft, group)
            step = fold(draft, {group.id: folded[group.id]}).changes
            step = (*step, *_moved(apply(draft, step), back)) if back is not None else step
            draft = apply(draft, step)
            changes += step
    return Edit(label=fold(workflow, folded).label, changes=tuple(changes))


def _make_room(workflow: Workflow, group_id: str) -> tuple[Room, tuple[Change, ...]]:
    """Where things are put for a group to unfold, and the changes that put them there once it is unfolded."""
    before, opened = _Plan(workflow), apply(workflow, unfold(workflow, [group_id]).changes)
    if before.frame(group_id).hidden:
        return Room(), ()
    known = {group.id: group for group in groups(workflow)}
    moves, draft = _Moves(), opened
    for around in lineage(known, group_id):
        after = _Plan(draft)
        if before.box(around) == after.box(around):
            break
        step = _pushed(before, around, after.box(around))
        draft = apply(draft, _moved(draft, step))
        moves.nodes |= step.nodes
        moves.notes |= step.notes
    return _room(workflow, moves), _moved(opened, moves)


def _pushed(before: _Plan, group_id: str, after: QRectF) -> _Moves:
    """How far everything beside a group goes for it to be this large."""
    frame, was = before.frame(group_id), before.box(group_id)
    # A comment that lies under the group is the paper it stands on, and stays.
    bodies = [each for each in before.beside(frame.group) if each.nodes or not each.box.contains(was)]
    if not bodies:
        return _Moves()
    mine = [before.ids[row] for row in frame.rows]
    later = queries.downstream(before.workflow, mine).difference(mine)
    earlier = queries.upstream(before.workflow, mine).difference(mine) - later
    ways = pushed(
        np.array([_box(each.box) for each in bodies]),
        _box(was),
        _box(after),
        follows=np.array([not later.isdisjoint(each.nodes) for each in bodies]),
        leads=np.array([not earlier.isdisjoint(each.nodes) for each in bodies]),
    )
    moves = _Moves()
    for body, (dx, dy) in zip(bodies, ways.tolist(), strict=True):
        if dx or dy:
            moves.nodes |= dict.fromkeys(body.nodes, (dx, dy))
            moves.notes |= dict.fromkeys(body.notes, (dx, dy))
    return moves


def _card(xy: Floats, row: int) -> QRectF:
    x, y = xy[row].tolist()
    return QRectF(x, y, *CARD_SIZE)


def _box(box: QRectF) -> Box:
    return as_box(box)


def _moved(workflow: Workflow, moves: _Moves) -> tuple[Change, ...]:
    """The changes that move nodes and comments that far, with the bends between them."""
    layout = workflow.layout
    places = {
        node_id: (layout[node_id][0] + dx, layout[node_id][1] + dy)
        for node_id, (dx, dy) in moves.nodes.items()
        if node_id in layout
    }
    changes: tuple[Change, ...] = ()
    if places:
        changes = (NodesMoved(positions=places), *bend_changes(workflow, carried(workflow, places)))
    notes = [note.moved(moves.notes[note.id]) for note in comments(workflow) if note.id in moves.notes]
    return (*changes, *set_comments(workflow, notes, "").changes) if notes else changes


def _room(workflow: Workflow, moves: _Moves) -> Room:
    layout = workflow.layout
    notes = {note.id: (note.x, note.y) for note in comments(workflow)}
    return Room(
        nodes={n: (*layout[n], *_sum(layout[n], by)) for n, by in moves.nodes.items() if n in layout},
        comments={n: (*notes[n], *_sum(notes[n], by)) for n, by in moves.notes.items()},
    )


def _sum(place: Point, by: Point) -> Point:
    return place[0] + by[0], place[1] + by[1]


def _back(workflow: Workflow, group: Group) -> _Moves | None:
    """How far what made room for a group goes back; None when it stays."""
    layout = workflow.layout
    notes = {note.id: (note.x, note.y) for note in comments(workflow)}
    moves = _Moves()
    for known, said, ways in (
        (layout, group.room.nodes, moves.nodes),
        (notes, group.room.comments, moves.notes),
    ):
        for each, (x, y, to_x, to_y) in said.items():
            if each not in known:
                continue  # deleted meanwhile
            if tuple(known[each]) != (to_x, to_y):
                return None
            ways[each] = (x - to_x, y - to_y)
    return moves if _is_free(workflow, group, moves) else None


def _is_free(workflow: Workflow, group: Group, moves: _Moves) -> bool:
    """Whether nothing else lies where these nodes would go back to."""
    folded = apply(workflow, fold(workflow, {group.id: ()}).changes)
    plan = _Plan(apply(folded, _moved(folded, moves)))
    rows = [row for row, node_id in enumerate(plan.ids) if node_id in moves.nodes]
    others = np.ones(len(plan.ids), bool)
    others[rows] = False
    rest = plan.xy[others]
    return not any(bool((np.abs(rest - plan.xy[row]) < CARD_SIZE).all(axis=1).any()) for row in rows)
