"""A view that paints a scene in one layer: it knows what must be repainted, and what moves."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QCursor, QFocusEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView

from designer.canvas import geometry
from designer.canvas.camera import Camera
from designer.canvas.fades import Fades
from designer.canvas.motion import FRAME_MS, Motion
from designer.canvas.painter.layer import FULL, Attention, Layer
from designer.canvas.scene import Scene
from designer.canvas.selection import Selection
from designer.document.document import Document
from designer.settings import Settings
from designer.theme.controller import ThemeController
from designer.theme.theme import Theme
from designer.theme.tokens import CARD_H, CARD_W
from engine.model.node_type import NodeTypes

_WORLD = 1_000_000.0
_COUNTDOWN_MS = 1000
_BY_KEY = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class PaintedView(QGraphicsView):
    """Everything is drawn in ``drawBackground``; the graphics scene holds no items."""

    focus_lost = Signal()

    def __init__(
        self, document: Document, catalog: NodeTypes, theme: ThemeController, settings: Settings
    ) -> None:
        world = QGraphicsScene(-_WORLD, -_WORLD, 2 * _WORLD, 2 * _WORLD)
        world.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        super().__init__(world)
        world.setParent(self)
        self.theme = theme
        self._settings = settings
        self.canvas_scene = Scene(document, catalog, self)
        self.layer = Layer(self.canvas_scene, theme.theme)
        self.selection = Selection(self)
        self.came_by_key = False
        self._waiting = QRect()
        self.motion = Motion(self)
        self.motion.pulsed.connect(self._on_frame)
        self._set_up()
        self.camera = Camera(self, self.motion)
        self.fades = Fades(self)
        self._on_setting_changed("reduce_motion")
        settings.changed.connect(self._on_setting_changed)
        theme.theme_changed.connect(self._on_theme_changed)
        self.canvas_scene.changed.connect(self.repaint_box)
        self.destroyed.connect(self.canvas_scene.close)

    def _set_up(self) -> None:
        self.setFrameShape(QFrame.Shape.NoFrame)
        # A workflow is drawn and read from left to right, whichever way the window is.
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.viewport().setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(320, 200)

    # -- zoom --------------------------------------------------------------------------------

    def select_all(self) -> None:
        self.selection.set(self.canvas_scene.ids, notes=self.canvas_scene.notes.ids)

    def frame_all(self) -> None:
        """Show the whole drawing, at most at 100 %."""
        self.camera.frame(self.canvas_scene.bounds())

    def frame_selection(self) -> None:
        """Show what is selected; everything when nothing is."""
        rows = self.canvas_scene.rows(self.selection.nodes)
        area = self.canvas_scene.bounds(rows).united(self.canvas_scene.notes.bounds(self.selection.notes))
        self.camera.frame(self.canvas_scene.bounds() if area.isNull() else area)

    def set_zoom(self, zoom: float) -> None:
        """Zoom to this factor (1.0: actual size), kept within 5 % and 400 %."""
        self.camera.zoom_to(zoom * self.camera.actual)

    def zoom_in(self) -> None:
        self.camera.zoom_by(1.25)

    def zoom_out(self) -> None:
        self.camera.zoom_by(1 / 1.25)

    def scene_point(self, place: QPointF) -> QPointF:
        """The scene point under a place in the viewport."""
        return self.camera.visible().topLeft() + place / self.camera.zoom

    def pointer_or_centre(self) -> QPointF:
        """The scene point under the mouse while it is over the canvas, else in the middle."""
        place = self.viewport().mapFromGlobal(QCursor.pos())
        if self.viewport().rect().contains(place) and self.underMouse():
            return self.scene_point(QPointF(place))
        return self.camera.centre

    def free_corner(self) -> QPointF:
        """Where a new card goes: in the middle of what is seen, or below what lies there."""
        middle = self.camera.centre
        wish = (middle.x() - CARD_W / 2, middle.y() - CARD_H / 2)
        return QPointF(*geometry.free_place(self.canvas_scene.xy, wish))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What is in the middle stays there, or a window made small would show nothing of the drawing."""
        super().resizeEvent(event)
        grown = event.size() - event.oldSize()
        if event.oldSize().isValid():
            self.camera.pan(grown.width() / 2, grown.height() / 2)

    # No event filter waits for the focus: one is still called while Qt takes the view apart at the end of a
    # program, when nothing of it may be touched any more. These two are not.
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.came_by_key = event.reason() in _BY_KEY
        self.notice()
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.came_by_key = False
        self.notice()
        self.viewport().update()
        self.focus_lost.emit()

    # -- painting ----------------------------------------------------------------------------

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        self._waiting = QRect()
        self.layer.paint(painter, QRectF(rect), self.camera.visible())

    def repaint_box(self, box: QRectF) -> None:
        """Paint this part of the scene anew at the next opportunity; everything when it is null."""
        if box.isNull():
            self.viewport().update()
            return
        zoom = self.camera.zoom
        seen = self.camera.visible()
        box = box & seen
        if box.isEmpty():
            return
        left, top = (box.left() - seen.left()) * zoom, (box.top() - seen.top()) * zoom
        place = QRect(
            math.floor(left) - 3,
            math.floor(top) - 3,
            math.ceil(box.width() * zoom) + 7,
            math.ceil(box.height() * zoom) + 7,
        )
        # What lies close together is painted as one rectangle: clipping to several costs more than it saves.
        both = self._waiting.united(place)
        if _area(both) > 1.5 * (_area(self._waiting) + _area(place)):
            both = place
        self._waiting = both
        self.viewport().update(both)

    def notice(self) -> None:
        """Hand selection, hover and focus to the painter, and repaint what they touch."""
        scene, seen = self.canvas_scene, self.layer.attention
        before = self._noticed(seen)
        seen.nodes = frozenset(scene.rows(self.selection.nodes))
        papers = frozenset(self.selection.notes)
        points = frozenset(self.selection.bends)
        if papers != seen.notes or points != seen.bends:
            seen.notes, seen.bends = papers, points
            self.viewport().update()
        wires = scene.wires.row_of
        seen.wires = frozenset(wires[wire] for wire in self.selection.wires if wire in wires)
        seen.focused = scene.row_of.get(self.selection.focused or "", -1) if self.hasFocus() else -1
        noticed = set(seen.nodes) if len(seen.nodes) == 1 else set()
        if seen.hovered >= 0:
            noticed.add(seen.hovered)
        seen.plus_for = frozenset(noticed)
        touched = {seen.focused}
        for old, new in zip(before, self._noticed(seen), strict=True):
            touched |= old ^ new
        if len(touched) > 200:
            self.viewport().update()
        else:
            self._repaint_attention(touched)

    def _noticed(self, seen: Attention) -> tuple[frozenset[int], ...]:
        """Rows by what is drawn at them: ring, plus, focus; wires as negative numbers."""
        lines = frozenset(-2 - row for row in seen.wires)
        return seen.nodes, seen.plus_for, frozenset({seen.focused}), lines

    def _repaint_attention(self, touched: Sequence[int] | set[int] | frozenset[int]) -> None:
        scene = self.canvas_scene
        for row in touched:
            if 0 <= row < len(scene.ids):
                reach = geometry.REACH
                self.repaint_box(scene.card(row).adjusted(*reach))
            elif row <= -2 and -2 - row < len(scene.wires):
                self.repaint_wire(-2 - row)

    def repaint_wire(self, row: int) -> None:
        """Paint a wire with its pill anew."""
        left, top, right, bottom = self.canvas_scene.wires.boxes[row].tolist()
        if left > right:
            return  # inside a folded group
        self.repaint_box(QRectF(left, top, right - left, bottom - top).adjusted(-96, -16, 96, 16))

    # -- motion and theme --------------------------------------------------------------------

    def update_motion(self) -> None:
        """Start the timer when something moves, stop it when nothing does."""
        marks = self.canvas_scene.marks
        waits = any(marks.steps[node_id].waiting_until is not None for node_id in marks.since)
        turns = bool(marks.since) and (self.layer.moves or waits)
        self.motion.pulse((FRAME_MS if self.layer.moves else _COUNTDOWN_MS) if turns else 0)

    @property
    def is_animating(self) -> bool:
        """Whether the 30 fps timer runs."""
        return self.motion.is_active

    def _on_frame(self) -> None:
        if self.camera.zoom < FULL:
            return
        self.canvas_scene.refresh_countdowns()
        area = self.canvas_scene.moving_area()
        if not area.isNull():
            self.repaint_box(area)

    def _on_setting_changed(self, name: str) -> None:
        if name == "reduce_motion":
            moves = not self._settings.reduce_motion
            self.layer.moves = moves
            self.motion.allow(moves)
            self.update_motion()

    def _on_theme_changed(self, theme: Theme) -> None:
        self.layer.set_theme(theme)
        self.viewport().update()


def _area(box: QRect) -> int:
    return box.width() * box.height()
