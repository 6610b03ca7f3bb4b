"""Write a comment where it lies."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

from designer.theme import fonts, tokens

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class CommentField(QPlainTextEdit):
    """Ctrl+Enter, Escape and leaving it keep the text, which undo takes away again. Deletes itself."""

    def __init__(
        self,
        view: CanvasView,
        box: QRectF,
        text: str,
        done: Callable[[str | None], None],
        then: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(text, view.viewport())
        self._view = view
        self._done: Callable[[str | None], None] | None = done
        self._then = then
        self.setAccessibleName("Comment, Markdown")
        self.setPlaceholderText("What should others know? **Markdown** is fine. Esc ends.")
        zoom = view.camera.zoom
        self.setFont(fonts.sans(tokens.BODY_PX * min(4.0, max(1.0, zoom)), drawn=True))
        corner = (box.topLeft() - view.camera.visible().topLeft()) * zoom
        self.setGeometry(
            round(corner.x()),
            round(corner.y()),
            max(220, round(box.width() * zoom)),
            max(96, round(box.height() * zoom)),
        )
        self.moveCursor(QTextCursor.MoveOperation.End)
        view.camera.moved.connect(self.keep)
        self.installEventFilter(self)
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut:
            self.keep()
        elif event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # letters belong to the text, not to the window's shortcuts
            return True
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            entered = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if event.key() == Qt.Key.Key_Escape or (
                entered and event.modifiers() & Qt.KeyboardModifier.ControlModifier
            ):
                self.keep()
                return True
        return False

    def keep(self) -> None:
        """End with the text as it is."""
        self._end(self.toPlainText().strip())

    def drop(self) -> None:
        """End as if nothing had been written."""
        self._end(None)

    def _end(self, text: str | None) -> None:
        done, self._done = self._done, None
        if done is None:
            return
        by_key = self.hasFocus()
        if by_key:
            self._view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.hide()
        self.deleteLater()
        done(text)
        if by_key and self._then is not None:
            self._then()
