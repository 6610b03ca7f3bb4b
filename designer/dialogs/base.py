"""The look all dialogs share, and how they are awaited.

A dialog is a card over a dimmed window. It is opened, never executed: a nested event loop would re-enter
the coroutine that asks. `ask` turns "it was closed" into a future.
"""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Callable
from typing import Final, Generic, Literal, TypeVar

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from designer.theme import icons, tokens
from designer.theme import theme as themes
from designer.theme.text_size import keep, length

T = TypeVar("T")
Tone = Literal["paused", "failed", "running", "success", "skipped"]
Variant = Literal["", "primary", "danger", "quiet"]

WIDTH: Final = 470
_PADDING: Final = 22
_SHADOW: Final = 22
_RADIUS: Final = 12
_MONO_SPAN: Final = re.compile(r"\$\{[^}]*\}|`[^`]+`")


def _room(parent: QWidget | None) -> int:
    """How wide a dialog may get with its text: as wide as the window that it lies over."""
    return parent.window().width() - 2 * _SHADOW - 48 if parent is not None else length(WIDTH)


class Scrim(QWidget):
    """Dims the window under a dialog; follows its size."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setGeometry(window.rect())
        window.installEventFilter(self)
        self.show()
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        shade = QColor(themes.current().shade)
        shade.setAlphaF(0.28 if not themes.current().is_dark else 0.5)
        QPainter(self).fillRect(self.rect(), shade)


class Dialog(QDialog, Generic[T]):
    """A card with a tile, a title, a reason, a body and a row of buttons.

    `answer` is what the person decided; it starts as what closing the dialog means. `dims`: the window is
    out of reach while the dialog is open, and looks so.
    """

    dims = True

    def __init__(
        self,
        title: str,
        text: str = "",
        *,
        closed: T,
        icon: str = "",
        tone: Tone = "running",
        parent: QWidget | None = None,
        width: int = WIDTH,
    ) -> None:
        super().__init__(parent)
        self.answer: T = closed
        self._scrim: Scrim | None = None
        self.setWindowTitle(title)
        self.setProperty("sheet", True)
        self.setWindowFlags(Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        # An X server may have no compositor, and then paints black where a window lets through.
        self._floats = QGuiApplication.platformName() != "xcb"
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground, self._floats)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        keep(self, lambda it: it.setFixedWidth(max(width, min(length(width), _room(parent))) + 2 * _SHADOW))
        outer = QVBoxLayout(self)
        edge = _SHADOW + _PADDING
        outer.setContentsMargins(edge, _SHADOW + 18, edge, edge)
        outer.setSpacing(0)
        outer.addLayout(self._header(title, text, icon, tone))
        outer.addSpacing(16)
        self.body = QVBoxLayout()
        self.body.setSpacing(12)
        outer.addLayout(self.body)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        self._buttons.addStretch(1)
        self._gap = outer.count()
        outer.addSpacing(22)
        outer.addLayout(self._buttons)

    def _header(self, title: str, text: str, icon: str, tone: Tone) -> QHBoxLayout:
        header = QHBoxLayout()
        header.setSpacing(12)
        if icon:
            theme = themes.current()
            tile = QLabel(self)
            tile.setPixmap(
                icons.tile(
                    icon,
                    tokens.TILE,
                    tokens.TILE_RADIUS,
                    theme.tint[tone],
                    theme.status[tone],
                    self.devicePixelRatioF(),
                )
            )
            header.addWidget(tile, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(4)
        self.title_label = QLabel(title, self)
        self.title_label.setProperty("role", "title")
        self.title_label.setWordWrap(True)
        words.addWidget(self.title_label)
        self.text_label = QLabel(self)
        self.text_label.setProperty("role", "subtitle")
        self.text_label.setWordWrap(True)
        self.set_text(text)
        words.addWidget(self.text_label)
        words.addStretch(1)
        header.addLayout(words, 1)
        return header

    def set_text(self, text: str) -> None:
        """The reason under the title; `${...}` and `code` are set in the mono face."""
        self.text_label.setTextFormat(Qt.TextFormat.RichText)
        self.text_label.setText(marked_up(text))
        self.text_label.setVisible(bool(text))

    def add_button(
        self,
        text: str,
        act: Callable[[], object],
        *,
        variant: Variant = "",
        default: bool = False,
        left: bool = False,
    ) -> QPushButton:
        """A button; the `default` one answers to Return, a `left` one stands apart from the others."""
        button = QPushButton(text, self)
        if variant:
            button.setProperty("variant", variant)
        button.setAutoDefault(False)
        button.setDefault(default)
        button.clicked.connect(lambda _checked: act())
        if left:
            self._buttons.insertWidget(0, button)
        else:
            self._buttons.addWidget(button)
        return button

    def close_with(self, answer: T) -> None:
        """Take the answer and close."""
        self.answer = answer
        self.accept()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        parent = self.parentWidget()
        if parent is not None:
            window = parent.window()
            if self._scrim is None and self.dims:
                self._scrim = Scrim(window)
            self._fit()
            middle = window.frameGeometry().center()
            self.move(middle.x() - self.width() // 2, max(0, middle.y() - self.height() // 2))

    def event(self, event: QEvent) -> bool:
        handled = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return handled

    def _fit(self) -> None:
        """As high as the wrapped texts need at this width, which a size hint does not know."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
            self.setFixedHeight(layout.heightForWidth(self.width()))

    def done(self, result: int) -> None:
        if self._scrim is not None:
            self._scrim.hide()
            self._scrim.deleteLater()
            self._scrim = None
        super().done(result)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self._floats:
            outline = QPainterPath()
            outline.addRoundedRect(self._card(), _RADIUS, _RADIUS)
            self.setMask(outline.toFillPolygon().toPolygon())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        # Without a title bar the card itself is what one drags.
        handle = self.windowHandle()
        if event.button() == Qt.MouseButton.LeftButton and handle is not None:
            handle.startSystemMove()
        super().mousePressEvent(event)

    def _card(self) -> QRectF:
        """The card within the window; around it is room for the shadow."""
        return QRectF(self.rect()).adjusted(_SHADOW, _SHADOW - 4, -_SHADOW, -_SHADOW)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = themes.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = self._card()
        painter.setPen(Qt.PenStyle.NoPen)
        if not self._floats:  # what the mask leaves beside the round corners
            painter.fillRect(self.rect(), QColor(theme.divider))
        for step in range(_SHADOW - 4, 0, -2) if self._floats else ():
            shade = QColor(theme.shadow)
            shade.setAlphaF((0.030 if theme.is_dark else 0.012) * (1 - step / _SHADOW))
            painter.setBrush(shade)
            painter.drawRoundedRect(
                card.adjusted(-step, -step + 6, step, step + 4), _RADIUS + step, _RADIUS + step
            )
        painter.setBrush(QColor(theme.card))
        painter.setPen(QColor(theme.divider))
        painter.drawRoundedRect(card.adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS, _RADIUS)
        painter.end()


def marked_up(text: str) -> str:
    """Plain text as rich text, with references and `code` in the mono face."""
    family = html.escape(tokens.MONO_FAMILIES[0])
    parts: list[str] = []
    end = 0
    for match in _MONO_SPAN.finditer(text):
        parts.append(html.escape(text[end : match.start()]))
        parts.append(f"<span style=\"font-family:'{family}'\">{_unbroken(match[0].strip('`'))}</span>")
        end = match.end()
    parts.append(html.escape(text[end:]))
    return "".join(parts).replace("\n", "<br>")


def _unbroken(code: str) -> str:
    # A word joiner, because a line may otherwise break between $ and {.
    return html.escape(code).replace("${", "$\u2060{")


async def ask(dialog: Dialog[T]) -> T:
    """Open the dialog and wait, without blocking, for what it is answered with; it is deleted then."""
    closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def settle() -> None:
        if not closed.done():
            closed.set_result(None)

    dialog.finished.connect(settle)
    dialog.open()
    try:
        await closed
        return dialog.answer
    finally:
        dialog.finished.disconnect(settle)
        if dialog.isVisible():  # the one who asks was cancelled
            dialog.reject()
        dialog.deleteLater()
