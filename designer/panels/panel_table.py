"""The look that the lists of the bottom panels share: whole rows, quiet lines, no grid."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from designer.panels import paint
from designer.theme import fonts, reading
from designer.theme.text_size import keep, length

ROW_HEIGHT_PX = 28
_HEADER_HEIGHT_PX = 28
_TEXT_LEFT_PX = 11.0


class PanelHeader(QHeaderView):
    """Small, quiet column titles over one hairline."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setHighlightSections(False)
        keep(self, PanelHeader._fit_title)

    def _fit_title(self) -> None:
        self._title_font = fonts.sans(11, 600)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), length(_HEADER_HEIGHT_PX))

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        colors = paint.palette()
        area = QRectF(rect)
        painter.save()
        painter.fillRect(area, colors.card)
        painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), colors.line)
        painter.setFont(self._title_font)
        painter.setPen(colors.text2)
        title = str(self.model().headerData(section, Qt.Orientation.Horizontal) or "")
        reading.draw(painter, reading.placed(area.adjusted(_TEXT_LEFT_PX, 0, -4, 0), area), title)
        painter.restore()


class PanelTable(QTableView):
    """A list of rows with columns; rows have one height, so any number of them is cheap."""

    def __init__(self, name: str, model: QAbstractItemModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._widths: list[tuple[int, int]] = []
        self.setAccessibleName(name)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setHorizontalHeader(PanelHeader(self))
        self.setModel(model)
        keep(self, PanelTable._fit)

    def _fit(self) -> None:
        self.verticalHeader().setMinimumSectionSize(length(ROW_HEIGHT_PX))
        self.verticalHeader().setDefaultSectionSize(length(ROW_HEIGHT_PX))
        self._share_out()

    def share_width(self, widths: list[tuple[int, int]]) -> None:
        """Give each column at least so many pixels, and its share of what is left: then all are seen."""
        self._widths = widths
        self._share_out()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_out()

    def _share_out(self) -> None:
        left = max(0, self.viewport().width() - sum(length(least) for least, _share in self._widths))
        whole = max(1, sum(share for _least, share in self._widths))
        for column, (least, share) in enumerate(self._widths):
            self.setColumnWidth(column, length(least) + left * share // whole)
