"""The two themes as values, and the one object that switches between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from designer.theme import tokens

Mode = Literal["system", "light", "dark"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Every colour of the window, as ``#RRGGBB``.

    ``status`` keys: idle queued running success failed paused skipped cancelled rolledback;
    ``tint``: running success failed paused skipped rolledback; ``category``: the node categories.
    """

    name: Literal["light", "dark"]
    canvas: str
    dots: str
    card: str
    header: str
    border: str
    text: str
    text2: str
    accent: str
    wire: str
    glyph: str
    status: Mapping[str, str]
    tint: Mapping[str, str]
    category: Mapping[str, str]

    @property
    def is_dark(self) -> bool:
        return self.name == "dark"

    @property
    def divider(self) -> str:
        """Hairlines between panels: quieter than ``border``, which outlines things to act on."""
        return mix(self.border, self.card, 0.72)

    @property
    def outline(self) -> str:
        """The resting outline of fields and quiet buttons."""
        return mix(self.border, self.card, 0.55)

    @property
    def hover(self) -> str:
        """What lies under the pointer."""
        return mix(self.text, self.card, 0.93)

    @property
    def pressed(self) -> str:
        return mix(self.text, self.card, 0.87)

    @property
    def selection(self) -> str:
        """Background of selected rows and text."""
        return mix(self.accent, self.card, 0.80)

    @property
    def shadow(self) -> str:
        """Under what floats; drawn nearly transparent."""
        return "#000000"

    @property
    def shade(self) -> str:
        """Over what waits behind a dialog; drawn half transparent."""
        return self.shadow if self.is_dark else self.text

    @property
    def on_accent(self) -> str:
        """Text on the accent colour."""
        return "#FFFFFF" if not self.is_dark else "#0B1220"

    @property
    def disabled(self) -> str:
        return mix(self.text2, self.card, 0.45)

    @property
    def histogram(self) -> str:
        """Bars in the headers of the data table."""
        return mix(self.accent, self.card, 0.55)


def mix(first: str, second: str, share: float) -> str:
    """The colour ``share`` of the way from the first to the second, mixed in sRGB."""
    a, b = QColor(first), QColor(second)
    channels = (
        round(one + (two - one) * share)
        for one, two in ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    )
    return "#{:02X}{:02X}{:02X}".format(*channels)


def _read(name: Literal["light", "dark"]) -> Theme:
    described: dict[str, Any] = {"name": name, **tokens.tokens()[name]}
    for group in ("status", "tint", "category"):
        described[group] = MappingProxyType(described[group])
    return Theme(**described)


@cache
def light() -> Theme:
    return _read("light")


@cache
def dark() -> Theme:
    return _read("dark")


_current: list[Theme] = []


def current() -> Theme:
    """The theme that is shown now; the light one before any controller exists."""
    return _current[-1] if _current else light()


class ThemeController(QObject):
    """Shows one theme in the whole application and says when it changes.

    ``set_mode("system")`` follows the desktop's colour scheme, also when it changes later.
    """

    theme_changed = Signal(object)

    def __init__(self, mode: Mode = "system", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mode: Mode = mode
        self._theme = self._wanted()
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
        _current[:] = [self._theme]
        application = QApplication.instance()
        assert isinstance(application, QApplication), "a theme needs a QApplication"
        from designer.theme import fonts, stylesheet

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
