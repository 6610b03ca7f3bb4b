"""What the window is busy with, in the line at the bottom: how far it is, what it is, how to give it up."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from designer.long_work import LongWorks
from designer.panels.elided_label import ElidedLabel
from designer.theme.spoken import announce
from designer.theme.text_size import keep, length

LOOK_MS = 100
BAR_PX = 120
FINE = 1000
"""The bar's own parts of the whole."""


class WorkLine(QWidget):
    """Hidden while nothing takes long. What works in a thread says how far it is; this looks now and then."""

    def __init__(self, works: LongWorks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._works = works
        self.label = ElidedLabel(Qt.TextElideMode.ElideMiddle, self)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, FINE)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("How far it is")
        self.button = QPushButton("Cancel", self)
        self.button.setProperty("variant", "line")
        self.button.setToolTip("Gives up what takes so long; everything stays as it was (Esc)")
        self.button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it comes and goes; Esc does the same anywhere
        self.button.clicked.connect(works.give_up)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.bar)
        row.addWidget(self.label)
        row.addWidget(self.button)
        row.addStretch(1)
        keep(self, WorkLine._fit)
        self._clock = QTimer(self)
        self._clock.setInterval(LOOK_MS)
        self._clock.timeout.connect(self._look)
        works.changed.connect(self._show)
        self._show()

    def _fit(self) -> None:
        self.bar.setFixedWidth(length(BAR_PX))

    def _show(self) -> None:
        work = self._works.shown
        if work is None:
            self.label.setText("")
            self._clock.stop()
        else:
            if self.label.text() != work.words:
                self.label.setText(work.words)
                announce(self, f"{work.words} Escape cancels it." if work.can_give_up else work.words)
            self.button.setVisible(work.can_give_up)
            self._look()
            self._clock.start()
        self.setVisible(work is not None)

    def _look(self) -> None:
        work = self._works.shown
        share = None if work is None else work.share
        self.bar.setVisible(share is not None)
        self.bar.setValue(int((share or 0.0) * FINE))
