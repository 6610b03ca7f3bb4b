"""The one object that shows a theme in the whole application and switches between them."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from designer.theme import fonts, stylesheet, text_size
from designer.theme.theme import Theme, dark, light, show

Mode = Literal["system", "light", "dark"]
_OF_THE_SYSTEM = (QEvent.Type.ThemeChange, QEvent.Type.ApplicationFontChange)
"""What a window is sent when the system's fonts are others; the latter by ourselves, too."""


class ThemeController(QObject):
    """Shows one theme in the whole application and says when it changes.

    ``set_mode("system")`` follows the desktop's colour scheme, also when it changes later. Text that is as
    large as the system's changes with it, too, once a window is watched.
    """

    theme_changed = Signal(object)

    def __init__(self, mode: Mode = "system", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mode: Mode = mode
        self._theme = self._wanted()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._follow_text_size)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)
        self._show()

    @property
    def theme(self) -> Theme:
        return self._theme

    @property
    def mode(self) -> Mode:
        return self._mode

    def set_mode(self, mode: Mode) -> None:
        """Follow the system, or stay light or dark."""
        self._mode = mode
        self._refresh()

    def toggle(self) -> Mode:
        """Switch to the other theme than the one shown; gives the mode to remember."""
        self.set_mode("light" if self._theme.is_dark else "dark")
        return self._mode

    def set_text_size(self, percent: int) -> None:
        """Show everything with text of this size, at once."""
        before = text_size.scale()
        if text_size.adopt(percent) == before:
            return
        text_size.renew()
        self._show()  # after it, as when a window is made: the style sheet has the last word
        self.theme_changed.emit(self._theme)

    def watch(self, window: QWidget) -> None:
        """Hear from this window that the system's text has another size."""
        window.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() in _OF_THE_SYSTEM:
            self._later.start()  # each window is told, and in the middle of it nothing is to be made anew
        return False

    def _follow_text_size(self) -> None:
        self.set_text_size(text_size.chosen())

    def _wanted(self) -> Theme:
        if self._mode == "system":
            scheme = QGuiApplication.styleHints().colorScheme()
            return dark() if scheme == Qt.ColorScheme.Dark else light()
        return dark() if self._mode == "dark" else light()

    def _on_scheme_changed(self, _scheme: Qt.ColorScheme) -> None:
        self._refresh()

    def _refresh(self) -> None:
        theme = self._wanted()
        if theme != self._theme:
            self._theme = theme
            self._show()
            self.theme_changed.emit(theme)

    def _show(self) -> None:
        show(self._theme)
        application = QApplication.instance()
        assert isinstance(application, QApplication), "a theme needs a QApplication"
        fonts.load()
        application.setStyle("Fusion")
        application.setFont(fonts.body())
        application.setPalette(_palette(self._theme))
        application.setStyleSheet(stylesheet.build(self._theme))


def _palette(theme: Theme) -> QPalette:
    """What widgets draw with where the style sheet says nothing."""
    palette = QPalette()
    role = QPalette.ColorRole
    for which, colour in (
        (role.Window, theme.card),
        (role.WindowText, theme.text),
        (role.Base, theme.card),
        (role.AlternateBase, theme.header),
        (role.Text, theme.text),
        (role.PlaceholderText, theme.text2),
        (role.Button, theme.card),
        (role.ButtonText, theme.text),
        (role.BrightText, theme.status["failed"]),
        (role.Highlight, theme.selection),
        (role.HighlightedText, theme.text),
        (role.ToolTipBase, theme.card),
        (role.ToolTipText, theme.text),
        (role.Link, theme.accent),
        (role.LinkVisited, theme.accent),
        (role.Light, theme.card),
        (role.Midlight, theme.divider),
        (role.Mid, theme.outline),
        (role.Dark, theme.border),
        (role.Shadow, theme.border),
        (role.Accent, theme.accent),
    ):
        palette.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(theme.disabled))
    return palette
