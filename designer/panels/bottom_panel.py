"""The panels below the canvas: tabs on the left, what the open one shows on the right."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from designer.panels.data_panel import DataPanel, Locate
from designer.panels.elided_label import ElidedLabel
from designer.panels.history_panel import HistoryPanel
from designer.panels.log_panel import LogPanel
from designer.panels.problems_panel import ProblemsPanel
from designer.panels.tab_bar import HEIGHT_PX, PanelTabBar
from designer.panels.timeline_panel import TimelinePanel
from designer.theme import reading
from designer.theme.text_size import keep, length
from engine.history.events import Event

TABS = ("Data", "Timeline", "Problems", "Log", "History")


ROOMY_PX, LEAST_PX = 520, 400
MOST_LEAST_PX = 600
"""However large the text: more, and the panels at the sides have no room."""


class BottomPanel(QWidget):
    """Holds the five panels. Call `close_sources` before the window goes: it joins their threads."""

    message = Signal(str)  # short news for the status bar
    node_activated = Signal(str)  # a node chosen in the timeline or the log
    tab_changed = Signal(str)

    def __init__(self, locate: Locate, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bottomPanel")
        self.data = DataPanel(locate, self)
        self.timeline = TimelinePanel(parent=self)
        self.problems = ProblemsPanel(self)
        self.log = LogPanel(self)
        self.history = HistoryPanel(parent=self)
        self._panels = (self.data, self.timeline, self.problems, self.log, self.history)
        self.tabs = PanelTabBar(self)
        self.summary = ElidedLabel(Qt.TextElideMode.ElideLeft, self)
        self.summary.setProperty("role", "subtitle")
        self.summary.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.tabs.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.stack = QStackedWidget(self)
        for title, panel in zip(TABS, self._panels, strict=True):
            self.tabs.addTab(title)
            self.stack.addWidget(panel)
        self._arrange()
        keep(self, BottomPanel._fit)
        self.tabs.currentChanged.connect(self._on_tab_changed)
        for panel in self._panels:
            panel.summary_changed.connect(self._show_summary)
        self.problems.count_changed.connect(self._on_count_changed)
        self.data.message.connect(self.message)
        self.timeline.node_activated.connect(self.node_activated)
        self.log.node_activated.connect(self.node_activated)
        self._on_tab_changed(0)

    def _arrange(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(reading.margins(0, 0, 14, 0))
        bar.setSpacing(10)
        bar.addWidget(self.tabs)
        bar.addWidget(self.summary, 1)
        keep(self.data.selector, lambda it: it.setFixedHeight(length(26)))
        self.data.selector.setMinimumWidth(80)
        bar.addWidget(self.data.selector)
        divider = QFrame(self)
        divider.setProperty("role", "divider")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        holder = QWidget(self)
        holder.setLayout(bar)
        keep(holder, lambda it: it.setFixedHeight(length(HEIGHT_PX)))
        layout.addWidget(holder)
        layout.addWidget(divider)
        layout.addWidget(self.stack, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.tabs.set_tight(self.width() < length(ROOMY_PX))

    def minimumSizeHint(self) -> QSize:
        return QSize(min(length(LEAST_PX), MOST_LEAST_PX), super().minimumSizeHint().height())

    def show_tab(self, title: str) -> None:
        """Open the tab called `Data`, `Timeline`, `Problems`, `Log` or `History`."""
        self.tabs.setCurrentIndex(TABS.index(title))

    @property
    def current_tab(self) -> str:
        return TABS[self.tabs.currentIndex()]

    def set_titles(self, title_of: Callable[[str], str]) -> None:
        """How node ids are written in all panels."""
        self.timeline.set_titles(title_of)
        self.problems.set_titles(title_of)
        self.log.set_titles(title_of)
        self.history.statistics.set_titles(title_of)

    def add_events(self, events: Iterable[Event]) -> None:
        """Hand a batch of a run's events to the timeline and the log."""
        batch = list(events)
        self.data.set_has_run(True)
        self.timeline.add(batch)
        self.log.add(batch)

    def clear_run(self) -> None:
        """Forget the run on screen, as at the start of another."""
        self.data.set_has_run(False)
        self.timeline.clear()
        self.log.clear()

    def close_sources(self) -> None:
        """Join the threads of the Data panel."""
        self.data.close_source()

    def _on_tab_changed(self, position: int) -> None:
        self.stack.setCurrentIndex(position)
        self._show_summary()
        self.tab_changed.emit(TABS[position])

    def _show_summary(self) -> None:
        panel = self._panels[self.tabs.currentIndex()]
        self.data.selector.setVisible(panel is self.data and self.data.has_choice)
        text = panel.summary
        self.summary.setText(text)
        self.summary.setToolTip(text)

    def _on_count_changed(self, number: int, severity: str) -> None:
        self.tabs.set_count(TABS.index("Problems"), number, severity)
