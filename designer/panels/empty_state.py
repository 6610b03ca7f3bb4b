"""What a panel shows when it has nothing to show: an icon, what this place is for, how to fill it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from designer.panels import paint
from designer.theme import fonts
from designer.theme.text_size import keep, length

_ICON_PX = 26
_LINE_PX = 20


class EmptyState(QWidget):
    """A painted hint in the middle of its area."""

    def __init__(self, icon: str, title: str, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        keep(self, EmptyState._fit_fonts)
        self.set_text(icon, title, hint)

    def _fit_fonts(self) -> None:
        self._title_font = fonts.sans(13, 600)
        self._hint_font = fonts.sans(12)

    def set_text(self, icon: str, title: str, hint: str) -> None:
        self._icon, self._title, self._hint = icon, title, hint
        self.setAccessibleName(title)
        self.setAccessibleDescription(hint)
        self.update()

    @property
    def text(self) -> str:
        """Title and hint, as a screen reader says them."""
        return f"{self._title} {self._hint}".strip()

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 60)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colors = paint.palette()
        painter.fillRect(self.rect(), colors.card)
        area = QRectF(self.rect()).adjusted(16, 0, -16, 0)
        with_icon = area.height() > 110
        height = (_ICON_PX + 12 if with_icon else 0) + length(_LINE_PX) + 2 * length(_LINE_PX)
        top = area.top() + max(0.0, (area.height() - height) / 2)
        if with_icon:
            icon_area = QRectF(area.left(), top, area.width(), _ICON_PX)
            paint.draw_icon(painter, self._icon, _ICON_PX, colors.faint, icon_area)
            top += _ICON_PX + 12
        painter.setFont(self._title_font)
        painter.setPen(colors.text)
        painter.drawText(
            QRectF(area.left(), top, area.width(), length(_LINE_PX)),
            Qt.AlignmentFlag.AlignCenter,
            self._title,
        )
        painter.setFont(self._hint_font)
        painter.setPen(colors.text2)
        painter.drawText(
            QRectF(
                area.left(), top + length(_LINE_PX) + 2, area.width(), area.bottom() - top - length(_LINE_PX)
            ),
            Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap,
            self._hint,
        )
