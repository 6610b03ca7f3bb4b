"""Unfold groups so that their neighbours make room, and fold them so that these come back. Pure edits.

What made room goes back when the group is folded again, unless any of it was moved meanwhile, or another card
lies in its place by now: then everything stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QRectF

from designer.canvas.frames import Frame, Frames
from designer.canvas.geometry import CARD_SIZE, Box, Floats, Mask, Rows, as_box
from designer.canvas.making_room import pushed
from designer.canvas.notes import box_of
from engine.model import Change, Edit, Workflow, apply, queries
from engine.model.bends import bend_changes, carried
from engine.model.changes import NodesMoved
from engine.model.comments import comments, set_comments
from engine.model.groups import Group, Room, fold, groups, lineage, unfold
from engine.model.workflow import Point


@dataclass(slots=True)
class _Crowd:
    """What lies beside a group, each pushed as one: groups with all in them, then cards, then comments.

    ``boxes`` has a row for each, in that order; ``rows`` are those of the cards.
    """

    boxes: Floats
    framed: list[tuple[list[int], list[str]]]
    rows: Rows
    notes: list[str]


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

    def touching(self, crowd: _Crowd, node_ids: set[str]) -> Mask:
        """Which of these are, or hold, one of the nodes."""
        chosen = np.fromiter((node_id in node_ids for node_id in self.ids), bool, len(self.ids))
        framed = np.array([bool(chosen[rows].any()) for rows, _ in crowd.framed], bool)
        return np.concatenate((framed, chosen[crowd.rows], np.zeros(len(crowd.notes), bool)))

    def beside(self, group: Group) -> _Crowd:
        """Everything that lies beside a group in the group around it, or beside it on the canvas."""
        folded = {note for each in self.frames.all for note in each.group.comments}
        free = [note for note in comments(self.workflow) if note.id not in folded]
        boxes, framed = list[Box](), list[tuple[list[int], list[str]]]()
        alone = np.ones(len(self.ids), bool)
        for each in self.frames.all:
            alone[each.own] = False
            if each.group.parent != group.parent:
                continue
            box = self.frames.box(each, self.xy)
            inside = [note for note in free if not each.is_card and box.contains(box_of(note))]
            free = [note for note in free if note not in inside]
            notes = {note.id for note in inside}
            notes.update(note for within in self.frames.within(each) for note in within.group.comments)
            if each.group.id != group.id:
                boxes.append(as_box(box))
                framed.append((each.rows, sorted(notes)))
        parent, mine = self.frames.of(group.parent), self.box(group.id)
        rows = np.array(parent.own, np.intp) if parent is not None else np.flatnonzero(alone)
        outer = self.frames.box(parent, self.xy) if parent is not None else None
        # A comment that lies under the group is the paper it stands on, and stays.
        free = [note for note in free if not box_of(note).contains(mine)]
        free = [note for note in free if outer is None or outer.contains(box_of(note))]
        cards = np.concatenate((self.xy[rows], self.xy[rows] + CARD_SIZE), axis=1)
        papers = [as_box(box_of(note)) for note in free]
        every = (np.array(boxes).reshape(-1, 4), cards, np.array(papers).reshape(-1, 4))
        return _Crowd(np.concatenate(every), framed, rows, [note.id for note in free])


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
    crowd, moves = before.beside(frame.group), _Moves()
    mine = [before.ids[row] for row in frame.rows]
    later = queries.downstream(before.workflow, mine).difference(mine)
    earlier = queries.upstream(before.workflow, mine).difference(mine) - later
    ways = pushed(
        crowd.boxes,
        as_box(was),
        as_box(after),
        follows=before.touching(crowd, later),
        leads=before.touching(crowd, earlier),
    )
    first_card = len(crowd.framed)
    first_note = first_card + len(crowd.rows)
    for place in np.flatnonzero(ways.any(axis=1)).tolist():
        way = (float(ways[place, 0]), float(ways[place, 1]))
        if place < first_card:
            rows, notes = crowd.framed[place]
            moves.nodes |= dict.fromkeys((before.ids[row] for row in rows), way)
            moves.notes |= dict.fromkeys(notes, way)
        elif place < first_note:
            moves.nodes[before.ids[int(crowd.rows[place - first_card])]] = way
        else:
            moves.notes[crowd.notes[place - first_note]] = way
    return moves


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
    going = np.fromiter((node_id in moves.nodes for node_id in plan.ids), bool, len(plan.ids))
    rest = plan.xy[~going]
    rest = rest[np.argsort(rest[:, 0])]
    width, height = CARD_SIZE
    for x, y in plan.xy[going].tolist():
        near = rest[np.searchsorted(rest[:, 0], x - width, "right") : np.searchsorted(rest[:, 0], x + width)]
        if (np.abs(near[:, 1] - y) < height).any():
            return False
    return True
