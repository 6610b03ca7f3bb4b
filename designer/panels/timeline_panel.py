"""When each step ran: a bar a step, painted by status, over an axis of seconds."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable

from PySide6.QtCore import QModelIndex, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QPainter, QPen, QShowEvent
from PySide6.QtWidgets import (
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from designer.panels import paint, texts
from designer.panels.empty_state import EmptyState
from designer.panels.models import Index
from designer.panels.panel_table import PanelHeader, PanelTable
from designer.panels.timeline_model import BAR_COLUMN, TimelineModel
from designer.panels.timeline_rows import Segment
from designer.theme import fonts, reading
from designer.theme.text_size import keep
from engine.history.events import Event
from engine.history.status import StepStatus

_BAR_HEIGHT_PX = 12.0
_MIN_BAR_PX = 3.0
_SIDE_PX = 12.0
_TICK_GAP_PX = 90.0
_LIVE_INTERVAL_MS = 100
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute
"""Time goes from left to right, whichever way the window is read."""


def tick_step(span_s: float, width_px: float) -> float:
    """The distance of ticks in seconds: 1, 2 or 5 times a power of ten, minutes from a minute on."""
    wanted = max(span_s * _TICK_GAP_PX / max(width_px, 1.0), 1e-4)
    if wanted > 20:
        steps = [30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 21600.0]
        return next((step for step in steps if step >= wanted), math.ceil(wanted / 86400) * 86400.0)
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= wanted * 0.999)


class _AxisHeader(PanelHeader):
    """The header of the list, with the axis over the bars."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        keep(self, _AxisHeader._fit)

    def _fit(self) -> None:
        self._font = fonts.tabular(11)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        super().paintSection(painter, rect, section)
        model = self.model()
        if section != BAR_COLUMN or not isinstance(model, TimelineModel):
            return
        start, end = model.time_span
        width = rect.width() - 2 * _SIDE_PX
        step = tick_step(end - start, width)
        painter.save()
        painter.setFont(self._font)
        painter.setPen(paint.palette().text2)
        for number in range(int((end - start) / step) + 1):
            left = rect.left() + _SIDE_PX + number * step / (end - start) * width
            label = "0" if number == 0 else texts.duration(number * step)
            if left + painter.fontMetrics().horizontalAdvance(label) <= rect.right():
                area = QRectF(left, rect.top(), _TICK_GAP_PX, rect.height())
                reading.draw(painter, area, label, _LEFT)
        painter.restore()


class _BarDelegate(QStyledItemDelegate):
    """Segments of one step: full bars for work, thin ones for waiting and pauses."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, TimelineModel)
        colors = paint.palette()
        area = QRectF(option.rect)
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, colors.selection)
        start, end = model.time_span
        width = area.width() - 2 * _SIDE_PX
        scale = width / (end - start)
        self._paint_ticks(painter, area, tick_step(end - start, width) * scale, width)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        now = model.clock()
        for segment in model.row(index.row()).segments:
            left = area.left() + _SIDE_PX + (segment.start - start) * scale
            length = ((segment.end if segment.end is not None else now) - segment.start) * scale
            self._paint_segment(painter, segment, QRectF(left, area.top(), length, area.height()))
        painter.restore()

    def _paint_ticks(self, painter: QPainter, area: QRectF, gap: float, width: float) -> None:
        painter.setPen(QPen(paint.palette().line, 1))
        for number in range(int(width / gap) + 1):
            left = round(area.left() + _SIDE_PX + number * gap)
            painter.drawLine(left, round(area.top()), left, round(area.bottom()))

    def _paint_segment(self, painter: QPainter, segment: Segment, place: QRectF) -> None:
        is_quiet = segment.status in (StepStatus.WAITING, StepStatus.PAUSED)
        height = 4.0 if is_quiet else _BAR_HEIGHT_PX
        bar = QRectF(place.left(), place.center().y() - height / 2, max(_MIN_BAR_PX, place.width()), height)
        painter.setBrush(paint.status_color(segment.status))
        radius = min(3.0, bar.width() / 2)
        painter.drawRoundedRect(bar, radius, radius)


class TimelinePanel(QWidget):
    """The timeline of one run. It moves only while a step is at work and somebody can see it."""

    node_activated = Signal(str)
    summary_changed = Signal(str)

    def __init__(self, clock: Callable[[], float] = time.time, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("timelinePanel")
        self.summary = ""
        self.model = TimelineModel(clock, self)
        self.table = PanelTable("Timeline", self.model, self)
        self.table.setHorizontalHeader(_AxisHeader(self.table))
        self.table.setItemDelegateForColumn(BAR_COLUMN, _BarDelegate(self.table))
        self.table.share_width([(130, 1), (80, 0), (76, 0), (140, 3)])
        self.table.setSelectionMode(PanelTable.SelectionMode.SingleSelection)
        self.empty = EmptyState(
            "chart-no-axes-column",
            "Nothing has run yet",
            "Run the workflow to see when each step ran and how long it took.",
            self,
        )
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.table)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.stack)
        self._ticker = QTimer(self, interval=_LIVE_INTERVAL_MS)
        self._ticker.timeout.connect(self._on_tick)
        self.table.clicked.connect(self._on_chosen)
        self.table.activated.connect(self._on_chosen)

    def set_titles(self, title_of: Callable[[str], str]) -> None:
        """How a step is written."""
        self.model.set_titles(title_of)

    def add(self, events: Iterable[Event]) -> None:
        """Take in a batch of events of the run."""
        self.model.apply(events)
        self._refresh()

    def clear(self) -> None:
        """Forget the run, as at the start of another."""
        self.model.clear()
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._ticker.stop()

    def _refresh(self) -> None:
        steps = self.model.rowCount()
        self.stack.setCurrentWidget(self.table if steps else self.empty)
        if self.model.is_live and self.isVisible():
            self._ticker.start()
        else:
            self._ticker.stop()
        self._on_tick()

    def _on_tick(self) -> None:
        """The whole axis moves with the growing bar, so everything in sight is painted again."""
        self.table.viewport().update()
        self.table.horizontalHeader().viewport().update()
        steps = self.model.rowCount()
        start, end = self.model.time_span
        summary = f"{texts.count(steps, 'step')} · {texts.duration(end - start)}" if steps else ""
        if summary != self.summary:
            self.summary = summary
            self.summary_changed.emit(summary)

    def _on_chosen(self, index: QModelIndex) -> None:
        if index.isValid():
            self.node_activated.emit(self.model.row(index.row()).step_id)
