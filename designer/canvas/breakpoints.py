"""Sets and clears breakpoints on the selected steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.model.breakpoints import has_breakpoint, toggle_breakpoints

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class Breakpoints:
    """One edit, so one step of undo."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view

    def toggle(self) -> None:
        """Set breakpoints on the selected nodes; clear them when all of them have one."""
        chosen = self._view.selection.nodes
        if chosen:
            self._view.editor.push(toggle_breakpoints(self._view.editor.workflow, chosen))

    def all_set(self, node_ids: list[str]) -> bool:
        """Whether toggling these would clear them."""
        nodes = self._view.editor.workflow.nodes
        return all(has_breakpoint(nodes[node_id]) for node_id in node_ids)
