"""Very many wires in a few straight pieces each, kept in scene pixels: what is seen is picked out of them.

Sampling thirty thousand curves anew took half of every frame in which thousands of wires meet in one node,
though they only lie elsewhere when a card is moved.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from designer.canvas import geometry
from designer.canvas.geometry import Box, Floats, Mask, Rows

PIECES = 6
"""Of each wire: what a crowd is drawn with."""


MANY = 2_000
"""From so many wires on a frame takes arrays of megabytes."""
_LARGEST = 31 << 20


def keep_pages() -> None:
    """Have the C library keep the memory of large arrays for the next frame.

    Arrays larger than any it was given back before it fetches from the system, page by page, and returns
    them at once: of 30,000 wires that was a third of every frame. It was given back a large one now; nothing
    of that was ever touched, so it costs no memory.
    """
    np.empty(_LARGEST, np.uint8)


class Strands:
    """Pieces of so many wires. Those that were not laid are nowhere, and never picked."""

    def __init__(self, count: int) -> None:
        # Four bytes a number are a twentieth of a pixel at the far end of the largest drawing, and compared
        # in half the time.
        self._ends: npt.NDArray[np.float32] = np.full((4, count, PIECES), np.nan, np.float32)

    def lay(self, rows: Rows, ends: Floats, down: Mask) -> None:
        """These wires lie there now."""
        points = geometry.sample(ends, down, PIECES).transpose(2, 0, 1)
        self._ends[:2, rows] = points[:, :, :-1]
        self._ends[2:, rows] = points[:, :, 1:]

    def touching(self, box: Box) -> tuple[Rows, Rows, Floats]:
        """The pieces whose own box touches this one: whose they are, the how manieth, and where they lie."""
        left, top, right, bottom = np.array(box, np.float32)
        x0, y0, x1, y1 = ends = self._ends.reshape(4, -1)
        seen = ((y0 <= bottom) | (y1 <= bottom)) & ((y0 >= top) | (y1 >= top))
        seen &= ((x0 <= right) | (x1 <= right)) & ((x0 >= left) | (x1 >= left))
        places = np.flatnonzero(seen)
        lines = np.ascontiguousarray(ends[:, places].T, np.float64)
        return places // PIECES, places % PIECES, lines
