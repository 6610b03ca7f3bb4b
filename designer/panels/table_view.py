"""The grid of the Data panel: headers that show each column's type and spread, cells painted in one call."""

from __future__ import annotations

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QFontMetricsF,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPolygonF,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from designer.panels import paint
from designer.panels.table_model import TableModel
from designer.panels.table_source import MAX_COPIED_CELLS, PAGE_COLUMNS, Span, TableSource
from designer.theme import fonts, reading
from designer.theme.text_size import keep, length

HEADER_HEIGHT_PX = 54
ROW_HEIGHT_PX = 26
_PADDING_PX = 10
_HISTOGRAM_TOP_PX = 26
_HISTOGRAM_HEIGHT_PX = 22
_TYPE_GAP_PX = 12
_MIN_WIDTH_PX = 84
_MAX_AUTO_WIDTH_PX = 320
_MEASURED_ROWS = 60


class ProfileHeader(QHeaderView):
    """Name, type and histogram of every column on screen; a click sorts."""

    profiles_wanted = Signal(list)  # columns on screen without a profile

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(48)
        self.setDefaultSectionSize(110)
        keep(self, ProfileHeader._fit)
        self._missing: set[int] = set()
        # Profiles are asked for once a turn of the loop, with all columns of that paint together.
        self._ask = QTimer(self, interval=0, singleShot=True)
        self._ask.timeout.connect(self._on_ask)

    def _fit(self) -> None:
        self.setFixedHeight(length(HEADER_HEIGHT_PX))
        self._name_font = fonts.sans(12, 600)
        self._type_font = fonts.sans(11)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), length(HEADER_HEIGHT_PX))

    def wanted_width(self, column: int) -> float:
        """The width at which name, type and the arrow of a sorted column stand side by side."""
        model = self.model()
        assert isinstance(model, TableModel)
        assert model.table is not None
        described = model.table.columns[column]
        name_width = QFontMetricsF(self._name_font).horizontalAdvance(described.name)
        type_width = QFontMetricsF(self._type_font).horizontalAdvance(described.kind)
        return name_width + _TYPE_GAP_PX + type_width + 2 * _PADDING_PX

    def paintSection(self, painter: QPainter, rect: QRect, column: int) -> None:
        model = self.model()
        if not isinstance(model, TableModel) or model.table is None or column >= len(model.table.columns):
            return
        described = model.table.columns[column]
        colors = paint.palette()
        area = QRectF(rect)
        painter.save()
        painter.fillRect(area, colors.card)
        painter.fillRect(QRectF(area.right() - 1, area.top(), 1, area.height()), colors.line)
        painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), colors.line)
        inner = area.adjusted(_PADDING_PX, 6, -_PADDING_PX, 0)
        top = QRectF(inner.left(), inner.top(), inner.width(), 16)
        painter.setFont(self._type_font)
        painter.setPen(colors.text2)
        type_width = painter.fontMetrics().horizontalAdvance(described.kind)
        painter.drawText(top, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, described.kind)
        if column == model.sort_column:
            type_width += 14
            self._paint_arrow(painter, QPointF(top.right() - type_width + 4, top.center().y()), model)
        painter.setFont(self._name_font)
        painter.setPen(colors.text)
        room = max(0.0, top.width() - type_width - 6)
        name = painter.fontMetrics().elidedText(described.name, Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(top, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
        self._paint_histogram(painter, inner, model, column)
        painter.restore()

    def _paint_arrow(self, painter: QPainter, center: QPointF, model: TableModel) -> None:
        """A small triangle, pointing the way the values grow; hollow while the sort is under way."""
        tip = 3.0 if model.is_descending else -3.0
        arrow = QPolygonF([center + QPointF(-4, -tip), center + QPointF(4, -tip), center + QPointF(0, tip)])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(paint.palette().accent)
        painter.setBrush(Qt.BrushStyle.NoBrush if model.is_sorting else paint.palette().accent)
        painter.drawPolygon(arrow)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_histogram(self, painter: QPainter, inner: QRectF, model: TableModel, column: int) -> None:
        profile = model.profile(column)
        if profile is None:
            self._missing.add(column)
            self._ask.start()
            return
        if not profile.bars:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        base = inner.top() - 6 + length(_HISTOGRAM_TOP_PX) + _HISTOGRAM_HEIGHT_PX
        step = inner.width() / len(profile.bars)
        for number, height in enumerate(profile.bars):
            tall = max(1.0, height * _HISTOGRAM_HEIGHT_PX) if height else 0.0
            bar = QRectF(inner.left() + number * step, base - tall, max(1.0, step - 1), tall)
            painter.fillRect(bar, paint.palette().bar)

    def _on_ask(self) -> None:
        self.profiles_wanted.emit(sorted(self._missing))
        self._missing.clear()


class RowHeader(QHeaderView):
    """Row numbers: dim, right-aligned, wide enough for the last one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        keep(self, RowHeader._fit)
        self.setHighlightSections(False)

    def _fit(self) -> None:
        self.setMinimumSectionSize(length(ROW_HEIGHT_PX))
        self.setDefaultSectionSize(length(ROW_HEIGHT_PX))
        self._font = fonts.tabular(12)

    def sizeHint(self) -> QSize:
        rows = self.model().rowCount() if self.model() is not None else 0
        width = QFontMetricsF(self._font).horizontalAdvance("0" * len(str(rows))) + 2 * _PADDING_PX
        return QSize(max(45, int(width)), super().sizeHint().height())

    def paintSection(self, painter: QPainter, rect: QRect, row: int) -> None:
        colors = paint.palette()
        area = QRectF(rect)
        painter.fillRect(area, colors.card)
        painter.fillRect(QRectF(area.right() - 1, area.top(), 1, area.height()), colors.line)
        painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), colors.line)
        painter.setFont(self._font)
        painter.setPen(colors.text2)
        painter.drawText(
            area.adjusted(0, 0, -_PADDING_PX, 0),
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
            str(row + 1),
        )


class CellDelegate(QStyledItemDelegate):
    """Paints a cell straight from the model: one Python call a cell instead of one a role."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        keep(self, CellDelegate._fit)

    def _fit(self) -> None:
        self.font = fonts.tabular(12)
        self._null_font = fonts.sans(12)
        self._null_font.setItalic(True)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        model = index.model()
        assert isinstance(model, TableModel)
        colors = paint.palette()
        cell = model.cell(index.row(), index.column())
        area = QRectF(option.rect)
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, colors.selection)
        is_value = cell.is_loaded and not cell.is_null
        painter.setFont(self._null_font if cell.is_null else self.font)
        painter.setPen(colors.text if is_value else colors.faint)
        side = Qt.AlignmentFlag.AlignRight if model.is_number(index.column()) else Qt.AlignmentFlag.AlignLeft
        inner = area.adjusted(_PADDING_PX, 0, -_PADDING_PX, 0)
        text = cell.text
        # Measuring is dearer than drawing: only a text that could be too long is measured.
        if len(text) * 9 > inner.width():
            text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(inner.width()))
        side |= Qt.AlignmentFlag.AlignAbsolute if side == Qt.AlignmentFlag.AlignRight else Qt.AlignmentFlag(0)
        reading.draw(painter, inner, text, side)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(colors.accent)
            painter.drawRect(area.adjusted(0, 0, -2, -2))


class TableView(QTableView):
    """A table of any length; copies as tab-separated text."""

    message = Signal(str)

    def __init__(self, source: TableSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataTable")
        self.setAccessibleName("Table")
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setShowGrid(True)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setTabKeyNavigation(False)  # Tab leaves the table; arrows walk in it
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._source = source
        self._header = ProfileHeader(self)
        self.setHorizontalHeader(self._header)
        self.setVerticalHeader(RowHeader(self))
        self._delegate = CellDelegate(self)
        self.setItemDelegate(self._delegate)
        self._model = TableModel(source, self)
        self.setModel(self._model)
        self._measured: set[int] = set()
        self._model.modelReset.connect(self._on_reset)
        self._model.page_arrived.connect(self._on_page_arrived)
        self._model.profile_changed.connect(self._on_profile_changed)
        self._model.refused.connect(lambda text: self.message.emit(f"That did not work: {text}"))
        self._model.sort_changed.connect(self._header.viewport().update)
        self._header.profiles_wanted.connect(self._model.request_profiles)
        self._header.sectionClicked.connect(self._model.sort_by)
        source.copy_finished.connect(self._on_copy_finished)

    @property
    def table_model(self) -> TableModel:
        return self._model

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selection()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, with_names in (("Copy", False), ("Copy with column names", True)):
            action = QAction(text, menu)
            action.setEnabled(self.selectionModel().hasSelection())
            action.triggered.connect(lambda _=False, names=with_names: self.copy_selection(with_names=names))
            menu.addAction(action)
        column = self.currentIndex().column()
        if column >= 0:
            menu.addSeparator()
            action = QAction(self._sort_text(column), menu)
            action.triggered.connect(lambda: self._model.sort_by(column))
            menu.addAction(action)
        menu.popup(event.globalPos())

    def _sort_text(self, column: int) -> str:
        """What sorting by the column once more would do."""
        if column != self._model.sort_column:
            name = self._model.headerData(column, Qt.Orientation.Horizontal)
            return f"Sort by {name}"
        return "Show in the order of the file" if self._model.is_descending else "Sort the other way round"

    def copy_selection(self, *, with_names: bool = False) -> None:
        """Put the selected cells on the clipboard; a message tells when they are there."""
        table = self._model.ordered_table
        selection = self.selectionModel().selection().toList()
        if table is None or not selection:
            return
        spans = _merged([(part.top(), part.bottom()) for part in selection])
        columns = sorted({column for part in selection for column in range(part.left(), part.right() + 1)})
        cells = sum(last - first + 1 for first, last in spans) * len(columns)
        if cells > MAX_COPIED_CELLS:
            self.message.emit(
                f"{cells:,} cells are too many for the clipboard (at most {MAX_COPIED_CELLS:,}). "
                "Write them to a file with a Write CSV node."
            )
            return
        self._source.request_copy(table, spans, columns, with_names=with_names)

    def _on_reset(self) -> None:
        self._measured.clear()
        for column in range(self._model.columnCount()):
            self.setColumnWidth(column, max(length(_MIN_WIDTH_PX), int(self._header.wanted_width(column))))
        self.scrollToTop()

    def _on_page_arrived(self, top: int, left: int) -> None:
        """Widen the columns of a first page to their values, once."""
        metrics = QFontMetricsF(self._delegate.font)
        table = self._model.table
        assert table is not None
        for column in range(left, min(left + PAGE_COLUMNS, self._model.columnCount())):
            if column in self._measured:
                continue
            self._measured.add(column)
            rows = range(top, min(top + _MEASURED_ROWS, self._model.rowCount()))
            texts = {self._model.cell(row, column).text for row in rows}
            widest = max((metrics.horizontalAdvance(text) for text in texts), default=0.0)
            width = min(_MAX_AUTO_WIDTH_PX, int(widest) + 2 * _PADDING_PX + 4)
            if width > self.columnWidth(column):
                self.setColumnWidth(column, width)

    def _on_profile_changed(self, column: int) -> None:
        self._header.updateSection(column)

    def _on_copy_finished(self, text: str, rows: int) -> None:
        QGuiApplication.clipboard().setText(text)
        self.message.emit(f"Copied {rows:,} {'row' if rows == 1 else 'rows'}")


def _merged(spans: list[Span]) -> list[Span]:
    """Overlapping and touching row spans as one, in order."""
    merged: list[Span] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged
