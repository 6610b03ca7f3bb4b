"""Puts down the results of the selected steps, so that they need not run again, and takes them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.history.status import StepStatus
from engine.model.json_value import Json
from engine.model.pins import is_pinned, pin, unpin

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class Pinning:
    """One edit, so one step of undo; what cannot be done is said through ``view.message``."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view

    def toggle(self) -> None:
        """Pin the last results of the selected nodes; unpin them when all of them are pinned."""
        workflow, chosen = self._view.editor.workflow, self._view.selection.nodes
        if not chosen:
            return
        if self.all_pinned(chosen):
            self._view.editor.push(unpin(workflow, chosen))
            return
        waiting = [i for i in chosen if not is_pinned(workflow.nodes[i])]
        found = {i: output for i in waiting if (output := self._output(i)) is not None}
        if not found:
            names = workflow.nodes[waiting[0]].label if len(waiting) == 1 else "these steps"
            self._view.message.emit(f"There is no result to pin yet: run {names} first.")
            return
        self._view.editor.push(pin(workflow, found))
        if len(found) < len(waiting):
            left = len(waiting) - len(found)
            self._view.message.emit(f"{left} of the steps {'has' if left == 1 else 'have'} no result to pin.")

    def all_pinned(self, node_ids: list[str]) -> bool:
        """Whether pinning these would take their pins out."""
        nodes = self._view.editor.workflow.nodes
        return all(is_pinned(nodes[node_id]) for node_id in node_ids)

    def _output(self, node_id: str) -> Json:
        step = self._view.canvas_scene.marks.steps.get(node_id)
        if step is None or step.status is not StepStatus.COMPLETED:
            return None
        output: Json = step.output
        return output
