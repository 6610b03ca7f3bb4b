"""Guides: where the edges and middles of what is moved meet those of its neighbours, and equal distances.

Pure; lengths are scene pixels, boxes left top right bottom. Scans over arrays: thousands of neighbours
cost a fraction of a millisecond.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from designer.canvas.geometry import Box, Floats

REACH = 6.0
"""How near, in pixels of the screen, something must come to be drawn there."""
_FARTHEST = 16.0
_SAME = 0.5
# Edges meet edges, and middles meet middles: places in (low, middle, high) of the neighbour and of the moved.
_PAIRS = ((0, 0), (0, 2), (2, 0), (2, 2), (1, 1))
_NONE = np.empty((0, 4))


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line from ``(x0, y0)`` to ``(x1, y1)``; ``gap`` marks a distance that repeats."""

    x0: float
    y0: float
    x1: float
    y1: float
    gap: bool = False


class Guides:
    """What can be met: the boxes that stay where they are."""

    def __init__(self, others: Floats = _NONE) -> None:
        self._others = others

    def pull(self, box: Box, zoom: float) -> tuple[float | None, float | None]:
        """How far to shift the box for it to meet something, by axis; None where nothing is near."""
        reach = min(_FARTHEST, REACH / zoom)
        return self._pull(np.array(box), 0, reach), self._pull(np.array(box), 1, reach)

    def lines(self, box: Box) -> list[Line]:
        """What the box meets where it is."""
        found: list[Line] = []
        place = np.array(box)
        for axis in (0, 1):
            found += self._meetings(place, axis)
            found += self._gaps(place, axis)
        return found

    # -- one axis ----------------------------------------------------------------------------

    def _pull(self, box: Floats, axis: int, reach: float) -> float | None:
        if not len(self._others):
            return None
        ways = self._ways(box, axis)
        size = np.abs(ways)
        near = size.min(axis=0)
        found: list[float] = []
        if near.min() <= reach:
            # Among equals the neighbour next to the box decides.
            aside = np.abs(_middles(self._others, 1 - axis) - float(_middles(box[None], 1 - axis)[0]))
            best = int((near + aside * 1e-6).argmin())
            found.append(float(ways[size[:, best].argmin(), best]))
        found += [way for way in self._equal(box, axis) if abs(way) <= reach]
        return min(found, key=abs, default=None)

    def _ways(self, box: Floats, axis: int) -> Floats:
        """How far the box is from meeting each neighbour in each way of ``_PAIRS``.

        A bend has no edges, only a middle: it meets the middles of others, where their ports are.
        """
        theirs, mine = _stops(self._others, axis), _stops(box[None], axis)[0]
        ways = np.stack([theirs[:, their] - mine[my] for their, my in _PAIRS])
        if mine[0] == mine[2]:
            ways[:-1] = np.inf
        else:
            ways[:-1, theirs[:, 0] == theirs[:, 2]] = np.inf
        return ways

    def _meetings(self, box: Floats, axis: int) -> list[Line]:
        """A line through everything that the box meets along this axis, as far as the nearest of it."""
        if not len(self._others):
            return []
        across = 1 - axis
        stops = _stops(box[None], axis)[0].tolist()
        found: dict[float, tuple[float, float]] = {}
        for (_, my), ways in zip(_PAIRS, self._ways(box, axis), strict=True):
            met = self._others[np.abs(ways) < _SAME]
            if not len(met) or (my == 1 and stops[0] in found and stops[2] in found):
                continue  # things of one size that meet at both edges do so in the middle too
            aside = np.abs(_middles(met, across) - float(_middles(box[None], across)[0]))
            nearest = met[int(aside.argmin())]
            low = min(float(box[across]), float(nearest[across]))
            high = max(float(box[across + 2]), float(nearest[across + 2]))
            known = found.get(stops[my], (low, high))
            found[stops[my]] = (min(low, known[0]), max(high, known[1]))
        return [_line(axis, at, low, high) for at, (low, high) in found.items()]

    def _equal(self, box: Floats, axis: int) -> list[float]:
        """How far to shift the box for its distances to neighbours in its row or column to be equal."""
        before, after = self._beside(box, axis)
        low, high = float(box[axis]), float(box[axis + 2])
        found = []
        if before and after:
            found.append((before[0][axis + 2] + after[0][axis] - low - high) / 2)
        if len(before) == 2:
            gap = before[0][axis] - before[1][axis + 2]
            found.append(before[0][axis + 2] + gap - low)
        if len(after) == 2:
            gap = after[1][axis] - after[0][axis + 2]
            found.append(after[0][axis] - gap - high)
        return found

    def _gaps(self, box: Floats, axis: int) -> list[Line]:
        before, after = self._beside(box, axis)
        mine = [float(value) for value in box]
        row = [*reversed(before), mine, *after]
        spans = [(one, two, two[axis] - one[axis + 2]) for one, two in pairwise(row)]
        found: list[Line] = []
        for first, second in pairwise(spans):
            if abs(first[2] - second[2]) >= _SAME or not any(mine in span for span in (first, second)):
                continue
            for one, two, _ in (first, second):
                across = 1 - axis
                level = (max(one[across], two[across]) + min(one[across + 2], two[across + 2])) / 2
                line = (one[axis + 2], level, two[axis], level)
                found.append(Line(*line, True) if axis == 0 else Line(level, line[0], level, line[2], True))
        return found

    def _beside(self, box: Floats, axis: int) -> tuple[list[list[float]], list[list[float]]]:
        """The next two boxes before and after this one in its row or column, the nearest first."""
        across = 1 - axis
        others = self._others
        level = (others[:, across] < box[across + 2]) & (others[:, across + 2] > box[across])
        solid = others[:, axis + 2] > others[:, axis]  # a bend has no size, and so no distance
        others = others[level & solid]
        sides: list[list[list[float]]] = []
        for before in (True, False):
            edge, found = box, list[list[float]]()
            while len(found) < 2:
                left = others[:, axis + 2] <= edge[axis] + _SAME
                right = others[:, axis] >= edge[axis + 2] - _SAME
                ahead = others[left if before else right]
                if not len(ahead):
                    break
                gaps = edge[axis] - ahead[:, axis + 2] if before else ahead[:, axis] - edge[axis + 2]
                edge = ahead[int(gaps.argmin())]
                found.append([float(value) for value in edge])
            sides.append(found)
        return sides[0], sides[1]


def _stops(boxes: Floats, axis: int) -> Floats:
    """The low edge, the middle and the high edge of each box along an axis, ``(n, 3)``."""
    low, high = boxes[:, axis], boxes[:, axis + 2]
    return np.stack((low, (low + high) / 2, high), axis=1)


def _middles(boxes: Floats, axis: int) -> Floats:
    middle: Floats = (boxes[:, axis] + boxes[:, axis + 2]) / 2
    return middle


def _line(axis: int, at: float, low: float, high: float) -> Line:
    return Line(at, low, at, high) if axis == 0 else Line(low, at, high, at)
