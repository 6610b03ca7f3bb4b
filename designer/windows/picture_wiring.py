"""The drawing as a picture: into a file, onto the clipboard, onto paper."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMimeData, QObject, QRectF, QSize
from PySide6.QtGui import QGuiApplication, QImage, QPageLayout, QPainter
from PySide6.QtWidgets import QDialog

from designer.canvas.render import Drawing, paint_page, render_png, render_preview, save_picture
from designer.dialogs.export_picture import PictureChoice
from designer.theme import theme as themes
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
        window.commands.connect_all(
            {
                "file.export_picture": lambda: self._start(self._export()),
                "file.copy_picture": self._copy,
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
        try:
            save_picture(
                path,
                self.drawing(choice),
                scale=choice.scale,
                transparent=choice.transparent,
                carries_workflow=choice.carries_workflow,
            )
        except OSError as error:
            hint = "Choose another folder, or another name."
            await self._session.person.show_error(
                f"{path.name} cannot be saved", error.strerror or str(error), hint
            )
        else:
            self._window.status_line.say(f"Saved {path.name}")

    def _preview(self, choice: PictureChoice, size: QSize) -> QImage:
        return render_preview(self.drawing(choice), size, transparent=choice.transparent)

    def _copy(self) -> None:
        """Puts the selection, or everything, onto the clipboard as a picture that carries its workflow."""
        choice = PictureChoice(selection=True, states=self._choice.states, colours=self._choice.colours)
        png = render_png(self.drawing(choice), scale=CLIPBOARD_SCALE)
        mime = QMimeData()
        mime.setImageData(QImage.fromData(png))
        mime.setData("image/png", png)
        mime.setData(OWN_PICTURE, b"1")
        QGuiApplication.clipboard().setMimeData(mime)
        what = "the selection" if self._has_selection() else "the workflow"
        self._window.status_line.say(f"Copied a picture of {what}")

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
                self.print_on(printer, selection=dialog.printRange() == QPrintDialog.PrintRange.Selection)
        finally:
            dialog.deleteLater()

    def print_on(self, printer: QPrinter, *, selection: bool = False) -> None:
        """Draws the workflow, or what is selected, on one page of this printer, on white paper."""
        painter = QPainter()
        if not painter.begin(printer):
            self._window.status_line.say("The printer does not answer")
            return
        drawing = self.drawing(
            PictureChoice(selection=selection, colours="light", states=self._choice.states)
        )
        page = QRectF(0, 0, *printer.pageLayout().paintRectPixels(printer.resolution()).size().toTuple())
        paint_page(painter, drawing, page)
        painter.end()
        self._window.status_line.say("Sent to the printer")
