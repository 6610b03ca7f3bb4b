"""Takes pictures of the canvas in its states: ``python -m tests.support.take_canvas_pictures [FOLDER]``.

Connecting and refused, grouped and folded, inside a sub-workflow, the outline, all states at 10 % zoom, a
thousand nodes; in both themes, with real mouse events on the real window.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from designer.canvas.view import CanvasView
from designer.windows.examples import copy_example, examples
from engine.history.status import StepStatus
from engine.history.step_state import StepState
from engine.model import Connection, Node, Workflow
from tests.support.qt_loop import spin
from tests.support.take_pictures import Photographer, photograph

LEFT = Qt.MouseButton.LeftButton
STATES = (
    StepStatus.COMPLETED,
    StepStatus.COMPLETED,
    StepStatus.RUNNING,
    StepStatus.FAILED,
    StepStatus.SKIPPED,
    StepStatus.PAUSED,
    StepStatus.PENDING,
)


def thousand() -> Workflow:
    """Forty columns of twenty-five steps, each fed by one or two of the column before."""
    chance = random.Random(7)
    types = ("table.filter", "table.sort", "table.formula", "table.join", "flow.set_values", "file.write_csv")
    nodes, wires, layout = {}, {}, {}
    for number in range(1_000):
        node_id = f"n{number}"
        nodes[node_id] = Node(id=node_id, type=chance.choice(types), title=f"Step {number}")
        column, row = divmod(number, 25)
        layout[node_id] = (column * 352.0, row * 112.0)
        for source in {number - 25, number - 25 + chance.choice((-1, 0, 1))} if column else ():
            if 0 <= source < number - 20:
                wire_id = f"{source}_{number}"
                wires[wire_id] = Connection(id=wire_id, source=f"n{source}", target=node_id)
    return Workflow(id="thousand", name="A thousand steps", nodes=nodes, connections=wires, layout=layout)


class CanvasPhotographer(Photographer):
    """Goes through what the canvas can look like."""

    @property
    def canvas(self) -> CanvasView:
        return self.window.canvas

    def hold(self, source: str, at: QPointF) -> None:
        """Pull a wire from a node to this place, and do not let go."""
        scene = self.canvas.canvas_scene
        port = QPointF(*scene.port(scene.row_of[source], "output"))
        start, end = self.canvas.mapFromScene(port), self.canvas.mapFromScene(at)
        viewport = self.canvas.viewport()
        QTest.mousePress(viewport, LEFT, pos=start)
        for step in range(1, 6):
            place = QPointF(start + (end - start) * step / 5)
            screen = QPointF(viewport.mapToGlobal(place.toPoint()))
            none = Qt.KeyboardModifier.NoModifier
            move = QMouseEvent(QEvent.Type.MouseMove, place, screen, LEFT, LEFT, none)
            QApplication.sendEvent(viewport, move)

    def let_go(self) -> None:
        QTest.keyClick(self.canvas, Qt.Key.Key_Escape)
        QTest.mouseRelease(self.canvas.viewport(), LEFT, pos=QPoint(2, 2))

    def middle(self, node_id: str) -> QPointF:
        scene = self.canvas.canvas_scene
        return scene.card(scene.row_of[node_id]).center()

    def frame(self) -> None:
        self.canvas.frame_all()
        self.canvas.camera.finish()

    def group(self, node_ids: Sequence[str], title: str) -> None:
        self.canvas.select(node_ids)
        self.canvas.grouping.group()
        field = QApplication.focusWidget()
        if field is not None and field is not self.canvas:
            QTest.keyClicks(field, title)
            QTest.keyClick(field, Qt.Key.Key_Return)

    def session(self, folder: Path) -> None:
        self.desk.open()
        example = next(one for one in examples() if one.folder == "flight-delay-report")
        spin(self.window.session.files.load(copy_example(example, folder)))
        self.frame()
        self.hold("airlines", self.middle("ranked") + QPointF(-90, 0))
        self.take("canvas-connecting")
        self.let_go()
        self.hold("summary", self.middle("join") + QPointF(-60, 0))
        self.take("canvas-refused")
        self.let_go()
        self.group(["flights", "airlines", "join"], "Read and join")
        self.group(["ranked", "nothing", "excel", "chart"], "Report")
        self.canvas.select([])
        self.frame()
        self.take("canvas-grouped")
        self.canvas.select(["delayed", "summary"])
        self.canvas.inside.extract()
        (made,) = self.canvas.selected_nodes()
        self.frame()
        self.take("canvas-extracted")
        self.canvas.inside.enter(made)
        self.take("canvas-inside")
        self.canvas.inside.leave()
        self.window.commands["view.outline"].trigger()
        self.take("canvas-outline")
        self.window.commands["view.outline"].trigger()
        self.window.session.editor.replace(thousand())
        chance = random.Random(7)
        self.canvas.apply_run(
            {node_id: StepState(status=chance.choice(STATES)) for node_id in self.canvas.canvas_scene.ids}, {}
        )
        self.frame()
        self.take("canvas-thousand")
        self.canvas.set_zoom(0.1)
        self.take("canvas-tenth")
        self.canvas.set_zoom(0.5)
        self.take("canvas-half")
        self.desk.close()


if __name__ == "__main__":
    photograph(CanvasPhotographer)
