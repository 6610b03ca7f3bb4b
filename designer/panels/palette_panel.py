"""The palette: every kind of node, found by typing, added by dragging, double-click or Enter."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QDrag, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from designer.panels import paint
from designer.panels.palette_model import PaletteModel
from designer.theme import fonts, reading
from designer.theme.spoken import name_buttons
from designer.theme.text_size import keep, length
from engine.model.node_type import NodeType

_ROW_PX = 34
_HEADING_PX = 36
_TILE_PX = 24.0
_LEFT_PX = 12.0


class PaletteDelegate(QStyledItemDelegate):
    """Headings in small semi-bold; types as a tile in the category's colour with the title."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        keep(self, PaletteDelegate._fit)

    def _fit(self) -> None:
        self._heading_font = fonts.sans(12, 600)
        self._title_font = fonts.sans(13)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        model = index.model()
        assert isinstance(model, PaletteModel)
        return QSize(120, length(_HEADING_PX) if model.node_type(index) is None else length(_ROW_PX))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        model = index.model()
        assert isinstance(model, PaletteModel)
        node_type = model.node_type(index)
        colors = paint.palette()
        area = QRectF(option.rect)
        painter.save()
        if node_type is None:
            painter.setFont(self._heading_font)
            painter.setPen(colors.text2)
            inner = reading.placed(area.adjusted(_LEFT_PX, 0, 0, -7), area)
            painter.drawText(inner, reading.leading() | Qt.AlignmentFlag.AlignBottom, index.data())
            painter.restore()
            return
        self._paint_background(painter, option, area)
        tile = QRectF(area.left() + _LEFT_PX, area.center().y() - _TILE_PX / 2, _TILE_PX, _TILE_PX)
        paint.draw_tile(painter, reading.placed(tile, area), node_type.icon, node_type.category)
        painter.setFont(self._title_font)
        painter.setPen(colors.text)
        inner = QRectF(tile.right() + 9, area.top(), area.right() - tile.right() - 15, area.height())
        title = painter.fontMetrics().elidedText(
            node_type.title, Qt.TextElideMode.ElideRight, int(inner.width())
        )
        reading.draw(painter, reading.placed(inner, area), title)
        painter.restore()

    def _paint_background(self, painter: QPainter, option: QStyleOptionViewItem, area: QRectF) -> None:
        state = option.state
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        if not is_selected and not state & QStyle.StateFlag.State_MouseOver:
            return
        colors = paint.palette()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.selection if is_selected else colors.hover)
        painter.drawRoundedRect(area.adjusted(5, 1, -5, -1), 6, 6)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(colors.accent)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(5.5, 1.5, -5.5, -1.5), 6, 6)


class PaletteList(QListView):
    """The list; its drags show the tile and the title that will become the card."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("paletteList")
        self.setAccessibleName("Node types")
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setDragEnabled(True)
        self.setDragDropMode(QListView.DragDropMode.DragOnly)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setItemDelegate(PaletteDelegate(self))

    def startDrag(self, supported: Qt.DropAction) -> None:
        model = self.model()
        index = self.currentIndex()
        if not isinstance(model, PaletteModel):
            return
        node_type = model.node_type(index)
        if node_type is None:
            return
        drag = QDrag(self)
        drag.setMimeData(model.mimeData([index]))
        picture = drag_picture(node_type, self.devicePixelRatioF())
        drag.setPixmap(picture)
        # By its middle, as the card that the canvas shows where it would be put down.
        drag.setHotSpot(QRectF(QPointF(), picture.deviceIndependentSize()).center().toPoint())
        drag.exec(Qt.DropAction.CopyAction)


class PalettePanel(QWidget):
    """The searchable list of node types.

    Arrow keys work from the search box; Enter adds the chosen type, or the best match.
    """

    node_chosen = Signal(str)  # type id

    def __init__(self, types: Iterable[NodeType], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("palettePanel")
        self.search = QLineEdit(self)
        self.search.setObjectName("paletteSearch")
        self.search.setPlaceholderText("Find a node")
        self.search.setAccessibleName("Find a node")
        self.search.setClearButtonEnabled(True)
        self._search_icon = QAction(self)
        self.search.addAction(self._search_icon, QLineEdit.ActionPosition.LeadingPosition)
        name_buttons(self.search)
        self._model = PaletteModel(types, self)
        self.list = PaletteList(self)
        self.list.setModel(self._model)
        self._no_match = QLabel(self)
        self._no_match.setProperty("role", "hint")
        self._no_match.setWordWrap(True)
        self._no_match.setContentsMargins(14, 8, 14, 8)
        self._no_match.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 10, 0, 0)
        layout.setSpacing(4)
        box = QVBoxLayout()
        box.setContentsMargins(12, 0, 12, 0)
        box.addWidget(self.search)
        layout.addLayout(box)
        layout.addWidget(self._no_match)
        layout.addWidget(self.list, 1)
        self.setFocusProxy(self.search)
        self.search.textChanged.connect(self._on_query_changed)
        self.search.installEventFilter(self)
        self.list.installEventFilter(self)
        self.list.doubleClicked.connect(self._choose)
        self._restyle()

    def focus_search(self) -> None:
        """Put the cursor into the search box with its text selected."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key = Qt.Key(event.key())
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(self.list.currentIndex())
                return True
            if watched is self.search and key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self._move_current(1 if key == Qt.Key.Key_Down else -1)
                return True
            if watched is self.search and key == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._restyle()

    def _restyle(self) -> None:
        pixmap = paint.icon("search", 16, paint.palette().text2, self.devicePixelRatioF())
        self._search_icon.setIcon(pixmap)

    def _move_current(self, step: int) -> None:
        row = self.list.currentIndex().row()
        rows = range(row + 1, self._model.rowCount()) if step > 0 else range(row - 1, -1, -1)
        for candidate in rows:
            index = self._model.index(candidate, 0)
            if self._model.node_type(index) is not None:
                self.list.setCurrentIndex(index)
                return

    def _on_query_changed(self, query: str) -> None:
        self._model.set_query(query)
        row = self._model.first_type_row() if query.strip() else -1
        if row >= 0:
            self.list.setCurrentIndex(self._model.index(row, 0))
        nothing = self._model.rowCount() == 0
        self._no_match.setText(
            f"No node matches “{query.strip()}”. Try what it should do: filter, join, ask, chart…"
        )
        self._no_match.setVisible(nothing)

    def _choose(self, index: QModelIndex) -> None:
        node_type = self._model.node_type(index)
        if node_type is not None:
            self.node_chosen.emit(node_type.id)


def drag_picture(node_type: NodeType, ratio: float) -> QPixmap:
    """The small card that hangs at the pointer during a drag."""
    font = fonts.sans(13, 600)
    size = QSize(190, 40)
    pixmap = QPixmap(size * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colors = paint.palette()
    painter.setPen(colors.border)
    painter.setBrush(colors.card)
    painter.drawRoundedRect(QRectF(0.5, 0.5, size.width() - 1, size.height() - 1), 8, 8)
    paint.draw_tile(painter, QRectF(8, 8, 24, 24), node_type.icon, node_type.category)
    painter.setFont(font)
    painter.setPen(colors.text)
    title = painter.fontMetrics().elidedText(node_type.title, Qt.TextElideMode.ElideRight, 140)
    painter.drawText(QRectF(41, 0, 144, 40), Qt.AlignmentFlag.AlignVCenter, title)
    painter.end()
    return pixmap
