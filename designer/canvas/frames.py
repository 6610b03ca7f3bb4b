"""Where groups lie: frames around their nodes, wherever those are now, or one card each while folded.

A folded group's card lies in the middle of its nodes, so that it goes where they go. Of groups inside each
other only the outermost folded one is seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from designer.canvas.geometry import CARD_SIZE, Floats, Mask, Rows, distinct
from engine.model.groups import Group, groups, lineage
from engine.model.workflow import Workflow

PAD = 24.0
TITLE_H = 32.0
CHEVRON = 24.0


@dataclass(slots=True)
class Frame:
    """A group with the rows of all nodes in it. ``around`` is its place among all frames, -1 for none."""

    group: Group
    around: int
    depth: int
    rows: list[int] = field(default_factory=list)
    own: list[int] = field(default_factory=list)
    inner: list[int] = field(default_factory=list)
    hidden: bool = False

    @property
    def is_card(self) -> bool:
        """Whether it is shown as one card."""
        return self.group.folded and not self.hidden


class Frames:
    """Read anew only when the document's groups or its nodes changed; ``all`` has the outer ones first."""

    def __init__(self) -> None:
        self.all: list[Frame] = []
        self.hidden: Mask | None = None
        self._boxes: list[QRectF | None] = []
        self._innermost: Rows = np.empty(0, np.intp)
        self._card_of: Rows = self._innermost

    def follow(self, workflow: Workflow, row_of: dict[str, int]) -> bool:
        """Take the groups of this workflow, by the rows of their nodes; whether others are hidden now."""
        before = self._card_of
        known = {group.id: group for group in groups(workflow)}
        ways = {group_id: lineage(known, group_id) for group_id in known}
        order = sorted(known, key=lambda group_id: len(ways[group_id]))
        place = {group_id: number for number, group_id in enumerate(order)}
        self.all = []
        self._innermost = np.full(len(row_of), -1, np.intp)
        self._card_of = np.full(len(row_of), -1, np.intp)
        for number, group_id in enumerate(order):
            group = known[group_id]
            frame = Frame(group, place.get(group.parent, -1), len(ways[group_id]) - 1)
            frame.own = [row_of[node_id] for node_id in group.nodes]
            self._innermost[frame.own] = number
            self.all.append(frame)
            if frame.around >= 0:
                outer = self.all[frame.around]
                outer.inner.append(number)
                frame.hidden = outer.hidden or outer.group.folded
            for around in ways[group_id]:
                self.all[place[around]].rows += frame.own
        self._boxes = [None] * len(self.all)
        for number, frame in enumerate(self.all):
            if frame.is_card:
                self._card_of[frame.rows] = number
        self.hidden = self._card_of >= 0 if any(frame.is_card for frame in self.all) else None
        return not np.array_equal(before, self._card_of)

    def shown(self, places: Floats) -> Floats:
        """Where cards are seen: nodes of a folded group at the card of the group."""
        if self.hidden is None:
            return places
        found = places.copy()
        for frame in self.all:
            if frame.is_card:
                found[frame.rows] = _middle(places[frame.rows])
        return found

    def follow_moves(self, places: Floats, xy: Floats, rows: Rows) -> None:
        """These nodes lie elsewhere: bring where they are seen, ``xy``, and the frames around them there."""
        if self.hidden is not None:
            xy[rows] = places[rows]
            for number in distinct(self._card_of[np.asarray(rows, np.intp)]):
                if number >= 0:
                    mine = self.all[number].rows
                    xy[mine] = _middle(places[mine])
        self._moved(rows)

    def _moved(self, rows: Rows) -> None:
        if self.all:
            for number in distinct(self._innermost[np.asarray(rows, np.intp)]):
                while number >= 0:
                    self._boxes[number] = None
                    number = self.all[number].around

    def with_cards(self, rows: list[int]) -> list[int]:
        """These rows, and all that are seen at the same card: it lies in the middle of all of them."""
        if self.hidden is None:
            return rows
        numbers = distinct(self._card_of[rows])
        return [*rows, *(row for number in numbers if number >= 0 for row in self.all[number].rows)]

    def visible(self, rows: Rows) -> Rows:
        """Those of these rows that are not folded away."""
        return rows if self.hidden is None else rows[~self.hidden[rows]]

    def one_card(self, source: Rows, target: Rows) -> Mask | None:
        """Which wires begin and end in the same folded group; None when no group is folded."""
        if self.hidden is None:
            return None
        inner: Mask = (self._card_of[source] >= 0) & (self._card_of[source] == self._card_of[target])
        return inner

    def card_of(self, row: int) -> Frame | None:
        """The folded group whose card stands for this node."""
        number = int(self._card_of[row]) if self.hidden is not None else -1
        return self.all[number] if number >= 0 else None

    def inside(self, frame: Frame) -> Mask:
        """Which rows a group holds."""
        found = np.zeros(len(self._innermost), bool)
        found[frame.rows] = True
        return found

    def within(self, frame: Frame) -> list[Frame]:
        """The frame, and those in it at any depth."""
        found = [frame]
        for each in found:
            found += [self.all[inner] for inner in each.inner]
        return found

    def of(self, group_id: str) -> Frame | None:
        """The frame of a group."""
        return next((frame for frame in self.all if frame.group.id == group_id), None)

    def box(self, frame: Frame, xy: Floats) -> QRectF:
        """The frame, or the card, of a group."""
        return self._box(next(n for n, known in enumerate(self.all) if known is frame), xy)

    def open(self, xy: Floats) -> list[tuple[Frame, QRectF]]:
        """Each frame that is seen, with its box, the outer ones first."""
        return [
            (frame, self._box(number, xy))
            for number, frame in enumerate(self.all)
            if not frame.hidden and not frame.group.folded
        ]

    def cards(self, xy: Floats) -> list[tuple[Frame, QRectF]]:
        """Each folded group that is seen, with its card."""
        if self.hidden is None:
            return []
        return [(frame, self._box(number, xy)) for number, frame in enumerate(self.all) if frame.is_card]

    def boxes(self, xy: Floats) -> list[tuple[Group, QRectF]]:
        """Everything that is seen of groups: frames, then cards."""
        return [(frame.group, box) for frame, box in (*self.open(xy), *self.cards(xy))]

    def bounds(self, xy: Floats) -> QRectF:
        """One box around all of them; null for none."""
        area = QRectF()
        for _, box in self.boxes(xy):
            area = area.united(box)
        return area

    def holding(self, xy: Floats, rows: Rows) -> dict[int, QRectF]:
        """The boxes of the frames that hold any of these rows, by their number."""
        if not self.all:
            return {}
        held = distinct(self._innermost[np.asarray(rows, np.intp)])
        numbers = {outer for number in held for outer in self._outward(number)}
        return {number: self._box(number, xy) for number in numbers if not self.all[number].hidden}

    def title_at(self, xy: Floats, at: QPointF) -> Frame | None:
        """The frame whose title bar is at a place, the innermost one."""
        for frame, box in reversed(self.open(xy)):
            if title_bar(box).contains(at):
                return frame
        return None

    def card_at(self, xy: Floats, at: QPointF) -> Frame | None:
        """The folded group whose card is at a place."""
        return next((frame for frame, box in reversed(self.cards(xy)) if box.contains(at)), None)

    def _outward(self, number: int) -> list[int]:
        found = []
        while number >= 0:
            found.append(number)
            number = self.all[number].around
        return found

    def _box(self, number: int, xy: Floats) -> QRectF:
        found = self._boxes[number]
        if found is None:
            frame = self.all[number]
            if frame.group.folded:
                x, y = xy[frame.rows[0]].tolist()
                found = QRectF(x, y, *CARD_SIZE)
            else:
                found = QRectF()
                if frame.own:
                    low, high = xy[frame.own].min(axis=0), np.add(xy[frame.own].max(axis=0), CARD_SIZE)
                    found = QRectF(*low.tolist(), *(high - low).tolist())
                for inner in frame.inner:
                    found = found.united(self._box(inner, xy))
                found = found.adjusted(-PAD, -PAD - TITLE_H + 8, PAD, PAD)
            self._boxes[number] = found
        return found


def _middle(places: Floats) -> Floats:
    """Where the card of a folded group lies whose nodes lie here."""
    middle: Floats = np.round((places.min(axis=0) + places.max(axis=0)) / 2)
    return middle


def title_bar(box: QRectF) -> QRectF:
    """Where a frame is taken hold of."""
    return QRectF(box.left(), box.top(), box.width(), TITLE_H)


def chevron(box: QRectF, *, card: bool) -> QRectF:
    """The button that folds a frame, or unfolds a card."""
    middle = box.center().y() if card else box.top() + TITLE_H / 2 + 2
    return QRectF(box.right() - CHEVRON - 8, middle - CHEVRON / 2, CHEVRON, CHEVRON)


def changed_area(before: dict[int, QRectF], after: dict[int, QRectF]) -> QRectF:
    """Where frames look otherwise than before; null when a node was moved inside one and it stayed."""
    area = QRectF()
    for number, box in before.items():
        if box != after[number]:
            area = area.united(box).united(after[number])
    return area if area.isNull() else area.adjusted(-20, -20, 20, 24)
