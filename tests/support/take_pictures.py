"""Takes the pictures of docs/images: ``python -m tests.support.take_pictures [FOLDER]``.

Drives the real program offscreen through the flights example, in both themes.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor, QPainter, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from designer.dialogs.missing_input import MissingInputDialog
from designer.theme.controller import Mode
from designer.windows.examples import copy_example, examples
from engine.history.status import StepStatus
from engine.model.edits import set_parameters
from tests.support.desk import Desk
from tests.support.qt_loop import qt_loop, spin

SIZE = (1600, 1000)
SETTLED_MS = 700


class Photographer:
    """Brings the program into a state and takes its picture."""

    def __init__(self, folder: Path, mode: Mode, target: Path) -> None:
        self.desk = Desk(folder)
        self.desk.program.theme.set_mode(mode)
        self.mode, self.target = mode, target
        self.window = self.desk.window
        self.controller = self.window.session.controller
        self.window.resize(*SIZE)
        QCursor.setPos(SIZE[0] // 2, SIZE[1] - 8)  # over nothing that would light up

    def take(self, name: str, *, at_once: bool = False) -> None:
        if not at_once:
            QTest.qWait(SETTLED_MS)
        picture = self.window.grab()
        dialog = next((one for one in self.dialogs() if one.isVisible()), None)
        if dialog is not None:
            card = QPixmap(dialog.size())
            card.fill(Qt.GlobalColor.transparent)
            dialog.render(card)
            painter = QPainter(picture)
            corner = QPoint(SIZE[0] - dialog.width(), SIZE[1] - dialog.height()) / 2
            painter.drawPixmap(corner, card)
            painter.end()
        picture.toImage().save(str(self.target / f"{name}-{self.mode}.png"))

    def dialogs(self) -> list[MissingInputDialog]:
        return self.window.findChildren(MissingInputDialog)

    def run(self) -> None:
        self.window.commands["run.run"].trigger()

    def count(self, status: StepStatus) -> int:
        return sum(step.status is status for step in self.controller.steps.values())

    def node(self, type_id: str) -> str:
        nodes = self.window.session.editor.workflow.nodes.values()
        return next(node.id for node in nodes if node.type == type_id)

    def answer(self, text: str) -> None:
        wait(lambda: bool(self.dialogs()))
        field = self.dialogs()[-1].form.findChildren(QLineEdit)[0]
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)
        wait(lambda: not self.controller.view.is_active)

    def session(self, folder: Path) -> None:
        """All pictures, from the empty window to the failed step."""
        self.desk.open()
        self.take("empty")
        example = next(one for one in examples() if one.folder == "flight-delay-report")
        spin(self.window.session.files.load(copy_example(example, folder)))
        self.take("idle")
        self.run()
        wait(lambda: self.count(StepStatus.COMPLETED) >= 2 and self.count(StepStatus.RUNNING) >= 1)
        QTest.qWait(40)  # the status line lays itself out
        self.take("running", at_once=True)
        wait(lambda: bool(self.dialogs()) and self.controller.view.is_paused)
        self.take("paused-dialog")
        self.dialogs()[0].later_button.click()
        keep = self.node("table.filter")
        self.window.canvas.select([keep])
        self.take("paused")
        self.window.commands["run.answer"].trigger()
        self.answer("60")
        self.take("completed")
        workflow = self.window.session.editor.workflow
        wrong = {**workflow.nodes[keep].parameters, "condition": "dep_dely > ${input.threshold}"}
        self.window.session.editor.push(set_parameters(workflow, keep, wrong))
        self.run()
        self.answer("60")
        self.take("failed")
        self.desk.close()


def wait(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "the program did not get there"
        QTest.qWait(5)


def photograph(photographer: type[Photographer]) -> None:
    """Lets it go through its session in both themes, into the folder that the command line names."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")
    target.mkdir(parents=True, exist_ok=True)
    application = QApplication([])
    modes: tuple[Mode, ...] = ("light", "dark")
    for mode in modes:
        with tempfile.TemporaryDirectory() as name, qt_loop(application):
            photographer(Path(name), mode, target).session(Path(name))


if __name__ == "__main__":
    photograph(Photographer)
