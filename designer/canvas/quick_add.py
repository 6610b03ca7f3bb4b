"""The popup that finds a node type: type a word, press Enter. Usable without a mouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication, QHideEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
)

from designer.canvas.context import AddContext
from designer.theme import fonts, icons, reading
from designer.theme.controller import ThemeController
from designer.theme.text_size import keep, length
from designer.theme.tokens import SUB_PX
from engine.catalog import Catalog
from engine.model import NodeType, Workflow

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

WIDTH, HEIGHT, ROW_H = 340, 372, 46
_FRAME_H = 80
"""What stands around the list: the field, the line below and the margins."""
KEYS = "↑ ↓ to choose · Enter to add · Esc to close"
_TYPE_ROLE = int(Qt.ItemDataRole.UserRole)


def offered(catalog: Catalog, workflow: Workflow, context: AddContext, text: str = "") -> list[NodeType]:
    """The node types that answer to the text and fit: what usually follows comes first."""
    found = catalog.search(text)
    if context.source or context.connection:
        found = [node_type for node_type in found if not node_type.is_trigger]
    source = workflow.nodes.get(context.source or _source_of(workflow, context))
    before = catalog.get(source.type) if source is not None else None
    if before is not None and not text.strip():
        order = {type_id: place for place, type_id in enumerate(before.follows)}
        found.sort(key=lambda node_type: order.get(node_type.id, len(order)))
    target = workflow.nodes.get(context.target or "")
    if target is not None and not text.strip():
        found.sort(key=lambda node_type: target.type not in node_type.follows)
    return found


def _source_of(workflow: Workflow, context: AddContext) -> str:
    wire = workflow.connections.get(context.connection or "")
    return wire.source if wire is not None else ""


class QuickAdd(QFrame):
    """Opens at a place, calls back with the chosen type, closes. Escape closes without choosing."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view, Qt.WindowType.Popup)
        self._view = view
        self._context = AddContext()
        self._chosen: Callable[[str], object] | None = None
        self.setObjectName("quick_add")
        self.setLayoutDirection(QGuiApplication.layoutDirection())  # the canvas's own is always from the left
        self.setProperty("role", "card")
        keep(self, lambda it: it.setFixedWidth(length(WIDTH)))
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 6)
        column.setSpacing(6)
        self.field = QLineEdit(self)
        self.field.setAccessibleName("Find a node type")
        self.list = QListWidget(self)
        self.list.setAccessibleName("Node types")
        self.list.setItemDelegate(TypeRows(view.theme, self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        self.hint = QLabel(self)
        self.hint.setProperty("role", "caption")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.field)
        column.addWidget(self.list, 1)
        column.addWidget(self.hint)
        self.field.textChanged.connect(self._fill)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(lambda _item: self._choose())

    def ask(self, screen: QPoint, context: AddContext, text: str, chosen: Callable[[str], object]) -> None:
        """Open near this place of the screen, with this text in the field already."""
        self._context, self._chosen = context, chosen
        self.field.setPlaceholderText("What comes next?" if context.source else "Find a node")
        self.field.setText(text)
        self._fill(text)
        area = self._view.screen().availableGeometry()
        self.move(
            max(area.left(), min(screen.x(), area.right() - length(WIDTH))),
            max(area.top(), min(screen.y(), area.bottom() - length(HEIGHT))),
        )
        self.show()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)
        self.field.end(False)

    def _fill(self, text: str) -> None:
        self.list.clear()
        for node_type in offered(self._view.catalog, self._view.editor.workflow, self._context, text):
            item = QListWidgetItem(node_type.title)
            item.setData(_TYPE_ROLE, node_type)
            item.setToolTip(node_type.summary)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.list.setVisible(self.list.count() > 0)
        self.hint.setText(KEYS if self.list.count() else "No node type answers to that")
        self.setFixedHeight(min(length(HEIGHT), length(_FRAME_H) + length(ROW_H) * self.list.count()))

    def _choose(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        node_type: NodeType = item.data(_TYPE_ROLE)
        self.hide()
        self._view.setFocus(Qt.FocusReason.PopupFocusReason)
        if self._chosen is not None:
            self._chosen(node_type.id)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._view.layer.attention.is_wiring = False
        self._view.viewport().update()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        row, last = self.list.currentRow(), self.list.count() - 1
        match event.key():
            case Qt.Key.Key_Down:
                self.list.setCurrentRow(0 if row >= last else row + 1)
            case Qt.Key.Key_Up:
                self.list.setCurrentRow(last if row <= 0 else row - 1)
            case Qt.Key.Key_PageDown:
                self.list.setCurrentRow(min(last, row + 5))
            case Qt.Key.Key_PageUp:
                self.list.setCurrentRow(max(0, row - 5))
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._choose()
            case Qt.Key.Key_Escape:
                self.hide()
            case _:
                return False
        return True


class TypeRows(QStyledItemDelegate):
    """A node type as a tile, its title and what it does."""

    def __init__(self, theme: ThemeController, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(length(WIDTH) - 40, length(ROW_H))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        theme = self._theme.theme
        node_type: NodeType = index.data(_TYPE_ROLE)
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected or state & QStyle.StateFlag.State_MouseOver:
            chosen = state & QStyle.StateFlag.State_Selected
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.selection if chosen else theme.hover))
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 6, 6)
        tile = icons.tile(
            node_type.icon,
            28,
            7,
            theme.category[node_type.category],
            theme.glyph,
            painter.device().devicePixelRatio(),
        )
        whole = QRectF(rect)
        corner = QRectF(whole.left() + 9, whole.top() + (length(ROW_H) - 28) // 2, 28, 28)
        painter.drawPixmap(reading.placed(corner, whole).topLeft(), tile)
        words = reading.placed(whole.adjusted(47, 0, -10, 0), whole)
        painter.setFont(fonts.sans(13, 600))
        painter.setPen(QColor(theme.text))
        half = words.height() / 2
        reading.draw(painter, words.adjusted(0, 4, 0, -half), node_type.title)
        painter.setFont(fonts.sans(SUB_PX))
        painter.setPen(QColor(theme.text2))
        summary = QFontMetrics(painter.font()).elidedText(
            node_type.summary, Qt.TextElideMode.ElideRight, int(words.width())
        )
        reading.draw(painter, words.adjusted(0, half - 2, 0, -4), summary)
        painter.restore()
