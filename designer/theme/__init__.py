"""Colours, sizes, fonts and icons: the only place that knows what anything looks like."""

from designer.theme.controller import ThemeController
from designer.theme.theme import Theme, current, dark, light

__all__ = ["Theme", "ThemeController", "current", "dark", "light"]
