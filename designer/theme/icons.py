"""Lucide icons in any colour and size: the files are drawn with ``currentColor``."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

UNKNOWN = "circle-question-mark"


@cache
def _source(name: str) -> str:
    path = files("resources").joinpath("icons", f"{name}.svg")
    if not path.is_file():
        path = files("resources").joinpath("icons", f"{UNKNOWN}.svg")
    return path.read_text(encoding="utf-8")


def exists(name: str) -> bool:
    """Whether an icon of that name is bundled; an unknown one is drawn as a question mark."""
    return files("resources").joinpath("icons", f"{name}.svg").is_file()


@lru_cache(maxsize=512)
def svg_renderer(name: str, color: str, stroke: float = 2.0) -> QSvgRenderer:
    """A renderer of the icon with strokes ``stroke`` units wide on its 24 unit grid."""
    text = _source(name).replace("currentColor", QColor(color).name())
    text = text.replace('stroke-width="2"', f'stroke-width="{stroke:g}"')
    return QSvgRenderer(QByteArray(text.encode("utf-8")))


@lru_cache(maxsize=512)
def _shape(name: str, side: int, stroke: float) -> QImage:
    """The icon in black on nothing, so many pixels square: reading a file takes longer than painting it, and
    most icons are wanted in several colours."""
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    svg_renderer(name, "black", stroke).render(painter, QRectF(0, 0, side, side))
    painter.end()
    return image


@lru_cache(maxsize=2048)
def pixmap(name: str, size: int, color: str, dpr: float = 1.0, stroke: float = 2.0) -> QPixmap:
    """The icon as ``size`` logical pixels square, sharp on a screen of that pixel ratio."""
    image = QImage(_shape(name, max(1, round(size * dpr)), stroke))
    painter = QPainter(image)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(image.rect(), QColor(QColor(color).name()))  # as opaque as the files are drawn
    painter.end()
    result = QPixmap.fromImage(image)
    result.setDevicePixelRatio(dpr)
    return result


@lru_cache(maxsize=512)
def icon(name: str, color: str, disabled: str = "", size: int = 16) -> QIcon:
    """The icon for buttons and menus, with a paler cut for the disabled state."""
    made = QIcon()
    for dpr in (1.0, 2.0):
        made.addPixmap(pixmap(name, size, color, dpr))
        if disabled:
            made.addPixmap(pixmap(name, size, disabled, dpr), QIcon.Mode.Disabled)
    return made


@lru_cache(maxsize=512)
def tile(name: str, size: int, radius: float, background: str, glyph: str, dpr: float = 1.0) -> QPixmap:
    """The icon on a rounded square: the face of a node type."""
    side = round(size * dpr)
    image = QImage(QSize(side, side), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(background))
    painter.drawRoundedRect(QRectF(0, 0, side, side), radius * dpr, radius * dpr)
    inset = side * 0.25
    svg_renderer(name, glyph).render(painter, QRectF(inset, inset, side - 2 * inset, side - 2 * inset))
    painter.end()
    result = QPixmap.fromImage(image)
    result.setDevicePixelRatio(dpr)
    return result


def clear() -> None:
    """Forget drawn icons; QPixmaps must not outlive the QApplication."""
    for made in (svg_renderer, _shape, pixmap, icon, tile):
        made.cache_clear()
