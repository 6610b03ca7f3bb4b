"""The outline's list: two rows of text a line, walked and edited by keys; letters begin a search."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QKeyCombination, QModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QCursor,
    QFontMetricsF,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPen,
)
from PySide6.QtWidgets import (
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from designer.panels import paint
from designer.panels.models import Index
from designer.panels.outline_lines import DETAIL, DIMMED, LOOK, STATE, TITLE
from designer.panels.outline_model import OutlineModel
from designer.theme import fonts, reading
from designer.theme.text_size import keep

_PAD_PX = 6.0
_ICON_PX = 14
_INDENT_PX = 18
_STATE_SHARE = 0.36
"""How much of a line the words of its state may take from a long title."""


class OutlineDelegate(QStyledItemDelegate):
    """The title with the state at its end; below it, quieter, what the step does and where it leads."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        keep(self, OutlineDelegate._fit)

    def _fit(self) -> None:
        self._title_font = fonts.sans(13, 600)
        self._text_font = fonts.sans(12)
        self._title = QFontMetricsF(self._title_font)
        self._text = QFontMetricsF(self._text_font)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(160, round(self._title.height() + self._text.height() + 2 * _PAD_PX + 2))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        colors, area = paint.palette(), QRectF(option.rect)
        area = reading.placed(area.adjusted(4, 0, -10, 0), area)
        middle = area.top() + _PAD_PX + self._title.height() + 1
        upper = QRectF(area.left(), area.top() + _PAD_PX, area.width(), self._title.height())
        lower = QRectF(area.left(), middle, area.width(), self._text.height())
        painter.save()
        whole, left = QRectF(upper), self._paint_state(painter, upper, index)
        upper.setWidth(left)
        upper = reading.placed(upper, whole)
        dimmed = bool(index.data(DIMMED))
        painter.setFont(self._title_font)
        painter.setPen(colors.text2 if dimmed else colors.text)
        self._draw(painter, upper, self._title, str(index.data(TITLE) or ""))
        painter.setFont(self._text_font)
        painter.setPen(colors.text2)
        self._draw(painter, lower, self._text, str(index.data(DETAIL) or ""))
        painter.restore()

    def _draw(self, painter: QPainter, area: QRectF, metrics: QFontMetricsF, text: str) -> None:
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        reading.draw(painter, area, shown)

    def _paint_state(self, painter: QPainter, area: QRectF, index: Index) -> float:
        """The state's icon and words at the right end; gives the width that is left for the title."""
        look, words = str(index.data(LOOK) or ""), str(index.data(STATE) or "")
        if not look:
            return area.width()
        color = QColor(paint.look_color(look))
        needed = self._title.horizontalAdvance(str(index.data(TITLE) or ""))
        room = max(_STATE_SHARE * area.width(), area.width() - needed - _ICON_PX - 14)
        shown = self._text.elidedText(words, Qt.TextElideMode.ElideRight, room)
        width = self._text.horizontalAdvance(shown)
        painter.setFont(self._text_font)
        painter.setPen(color)
        words_area = QRectF(area.right() - width, area.top(), width + 1, area.height())
        reading.draw(painter, reading.placed(words_area, area), shown)
        icon_area = QRectF(words_area.left() - _ICON_PX - 5, area.top(), _ICON_PX, area.height())
        paint.draw_icon(painter, paint.look_icon(look), _ICON_PX, color, reading.placed(icon_area, area))
        return icon_area.left() - 6 - area.left()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        field = QLineEdit(parent)
        field.setObjectName("outlineField")
        model = index.model()
        assert isinstance(model, OutlineModel)
        is_wire = model.row_at(index).kind == "wire"
        field.setAccessibleName("Condition" if is_wire else "Title")
        if is_wire:
            field.setPlaceholderText("Always")
            field.setFont(fonts.mono())
        return field

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        height = editor.sizeHint().height()
        area = option.rect
        editor.setGeometry(area.left(), area.center().y() - height // 2, area.width() - 8, height)


class OutlineTree(QTreeView):
    """Keys: Enter opens, F2 edits, Delete takes away, Alt+Up and Alt+Down move; a letter begins a search."""

    opened = Signal()
    delete_pressed = Signal()
    rename_pressed = Signal()
    move_pressed = Signal(int)
    add_pressed = Signal()
    connect_pressed = Signal()
    toggle_pressed = Signal()
    typed = Signal(str)
    menu_requested = Signal(object)

    def __init__(self, model: OutlineModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("outlineTree")
        self.setAccessibleName("Steps of the workflow, in the order in which they run")
        self.setFrameShape(QTreeView.Shape.NoFrame)
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setIndentation(_INDENT_PX)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setSelectionMode(QTreeView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.setExpandsOnDoubleClick(False)
        self.setModel(model)
        self.setItemDelegate(OutlineDelegate(self))
        self._keys: dict[str, Callable[[], object]] = {
            "Return": self.opened.emit,
            "Enter": self.opened.emit,
            "Del": self.delete_pressed.emit,
            "Backspace": self.delete_pressed.emit,
            "Alt+Up": lambda: self.move_pressed.emit(-1),
            "Alt+Down": lambda: self.move_pressed.emit(1),
            "F2": self.rename_pressed.emit,
            "Ins": self.add_pressed.emit,
            "Ctrl+L": self.connect_pressed.emit,
            "Space": self.toggle_pressed.emit,
        }
        self.doubleClicked.connect(lambda _index: self.opened.emit())

    def lines_seen(self) -> list[QModelIndex]:
        """The lines that can be seen now, from the top."""
        found = []
        index, bottom = self.indexAt(self.viewport().rect().topLeft()), self.viewport().height()
        while index.isValid() and self.visualRect(index).top() <= bottom:
            found.append(index)
            index = self.indexBelow(index)
        return found

    def drawRow(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One round ground from edge to edge, the arrow of the branch included."""
        colors, box = paint.palette(), QRectF(option.rect)
        box = QRectF(0, box.top() + 1, self.viewport().width(), box.height() - 2)
        is_selected = self.selectionModel().isSelected(index)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if is_selected or index == self._under_mouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.selection if is_selected else colors.hover)
            painter.drawRoundedRect(box, 6, 6)
        if self.hasFocus() and index == self.currentIndex():
            painter.setPen(QPen(colors.accent, 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(0.75, 0.75, -0.75, -0.75), 6, 6)
        painter.restore()
        super().drawRow(painter, option, index)

    def _under_mouse(self) -> QModelIndex:
        at = self.viewport().mapFromGlobal(QCursor.pos())
        return self.indexAt(at) if self.viewport().underMouse() else QModelIndex()

    def event(self, event: QEvent) -> bool:
        is_override = event.type() == QEvent.Type.ShortcutOverride
        if is_override and isinstance(event, QKeyEvent) and _sequence(event) in self._keys:
            event.accept()  # these keys mean something else to the window
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.state() == QTreeView.State.EditingState:  # Enter comes up from the field as well
            super().keyPressEvent(event)
            return
        act = self._keys.get(_sequence(event))
        if act is not None and self.currentIndex().isValid():
            act()
        elif _begins_search(event):
            self.typed.emit(event.text())
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.currentIndex().isValid():
            by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
            place = self.visualRect(self.currentIndex()).center()
            self.menu_requested.emit(event.globalPos() if by_mouse else self.viewport().mapToGlobal(place))


def _sequence(event: QKeyEvent) -> str:
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    pressed = QKeySequence(QKeyCombination(modifiers, Qt.Key(event.key())))
    return pressed.toString(QKeySequence.SequenceFormat.PortableText)


def _begins_search(event: QKeyEvent) -> bool:
    text = event.text()
    held = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
    return bool(text.strip()) and text.isprintable() and not held
