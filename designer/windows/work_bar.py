"""What takes long, in the line at the bottom: what it is, how far it is, and a button that gives it up."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from designer.theme.spoken import announce

BAR_PX = 120
"""A bar of no words: as wide at any size of text."""
_WHOLE = 1000


class WorkBar(QWidget):
    """Hidden until something takes long enough to be worth a word."""

    given_up = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._words = QLabel(self)
        self._words.setObjectName("workWords")
        self._bar = QProgressBar(self)
        self._bar.setRange(0, _WHOLE)
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(BAR_PX)
        self._button = QToolButton(self)
        self._button.setObjectName("workCancel")
        self._button.setText("Cancel")
        self._button.setToolTip("Give it up; nothing is written (Esc)")
        self._button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._button.clicked.connect(lambda _checked=False: self.given_up.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.setSpacing(8)
        for part in (self._words, self._bar, self._button):
            row.addWidget(part)
        self.hide()

    @property
    def is_shown(self) -> bool:
        """Whether something takes long."""
        return not self.isHidden()

    def show_share(self, words: str, share: float) -> None:
        """Show what is being done, and how much of it is, from 0 to 1."""
        self._bar.setValue(round(share * _WHOLE))
        if self.isHidden():
            self._words.setText(words)
            self._bar.setAccessibleName(words)
            self._button.setAccessibleName(f"Cancel: {words}")
            self.show()
            announce(self, words)

    def end(self) -> None:
        """Nothing takes long any more."""
        self.hide()
