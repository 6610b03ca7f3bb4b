"""Comments on the canvas: write, move, resize and delete them. Each is one step of undo."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent

from designer.canvas import geometry, hits
from designer.canvas.comment_field import CommentField
from designer.canvas.notes import box_of
from designer.canvas.painter.notes import HANDLE
from designer.canvas.tools.base import Pointer
from designer.canvas.tools.move import HoldTool, ResizeTool
from designer.theme.tokens import SNAP
from engine.model import Change, Edit, Workflow
from engine.model.comments import Comment, comments, copies, remove_comments, set_comments
from engine.model.workflow import Point

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_SIZE = (288.0, 112.0)
_STEPS = [step * 3.0 * SNAP for step in range(-12, 13)]
_NEAR = sorted(((dx, dy) for dx in _STEPS for dy in _STEPS), key=lambda by: math.hypot(*by))
"""How far a new comment may be put aside, the shortest way first."""


class Comments(QObject):
    """Takes the mouse only where a comment is the topmost thing."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._field: CommentField | None = None
        self.arrived: list[str] = []
        """The comments that the last change brought."""
        view.viewport().installEventFilter(self)
        view.destroyed.connect(view.editor.document.subscribe(self._on_document_changed))

    @property
    def _workflow(self) -> Workflow:
        return self._view.editor.workflow

    @property
    def chosen(self) -> list[Comment]:
        """The selected comments, the lowest first."""
        return self._view.canvas_scene.notes.of(self._view.selection.notes)

    # -- edits -------------------------------------------------------------------------------

    def add(self, then: Callable[[], object] | None = None) -> None:
        """Write a new comment: above the selected nodes, else at the pointer, or where there is room near it.

        Empty text adds none.

        ``then`` is called when a key ends the writing.
        """
        view = self._view
        rows = view.canvas_scene.rows(view.selection.nodes)
        if rows:
            area = view.canvas_scene.bounds(rows)
            corner = QPointF(area.left(), area.top() - _SIZE[1] - 32)
        else:
            corner = view.pointer_or_centre() - QPointF(_SIZE[0] / 2, _SIZE[1] / 2)
        x, y = self._with_room((geometry.snap(corner.x()), geometry.snap(corner.y())), _SIZE)
        blank = Comment(id="comment", text="", x=x, y=y, width=_SIZE[0], height=_SIZE[1])
        self._write(copies(self._workflow, [blank], (0.0, 0.0))[0], "Add comment", then)

    def edit(self, comment: Comment, then: Callable[[], object] | None = None) -> None:
        """Change its text; emptied, it goes."""
        self._write(comment, "Edit comment", then)

    def finish(self) -> None:
        """Keep what is being written, and write no more."""
        if self._field is not None:
            self._field.keep()

    def with_removal(self, edit: Edit) -> Edit:
        """The edit that deletes nodes and wires, extended by the selected comments."""
        removal = remove_comments(self._workflow, self._view.selection.notes)
        return Edit(
            label=edit.label if edit.changes else removal.label, changes=(*edit.changes, *removal.changes)
        )

    def _with_room(self, wish: Point, size: Point) -> Point:
        """The nearest place where a new comment covers nothing and is not covered, else the wished one."""
        scene = self._view.canvas_scene
        for dx, dy in _NEAR:
            box = QRectF(wish[0] + dx, wish[1] + dy, *size).adjusted(-SNAP, -SNAP, SNAP, SNAP)
            cards = scene.frames.visible(geometry.cards_touching(scene.xy, geometry.as_box(box)))
            papers = (box_of(note) for note in scene.notes.shown)
            if not len(cards) and not any(map(box.intersects, papers)):
                return wish[0] + dx, wish[1] + dy
        return wish

    def _write(self, comment: Comment, label: str, then: Callable[[], object] | None) -> None:
        view, notes = self._view, self._view.canvas_scene.notes
        view.camera.finish()
        view.camera.reveal(box_of(comment))
        view.camera.finish()
        notes.hidden = comment.id
        view.viewport().update()
        self._field = CommentField(view, box_of(comment), comment.text, self._written(comment, label), then)

    def _written(self, comment: Comment, label: str) -> Callable[[str | None], None]:
        def keep(text: str | None) -> None:
            view = self._view
            self._field = None
            view.canvas_scene.notes.hidden = ""
            view.viewport().update()
            if text is None or text == comment.text:
                return
            if not text:
                view.editor.push(remove_comments(self._workflow, [comment.id]))
                return
            needed = geometry.snap(view.layer.notes.height(text, comment.width) + SNAP / 2)
            changed = replace(comment, text=text, height=max(comment.height, needed))
            if changed.id not in view.canvas_scene.notes.ids:
                x, y = self._with_room((changed.x, changed.y), (changed.width, changed.height))
                changed = replace(changed, x=x, y=y)
            if view.editor.push(set_comments(self._workflow, [changed], label)):
                view.selection.set(notes=[comment.id])

        return keep

    def _on_document_changed(self, before: Workflow, after: Workflow, changes: Sequence[Change]) -> None:
        if not changes and self._field is not None:
            self._field.drop()
        self.arrived = []
        if before.layout_extra is not after.layout_extra:
            were = {note.id for note in comments(before)}
            self.arrived = [note.id for note in comments(after) if note.id not in were] if changes else []
            selection, notes = self._view.selection, set(self._view.canvas_scene.notes.ids)
            kept = [comment_id for comment_id in selection.notes if comment_id in notes]
            selection.set(selection.nodes, selection.wires, kept, selection.bends)
            self._view.pointing.cancel()

    # -- the mouse ---------------------------------------------------------------------------

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        match event.type():
            case QEvent.Type.MouseButtonPress if isinstance(event, QMouseEvent):
                return self._press(event)
            case QEvent.Type.MouseMove if isinstance(event, QMouseEvent):
                return self._hover(event)
            case QEvent.Type.MouseButtonDblClick if isinstance(event, QMouseEvent):
                return self._double_click(event)
            case _:
                pass
        return False

    def _under(self, event: QMouseEvent) -> Comment | None:
        """The comment under the mouse, if nothing lies on it and no gesture is going on."""
        view = self._view
        notes = view.canvas_scene.notes
        at = view.scene_point(event.position())
        found = notes.at(at)
        busy = view.pointing.is_busy or view.pointing.space_held
        alt = event.modifiers() & Qt.KeyboardModifier.AltModifier
        if found is None or busy or alt:
            return None
        noticed = view.layer.attention.plus_for
        on_top = hits.hit(view.canvas_scene, view.layer.inks, at, view.camera.zoom, noticed)
        return found if on_top.kind == "nothing" else None

    def _press(self, event: QMouseEvent) -> bool:
        comment = self._under(event)
        if comment is None or event.button() == Qt.MouseButton.MiddleButton:
            return False
        view, selection = self._view, self._view.selection
        view.setFocus(Qt.FocusReason.MouseFocusReason)
        mine = comment.id in selection.notes
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            selection.toggle(notes=[comment.id])
            return True
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            selection.add(notes=[comment.id])
        elif not mine:
            selection.set(notes=[comment.id])
        if event.button() != Qt.MouseButton.LeftButton:
            view.menus.open_comment(comment, event.globalPosition().toPoint())
            return True
        pointer = Pointer(
            at=view.scene_point(event.position()),
            place=event.position(),
            screen=event.globalPosition().toPoint(),
        )
        resizes = _handle(comment).contains(pointer.at)
        held = ResizeTool(view, pointer, comment) if resizes else HoldTool(view, pointer, box_of(comment))
        view.pointing.tool = held
        return True

    def _hover(self, event: QMouseEvent) -> bool:
        comment = self._under(event) if not event.buttons() else None
        if comment is None or not _handle(comment).contains(self._view.scene_point(event.position())):
            return False
        self._view.viewport().setCursor(Qt.CursorShape.SizeFDiagCursor)
        return True

    def _double_click(self, event: QMouseEvent) -> bool:
        comment = self._under(event)
        if comment is None or event.button() != Qt.MouseButton.LeftButton:
            return False
        self._view.pointing.cancel()
        self.edit(comment)
        return True


def _handle(comment: Comment) -> QRectF:
    """The corner that resizes."""
    box = box_of(comment)
    return QRectF(box.right() - HANDLE, box.bottom() - HANDLE, HANDLE + 4, HANDLE + 4)
