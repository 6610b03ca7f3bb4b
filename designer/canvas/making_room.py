"""How far things go out of the way of a box that has grown. Pure; boxes are left top right bottom.

What lies to the right of the box goes to the right, what lies below goes down, and so on; what is pushed
pushes what it would run into and keeps its distance from it, up to twice the usual one.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from designer.canvas.geometry import Box, Floats, Mask, Rows
from designer.theme.tokens import GAP_X, GAP_Y, SNAP

# By way: along which axis, and whether towards higher numbers.
_WAYS = ((0, True), (0, False), (1, True), (1, False))
_MOST = (2.0 * GAP_X, 2.0 * GAP_Y)
"""The widest gap that is kept: what stands far off need not go further off."""
_LEAST = float(SNAP)


@dataclass(slots=True)
class _Crowd:
    """``first`` is where they lay, ``now`` where they lie; ``way`` is a place in ``_WAYS``, or -1."""

    first: Floats
    now: Floats
    way: list[int]
    sorted: dict[int, tuple[Floats, Rows]] = field(default_factory=dict)

    def ahead(self, way: int, low: float, high: float) -> Rows:
        """Those whose near edges lay between two places on a way, both counted along it."""
        if way not in self.sorted:
            axis, up = _WAYS[way]
            edges = self.first[:, axis] if up else -self.first[:, axis + 2]
            order = np.argsort(edges)
            self.sorted[way] = edges[order], order
        edges, order = self.sorted[way]
        return order[np.searchsorted(edges, low, "right") : np.searchsorted(edges, high)]


def pushed(bodies: Floats, before: Box, after: Box, *, follows: Mask, leads: Mask) -> Floats:
    """How far each body goes, ``(n, 2)``, for a box that was ``before`` and is ``after`` now.

    Of the bodies to the right those that ``follow`` it stay to the right of it, also where they would lie
    below; those to the left that ``lead`` to it stay to the left.
    """
    crowd = _Crowd(bodies, bodies.copy(), [-1] * len(bodies))
    queue: deque[int] = deque()
    for row in _concerned(bodies, before, after, follows, leads).tolist():
        found = _out_of(bodies[row], before, after, bool(follows[row]), bool(leads[row]))
        if found is not None:
            crowd.way[row] = found[0]
            _shift(crowd, row, found[1])
            queue.append(row)
    left = 8 * len(bodies)  # two that push each other crosswise might never come to rest
    while queue and left:
        left -= 1
        queue.extend(_push_on(crowd, queue.popleft()))
    way: Floats = crowd.now[:, :2] - crowd.first[:, :2]
    return way


def _concerned(bodies: Floats, before: Box, after: Box, follows: Mask, leads: Mask) -> Rows:
    """Which bodies may have to go: of thousands only these are looked at one by one."""
    hit = (bodies[:, :2] < after[2:]).all(axis=1) & (bodies[:, 2:] > after[:2]).all(axis=1)
    right, left = bodies[:, 0] - before[2], before[0] - bodies[:, 2]
    hit |= follows & (right >= -0.5) & (bodies[:, 0] < after[2] + np.minimum(right, _MOST[0]))
    hit |= leads & (left >= -0.5) & (bodies[:, 2] > after[0] - np.minimum(left, _MOST[0]))
    return np.flatnonzero(hit)


def _out_of(body: Floats, before: Box, after: Box, follows: bool, leads: bool) -> tuple[int, float] | None:
    """Which way, and how far, a body goes from the box; None when it may stay."""
    ahead = _gaps(body, before)
    hit = _meets(body, np.array(after))
    wanted: list[tuple[float, int]] = []
    for way, gap in enumerate(ahead):
        stays_beside = (way == 0 and follows) or (way == 1 and leads)
        if gap >= -0.5 and (hit or stays_beside):
            axis, _ = _WAYS[way]
            far = min(gap, _MOST[axis]) - _gaps(body, after)[way]
            if stays_beside:
                return (way, far) if far > 0 else None
            wanted.append((far, way))
    if not wanted and hit:  # it lay on the box before: the shortest way out
        wanted = [(_LEAST - gap, way) for way, gap in enumerate(_gaps(body, after))]
    far, way = min(wanted, default=(0.0, -1))
    return (way, far) if far > 0 else None


def _push_on(crowd: _Crowd, pusher: int) -> list[int]:
    """Push what this one runs into now; gives what was moved."""
    axis, up = _WAYS[crowd.way[pusher]]
    first, now = crowd.first, crowd.now
    sign = 1.0 if up else -1.0
    near, far = (axis, axis + 2) if up else (axis + 2, axis)  # the edges that point back and ahead
    rows = crowd.ahead(
        crowd.way[pusher], float(first[pusher, near]) * sign, float(now[pusher, far]) * sign + _MOST[axis]
    )
    across = 1 - axis
    rows = rows[(now[rows, across] < now[pusher, across + 2]) & (now[rows, across + 2] > now[pusher, across])]
    gap = np.minimum((first[rows, near] - first[pusher, far]) * sign, _MOST[axis])
    short = (now[pusher, far] - now[rows, near]) * sign + gap
    moved: list[int] = []
    for row, lacking in zip(rows[short > 0.5].tolist(), short[short > 0.5].tolist(), strict=True):
        if crowd.way[row] < 0:
            crowd.way[row] = crowd.way[pusher]
        if _WAYS[crowd.way[row]] == (axis, up):
            _shift(crowd, row, lacking)
            moved.append(row)
        elif _meets(now[row], now[pusher]):  # it goes another way itself: on until it is clear
            own = crowd.way[row]
            _shift(crowd, row, _LEAST - _gaps(now[row], tuple(now[pusher].tolist()))[own])
            moved.append(row)
    return moved


def _gaps(body: Floats, box: Box) -> list[float]:
    """How far beyond the box a body lies, by way; negative when it does not."""
    return [
        float(body[axis] - box[axis + 2]) if up else float(box[axis] - body[axis + 2]) for axis, up in _WAYS
    ]


def _meets(one: Floats, other: Floats) -> bool:
    return bool((one[:2] < other[2:]).all() and (one[2:] > other[:2]).all())


def _shift(crowd: _Crowd, row: int, far: float) -> None:
    """Move one on its way by whole steps of the grid, at least that far."""
    axis, up = _WAYS[crowd.way[row]]
    by = float(np.ceil(far / SNAP) * SNAP) * (1 if up else -1)
    crowd.now[row, [axis, axis + 2]] += by
