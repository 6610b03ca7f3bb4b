"""What the runs of this workflow were like, in one line of figures above their list."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from designer.panels import texts
from designer.panels.elided_label import ElidedLabel
from designer.theme.text_size import length

if TYPE_CHECKING:
    from engine.history.statistics import StepStatistics, WorkflowStatistics

_GAP_PX = 28
_SIDE_PX = 12
_LEAST_PX = 160
"""The least room for the steps that are slowest, which are cut at their end."""


class StatisticsStrip(QWidget):
    """Hidden while there is nothing to say. Without room for all figures the last are left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statistics")
        self._title: Callable[[str], str] = str
        row = QHBoxLayout(self)
        row.setContentsMargins(_SIDE_PX, 8, _SIDE_PX, 8)
        row.setSpacing(_GAP_PX)
        self._cells: list[QWidget] = []
        self.figures: dict[str, QLabel] = {}
        for name in ("Runs of this workflow", "Succeeded", "Active, median", "95 of 100 within", "Waiting"):
            row.addWidget(self._cell(name))
        self.slowest = ElidedLabel(Qt.TextElideMode.ElideRight)
        self.slowest.setObjectName("slowestSteps")
        row.addWidget(self._cell("Slowest steps", self.slowest), 1)
        row.addStretch(0)
        self.hide()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:  # a figure has become longer, or the text larger
            self._fit()
        return super().event(event)

    def _fit(self) -> None:
        """Show as many figures as there is room for."""
        left = self.width() - 2 * _SIDE_PX
        for cell in self._cells:
            elided = cell is self._cells[-1]
            needed = length(_LEAST_PX) if elided else cell.sizeHint().width()
            cell.setVisible(needed <= left)
            left -= needed + _GAP_PX

    def set_titles(self, title: Callable[[str], str]) -> None:
        """How a step is called, by its id."""
        self._title = title

    def show_figures(self, found: WorkflowStatistics) -> None:
        """The figures of the latest runs."""
        total = found.total
        self.setVisible(total.runs > 0)
        values = (
            f"{total.runs:,}",
            "–" if total.success_rate is None else f"{total.success_rate * 100:.0f} %",
            _took(total.active_ms.p50),
            _took(total.active_ms.p95),
            _took(total.waiting_ms.p50) if total.waiting_ms.p95 else "none",
        )
        for label, value in zip(self.figures.values(), values, strict=True):
            label.setText(value)
        slow = sorted(found.steps, key=lambda step: -(step.active_ms.p50 or 0.0))[:3]
        self.slowest.setText(", ".join(self._words(step) for step in slow if step.active_ms.p50) or "–")
        parts = (f"{label.accessibleName()} {label.text()}" for label in self.figures.values())
        self.setAccessibleName(", ".join([*parts, f"Slowest steps {self.slowest.text()}"]))

    def _words(self, step: StepStatistics) -> str:
        retries = f", {_retries(step.retries)}" if step.retries else ""
        return f"{self._title(step.step_id)} {_took(step.active_ms.p50)}{retries}"

    def _cell(self, caption: str, value: QLabel | ElidedLabel | None = None) -> QWidget:
        cell = QWidget(self)
        column = QVBoxLayout(cell)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        words = QLabel(caption)
        words.setProperty("role", "caption")
        column.addWidget(words)
        if value is None:
            value = self.figures[caption] = QLabel("–")
            value.setAccessibleName(caption)
            cell.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        column.addWidget(value)
        self._cells.append(cell)
        return cell


def _retries(count: int) -> str:
    return "1 retry" if count == 1 else f"{count:,} retries"


def _took(milliseconds: float | None) -> str:
    return "–" if milliseconds is None else texts.duration(milliseconds / 1000)
