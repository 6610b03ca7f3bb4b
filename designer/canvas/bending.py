"""Bends of wires: add one where the mouse is, take it away, lead a wire straight again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QPointF

from designer.canvas import geometry
from designer.canvas.selection import Bend
from engine.model import Change, Workflow
from engine.model.bends import bend_changes, bends, set_bends
from engine.model.changes import ConnectionChanged
from engine.model.workflow import Point

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class Bending(QObject):
    """Edits of the selected wires and bends, each one step of undo."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        view.destroyed.connect(view.editor.document.subscribe(self._on_document_changed))

    @property
    def _workflow(self) -> Workflow:
        return self._view.editor.workflow

    def add_at(self, row: int, at: QPointF) -> Bend | None:
        """Lead a wire through this place too, and select the new bend."""
        scene = self._view.canvas_scene
        wire_id, place = scene.wires.ids[row], (geometry.snap(at.x()), geometry.snap(at.y()))
        index = _piece_at(scene.wires.curves_of(row), at)
        points = list(bends(scene.wire(row)))
        points.insert(index, place)
        if not self._view.editor.push(set_bends(self._workflow, {wire_id: points}, "Add bend")):
            return None
        self._view.selection.set(bends=[(wire_id, index)])
        return wire_id, index

    def add(self) -> None:
        """Bend the selected wires in the middle of their longest piece."""
        scene, chosen = self._view.canvas_scene, self._view.selection.wires
        places: dict[str, list[Point]] = {}
        added: list[Bend] = []
        for wire_id in chosen or dict.fromkeys(wire for wire, _ in self._view.selection.bends):
            row = scene.wires.row_of[wire_id]
            x, y = scene.wires.middles(np.array([row]))[0].tolist()
            index = _piece_at(scene.wires.curves_of(row), QPointF(x, y))
            places[wire_id] = list(bends(scene.wire(row)))
            places[wire_id].insert(index, (geometry.snap(x), geometry.snap(y)))
            added.append((wire_id, index))
        if not places:
            self._view.message.emit("Select a connection to bend it.")
        elif self._view.editor.push(set_bends(self._workflow, places, "Add bend")):
            self._view.selection.set(bends=added)

    def straighten(self) -> None:
        """Take all bends away from the selected wires, and from those whose bends are selected."""
        selection = self._view.selection
        chosen = dict.fromkeys((*selection.wires, *(wire_id for wire_id, _ in selection.bends)))
        edit = set_bends(self._workflow, dict.fromkeys(chosen, ()), "Straighten connection")
        if not edit.changes:
            self._view.message.emit("Select a connection with bends to straighten it.")
        elif self._view.editor.push(edit):
            selection.set(wires=chosen)

    def removal(self) -> list[ConnectionChanged]:
        """The changes that take the selected bends away."""
        gone = set(self._view.selection.bends)
        places = {
            wire_id: [
                point
                for index, point in enumerate(bends(self._workflow.connections[wire_id]))
                if (wire_id, index) not in gone
            ]
            for wire_id in {wire_id for wire_id, _ in gone}
        }
        return bend_changes(self._workflow, places)

    def nudged(self, dx: float, dy: float, carried: dict[str, list[Point]]) -> dict[str, list[Point]]:
        """Where bends go when what is selected moves: ``carried`` go along with their nodes anyway."""
        found = dict(carried)
        for wire_id in {wire_id for wire_id, _ in self._view.selection.bends} - carried.keys():
            found[wire_id] = [
                (x + dx, y + dy) if (wire_id, index) in self._view.selection.bends else (x, y)
                for index, (x, y) in enumerate(bends(self._workflow.connections[wire_id]))
            ]
        return found

    def walk(self, way: tuple[int, int]) -> bool:
        """Select the next bend along the wire, or the one before; False when no bend can be meant."""
        selection, wires = self._view.selection, self._view.canvas_scene.wires
        if selection.nodes or selection.notes:
            return False
        forward = way in ((1, 0), (0, 1))
        if selection.bends:
            wire_id, index = selection.bends[-1]
            index += 1 if forward else -1
        elif selection.wires:
            wire_id = selection.wires[-1]
            index = 0 if forward else len(wires.bends_of(wires.row_of[wire_id])) - 1
        else:
            return False
        count = len(wires.bends_of(wires.row_of[wire_id]))
        if not count:
            return False
        selection.set(bends=[(wire_id, min(max(index, 0), count - 1))])
        return True

    def _on_document_changed(self, before: Workflow, after: Workflow, changes: Sequence[Change]) -> None:
        """Let go of bends of wires that have another number of them now."""
        if not self._view.selection.bends or not any(isinstance(c, ConnectionChanged) for c in changes):
            return
        kept = [
            (wire_id, index)
            for wire_id, index in self._view.selection.bends
            if wire_id in after.connections
            and len(bends(before.connections[wire_id])) == len(bends(after.connections[wire_id]))
        ]
        selection = self._view.selection
        selection.set(selection.nodes, selection.wires, selection.notes, kept)


def _piece_at(curves: geometry.Floats, at: QPointF) -> int:
    """Which of a wire's pieces passes nearest to a place."""
    points = geometry.sample_chain(curves[:, None], 24)
    return int(geometry.distances(points, at.x(), at.y()).argmin())
