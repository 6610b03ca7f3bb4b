"""Makes the pictures of the README anew from the real program: ``python docs/take_screenshots.py [FOLDER]``.

Needs no display. Each picture is the window as an analyst sees it, in both themes.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import qasync
from PySide6.QtGui import QCursor, QPainter, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit

from designer.dialogs.missing_input import MissingInputDialog
from designer.program import Places, Program
from designer.windows.examples import copy_example, examples
from engine.history.status import ExecutionStatus, StepStatus
from engine.model import edits

SIZE = (1600, 1000)
POLL_S = 0.004
PATIENCE_S = 60.0


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so; TimeoutError when it never becomes so."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  # what a picture waits for has no event
            await asyncio.sleep(POLL_S)


class Photographer:
    """Drives one program in one theme through everything worth a picture."""

    def __init__(self, theme: str, home: Path, pictures: Path) -> None:
        self.theme = theme
        self.pictures = pictures
        self.home = home
        places = Places(
            data_dir=home / "data", log_dir=home / "log", store=home / "runs.sqlite", settings=home / "s.ini"
        )
        self.program = Program(places)
        self.program.theme.set_mode("dark" if theme == "dark" else "light")
        self.window = self.program.window
        self.window.resize(*SIZE)
        QCursor.setPos(SIZE[0] // 2, SIZE[1] - 8)  # over nothing that would light up
        self.session = self.window.session

    async def take(self, name: str) -> None:
        """Save the window, with the dialog that is open over it."""
        picture = self.window.grab()
        for dialog in self.window.findChildren(QDialog):
            if dialog.isVisible():
                painter = QPainter(picture)
                painter.drawPixmap(dialog.pos() - self.window.pos(), QPixmap(dialog.grab()))
                painter.end()
        picture.save(str(self.pictures / f"{name}-{self.theme}.png"))

    async def settle(self, seconds: float = 0.6) -> None:
        """Let data arrive and motion end."""
        await asyncio.sleep(seconds)

    async def all(self) -> None:
        await self.program.open(None)
        await self.settle()
        await self.take("empty")
        example = next(one for one in examples() if one.folder == "flight-delay-report")
        file = copy_example(example, self.home)
        self.window.file_wiring.open(file)
        await until(lambda: bool(self.session.editor.workflow.nodes))
        await self.settle()
        self.window.canvas.frame_all()
        await self.settle()
        await self.take("idle")
        await self.running_and_paused()
        await self.failed()
        await self.program.close()
        self.window.bottom.close_sources()
        self.session.journal.close()
        self.window.hide()

    def filter_id(self) -> str:
        nodes = self.session.editor.workflow.nodes.values()
        return next(node.id for node in nodes if node.type == "table.filter")

    async def question(self) -> MissingInputDialog:
        """The dialog that asks for the missing value, once it is there."""
        await until(lambda: any(d.isVisible() for d in self.window.findChildren(MissingInputDialog)))
        await self.settle()
        return next(d for d in self.window.findChildren(MissingInputDialog) if d.isVisible())

    async def running_and_paused(self) -> None:
        controller = self.session.controller
        self.window.canvas.select([self.filter_id()])
        self.session.tasks.start(controller.run())
        await until(
            lambda: (
                sum(step.status is StepStatus.COMPLETED for step in controller.steps.values()) >= 1
                and any(step.status is StepStatus.RUNNING for step in controller.steps.values())
            )
        )
        await self.settle(0.1)
        await self.take("running")
        await until(lambda: controller.view.status is ExecutionStatus.PAUSED)
        dialog = await self.question()
        QTest.keyClicks(dialog.findChildren(QLineEdit)[0], "60")
        await self.settle(0.3)
        await self.take("paused-dialog")
        dialog.later_button.click()
        await self.settle()
        await self.take("paused")
        self.session.tasks.start(controller.answer())
        dialog = await self.question()
        QTest.keyClicks(dialog.findChildren(QLineEdit)[0], "60")
        dialog.resume_button.click()
        await until(lambda: controller.view.status is ExecutionStatus.COMPLETED)
        self.window.canvas.select([self.filter_id()])
        await self.settle(1.0)
        await self.take("completed")

    async def failed(self) -> None:
        controller = self.session.controller
        workflow = self.session.editor.workflow
        node = workflow.nodes[self.filter_id()]
        parameters = {**node.parameters, "condition": "dep_dely > 60"}
        self.session.editor.push(edits.set_parameters(workflow, node.id, parameters))
        await self.settle()
        self.session.tasks.start(controller.run())
        await until(lambda: controller.view.status is ExecutionStatus.FAILED)
        await self.settle(0.8)
        await self.take("failed")
        self.session.editor.undo_stack.undo()


def main() -> None:
    pictures = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent / "images"
    pictures.mkdir(parents=True, exist_ok=True)
    application = QApplication(["workflow-designer"])
    loop = qasync.QEventLoop(application)
    asyncio.set_event_loop(loop)
    with loop:
        for theme in ("light", "dark"):
            home = Path(tempfile.mkdtemp(prefix="workflow-designer-pictures-"))
            try:
                loop.run_until_complete(Photographer(theme, home, pictures).all())
            finally:
                shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
