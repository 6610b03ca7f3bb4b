"""Move cards, comments and bends: they follow the mouse on the grid and along guides; one edit on release."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter

from designer.canvas import geometry, hits
from designer.canvas.carry import Carry
from designer.canvas.painter import decor
from designer.canvas.selection import Bend
from designer.canvas.tools.base import Pointer, Tool
from engine.model.comments import Comment, set_comments

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_LEAST = (128.0, 48.0)


class CarryTool(Tool):
    """A drag of what is selected; Ctrl held on the way lets it go anywhere. Subclasses say what is held."""

    cursor = Qt.CursorShape.SizeAllCursor

    def __init__(self, view: CanvasView, pointer: Pointer) -> None:
        super().__init__(view, pointer)
        self._carry: Carry | None = None

    def hold(self) -> QRectF:
        """What the mouse took hold of, once it is known to be a drag."""
        raise NotImplementedError

    def click(self, pointer: Pointer) -> None:
        """It was no drag."""

    def take(self, held: QRectF) -> Carry:
        """Everything that goes along."""
        selection = self.view.selection
        return Carry(self.view, held, selection.nodes, selection.notes, selection.bends)

    def move(self, pointer: Pointer) -> None:
        if not self.is_far(pointer):
            return
        if self._carry is None:
            self._carry = self.take(self.hold())
        self._carry.follow(pointer.at - self.start.at, freely=pointer.control)

    def release(self, pointer: Pointer) -> bool:
        if self._carry is None:
            self.click(pointer)
        else:
            self._carry.put_down()
        return True

    def cancel(self) -> None:
        if self._carry is not None:
            self._carry.cancel()

    def paint(self, painter: QPainter) -> None:
        if self._carry is not None:
            self._carry.paint(painter)


class MoveTool(CarryTool):
    """Starts on a card, which gets selected; a click without a drag only selects.

    With Alt held at the press the cards stay where they are and copies are put down. A single card without
    a wire that is put down on one is inserted there.
    """

    def __init__(self, view: CanvasView, pointer: Pointer, row: int) -> None:
        super().__init__(view, pointer)
        self._id = view.canvas_scene.ids[row]
        self._was_selected = view.selection.has_node(self._id)
        if pointer.control:
            pass  # toggled on release, when it is known not to be a drag
        elif pointer.shift:
            view.selection.add([self._id])
        elif not self._was_selected:
            view.selection.set([self._id])
        self._wire = -1
        self._copies = pointer.alt
        if self._copies:
            self.cursor = Qt.CursorShape.DragCopyCursor

    def hold(self) -> QRectF:
        if not self.view.selection.has_node(self._id):
            self.view.selection.add([self._id])
        return self.view.canvas_scene.card(self.view.canvas_scene.row_of[self._id])

    def take(self, held: QRectF) -> Carry:
        return GhostCarry(self.view, held, self.view.selection.nodes) if self._copies else super().take(held)

    def move(self, pointer: Pointer) -> None:
        super().move(pointer)
        if self._carry is not None:
            self._light(self._wire_under(pointer))

    def release(self, pointer: Pointer) -> bool:
        wire = self.view.canvas_scene.wires.ids[self._wire] if self._wire >= 0 else ""
        self._light(-1)
        if self._carry is None or not wire:
            return super().release(pointer)
        x, y = self._carry.places()[0]
        self._carry.cancel()
        self.view.commands.put_on_wire(self._id, wire, (x, y))
        return True

    def cancel(self) -> None:
        self._light(-1)
        super().cancel()

    def _wire_under(self, pointer: Pointer) -> int:
        """The wire that would take the card in: under the mouse, or under the middle of the card; else -1."""
        view, scene = self.view, self.view.canvas_scene
        selection, workflow = view.selection, view.editor.workflow
        is_alone = selection.nodes == [self._id] and not (selection.notes or selection.bends or self._copies)
        row = scene.row_of.get(self._id, -1)
        if not is_alone or row < 0 or scene.trigger[row]:
            return -1
        if workflow.incoming(self._id) or workflow.outgoing(self._id):
            return -1
        for at in (pointer.at, scene.card(row).center()):
            wire = hits.wire_at(scene, view.layer.inks, at, view.camera.zoom)
            if wire >= 0:
                return wire
        return -1

    def _light(self, wire: int) -> None:
        if wire != self._wire:
            self.view.layer.attention.hovered_wire = self._wire = wire
            self.view.viewport().update()

    def click(self, pointer: Pointer) -> None:
        if pointer.control:
            self.view.selection.toggle([self._id])
        elif not pointer.shift and self._was_selected:
            self.view.selection.set([self._id])


class GhostCarry(Carry):
    """Copies on their way: outlines, until they are put down."""

    def shift(self, by: tuple[float, float]) -> None:
        self.by = by
        self._view.viewport().update()

    def put_down(self) -> None:
        self._view.viewport().update()
        if self.by != (0.0, 0.0):
            self._view.commands.duplicate(self.by)

    def cancel(self) -> None:
        self._view.viewport().update()

    def paint(self, painter: QPainter) -> None:
        scene = self._view.canvas_scene
        for row, (x, y) in zip(scene.rows(self.nodes), self.places(), strict=True):
            decor.draw_ghost(painter, self._view.layer.inks, (x, y), trigger=bool(scene.trigger[row]))
        super().paint(painter)


class BendTool(CarryTool):
    """Starts on a bend of a wire, which gets selected."""

    def __init__(self, view: CanvasView, pointer: Pointer, bend: Bend) -> None:
        super().__init__(view, pointer)
        self._bend = bend
        self._was_selected = bend in view.selection.bends
        if pointer.control:
            pass  # as with a card
        elif pointer.shift:
            view.selection.add(bends=[bend])
        elif not self._was_selected:
            view.selection.set(bends=[bend])

    def hold(self) -> QRectF:
        if self._bend not in self.view.selection.bends:
            self.view.selection.add(bends=[self._bend])
        wires = self.view.canvas_scene.wires
        wire_id, index = self._bend
        x, y = wires.points[wires.bends_of(wires.row_of[wire_id])[index]].tolist()
        return QRectF(QPointF(x, y), QSizeF(0, 0))

    def click(self, pointer: Pointer) -> None:
        if pointer.control:
            self.view.selection.toggle(bends=[self._bend])
        elif not pointer.shift and self._was_selected:
            self.view.selection.set(bends=[self._bend])


class HoldTool(CarryTool):
    """A drag of the selection by this box: the paper of a comment, or a card in a group.

    ``alone`` is what a click without a drag leaves selected.
    """

    def __init__(
        self, view: CanvasView, pointer: Pointer, held: QRectF, alone: Callable[[], None] | None = None
    ) -> None:
        super().__init__(view, pointer)
        self._held = held
        self._alone = alone

    def click(self, pointer: Pointer) -> None:
        if self._alone is not None:
            self._alone()

    def hold(self) -> QRectF:
        return self._held


class ResizeTool(Tool):
    """Drags the lower right corner of a comment."""

    cursor = Qt.CursorShape.SizeFDiagCursor

    def __init__(self, view: CanvasView, pointer: Pointer, comment: Comment) -> None:
        super().__init__(view, pointer)
        self._comment = comment

    def move(self, pointer: Pointer) -> None:
        if not self.is_far(pointer):
            return
        held, way = self._comment, pointer.at - self.start.at
        width = max(_LEAST[0], geometry.snap(held.width + way.x()))
        height = max(_LEAST[1], geometry.snap(held.height + way.y()))
        self._show([replace(held, width=width, height=height)])

    def release(self, pointer: Pointer) -> bool:
        if self.moved:
            moved = self.view.canvas_scene.notes.moved
            edit = set_comments(self.view.editor.workflow, moved.values(), "Resize comment")
            moved.clear()
            self.view.editor.push(edit)
        return True

    def cancel(self) -> None:
        self._show([])

    def _show(self, these: Sequence[Comment]) -> None:
        self.view.canvas_scene.notes.moved = {comment.id: comment for comment in these}
        self.view.viewport().update()
