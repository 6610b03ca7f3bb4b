"""One style sheet for every widget, generated from the theme.

Variants are dynamic properties: ``QPushButton[variant="primary" | "danger" | "quiet" | "banner"]``,
``QLabel[role="title" | "section" | "caption" | "mono" | "error" | "warning" | "hint" | "subtitle"]``,
``QFrame[role="card" | "panel" | "banner" | "divider" | "vdivider"]``,
``QWidget[state="error" | "warning"]`` on fields. After changing a property at run time call ``repolish``.
"""

from __future__ import annotations

import re
import tempfile
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Template

from PySide6.QtWidgets import QWidget

from designer.theme import reading, text_size, tokens
from designer.theme.theme import Theme, mix

_TEXT_LENGTH = re.compile(r"(font-size|min-height): (1[0-9]|2[0-9])px")
"""What has to grow with the text: fonts, and the least height of what holds one line."""


def build(theme: Theme) -> str:
    """The style sheet of the whole application in this theme."""
    values = {
        name: getattr(theme, name)
        for name in (
            *("canvas", "card", "header", "border", "text", "text2", "accent", "divider", "outline"),
            *("hover", "pressed", "selection", "on_accent", "disabled"),
        )
    }
    values.update({f"status_{key}": colour for key, colour in theme.status.items()})
    values.update({f"tint_{key}": colour for key, colour in theme.tint.items()})
    values["accent_hover"] = mix(theme.accent, theme.text, 0.14)
    values["accent_pressed"] = mix(theme.accent, theme.text, 0.26)
    values["paused_hover"] = mix(theme.status["paused"], theme.text, 0.14)
    values["on_paused"] = theme.card if theme.is_dark else "#FFFFFF"
    values["scroll"] = mix(theme.border, theme.card, 0.45)
    values["scroll_hover"] = theme.border
    values["body_px"] = str(tokens.BODY_PX)
    values["sub_px"] = str(tokens.SUB_PX)
    values["caption_px"] = str(tokens.CAPTION_PX)
    values["mono"] = ", ".join(f'"{name}"' for name in tokens.MONO_FAMILIES)
    for key, icon, colour in (
        ("check", "check", theme.on_accent),
        ("minus", "minus", theme.on_accent),
        ("down", "chevron-down", theme.text2),
        ("up", "chevron-up", theme.text2),
        ("right", "chevron-left" if reading.is_from_right() else "chevron-right", theme.text2),
        ("cross", "x", theme.text2),
    ):
        values[f"icon_{key}"] = _coloured(icon, colour)
    for name, px in (("run_room", 40), ("search_room", 60), ("fx", 16)):
        values[name] = str(text_size.length(px))
    values["run_room_focus"] = str(text_size.length(40) - 1)
    text = Template(_template()).substitute(values)
    return _TEXT_LENGTH.sub(lambda found: f"{found[1]}: {text_size.length(float(found[2]))}px", text)


@cache
def _template() -> str:
    return files("resources").joinpath("themes", "style.qss").read_text(encoding="utf-8")


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    # Style sheets take images from files only; the folder goes when the program ends.
    return tempfile.TemporaryDirectory(prefix="workflow-designer-icons-", ignore_cleanup_errors=True)


@cache
def _coloured(icon: str, colour: str) -> str:
    path = Path(_folder().name) / f"{icon}-{colour.lstrip('#')}.svg"
    text = files("resources").joinpath("icons", f"{icon}.svg").read_text(encoding="utf-8")
    path.write_text(text.replace("currentColor", colour), encoding="utf-8")
    return path.as_posix()


def repolish(widget: QWidget) -> None:
    """Let a widget take the look of a dynamic property that has just changed."""
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
    widget.update()
