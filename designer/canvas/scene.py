"""The document as arrays: a row a node, a row a wire. All that the painter and the hit tests read.

A changed node or wire writes its row; a node or wire that comes or goes rebuilds the arrays (some
20 ms at 10,000 nodes), because rows must stay in the document's order, which is the order of painting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from PySide6.QtCore import QObject, QRectF, Signal

from designer.canvas import geometry
from designer.canvas.facts import FactsByRow
from designer.canvas.frames import Frames, changed_area
from designer.canvas.geometry import Box, Floats, Mask, Rows
from designer.canvas.marks import Marks
from designer.canvas.notes import Notes
from designer.canvas.rows_ahead import Ahead, NodeRows
from designer.canvas.wire_rows import WireRows
from designer.document.document import Document
from engine.catalog import subtitle
from engine.history.step_state import StepState
from engine.model import Change, Connection, Node, NodeType, Workflow
from engine.model.bends import bends, same_but_bends
from engine.model.changes import ConnectionChanged, NodeChanged, NodesMoved, WorkflowChanged
from engine.model.node_type import NodeTypes
from engine.problem import Problem

UNKNOWN_TYPE = NodeType(
    id="?", title="Unknown", category="code", icon="circle-question-mark", summary="This node type is missing"
)
PILL_REACH = (96.0, 14.0)
"""How far a pill may stand out of the box of its wire."""
WIRE_REACH = (6.0, 6.0)
"""How far anything else does: its breadth, the chevron on it."""
_LIGHT = (NodeChanged, NodesMoved, WorkflowChanged, ConnectionChanged)


class Scene(QObject):
    """``changed`` carries the box that needs painting (null: everything), ``rebuilt`` says rows are new.

    ``places`` is where the document has the nodes, ``xy`` where they are seen: the nodes of a folded group at
    the card of the group. While no group is folded both are one array. ``relooked`` says by row what the card
    of a step that has another state now looked like.
    """

    changed = Signal(QRectF)
    rebuilt = Signal()
    relooked = Signal(object)

    def __init__(self, document: Document, catalog: NodeTypes, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.catalog = catalog
        self.marks = Marks()
        self.notes = Notes(document.workflow)
        self.frames = Frames()
        self.ahead: Ahead | None = None
        """A workflow that is to be shown next, read already, in whatever thread."""
        self._build()
        self._unsubscribe = document.subscribe(self._on_document_changed)

    def close(self) -> None:
        """Stop following the document."""
        self._unsubscribe()

    @property
    def workflow(self) -> Workflow:
        return self.document.workflow

    def node(self, row: int) -> Node:
        return self.workflow.nodes[self.ids[row]]

    def type_of(self, row: int) -> NodeType:
        """The row's node type; a stand-in when the catalog does not know it."""
        return self.catalog.get(self.node(row).type) or UNKNOWN_TYPE

    def wire(self, row: int) -> Connection:
        return self.workflow.connections[self.wires.ids[row]]

    def card(self, row: int) -> QRectF:
        """The card of a row in scene pixels."""
        x, y = self.xy[row]
        return QRectF(float(x), float(y), *geometry.CARD_SIZE)

    def port(self, row: int, kind: str, index: int = 0) -> tuple[float, float]:
        """Where a port sits; ``kind`` is input, output or error."""
        if kind == "input":
            dx, dy = geometry.IN_OFFSET
        elif kind == "error":
            dx, dy = geometry.ERROR_OFFSET
        else:
            dx, dy = geometry.output_offset(index, int(self.outputs[row]))
        return float(self.xy[row, 0]) + dx, float(self.xy[row, 1]) + dy

    def subtitle(self, row: int) -> str:
        """The second line: the state while it has something to say, else the parameters, else the type."""
        text = self._texts.get(row)
        if text is None:
            text = self.marks.text(self.ids[row])
            text = text or subtitle(self.type_of(row), self.node(row).parameters) or "Not run yet"
            self._texts[row] = text
        return text

    def bounds(self, rows: Iterable[int] | None = None) -> QRectF:
        """A box around the cards of these rows, or around everything that is drawn; null for nothing."""
        chosen = self.xy if rows is None else self.xy[list(rows)]
        area = self.notes.bounds().united(self.frames.bounds(self.xy)) if rows is None else QRectF()
        if not len(chosen):
            return area
        left, top, right, bottom = geometry.extent(chosen)
        wide, high = geometry.CARD_SIZE
        return QRectF(left, top, right - left + wide, bottom - top + high).united(area)

    def rows(self, node_ids: Iterable[str]) -> list[int]:
        """The rows of those ids that are on the canvas."""
        return [self.row_of[node_id] for node_id in node_ids if node_id in self.row_of]

    def cards_in(self, box: Box) -> Rows:
        """Rows of the cards that, with what hangs on them, touch the box."""
        left, top, right, bottom = box
        reach = geometry.REACH
        grown = (left - reach[2], top - reach[3], right - reach[0], bottom - reach[1])
        return self.frames.visible(geometry.cards_touching(self.xy, grown))

    def _build(self, known: Mapping[str, int] = MappingProxyType({})) -> None:
        """Read the whole document; ``known`` are the looks of nodes that show what they showed before."""
        workflow = self.workflow
        ahead, self.ahead = self.ahead, None
        if ahead is None or ahead.workflow is not workflow:
            ahead = None
        nodes = NodeRows(workflow, self.catalog) if ahead is None else ahead.nodes
        self._nodes = nodes
        self.ids = nodes.ids
        self.row_of = nodes.row_of
        self.trigger = nodes.trigger
        self.outputs = nodes.outputs
        self.places = nodes.places
        self._follow_groups()
        self.xy: Floats = self.frames.shown(self.places)
        count = len(self.ids)
        self._texts: dict[int, str] = {}
        self.facts = FactsByRow(self.document, self.ids)
        self.look = np.zeros(count, np.uint8)
        if known:
            self.look[:] = [known.get(node_id, 0) for node_id in self.ids]
        for node_id in self.marks.steps.keys() - known.keys():
            if node_id in self.row_of:
                self.look[self.row_of[node_id]] = self.marks.look(node_id)
        flow = self.marks.flow if self.marks.outcomes else None
        if ahead is not None and self.frames.hidden is None and flow is None:
            self.wires = ahead.wires
        else:
            self.wires = WireRows(workflow, self.row_of, self.outputs, self._leaving, flow)
            self.wires.hide(self.frames.one_card(self.wires.source, self.wires.target))
            self.wires.place(self.xy)
        self.has_input: Mask = np.zeros(count, bool)
        self.has_output: Mask = np.zeros(count, bool)
        self.has_error: Mask = np.zeros(count, bool)
        self.has_input[self.wires.target] = True
        self.has_output[self.wires.source[~self.wires.down]] = True
        self.has_error[self.wires.source[self.wires.down]] = True

    def _leaving(self, connection: Connection) -> tuple[float, float]:
        """Where a wire leaves a card of several outputs, or the group that is folded over it."""
        if self.frames.card_of(self.row_of[connection.source]) is not None:
            return geometry.output_offset(0, 1)
        return self._nodes.leaving(connection)

    def _on_document_changed(self, before: Workflow, after: Workflow, changes: Sequence[Change]) -> None:
        if not changes:
            self.marks.forget_run()
            self.marks.problems, self.marks.problem_counts = {}, {}
        if self.notes.follow(after):
            self.changed.emit(QRectF())
        stale = set() if self.marks.keep_their_age(before, after, changes) else self.marks.find_stale(after)
        moves = [change for change in changes if isinstance(change, NodesMoved)]
        led = {change.connection.id for change in changes if isinstance(change, ConnectionChanged)}
        if (
            not changes
            or not all(isinstance(change, _LIGHT) for change in changes)
            or any(place is None for move in moves for place in move.positions.values())
            or not all(
                same_but_bends(before.connections[wire_id], after.connections[wire_id]) for wire_id in led
            )
            or (before.layout_extra is not after.layout_extra and self._follow_groups())
        ):
            same = zip(self.ids, self.look.tolist(), strict=True) if changes else ()
            self._build({node_id: look for node_id, look in same if node_id not in stale})
            self.rebuilt.emit()
            self.changed.emit(QRectF())
            return
        for move in moves:
            moved = [node_id for node_id in move.positions if node_id in self.row_of]
            self.place(moved, np.array([after.layout[node_id] for node_id in moved]).reshape(-1, 2))
        if led:
            wires = after.connections
            self.wires.bend({row: bends(wires[i]) for i, row in self.wires.row_of.items() if wires[i].extra})
            self.wires.place(self.xy)
            self.changed.emit(QRectF())
        self._refresh({change.node.id for change in changes if isinstance(change, NodeChanged)} | stale)

    def _follow_groups(self) -> bool:
        """Read the groups anew; whether other cards are folded away now."""
        refolded = self.frames.follow(self.workflow, self.row_of)
        self.notes.fold(frame.group for frame in self.frames.all)
        self.changed.emit(QRectF())
        return refolded

    def place(self, node_ids: Sequence[str], positions: Floats) -> None:
        """Show nodes elsewhere; while they are dragged the document does not know yet."""
        listed = self.rows(node_ids)
        if not listed:
            return
        rows = np.array(listed, np.intp)  # for each of what follows a list would be made one again
        with_cards = rows if self.frames.hidden is None else self.frames.with_cards(listed)
        wires = self.wires.at(with_cards, len(self.ids))
        area, frames = self._around(rows, wires), self.frames.holding(self.xy, rows)
        self.places[rows] = positions
        self.frames.follow_moves(self.places, self.xy, rows)
        self.wires.place(self.xy, wires)
        area = area.united(changed_area(frames, self.frames.holding(self.xy, rows)))
        self.changed.emit(area.united(self._around(rows, wires)))

    def place_bends(self, bends: Rows, places: Floats) -> None:
        """Show these bends, by their place in ``wires.points``, elsewhere."""
        wires = np.array(geometry.distinct(self.wires.point_wire[bends]), np.intp)
        if not len(wires):
            return
        area = self._around((), wires)
        self.wires.points[bends] = places
        self.wires.place(self.xy, wires)
        self.changed.emit(area.united(self._around((), wires)))

    def apply_run(self, steps: Mapping[str, StepState], connections: Mapping[str, str]) -> None:
        """Take what changed since the last batch; one repaint for all of it."""
        moved_before = self.marks.since.keys() & steps.keys()
        if not self.marks.knows_drawing:
            self.marks.begin_run(self.workflow)
        self.marks.take(steps, connections)
        wires = [self.wires.row_of[wire_id] for wire_id in connections if wire_id in self.wires.row_of]
        for row in wires:
            self.wires.flow[row] = self.marks.flow(self.wires.ids[row])
        # The dashes on a wire into a running step begin and end with the step.
        turned = moved_before ^ (self.marks.since.keys() & steps.keys())
        if turned:
            wires += self.wires.at(self.rows(turned), len(self.ids)).tolist()
        self._refresh(steps.keys() | self.marks.find_stale(self.workflow), wires)

    def clear_run(self) -> None:
        """Show the workflow as if it had not run."""
        self.marks.forget_run()
        self.look[:] = 0
        self.wires.flow[:] = 0
        self._texts.clear()
        self.changed.emit(QRectF())

    def set_problems(
        self, problems: Mapping[str, Problem], counts: Mapping[str, int] = MappingProxyType({})
    ) -> None:
        """Show a warning or error mark on these nodes, with the number of more than one, and on no others."""
        touched = self.marks.problems.keys() | problems.keys()
        self.marks.problems = dict(problems)
        self.marks.problem_counts = {node_id: count for node_id, count in counts.items() if count > 1}
        self._refresh(touched)

    def refresh_countdowns(self) -> None:
        """Let the second line of every step that waits be worded anew."""
        for row in self.rows(self.marks.since):
            if self.marks.steps[self.ids[row]].waiting_until is not None:
                self._texts.pop(row, None)

    def moving_area(self) -> QRectF:
        """Where something moves: running cards and the wires into them; null when nothing does."""
        rows = self.rows(self.marks.since)
        return self._around(rows, self.wires.at(rows, len(self.ids))) if rows else QRectF()

    def _refresh(self, node_ids: Iterable[str], wires: Sequence[int] = ()) -> None:
        rows = self.rows(node_ids)
        # As plain numbers: to compare an enumeration's member with an array's takes ten times as long.
        were = self.look[rows].tolist()
        now = [int(self.marks.look(self.ids[row])) for row in rows]
        self.look[rows] = now
        before = {row: was for row, was, new in zip(rows, were, now, strict=True) if was != new}
        for row in rows:
            self._texts.pop(row, None)
        self.facts.forget(rows)
        if before:
            self.relooked.emit(before)
        if rows or len(wires):
            self.changed.emit(self._around(rows, wires))

    def _around(self, rows: Rows | Sequence[int], wires: Rows | Sequence[int]) -> QRectF:
        area = QRectF()
        cards = geometry.reach(self.xy[np.asarray(rows, np.intp)]) if len(rows) else None
        if cards is not None:
            area = QRectF(cards[0], cards[1], cards[2] - cards[0], cards[3] - cards[1])
        chosen = self.wires.boxes[np.asarray(wires, np.intp)]
        chosen = chosen[chosen[:, 0] <= chosen[:, 2]]  # without those inside a folded group
        if len(chosen):
            reach = PILL_REACH if self.wires.labelled[np.asarray(wires, np.intp)].any() else WIRE_REACH
            left, top = geometry.extent(chosen[:, :2])[:2]
            right, bottom = geometry.extent(chosen[:, 2:])[2:]
            wires_area = QRectF(left, top, right - left, bottom - top)
            area = area.united(wires_area.adjusted(-reach[0], -reach[1], reach[0], reach[1]))
        return area
