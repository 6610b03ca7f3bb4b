"""The mouse on groups: their titles, their arrows, and the cards of those that are folded."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent

from designer.canvas import geometry, hits
from designer.canvas.frames import Frame, chevron
from designer.canvas.tools.base import Pointer
from designer.canvas.tools.move import HoldTool

if TYPE_CHECKING:
    from designer.canvas.grouping import Grouping
    from designer.canvas.view import CanvasView


class GroupMouse(QObject):
    """Takes the mouse only where a group is the topmost thing."""

    def __init__(self, view: CanvasView, grouping: Grouping) -> None:
        super().__init__(view)
        self._view = view
        self._grouping = grouping
        view.viewport().installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QMouseEvent) or not self._view.canvas_scene.frames.all:
            return False
        match event.type():
            case QEvent.Type.MouseMove if not event.buttons():
                return self._hover(event)
            case QEvent.Type.MouseButtonPress:
                return self._press(event)
            case QEvent.Type.MouseButtonDblClick if event.button() == Qt.MouseButton.LeftButton:
                return self._double_click(event)
            case _:
                return False

    def _under(self, event: QMouseEvent) -> Frame | None:
        """The group under the mouse, if nothing lies on it and no gesture is going on."""
        view, scene = self._view, self._view.canvas_scene
        busy = view.pointing.is_busy or view.pointing.space_held
        alt = event.modifiers() & Qt.KeyboardModifier.AltModifier
        if busy or alt or event.button() == Qt.MouseButton.MiddleButton:
            return None
        at = view.scene_point(event.position())
        card = scene.frames.card_at(scene.xy, at)
        frame = card or scene.frames.title_at(scene.xy, at)
        if frame is None or (card is None and scene.notes.at(at) is not None):
            return None
        noticed = view.layer.attention.plus_for
        found = hits.hit(scene, view.layer.inks, at, view.camera.zoom, noticed)
        return frame if found.kind == ("group" if card is not None else "nothing") else None

    def _on_chevron(self, frame: Frame, at: QPointF) -> bool:
        scene = self._view.canvas_scene
        box = scene.frames.box(frame, scene.xy)
        return chevron(box, card=frame.is_card).contains(at)

    def _hover(self, event: QMouseEvent) -> bool:
        frame = self._under(event)
        if frame is None or not self._on_chevron(frame, self._view.scene_point(event.position())):
            return False
        self._view.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        return True

    def _press(self, event: QMouseEvent) -> bool:
        frame = self._under(event)
        if frame is None:
            return False
        view = self._view
        view.setFocus(Qt.FocusReason.MouseFocusReason)
        view.selection.focused = None
        nodes, notes = self._grouping.contents(frame)
        mine = all(view.selection.has_node(node_id) for node_id in nodes)
        plain = event.button() == Qt.MouseButton.LeftButton
        pointer = Pointer(
            at=view.scene_point(event.position()),
            place=event.position(),
            screen=event.globalPosition().toPoint(),
            modifiers=event.modifiers(),
        )
        if plain and self._on_chevron(frame, pointer.at):
            self._grouping.switch(frame)
            return True
        if pointer.control and plain:
            view.selection.toggle(nodes, notes=notes)
            return True
        if pointer.shift:
            self._grouping.add([frame])
        elif not mine:
            view.selection.set(nodes, notes=notes)
        if plain:
            scene = view.canvas_scene
            # A node goes to the grid, not the frame around it, whose edges lie beside the grid.
            x, y = scene.places[frame.rows[0]].tolist()
            alone = None if pointer.shift else partial(view.selection.set, nodes, (), notes)
            view.pointing.tool = HoldTool(view, pointer, QRectF(x, y, *geometry.CARD_SIZE), alone)
        else:
            view.menus.open_group(frame, pointer.screen)
        return True

    def _double_click(self, event: QMouseEvent) -> bool:
        frame = self._under(event)
        if frame is None:
            return False
        self._view.pointing.cancel()
        if not self._on_chevron(frame, self._view.scene_point(event.position())):
            self._grouping.switch(frame)
        return True
