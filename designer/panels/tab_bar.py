"""The tabs of the bottom panel: words, an underline, and a pill that counts."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QTabBar, QWidget

from designer.panels import paint
from designer.theme import current, fonts, reading
from designer.theme.text_size import keep, length

HEIGHT_PX = 36
_SIDE_PX, _TIGHT_SIDE_PX = 14.0, 9.0
_GAP_PX = 6.0
_PILL_HEIGHT_PX = 16.0
_UNDERLINE_PX = 2.0


class PanelTabBar(QTabBar):
    """A QTabBar, so keys and screen readers work; only its paint is ours."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panelTabs")
        self.setAccessibleName("Panels")
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setMouseTracking(True)
        self._side_px = _SIDE_PX
        self._counts: dict[int, tuple[int, str]] = {}
        keep(self, PanelTabBar._fit)

    def _fit(self) -> None:
        self._font = fonts.sans(12.5, 500)
        self._selected_font = fonts.sans(12.5, 600)
        self._pill_font = fonts.tabular(11, 600)
        self._lay_out()

    def set_count(self, tab: int, number: int, severity: str) -> None:
        """Show a count beside a tab's title; zero takes it away."""
        if number:
            self._counts[tab] = (number, severity)
        else:
            self._counts.pop(tab, None)
        described = f"{self.tabText(tab)}, {number}" if number else self.tabText(tab)
        self.setAccessibleTabName(tab, described)
        self._lay_out()

    def set_tight(self, is_tight: bool) -> None:
        """Move the tabs closer together, where there is little room."""
        side_px = _TIGHT_SIDE_PX if is_tight else _SIDE_PX
        if side_px != self._side_px:
            self._side_px = side_px
            self._lay_out()

    def _lay_out(self) -> None:
        """The width of a tab has changed; QTabBar lays out again when a text is set."""
        text = self.tabText(0)
        self.setTabText(0, f"{text} ")
        self.setTabText(0, text)
        self.update()

    def count_of(self, tab: int) -> int:
        return self._counts.get(tab, (0, ""))[0]

    def tabSizeHint(self, index: int) -> QSize:
        width = QFontMetricsF(self._selected_font).horizontalAdvance(self.tabText(index)) + 2 * self._side_px
        if index in self._counts:
            width += self._pill_width(index) + _GAP_PX
        return QSize(round(width), length(HEIGHT_PX))

    def minimumTabSizeHint(self, index: int) -> QSize:
        return self.tabSizeHint(index)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = paint.palette()
        for tab in range(self.count()):
            area = QRectF(self.tabRect(tab))
            is_selected = tab == self.currentIndex()
            painter.setFont(self._selected_font if is_selected else self._font)
            painter.setPen(colors.text if is_selected or self._is_hovered(tab) else colors.text2)
            reading.draw(
                painter, reading.placed(area.adjusted(self._side_px, 0, 0, 0), area), self.tabText(tab)
            )
            if tab in self._counts:
                self._paint_pill(painter, tab, area)
            if is_selected:
                line = area.adjusted(self._side_px, area.height() - _UNDERLINE_PX, -self._side_px, 0)
                painter.fillRect(line, colors.accent)
                if self.hasFocus():
                    painter.setPen(colors.accent)
                    painter.setBrush(Qt.BrushStyle.NoBrush)
                    painter.drawRoundedRect(area.adjusted(4.5, 5.5, -4.5, -5.5), 5, 5)
        painter.end()

    def _is_hovered(self, tab: int) -> bool:
        return self.underMouse() and self.tabAt(self.mapFromGlobal(self.cursor().pos())) == tab

    def _pill_width(self, tab: int) -> float:
        text = _pill_text(self._counts[tab][0])
        return max(length(_PILL_HEIGHT_PX), QFontMetricsF(self._pill_font).horizontalAdvance(text) + 10)

    def _paint_pill(self, painter: QPainter, tab: int, area: QRectF) -> None:
        number, severity = self._counts[tab]
        theme = current()
        look = "failed" if severity == "error" else "paused"
        width = self._pill_width(tab)
        pill = QRectF(
            area.right() - self._side_px - width,
            area.center().y() - length(_PILL_HEIGHT_PX) / 2,
            width,
            length(_PILL_HEIGHT_PX),
        )
        pill = reading.placed(pill, area)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.tint[look]))
        painter.drawRoundedRect(pill, length(_PILL_HEIGHT_PX) / 2, length(_PILL_HEIGHT_PX) / 2)
        painter.setFont(self._pill_font)
        painter.setPen(QColor(theme.status[look]))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, _pill_text(number))


def _pill_text(number: int) -> str:
    return str(number) if number < 100 else "99+"
