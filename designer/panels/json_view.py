"""A tree of JSON whose values and references can be copied."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QHeaderView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from designer.panels import paint
from designer.panels.json_model import JsonModel, reference, value_text
from designer.panels.models import Index
from designer.panels.panel_table import PanelHeader
from designer.theme import fonts
from designer.theme.text_size import keep, length
from engine.model.json_value import Json

_ROW_PX = 26


class _ValueDelegate(QStyledItemDelegate):
    """Names in the text colour, values in the code font; null and what a branch holds are dim."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        keep(self, _ValueDelegate._fit)

    def _fit(self) -> None:
        self._name_font = fonts.sans(12, 500)
        self._value_font = fonts.mono(12)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(super().sizeHint(option, index).width(), length(_ROW_PX))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, JsonModel)
        colors = paint.palette()
        area = QRectF(option.rect)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, colors.selection)
        item = model.item(index)
        is_name = index.column() == 0
        is_dim = not is_name and (item.value is None or isinstance(item.value, dict | list))
        painter.setFont(self._name_font if is_name else self._value_font)
        painter.setPen(colors.text2 if is_dim else colors.text)
        inner = area.adjusted(4, 0, -6, 0)
        text = painter.fontMetrics().elidedText(
            str(index.data()).replace("\n", "⏎"), Qt.TextElideMode.ElideRight, int(inner.width())
        )
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, text)


class JsonView(QTreeView):
    """The output of one step as a tree."""

    message = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("jsonTree")
        self.setAccessibleName("Values")
        self.setFrameShape(QTreeView.Shape.NoFrame)
        self.setUniformRowHeights(True)
        self.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.setIndentation(18)
        self._model = JsonModel(self)
        self.setHeader(PanelHeader(self))
        self.setModel(self._model)
        self.setItemDelegate(_ValueDelegate(self))
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.header().setStretchLastSection(True)
        self.header().resizeSection(0, 220)
        self._step_id = ""

    def set_value(self, step_id: str, value: Json) -> None:
        """Show an output; `step_id` is what references to it start with."""
        self._step_id = step_id
        self._model.set_value(value)
        self._model.fetchMore(QModelIndex())
        if self._model.rowCount() == 1:
            self.expand(self._model.index(0, 0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        if event.key() == Qt.Key.Key_C and event.modifiers() == both:
            self.copy_reference()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy_value()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not self.currentIndex().isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, slot in (("Copy value", self.copy_value), ("Copy reference", self.copy_reference)):
            action = QAction(text, menu)
            action.triggered.connect(slot)
            menu.addAction(action)
        menu.popup(event.globalPos())

    def copy_value(self) -> None:
        """Put the current value on the clipboard: text as it is, anything else as JSON."""
        if self.currentIndex().isValid():
            QGuiApplication.clipboard().setText(value_text(self._model.item(self.currentIndex()).value))
            self.message.emit("Copied the value")

    def copy_reference(self) -> None:
        """Put `${step.path}` of the current value on the clipboard."""
        if self.currentIndex().isValid():
            text = reference(self._step_id, self._model.item(self.currentIndex()).path)
            QGuiApplication.clipboard().setText(text)
            self.message.emit(f"Copied {text}")
