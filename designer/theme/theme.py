"""The two themes as values, and which of them is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from PySide6.QtGui import QColor

from designer.theme import tokens


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


def show(theme: Theme) -> None:
    """Make this the current theme; only the controller does."""
    _current[:] = [theme]
