"""The list that drops down while a person types: names on the left, a grey word about each on the right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QFocusEvent, QMouseEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QCompleter,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from designer.forms.context import Suggestion
from designer.forms.text_editors import SuffixLineEdit
from designer.theme import fonts, icons
from designer.theme import theme as themes
from designer.theme.text_size import keep

_DETAIL: Final = Qt.ItemDataRole.UserRole + 1
_POPUP_WIDTH: Final = 280


class _DetailDelegate(QStyledItemDelegate):
    """Draws the grey word of a suggestion at the right end of its line."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        detail = index.data(_DETAIL)
        if not detail:
            return
        painter.save()
        painter.setFont(fonts.sans(11))
        painter.setPen(QColor(themes.current().text2))
        rect: QRect = option.rect
        painter.drawText(
            rect.adjusted(0, 0, -8, 0), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, detail
        )
        painter.restore()


def completer(owner: QWidget) -> QCompleter:
    """A completer that finds what is typed anywhere in a name, in either case."""
    made = QCompleter(owner)
    made.setModel(QStandardItemModel(made))
    made.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    made.setFilterMode(Qt.MatchFlag.MatchContains)
    made.setMaxVisibleItems(9)
    popup = QListView()
    popup.setObjectName("suggestions")
    keep(popup, lambda it: it.setFont(fonts.mono()))
    popup.setMinimumWidth(_POPUP_WIDTH)
    popup.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
    made.setPopup(popup)
    popup.setItemDelegate(_DetailDelegate(popup))
    return made


def offer(target: QCompleter, suggestions: Sequence[Suggestion]) -> None:
    """Replace what the completer offers."""
    model = target.model()
    assert isinstance(model, QStandardItemModel)
    shown = [(model.item(row).text(), model.item(row).data(_DETAIL)) for row in range(model.rowCount())]
    if shown == [(one.text, one.detail) for one in suggestions]:
        return
    model.clear()
    for one in suggestions:
        item = QStandardItem(one.text)
        item.setData(one.detail, _DETAIL)
        model.appendRow(item)


def on_chosen(target: QCompleter, act: Callable[[str], object]) -> None:
    """Call with the text of the suggestion that was taken."""
    target.activated[str].connect(act)  # type: ignore[index]  # the stubs lack overloaded signals


def popup_of(target: QCompleter) -> QListView:
    """The list that drops down."""
    popup = target.popup()
    assert isinstance(popup, QListView)
    return popup


class SuggestingLineEdit(SuffixLineEdit):
    """A line that offers names while one types, and all of them by its arrow, Down or Ctrl+Space.

    Any text may be typed: a table that has not been read yet cannot say which columns it has.
    """

    def __init__(
        self, suggestions: Callable[[], Sequence[Suggestion]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._suggestions = suggestions
        self._completer: QCompleter | None = None
        self._arrow = self.addAction(
            icons.icon("chevron-down", themes.current().text2), SuffixLineEdit.ActionPosition.TrailingPosition
        )
        self._arrow.setText("Show what there is")
        self._arrow.setToolTip(self._arrow.text())
        self._arrow.triggered.connect(self.show_all)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._prepare()

    def _prepare(self) -> QCompleter:
        if self._completer is None:
            self._completer = completer(self)
            self.setCompleter(self._completer)
            on_chosen(self._completer, self.textEdited.emit)
        offer(self._completer, self._suggestions())
        return self._completer

    def show_all(self) -> None:
        """Open the whole list, whatever is typed already."""
        self.setFocus()
        prepared = self._prepare()
        prepared.setCompletionPrefix("")
        if prepared.completionCount():
            prepared.complete()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        if not self.text():
            self.show_all()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress:
            key, modifiers = event.key(), event.modifiers()  # type: ignore[attr-defined]  # a key event by its type
            asks = key == Qt.Key.Key_Down and not self.text()
            if asks or (key == Qt.Key.Key_Space and modifiers == Qt.KeyboardModifier.ControlModifier):
                self.show_all()
                return True
        return super().event(event)
