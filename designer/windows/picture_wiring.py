"""The drawing as a picture: into a file, onto the clipboard, onto paper."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMimeData, QObject, QRectF, QSize
from PySide6.QtGui import QGuiApplication, QImage, QPageLayout, QPainter
from PySide6.QtWidgets import QDialog

from designer.canvas import pictures
from designer.canvas.render import Drawing, image_steps, page_steps, picture_steps, render_preview
from designer.dialogs.export_picture import PictureChoice
from designer.theme import theme as themes
from designer.windows.picture_maker import PictureMaker
from designer.windows.session import Session

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter

    from designer.windows.main_window import MainWindow

CLIPBOARD_SCALE = 2.0
OWN_PICTURE = "application/x-workflow-designer-picture"
"""Marks what we have put onto the clipboard."""


class PictureWiring(QObject):
    """Exports what the canvas shows; the last choice is the next one's beginning."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._choice = PictureChoice()
        self.maker = PictureMaker(window.status_line, session.works)
        window.commands.connect_all(
            {
                "file.export_picture": lambda: self._start(self._export()),
                "file.copy_picture": lambda: self._start(self._copy()),
                "file.print": lambda: self._start(self._print()),
            }
        )

    def drawing(self, choice: PictureChoice) -> Drawing:
        """What the canvas shows, in the colours and with the states that were chosen."""
        canvas = self._window.canvas
        marks = canvas.canvas_scene.marks
        theme = {"light": themes.light, "dark": themes.dark}.get(choice.colours, themes.current)()
        drawing = Drawing(
            workflow=self._session.editor.workflow,
            catalog=self._session.catalog,
            theme=theme,
            states=dict(marks.steps) if choice.states else {},
            outcomes=dict(marks.outcomes) if choice.states else {},
        )
        if choice.selection and self._has_selection():
            return drawing.of(canvas.selection.nodes, canvas.selection.notes)
        return drawing

    def _start(self, work: Coroutine[Any, Any, Any]) -> None:
        self._session.tasks.start(work)

    def _has_selection(self) -> bool:
        selection = self._window.canvas.selection
        return bool(selection.nodes or selection.notes)

    async def _export(self) -> None:
        choice = await self._session.person.ask_picture(
            self._choice,
            self._preview,
            has_selection=self._has_selection(),
            has_run=bool(self._window.canvas.canvas_scene.marks.steps),
        )
        if choice is None:
            return
        self._choice = choice
        files = self._session.files
        suggestion = Path(f"{files.name}.{choice.kind}")
        if files.path is not None:
            suggestion = files.path.with_suffix("").with_suffix(f".{choice.kind}")
        path = await self._session.person.ask_picture_path(suggestion, choice.kind)
        if path is None:
            return
        if not path.suffix:
            path = path.with_name(f"{path.name}.{choice.kind}")
        await self.export_to(path, choice)

    async def export_to(self, path: Path, choice: PictureChoice) -> None:
        """Writes the drawing into a file whose ending says the kind of picture."""
        try:
            saved = await self.maker.make(f"Drawing {path.name}…", self._save(path, choice))
        except OSError as error:
            hint = "Choose another folder, or another name."
            await self._session.person.show_error(
                f"{path.name} cannot be saved", error.strerror or str(error), hint
            )
        else:
            if saved:
                self._window.status_line.say(f"Saved {path.name}")

    async def _save(self, path: Path, choice: PictureChoice) -> bool:
        """The drawing as it is now, whatever is edited meanwhile; the file is there when all of it is."""
        drawing = self.drawing(choice)
        carried = drawing.workflow if choice.carries_workflow else None
        painted = await self.maker.painted(
            picture_steps(path.suffix, drawing, scale=choice.scale, transparent=choice.transparent)
        )
        await self.maker.beside(lambda given_up: pictures.save(path, painted, carried, given_up))
        return True

    def _preview(self, choice: PictureChoice, size: QSize) -> QImage:
        return render_preview(self.drawing(choice), size, transparent=choice.transparent)

    async def _copy(self) -> None:
        """Puts the selection, or everything, onto the clipboard as a picture that carries its workflow."""
        what = "the selection" if self._has_selection() else "the workflow"
        mime = await self.maker.make("Drawing a picture to copy…", self._clip())
        if mime is not None:
            QGuiApplication.clipboard().setMimeData(mime)
            self._window.status_line.say(f"Copied a picture of {what}")

    async def _clip(self) -> QMimeData:
        choice = PictureChoice(selection=True, states=self._choice.states, colours=self._choice.colours)
        drawing = self.drawing(choice)
        image = await self.maker.painted(image_steps(drawing, scale=CLIPBOARD_SCALE))
        png = await self.maker.beside(lambda given_up: pictures.png(image, drawing.workflow, given_up))
        mime = QMimeData()
        mime.setImageData(image)
        mime.setData("image/png", png)
        mime.setData(OWN_PICTURE, b"1")
        return mime

    async def _print(self) -> None:
        from PySide6.QtPrintSupport import QPrintDialog, QPrinter

        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setDocName(self._session.files.name)
        area = self._window.canvas.canvas_scene.bounds()
        if area.width() > area.height():
            printer.setPageOrientation(QPageLayout.Orientation.Landscape)
        dialog = QPrintDialog(printer, self._window)
        dialog.setOption(QPrintDialog.PrintDialogOption.PrintSelection, self._has_selection())
        decided: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        dialog.finished.connect(lambda result: None if decided.done() else decided.set_result(result))
        QDialog.open(dialog)  # its own open() wants a slot by name
        try:
            if await decided:
                only = dialog.printRange() == QPrintDialog.PrintRange.Selection
                await self.print_on(printer, selection=only)
        finally:
            dialog.deleteLater()

    async def print_on(self, printer: QPrinter, *, selection: bool = False) -> None:
        """Draws the workflow, or what is selected, on one page of this printer, on white paper."""
        choice = PictureChoice(selection=selection, colours="light", states=self._choice.states)
        say = self._window.status_line.say
        try:
            printed = await self.maker.make("Drawing a page to print…", self._page(printer, choice))
        except OSError as error:
            say(f"{Path(printer.outputFileName()).name} cannot be saved: {error.strerror}")
        else:
            if printed is not None:
                say("Sent to the printer" if printed else "The printer does not answer")

    async def _page(self, printer: QPrinter, choice: PictureChoice) -> bool:
        """Whether the page was drawn. One that goes into a file is there when all of it is."""
        target = printer.outputFileName()
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "page.pdf"
            if target:
                printer.setOutputFileName(str(page))
            painter = QPainter()
            try:
                if not painter.begin(printer):
                    return False
                room = printer.pageLayout().paintRectPixels(printer.resolution()).size()
                steps = page_steps(painter, self.drawing(choice), QRectF(0, 0, *room.toTuple()))
                await self.maker.painted(steps)
            except asyncio.CancelledError:
                printer.abort()
                raise
            finally:
                painter.end()
                if target:
                    printer.setOutputFileName(target)
            if target:
                await self.maker.beside(
                    lambda given_up: pictures.save(Path(target), [page.read_bytes()], None, given_up)
                )
        return True
