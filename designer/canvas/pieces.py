"""Nodes, connections, groups and comments by name: where each is, what it is called, what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtWidgets import QWidget

from designer.canvas import hits, wording
from designer.canvas.looks import MOVING
from designer.canvas.notes import box_of
from designer.canvas.reading import Piece

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_NONE: Piece = ("node", "")


class Pieces:
    """Answers about a canvas's pieces; asks the scene each time, and keeps nothing."""

    def __init__(self, view: CanvasView) -> None:
        self.view = view

    @property
    def focused(self) -> Piece:
        """What has the keyboard: the node that was walked to, else the one thing that is selected."""
        view = self.view
        if not view.hasFocus():
            return _NONE
        selection, scene = view.selection, view.canvas_scene
        whole = view.grouping.only()
        if whole is not None:
            return ("group", whole.group.id)
        chosen: list[Piece] = [("wire", each) for each in selection.wires]
        chosen += [("comment", each) for each in selection.notes]
        if len(chosen) == 1 and not selection.nodes:
            return chosen[0]
        if selection.focused in scene.row_of:
            return ("node", str(selection.focused))
        return ("node", selection.nodes[0]) if len(selection.nodes) == 1 and not chosen else _NONE

    def name(self, piece: Piece, number: int, total: int) -> str:
        """What a screen reader says; ``number`` of ``total`` is a step's place."""
        kind, piece_id = piece
        scene = self.view.canvas_scene
        if kind == "node":
            return wording.node_name(scene, piece_id, number, total)
        if kind == "wire":
            return wording.wire_name(scene, piece_id)
        if kind == "group":
            frame = scene.frames.of(piece_id)
            return self.view.grouping.spoken(frame) if frame is not None else ""
        return next((wording.comment_name(each) for each in scene.notes.shown if each.id == piece_id), "")

    def group_words(self, piece: Piece) -> str:
        """In which group a node is."""
        kind, piece_id = piece
        if kind != "node":
            return ""
        scene = self.view.canvas_scene
        row = scene.row_of.get(piece_id, -1)
        held = next((frame.group.title for frame in scene.frames.all if row in frame.own), "")
        return f"In the group {held}" if held else ""

    def ends(self, piece: Piece) -> list[Piece]:
        """The two nodes of a connection."""
        wire = self.view.canvas_scene.workflow.connections.get(piece[1]) if piece[0] == "wire" else None
        return [("node", wire.source), ("node", wire.target)] if wire is not None else []

    def is_selected(self, piece: Piece) -> bool:
        kind, piece_id = piece
        selection = self.view.selection
        if kind == "node":
            return selection.has_node(piece_id)
        if kind == "group":
            whole = self.view.grouping.only()
            return whole is not None and whole.group.id == piece_id
        return piece_id in (selection.wires if kind == "wire" else selection.notes)

    def is_busy(self, piece: Piece) -> bool:
        return piece[0] == "node" and self.view.canvas_scene.marks.look(piece[1]) in MOVING

    def is_seen(self, piece: Piece) -> bool:
        return self.view.camera.visible().intersects(self._box(piece))

    def rect(self, piece: Piece) -> QRect:
        """Where it is on the screen."""
        view = self.view
        seen, zoom, box = view.camera.visible(), view.camera.zoom, self._box(piece)
        corner = view.viewport().mapToGlobal(QPoint(0, 0))
        place = (box.topLeft() - seen.topLeft()) * zoom
        return QRect(
            corner.x() + round(place.x()),
            corner.y() + round(place.y()),
            round(box.width() * zoom),
            round(box.height() * zoom),
        )

    def _box(self, piece: Piece) -> QRectF:
        kind, piece_id = piece
        scene = self.view.canvas_scene
        if kind == "node":
            return scene.card(scene.row_of[piece_id]) if piece_id in scene.row_of else QRectF()
        if kind == "wire":
            row = scene.wires.row_of.get(piece_id, -1)
            if row < 0:
                return QRectF()
            left, top, right, bottom = scene.wires.boxes[row].tolist()
            if left > right:  # inside a folded group, whose card stands for it
                return scene.card(int(scene.wires.source[row]))
            return QRectF(left, top, max(1.0, right - left), max(1.0, bottom - top))
        if kind == "group":
            frame = scene.frames.of(piece_id)
            return scene.frames.box(frame, scene.xy) if frame is not None else QRectF()
        return next((box_of(each) for each in scene.notes.shown if each.id == piece_id), QRectF())

    def at(self, x: int, y: int) -> Piece:
        """The topmost piece at a place of the screen."""
        view, scene = self.view, self.view.canvas_scene
        spot = view.scene_point(QPointF(view.viewport().mapFromGlobal(QPoint(x, y))))
        found = hits.hit(scene, view.layer.inks, spot, view.camera.zoom, frozenset())
        if found.kind in ("wire", "bend"):
            return ("wire", scene.wires.ids[found.row])
        card = scene.frames.card_of(found.row) if found.row >= 0 else None
        if card is not None:
            return ("group", card.group.id)
        if found.row >= 0:
            return ("node", scene.ids[found.row])
        note = scene.notes.at(spot)
        if note is not None:
            return ("comment", note.id)
        frame = scene.frames.title_at(scene.xy, spot)
        return ("group", frame.group.id) if frame is not None else _NONE

    def widgets(self) -> list[QWidget]:
        """The real widgets over the canvas that can be seen: the bars in its corners, an open field."""
        view = self.view
        held = [*view.children(), *view.viewport().children()]
        return [
            each
            for each in held
            if isinstance(each, QWidget)
            and each is not view.viewport()
            and each.isVisible()
            and not each.isWindow()
            and not each.objectName().startswith("qt_")  # the scroll bars' own
        ]

    # -- doing -------------------------------------------------------------------------------

    def select(self, piece: Piece) -> None:
        """Select this and nothing else, and scroll until it is seen."""
        kind, piece_id = piece
        view = self.view
        frame = view.canvas_scene.frames.of(piece_id) if kind == "group" else None
        if frame is not None:
            view.grouping.select([frame])
        elif kind == "node":
            view.selection.focused = piece_id
            view.selection.set([piece_id])
        elif kind == "wire":
            view.selection.focused = None
            view.selection.set(wires=[piece_id])
        else:
            view.selection.focused = None
            view.selection.set(notes=[piece_id])
        view.camera.reveal(self._box(piece))
        view.notice()

    def focus(self, piece: Piece) -> None:
        """Bring the keyboard there."""
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.select(piece)

    def press(self, piece: Piece) -> None:
        """What Enter does there."""
        self.focus(piece)
        self.view.commands.open_selected()

    def open_menu(self, piece: Piece) -> None:
        """Open the menu of the piece at its middle."""
        self.focus(piece)
        self.view.menus.open_at_focus()
