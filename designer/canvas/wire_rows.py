"""The wires as arrays: a row a connection, in the document's order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from designer.canvas import geometry
from designer.canvas.geometry import Box, Counts, Floats, Mask, Rows
from designer.canvas.looks import Flow
from designer.canvas.strands import MANY, Strands, keep_pages
from engine.model import Connection, Workflow
from engine.model.bends import bends
from engine.model.switches import SWITCH, is_switch_case
from engine.model.workflow import Point


@dataclass(slots=True)
class _Chain:
    """The wires of one number of bends. ``via`` is ``(n, bends, 2)``, ``curves`` ``(n, bends + 1, 4, 2)``.

    ``first`` is the place of the first bend among those of all wires.
    """

    rows: Rows
    via: Floats
    curves: Floats
    first: int


_NOWHERE = (np.inf, np.inf, -np.inf, -np.inf)
"""A box that touches none."""


class WireRows:
    """Ends, boxes and states. ``down`` marks error wires, ``labelled`` those that carry a pill.

    A connection whose node is missing has no row: validation tells about it. Bends of all wires lie in
    ``points``; ``point_wire`` and ``point_index`` say whose they are and the how manieth.
    """

    def __init__(
        self,
        workflow: Workflow,
        node_rows: dict[str, int],
        outputs: Counts,
        leave: Callable[[Connection], tuple[float, float]],
        flow: Callable[[str], Flow] | None,
    ) -> None:
        """outputs: how many each node has. leave: where a wire leaves one of several. flow: its outcome."""
        shown = list(workflow.connections.values())
        self.source: Rows = np.fromiter((node_rows.get(c.source, -1) for c in shown), np.intp, len(shown))
        self.target: Rows = np.fromiter((node_rows.get(c.target, -1) for c in shown), np.intp, len(shown))
        whole = (self.source >= 0) & (self.target >= 0)
        if not whole.all():
            shown = [connection for connection, is_whole in zip(shown, whole, strict=True) if is_whole]
            self.source, self.target = self.source[whole], self.target[whole]
        if len(shown) >= MANY:
            keep_pages()
        self.ids: list[str] = [connection.id for connection in shown]
        self.row_of: dict[str, int] = dict(zip(self.ids, range(len(shown)), strict=True))
        self.down: Mask = np.fromiter((c.on == "error" for c in shown), bool, len(shown))
        self.labelled: Mask = np.fromiter(
            (c.on != "success" or bool(c.condition) for c in shown), bool, len(shown)
        )
        for switch in [node.id for node in workflow.nodes.values() if node.type == SWITCH]:
            self.labelled |= self.source == node_rows[switch]
        self.flow = np.zeros(len(shown), np.uint8)
        if flow is not None:
            self.flow[:] = [flow(wire_id) for wire_id in self.ids]
        self.ends: Floats = np.empty((len(shown), 4))
        self.boxes: Floats = np.empty((len(shown), 4))
        self.hidden: Mask | None = None
        self._leave: Floats = np.tile(geometry.output_offset(0, 1), (len(shown), 1))
        self._leave[self.down] = geometry.ERROR_OFFSET
        for row in np.flatnonzero((outputs[self.source] > 1) & ~self.down).tolist():
            self._leave[row] = leave(shown[row])
        self._strands: Strands | None = None
        self.bend({row: bends(c) for row, c in enumerate(shown) if c.extra})

    def __len__(self) -> int:
        return len(self.ids)

    def place(self, xy: Floats, rows: Rows | None = None) -> None:
        """Lay these wires, or all, between the cards at ``xy``."""
        chosen = slice(None) if rows is None else rows
        self.ends[chosen, :2] = xy[self.source[chosen]] + self._leave[chosen]
        self.ends[chosen, 2:] = xy[self.target[chosen]] + geometry.IN_OFFSET
        self.boxes[chosen] = geometry.wire_boxes(self.ends[chosen], self.down[chosen])
        for count, chain in self._chains.items():
            mine = chain.rows if rows is None else rows[self._pieces[rows] == count]
            if len(mine):
                slots = self._slot[mine]
                curves = geometry.chain_controls(self.ends[mine], self.down[mine], chain.via[slots])
                chain.curves[slots] = curves
                flat = curves.reshape(len(mine), -1, 2)
                self.boxes[mine] = np.concatenate((flat.min(axis=1), flat.max(axis=1)), axis=1)

        if self.hidden is not None:
            self.boxes[self.hidden] = _NOWHERE
        if rows is None:
            self._strands = None
        elif self._strands is not None:
            self._lay(self._strands, rows)

    def hide(self, these: Mask | None) -> None:
        """These wires are inside a folded group: they touch no box. ``place`` must follow."""
        self.hidden = these

    def strands(self) -> Strands:
        """All wires without bends, in straight pieces: kept, since of a crowd it takes long to make them."""
        if self._strands is None:
            self._strands = Strands(len(self))
            self._lay(self._strands, np.arange(len(self)))
        return self._strands

    def _lay(self, strands: Strands, rows: Rows) -> None:
        mine = rows[self._pieces[rows] == 1]
        if self.hidden is not None:
            mine = mine[~self.hidden[mine]]
        strands.lay(mine, self.ends[mine], self.down[mine])

    def bent(self, rows: Rows) -> Rows:
        """Those of these wires that have bends."""
        return rows[self._pieces[rows] > 1] if self._chains else rows[:0]

    def at(self, rows: Rows | Sequence[int], count: int) -> Rows:
        """Rows of the wires that end at one of these of ``count`` cards."""
        if len(rows) == 1:
            return np.flatnonzero((self.source == rows[0]) | (self.target == rows[0]))
        touched = np.zeros(count, bool)
        touched[rows] = True
        return np.flatnonzero(touched[self.source] | touched[self.target])

    def in_box(self, box: Box, margin: float = 4.0) -> Rows:
        """Rows of the wires whose box touches this one."""
        left, top, right, bottom = box
        return geometry.overlapping(
            self.boxes, (left - margin, top - margin, right + margin, bottom + margin)
        )

    # -- bends -------------------------------------------------------------------------------

    def bend(self, via: dict[int, tuple[Point, ...]]) -> None:
        """Lead these rows through these places and all others straight; ``place`` must follow."""
        by_count: dict[int, list[int]] = {}
        for row, places in via.items():
            if places:
                by_count.setdefault(len(places) + 1, []).append(row)
        total = sum(len(rows) * (count - 1) for count, rows in by_count.items())
        self.points: Floats = np.empty((total, 2))
        self.point_wire: Rows = np.empty(total, np.intp)
        self.point_index: Rows = np.empty(total, np.intp)
        self._pieces: Rows = np.ones(len(self.ids), np.intp)
        self._slot: Rows = np.zeros(len(self.ids), np.intp)
        self._chains: dict[int, _Chain] = {}
        self._strands = None
        first = 0
        for count, listed in by_count.items():
            rows, bent = np.array(listed, np.intp), count - 1
            part = slice(first, first + len(rows) * bent)
            self.points[part] = np.array([via[row] for row in listed], np.float64).reshape(-1, 2)
            self.point_wire[part] = np.repeat(rows, bent)
            self.point_index[part] = np.tile(np.arange(bent), len(rows))
            self._pieces[rows] = count
            self._slot[rows] = np.arange(len(rows))
            through = self.points[part].reshape(len(rows), bent, 2)  # seen, not copied: they move together
            self._chains[count] = _Chain(rows, through, np.empty((len(rows), count, 4, 2)), first)
            first = part.stop

    @property
    def open_bends(self) -> Mask | None:
        """Which bends are to be seen; None for all."""
        return None if self.hidden is None else ~self.hidden[self.point_wire]

    def bends_of(self, row: int) -> Rows:
        """Where the bends of a wire stand in ``points``, in order."""
        chain = self._chains.get(int(self._pieces[row]))
        if chain is None:
            return self.point_wire[:0]
        bent = chain.via.shape[1]
        first = chain.first + int(self._slot[row]) * bent
        return np.arange(first, first + bent)

    def bend_names(self) -> list[tuple[str, int]]:
        """Every bend as the id of its connection, and the how manieth."""
        ids = (self.ids[row] for row in self.point_wire.tolist())
        return list(zip(ids, self.point_index.tolist(), strict=True))

    def curves_of(self, row: int) -> Floats:
        """The cubics of one wire, ``(pieces, 4, 2)``."""
        chain = self._chains.get(int(self._pieces[row]))
        if chain is None:
            return geometry.controls(self.ends[row : row + 1], self.down[row : row + 1])
        curves: Floats = chain.curves[self._slot[row]]
        return curves

    def sampled(self, rows: Rows, segments: int) -> Iterator[tuple[Rows, Floats]]:
        """Points along these wires, both ends included, in parts: places in ``rows``, ``(n, points, 2)``.

        A wire with bends has at least as many segments as asked for, and a point at every bend.
        """
        if not self._chains:
            if len(rows):
                yield np.arange(len(rows)), geometry.sample(self.ends[rows], self.down[rows], segments)
            return
        pieces = self._pieces[rows]
        straight = np.flatnonzero(pieces == 1)
        if len(straight):
            mine = rows[straight]
            yield straight, geometry.sample(self.ends[mine], self.down[mine], segments)
        for count, chain in self._chains.items():
            places = np.flatnonzero(pieces == count)
            if len(places):
                each = max(min(segments, 16), -(-segments // count))
                yield places, geometry.sample_chain(chain.curves[self._slot[rows[places]]], each)

    def middles(self, rows: Rows) -> Floats:
        """The middle of each wire, where its pill sits: of its longest piece where it has bends."""
        found = geometry.midpoints(self.ends[rows], self.down[rows])
        pieces = self._pieces[rows]
        for count, chain in self._chains.items():
            places = np.flatnonzero(pieces == count)
            if len(places):
                found[places] = geometry.chain_midpoints(chain.curves[self._slot[rows[places]]])
        return found


def pill_text(workflow: Workflow, connection: Connection) -> str:
    """What a wire says about when it is taken; "" when it is simply taken on success."""
    words = {"error": "on error", "always": "always"}.get(connection.on, "")
    if connection.condition:
        return f"{words}: {connection.condition}" if words else connection.condition
    return "otherwise" if not words and is_switch_case(workflow, connection) else words
