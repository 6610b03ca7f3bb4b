"""The look that the lists of the bottom panels share: whole rows, quiet lines, no grid."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from designer.panels import paint
from designer.theme import fonts

ROW_HEIGHT_PX = 28
_HEADER_HEIGHT_PX = 28
_TEXT_LEFT_PX = 11.0


class PanelHeader(QHeaderView):
    """Small, quiet column titles over one hairline."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setHighlightSections(False)
        self._title_font = fonts.sans(11, 600)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), _HEADER_HEIGHT_PX)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        colors = paint.palette()
        area = QRectF(rect)
        painter.save()
        painter.fillRect(area, colors.card)
        painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), colors.line)
        painter.setFont(self._title_font)
        painter.setPen(colors.text2)
        title = str(self.model().headerData(section, Qt.Orientation.Horizontal) or "")
        painter.drawText(area.adjusted(_TEXT_LEFT_PX, 0, -4, 0), Qt.AlignmentFlag.AlignVCenter, title)
        painter.restore()


class PanelTable(QTableView):
    """A list of rows with columns; rows have one height, so any number of them is cheap."""

    def __init__(self, name: str, model: QAbstractItemModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
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
        self.verticalHeader().setMinimumSectionSize(ROW_HEIGHT_PX)
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT_PX)
        self.setHorizontalHeader(PanelHeader(self))
        self.setModel(model)

    def set_widths(self, widths_px: list[int]) -> None:
        """Give each column a width; the last one takes what is left."""
        for column, width_px in enumerate(widths_px):
            self.setColumnWidth(column, width_px)
        self.horizontalHeader().setStretchLastSection(True)
