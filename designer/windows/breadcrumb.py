"""Where one is inside the workflow, and the way back out: over the canvas, at its top left."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from designer.theme import icons
from designer.theme.text_size import length
from designer.theme.theme import Theme

MOST_TEXT_PX = 180


class Breadcrumb(QFrame):
    """A step for each workflow on the way inside; hidden while one is outside.

    `chosen(depth)` asks to go there, `part_chosen(index)` to look at another part of a run, such as another
    item of a For each.
    """

    chosen = Signal(int)
    part_chosen = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("breadcrumb")
        self.setAccessibleName("Where you are in the workflow")
        self._steps: list[QWidget] = []
        self._depth = 0
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(4, 3, 8, 3)
        self._row.setSpacing(2)
        self._back = QToolButton()
        self._back.setIconSize(QSize(16, 16))
        self._back.setToolTip("Back out (Alt+Up)")
        self._back.setAccessibleName("Back out")
        self._back.clicked.connect(lambda: self.chosen.emit(self._depth - 1))
        self._row.addWidget(self._back)
        self.parts = QComboBox()
        self.parts.setAccessibleName("Part of the run")
        self.parts.activated.connect(self.part_chosen)
        self.parts.hide()
        self._row.addWidget(self.parts)
        self.hide()

    def show_place(self, titles: Sequence[str]) -> None:
        """Name the workflows on the way, the file's own first; one name means outside."""
        for widget in self._steps:
            self._row.removeWidget(widget)
            widget.deleteLater()
        self._steps.clear()
        self._depth = len(titles) - 1
        for depth, title in enumerate(titles):
            if depth:
                self._insert(self._separator())
            self._insert(self._step(title, depth, is_here=depth == self._depth))
        self.setVisible(self._depth > 0)
        self.adjustSize()
        self.raise_()

    def show_parts(self, names: Sequence[str], current: int) -> None:
        """Offer the parts of the run that ran this workflow; fewer than two need no choice."""
        self.parts.clear()
        self.parts.addItems(list(names))
        self.parts.setCurrentIndex(current)
        self.parts.setVisible(len(names) > 1)
        self.adjustSize()

    def recolour(self, theme: Theme) -> None:
        self._back.setIcon(icons.icon("arrow-left", theme.text))

    def _insert(self, widget: QWidget) -> None:
        self._steps.append(widget)
        self._row.insertWidget(len(self._steps), widget)

    def _step(self, title: str, depth: int, *, is_here: bool) -> QWidget:
        text = self.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, length(MOST_TEXT_PX))
        if is_here:
            label = QLabel(text)
            label.setProperty("role", "here")
            label.setContentsMargins(6, 0, 6, 0)
            return label
        button = QPushButton(text)
        button.setProperty("variant", "quiet")
        button.setToolTip(f"Go to {title}")
        button.clicked.connect(lambda _checked=False: self.chosen.emit(depth))
        return button

    def _separator(self) -> QLabel:
        mark = QLabel("›")
        mark.setProperty("role", "caption")
        return mark
