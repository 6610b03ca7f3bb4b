"""What is dragged over the canvas from elsewhere: types from the palette, data files from the desktop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, Qt
from PySide6.QtGui import QDragMoveEvent, QDropEvent

from designer.canvas.tools.place import Newcomer, PlaceTool, dragged_type
from designer.document import data_files
from designer.forms.pick_editors import relative_path

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class Dropping:
    """Takes what it knows and leaves every other drag to the window; ``place`` lives during a drag."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self.place: PlaceTool | None = None

    def handle(self, event: QEvent) -> None:
        """A drag came in, moved, left or was dropped."""
        view = self._view
        if event.type() == QEvent.Type.DragLeave or not isinstance(event, QDropEvent):
            if self.place is not None:
                self.place.leave()
                self.place = None
            return
        if self.place is None:
            brought = self._newcomers(event.mimeData())
            if not brought:
                event.ignore()
                return
            self.place = PlaceTool(view, brought)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        at = view.scene_point(event.position())
        freely = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.type() == QEvent.Type.Drop and not isinstance(event, QDragMoveEvent):
            tool, self.place = self.place, None
            tool.drop(at, freely=freely)
            view.setFocus()
        else:
            self.place.move(at, freely=freely)

    def _newcomers(self, mime: QMimeData) -> list[Newcomer]:
        type_id = dragged_type(mime)
        if type_id is not None:
            return [Newcomer(type_id=type_id)] if self._view.catalog.get(type_id) is not None else []
        files = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
        return [found for path in files if (found := self._reader(path)) is not None]

    def _reader(self, path: Path) -> Newcomer | None:
        type_id = data_files.reader_of(path)
        if type_id is None or self._view.catalog.get(type_id) is None:
            return None
        document = self._view.editor.document.path
        text = relative_path(path, document.parent if document is not None else None)
        return Newcomer(type_id=type_id, title=data_files.title_for(path), parameters={"path": text})
