"""Groups on the canvas: put a frame around nodes, move it by its title, rename, colour and dissolve it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QMenu

from designer.canvas import hits
from designer.canvas.frames import TITLE_H
from designer.canvas.rename import RenameField
from designer.canvas.tools.base import Pointer
from designer.canvas.tools.move import HoldTool
from engine.model.groups import Group, change_group, make_group, ungroup

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

COLOUR_NAMES = {
    "input": "Blue",
    "transform": "Violet",
    "combine": "Purple",
    "trigger": "Teal",
    "output": "Green",
    "logic": "Orange",
    "human": "Pink",
    "code": "Grey",
}


class Grouping(QObject):
    """Takes the mouse only where the title of a frame is the topmost thing."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        view.viewport().installEventFilter(self)

    def group(self) -> None:
        """Put a frame around the selected nodes, and ask for its title."""
        view = self._view
        if not view.selection.nodes:
            view.message.emit("Select some nodes to group them.")
            return
        if view.editor.push(make_group(view.editor.workflow, view.selection.nodes)):
            self.rename(view.canvas_scene.frames.all[-1][0])

    def ungroup(self) -> None:
        """Take away the frames around the selected nodes."""
        edit = ungroup(self._view.editor.workflow, self._view.selection.nodes)
        if not edit.changes:
            self._view.message.emit("Select a node of the group to dissolve.")
            return
        self._view.editor.push(edit)

    def rename(self, group: Group) -> None:
        """Edit the title on the frame."""
        view, scene = self._view, self._view.canvas_scene
        box = next(box for found, box in scene.frames.boxes(scene.xy) if found.id == group.id)
        view.camera.finish()
        view.camera.reveal(box)
        view.camera.finish()
        place = QRectF(box.left() + 6, box.top() + 1, min(box.width() - 12, 280.0), TITLE_H - 2)
        RenameField(view, place, group.title, partial(self._retitle, group))

    def _retitle(self, group: Group, title: str) -> None:
        if title.strip() and title.strip() != group.title:
            self._view.editor.push(change_group(self._view.editor.workflow, group.id, title=title.strip()))

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        kinds = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)
        if not isinstance(event, QMouseEvent) or event.type() not in kinds:
            return False
        group = self._under(event)
        if group is None:
            return False
        self._view.setFocus(Qt.FocusReason.MouseFocusReason)
        if event.button() == Qt.MouseButton.RightButton:
            self._view.selection.set(group.nodes)
            self._open_menu(group, event.globalPosition().toPoint())
        elif event.type() == QEvent.Type.MouseButtonDblClick:
            self._view.pointing.cancel()
            self.rename(group)
        else:
            self._begin(group, event)
        return True

    def _under(self, event: QMouseEvent) -> Group | None:
        view, scene = self._view, self._view.canvas_scene
        busy = view.pointing.is_busy or view.pointing.space_held
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        if busy or not plain or event.button() == Qt.MouseButton.MiddleButton:
            return None
        at = view.scene_point(event.position())
        group = scene.frames.title_at(scene.xy, at)
        if group is None or scene.notes.at(at) is not None:
            return None
        noticed = view.layer.attention.plus_for
        found = hits.hit(scene, view.layer.inks, at, view.camera.zoom, noticed)
        return group if found.kind == "nothing" else None

    def _begin(self, group: Group, event: QMouseEvent) -> None:
        view = self._view
        view.selection.set(group.nodes)
        pointer = Pointer(
            at=view.scene_point(event.position()),
            place=event.position(),
            screen=event.globalPosition().toPoint(),
        )
        scene = view.canvas_scene
        box = next(box for found, box in scene.frames.boxes(scene.xy) if found.id == group.id)
        view.pointing.tool = HoldTool(view, pointer, box)

    def _open_menu(self, group: Group, screen: QPoint) -> None:
        menu = QMenu(self._view)
        menu.addAction("Rename group", partial(self.rename, group))
        colours = menu.addMenu("Colour")
        for colour, name in COLOUR_NAMES.items():
            action = colours.addAction(name)
            action.setCheckable(True)
            action.setChecked(colour == group.colour)
            action.triggered.connect(lambda _checked, colour=colour: self._recolour(group, colour))
        menu.addSeparator()
        menu.addAction("Ungroup", self.ungroup)
        self._view.menus.show(menu, screen)

    def _recolour(self, group: Group, colour: str) -> None:
        self._view.editor.push(change_group(self._view.editor.workflow, group.id, colour=colour))
