"""What the run said, line by line, narrowed by node, level and text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from designer.panels import paint, texts
from designer.panels.empty_state import EmptyState
from designer.panels.log_model import LogModel
from designer.panels.models import Index
from designer.panels.panel_table import PanelTable
from designer.theme import fonts
from designer.theme.spoken import name_buttons
from designer.theme.text_size import keep
from engine.history.events import Event

_LEVEL_CHOICES = (
    ("All levels", "debug"),
    ("Info and above", "info"),
    ("Warnings", "warning"),
    ("Errors", "error"),
)
_FILTER_DELAY_MS = 120
NODE_LETTERS = 14
"""So much of a node's name shows in the choice."""
_EMPTY = ("scroll-text", "Nothing logged yet", "Run the workflow: what its steps do and say is listed here.")
_NO_MATCH = ("list-filter", "No line matches", "Choose another node or level, or clear the text.")


class _ColouredLog(LogModel):
    """The log with the colours and fonts of the theme."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        keep(self, _ColouredLog._fit)

    def _fit(self) -> None:
        self._time_font = fonts.tabular(12)
        self._text_font = fonts.mono(12)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        column = index.column()
        if role == Qt.ItemDataRole.ForegroundRole:
            level = self.line(index.row()).level
            if level in ("warning", "error") and column in (1, 3):
                return paint.severity_color(level)
            return paint.palette().text if column == 3 else paint.palette().text2
        if role == Qt.ItemDataRole.FontRole:
            return self._time_font if column == 0 else self._text_font if column == 3 else None
        return super().data(index, role)


class _LogTable(PanelTable):
    """Copies whole lines."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not event.matches(QKeySequence.StandardKey.Copy):
            super().keyPressEvent(event)
            return
        model = self.model()
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        lines = (
            "\t".join(str(model.index(row, column).data()) for column in range(model.columnCount()))
            for row in rows
        )
        QGuiApplication.clipboard().setText("\n".join(lines))


class LogPanel(QWidget):
    """The log of one run. It follows the newest line until somebody scrolls away from it."""

    node_activated = Signal(str)
    summary_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("logPanel")
        self.summary = ""
        self.model = _ColouredLog(self)
        self.table = _LogTable("Log", self.model, self)
        self.table.share_width([(104, 0), (76, 0), (130, 1), (200, 4)])
        self.node = QComboBox(self)
        self.node.setAccessibleName("Node")
        # Not as wide as the longest name: each of 100,000 would be measured for it whenever one is added.
        self.node.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.node.setMinimumContentsLength(NODE_LETTERS)
        self.node.addItem("All nodes", "")
        self.level = QComboBox(self)
        self.level.setAccessibleName("Level")
        for title, level in _LEVEL_CHOICES:
            self.level.addItem(title, level)
        self.text = QLineEdit(self)
        self.text.setPlaceholderText("Find in the log")
        self.text.setAccessibleName("Find in the log")
        self.text.setClearButtonEnabled(True)
        name_buttons(self.text)
        self.follow = QCheckBox("Follow", self)
        self.follow.setChecked(True)
        self.follow.setToolTip("Keep the newest line in view")
        self.clear_button = QPushButton("Clear", self)
        self.clear_button.setProperty("variant", "quiet")
        self.empty = EmptyState(*_EMPTY, self)
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.table)
        self._arrange()
        self._known_nodes: set[str] = set()
        self._delay = QTimer(self, interval=_FILTER_DELAY_MS, singleShot=True)
        self._delay.timeout.connect(self._apply_filter)
        self.text.textChanged.connect(lambda _text: self._delay.start())
        self.node.activated.connect(self._apply_filter)
        self.level.activated.connect(self._apply_filter)
        self.follow.toggled.connect(self._on_follow_toggled)
        self.clear_button.clicked.connect(self.clear)
        self.table.verticalScrollBar().actionTriggered.connect(self._on_scrolled_by_hand)
        self.table.doubleClicked.connect(self._on_line_chosen)
        self._refresh()

    def _arrange(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(14, 6, 14, 6)
        bar.setSpacing(8)
        for widget, least_px in ((self.node, 80), (self.level, 76), (self.text, 60)):
            widget.setMinimumWidth(least_px)
        self.text.setMaximumWidth(280)
        for widget in (self.node, self.level, self.text):
            bar.addWidget(widget)
        bar.addStretch(1)
        bar.addWidget(self.follow)
        bar.addWidget(self.clear_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.stack, 1)

    def set_titles(self, title_of: Callable[[str], str]) -> None:
        """How a node id is written; also asked again for the choices of the node filter."""
        self.model.set_titles(title_of)
        for position in range(1, self.node.count()):
            self.node.setItemText(position, title_of(self.node.itemData(position)))

    def add(self, events: Iterable[Event]) -> None:
        """Append what some events say. One call for a batch is one repaint."""
        batch = list(events)
        for event in batch:
            if event.step_id and event.step_id not in self._known_nodes:
                self._known_nodes.add(event.step_id)
                self.node.addItem(self.model.title_of(event.step_id), event.step_id)
        self.model.add(batch)
        self._refresh()

    def clear(self) -> None:
        """Forget all lines, as at the start of another run; the filter stays."""
        self.model.clear()
        self._known_nodes.clear()
        self.node.clear()
        self.node.addItem("All nodes", "")
        self._apply_filter()

    def _apply_filter(self) -> None:
        self.model.set_filter(
            node_id=self.node.currentData() or "",
            least_level=self.level.currentData(),
            text=self.text.text(),
        )
        self._refresh()

    def _refresh(self) -> None:
        shown, total = self.model.rowCount(), self.model.total
        self.empty.set_text(*(_NO_MATCH if total else _EMPTY))
        self.stack.setCurrentWidget(self.table if shown else self.empty)
        if self.follow.isChecked():
            self.table.scrollToBottom()
        if total:
            summary = texts.count(total, "line") if shown == total else f"{shown:,} of {total:,} lines"
        else:
            summary = ""
        if summary != self.summary:
            self.summary = summary
            self.summary_changed.emit(summary)

    def _on_scrolled_by_hand(self) -> None:
        bar = self.table.verticalScrollBar()
        self.follow.setChecked(bar.sliderPosition() >= bar.maximum())

    def _on_follow_toggled(self, is_following: bool) -> None:
        if is_following:
            self.table.scrollToBottom()

    def _on_line_chosen(self, index: Index) -> None:
        node_id = self.model.line(index.row()).node_id
        if node_id:
            self.node_activated.emit(node_id)
