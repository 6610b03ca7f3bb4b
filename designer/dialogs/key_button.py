"""A button that shows a command's keys and, once pushed, takes the next key that is pressed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QKeyCombination, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QPushButton, QWidget

_MODIFIERS = frozenset(
    {Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_AltGr, Qt.Key.Key_Meta}
)


class KeyButton(QPushButton):
    """``captured`` carries the key; Esc, or going elsewhere, leaves everything as it was."""

    captured = Signal(QKeySequence)

    def __init__(self, command: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._command = command
        self._keys = ""
        self._listens = False
        self.setProperty("variant", "quiet")
        self.setAutoDefault(False)
        self.clicked.connect(lambda _checked: self._listen(True))

    def show_keys(self, keys: str) -> None:
        """The keys the command has now; none is shown as an offer to set one."""
        self._keys = keys
        self._listen(False)
        self.setAccessibleName(f"{self._command}: {keys or 'no key'}. Push to change.")
        self.setToolTip("Push, then press the new key")

    def event(self, event: QEvent) -> bool:
        if not self._listens or not isinstance(event, QKeyEvent):
            return super().event(event)
        if event.type() == QEvent.Type.KeyPress:
            self._take(event)
        event.accept()
        return True

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._listen(False)
        super().focusOutEvent(event)

    def _listen(self, listens: bool) -> None:
        self._listens = listens
        self.setText("Press a key…" if listens else self._keys or "Set…")

    def _take(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _MODIFIERS:
            return
        self._listen(False)
        if key != Qt.Key.Key_Escape:
            if key == Qt.Key.Key_Backtab:
                key = Qt.Key.Key_Tab
            modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
            self.captured.emit(QKeySequence(QKeyCombination(modifiers, key)))
