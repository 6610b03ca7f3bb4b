"""Comments on the canvas: write, move, resize and delete them. Each is one step of undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

from designer.canvas import geometry, hits
from designer.canvas.comment_field import CommentField
from designer.canvas.geometry import Floats
from designer.canvas.notes import box_of
from designer.canvas.painter.notes import HANDLE
from designer.theme.tokens import SNAP
from engine.model import Change, Edit, Workflow
from engine.model.comments import Comment, copies, remove_comments, set_comments

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_SIZE = (288.0, 112.0)
_LEAST = (128.0, 48.0)
_FAR = 4


@dataclass(slots=True)
class _Drag:
    """Comments, and the nodes selected with them, on their way; or one comment that is resized."""

    start: QPointF
    held: Comment
    before: list[Comment]
    nodes: list[str]
    places: Floats
    resizes: bool
    moved: bool = False


class Comments(QObject):
    """Takes the mouse only where a comment is the topmost thing."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._drag: _Drag | None = None
        self._field: CommentField | None = None
        view.viewport().installEventFilter(self)
        view.destroyed.connect(view.editor.document.subscribe(self._on_document_changed))

    @property
    def _workflow(self) -> Workflow:
        return self._view.editor.workflow

    @property
    def chosen(self) -> list[Comment]:
        """The selected comments, the lowest first."""
        selected = set(self._view.selection.notes)
        return [comment for comment in self._view.canvas_scene.notes.shown if comment.id in selected]

    # -- edits -------------------------------------------------------------------------------

    def add(self) -> None:
        """Write a new comment: above the selected nodes, else at the pointer. Empty text adds none."""
        view = self._view
        rows = view.canvas_scene.rows(view.selection.nodes)
        if rows:
            area = view.canvas_scene.bounds(rows)
            corner = QPointF(area.left(), area.top() - _SIZE[1] - 32)
        else:
            corner = view.pointer_or_centre() - QPointF(_SIZE[0] / 2, _SIZE[1] / 2)
        x, y = geometry.snap(corner.x()), geometry.snap(corner.y())
        blank = Comment(id="comment", text="", x=x, y=y, width=_SIZE[0], height=_SIZE[1])
        self._write(copies(self._workflow, [blank], (0.0, 0.0))[0], "Add comment")

    def edit(self, comment: Comment) -> None:
        """Change its text; emptied, it goes."""
        self._write(comment, "Edit comment")

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

    def with_moves(self, edit: Edit) -> Edit:
        """The edit that moves nodes, extended by the comments that were dragged with them."""
        notes = self._view.canvas_scene.notes
        now = list(notes.moved.values())
        notes.moved.clear()
        if not now:
            return edit
        moved = set_comments(self._workflow, now, "Move comment")
        changes = (*edit.changes, *moved.changes)
        return Edit(label=edit.label if edit.changes else moved.label, changes=changes)

    def _write(self, comment: Comment, label: str) -> None:
        view, notes = self._view, self._view.canvas_scene.notes
        view.camera.finish()
        view.camera.reveal(box_of(comment))
        view.camera.finish()
        notes.hidden = comment.id
        view.viewport().update()
        self._field = CommentField(view, box_of(comment), comment.text, self._written(comment, label))

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
            if view.editor.push(set_comments(self._workflow, [changed], label)):
                view.selection.set(notes=[comment.id])

        return keep

    def _on_document_changed(self, before: Workflow, after: Workflow, changes: Sequence[Change]) -> None:
        if not changes and self._field is not None:
            self._field.drop()
        if before.layout_extra is not after.layout_extra:
            selection, notes = self._view.selection, set(self._view.canvas_scene.notes.ids)
            kept = [comment_id for comment_id in selection.notes if comment_id in notes]
            selection.set(selection.nodes, selection.wires, kept)
            self._end()

    # -- the mouse ---------------------------------------------------------------------------

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        match event.type():
            case QEvent.Type.MouseButtonPress if isinstance(event, QMouseEvent):
                return self._press(event)
            case QEvent.Type.MouseMove if isinstance(event, QMouseEvent):
                return self._move(event)
            case QEvent.Type.MouseButtonRelease if isinstance(event, QMouseEvent) and self._drag is not None:
                self._release()
                return True
            case QEvent.Type.MouseButtonDblClick if isinstance(event, QMouseEvent):
                return self._double_click(event)
            case QEvent.Type.KeyPress if isinstance(event, QKeyEvent) and self._drag is not None:
                if event.key() == Qt.Key.Key_Escape:
                    self._cancel()
                    return True
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
        self._begin(comment, view.scene_point(event.position()))
        return True

    def _begin(self, comment: Comment, at: QPointF) -> None:
        resizes = _handle(comment).contains(at)
        nodes = [] if resizes else self._view.selection.nodes
        scene = self._view.canvas_scene
        self._drag = _Drag(
            start=at,
            held=comment,
            before=[comment] if resizes else self.chosen,
            nodes=nodes,
            places=scene.xy[scene.rows(nodes)].copy(),
            resizes=resizes,
        )
        self._view.installEventFilter(self)  # first to see Escape

    def _move(self, event: QMouseEvent) -> bool:
        drag = self._drag
        if drag is None:
            return self._hover(event)
        way = self._view.scene_point(event.position()) - drag.start
        if not drag.moved and way.manhattanLength() * self._view.camera.zoom < _FAR:
            return True
        drag.moved = True
        held, notes = drag.held, self._view.canvas_scene.notes
        if drag.resizes:
            width = max(_LEAST[0], geometry.snap(held.width + way.x()))
            height = max(_LEAST[1], geometry.snap(held.height + way.y()))
            notes.moved[held.id] = replace(held, width=width, height=height)
        else:
            by = (geometry.snap(held.x + way.x()) - held.x, geometry.snap(held.y + way.y()) - held.y)
            notes.shift([comment.id for comment in drag.before], by)
            self._view.canvas_scene.place(drag.nodes, drag.places + by)
        self._view.viewport().update()
        return True

    def _end(self) -> _Drag | None:
        self._view.removeEventFilter(self)
        drag, self._drag = self._drag, None
        return drag

    def _release(self) -> None:
        drag = self._end()
        view, scene = self._view, self._view.canvas_scene
        if drag is None or not drag.moved:
            return
        if drag.resizes:
            view.editor.push(set_comments(self._workflow, scene.notes.moved.values(), "Resize comment"))
        elif scene.notes.moved.get(drag.held.id) != drag.held:
            view.commands.move(drag.nodes, scene.xy[scene.rows(drag.nodes)].tolist())

    def _cancel(self) -> None:
        drag = self._end()
        if drag is not None:
            self._view.canvas_scene.notes.moved.clear()
            self._view.canvas_scene.place(drag.nodes, drag.places)
            self._view.viewport().update()

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
        self._end()
        self.edit(comment)
        return True


def _handle(comment: Comment) -> QRectF:
    """The corner that resizes."""
    box = box_of(comment)
    return QRectF(box.right() - HANDLE, box.bottom() - HANDLE, HANDLE + 4, HANDLE + 4)
