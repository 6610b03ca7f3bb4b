"""In and out of the nodes that hold a workflow, and making and unmaking them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QPointF, Signal

from designer.canvas import geometry
from designer.document.document import Place
from engine.model import Edit, subworkflows
from engine.model.changes import NodeAdded
from engine.model.workflow import Point

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class Inside(QObject):
    """Remembers where one looked in each workflow; `file_wanted` names a file that holds an inner one."""

    file_wanted = Signal(str)

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._at: Place = ()
        self._looks: dict[Place, tuple[float, QPointF]] = {}
        view.editor.place_changed.connect(self._on_place_changed)
        view.editor.document_replaced.connect(self._looks.clear)

    def can_enter(self, node_id: str) -> bool:
        """Whether the node holds a workflow, or may."""
        node = self._view.editor.workflow.nodes.get(node_id)
        return node is not None and subworkflows.is_composite(node)

    def enter(self, node_id: str) -> None:
        """Show the workflow inside a node; says why not if that cannot be."""
        view = self._view
        node = view.editor.workflow.nodes[node_id]
        name = subworkflows.file_of(node)
        if name is not None:
            self.file_wanted.emit(name)
            return
        self._go((*view.editor.document.place, node_id))

    def enter_selected(self) -> None:
        """Show the workflow inside the one selected node."""
        chosen = self._view.selection.nodes
        if len(chosen) == 1 and self.can_enter(chosen[0]):
            self.enter(chosen[0])
        else:
            self._view.message.emit("Select a step that holds others: a sub-workflow, For each or Repeat.")

    def leave(self) -> None:
        """Show the workflow around this one, with the node that holds it selected."""
        place = self._view.editor.document.place
        if place:
            self.go_to(len(place) - 1)

    def go_to(self, depth: int) -> None:
        """Show the workflow that many nodes deep on the way here."""
        place = self._view.editor.document.place
        if depth >= len(place):
            return
        self._go(place[:depth])
        self._view.select([place[depth]])
        self._view.reveal(place[depth])

    def extract(self) -> None:
        """Make one sub-workflow of the selected nodes."""
        view = self._view
        chosen = view.selection.nodes
        reason = subworkflows.extract_refusal(view.editor.workflow, chosen, view.catalog)
        if reason is not None:
            view.message.emit(reason)
            return
        edit, node_id = subworkflows.extract(view.editor.workflow, chosen, view.catalog)
        if view.editor.push(self._with_room(edit, chosen)):
            view.select([node_id])

    def inline(self) -> None:
        """Put the steps of the selected sub-workflow in its place."""
        view = self._view
        chosen = view.selection.nodes
        if len(chosen) != 1:
            view.message.emit("Select one sub-workflow to take it apart.")
            return
        reason = subworkflows.inline_refusal(view.editor.workflow, chosen[0], view.catalog)
        if reason is not None:
            view.message.emit(reason)
            return
        known = set(view.editor.workflow.nodes)
        if view.editor.push(subworkflows.inline(view.editor.workflow, chosen[0], view.catalog)):
            view.select([node_id for node_id in view.editor.workflow.nodes if node_id not in known])

    def _with_room(self, edit: Edit, gone: Sequence[str]) -> Edit:
        """The new node where it lies on none of those that stay."""
        scene = self._view.canvas_scene
        others = np.delete(scene.places, scene.rows(gone), axis=0)
        own = scene.places[scene.rows(gone)]

        def free(middle: Point) -> Point:
            """The middle of what has gone; if something lies there, where the nearest of it lay."""
            place = geometry.free_place(others, middle)
            if place == middle:
                return place
            nearest = own[int(np.abs(own - middle).sum(axis=1).argmin())].tolist()
            return geometry.free_place(others, (nearest[0], nearest[1]))

        changes = [
            replace(one, position=free(one.position))
            if isinstance(one, NodeAdded) and one.position is not None and len(others)
            else one
            for one in edit.changes
        ]
        return replace(edit, changes=tuple(changes))

    def _go(self, place: Place) -> None:
        try:
            self._view.editor.document.go_to(place)
        except ValueError as error:
            self._view.message.emit(f"That cannot be opened: {error}.")

    def _on_place_changed(self) -> None:
        view, camera = self._view, self._view.camera
        camera.finish()
        self._looks[self._at] = camera.zoom, camera.centre
        self._at = view.editor.document.place
        view.selection.set()
        known = self._looks.get(self._at)
        if known is not None:
            camera.show(*known)
        else:
            camera.frame(view.canvas_scene.bounds(), gently=False)
