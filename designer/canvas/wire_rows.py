"""The wires as arrays: a row a connection, in the document's order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from designer.canvas import geometry
from designer.canvas.geometry import Box, Floats, Mask, Rows
from designer.canvas.looks import Flow
from engine.model import Connection, Workflow


class WireRows:
    """Ends, boxes and states. ``down`` marks error wires, ``labelled`` those that carry a pill.

    A connection whose node is missing has no row: validation tells about it.
    """

    def __init__(
        self,
        workflow: Workflow,
        node_rows: dict[str, int],
        leave: Callable[[Connection], tuple[float, float]],
        flow: Callable[[str], Flow],
    ) -> None:
        wires = workflow.connections.values()
        shown = [c for c in wires if c.source in node_rows and c.target in node_rows]
        self.ids: list[str] = [connection.id for connection in shown]
        self.row_of: dict[str, int] = {wire_id: row for row, wire_id in enumerate(self.ids)}
        self.source: Rows = np.array([node_rows[c.source] for c in shown], np.intp)
        self.target: Rows = np.array([node_rows[c.target] for c in shown], np.intp)
        self.down: Mask = np.array([c.on == "error" for c in shown], bool)
        self.labelled: Mask = np.array([c.on != "success" or bool(c.condition) for c in shown], bool)
        self.flow = np.array([flow(c.id) for c in shown], np.uint8)
        self.ends: Floats = np.empty((len(shown), 4))
        self.boxes: Floats = np.empty((len(shown), 4))
        self._leave = np.array([leave(c) for c in shown], np.float64).reshape(-1, 2)

    def __len__(self) -> int:
        return len(self.ids)

    def place(self, xy: Floats, rows: Rows | None = None) -> None:
        """Lay these wires, or all, between the cards at ``xy``."""
        chosen = slice(None) if rows is None else rows
        self.ends[chosen, :2] = xy[self.source[chosen]] + self._leave[chosen]
        self.ends[chosen, 2:] = xy[self.target[chosen]] + geometry.IN_OFFSET
        self.boxes[chosen] = geometry.wire_boxes(self.ends[chosen], self.down[chosen])

    def at(self, rows: list[int], count: int) -> Rows:
        """Rows of the wires that end at one of these of ``count`` cards."""
        touched = np.zeros(count, bool)
        touched[rows] = True
        return np.flatnonzero(touched[self.source] | touched[self.target])

    def in_box(self, box: Box, margin: float = 4.0) -> Rows:
        """Rows of the wires whose box touches this one."""
        left, top, right, bottom = box
        return geometry.overlapping(
            self.boxes, (left - margin, top - margin, right + margin, bottom + margin)
        )
