"""Which card an arrow key leads to."""

from __future__ import annotations

import numpy as np

from designer.canvas.geometry import Rows
from designer.canvas.scene import Scene


def neighbour(scene: Scene, row: int, way: tuple[int, int]) -> int:
    """Along a wire if one leads that way, else the nearest card on that side; the same one if none is."""
    linked = _linked(scene, row, way)
    linked = linked[(scene.xy[linked] != scene.xy[row]).any(axis=1)]  # in a folded group: no way out of it
    if len(linked):
        gap = np.abs(scene.xy[linked, 1] - scene.xy[row, 1])
        return int(linked[gap.argmin()])
    step = scene.xy - scene.xy[row]
    along = step @ np.array(way)
    across = np.abs(step @ np.array((way[1], way[0])))
    ahead = np.flatnonzero(along > 8)
    if not len(ahead):
        return row
    cost = along[ahead] + 2.5 * across[ahead]
    return int(ahead[cost.argmin()])


def _linked(scene: Scene, row: int, way: tuple[int, int]) -> Rows:
    """Cards at the other end of wires: to the right what follows, to the left what came before."""
    wires = scene.wires
    found: Rows = wires.source[:0]
    folded = scene.frames.card_of(row)
    mine = np.arange(len(scene.ids)) == row if folded is None else scene.frames.inside(folded)
    if way == (1, 0):
        found = wires.target[mine[wires.source]]
    elif way == (-1, 0):
        found = wires.source[mine[wires.target]]
    return found
