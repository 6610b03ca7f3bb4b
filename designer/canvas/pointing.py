"""Turns mouse, wheel and drag events of the canvas into gestures; also knows what is hovered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QHelpEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip

from designer.canvas import hits
from designer.canvas.abroad import Abroad, Visit
from designer.canvas.context import AddContext
from designer.canvas.dropping import Dropping
from designer.canvas.hits import NOTHING, Hit
from designer.canvas.looks import status_text
from designer.canvas.tools.base import Pointer, Tool
from designer.canvas.tools.connect import ConnectTool
from designer.canvas.tools.edge_pan import EdgePan
from designer.canvas.tools.move import BendTool, MoveTool
from designer.canvas.tools.pan import PanTool
from designer.canvas.tools.select import BoxTool
from designer.canvas.tools.slice import SliceTool
from designer.canvas.wording import more_problems
from designer.theme.tokens import CARD_H, CARD_W
from engine.model.breakpoints import has_breakpoint
from engine.model.pins import is_pinned

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_Type = QEvent.Type
_CURSORS = {
    "answer": Qt.CursorShape.PointingHandCursor,
    "plus": Qt.CursorShape.PointingHandCursor,
    "input": Qt.CursorShape.CrossCursor,
    "output": Qt.CursorShape.CrossCursor,
    "error": Qt.CursorShape.CrossCursor,
    "wire": Qt.CursorShape.PointingHandCursor,
    "bend": Qt.CursorShape.SizeAllCursor,
}


_NAMED = 12
"""As many nodes does the tip of a folded group name."""


class Pointing(QObject):
    """At most one gesture at a time; ``space_held`` makes the left button pan."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self.tool: Tool | None = None
        self.drops = Dropping(view)
        self.abroad = Abroad(view)
        self.visit: Visit | None = None
        self._button: Hit = NOTHING
        self.space_held = False
        self._last: Pointer | None = None
        self.edges = EdgePan(view, self._on_edge_panned)
        view.viewport().installEventFilter(self)

    @property
    def is_busy(self) -> bool:
        return self.tool is not None

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        match event.type():
            case _Type.MouseMove if isinstance(event, QMouseEvent):
                self._move(self._pointer(event))
            case _Type.MouseButtonPress if isinstance(event, QMouseEvent):
                self._press(event.button(), self._pointer(event))
            case _Type.MouseButtonRelease if isinstance(event, QMouseEvent):
                self._release(event.button(), self._pointer(event))
            case _Type.MouseButtonDblClick if isinstance(event, QMouseEvent):
                self._double_click(event.button(), self._pointer(event))
            case _Type.Wheel if isinstance(event, QWheelEvent):
                self._wheel(event)
            case _Type.NativeGesture if isinstance(event, QNativeGestureEvent):
                return self._pinch(event)
            case _Type.ContextMenu if isinstance(event, QContextMenuEvent):
                if event.reason() != QContextMenuEvent.Reason.Mouse:
                    self._view.menus.open_at_focus()
            case _Type.Leave:
                self._hover(NOTHING)
                return False
            case _Type.ToolTip if isinstance(event, QHelpEvent):
                self._tip(event)
            case _Type.DragEnter | _Type.DragMove | _Type.DragLeave | _Type.Drop:
                self.drops.handle(event)
            case _:
                return False
        return True

    # -- gestures ----------------------------------------------------------------------------

    def _pointer(self, event: QMouseEvent) -> Pointer:
        place = event.position()
        return Pointer(
            at=self._view.scene_point(place),
            place=place,
            screen=event.globalPosition().toPoint(),
            modifiers=event.modifiers(),
        )

    def _hit(self, at: QPointF) -> Hit:
        view = self._view
        noticed = view.layer.attention.plus_for
        return hits.hit(view.canvas_scene, view.layer.inks, at, view.camera.zoom, noticed)

    def _press(self, button: Qt.MouseButton, pointer: Pointer) -> None:
        view = self._view
        view.setFocus(Qt.FocusReason.MouseFocusReason)
        if isinstance(self.tool, ConnectTool):  # the second click of click-click
            self.tool.move(pointer)
            return
        self.cancel()
        found = self._hit(pointer.at)
        if button == Qt.MouseButton.MiddleButton or (button == Qt.MouseButton.LeftButton and self.space_held):
            self._begin(PanTool(view, pointer))
        elif button == Qt.MouseButton.RightButton:
            self._right(found, pointer)
        elif button == Qt.MouseButton.LeftButton:
            self._left(found, pointer)

    def _left(self, found: Hit, pointer: Pointer) -> None:
        view, scene = self._view, self._view.canvas_scene
        view.selection.focused = None
        match found.kind:
            case "answer" | "plus":
                self._button = found
            case "input" | "output" | "error":
                if pointer.alt:
                    self._disconnect_port(found)
                else:
                    self._begin(ConnectTool(view, pointer, found))
            case "nothing" | "wire" | "bend" if pointer.alt:
                self._begin(SliceTool(view, pointer))
            case "bend":
                self._begin(BendTool(view, pointer, (scene.wires.ids[found.row], found.index)))
            case "node":
                self._begin(MoveTool(view, pointer, found.row))
            case "wire":
                wire = scene.wires.ids[found.row]
                if pointer.control:
                    view.selection.toggle(wires=[wire])
                elif pointer.shift:
                    view.selection.add(wires=[wire])
                else:
                    view.selection.set(wires=[wire])
            case "nothing":
                self._begin(BoxTool(view, pointer))

    def _right(self, found: Hit, pointer: Pointer) -> None:
        scene, selection = self._view.canvas_scene, self._view.selection
        if found.kind == "bend":
            bend = (scene.wires.ids[found.row], found.index)
            if bend not in selection.bends:
                selection.set(bends=[bend])
        elif found.kind == "wire":
            if scene.wires.ids[found.row] not in selection.wires:
                selection.set(wires=[scene.wires.ids[found.row]])
        elif found.kind != "nothing" and not selection.has_node(scene.ids[found.row]):
            selection.set([scene.ids[found.row]])
        self._begin(PanTool(self._view, pointer, menu=True))

    def _disconnect_port(self, found: Hit) -> None:
        scene = self._view.canvas_scene
        rows = scene.wires.at([found.row], len(scene.ids))
        ends = scene.wires.target if found.kind == "input" else scene.wires.source
        mine = rows[ends[rows] == found.row]
        if found.kind != "input":
            mine = mine[scene.wires.down[mine] == (found.kind == "error")]
        self._view.commands.disconnect([scene.wires.ids[row] for row in mine])

    def _begin(self, tool: Tool) -> None:
        self.tool = tool

    def _move(self, pointer: Pointer) -> None:
        if self.tool is None:
            self._hover(self._hit(pointer.at))
            return
        if self._is_abroad(self.tool, pointer):
            return
        self.tool.move(pointer)
        if self.tool is not None and self.tool.moved:
            self._view.viewport().setCursor(self.tool.cursor)
            self._last = pointer
            if not isinstance(self.tool, PanTool):
                self.edges.follow(pointer.place)

    def _is_abroad(self, tool: Tool, pointer: Pointer) -> bool:
        """Whether cards are dragged over the canvas of another window; here they lie where they were then."""
        was_away = self.abroad.is_away
        if not isinstance(tool, MoveTool) or not tool.moved:
            return False
        if not self.abroad.follow(tool.start.at, pointer.screen):
            return False
        if not was_away:
            self.edges.stop()
            tool.cancel()
        return True

    def _on_edge_panned(self) -> None:
        """The view scrolled under a mouse that stands still."""
        if self.tool is not None and self._last is not None:
            self.tool.move(replace(self._last, at=self._view.scene_point(self._last.place)))

    def _release(self, button: Qt.MouseButton, pointer: Pointer) -> None:
        if self._button is not NOTHING:
            self._push_button(pointer)
        tool = self.tool
        if tool is not None:
            self.edges.stop()
            if self.abroad.drop():
                self.cancel()
                return
            tool.move(pointer)
            # The edit a gesture makes rebuilds the scene, which ends whatever gesture is going on.
            self.tool = None
            if not tool.release(pointer):
                self.tool = tool
                return
        self._hover(self._hit(pointer.at))

    def _push_button(self, pointer: Pointer) -> None:
        pressed, self._button = self._button, NOTHING
        view, scene = self._view, self._view.canvas_scene
        if self._hit(pointer.at) != pressed or pressed.row >= len(scene.ids):
            return
        node_id = scene.ids[pressed.row]
        if pressed.kind == "answer":
            view.answer_requested.emit(node_id)
            return
        outputs = scene.type_of(pressed.row).outputs
        port = outputs[pressed.index].name if len(outputs) > 1 else None
        context = AddContext(source=node_id, source_port=port)
        view.ask_for_node(view.commands.place_after(pressed.row), pointer.screen, context)

    def _double_click(self, button: Qt.MouseButton, pointer: Pointer) -> None:
        self.cancel()
        if button != Qt.MouseButton.LeftButton:
            return
        view, found = self._view, self._hit(pointer.at)
        if found.kind == "node":
            view.node_activated.emit(view.canvas_scene.ids[found.row])
        elif found.kind == "nothing":
            corner = QPointF(pointer.at.x() - CARD_W / 2, pointer.at.y() - CARD_H / 2)
            view.ask_for_node(corner, pointer.screen, AddContext())
        elif found.kind == "wire":
            bend = view.bending.add_at(found.row, pointer.at)
            if bend is not None:  # the mouse is down: it can be dragged at once
                self._begin(BendTool(view, pointer, bend))
        elif found.kind == "bend":
            view.selection.set(bends=[(view.canvas_scene.wires.ids[found.row], found.index)])
            view.commands.delete()

    def cancel(self) -> bool:
        """End the gesture without a trace; False when there was none."""
        tool, self.tool = self.tool, None
        self._button = NOTHING
        self.edges.stop()
        self.abroad.leave()
        if tool is None:
            return False
        tool.cancel()
        self._view.viewport().unsetCursor()
        return True

    def paint(self, painter: QPainter) -> None:
        """Draw what the gesture shows."""
        shown = self.visit or self.tool or self.drops.place
        if shown is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            shown.paint(painter)

    # -- hovering ----------------------------------------------------------------------------

    def _hover(self, found: Hit) -> None:
        view, seen = self._view, self._view.layer.attention
        on_wire = found.kind in ("wire", "bend")
        row = -1 if on_wire or found.kind in ("nothing", "group") else found.row
        wire = found.row if on_wire else -1
        if wire != seen.hovered_wire:
            for changed in (seen.hovered_wire, wire):
                if 0 <= changed < len(view.canvas_scene.wires):
                    view.repaint_wire(changed)
            seen.hovered_wire = wire
            view.fades.hover_wire(wire)
        if row != seen.hovered:
            seen.hovered = row
            view.fades.hover_card(row)
            view.notice()
        shape = Qt.CursorShape.OpenHandCursor if self.space_held else _CURSORS.get(found.kind)
        if shape is None:
            view.viewport().unsetCursor()
        else:
            view.viewport().setCursor(shape)

    def forget_hover(self) -> None:
        """The rows are new: what was hovered may be another node now."""
        seen = self._view.layer.attention
        seen.hovered = seen.hovered_wire = seen.hidden_wire = -1

    def _tip(self, event: QHelpEvent) -> None:
        view, scene = self._view, self._view.canvas_scene
        found = self._hit(view.scene_point(QPointF(event.pos())))
        text = ""
        if found.kind in ("wire", "bend"):
            connection = scene.wire(found.row)
            text = connection.condition or {"error": "Taken when the step fails"}.get(connection.on, "")
        elif found.kind == "group":
            folded = scene.frames.card_of(found.row)
            inside = "\n".join(scene.node(row).label for row in (folded.rows if folded else ())[:_NAMED])
            more = len(folded.rows) - _NAMED if folded else 0
            text = inside + (f"\nand {more} more" if more > 0 else "")
        elif found.kind != "nothing":
            node = scene.node(found.row)
            problem = scene.marks.problems.get(node.id)
            lines = [node.label, scene.subtitle(found.row), scene.marks.stale.get(node.id, "")]
            step = scene.marks.steps.get(node.id)
            if step is not None and (words := status_text(step)) != lines[1]:
                lines.append(words)
            if is_pinned(node):
                lines.append("Pinned: its result is used and it is not run. P takes the pin out.")
            if has_breakpoint(node):
                lines.append("Breakpoint: runs stop before this step. F9 clears it.")
            lines += (problem.message if problem is not None else "", more_problems(scene, node.id))
            text = "\n".join(filter(None, lines))
        QToolTip.showText(event.globalPos(), text, view.viewport())

    # -- the wheel ---------------------------------------------------------------------

    def _wheel(self, event: QWheelEvent) -> None:
        view = self._view
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        turned = event.angleDelta()
        two_fingers = not event.pixelDelta().isNull() and event.phase() != Qt.ScrollPhase.NoScrollPhase
        if control or (view.settings.wheel_zooms and not two_fingers and turned.y()):
            view.camera.zoom_at(view.camera.turned(turned.y() / 120), event.position())
            return
        way = event.pixelDelta() if two_fingers else turned / 2
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not way.x():
            way = way.transposed()
        view.camera.pan(way.x(), way.y())

    def _pinch(self, event: QNativeGestureEvent) -> bool:
        if event.gestureType() != Qt.NativeGestureType.ZoomNativeGesture:
            return False
        self._view.camera.zoom_at(self._view.camera.zoom * (1 + event.value()), event.position())
        return True
