"""Where everything on the canvas lies: cards, ports, wires. Pure; lengths are scene pixels.

Functions take whole arrays: positions are ``(n, 2)``, wire ends ``(n, 4)`` as x0 y0 x1 y1, and
boxes ``(n, 4)`` as left top right bottom, all float64.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from designer.theme.tokens import CARD_H, CARD_W, GAP_X, GAP_Y, PLUS_D, PLUS_LEN, SNAP

Floats: TypeAlias = npt.NDArray[np.float64]
Rows: TypeAlias = npt.NDArray[np.intp]
Counts: TypeAlias = npt.NDArray[np.uint8]
Mask: TypeAlias = npt.NDArray[np.bool_]
Box: TypeAlias = tuple[float, float, float, float]
"""left, top, right, bottom"""

CARD_SIZE = (float(CARD_W), float(CARD_H))
IN_OFFSET = (0.0, CARD_H / 2)
ERROR_OFFSET = (CARD_W - 44.0, float(CARD_H))
ANSWER = (62.0, CARD_H - 10.0, 80.0, 22.0)
"""The *Answer...* button, from the card's corner: x, y, width, height."""
TEXT_X = 62.0
TEXT_W = CARD_W - TEXT_X - 14
MOST_LAYERS = 8
_MOST_PAIRS = 2000
MIN_BEND = 40.0
MAX_BACK_BEND = 360.0
# A card with everything that hangs on it: ring, badge, shadow, plus, the answer button and row count.
REACH = (-18.0, -16.0, PLUS_LEN + PLUS_D + 8.0, 34.0)


def distinct(numbers: npt.NDArray[Any]) -> list[int]:
    """Which whole numbers from -1 on occur; ``np.unique`` imports 20 ms worth of modules to say so."""
    found: list[int] = (np.flatnonzero(np.bincount(numbers.astype(np.intp) + 1)) - 1).tolist()
    return found


def snap(value: float) -> float:
    """The nearest place on the snapping grid."""
    return float(np.floor(value / SNAP + 0.5) * SNAP)


def output_offset(index: int, count: int) -> tuple[float, float]:
    """Where output ``index`` of ``count`` sits, from the card's corner."""
    return float(CARD_W), CARD_H * (index + 1) / (count + 1)


def cards_touching(xy: Floats, box: Box) -> Rows:
    """Rows of the cards, without what hangs on them, that touch ``box``."""
    left, top, right, bottom = box
    x, y = xy[:, 0], xy[:, 1]
    return np.flatnonzero((x <= right) & (x >= left - CARD_W) & (y <= bottom) & (y >= top - CARD_H))


def layers(xy: Floats) -> list[Rows]:
    """Cards that do not lie on each other, the lowest first, as places in ``xy``; mostly that is all of them.

    Of two that do the later is above, but for piles of more than ``MOST_LAYERS``: there it is enough to see
    that it is one.
    """
    order = np.argsort(xy[:, 1], kind="stable")
    x, y = xy[order].T
    pairs: list[tuple[int, int]] = []
    for apart in range(1, len(xy)):
        near = y[apart:] - y[:-apart] < CARD_H
        if len(pairs) > _MOST_PAIRS or not near.any():
            break
        found = np.flatnonzero(near & (np.abs(x[apart:] - x[:-apart]) < CARD_W))
        one, other = order[found], order[found + apart]
        pairs += zip(np.minimum(one, other).tolist(), np.maximum(one, other).tolist(), strict=True)
    level = np.zeros(len(xy), np.intp)
    for below, above in sorted(pairs, key=lambda pair: pair[1]):
        level[above] = max(level[above], min(level[below] + 1, MOST_LAYERS - 1))
    return [np.flatnonzero(level == each) for each in distinct(level)] if pairs else [np.arange(len(xy))]


def extent(xy: Floats) -> Box:
    """The least and the greatest of these places, of which there is at least one; by columns, since numpy
    takes ten times as long to find both at once."""
    x, y = xy[:, 0], xy[:, 1]
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def reach(xy: Floats) -> Box | None:
    """One box around the cards and everything that is painted on their edges; None for no cards."""
    if not len(xy):
        return None
    left, top, right, bottom = extent(xy)
    return left + REACH[0], top + REACH[1], right + CARD_W + REACH[2], bottom + CARD_H + REACH[3]


def controls(ends: Floats, down: Mask) -> Floats:
    """The four points of each wire's cubic, ``(n, 4, 2)``. ``down``: leaves by the bottom edge."""
    points = np.empty((len(ends), 4, 2))
    points[:, 0] = ends[:, :2]
    points[:, 3] = ends[:, 2:]
    across = ends[:, 2] - ends[:, 0]
    # A wire that leads back swings out wide enough to be seen leaving and arriving.
    back = np.minimum(MIN_BEND + np.abs(across) * 0.35, MAX_BACK_BEND)
    bend = np.where(across < 0, back, np.maximum(MIN_BEND, across / 2))
    drop = np.maximum(MIN_BEND, np.abs(ends[:, 3] - ends[:, 1]) / 2)
    points[:, 1, 0] = ends[:, 0] + np.where(down, 0.0, bend)
    # ... and leans towards its end, so that it turns round and not back on itself.
    lean = np.where(across < 0, 0.45 * (ends[:, 3] - ends[:, 1]), 0.0)
    points[:, 1, 1] = ends[:, 1] + np.where(down, drop, lean)
    points[:, 2, 0] = ends[:, 2] - bend
    points[:, 2, 1] = ends[:, 3] - np.where(down, 0.0, lean)
    return points


def wire_boxes(ends: Floats, down: Mask) -> Floats:
    """A box around each wire's control points, which holds the wire."""
    # Column by column: numpy takes ten times as long to find the least of four numbers in each row.
    points = controls(ends, down)
    boxes = np.empty((len(ends), 4))
    for axis in (0, 1):
        first, second, third, last = points[:, :, axis].T
        np.minimum(np.minimum(first, second), np.minimum(third, last), out=boxes[:, axis])
        np.maximum(np.maximum(first, second), np.maximum(third, last), out=boxes[:, axis + 2])
    return boxes


@cache
def _basis(segments: int) -> Floats:
    t = 0.5 - 0.5 * np.cos(np.linspace(0.0, np.pi, segments + 1))  # closer where wires turn: at their ends
    s = 1 - t
    return np.stack((s**3, 3 * s * s * t, 3 * s * t * t, t**3), axis=1)


def sample(ends: Floats, down: Mask, segments: int) -> Floats:
    """Points along each wire, ``(n, segments + 1, 2)``, both ends included; the caller's own."""
    if segments == 1:
        return ends.reshape(-1, 2, 2).copy()
    points: Floats = np.matmul(_basis(segments), controls(ends, down))
    return points


def midpoints(ends: Floats, down: Mask) -> Floats:
    """The middle of each wire, where its pill sits."""
    middle: Floats = np.matmul(np.array([[0.125, 0.375, 0.375, 0.125]]), controls(ends, down))[:, 0]
    return middle


def chain_controls(ends: Floats, down: Mask, via: Floats) -> Floats:
    """The cubics of wires that are led through ``via``, ``(n, bends, 2)``: ``(n, bends + 1, 4, 2)``.

    A wire leaves and arrives as it does without bends, and passes each of them along the line from the
    place before to the place after.
    """
    stops = np.concatenate((ends[:, None, :2], via, ends[:, None, 2:]), axis=1)
    length = np.hypot(*np.moveaxis(np.diff(stops, axis=1), 2, 0))
    way = np.empty_like(stops)
    way[:, 0] = np.where(down[:, None], (0.0, 1.0), (1.0, 0.0))
    way[:, -1] = (1.0, 0.0)
    along = stops[:, 2:] - stops[:, :-2]
    way[:, 1:-1] = along / np.maximum(np.hypot(along[..., 0], along[..., 1]), 1e-9)[..., None]
    pull = length / 3
    for end in (0, -1):
        pull[:, end] = np.minimum(np.maximum(MIN_BEND, pull[:, end]), 0.75 * length[:, end])
    points = np.empty((len(ends), via.shape[1] + 1, 4, 2))
    points[:, :, 0], points[:, :, 3] = stops[:, :-1], stops[:, 1:]
    points[:, :, 1] = stops[:, :-1] + way[:, :-1] * pull[..., None]
    points[:, :, 2] = stops[:, 1:] - way[:, 1:] * pull[..., None]
    return points


def sample_chain(curves: Floats, segments: int) -> Floats:
    """Points along wires of ``(n, pieces, 4, 2)``, so many segments a piece: ``(n, points, 2)``."""
    points = np.matmul(_basis(segments), curves)
    joined = points[:, :, :-1].reshape(len(curves), -1, 2)
    return np.concatenate((joined, points[:, -1:, -1]), axis=1)


def chain_midpoints(curves: Floats) -> Floats:
    """The middle of the longest piece of each wire of ``(n, pieces, 4, 2)``."""
    span = curves[:, :, 3] - curves[:, :, 0]
    longest = np.hypot(span[..., 0], span[..., 1]).argmax(axis=1)
    piece = curves[np.arange(len(curves)), longest]
    middle: Floats = np.matmul(np.array([[0.125, 0.375, 0.375, 0.125]]), piece)[:, 0]
    return middle


def segments_of(points: Floats) -> Floats:
    """Sampled wires as line segments, ``(n * segments, 4)``, ready to be drawn."""
    joined = np.concatenate((points[:, :-1], points[:, 1:]), axis=2)
    return np.ascontiguousarray(joined.reshape(-1, 4))


def clipped(lines: Floats, box: Box) -> Floats:
    """The line segments whose own box touches ``box``."""
    left, top, right, bottom = box
    x0, y0, x1, y1 = lines.T
    # Column by column: several times faster than to find the corners of each line's own box first.
    seen = ((x0 <= right) | (x1 <= right)) & ((x0 >= left) | (x1 >= left))
    seen &= ((y0 <= bottom) | (y1 <= bottom)) & ((y0 >= top) | (y1 >= top))
    kept: Floats = lines[seen]
    return kept


def thinned(lines: Floats, box: Box) -> Floats:
    """What can be told apart of many line segments: cut off at ``box``, on whole pixels, each once.

    Of ten thousand wires that leave one card most lie on each other; painting each of them, and far beyond
    what is seen, took half a second. Cut as Liang and Barsky do (ACM TOG 3(1), 1984), all at once.
    """
    x0, y0, x1, y1 = np.ascontiguousarray(lines.T)
    enters, leaves = np.zeros(len(x0)), np.ones(len(x0))
    ways = x1 - x0, y1 - y0
    with np.errstate(divide="ignore", invalid="ignore"):
        for start, way, low, high in ((x0, ways[0], box[0], box[2]), (y0, ways[1], box[1], box[3])):
            near, far = (low - start) / way, (high - start) / way
            flat = way == 0  # runs along the box, inside or beside it
            beside = (start[flat] < low) | (start[flat] > high)
            near[flat], far[flat] = np.where(beside, np.inf, -np.inf), np.inf
            np.maximum(enters, np.minimum(near, far), out=enters)
            np.minimum(leaves, np.maximum(near, far), out=leaves)
    seen = enters <= leaves
    enters, leaves = enters[seen], leaves[seen]
    keys = np.zeros(len(enters), np.uint64)
    corner = [np.floor(side) for side in box[:2]]
    for share in (enters, leaves):
        for start, way, first in zip((x0, y0), ways, corner, strict=True):
            place = np.round(start[seen] + way[seen] * share) - first
            keys = (keys << 16) | np.clip(place, 0, 65_535).astype(np.uint64)
    kept: Floats = _each_once(keys) + np.tile(corner, 2)
    return kept


def diced(lines: Floats, side: float = 64.0) -> Floats:
    """Many line segments in pieces ``side`` pixels long at most, on whole pixels, each once.

    What leaves a card as a fan lies on itself for most of its way: a fifth of all its pixels are told apart.
    """
    found = [np.empty((0, 4))]
    ways = np.abs(lines[:, 2:] - lines[:, :2])
    is_steep = ways[:, 1] > ways[:, 0]
    for axis, mine in ((0, lines[~is_steep]), (1, lines[is_steep])):
        if not len(mine):
            continue
        back = mine[:, axis] > mine[:, axis + 2]
        mine = np.where(back[:, None], mine[:, [2, 3, 0, 1]], mine)
        low, high, start = mine[:, axis], mine[:, axis + 2], mine[:, 1 - axis]
        slope = (mine[:, 3 - axis] - start) / np.maximum(high - low, 1e-9)
        first = np.floor(low / side)
        count = np.maximum(np.ceil(high / side) - first, 1).astype(np.intp)
        owner = np.repeat(np.arange(len(mine)), count)
        nth = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count) + first[owner]
        corner = np.floor(mine.min(axis=0)).min()
        keys = np.zeros(len(owner), np.uint64)
        for place in (np.maximum(low[owner], nth * side), np.minimum(high[owner], (nth + 1) * side)):
            for each in (place, start[owner] + (place - low[owner]) * slope[owner]):
                keys = (keys << 16) | np.clip(np.round(each) - corner, 0, 65_535).astype(np.uint64)
        order = [axis, 1 - axis, axis + 2, 3 - axis]
        found.append((_each_once(keys) + corner)[:, order])
    return np.concatenate(found)


def _each_once(keys: npt.NDArray[np.uint64]) -> Floats:
    """Four numbers a key, sixteen bits each. So a line is sorted many times faster than as four numbers."""
    keys.sort()
    keys = keys[np.concatenate(([True], keys[1:] != keys[:-1]))] if len(keys) else keys
    kept = np.empty((len(keys), 4))
    for column, shift in enumerate((48, 32, 16, 0)):
        kept[:, column] = (keys >> shift) & 0xFFFF
    return kept


def touching(points: Floats, box: Box) -> Floats:
    """The sampled wires whose own box touches ``box``."""
    low, high = points.min(axis=1), points.max(axis=1)
    left, top, right, bottom = box
    seen = (low[:, 0] <= right) & (high[:, 0] >= left) & (low[:, 1] <= bottom) & (high[:, 1] >= top)
    kept: Floats = points[seen]
    return kept


def overlapping(these: Floats, box: Box) -> Rows:
    """Rows of the boxes that touch ``box``."""
    left, top, right, bottom = box
    hit = (these[:, 0] <= right) & (these[:, 2] >= left) & (these[:, 1] <= bottom) & (these[:, 3] >= top)
    return np.flatnonzero(hit)


def distances(points: Floats, x: float, y: float) -> Floats:
    """How far a place is from each sampled wire."""
    a, b = points[:, :-1], points[:, 1:]
    along = b - a
    length = np.maximum((along**2).sum(axis=2), 1e-9)
    share = np.clip(((np.array((x, y)) - a) * along).sum(axis=2) / length, 0.0, 1.0)
    nearest = a + share[..., None] * along
    gap: Floats = np.sqrt(((nearest - (x, y)) ** 2).sum(axis=2)).min(axis=1)
    return gap


def crossing(points: Floats, start: tuple[float, float], end: tuple[float, float]) -> Mask:
    """Which of the sampled wires the straight line from ``start`` to ``end`` cuts."""
    way = np.array(end) - start
    steps = np.diff(points, axis=1)
    past = points - start
    side = way[0] * past[..., 1] - way[1] * past[..., 0]
    apart = side[:, :-1] * side[:, 1:] <= 0  # the ends of a piece lie on different sides of the line
    before, after = past[:, :-1], past[:, :-1] - way
    ends = (steps[..., 0] * before[..., 1] - steps[..., 1] * before[..., 0]) * (
        steps[..., 0] * after[..., 1] - steps[..., 1] * after[..., 0]
    )
    cut: Mask = (apart & (ends <= 0)).any(axis=1)
    return cut


def free_place(xy: Floats, wish: tuple[float, float]) -> tuple[float, float]:
    """The wished corner, snapped, or the first one below it where no card is in the way."""
    x, y = snap(wish[0]), snap(wish[1])
    margin = GAP_Y / 2
    while len(cards_touching(xy, (x - margin, y - margin, x + CARD_W + margin, y + CARD_H + margin))):
        y = snap(y + CARD_H + GAP_Y)
    return x, y


def layered(nodes: list[str], wires: list[tuple[str, str]]) -> dict[str, tuple[float, float]]:
    """A place for nodes that have none: a column by the longest way from a start, a row by order.

    Nodes on a cycle come after everything that is not.
    """
    incoming = dict.fromkeys(nodes, 0)
    following: dict[str, list[str]] = {node: [] for node in nodes}
    for source, target in wires:
        if source in incoming and target in incoming:
            incoming[target] += 1
            following[source].append(target)
    column = dict.fromkeys(nodes, 0)
    ready = [node for node in nodes if not incoming[node]]
    for node in ready:
        for target in following[node]:
            column[target] = max(column[target], column[node] + 1)
            incoming[target] -= 1
            if not incoming[target]:
                ready.append(target)
    filled: dict[int, int] = {}
    places: dict[str, tuple[float, float]] = {}
    for node in nodes:
        row = filled.get(column[node], 0)
        filled[column[node]] = row + 1
        places[node] = (float(column[node] * (CARD_W + GAP_X)), float(row * (CARD_H + GAP_Y)))
    tallest = max(filled.values(), default=1)
    for node, (x, y) in places.items():  # columns are centred on each other
        shift = (tallest - filled[column[node]]) * (CARD_H + GAP_Y) / 2
        places[node] = (snap(x), snap(y + shift))
    return places


def as_box(rect: Any) -> Box:
    """A QRectF as left, top, right, bottom."""
    return rect.left(), rect.top(), rect.right(), rect.bottom()
