"""Align and distribute cards. Pure; positions are ``(n, 2)``, the corners of cards in scene pixels."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import numpy as np

from designer.canvas.geometry import CARD_SIZE, Floats
from designer.theme.tokens import CARD_H, CARD_W, GAP_X, GAP_Y

Edge = Literal["left", "right", "top", "bottom", "middle", "centre"]
Way = Literal["horizontally", "vertically"]
_STEP = (float(CARD_W + GAP_X), float(CARD_H + GAP_Y))


def align(xy: Floats, edge: Edge) -> Floats:
    """The cards in one line: ``middle`` side by side, ``centre`` one above the other.

    Cards that would come to lie on each other move apart along the line, in the order they had.
    """
    axis = 0 if edge in ("left", "right", "centre") else 1
    low, high = float(xy[:, axis].min()), float(xy[:, axis].max())
    level = {"left": low, "top": low, "right": high, "bottom": high}.get(edge, round((low + high) / 2))
    found = xy.copy()
    found[:, axis] = level
    along = 1 - axis
    order = np.lexsort((xy[:, axis], xy[:, along]))
    for before, row in pairwise(order):
        if found[row, along] < found[before, along] + CARD_SIZE[along]:
            found[row, along] = found[before, along] + _STEP[along]
    return found


def distribute(xy: Floats, way: Way) -> Floats:
    """The same distance from each card to the next; the outermost two stay where there is room."""
    axis = 0 if way == "horizontally" else 1
    order = np.lexsort((xy[:, 1 - axis], xy[:, axis]))
    found = xy.copy()
    found[order, axis] = np.round(np.linspace(xy[order[0], axis], xy[order[-1], axis], len(xy)))
    if _overlap(found, order):
        found[order, axis] = xy[order[0], axis] + np.arange(len(xy)) * _STEP[axis]
    return found


def _overlap(xy: Floats, order: np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> bool:
    """Whether two neighbours lie on each other."""
    gaps = np.abs(np.diff(xy[order], axis=0))
    return bool((gaps < CARD_SIZE).all(axis=1).any())
