"""Colours, fonts and icons of the painted parts of the panels, made once a theme."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPixmap

from designer.panels.texts import status_look
from designer.theme import current, icons
from designer.theme.theme import mix

_TILE_RADIUS_PX = 5.0
_STATUS_ICONS = {
    "queued": "ellipsis",
    "running": "circle-play",
    "success": "circle-check",
    "failed": "octagon-x",
    "paused": "circle-question-mark",
    "skipped": "circle-dashed",
    "cancelled": "square-minus",
    "rolledback": "rotate-ccw",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelColors:
    """What the painted parts use; everything comes from the theme."""

    card: QColor
    text: QColor
    text2: QColor
    faint: QColor
    line: QColor
    bar: QColor
    hover: QColor
    selection: QColor
    accent: QColor
    border: QColor


def palette() -> PanelColors:
    """The colours of the theme in force."""
    return _colors(current().name)


@lru_cache(maxsize=2)
def _colors(_theme_name: str) -> PanelColors:
    theme = current()
    return PanelColors(
        card=QColor(theme.card),
        text=QColor(theme.text),
        text2=QColor(theme.text2),
        faint=QColor(mix(theme.text2, theme.card, 0.25)),
        line=QColor(theme.divider),
        bar=QColor(theme.histogram),
        hover=QColor(theme.hover),
        selection=QColor(theme.selection),
        accent=QColor(theme.accent),
        border=QColor(theme.border),
    )


def status_color(status: str) -> QColor:
    """The colour that stands for a status, an event's or a step's."""
    return QColor(current().status[status_look(status)])


def status_icon(status: str) -> str:
    """The icon whose shape tells a status without its colour."""
    return _STATUS_ICONS.get(status_look(status), "circle")


def look_color(look: str) -> QColor:
    """The colour of a status by the theme's key for it."""
    return QColor(current().status[look])


def look_icon(look: str) -> str:
    """The icon of a status by the theme's key for it."""
    return _STATUS_ICONS.get(look, "circle")


def severity_color(severity: str) -> QColor:
    """The colour of an error, a warning, or anything quieter."""
    theme = current()
    if severity == "error":
        return QColor(theme.status["failed"])
    return QColor(theme.status["paused"] if severity == "warning" else theme.text2)


def icon(name: str, size_px: int, color: QColor, ratio: float) -> QPixmap:
    """An icon of the set in one colour."""
    return icons.pixmap(name, size_px, color.name(), ratio)


def draw_icon(painter: QPainter, name: str, size_px: int, color: QColor, area: QRectF) -> None:
    """An icon in the middle of an area, on whole pixels."""
    pixmap = icon(name, size_px, color, painter.device().devicePixelRatioF())
    left = round(area.left() + (area.width() - size_px) / 2)
    painter.drawPixmap(left, round(area.top() + (area.height() - size_px) / 2), pixmap)


def draw_tile(painter: QPainter, area: QRectF, name: str, category: str) -> None:
    """A node type's icon on a tile in its category's colour."""
    theme = current()
    pixmap = icons.tile(
        name,
        round(area.width()),
        _TILE_RADIUS_PX,
        theme.category.get(category, theme.text2),
        theme.glyph,
        painter.device().devicePixelRatioF(),
    )
    painter.drawPixmap(round(area.left()), round(area.top()), pixmap)
