"""Rename a node on its card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

from designer.canvas import geometry
from designer.theme import fonts, tokens

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class RenameField(QLineEdit):
    """Lies over the title; Enter and leaving it keep the text, Escape does not. Deletes itself."""

    def __init__(self, view: CanvasView, row: int) -> None:
        super().__init__(view.viewport())
        self._view = view
        self._id = view.canvas_scene.ids[row]
        self._done = False
        self.setObjectName("rename")
        self.setAccessibleName("Title")
        self.setText(view.canvas_scene.node(row).label)
        self.setFont(fonts.sans(tokens.TITLE_PX, tokens.TITLE_WEIGHT))
        card = view.canvas_scene.card(row)
        corner = view.camera.visible().topLeft()
        zoom = view.camera.zoom
        left = (card.left() + geometry.TEXT_X - 10 - corner.x()) * zoom
        top = (card.top() + 5 - corner.y()) * zoom
        self.setGeometry(round(left), round(top), max(160, round((geometry.TEXT_W + 20) * zoom)), 32)
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
            self._view.commands.rename(self._id, title)

    def _close(self) -> None:
        self._done = True
        self.hide()
        self._view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.deleteLater()
