"""Rename a node on its card, or a group on its frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

from designer.theme import fonts, tokens

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class RenameField(QLineEdit):
    """Lies over the title; Enter and leaving it keep the text, Escape does not. Deletes itself."""

    def __init__(self, view: CanvasView, box: QRectF, text: str, done: Callable[[str], None]) -> None:
        super().__init__(view.viewport())
        self._view = view
        self._keeps = done
        self._done = False
        self.setObjectName("rename")
        self.setAccessibleName("Title")
        self.setText(text)
        self.setFont(fonts.sans(tokens.TITLE_PX, tokens.TITLE_WEIGHT))
        corner = view.camera.visible().topLeft()
        zoom = view.camera.zoom
        place = (box.topLeft() - corner) * zoom
        self.setGeometry(round(place.x()), round(place.y()), max(160, round(box.width() * zoom)), 32)
        self.editingFinished.connect(self._keep)
        view.camera.moved.connect(self._keep)
        self.installEventFilter(self)
        self.selectAll()
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # letters belong to the title, not to the window's shortcuts
            return True
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape:
                self._close()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._keep()
                return True
        return False

    def _keep(self) -> None:
        if not self._done:
            title = self.text()
            self._close()
            self._keeps(title)

    def _close(self) -> None:
        self._done = True
        self.hide()
        self._view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.deleteLater()
