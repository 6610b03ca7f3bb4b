"""Tidy drawings: columns from left to right, few crossings, straight wires. Pure; lengths are scene pixels.

The layered method of Sugiyama, Tagawa and Toda (1981), kept close to what the person drew: columns by the
longest way from a start, the present order from top to bottom inside them, changed only where barycentre
sweeps find fewer crossings, and heights by isotonic regression: each card as near to the middle of its
neighbours as the cards above and below it allow. A wire that passes columns holds a place in each, so that
it does not run behind cards. Pieces that hang together are stacked; cards without wires lie in rows below.
"""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

import numpy as np

from designer.canvas.geometry import Floats, cards_touching, snap
from designer.theme.tokens import CARD_H, CARD_W, GAP_X, GAP_Y, SNAP

COLUMN = float(CARD_W + GAP_X)
ROW = float(CARD_H + GAP_Y)
_PIECE_GAP = 2.0 * GAP_Y
_WIRE_GAP = CARD_H / 2 + GAP_Y / 2
_LABEL_GAP = 48.0
"""How much of a wire is seen on both sides of what is written on it, together."""
_NO_LABELS: Mapping[tuple[int, int], float] = {}
_SWEEPS = 6
_SETTLE = 5
_ORDERED = 0.5
"""Of the whole work, that much is to find the order of the cards."""

Wire = tuple[int, int, float]
"""Source row, target row, and how far from the card's middle the wire leaves it, in pixels."""


@dataclass(slots=True)
class _Piece:
    """Cards that hang together. Places 0 to ``len(rows) - 1`` are cards, later ones bends of long wires."""

    rows: list[int]
    column: list[int]
    height: list[float]
    """Where a place lies now, from top to bottom: what decides the first order."""
    before: list[list[tuple[int, float]]] = field(default_factory=list)
    after: list[list[tuple[int, float]]] = field(default_factory=list)
    columns: list[list[int]] = field(default_factory=list)

    def is_card(self, place: int) -> bool:
        return place < len(self.rows)


def tidy(
    xy: Floats,
    wires: Sequence[Wire],
    labels: Mapping[tuple[int, int], float] = _NO_LABELS,
    reached: Callable[[float], object] | None = None,
) -> Floats:
    """Where each card goes, on the snapping grid; the drawing keeps its top left corner.

    ``xy`` is ``(n, 2)``; wires name rows of it. Cards never overlap. Circles are allowed. ``labels`` says how
    wide what is written on a wire is, by its source and target: the columns stand that far apart. ``reached``
    is told now and then how much is done, from 0 to 1; what it raises ends the work.
    """
    found = np.zeros_like(xy)
    if not len(xy):
        return found
    if reached is not None:
        reached(0.0)
    pieces = _pieces(xy, wires)
    top = 0.0
    widest = done = 0

    def came(share: float) -> None:
        if reached is not None:
            reached((done + share * len(rows)) / len(xy))

    for rows, inner in pieces:
        if len(rows) == 1:
            continue
        piece = _layered(rows, inner, xy, came)
        middles = _heights(piece, came)
        done += len(rows)
        low = min(middles[place] for place in range(len(rows)))
        lefts = _lefts(piece, inner, labels)
        for place, row in enumerate(rows):
            found[row] = lefts[piece.column[place]], top + snap(middles[place] - low)
        top = max(float(found[row, 1]) for row in rows) + CARD_H + _PIECE_GAP
        widest = max(widest, len(piece.columns))
    _lay_rows([rows[0] for rows, _ in pieces if len(rows) == 1], found, top, widest)
    corner = [snap(float(value)) for value in xy.min(axis=0)]
    found += np.array(corner) - found.min(axis=0)
    return found


def make_room(moved: Floats, others: Floats) -> Floats:
    """The moved cards, as one block, as far down as it takes for them to lie on none of the others."""
    block = moved.copy()
    while True:
        shift = 0.0
        for x, y in block.tolist():
            gap = GAP_Y / 2
            met = cards_touching(others, (x - gap, y - gap, x + CARD_W + gap, y + CARD_H + gap))
            if len(met):
                shift = max(shift, snap(float(others[met, 1].max()) + ROW - y))
        if not shift:
            return block
        block[:, 1] += shift


def _lefts(piece: _Piece, wires: list[Wire], labels: Mapping[tuple[int, int], float]) -> list[float]:
    """Where each column begins: the usual gap apart, or as far as the widest label between two of them."""
    gaps = [float(GAP_X)] * len(piece.columns)
    column = {row: piece.column[place] for place, row in enumerate(piece.rows)} if labels else {}
    for source, target, _ in wires if labels else ():
        width = labels.get((source, target), 0.0)
        if width and column[target] == column[source] + 1:
            needed = math.ceil((width + _LABEL_GAP) / SNAP) * SNAP
            gaps[column[source]] = max(gaps[column[source]], float(needed))
    return [0.0, *accumulate(CARD_W + gap for gap in gaps)]


def _lay_rows(rows: list[int], found: Floats, top: float, widest: int) -> None:
    """Cards without wires, side by side in the order in which they are read."""
    across = max(widest, min(4, len(rows)), math.ceil(math.sqrt(len(rows) / 4)))
    for number, row in enumerate(rows):
        down, along = divmod(number, across)
        found[row] = along * COLUMN, top + down * ROW


def _pieces(xy: Floats, wires: Sequence[Wire]) -> list[tuple[list[int], list[Wire]]]:
    """Rows that hang together, with the wires among them, from top to bottom as they lie now."""
    parent = list(range(len(xy)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for source, target, _ in wires:
        parent[root(source)] = root(target)
    rows: dict[int, list[int]] = {}
    for row in range(len(xy)):
        rows.setdefault(root(row), []).append(row)
    inner: dict[int, list[Wire]] = {key: [] for key in rows}
    for wire in wires:
        if wire[0] != wire[1]:
            inner[root(wire[0])].append(wire)
    corners = {key: (min(xy[part, 1].tolist()), min(xy[part, 0].tolist())) for key, part in rows.items()}
    return [(rows[key], inner[key]) for key in sorted(rows, key=lambda key: corners[key])]


def _layered(rows: list[int], wires: list[Wire], xy: Floats, reached: Callable[[float], object]) -> _Piece:
    """The piece in columns, each in its final order."""
    place_of = {row: place for place, row in enumerate(rows)}
    links = [(place_of[source], place_of[target], leaves) for source, target, leaves in wires]
    places = xy[rows].tolist()
    piece = _Piece(rows=rows, column=_columns(links, places), height=[y for _, y in places])
    piece.before = [[] for _ in rows]
    piece.after = [[] for _ in rows]
    _link(piece, links)
    piece.columns = [[] for _ in range(max(piece.column) + 1)]
    for place in sorted(range(len(piece.column)), key=lambda place: piece.height[place]):
        piece.columns[piece.column[place]].append(place)
    _order(piece, reached)
    return piece


def _columns(links: list[Wire], places: list[list[float]]) -> list[int]:
    """A column for each card: the longest way from a start; a start stands right before what it feeds.

    Where only circles are left, the leftmost card goes first, as if nothing came before it.
    """
    waits = [0] * len(places)
    following: list[list[int]] = [[] for _ in places]
    for source, target, _ in links:
        waits[target] += 1
        following[source].append(target)
    starts = [place for place, count in enumerate(waits) if not count]
    column = [0] * len(places)
    ready = list(starts)
    left = {place for place, count in enumerate(waits) if count}
    done = 0
    while ready or left:
        if done == len(ready):
            if not left:
                break
            first = min(left, key=lambda place: places[place])
            left.discard(first)
            ready.append(first)
        place = ready[done]
        done += 1
        for target in following[place]:
            waits[target] -= 1
            if target in left:
                column[target] = max(column[target], column[place] + 1)
                if not waits[target]:
                    left.discard(target)
                    ready.append(target)
    for place in starts:
        column[place] = min((column[target] for target in following[place]), default=1) - 1
    return column


def _link(piece: _Piece, links: list[Wire]) -> None:
    """Tie neighbours together; a wire over several columns gets a bend in each while there is budget."""
    budget = 4 * len(piece.rows) + 1000
    for source, target, leaves in sorted(
        links, key=lambda link: piece.column[link[1]] - piece.column[link[0]]
    ):
        span = piece.column[target] - piece.column[source]
        if span <= 0 or span - 1 > budget:
            continue  # one that leads back, or one of very many long ones, has no say in the order
        budget -= span - 1
        start, end = piece.height[source], piece.height[target]
        last, offset = source, leaves
        for step in range(1, span):
            bend = len(piece.column)
            piece.column.append(piece.column[source] + step)
            piece.height.append(start + (end - start) * step / span)
            piece.before.append([(last, offset)])
            piece.after.append([])
            piece.after[last].append((bend, offset))
            last, offset = bend, 0.0
        piece.after[last].append((target, offset))
        piece.before[target].append((last, offset))


def _order(piece: _Piece, reached: Callable[[float], object]) -> None:
    """Sort the columns by the middle of their neighbours, both ways in turn; keep the best order met."""
    best, fewest = [list(column) for column in piece.columns], _crossings(piece)
    for sweep in range(_SWEEPS):
        reached(_ORDERED * sweep / _SWEEPS)
        if not fewest:
            break
        forward = sweep % 2 == 0
        numbers = range(1, len(piece.columns)) if forward else range(len(piece.columns) - 2, -1, -1)
        for number in numbers:
            _sort_column(piece, number, forward)
        crossings = _crossings(piece)
        if crossings < fewest:
            best, fewest = [list(column) for column in piece.columns], crossings
    piece.columns = best


def _sort_column(piece: _Piece, number: int, forward: bool) -> None:
    column = piece.columns[number]
    beside = piece.columns[number - 1 if forward else number + 1]
    rank = {place: index for index, place in enumerate(beside)}
    share = len(beside) / len(column)
    keys: dict[int, float] = {}
    for index, place in enumerate(column):
        links = piece.before[place] if forward else piece.after[place]
        if links:
            keys[place] = sum(rank[other] + (leaves / CARD_H if forward else 0.0) for other, leaves in links)
            keys[place] /= len(links)
        else:
            keys[place] = index * share
    column.sort(key=lambda place: keys[place])


def _crossings(piece: _Piece) -> int:
    """How many pairs of wires cross between neighbouring columns."""
    total = 0
    for near, far in pairwise(piece.columns):
        rank = {place: index for index, place in enumerate(far)}
        passed: list[int] = []
        for place in near:
            ends = sorted((leaves, rank[other]) for other, leaves in piece.after[place])
            for _, end in ends:
                total += len(passed) - bisect_right(passed, end)
                insort(passed, end)
    return total


def _heights(piece: _Piece, reached: Callable[[float], object]) -> list[float]:
    """The middle of every place, counted from the middle of the drawing."""
    middles = [0.0] * len(piece.column)
    for column in piece.columns:
        offsets = _offsets(piece, column)
        for place, offset in zip(column, offsets, strict=True):
            middles[place] = offset - offsets[-1] / 2
    for turn in range(_SETTLE):
        reached(_ORDERED + (1.0 - _ORDERED) * turn / _SETTLE)
        for column in piece.columns:
            _settle(piece, column, middles, before=True, after=turn == _SETTLE - 1)
        if turn < _SETTLE - 1:
            for column in reversed(piece.columns):
                _settle(piece, column, middles, before=False, after=True)
    return middles


def _settle(piece: _Piece, column: list[int], middles: list[float], *, before: bool, after: bool) -> None:
    """Draw a column's places to the middle of their neighbours, in order and apart."""
    offsets = _offsets(piece, column)
    wishes = []
    for place, offset in zip(column, offsets, strict=True):
        drawn = [middles[other] + leaves for other, leaves in piece.before[place]] if before else []
        if after:
            drawn += [middles[other] - leaves for other, leaves in piece.after[place]]
        wishes.append((sum(drawn) / len(drawn) if drawn else middles[place]) - offset)
    for place, offset, level in zip(column, offsets, _rising(wishes), strict=True):
        middles[place] = level + offset


def _offsets(piece: _Piece, column: list[int]) -> list[float]:
    """The nearest that the places of a column can lie to its first one."""
    offsets = [0.0]
    for above, place in pairwise(column):
        if piece.is_card(above) and piece.is_card(place):
            offsets.append(offsets[-1] + ROW)
        elif piece.is_card(above) or piece.is_card(place):
            offsets.append(offsets[-1] + _WIRE_GAP)
        else:
            offsets.append(offsets[-1] + GAP_Y / 2)
    return offsets


def _rising(wishes: list[float]) -> list[float]:
    """The rising values nearest to the wishes in the least squares (pool adjacent violators)."""
    pools: list[tuple[float, int]] = []
    for wish in wishes:
        total, count = wish, 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            above, size = pools.pop()
            total, count = total + above, count + size
        pools.append((total, count))
    return [total / count for total, count in pools for _ in range(count)]
