"""Ctrl+K: one box that finds a command, a step, a node to add or a recent file, and does it on Enter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from designer.theme import fonts, reading, tokens
from designer.theme.text_size import keep, length
from designer.theme.theme import current

WIDTH_PX = 560
ROW_PX = 36
ROWS = 10
KEYS_PX = 110
WISH = "Search or run a command"
MOST = 400
"""Rows shown at once: nobody reads further, and ten thousand rows take long to make."""
_TAIL = Qt.ItemDataRole.UserRole
_MOVES = frozenset({Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown})


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One thing the palette can do; `words` are searched besides the title."""

    title: str
    group: str
    run: Callable[[], Any]
    icon: QIcon | None = None
    keys: str = ""
    words: str = ""


class _RowDelegate(QStyledItemDelegate):
    """Draws group and keys at the right end of a row."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().paint(painter, option, index)
        group, keys = index.data(_TAIL)
        painter.save()
        painter.setFont(fonts.sans(tokens.SUB_PX))
        painter.setPen(QColor(current().text2))
        whole, end = QRectF(option.rect), reading.trailing()
        box = reading.placed(whole.adjusted(0, 0, -12, 0), whole)
        reading.draw(painter, box, keys or group, end)
        if keys:
            beside = whole.adjusted(0, 0, -12 - length(KEYS_PX), 0)
            reading.draw(painter, reading.placed(beside, whole), group, end)
        painter.restore()


class CommandPalette(QFrame):
    """A popup; it closes on Escape, on a click elsewhere, and before it does what was chosen."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("commandPalette")
        keep(self, lambda it: it.setFixedWidth(length(WIDTH_PX)))
        self._owner = parent
        self._commands: Sequence[Command] = ()
        self._shown: list[Command] = []
        self._box = QLineEdit()
        self._box.setObjectName("commandPaletteBox")
        self._box.textChanged.connect(self._filter)
        self._box.returnPressed.connect(self._run_current)
        self._box.installEventFilter(self)
        blank = QPixmap(16, 16)
        blank.fill(Qt.GlobalColor.transparent)
        self._blank = QIcon(blank)
        self._list = QListWidget()
        self._list.setItemDelegate(_RowDelegate(self._list))
        self._list.setObjectName("commandPaletteList")
        self._list.setAccessibleName("What was found")
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setIconSize(QSize(16, 16))
        self._list.setUniformItemSizes(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemClicked.connect(lambda _item: self._run_current())
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addWidget(self._box)
        column.addWidget(self._list)

    def open_with(self, commands: Iterable[Command], wish: str = WISH) -> None:
        """Shows the commands under the top bar of the window, the box empty and ready to type into."""
        self._commands = tuple(commands)
        self._box.setPlaceholderText(wish)
        self._box.setAccessibleName(wish)
        self._box.clear()
        self._filter("")
        window = self._owner.window()
        self.move(window.mapToGlobal(QPoint((window.width() - length(WIDTH_PX)) // 2, 52)))
        self.show()
        self._box.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Lets arrow keys move in the list while the box keeps the focus."""
        if watched is self._box and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in _MOVES:
                self._list.event(event)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.close()
                return True
        return super().eventFilter(watched, event)

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        ranked = [(rank(command, words), place) for place, command in enumerate(self._commands)]
        order = sorted((score, place) for score, place in ranked if score is not None)
        self._shown = [self._commands[place] for _, place in order[:MOST]]
        self._list.clear()
        for command in self._shown:
            item = QListWidgetItem(command.title)
            item.setIcon(command.icon if command.icon is not None else self._blank)
            item.setData(
                Qt.ItemDataRole.AccessibleTextRole, f"{command.title}, {command.group} {command.keys}".strip()
            )
            item.setData(_TAIL, (command.group, command.keys))
            item.setSizeHint(QSize(0, length(ROW_PX)))
            self._list.addItem(item)
        if not self._shown:
            item = QListWidgetItem(
                f"Nothing matches “{text.strip()}”" if words else "There is nothing to choose"
            )
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            item.setData(_TAIL, ("", ""))
            item.setSizeHint(QSize(0, length(ROW_PX)))
            self._list.addItem(item)
        self._list.setCurrentRow(0)
        rows = max(1, min(ROWS, len(self._shown)))
        self._list.setFixedHeight(rows * length(ROW_PX) + 4)
        self.adjustSize()

    def _run_current(self) -> None:
        row = self._list.currentRow()
        if 0 <= row < len(self._shown):
            command = self._shown[row]
            self.close()
            command.run()


def rank(command: Command, words: Sequence[str]) -> int | None:
    """How well the words fit, smaller is better; None if one of them fits nowhere."""
    title = command.title.casefold()
    rest = f"{command.group} {command.words}".casefold()
    score = 0
    for word in words:
        if title.startswith(word):
            continue
        if f" {word}" in title:
            score += 1
        elif word in title:
            score += 2
        elif word in rest:
            score += 4
        else:
            return None
    return score
