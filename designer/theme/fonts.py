"""The bundled fonts. Sizes are logical pixels at a text size of 100 %; ``drawn`` ones stay at that."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from PySide6.QtGui import QFont, QFontDatabase

from designer.theme import text_size, tokens

_FILES = (
    "Inter-Regular.ttf",
    "Inter-Medium.ttf",
    "Inter-SemiBold.ttf",
    "Inter-Bold.ttf",
    "JetBrainsMono-Regular.ttf",
    "JetBrainsMono-Bold.ttf",
)
# Static cuts: Qt does not choose weights from a variable font file, it smears the regular one.


@cache
def load() -> tuple[str, ...]:
    """Make the bundled families known to Qt, once; gives their names."""
    families: list[str] = []
    for name in _FILES:
        content = files("resources").joinpath("fonts", name).read_bytes()
        identifier = QFontDatabase.addApplicationFontFromData(content)
        families += QFontDatabase.applicationFontFamilies(identifier)
    return tuple(dict.fromkeys(families))


def _font(families: tuple[str, ...], px: float, weight: int, drawn: bool = False) -> QFont:
    font = QFont()
    font.setFamilies(list(families))
    font.setPixelSize(max(1, round(px if drawn else px * text_size.scale())))
    font.setWeight(QFont.Weight(weight))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def body(weight: int = 400) -> QFont:
    """The window's text."""
    return _font(tokens.FAMILIES, tokens.BODY_PX, weight)


def sans(px: float, weight: int = 400, *, drawn: bool = False) -> QFont:
    """Inter at any size."""
    return _font(tokens.FAMILIES, px, weight, drawn)


def mono(px: float = tokens.SUB_PX, weight: int = 400, *, drawn: bool = False) -> QFont:
    """JetBrains Mono: expressions, code, ids."""
    return _font(tokens.MONO_FAMILIES, px, weight, drawn)


def tabular(px: float = tokens.SUB_PX, weight: int = 400, *, drawn: bool = False) -> QFont:
    """Inter with digits of one width, for columns of numbers."""
    font = sans(px, weight, drawn=drawn)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font
