"""What can be done to a line of the outline. Each is one edit, so one step of undo."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from designer.editor import Editor
from designer.panels.outline_rows import Row
from engine.model import Edit, edits
from engine.model.comments import remove_comments
from engine.model.groups import dissolve
from engine.model.node_type import NodeTypes
from engine.model.rewiring import move_case, move_later, why_not_later
from engine.model.switches import is_switch_case
from engine.model.workflow import ConnectionOn


class OutlineEdits(QObject):
    """Edits by rows; what cannot be done is said through ``refused``."""

    refused = Signal(str)

    def __init__(self, editor: Editor, types: NodeTypes, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._types = types

    def delete(self, nodes: Sequence[str], wires: Sequence[str], notes: Sequence[str] = ()) -> None:
        """Delete steps with their connections, connections of their own, and comments."""
        workflow = self._editor.workflow
        edit = edits.delete(workflow, self._types, nodes, wires)
        removal = remove_comments(workflow, notes)
        label = edit.label if edit.changes else removal.label
        if edit.changes or removal.changes:
            self._editor.push(Edit(label=label, changes=(*edit.changes, *removal.changes)))

    def switch(self, nodes: Sequence[str]) -> None:
        """Switch steps off; on again when all of them are off."""
        known = self._editor.workflow.nodes
        if nodes:
            off = all(known[node_id].disabled for node_id in nodes)
            self._editor.push(edits.set_disabled(self._editor.workflow, nodes, not off))

    def lead_to(self, source: str, target: str, on: ConnectionOn = "success") -> bool:
        """Lead on from one step to another one; the reason is said when that is refused."""
        workflow = self._editor.workflow
        reason = edits.refusal(workflow, self._types, source, target, on=on)
        if reason is not None:
            self.refused.emit(reason)
            return False
        return self._editor.push(edits.connect(workflow, self._types, source, target, on=on))

    def disconnect_node(self, node_id: str) -> None:
        """Take away every connection of a step."""
        workflow = self._editor.workflow
        touched = [each.id for each in (*workflow.incoming(node_id), *workflow.outgoing(node_id))]
        if touched:
            self._editor.push(edits.disconnect(workflow, self._types, touched))
        else:
            self.refused.emit("There is no connection to take away.")

    def take_when(self, wire_id: str, on: ConnectionOn) -> None:
        """Say after which outcome a connection is taken."""
        workflow = self._editor.workflow
        wire = workflow.connections[wire_id]
        if wire.on != on:
            self._editor.push(edits.set_condition(workflow, wire_id, on=on, condition=wire.condition))

    def dissolve(self, group_id: str) -> None:
        """Take a group's frame away; its steps stay."""
        self._editor.push(dissolve(self._editor.workflow, [group_id]))

    def move(self, row: Row, by: int) -> None:
        """Move a step past its neighbour, or let a switch try a connection earlier (-1) or later (1)."""
        if row.kind == "wire":
            self._move_wire(row.id, by)
        elif row.kind == "node":
            self._move_node(row.id, by)

    def _move_wire(self, wire_id: str, by: int) -> None:
        workflow = self._editor.workflow
        if is_switch_case(workflow, workflow.connections[wire_id]):
            self._editor.push(move_case(workflow, wire_id, by))
        else:
            self.refused.emit("Only the ways out of a switch have an order.")

    def _move_node(self, node_id: str, by: int) -> None:
        workflow, first = self._editor.workflow, node_id
        label = workflow.nodes[node_id].label
        if by < 0:
            before = workflow.incoming(node_id)
            if len(before) != 1 or before[0].source not in workflow.nodes:
                self.refused.emit(f"“{label}” does not follow exactly one step.")
                return
            first = before[0].source
        reason = why_not_later(workflow, self._types, first)
        if reason is not None:
            self.refused.emit(reason)
            return
        made = move_later(workflow, self._types, first)
        way = "earlier" if by < 0 else "later"
        self._editor.push(Edit(label=f"Move {label} {way}", changes=made.changes))
