"""Connect: drag from a port either way, or click one and then the other; drag a wire's end off.

While the wire hangs on the mouse the cards it could go to light up, and a card that refuses says why.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QTransform

from designer.canvas import geometry, hits
from designer.canvas.context import AddContext, On
from designer.canvas.hits import Hit
from designer.canvas.painter import wires
from designer.canvas.painter.cards import outline
from designer.canvas.painter.inks import stroke
from designer.canvas.painter.labels import draw_bubble
from designer.canvas.tools.base import Pointer, Tool
from designer.theme.tokens import CARD_H, CARD_W, SNAP, WIRE_W_HOVER
from engine.model import Connection, edits, queries

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class ConnectTool(Tool):
    """A wire in the making. ``_forward``: it looks for a target; else it looks for a source."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, view: CanvasView, pointer: Pointer, port: Hit) -> None:
        super().__init__(view, pointer)
        scene = view.canvas_scene
        self._port = port
        self._forward = port.kind != "input"
        self._node = scene.ids[port.row]
        self._on: On = "error" if port.kind == "error" else "success"
        self._source_port: str | None = None
        if port.kind == "output" and scene.outputs[port.row] > 1:
            self._source_port = scene.type_of(port.row).outputs[port.index].name
        self._anchor = scene.port(port.row, port.kind, port.index)
        self._end = pointer.at
        self._over = -1
        self._reason: str | None = None
        self._taken_off = ""
        self._candidates: frozenset[int] | None = None
        self._clicked = False

    def move(self, pointer: Pointer) -> None:
        if not self.is_far(pointer):
            return
        if self._candidates is None:
            self._begin()
        old = self._area()
        over = hits.input_port_near(self.view.canvas_scene, pointer.at).row
        if over != self._over:
            self._over = over
            self._reason = self._refusal(over)
        if over < 0:
            folded = self.view.canvas_scene.frames.card_at(self.view.canvas_scene.xy, pointer.at)
            self._reason = None if folded is None else "Unfold the group to connect a step in it."
        self._end = pointer.at
        if over >= 0 and self._reason is None:
            kind = "input" if self._forward else "output"
            self._end = QPointF(*self.view.canvas_scene.port(over, kind))
        self.view.repaint_box(old.united(self._area()))

    def release(self, pointer: Pointer) -> bool:
        if not self.moved and not self._clicked:
            self._clicked = True  # click-click: the wire hangs on the mouse until the next click
            self._begin()
            return False
        self._finish()
        if self._over >= 0:
            self._drop_on(self._over)
        elif self._reason is not None:
            self.view.message.emit(self._reason)
        elif self._taken_off:
            self.view.commands.disconnect([self._taken_off])
        elif hits.hit(self.view.canvas_scene, self.view.layer.inks, pointer.at, 1.0, frozenset()).kind in (
            "nothing",
            "wire",
            "bend",
        ):
            self._drop_on_empty(pointer)
        return True

    def cancel(self) -> None:
        self._finish()

    # -- the gesture -------------------------------------------------------------------------

    def _begin(self) -> None:
        """The first movement: the end of a wire that is there already comes off."""
        scene = self.view.canvas_scene
        if self._port.kind == "input" and not self._clicked:
            self._take_off(self._port.row)
        workflow = scene.workflow
        allowed = set(scene.ids)
        if self._forward:
            allowed -= queries.upstream(workflow, [self._node]) | {self._node}
            allowed -= {scene.ids[row] for row, starts in enumerate(scene.trigger) if starts}
            allowed -= {c.target for c in self._like() if c.source == self._node}
        else:
            allowed -= queries.downstream(workflow, [self._node]) | {self._node}
            allowed -= {c.source for c in self._like() if c.target == self._node}
        self._candidates = frozenset(scene.rows(allowed))
        self.view.layer.attention.is_wiring = True
        self.view.viewport().update()

    def _like(self) -> Iterator[Connection]:
        """The wires of the same kind and port, which may not be drawn twice between two nodes."""
        kind = (self._on, self._source_port, None)
        for wire in self.view.editor.workflow.connections.values():
            if (wire.on, wire.source_port, wire.target_port) == kind and wire.id != self._taken_off:
                yield wire

    def _take_off(self, row: int) -> None:
        scene = self.view.canvas_scene
        ending = [wire for wire in scene.wires.at([row], len(scene.ids)) if scene.wires.target[wire] == row]
        if not ending:
            return
        chosen = next((w for w in ending if scene.wires.ids[w] in self.view.selection.wires), ending[-1])
        wire = scene.wire(int(chosen))
        self._taken_off = wire.id
        self._forward = True
        self._node, self._on, self._source_port = wire.source, wire.on, wire.source_port
        self._anchor = (float(scene.wires.ends[chosen, 0]), float(scene.wires.ends[chosen, 1]))
        self.view.layer.attention.hidden_wire = int(chosen)

    def _ends(self, row: int) -> tuple[str, str]:
        other = self.view.canvas_scene.ids[row]
        return (self._node, other) if self._forward else (other, self._node)

    def _refusal(self, row: int) -> str | None:
        if row < 0:
            return None
        if (
            self._taken_off
            and self.view.editor.workflow.connections[self._taken_off].target
            == (self.view.canvas_scene.ids[row])
        ):
            return None
        source, target = self._ends(row)
        return edits.refusal(
            self.view.editor.workflow,
            self.view.catalog,
            source,
            target,
            on=self._on,
            source_port=self._source_port,
        )

    def _drop_on(self, row: int) -> None:
        source, target = self._ends(row)
        if self._taken_off and self.view.editor.workflow.connections[self._taken_off].target == target:
            return
        if source == target and not self.moved:
            return
        self.view.commands.connect(
            source, target, on=self._on, port=self._source_port, instead=self._taken_off
        )

    def _drop_on_empty(self, pointer: Pointer) -> None:
        if self._forward:
            context = AddContext(source=self._node, source_port=self._source_port, on=self._on)
            corner = QPointF(pointer.at.x(), pointer.at.y() - CARD_H / 2)
        else:
            context = AddContext(target=self._node)
            corner = QPointF(pointer.at.x() - CARD_W, pointer.at.y() - CARD_H / 2)
        self.view.ask_for_node(self._in_row(corner), pointer.screen, context)

    def _in_row(self, corner: QPointF) -> QPointF:
        """The corner in the row of the card the wire comes from, if it was let go of near that row."""
        scene = self.view.canvas_scene
        x, y = scene.xy[scene.row_of[self._node]].tolist()
        beside = abs(corner.x() - x) >= CARD_W + 2 * SNAP
        return QPointF(corner.x(), y) if beside and abs(corner.y() - y) <= CARD_H * 0.75 else corner

    def _finish(self) -> None:
        self.view.layer.attention.hidden_wire = -1
        self.view.layer.attention.is_wiring = False
        self._candidates = None
        self.view.viewport().update()

    # -- what is shown -----------------------------------------------------------------------

    def _wire(self) -> tuple[tuple[float, float], tuple[float, float]]:
        end = (self._end.x(), self._end.y())
        return (self._anchor, end) if self._forward else (end, self._anchor)

    def _area(self) -> QRectF:
        area = wires.curve(*self._wire(), down=self._on == "error").boundingRect()
        zoom = self.view.camera.zoom
        bubble = QRectF(self._end, self._end).adjusted(-20 / zoom, -20 / zoom, 460 / zoom, 70 / zoom)
        if self._over >= 0:
            bubble = bubble.united(self.view.canvas_scene.card(self._over).adjusted(-8, -8, 8, 8))
        return area.adjusted(-6, -6, 6, 6).united(bubble)

    def paint(self, painter: QPainter) -> None:
        if self._candidates is None:
            return
        inks = self.view.layer.inks
        refused = self._reason is not None
        self._paint_candidates(painter)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(
            stroke(inks.failed if refused else inks.accent, WIRE_W_HOVER, (4, 2.5) if refused else ())
        )
        painter.drawPath(wires.curve(*self._wire(), down=self._on == "error" and self._forward))
        painter.setPen(stroke(inks.card, 1.5))
        painter.setBrush(inks.failed if refused else inks.accent)
        painter.drawEllipse(self._end, 6, 6)
        if self._reason is not None:
            place = painter.worldTransform().map(self._end)
            painter.setWorldTransform(QTransform())
            draw_bubble(painter, inks, self._reason, place, QRectF(self.view.viewport().rect()))

    def _paint_candidates(self, painter: QPainter) -> None:
        scene, inks = self.view.canvas_scene, self.view.layer.inks
        seen = scene.cards_in(geometry.as_box(self.view.camera.visible())).tolist()
        kind = "input" if self._forward else "output"
        own = self.view.canvas_scene.row_of.get(self._node, -1)
        veil = inks.veil
        for row in seen:
            if row in (self._candidates or ()):
                painter.setPen(stroke(inks.accent, 2))
                painter.setBrush(inks.accent if row == self._over else inks.halo)
                painter.drawEllipse(QPointF(*scene.port(row, kind)), 8, 8)
                if row == self._over:
                    painter.setBrush(Qt.BrushStyle.NoBrush)
                    painter.drawPath(outline(scene.card(row), bool(scene.trigger[row]), 3))
            elif row != own:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(veil)
                painter.drawRoundedRect(scene.card(row).adjusted(-12, -12, 12, 12), 20, 20)
                if row == self._over:
                    painter.setPen(stroke(inks.failed, 2))
                    painter.setBrush(Qt.BrushStyle.NoBrush)
                    painter.drawPath(outline(scene.card(row), bool(scene.trigger[row]), 3))
