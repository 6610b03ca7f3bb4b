"""The strip over the canvas that says what waits for a person, with the one button that helps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from designer.panels.elided_label import ElidedLabel
from designer.theme import icons
from designer.theme.theme import Theme


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a banner says. `key` tells one notice from another; `can_dismiss` offers a way to close it."""

    key: str
    text: str
    button: str
    act: Callable[[], object]
    icon: str = "pause"
    can_dismiss: bool = False


class Banner(QFrame):
    """Shows the first of the notices it holds, hidden while there are none."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "banner")
        self.setObjectName("banner")
        self._notices: dict[str, Notice] = {}
        self._theme: Theme | None = None
        self._icon = QLabel()
        self._text = ElidedLabel(Qt.TextElideMode.ElideRight)
        self._text.setObjectName("bannerText")
        self._button = QPushButton()
        self._button.setProperty("variant", "banner")
        self._button.clicked.connect(self._act)
        self._close = QToolButton()
        self._close.setToolTip("Not now")
        self._close.setAccessibleName("Not now")
        self._close.setIconSize(QSize(14, 14))
        self._close.clicked.connect(self._dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 5, 6, 5)
        row.setSpacing(10)
        for widget in (self._icon, self._text, self._button, self._close):
            row.addWidget(widget)
        self.hide()

    @property
    def text(self) -> str:
        """What is being said, or nothing."""
        return self._text.text() if self._notices else ""

    def post(self, notice: Notice) -> None:
        """Shows the notice, in the place of one with the same key."""
        self._notices[notice.key] = notice
        self._refresh()

    def withdraw(self, key: str) -> None:
        """Takes a notice back; nothing happens if it is not there."""
        if self._notices.pop(key, None) is not None:
            self._refresh()

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self._close.setIcon(icons.icon("x", theme.status["paused"]))
        self._refresh()

    def _refresh(self) -> None:
        notice = next(iter(self._notices.values()), None)
        self.setVisible(notice is not None)
        if notice is None:
            return
        self._text.setText(notice.text)
        self._button.setText(notice.button)
        self._close.setVisible(notice.can_dismiss)
        if self._theme is not None:
            pixmap = icons.pixmap(notice.icon, 16, self._theme.status["paused"], self.devicePixelRatioF())
            self._icon.setPixmap(pixmap)
        self.adjustSize()

    def _act(self) -> None:
        notice = next(iter(self._notices.values()), None)
        if notice is not None:
            notice.act()

    def _dismiss(self) -> None:
        notice = next(iter(self._notices.values()), None)
        if notice is not None:
            self.withdraw(notice.key)
