"""The wires by keyboard: from a node to each connection that touches it, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


def next_wire(view: CanvasView) -> None:
    """Select the next connection of the node that was walked to: what leaves it, what reaches it, then it."""
    selection, workflow = view.selection, view.editor.workflow
    around = selection.nodes[0] if len(selection.nodes) == 1 else selection.focused
    if around not in workflow.nodes:
        first = workflow.connections.get(next(iter(selection.wires), ""))
        around = first.source if first is not None else None
    if around is None:
        return
    shown = view.canvas_scene.wires.row_of
    ends = (*workflow.outgoing(around), *workflow.incoming(around))
    touching = [each.id for each in ends if each.id in shown]
    if not touching:
        view.message.emit(f"“{workflow.nodes[around].label}” has no connection.")
        return
    chosen = selection.wires[0] if len(selection.wires) == 1 and not selection.nodes else ""
    place = touching.index(chosen) + 1 if chosen in touching else 0
    selection.focused = around
    if place == len(touching):
        selection.set([around])
        view.reveal(around)
        return
    selection.set(wires=[touching[place]])
    left, top, right, bottom = view.canvas_scene.wires.boxes[shown[touching[place]]].tolist()
    view.camera.reveal(QRectF(left, top, right - left, bottom - top))
